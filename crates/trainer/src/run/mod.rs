//! A training that runs: what it is between two steps, and how it gets from one to the next.

mod ending;
mod keeping;
mod replay;

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use chainrule_autodiff::{RunError, State, Team, Workspace};
use chainrule_data::Float;
use chainrule_nn::{Network, Parameters};

use crate::batches::Batches;
use crate::checkpoint::Settled;
use crate::diagnosis::Diagnosis;
use crate::observer::{Control, EpochReport, StepReport, TrainingInfo};
use crate::optimizer::{Iteration, Searcher};
use crate::pace::Pace;
use crate::plans::Plans;
use crate::schedule::Rates;
use crate::stopping::Watch;
use crate::train::{Around, Outcome, Real, Trained};
use crate::validation::Validation;
use crate::{TrainConfig, TrainError};

/// How the epochs ended.
pub(crate) enum Ended {
    Well(Outcome),
    /// Something in the epoch that was running is not finite: the snapshot is from before it.
    Diverged,
}

/// How the steps of an epoch ended.
enum Epoch {
    /// With this mean loss.
    Done(f64),
    Over(Outcome),
    Diverged,
}

/// Where a training is.
#[derive(Clone, Copy, Debug)]
struct Position {
    /// The epoch that is running, or comes next, from 1.
    epoch: usize,
    /// How many of its steps are done.
    batch: usize,
    /// The sum of their losses, each times its weight, and the sum of the weights.
    loss_sum: f64,
    weight_sum: f64,
}

impl Position {
    fn at_start_of(epoch: usize) -> Position {
        Position {
            epoch,
            batch: 0,
            loss_sum: 0.0,
            weight_sum: 0.0,
        }
    }
}

/// Measures a training that may have had another process before.
struct Clock {
    started: Instant,
    before: f64,
    limit: Option<Duration>,
}

impl Clock {
    fn elapsed(&self) -> f64 {
        self.before + self.started.elapsed().as_secs_f64()
    }

    #[inline]
    fn is_up(&self) -> bool {
        self.limit
            .is_some_and(|limit| self.elapsed() >= limit.as_secs_f64())
    }
}

/// What a training is made of.
pub(crate) struct Prepared<'a, T: Real> {
    pub(crate) network: &'a Network,
    pub(crate) plans: &'a Plans<T>,
    pub(crate) config: &'a TrainConfig,
    pub(crate) batches: Batches<'a, T>,
    pub(crate) validation: Option<Validation<'a, T>>,
    pub(crate) searcher: Option<Searcher<T>>,
    /// Before the first step.
    pub(crate) state: State<T>,
    pub(crate) workspace: Workspace<T>,
    /// Where the threads of a step are chosen by measuring.
    pub(crate) pace: Option<Pace>,
    pub(crate) diagnosis: Diagnosis<T>,
}

/// A training that runs.
pub(crate) struct Run<'a, 'o, 'k, T: Real> {
    network: &'a Network,
    plans: &'a Plans<T>,
    config: &'a TrainConfig,
    around: Around<'o, 'k>,
    batches: Batches<'a, T>,
    validation: Option<Validation<'a, T>>,
    rates: Rates,
    /// Does the steps of an optimiser that has a line search.
    searcher: Option<Searcher<T>>,
    state: State<T>,
    /// The state before the epoch: finite, and where a divergence is replayed from.
    snapshot: State<T>,
    /// A flat copy, to look at.
    parameters: Vec<T>,
    workspace: Workspace<T>,
    pace: Option<Pace>,
    history: Vec<EpochReport>,
    position: Position,
    steps: usize,
    seconds: f64,
    clock: Clock,
    watch: Option<Watch>,
    /// The parameters of the best epoch.
    best: Option<Vec<T>>,
    settled: Option<Settled>,
    diagnosis: Diagnosis<T>,
}

