//! What can go wrong while a graph is built, compiled or run.

use std::panic::Location;

use crate::{Dim, Isa, Shape};

/// An operation refused its arguments' shapes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{expected}")]
pub struct ShapeError {
    /// What the operation takes, in words.
    pub expected: String,
}

impl ShapeError {
    /// An error that says what the operation takes.
    pub fn expected(what: impl Into<String>) -> Self {
        Self {
            expected: what.into(),
        }
    }
}

/// Why a graph could not be compiled. The first error met while the graph was built is kept, with the caller's
/// place in the source, and returned here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CompileError {
    /// Shapes do not fit an operation.
    #[error("{op} of {}: {reason} (at {location})", list(shapes))]
    Shape {
        /// The operation.
        op: String,
        /// The shapes of its arguments.
        shapes: Vec<Shape>,
        /// What it takes.
        reason: ShapeError,
        /// Where the expression was written.
        location: &'static Location<'static>,
    },
    /// A variable of one graph was used in another.
    #[error("{op} was given a variable of another graph (at {location}): build both in one graph")]
    OtherGraph {
        /// The operation.
        op: String,
        /// Where the expression was written.
        location: &'static Location<'static>,
    },
    /// A gradient was asked of something that is not a scalar.
    #[error(
        "a gradient is taken of a scalar, and this is {shape} (at {location}): reduce it with .sum() or .mean() first"
    )]
    NotAScalar {
        /// The shape found.
        shape: Shape,
        /// Where the gradient was asked for.
        location: &'static Location<'static>,
    },
    /// A matrix of derivatives was asked of a value whose size is not fixed.
    #[error("{op} makes a matrix of fixed size, and {shape} varies with the batch (at {location})")]
    NotFixed {
        /// The transformation.
        op: String,
        /// The shape found.
        shape: Shape,
        /// Where it was asked for.
        location: &'static Location<'static>,
    },
    /// An operation has no derivative in an argument that the gradient needs.
    #[error(
        "{op} is not differentiable in its argument {argument} (at {location}): take the gradient along another path, or stop it there with .stop_gradient()"
    )]
    NotDifferentiable {
        /// The operation.
        op: String,
        /// The argument, counted from 0.
        argument: usize,
        /// Where the gradient was asked for.
        location: &'static Location<'static>,
    },
    /// An operation's vector-Jacobian product does not fit its arguments: a bug in the operation.
    #[error("the vjp of {op} is wrong: {reason} (gradient asked for at {location})")]
    BrokenRule {
        /// The operation.
        op: String,
        /// What does not fit.
        reason: String,
        /// Where the gradient was asked for.
        location: &'static Location<'static>,
    },
    /// An update was given to something that is neither a parameter nor a state slot.
    #[error("only parameters and state slots can be set, and {name} is neither (at {location})")]
    NotASlot {
        /// The expression's name or operation.
        name: String,
        /// Where it was to be set.
        location: &'static Location<'static>,
    },
    /// A slot was set twice in one step.
    #[error(
        "{name} is set twice in one step (the second time at {location}): combine the two updates into one expression"
    )]
    SetTwice {
        /// The slot.
        name: String,
        /// Where it was set again.
        location: &'static Location<'static>,
    },
    /// An update has another shape than its slot.
    #[error("{name} is {slot}, and its update is {update} (at {location})")]
    UpdateShape {
        /// The slot.
        name: String,
        /// Its shape.
        slot: Shape,
        /// The shape of the update.
        update: Shape,
        /// Where it was set.
        location: &'static Location<'static>,
    },
    /// A step goes over samples, and no input of the graph says how many.
    #[error(
        "the number of samples is that of an input, and this graph has no input of a batch: \
         make one, such as g.input(\"x\", (features, BATCH)) (at {location})"
    )]
    NoBatch {
        /// Where the value that needs the number was written.
        location: &'static Location<'static>,
    },
    /// Two leaves of a graph have one name.
    #[error(
        "two leaves of the graph are called {name} (the second at {location}): give each its own name"
    )]
    DuplicateName {
        /// The name.
        name: String,
        /// Where the second was made.
        location: &'static Location<'static>,
    },
    /// A parameter or a state slot has no fixed size.
    #[error("{name} is {shape}: parameters and state have fixed sizes (at {location})")]
    SlotWithBatch {
        /// The slot.
        name: String,
        /// The shape found.
        shape: Shape,
        /// Where it was made.
        location: &'static Location<'static>,
    },
    /// The machine lacks the instruction set.
    #[error("this machine has no {0}: use one of its own, or Isa::detect()")]
    MissingIsa(Isa),
    /// A pass left the graph in a state that is not valid: a bug in the pass, found in debug builds.
    #[error("the pass {pass:?} broke the graph: {reason}")]
    BrokenPass {
        /// The culprit.
        pass: String,
        /// What does not hold.
        reason: String,
    },
    /// A pass was named that does not exist, or that cannot be switched off.
    #[error("there is no pass {name:?} that can be switched off; these are: {known}")]
    UnknownPass {
        /// The name given.
        name: String,
        /// Those that exist.
        known: String,
    },
}

