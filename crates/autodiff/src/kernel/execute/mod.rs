//! Runs a program: stage by stage, each worker its share.

mod call;
mod clock;
mod groups;
mod memory;
mod parts;
mod products;
mod sums;
mod tape;
mod whole;

use std::ops::Range;

use super::buffer::AlignedVec;
use super::crew::{Panicked, Team, Worker};

use crate::Scalar;
use crate::plan::program::{BufferId, Over, Program, Stage, Step, Work};
use crate::plan::state::StateLayout;
use call::{Now, Sink};
pub(crate) use clock::look;
use clock::{Clock, NoClock, Stopwatch};
use memory::Resolved;
pub(crate) use memory::{Memory, Sizes};
use parts::Outputs;
pub(crate) use parts::{chain_fraction, unit_fraction};
use tape::Tapes;

/// Vectors in a piece: what a group of elementwise operations does at a time, so that its scratch memory stays in L1 (64 × 64 bytes).
const PIECE: usize = 64;

/// Blocks of rows that a product computes together.
const BLOCKS: usize = 3;

/// Where the state of a run is: borrowed for writing when the program has updates, else for reading.
pub(crate) enum StateRef<'a, T: Scalar> {
    Read(&'a AlignedVec<T>),
    Write(&'a mut AlignedVec<T>),
}

/// What a run is given.
pub(crate) struct Run<'a, T: Scalar> {
    pub(crate) program: &'a Program<T>,
    pub(crate) layout: &'a StateLayout,
    /// Checked against the program: their number, their lengths.
    pub(crate) inputs: &'a [&'a [T]],
    /// At most the memory's capacity.
    pub(crate) batch: usize,
}

impl<T: Scalar> Run<'_, T> {
    /// Runs the program. The caller has checked the inputs, and that state and memory belong to the program.
    pub(crate) fn on(
        &self,
        state: StateRef<'_, T>,
        memory: &mut Memory<T>,
        team: &Team,
    ) -> Result<(), Panicked> {
        let state = self.address(state);
        memory.resolve(self, state);
        let threads = memory.scratch.len();
        let shared = Shared {
            run: self,
            state,
            resolved: &memory.resolved,
            scratch: memory.scratch.as_mut_ptr(),
            tapes: memory.tapes.as_mut_ptr(),
        };
        let work = |worker: Worker<'_>| {
            // SAFETY: each worker has a scratch of its own; shares of work do not overlap, and joins order what depends.
            unsafe { shared.work(worker) }
        };
        if threads < team.limit() {
            Team::solo().run(&work)
        } else {
            team.run(&work)
        }
    }

    /// Runs the program on the calling thread, and adds the seconds of each step to `seconds`, stage by stage, units first.
    pub(crate) fn timed(
        &self,
        state: StateRef<'_, T>,
        memory: &mut Memory<T>,
        seconds: &mut [f64],
    ) -> Result<(), Panicked> {
        let state = self.address(state);
        memory.resolve(self, state);
        let shared = Shared {
            run: self,
            state,
            resolved: &memory.resolved,
            scratch: memory.scratch.as_mut_ptr(),
            tapes: memory.tapes.as_mut_ptr(),
        };
        let look = clock::look();
        // A team of one calls this once; it wants to be able to share it.
        let seconds = std::sync::Mutex::new(seconds);
        Team::solo().run(&|worker| {
            let Ok(mut seconds) = seconds.lock() else {
                return;
            };
            let mut first = 0;
            for stage in &self.program.stages {
                let steps = stage.units.len() + stage.chain.len();
                let mut clock = Stopwatch {
                    since: std::time::Instant::now(),
                    look,
                    seconds: &mut seconds[first..first + steps],
                };
                // SAFETY: as in `work`, whose only worker this is.
                unsafe { shared.stage(stage, worker, &Now, &mut clock) };
                first += steps;
            }
        })
    }

    fn address(&self, state: StateRef<'_, T>) -> *mut T {
        match state {
            // A program without updates never writes to a slot.
            StateRef::Read(values) => {
                assert!(
                    !self.program.has_updates,
                    "a program with updates is given the state for writing"
                );
                values.as_ptr().cast_mut()
            }
            StateRef::Write(values) => values.as_mut_ptr(),
        }
    }
}

/// What the workers of a run share.
struct Shared<'a, T: Scalar> {
    run: &'a Run<'a, T>,
    state: *mut T,
    resolved: &'a [Resolved<T>],
    scratch: *mut AlignedVec<T>,
    tapes: *mut Tapes<T>,
}

// SAFETY: the pointers lead to memory that the run borrows exclusively (or only reads); workers write to disjoint parts.
unsafe impl<T: Scalar> Sync for Shared<'_, T> {}

/// A rectangle of a matrix in blocks, or a part of a line.
#[derive(Clone, Copy)]
enum Piece {
    /// Vectors of a line.
    Line { first: usize, vectors: usize },
    /// Columns of one block of rows.
    Block {
        block: usize,
        first: usize,
        vectors: usize,
    },
}

/// The scratch memory of a worker, and where its calls go.
struct Scratch<'s, T, S> {
    temps: *mut T,
    /// Tiles of BLOCKS pieces: the produced one, then finished chunks.
    tiles: *mut T,
    sink: &'s S,
}

impl<T, S> Clone for Scratch<'_, T, S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T, S> Copy for Scratch<'_, T, S> {}