impl<'a, 'o, 'k, T: Real> Run<'a, 'o, 'k, T> {
    /// A training before its first step.
    pub(crate) fn new(prepared: Prepared<'a, T>, around: Around<'o, 'k>) -> Run<'a, 'o, 'k, T> {
        let Prepared {
            network,
            plans,
            config,
            batches,
            validation,
            searcher,
            state,
            workspace,
            pace,
            diagnosis,
        } = prepared;
        Run {
            parameters: vec![T::ZERO; state.parameter_count()],
            snapshot: state.clone(),
            history: Vec::with_capacity(config.epochs.min(1 << 12)),
            rates: Rates::new(
                config.schedule,
                config.learning_rate,
                batches.count(),
                config.epochs,
            ),
            searcher,
            position: Position::at_start_of(1),
            steps: 0,
            seconds: 0.0,
            clock: Clock {
                started: Instant::now(),
                before: 0.0,
                limit: config.stopping.max_time,
            },
            watch: config.stopping.early.map(Watch::new),
            best: None,
            settled: None,
            network,
            plans,
            config,
            around,
            batches,
            validation,
            workspace,
            pace,
            state,
            diagnosis,
        }
    }

    /// The number of steps so far.
    pub(crate) fn steps(&self) -> usize {
        self.steps
    }

    /// Trains until it is over, and keeps where it is then.
    pub(crate) fn epochs(&mut self, team: &Team) -> Result<Ended, TrainError> {
        let ended = self.until_over(team)?;
        // What has diverged is not worth keeping: the last checkpoint is from before it.
        if let Ended::Well(_) = ended {
            self.keep()?;
        }
        Ok(ended)
    }

    fn until_over(&mut self, team: &Team) -> Result<Ended, TrainError> {
        match self.settled {
            None => {}
            Some(Settled::NoImprovement) => return Ok(Ended::Well(Outcome::NoImprovement)),
            Some(Settled::TargetReached) => return Ok(Ended::Well(Outcome::TargetReached)),
            Some(Settled::Converged) => return Ok(Ended::Well(Outcome::Converged)),
        }
        while self.position.epoch <= self.config.epochs {
            if self.clock.is_up() {
                return Ok(Ended::Well(Outcome::TimeUp));
            }
            let started = Instant::now();
            let before = self.seconds;
            let ended = self.rest_of_epoch(before, started, team)?;
            self.seconds = before + started.elapsed().as_secs_f64();
            let finite = self.is_finite()?;
            let train_loss = match ended {
                Epoch::Diverged => return Ok(Ended::Diverged),
                _ if !finite => return Ok(Ended::Diverged),
                Epoch::Over(outcome) => return Ok(Ended::Well(outcome)),
                Epoch::Done(loss) => loss,
            };
            self.snapshot.clone_from(&self.state);
            if let Some(outcome) = self.end_epoch(train_loss, team)? {
                return Ok(Ended::Well(outcome));
            }
        }
        Ok(Ended::Well(Outcome::Finished))
    }

    /// The steps of the epoch that are left. Nothing here allocates, but for a checkpoint.
    fn rest_of_epoch(
        &mut self,
        seconds: f64,
        started: Instant,
        team: &Team,
    ) -> Result<Epoch, TrainError> {
        let epoch = self.position.epoch;
        self.batches.begin(epoch);
        let batches = self.batches.count();
        for batch in self.position.batch..batches {
            let loss = self.step(batch, team)?;
            if !loss.is_finite() {
                return Ok(Epoch::Diverged);
            }
            let weight = self.batches.weight(batch);
            self.position.loss_sum += weight * loss;
            self.position.weight_sum += weight;
            self.position.batch = batch + 1;
            self.steps += 1;
            let report = StepReport {
                epoch,
                batch: batch + 1,
                batches,
                loss,
            };
            if self.around.observer.step(&report) == Control::Stop {
                return Ok(Epoch::Over(Outcome::Stopped));
            }
            // After the last step the epoch is finished first.
            if batch + 1 < batches {
                if self.is_cancelled() {
                    return Ok(Epoch::Over(Outcome::Interrupted));
                }
                if self.clock.is_up() {
                    return Ok(Epoch::Over(Outcome::TimeUp));
                }
                if self.is_due_in_epoch() {
                    self.seconds = seconds + started.elapsed().as_secs_f64();
                    self.keep()?;
                }
            }
        }
        Ok(Epoch::Done(
            self.position.loss_sum / self.position.weight_sum,
        ))
    }

    /// The loss of a batch (from 0) before the update, and the update.
    fn step(&mut self, batch: usize, team: &Team) -> Result<f64, RunError> {
        let step = (self.position.epoch - 1) * self.batches.count() + batch;
        let rate = self.rates.at(step);
        if let Some(pace) = &mut self.pace {
            pace.begin();
        }
        let team = self.pace.as_ref().map_or(team, |pace| pace.team(team));
        let batch = self.batches.get(batch, team)?;
        let loss = if let (Some(searcher), Some(search)) = (&mut self.searcher, &self.plans.search)
        {
            self.plans.with_observed_inputs(batch, |inputs| {
                let on = Iteration {
                    state: &mut self.state,
                    evaluate: &self.plans.step,
                    inputs,
                    workspace: &mut self.workspace,
                    team,
                };
                searcher.iterate(search, rate, on)
            })?
        } else {
            self.plans.with_inputs(batch, T::from_f64(rate), |inputs| {
                self.plans
                    .step
                    .run(&mut self.state, inputs, &mut self.workspace, team)
            })?;
            self.workspace.output(0)[0].to_f64()
        };
        if let Some(pace) = &mut self.pace {
            pace.end();
        }
        Ok(loss)
    }

    fn is_cancelled(&self) -> bool {
        self.around
            .cancel
            .is_some_and(|flag| flag.load(Ordering::Relaxed))
    }

    #[inline]
    fn is_due_in_epoch(&self) -> bool {
        let keeper = self.around.keeper.as_ref();
        keeper.is_some_and(|keeper| keeper.is_due_in_epoch(self.steps))
    }

    fn is_finite(&mut self) -> Result<bool, TrainError> {
        self.state.read_parameters(&mut self.parameters)?;
        Ok(self.parameters.iter().all(|p| Float::finite(*p)))
    }

    /// What was learned: the best parameters if early stopping chose some, the last good ones after a divergence, else the last.
    pub(crate) fn into_trained(
        mut self,
        outcome: Outcome,
        info: TrainingInfo,
    ) -> Result<Trained, TrainError> {
        self.state.read_parameters(&mut self.parameters)?;
        self.diagnosis.end(
            &outcome,
            &self.history,
            &self.parameters,
            &mut *self.around.observer,
        );
        match (&self.best, &outcome) {
            (Some(best), _) => self.parameters.copy_from_slice(best),
            (None, Outcome::Diverged(_)) => self.snapshot.read_parameters(&mut self.parameters)?,
            (None, _) => {}
        }
        Ok(Trained {
            parameters: Parameters::of(self.network, &self.parameters),
            best_epoch: self.watch.as_ref().and_then(Watch::best_epoch),
            outcome,
            history: self.history,
            info,
            warnings: self.diagnosis.into_warnings(),
            steps: self.steps,
            seconds: self.seconds,
        })
    }
}
