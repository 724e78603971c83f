//! Where the time of a plan goes.

use std::fmt;
use std::time::Instant;

use super::cost::{step_bytes, step_flops};
use super::describe::Describer;
use super::{Plan, Workspace};
use crate::kernel::execute::{Run, StateRef, look};
use crate::{RunError, Scalar, State, Team};

/// Where the time of a plan goes, step by step: see [`Plan::profile`].
#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    /// The number of runs that were timed.
    pub runs: usize,
    /// The number of samples.
    pub batch: usize,
    /// Seconds of a run in which no step is timed, a median: what the steps have in common, and what a short run saves by being played from a tape.
    pub run_seconds: f64,
    /// The steps in the order of the schedule.
    pub steps: Vec<ProfiledStep>,
}

/// One step of a schedule: a product, a sum or a copy with the elementwise operations that are fused behind it.
#[derive(Debug, Clone, PartialEq)]
pub struct ProfiledStep {
    /// The stage, from 1: what runs between two joins of the threads.
    pub stage: usize,
    /// What it computes, as [`Plan`] prints it: `z = W x + b`, then what is fused behind it.
    pub operations: Vec<String>,
    /// The median over the runs, on one thread.
    pub seconds: f64,
    /// Floating-point operations: a fused multiply-add is two, an elementary function is one.
    pub flops: u64,
    /// Bytes read and written: each buffer once, scratch memory not at all.
    pub bytes: u64,
}

impl Profile {
    /// The sum over the steps.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        self.steps.iter().map(|s| s.seconds).sum()
    }
}

impl<T: Scalar> Plan<T> {
    /// Runs the plan `runs` times on the calling thread and times each step, then as often and times the whole.
    ///
    /// The runs are ordinary ones, with the same bits: outputs and state are afterwards what twice as many calls of [`run`](Self::run) make
    /// them. What reading the clock takes, for each step and each tile of samples, is measured and left out.
    ///
    /// ```
    /// use chainrule_autodiff::{BATCH, Graph, Isa, Step};
    /// let g = Graph::new();
    /// let (w, b, x) = (g.param("W", (3, 2)), g.param("b", 3), g.input("x", (2, BATCH)));
    /// let plan = g.compile::<f32>(Step::returns((w.matmul(x) + b).sigmoid()), Isa::Portable)?;
    /// let (mut state, mut workspace) = (plan.state(), plan.workspace(100, 1));
    /// let profile = plan.profile(&mut state, &[&[0.5; 200]], &mut workspace, 5)?;
    /// assert_eq!(profile.steps[0].flops, 100 * (3 * 2 * 2 + 3));
    /// assert_eq!(profile.steps[0].operations, ["z = W · x + b", "a = sigmoid(z)"]);
    /// println!("{profile}");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As for [`run`](Self::run).
    pub fn profile(
        &self,
        state: &mut State<T>,
        inputs: &[&[T]],
        workspace: &mut Workspace<T>,
        runs: usize,
    ) -> Result<Profile, RunError> {
        let batch = self.check(state, inputs, workspace)?;
        let program = &*self.program;
        let count = program
            .stages
            .iter()
            .map(|s| s.units.len() + s.chain.len())
            .sum();
        let run = Run {
            program,
            layout: &self.layout,
            inputs,
            batch,
        };
        workspace.batch = batch;
        let look = look();
        let (mut laps, mut whole) = (Vec::with_capacity(runs), Vec::with_capacity(runs));
        for _ in 0..runs {
            let mut seconds = vec![0.0; count];
            let state = StateRef::Write(&mut state.values);
            run.timed(state, &mut workspace.memory, &mut seconds)
                .map_err(|_| RunError::Panicked)?;
            laps.push(seconds);
        }
        for _ in 0..runs {
            let started = Instant::now();
            let state = StateRef::Write(&mut state.values);
            run.on(state, &mut workspace.memory, &Team::solo())
                .map_err(|_| RunError::Panicked)?;
            whole.push((started.elapsed().as_secs_f64() - look).max(0.0));
        }
        let describer = Describer::new(self, Some(batch));
        let stages = program.stages.iter().zip(1..);
        let steps = stages.flat_map(|(stage, number)| {
            let all = stage.units.iter().chain(&stage.chain);
            all.map(move |step| (number, step))
        });
        let steps = steps
            .enumerate()
            .map(|(index, (stage, step))| ProfiledStep {
                stage,
                operations: describer
                    .operations(step)
                    .into_iter()
                    .map(|o| o.text)
                    .collect(),
                seconds: median(laps.iter().map(|lap| lap[index]).collect()),
                flops: step_flops(step).at(batch),
                bytes: step_bytes(program, step).at(batch),
            });
        Ok(Profile {
            runs,
            batch,
            run_seconds: median(whole),
            steps: steps.collect(),
        })
    }
}

