//! How long a run will take with so many threads: a model of the schedule.

use std::fmt;

use super::program::{Buffer, BufferId, Over, Place, Stage, Step, Work};
use super::{Plan, Profile};
use crate::kernel::execute::{chain_fraction, unit_fraction};
use crate::{Dim, Isa, Scalar, Team, measure};

/// What threads cost each other on a machine.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Machine {
    /// Seconds of a join.
    pub join_seconds: f64,
    /// Bytes a second that a thread reads which another has just written.
    pub exchange_bytes_per_second: f64,
    /// How much longer the same work takes a thread when all of them work.
    pub crowding: f64,
}

impl Machine {
    /// Measures it with the threads of a team: see [`measure`].
    #[must_use]
    pub fn measured<T: Scalar>(team: &Team, isa: Isa) -> Machine {
        Machine {
            crowding: measure::crowding::<T>(team, isa),
            join_seconds: measure::join_seconds(team),
            exchange_bytes_per_second: measure::exchange_rate(team),
        }
    }
}

/// How long a run takes with so many threads, by the model of [`Plan::forecast`].
#[derive(Debug, Clone, PartialEq)]
pub struct Forecast {
    /// Threads.
    pub threads: usize,
    /// Seconds of what is not shared: looking at the inputs, handing out the work.
    pub serial_seconds: f64,
    /// The stages in order: each ends in a join.
    pub stages: Vec<StageForecast>,
}

/// A stage by the model: the thread with the most to do.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StageForecast {
    /// Seconds of its work, by the profile.
    pub work_seconds: f64,
    /// Seconds of reading what other threads have written.
    pub exchange_seconds: f64,
    /// Seconds of the join.
    pub join_seconds: f64,
}

impl Forecast {
    /// Seconds of a run.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        let stage = |s: &StageForecast| s.work_seconds + s.exchange_seconds + s.join_seconds;
        self.serial_seconds + self.stages.iter().map(stage).sum::<f64>()
    }
}

impl fmt::Display for Forecast {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sum = |part: fn(&StageForecast) -> f64| 1e6 * self.stages.iter().map(part).sum::<f64>();
        write!(
            f,
            "{:.1} µs a run on {} threads: work {:.1}, exchange {:.1}, {} joins {:.1}, not shared {:.1}",
            1e6 * self.seconds(),
            self.threads,
            sum(|s| s.work_seconds),
            sum(|s| s.exchange_seconds),
            self.stages.len(),
            sum(|s| s.join_seconds),
            1e6 * self.serial_seconds,
        )
    }
}

impl<T: Scalar> Plan<T> {
    /// How long a run takes with so many threads, by a model of the schedule.
    ///
    /// Each step takes each thread its share of what the profile says for one thread; a stage takes as long as the thread with the most to do,
    /// and a join. A thread also reads what others have written, once each stage: of weights that all threads update, and of activations and
    /// deltas of all samples, the share that is not its own. Of more threads than [`Machine`] was
    /// measured with it knows no further crowding, and of memory that is shared nothing, so it is a bound for many threads.
    ///
    /// ```
    /// use chainrule_autodiff::{BATCH, Graph, Isa, Machine, Step};
    /// let g = Graph::new();
    /// let (w, b, x) = (g.param("W", (64, 20)), g.param("b", 64), g.input("x", (20, BATCH)));
    /// let plan = g.compile::<f32>(Step::returns((w.matmul(x) + b).sigmoid()), Isa::detect())?;
    /// let (mut state, mut workspace) = (plan.state(), plan.workspace(512, 1));
    /// let profile = plan.profile(&mut state, &[&[0.5; 20 * 512]], &mut workspace, 5)?;
    /// let machine = Machine { join_seconds: 0.4e-6, exchange_bytes_per_second: 10e9, crowding: 1.0 };
    /// for threads in [1, 2, 16] {
    ///     println!("{}", plan.forecast(&profile, &machine, threads));
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn forecast(&self, profile: &Profile, machine: &Machine, threads: usize) -> Forecast {
        let threads = threads.max(1);
        // A run played from a tape is shorter than its steps one by one; what it takes beside them is one thread's.
        let steps = profile.seconds();
        let scale = (profile.run_seconds / steps).min(1.0);
        let scale = if scale.is_finite() { scale } else { 1.0 };
        let crowding = if threads == 1 { 1.0 } else { machine.crowding };
        let mut seconds = profile
            .steps
            .iter()
            .map(|step| step.seconds * scale * crowding);
        let stages = self.program.stages.iter().map(|stage| {
            let count = stage.units.len() + stage.chain.len();
            let seconds: Vec<f64> = seconds.by_ref().take(count).collect();
            let workers = (0..threads).map(|index| {
                let (work, bytes) = self.load(stage, &seconds, profile.batch, (index, threads));
                (work, bytes / machine.exchange_bytes_per_second)
            });
            let (work_seconds, exchange_seconds) = workers
                .max_by(|a, b| (a.0 + a.1).total_cmp(&(b.0 + b.1)))
                .unwrap_or_default();
            StageForecast {
                work_seconds,
                exchange_seconds,
                join_seconds: if threads == 1 {
                    0.0
                } else {
                    machine.join_seconds
                },
            }
        });
        Forecast {
            threads,
            serial_seconds: (profile.run_seconds - steps).max(0.0),
            stages: stages.collect(),
        }
    }

