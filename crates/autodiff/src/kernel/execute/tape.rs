//! Tapes: the calls of a worker, written down once and played in every run.
//!
//! What a run calls depends on the number of samples, the number of workers and where state and inputs lie, and from step to
//! step of a training only the inputs move. A small network's step is a hundred calls of some ten nanoseconds, so finding
//! out anew where everything lies would cost as much as a fifth of it. Long programs have long calls: they are not written
//! down.

use std::cell::{Cell, RefCell};

use super::Shared;
use super::call::{Call, Sink};
use super::clock::NoClock;
use crate::Scalar;
use crate::kernel::crew::Worker;

/// The most calls on a tape: about 40 KB, which the processor's second cache holds beside the data of such a run.
const LONGEST: usize = 256;

/// Tapes of one worker: for full batches and for the last one of an epoch.
pub(super) struct Tapes<T: Scalar> {
    tapes: [Tape<T>; 2],
    /// Which was played last.
    last: usize,
}

/// What the calls on a tape depend on, beside the inputs.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Key {
    batch: usize,
    worker: usize,
    workers: usize,
    /// The address of the state.
    state: usize,
}

struct Tape<T: Scalar> {
    key: Option<Key>,
    calls: Vec<Call<T>>,
    /// How many of the calls come before each join.
    stages: Vec<usize>,
    moves: Vec<Move>,
    /// Whether all calls are on it.
    whole: bool,
}

/// An argument that points into an input.
struct Move {
    call: usize,
    /// Which of the pointers that the call reads.
    read: usize,
    input: usize,
    /// Values from the input's start.
    offset: usize,
}

impl<T: Scalar> Tapes<T> {
    /// Room for the calls of a program of so many stages.
    pub(super) fn new(stages: usize) -> Self {
        let tape = || Tape {
            key: None,
            calls: Vec::with_capacity(LONGEST),
            stages: Vec::with_capacity(stages),
            moves: Vec::with_capacity(LONGEST),
            whole: false,
        };
        Self {
            tapes: [tape(), tape()],
            last: 0,
        }
    }

    /// Bytes held.
    pub(super) fn bytes(&self) -> usize {
        self.tapes.len() * LONGEST * (size_of::<Call<T>>() + size_of::<Move>())
    }

    /// Plays the worker's tape, after writing it if there is none for this run; false if the run is too long for one.
    ///
    /// # Safety
    /// As for [`Shared::work`], whose worker this is.
    pub(super) unsafe fn play(&mut self, shared: &Shared<'_, T>, worker: Worker<'_>) -> bool {
        let key = Key {
            batch: shared.run.batch,
            worker: worker.index,
            workers: worker.count,
            state: shared.state.addr(),
        };
        if self.tapes[self.last].key != Some(key) {
            self.last = 1 - self.last;
            if self.tapes[self.last].key != Some(key) {
                // SAFETY: promised by the caller.
                unsafe { self.tapes[self.last].write(shared, worker, key) };
            }
        }
        let tape = &mut self.tapes[self.last];
        if !tape.whole {
            return false;
        }
        tape.follow(shared.run.inputs);
        // SAFETY: the calls are those of this run: the key says so of what they depend on, and inputs have been followed.
        unsafe { tape.play(worker) };
        true
    }
}

impl<T: Scalar> Tape<T> {
    unsafe fn write(&mut self, shared: &Shared<'_, T>, worker: Worker<'_>, key: Key) {
        self.key = Some(key);
        self.calls.clear();
        self.stages.clear();
        self.moves.clear();
        self.whole = false;
        if key.batch == 0 || overlap(shared.run.inputs) {
            // Which input a pointer belongs to could not be said. Another run may be as good as any.
            self.key = None;
            return;
        }
        let pen = Pen {
            calls: RefCell::new(&mut self.calls),
            fits: Cell::new(true),
        };
        for stage in &shared.run.program.stages {
            // SAFETY: promised by the caller; the pen runs nothing.
            unsafe { shared.stage(stage, worker, &pen, &mut NoClock) };
            self.stages.push(pen.calls.borrow().len());
        }
        self.whole = pen.fits.get();
        for (call, of) in self.calls.iter_mut().enumerate() {
            for (read, pointer) in of.reads().into_iter().enumerate() {
                let Some(pointer) = pointer else { continue };
                let Some((input, offset)) = inside(*pointer, shared.run.inputs) else {
                    continue;
                };
                // As many as there are calls, or more than the tape takes.
                if self.moves.len() == LONGEST {
                    self.whole = false;
                    return;
                }
                self.moves.push(Move {
                    call,
                    read,
                    input,
                    offset,
                });
            }
        }
    }

    /// Points the calls to where the inputs are now.
    fn follow(&mut self, inputs: &[&[T]]) {
        for at in &self.moves {
            if let Some(pointer) = self.calls[at.call].reads()[at.read].as_mut() {
                **pointer = inputs[at.input].as_ptr().wrapping_add(at.offset);
            }
        }
    }

