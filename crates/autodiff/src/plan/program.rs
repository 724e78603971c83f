//! What a plan runs: buffers, and stages of steps. Data only; `kernel::execute` runs it.

use crate::graph::NodeId;
use crate::kernel::map::{MapFn, OpData, Read};
use crate::kernel::table::Table;
use crate::op::OpRef;
use crate::{Dim, Isa, Scalar};

/// The index of a buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct BufferId(pub(crate) u32);

/// Where a buffer lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// An input of the run, by its position.
    Input(usize),
    /// A slot of the state.
    Slot(usize),
    /// The derived copy of a slot that holds its transpose.
    SlotTransposed(usize),
    /// A constant, by its position among the plan's constants.
    Constant(usize),
    /// The number of samples.
    BatchSize,
    /// The workspace.
    Workspace,
}

/// How a matrix lies in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Layout {
    /// One row or one column, contiguous, padded to whole vectors.
    Line,
    /// `[row / L][column][row mod L]`: vectors run over rows.
    Blocked,
    /// Column-major without padding, as the caller sees it.
    Plain,
}

/// A matrix in memory. Of a batch, the columns are the samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Buffer {
    pub(crate) place: Place,
    pub(crate) layout: Layout,
    pub(crate) rows: Dim,
    pub(crate) cols: Dim,
}

/// What a group of elementwise operations runs over: the vectors of a line, or the blocks and columns of a matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Space {
    pub(crate) rows: usize,
    pub(crate) cols: Dim,
}

impl Space {
    /// Whether the elements lie in one line.
    pub(crate) fn is_line(self) -> bool {
        self.rows == 1 || self.cols.is_one()
    }

    pub(crate) fn is_scalar(self) -> bool {
        self.rows == 1 && self.cols.is_one()
    }
}

/// Where an operation of a group reads or writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spot {
    Buffer(BufferId),
    /// A piece of scratch memory of the thread.
    Temp(usize),
    /// The piece that the group's producer has just written to scratch memory.
    Produced,
}

/// An operand of an elementwise operation.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Operand {
    pub(crate) spot: Spot,
    pub(crate) read: Read,
}

/// One elementwise operation of a group.
#[derive(Debug, Clone)]
pub(crate) struct MapStep<T: Scalar> {
    /// The node whose value this is, in the graph after the passes.
    pub(crate) node: NodeId,
    pub(crate) function: MapFn<T>,
    /// Where the operation's own data is.
    pub(crate) data: OpData,
    pub(crate) op: OpRef,
    pub(crate) args: Vec<Operand>,
    pub(crate) out: Spot,
}

/// Elementwise operations that run piece by piece, in order.
#[derive(Debug, Clone)]
pub(crate) struct Group<T: Scalar> {
    pub(crate) space: Space,
    pub(crate) maps: Vec<MapStep<T>>,
}

/// A product whose vectors run over the rows of its result.
#[derive(Debug, Clone)]
pub(crate) struct Product {
    /// rows × inner, blocked.
    pub(crate) a: BufferId,
    /// inner × columns, or its transpose, in any layout: read one number at a time.
    pub(crate) b: BufferId,
    pub(crate) b_turned: bool,
    pub(crate) inner: Dim,
    /// Chains start here instead of at zero.
    pub(crate) bias: Option<BufferId>,
    pub(crate) rows: usize,
    pub(crate) cols: Dim,
    /// A buffer, or `Produced`.
    pub(crate) out: Spot,
}

/// A product with one output: sums by lanes.
#[derive(Debug, Clone)]
pub(crate) struct Dot {
    /// `inner` weights, a line.
    pub(crate) weights: BufferId,
    /// inner × columns, blocked or a line.
    pub(crate) x: BufferId,
    pub(crate) inner: usize,
    pub(crate) bias: Option<BufferId>,
    pub(crate) cols: Dim,
    pub(crate) out: Spot,
}

/// A sum over one dimension, or over all of a matrix.
#[derive(Debug, Clone)]
pub(crate) struct Sum {
    pub(crate) over: Over,
    pub(crate) from: BufferId,
    pub(crate) rows: usize,
    pub(crate) cols: Dim,
    pub(crate) out: Spot,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Over {
    /// The rows, by lanes: one number a column.
    Rows,
    /// The columns, in ascending chains (chunks of them, where the columns are samples): one number a row.
    Columns,
    /// A fixed matrix, by lanes of rows.
    All,
}

/// The main work of a step, before its group.
#[derive(Debug, Clone)]
pub(crate) enum Work {
    /// Nothing: only the group.
    None,
    Product(Product),
    Dot(Dot),
    Sum(Sum),
    /// The same matrix, or its transpose, in another layout.
    Convert {
        from: BufferId,
        turn: bool,
        to: BufferId,
    },
    /// An operation without a kernel.
    Eval {
        op: OpRef,
        args: Vec<(BufferId, crate::Shape)>,
        out: (BufferId, crate::Shape),
    },
}

/// Work and the elementwise operations fused behind it.
#[derive(Debug, Clone)]
pub(crate) struct Step<T: Scalar> {
    pub(crate) work: Work,
    /// The node whose value the work makes.
    pub(crate) node: Option<NodeId>,
    pub(crate) group: Group<T>,
}

/// Steps between two joins of the threads.
#[derive(Debug, Clone)]
pub(crate) struct Stage<T: Scalar> {
    /// Independent steps, split over their outputs.
    pub(crate) units: Vec<Step<T>>,
    /// Steps that run one after the other, tile by tile over the samples.
    pub(crate) chain: Vec<Step<T>>,
}

/// An input of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct InputSpec {
    pub(crate) name: String,
    pub(crate) shape: crate::Shape,
}

/// All that a run reads beside its arguments.
#[derive(Debug)]
pub(crate) struct Program<T: Scalar> {
    pub(crate) isa: Isa,
    pub(crate) kernels: Table<T>,
    pub(crate) buffers: Vec<Buffer>,
    pub(crate) constants: Vec<T>,
    pub(crate) stages: Vec<Stage<T>>,
    pub(crate) inputs: Vec<InputSpec>,
    /// The buffers of the outputs, plain or a line, with their shapes.
    pub(crate) outputs: Vec<(BufferId, crate::Shape)>,
    /// The most scratch pieces that a group needs.
    pub(crate) temps: usize,
    pub(crate) has_updates: bool,
}