    /// Seconds of work of one worker in a stage, and bytes that it reads of what others have written.
    fn load(
        &self,
        stage: &Stage<T>,
        seconds: &[f64],
        batch: usize,
        worker: (usize, usize),
    ) -> (f64, f64) {
        let (mut work, mut bytes) = (0.0, 0.0);
        let foreign = (worker.1 - 1) as f64 / worker.1 as f64;
        let size = |id: BufferId| {
            let buffer = self.program.buffers[id.0 as usize];
            (buffer.rows.at(batch) * buffer.cols.at(batch) * T::BYTES) as f64
        };
        let (of_units, of_chain) = seconds.split_at(stage.units.len());
        for (turn, (step, seconds)) in stage.units.iter().zip(of_units).enumerate() {
            let (blocks, cols) = unit_fraction(&self.program, step, batch, worker, turn);
            work += seconds * blocks * cols;
            let read = operands(step)
                .into_iter()
                .filter(|&(id, _)| self.is_written(id));
            bytes += read
                .map(|(id, along)| {
                    let part = match along {
                        Along::Blocks => blocks,
                        Along::Columns => cols,
                    };
                    // Nothing is read where nothing is to be done.
                    if blocks * cols > 0.0 {
                        size(id) * part
                    } else {
                        0.0
                    }
                })
                .sum::<f64>()
                * foreign;
        }
        let share = chain_fraction::<T>(batch, worker);
        for (step, seconds) in stage.chain.iter().zip(of_chain) {
            work += seconds * share;
            // Columns of samples stay with the worker: what others have written are weights.
            let weights = operands(step).into_iter().map(|(id, _)| id).filter(|&id| {
                let Buffer { rows, cols, .. } = self.program.buffers[id.0 as usize];
                self.is_written(id) && rows != Dim::Batch && cols != Dim::Batch
            });
            if share > 0.0 {
                bytes += weights.map(size).sum::<f64>() * foreign;
            }
        }
        (work, bytes)
    }

    /// Whether runs write to a buffer: not to inputs and constants.
    fn is_written(&self, id: BufferId) -> bool {
        match self.program.buffers[id.0 as usize].place {
            Place::Workspace => true,
            Place::Slot(_) | Place::SlotTransposed(_) => self.program.has_updates,
            Place::Input(_) | Place::Constant(_) | Place::BatchSize => false,
        }
    }
}

/// Which share of an operand goes with a worker's share of the outputs.
#[derive(Clone, Copy)]
enum Along {
    Blocks,
    Columns,
}

/// The operands of a step's work. What its group reads lies where the worker has written itself.
fn operands<T: Scalar>(step: &Step<T>) -> Vec<(BufferId, Along)> {
    match &step.work {
        Work::None => Vec::new(),
        Work::Product(p) => vec![(p.a, Along::Blocks), (p.b, Along::Columns)],
        Work::Dot(dot) => vec![(dot.weights, Along::Blocks), (dot.x, Along::Columns)],
        Work::Sum(sum) => match sum.over {
            Over::Columns => vec![(sum.from, Along::Blocks)],
            Over::Rows | Over::All => vec![(sum.from, Along::Columns)],
        },
        Work::Convert { from, .. } => vec![(*from, Along::Columns)],
        Work::Eval { args, .. } => args.iter().map(|a| (a.0, Along::Columns)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{BATCH, Graph};

    /// One layer of 64, with its update: a stage of samples, a stage of outputs.
    fn plan() -> Plan<f32> {
        let g = Graph::new();
        let (w, x) = (g.param("W", (64, 32)), g.input("x", (32, BATCH)));
        let loss = w.matmul(x).sigmoid().sum();
        let [dw] = g.grad(loss, [w]);
        let step = crate::Step::returns(loss).set(w, w - 0.1 * dw);
        g.compile(step, Isa::Portable).expect("a sound graph")
    }

    #[test]
    fn a_forecast_shares_the_work_and_adds_what_threads_cost_each_other() {
        let plan = plan();
        let (mut state, mut workspace) = (plan.state(), plan.workspace(64, 1));
        let mut profile = plan
            .profile(&mut state, &[&[0.5; 32 * 64]], &mut workspace, 1)
            .expect("a run");
        for step in &mut profile.steps {
            step.seconds = 1.0;
        }
        profile.run_seconds = profile.seconds();
        let free = Machine {
            join_seconds: 0.0,
            exchange_bytes_per_second: f64::INFINITY,
            crowding: 1.0,
        };
        let whole = profile.seconds();
        let alone = plan.forecast(&profile, &free, 1);
        assert_eq!(alone.seconds(), whole);
        let two = plan.forecast(&profile, &free, 2);
        // Every step has 4 blocks or 4 vectors of samples to share, but for the sum to one number.
        assert!(
            two.seconds() >= whole / 2.0 && two.seconds() < whole * 0.75,
            "{two}"
        );
        let dear = Machine {
            join_seconds: 10.0,
            exchange_bytes_per_second: 1e3,
            crowding: 1.0,
        };
        let slow = plan.forecast(&profile, &dear, 2);
        assert_eq!(
            plan.forecast(&profile, &dear, 1),
            Forecast {
                threads: 1,
                ..alone
            }
        );
        let joins: f64 = slow.stages.iter().map(|s| s.join_seconds).sum();
        assert_eq!(joins, 10.0 * slow.stages.len() as f64);
        // At least half of W, for the products with the samples of a thread.
        let exchanged: f64 = slow.stages.iter().map(|s| s.exchange_seconds).sum();
        assert!(exchanged >= (64 * 32 * 4 / 2) as f64 / 1e3, "{slow}");
        assert!(slow.to_string().contains("on 2 threads"), "{slow}");
    }
}