/// The middle one, or the mean of the two in the middle; 0 of none.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let n = values.len();
    match (values.get(n.wrapping_sub(1) / 2), values.get(n / 2)) {
        (Some(low), Some(high)) => 0.5 * (low + high),
        _ => 0.0,
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let total = self.seconds();
        writeln!(
            f,
            "{:.2} µs a run over {} samples on one thread, {:.2} in its steps (medians of {} runs)\n",
            self.run_seconds * 1e6,
            self.batch,
            total * 1e6,
            self.runs
        )?;
        writeln!(
            f,
            "{:>10} {:>6} {:>9} {:>7} {:>7}  stage",
            "µs", "share", "FLOPs", "GFLOP/s", "GB/s"
        )?;
        for step in &self.steps {
            // A step that the clock did not see has no rates.
            let rate = |amount: u64| {
                let rate = amount as f64 / step.seconds / 1e9;
                if rate.is_finite() {
                    format!("{rate:.1}")
                } else {
                    "–".to_owned()
                }
            };
            let share = if total > 0.0 {
                100.0 * step.seconds / total
            } else {
                0.0
            };
            writeln!(
                f,
                "{:>10.3} {:>4.1} % {:>9} {:>7} {:>7}  {}  {}",
                step.seconds * 1e6,
                share,
                step.flops,
                rate(step.flops),
                rate(step.bytes),
                step.stage,
                step.operations.join("; "),
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{BATCH, Graph, Isa, Step};

    #[test]
    fn a_profile_has_every_step_and_leaves_the_bits_of_as_many_runs() {
        let g = Graph::new();
        let (x, y) = (g.input("x", (5, BATCH)), g.input("y", (1, BATCH)));
        let (w, b, v) = (
            g.param("W", (20, 5)),
            g.param("b", 20),
            g.param("V", (1, 20)),
        );
        let p = v.matmul((w.matmul(x) + b).sigmoid()).sigmoid();
        let loss = p.binary_cross_entropy(y).mean();
        let [dw, db, dv] = g.grad(loss, [w, b, v]);
        let step = Step::returns(loss)
            .set(w, w - dw)
            .set(b, b - db)
            .set(v, v - dv);
        let plan = g
            .compile::<f32>(step, Isa::detect())
            .expect("a sound graph");
        let x: Vec<f32> = (0..5 * 100).map(|i| (i % 17) as f32 * 0.1 - 0.8).collect();
        let y: Vec<f32> = (0..100).map(|i| (i % 2) as f32).collect();
        let weights: Vec<f32> = (0..140).map(|i| (i % 7) as f32 * 0.2 - 0.6).collect();
        let (mut profiled, mut ordinary) = (plan.state(), plan.state());
        let mut workspaces = [plan.workspace(100, 1), plan.workspace(100, 1)];
        for state in [&mut profiled, &mut ordinary] {
            state.write_parameters(&weights).expect("140 parameters");
        }
        let profile = plan
            .profile(&mut profiled, &[&x, &y], &mut workspaces[0], 3)
            .expect("a run");
        for _ in 0..6 {
            plan.run(&mut ordinary, &[&x, &y], &mut workspaces[1], &Team::solo())
                .expect("a run");
        }
        for name in ["W", "b", "V"] {
            assert_eq!(profiled.get(name), ordinary.get(name));
        }
        assert_eq!(workspaces[0].output(0), workspaces[1].output(0));
        let printed = plan.describe(100).to_string();
        let operations = profile.steps.iter().flat_map(|s| &s.operations);
        for operation in operations {
            assert!(
                printed.contains(operation.as_str()),
                "{operation} is not in\n{printed}"
            );
        }
        assert_eq!(
            profile.steps.iter().map(|s| s.flops).sum::<u64>(),
            plan.flops().at(100)
        );
        assert_eq!(
            profile.steps.iter().map(|s| s.bytes).sum::<u64>(),
            plan.bytes_moved().at(100)
        );
        assert!(profile.seconds() > 0.0);
        assert_eq!(profile.to_string().lines().count(), 3 + profile.steps.len());
        let wrong = plan.profile(&mut profiled, &[&x], &mut workspaces[0], 1);
        assert!(matches!(wrong, Err(RunError::InputCount { .. })));
    }

    #[test]
    fn medians() {
        assert_eq!(median(vec![]), 0.0);
        assert_eq!(median(vec![3.0]), 3.0);
        assert_eq!(median(vec![4.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), 2.5);
    }
}
