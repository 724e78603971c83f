//! Plans: immutable programs, compiled from a step, that run without allocating.

pub(crate) mod cost;
pub(crate) mod describe;
pub(crate) mod forecast;
pub(crate) mod items;
pub(crate) mod profile;
pub(crate) mod program;
mod schedule;
pub(crate) mod state;

use std::sync::Arc;
use std::time::Instant;

use crate::kernel::crew::Team;
use crate::kernel::execute::{Memory, Run, StateRef};
use crate::passes::{Module, PASSES};
use crate::{CompileError, Dim, Graph, Isa, RunError, Scalar, Shape, State, Step};
use describe::ValueNames;
pub(crate) use profile::Profile;
use program::Program;
use state::StateLayout;

/// How a step is compiled.
///
/// ```
/// use chainrule_autodiff::{CompileOptions, Graph, Isa, Step};
/// let g = Graph::new();
/// let step = Step::returns(g.param("w", 3).square().sum());
/// let plain = CompileOptions::new(Isa::Portable).without("elementwise fusion")?;
/// let plan = g.compile_with::<f64>(&[&step], &plain)?;
/// # Ok::<(), chainrule_autodiff::CompileError>(())
/// ```
#[derive(Debug, Clone)]
pub struct CompileOptions {
    pub(crate) isa: Isa,
    pub(crate) fusion: bool,
    pub(crate) in_place: bool,
    pub(crate) reuse: bool,
    /// Graph passes that are left out.
    left_out: Vec<&'static str>,
}

const FUSION: &str = "elementwise fusion";
const IN_PLACE: &str = "updates in place";
const REUSE: &str = "reuse of scratch memory";

impl CompileOptions {
    /// All passes, for an instruction set.
    #[must_use]
    pub fn new(isa: Isa) -> Self {
        Self {
            isa,
            fusion: true,
            in_place: true,
            reuse: true,
            left_out: Vec::new(),
        }
    }

    /// Leaves out a pass that keeps the bits: the results are the same, more slowly.
    ///
    /// # Errors
    /// When there is no such pass, or it is one that gives the arithmetic its meaning.
    pub fn without(mut self, pass: &str) -> Result<Self, CompileError> {
        match pass {
            FUSION => self.fusion = false,
            IN_PLACE => self.in_place = false,
            REUSE => self.reuse = false,
            _ => {
                let known = PASSES.iter().find(|p| p.keeps_bits && p.name == pass);
                let Some(known) = known else {
                    return Err(CompileError::UnknownPass {
                        name: pass.to_owned(),
                        known: Self::optional_passes().collect::<Vec<_>>().join(", "),
                    });
                };
                self.left_out.push(known.name);
            }
        }
        Ok(self)
    }

    /// The passes that keep the bits and can be left out, in the order in which they run.
    pub fn optional_passes() -> impl Iterator<Item = &'static str> {
        let over_graph = PASSES.iter().filter(|p| p.keeps_bits).map(|p| p.name);
        over_graph.chain([FUSION, IN_PLACE, REUSE])
    }
}

impl Graph {
    /// Compiles a step for a precision and an instruction set.
    ///
    /// # Errors
    /// The first mistake made while the graph was built, or one in the step.
    #[track_caller]
    pub fn compile<T: Scalar>(&self, step: Step<'_>, isa: Isa) -> Result<Plan<T>, CompileError> {
        let mut plans = self.compile_with(&[&step], &CompileOptions::new(isa))?;
        Ok(plans.remove(0))
    }