    unsafe fn play(&self, worker: Worker<'_>) {
        let mut from = 0;
        for (index, &to) in self.stages.iter().enumerate() {
            for call in &self.calls[from..to] {
                // SAFETY: promised by the caller.
                unsafe { call.run() };
            }
            from = to;
            let last = index + 1 == self.stages.len();
            if !last && !worker.join() {
                return;
            }
        }
    }
}

/// Writes calls down.
struct Pen<'a, T: Scalar> {
    calls: RefCell<&'a mut Vec<Call<T>>>,
    fits: Cell<bool>,
}

impl<T: Scalar> Sink<T> for Pen<'_, T> {
    unsafe fn call(&self, call: Call<T>) {
        let mut calls = self.calls.borrow_mut();
        if calls.len() == LONGEST {
            self.fits.set(false);
        } else {
            calls.push(call);
        }
    }

    fn eval(&self, _: impl FnOnce()) {
        self.fits.set(false);
    }
}

/// The input that a pointer leads into, and how far.
fn inside<T>(pointer: *const T, inputs: &[&[T]]) -> Option<(usize, usize)> {
    inputs.iter().enumerate().find_map(|(index, input)| {
        input.as_ptr_range().contains(&pointer).then(|| {
            (
                index,
                (pointer.addr() - input.as_ptr().addr()) / size_of::<T>(),
            )
        })
    })
}

/// Whether two inputs share memory.
fn overlap<T>(inputs: &[&[T]]) -> bool {
    inputs.iter().enumerate().any(|(index, one)| {
        let (one, others) = (one.as_ptr_range(), &inputs[index + 1..]);
        others
            .iter()
            .map(|other| other.as_ptr_range())
            .any(|other| one.start < other.end && other.start < one.end)
    })
}

#[cfg(test)]
mod tests {
    use crate::random::Random;
    use crate::{BATCH, Graph, Isa, Plan, State, Step, Team};

    /// Two layers and an update: short enough for a tape up to some hundred samples.
    fn plan() -> Plan<f32> {
        let g = Graph::new();
        let (x, y, w) = (
            g.input("x", (5, BATCH)),
            g.input("y", (1, BATCH)),
            g.input("w", (1, BATCH)),
        );
        let (a, b) = (g.param("A", (20, 5)), g.param("b", 20));
        let c = g.param("C", (1, 20));
        let p = c.matmul((a.matmul(x) + b).sigmoid()).sigmoid();
        let loss = (p.binary_cross_entropy(y) * w).mean();
        let [da, db, dc] = g.grad(loss, [a, b, c]);
        let step = Step::returns(loss)
            .set(a, a - 0.05 * da)
            .set(b, b - 0.05 * db)
            .set(c, c - 0.05 * dc);
        g.compile(step, Isa::detect()).expect("a sound graph")
    }

    fn first(plan: &Plan<f32>, random: &mut Random) -> State<f32> {
        let mut state = plan.state();
        for (name, len) in [("A", 100), ("b", 20), ("C", 20)] {
            let values: Vec<f32> = (0..len).map(|_| random.between(-1.0, 1.0) as f32).collect();
            state.set(name, &values).expect("a slot");
        }
        state
    }

    fn bits(state: &State<f32>, workspace: &crate::Workspace<f32>) -> Vec<u32> {
        let all = ["A", "b", "C"].map(|name| state.get(name).expect("a slot"));
        let all = all.iter().flatten().chain(workspace.output(0));
        all.map(|v| v.to_bits()).collect()
    }

    /// One workspace for many runs gives what a fresh one gives in each: whatever batch, state, place of the inputs.
    #[test]
    fn a_tape_is_played_only_where_it_fits() {
        let plan = plan();
        let mut random = Random(11);
        let data: Vec<f32> = (0..9000)
            .map(|_| random.between(-1.0, 1.0) as f32)
            .collect();
        let labels: Vec<f32> = data.iter().map(|v| f32::from(u8::from(*v > 0.0))).collect();
        for threads in [1, 2, 3] {
            let mut states = [first(&plan, &mut random), first(&plan, &mut random)];
            let mut kept = plan.workspace(1000, threads);
            let team = Team::new(threads);
            std::thread::scope(|scope| {
                for _ in 1..threads {
                    scope.spawn(|| team.lend());
                }
                for run in 0..200 {
                    let samples = [32, 32, 7, 1, 33, 1000][random.below(6)];
                    let (from, state) = (random.below(100), &mut states[random.below(2)]);
                    let x = &data[5 * from..5 * (from + samples)];
                    // At times the same memory twice, or next to each other.
                    let y = &labels[from..from + samples];
                    let w = [
                        y,
                        &labels[from + samples..from + 2 * samples],
                        &data[..samples],
                    ][run % 3];
                    let inputs = [x, y, w];
                    let (mut alone, mut fresh) = (state.clone(), plan.workspace(samples, 1));
                    plan.run(&mut alone, &inputs, &mut fresh, &Team::solo())
                        .expect("a run");
                    plan.run(state, &inputs, &mut kept, &team).expect("a run");
                    assert_eq!(
                        bits(state, &kept),
                        bits(&alone, &fresh),
                        "run {run} of {samples} samples"
                    );
                }
                team.close();
            });
        }
    }
}