impl<T: Scalar> Shared<'_, T> {
    /// # Safety
    /// Called once by each worker of a job, with as many scratches and tapes as workers.
    unsafe fn work(&self, worker: Worker<'_>) {
        // SAFETY: the worker's own tapes; shares are disjoint, and a stage reads only what earlier stages or the same share
        // have made.
        unsafe {
            if (*self.tapes.add(worker.index)).play(self, worker) {
                return;
            }
            for (index, stage) in self.run.program.stages.iter().enumerate() {
                self.stage(stage, worker, &Now, &mut NoClock);
                let last = index + 1 == self.run.program.stages.len();
                if !last && !worker.join() {
                    return;
                }
            }
        }
    }

    /// A worker's share of a stage.
    unsafe fn stage(
        &self,
        stage: &Stage<T>,
        worker: Worker<'_>,
        sink: &impl Sink<T>,
        clock: &mut impl Clock,
    ) {
        // SAFETY: the worker's own scratch.
        let scratch = unsafe {
            let base = (*self.scratch.add(worker.index)).as_mut_ptr();
            Scratch {
                temps: base,
                tiles: base.add(self.run.program.temps * PIECE * T::LANES),
                sink,
            }
        };
        for (turn, step) in stage.units.iter().enumerate() {
            for (blocks, cols) in Outputs::of(self.run.program, step, self.run.batch)
                .share(worker, turn)
                .tiles()
            {
                // SAFETY: tiles of a step write to disjoint parts.
                unsafe { self.unit(step, blocks, cols, scratch) };
            }
            clock.lap(turn);
        }
        let batch = self.run.batch;
        if stage.chain.is_empty() || batch == 0 {
            return;
        }
        // Lines are written in whole vectors.
        let vectors = worker.share(batch.div_ceil(T::LANES));
        for from in (vectors.start * T::LANES..batch.min(vectors.end * T::LANES)).step_by(PIECE) {
            let to = (from + PIECE).min(vectors.end * T::LANES).min(batch);
            for (index, step) in stage.chain.iter().enumerate() {
                // SAFETY: tiles are disjoint ranges of samples.
                unsafe { self.columns(step, from, to, scratch) };
                clock.lap(stage.units.len() + index);
            }
        }
    }

    /// One part of a step that is split over its outputs.
    unsafe fn unit(
        &self,
        step: &Step<T>,
        blocks: Range<usize>,
        cols: Range<usize>,
        scratch: Scratch<'_, T, impl Sink<T>>,
    ) {
        let (first_block, block_count) = (blocks.start, blocks.len());
        // SAFETY: the part lies inside the step's space.
        unsafe {
            match &step.work {
                Work::None => {
                    if step.group.space.is_line() {
                        self.line(
                            &step.group,
                            cols.start,
                            cols.len(),
                            std::ptr::null_mut(),
                            scratch,
                        );
                    } else {
                        for block in blocks {
                            self.block(
                                &step.group,
                                block,
                                cols.start,
                                cols.len(),
                                std::ptr::null_mut(),
                                scratch,
                            );
                        }
                    }
                }
                Work::Product(p) => self.product(
                    p,
                    &step.group,
                    (first_block, block_count),
                    (cols.start, cols.end),
                    scratch,
                ),
                Work::Dot(dot) => {
                    let to = dot.cols.at(self.run.batch).min(cols.end * T::LANES);
                    self.dot(dot, &step.group, cols.start * T::LANES, to, scratch);
                }
                Work::Sum(sum) => match sum.over {
                    Over::Rows => {
                        let to = sum.cols.at(self.run.batch).min(cols.end * T::LANES);
                        self.sum_rows(sum, &step.group, cols.start * T::LANES, to, scratch);
                    }
                    Over::Columns => {
                        self.sum_columns(sum, &step.group, (first_block, block_count), scratch)
                    }
                    Over::All => self.sum_all(sum, &step.group, scratch),
                },
                Work::Convert { from, turn, to } => {
                    self.convert(*from, *turn, *to, cols.start, cols.end, scratch.sink)
                }
                Work::Eval { op, args, out, .. } => {
                    self.eval(&**op, args, *out, None, scratch.sink)
                }
            }
        }
    }

    /// The columns `from..to` of a step of a chain.
    unsafe fn columns(
        &self,
        step: &Step<T>,
        from: usize,
        to: usize,
        scratch: Scratch<'_, T, impl Sink<T>>,
    ) {
        let first_vector = from / T::LANES;
        let vectors = to.div_ceil(T::LANES) - first_vector;
        // SAFETY: the columns lie inside the step's space.
        unsafe {
            match &step.work {
                Work::None if step.group.space.is_line() => {
                    self.line(
                        &step.group,
                        first_vector,
                        vectors,
                        std::ptr::null_mut(),
                        scratch,
                    );
                }
                Work::None => {
                    for block in 0..step.group.space.rows.div_ceil(T::LANES) {
                        self.block(
                            &step.group,
                            block,
                            from,
                            to - from,
                            std::ptr::null_mut(),
                            scratch,
                        );
                    }
                }
                Work::Product(p) => {
                    let all = p.rows.div_ceil(T::LANES);
                    let parts = all.div_ceil(BLOCKS);
                    for part in 0..parts {
                        // Even parts: four blocks are two and two.
                        let (first, end) = (all * part / parts, all * (part + 1) / parts);
                        let count = end - first;
                        self.product(p, &step.group, (first, count), (from, to), scratch);
                    }
                }
                Work::Dot(dot) => self.dot(dot, &step.group, from, to, scratch),
                Work::Sum(sum) => self.sum_rows(sum, &step.group, from, to, scratch),
                Work::Convert {
                    from: source,
                    turn,
                    to: target,
                } => self.convert(*source, *turn, *target, from, to, scratch.sink),
                Work::Eval { op, args, out, .. } => {
                    self.eval(&**op, args, *out, Some((from, to)), scratch.sink)
                }
            }
        }
    }

    fn at(&self, buffer: BufferId) -> Resolved<T> {
        self.resolved[buffer.0 as usize]
    }
}