    /// Compiles several steps into plans that share one [`State`].
    ///
    /// # Errors
    /// As for [`compile`](Self::compile).
    #[track_caller]
    pub fn compile_together<T: Scalar>(
        &self,
        steps: &[&Step<'_>],
        isa: Isa,
    ) -> Result<Vec<Plan<T>>, CompileError> {
        self.compile_with(steps, &CompileOptions::new(isa))
    }

    /// [`compile_together`](Self::compile_together), with options.
    ///
    /// # Errors
    /// As for [`compile`](Self::compile).
    #[track_caller]
    pub fn compile_with<T: Scalar>(
        &self,
        steps: &[&Step<'_>],
        options: &CompileOptions,
    ) -> Result<Vec<Plan<T>>, CompileError> {
        if !options.isa.is_available() {
            return Err(CompileError::MissingIsa(options.isa));
        }
        // A clock only for whoever listens.
        let started = tracing::enabled!(tracing::Level::DEBUG).then(Instant::now);
        let mut layout = StateLayout::of::<T>(self);
        let mut programs = Vec::new();
        for step in steps {
            if !std::ptr::eq(step.graph, self) {
                return Err(CompileError::OtherGraph {
                    op: "compile".to_owned(),
                    location: crate::expr::caller(),
                });
            }
            step.check()?;
            let module = Module::of(step);
            module.check_batch()?;
            let module = module.through(|pass| !options.left_out.contains(&pass.name))?;
            let items = items::select::<T>(&module, &mut layout);
            let program = schedule::schedule(items, &layout, options);
            programs.push((program, ValueNames::of(&module)));
        }
        layout.place();
        let layout = Arc::new(layout);
        if let Some(started) = started {
            tracing::debug!(
                plans = programs.len(),
                scalar = std::any::type_name::<T>(),
                isa = %options.isa,
                state_values = layout.len,
                left_out = options.left_out.len(),
                seconds = started.elapsed().as_secs_f64(),
                "graph compiled"
            );
        }
        Ok(programs
            .into_iter()
            .map(|(program, names)| Plan {
                program: Arc::new(program),
                layout: layout.clone(),
                names: Arc::new(names),
            })
            .collect())
    }
}

/// A compiled step: immutable, shared by threads, and run without allocating.
#[derive(Debug, Clone)]
pub struct Plan<T: Scalar> {
    pub(crate) program: Arc<Program<T>>,
    pub(crate) layout: Arc<StateLayout>,
    pub(crate) names: Arc<ValueNames>,
}

impl<T: Scalar> Plan<T> {
    /// A state with all slots zero.
    #[must_use]
    pub fn state(&self) -> State<T> {
        State::new(self.layout.clone())
    }

    /// Memory for runs over at most `max_batch` samples by at most `threads` threads.
    #[must_use]
    pub fn workspace(&self, max_batch: usize, threads: usize) -> Workspace<T> {
        Workspace {
            memory: Memory::new(&self.program, &self.layout, max_batch, threads),
            program: self.program.clone(),
            batch: 0,
        }
    }

    /// The inputs, in the order in which [`run`](Self::run) takes them: that in which the graph made them.
    ///
    /// A plan that goes over samples takes an input that says how many, also where it reads none of its values.
    pub fn inputs(&self) -> impl Iterator<Item = (&str, Shape)> {
        self.program
            .inputs
            .iter()
            .map(|i| (i.name.as_str(), i.shape))
    }

    /// The shapes of the outputs.
    pub fn outputs(&self) -> impl Iterator<Item = Shape> {
        self.program.outputs.iter().map(|o| o.1)
    }

    /// The instruction set.
    #[must_use]
    pub fn isa(&self) -> Isa {
        self.program.isa
    }

    /// Runs the step: outputs go to the workspace, updates to the state.
    ///
    /// Inputs are slices, column-major, one for each of [`inputs`](Self::inputs). The number of samples is read off their lengths.
    /// Nothing is allocated. The bits do not depend on the team.
    ///
    /// # Errors
    /// When an input has a wrong length, the workspace is too small, or state or workspace belong to another plan; then nothing has been changed. When a
    /// thread of the team panicked (in an operation of the user's), the state may be half updated.
    pub fn run(
        &self,
        state: &mut State<T>,
        inputs: &[&[T]],
        workspace: &mut Workspace<T>,
        team: &Team,
    ) -> Result<(), RunError> {
        let batch = self.check(state, inputs, workspace)?;
        let values = StateRef::Write(&mut state.values);
        self.go(values, inputs, workspace, team, batch)?;
        debug_assert!(
            state.layout.len > 1 << 14 || !self.program.has_updates || state.is_consistent(),
            "padding is zero and copies agree after every step"
        );
        Ok(())
    }

    /// Runs a plan without updates, leaving the state to be shared.
    ///
    /// # Errors
    /// As for [`run`](Self::run), and when the plan has updates.
    pub fn eval(
        &self,
        state: &State<T>,
        inputs: &[&[T]],
        workspace: &mut Workspace<T>,
        team: &Team,
    ) -> Result<(), RunError> {
        if self.program.has_updates {
            return Err(RunError::HasUpdates);
        }
        let batch = self.check(state, inputs, workspace)?;
        self.go(
            StateRef::Read(&state.values),
            inputs,
            workspace,
            team,
            batch,
        )
    }

    fn go(
        &self,
        state: StateRef<'_, T>,
        inputs: &[&[T]],
        workspace: &mut Workspace<T>,
        team: &Team,
        batch: usize,
    ) -> Result<(), RunError> {
        let run = Run {
            program: &self.program,
            layout: &self.layout,
            inputs,
            batch,
        };
        workspace.batch = batch;
        run.on(state, &mut workspace.memory, team)
            .map_err(|_| RunError::Panicked)
    }

    fn check(
        &self,
        state: &State<T>,
        inputs: &[&[T]],
        workspace: &Workspace<T>,
    ) -> Result<usize, RunError> {
        if !Arc::ptr_eq(&self.program, &workspace.program) {
            return Err(RunError::Foreign { what: "workspace" });
        }
        if !Arc::ptr_eq(&self.layout, &state.layout) && self.layout != state.layout {
            return Err(RunError::Foreign { what: "state" });
        }
        let specs = &self.program.inputs;
        if specs.len() != inputs.len() {
            return Err(RunError::InputCount {
                expected: specs.len(),
                names: specs
                    .iter()
                    .map(|s| s.name.as_str())
                    .collect::<Vec<_>>()
                    .join(", "),
                found: inputs.len(),
            });
        }
        let mut batch: Option<(usize, &str)> = None;
        for (spec, input) in specs.iter().zip(inputs) {
            let wrong = || RunError::InputLength {
                name: spec.name.clone(),
                shape: spec.shape,
                found: input.len(),
            };
            let fixed = [spec.shape.rows, spec.shape.cols]
                .map(|d| if let Dim::Fixed(n) = d { n } else { 1 });
            let fixed = fixed[0] * fixed[1];
            if !spec.shape.has_batch() {
                if input.len() != fixed {
                    return Err(wrong());
                }
                continue;
            }
            let both = spec.shape.rows == spec.shape.cols;
            let samples = if both {
                input.len().isqrt()
            } else {
                input.len().checked_div(fixed).unwrap_or(0)
            };
            if spec.shape.len_at(samples) != input.len() {
                return Err(wrong());
            }
            match batch {
                None => batch = Some((samples, &spec.name)),
                Some((first, name)) if first != samples => {
                    return Err(RunError::BatchMismatch {
                        name: spec.name.clone(),
                        found: samples,
                        first: name.to_owned(),
                        batch: first,
                    });
                }
                Some(_) => {}
            }
        }
        let batch = batch.map_or(0, |(samples, _)| samples);
        let capacity = workspace.memory.capacity();
        if batch > capacity {
            return Err(RunError::BatchTooLarge {
                found: batch,
                capacity,
            });
        }
        Ok(batch)
    }
}

/// The memory of a plan's runs: activations, scratch, outputs.
pub struct Workspace<T: Scalar> {
    program: Arc<Program<T>>,
    memory: Memory<T>,
    batch: usize,
}

impl<T: Scalar> Workspace<T> {
    /// The values of an output of the last run, column-major.
    ///
    /// # Panics
    /// When the plan has no such output.
    #[must_use]
    pub fn output(&self, index: usize) -> &[T] {
        let (buffer, shape) = self.program.outputs[index];
        self.memory.output(buffer, shape.len_at(self.batch))
    }

    /// Bytes held.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.memory.bytes()
    }

    /// The most samples of a run.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.memory.capacity()
    }
}

impl<T: Scalar> std::fmt::Debug for Workspace<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "Workspace of {} bytes for {} samples",
            self.bytes(),
            self.capacity()
        )
    }
}

#[cfg(test)]
mod tests;