/// Why a run was refused or broke off.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// Another number of inputs than the plan takes.
    #[error("the plan takes {expected} inputs ({names}), and {found} were given")]
    InputCount {
        /// How many it takes.
        expected: usize,
        /// Their names, in order.
        names: String,
        /// How many were given.
        found: usize,
    },
    /// An input of the wrong length.
    #[error("input {name} is {shape}, and {found} values were given")]
    InputLength {
        /// The input.
        name: String,
        /// Its shape.
        shape: Shape,
        /// The number of values found.
        found: usize,
    },
    /// Two inputs disagree on the number of samples.
    #[error("input {name} holds {found} samples, and {first} holds {batch}")]
    BatchMismatch {
        /// The input that differs.
        name: String,
        /// Its samples.
        found: usize,
        /// The input that set the batch.
        first: String,
        /// Its samples.
        batch: usize,
    },
    /// More samples than the workspace was made for.
    #[error(
        "{found} samples, and the workspace holds at most {capacity}: make it with plan.workspace({found}, ..)"
    )]
    BatchTooLarge {
        /// Samples given.
        found: usize,
        /// Samples it holds.
        capacity: usize,
    },
    /// A value that was not given.
    #[error("no value was given for {name}")]
    NoValue {
        /// The input, parameter or slot.
        name: String,
    },
    /// A column that the matrix to gather from does not have.
    #[error("column {found} (from 0) of a matrix of {columns} columns")]
    MissingColumn {
        /// The column.
        found: usize,
        /// How many there are.
        columns: usize,
    },
    /// Gathered columns and a target of another length.
    #[error("the columns hold {expected} values, and there is room for {found}")]
    GatheredLength {
        /// The values of the columns.
        expected: usize,
        /// The length of the target.
        found: usize,
    },
    /// A workspace or a state of another plan.
    #[error("this {what} belongs to another plan")]
    Foreign {
        /// `workspace` or `state`.
        what: &'static str,
    },
    /// A plan with updates was asked to leave the state alone.
    #[error("the plan updates the state: call run with &mut State")]
    HasUpdates,
    /// A thread of the team panicked in the middle of the run: the state may be half updated.
    #[error("a thread of the team panicked during the run: restore the state from a copy")]
    Panicked,
}

/// Why a slot could not be read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StateError {
    /// No such slot.
    #[error("there is no slot {name:?}; these are: {known}")]
    UnknownSlot {
        /// The name given.
        name: String,
        /// Those that exist.
        known: String,
    },
    /// Another number of values than the slot holds.
    #[error("{name} holds {expected} values, and {found} were given")]
    Length {
        /// The slot, or `the parameters`.
        name: String,
        /// How many it holds.
        expected: usize,
        /// How many were given.
        found: usize,
    },
}

fn list(shapes: &[Shape]) -> String {
    let shown: Vec<String> = shapes
        .iter()
        .map(|s| match s.cols {
            Dim::Fixed(1) => format!("[{}]", s.rows),
            _ => format!("[{s}]"),
        })
        .collect();
    shown.join(" and ")
}
