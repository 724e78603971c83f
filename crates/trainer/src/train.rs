//! The loop: epochs of steps.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use chainrule_autodiff::{RunError, Scalar, State, Team, Workspace};
use chainrule_data::Float;
use chainrule_metrics::log_loss;
use chainrule_nn::{Network, Parameters};

use crate::batches::Batches;
use crate::crew::with_team;
use crate::divergence::{self, Divergence};
use crate::forward::forward;
use crate::observer::{Control, EpochReport, Observer, StepReport, TrainingInfo};
use crate::plans::Plans;
use crate::{Optimizer, Samples, TrainConfig, TrainError};

/// `f32` or `f64`: what data is scaled to and a plan computes with.
pub trait Real: Scalar + Float {}

impl Real for f32 {}
impl Real for f64 {}

/// How a training ended.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Outcome {
    /// All epochs were run.
    Finished,
    /// An observer stopped it.
    Stopped,
    /// The cancel flag was set: it stopped after the step that was running.
    Interrupted,
    /// A value became infinite or NaN. The parameters are those from before the epoch in which that happened.
    Diverged(Divergence),
}

/// What a training has learned, and how it went.
#[derive(Clone, Debug)]
pub struct Trained {
    /// The parameters: the last ones, or after a divergence the last good ones.
    pub parameters: Parameters,
    /// How it ended.
    pub outcome: Outcome,
    /// The epochs that were finished.
    pub history: Vec<EpochReport>,
    /// What was known before the first step.
    pub info: TrainingInfo,
    /// The number of steps.
    pub steps: usize,
    /// Seconds of the steps alone, without validation and observers of epochs.
    pub seconds: f64,
}

/// What stands around a training.
pub struct Surroundings<'a> {
    /// Watches.
    pub observer: &'a mut dyn Observer,
    /// Ends the training after the step that is running, once it is true: for Ctrl-C.
    pub cancel: Option<&'a AtomicBool>,
}

/// Trains a network from given parameters: mini-batch gradient descent by one compiled plan a step.
///
/// The result is a function of the arguments, to the last bit, and neither of `config.threads` nor of `config.isa`. After
/// the first epoch a step allocates nothing.
///
/// [`Classifier`](crate::Classifier) does this for tables; this is for samples that are ready.
///
/// # Errors
/// [`TrainError`] if the configuration or the shapes are wrong. A divergence is an [`Outcome`].
///
/// ```
/// use chainrule_nn::{Initializer, Network, Precision};
/// use chainrule_trainer::{Adam, Batch, Samples, Silent, Surroundings, TrainConfig, train};
///
/// let network = Network::classifier(2, &[4]);
/// let first = network.initial_parameters(Initializer::default(), 7, Precision::F32);
/// let xor = Samples {
///     features: 2,
///     x: vec![0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0],
///     y: vec![0.0, 1.0, 1.0, 0.0],
///     weights: None,
/// };
/// let config = TrainConfig { epochs: 500, batch: Batch::Full, learning_rate: 0.1, ..TrainConfig::default() };
/// let around = Surroundings { observer: &mut Silent, cancel: None };
/// let trained = train::<f32>(&network, &first.to_vec(), &Adam::default(), &xor, None, &config, around)?;
/// assert!(trained.history[499].train_loss < 0.1);
/// # Ok::<(), chainrule_trainer::TrainError>(())
/// ```
pub fn train<T: Real>(
    network: &Network,
    first: &[T],
    optimizer: &dyn Optimizer,
    samples: &Samples<T>,
    validation: Option<&Samples<T>>,
    config: &TrainConfig,
    around: Surroundings<'_>,
) -> Result<Trained, TrainError> {
    check(network, first, optimizer, samples, validation, config)?;
    let plans = Plans::compile(network, optimizer, samples.weights.is_some(), config.isa)?;
    let batch_rows = config.batch.rows(samples.rows());
    // A forward product and two backward ones.
    let work = 3.0 * first.len() as f64 * batch_rows as f64;
    let threads = config.threads.for_work(work);
    let validation = validation.filter(|v| v.rows() > 0);
    let batches = Batches::new(samples, batch_rows, config.shuffle.then_some(config.seed));
    let parameters = Parameters::of(network, first);
    let info = TrainingInfo {
        rows: samples.rows(),
        validation_rows: validation.map_or(0, Samples::rows),
        features: samples.features,
        parameter_count: first.len(),
        epochs: config.epochs,
        batch_rows,
        steps_per_epoch: batches.count(),
        threads,
        isa: config.isa,
        precision: parameters.precision(),
    };
    around.observer.start(&info);
    let state = plans.state(first)?;
    let mut run = Run {
        workspace: plans.step.workspace(batch_rows, threads),
        snapshot: state.clone(),
        parameters: first.to_vec(),
        history: Vec::with_capacity(config.epochs.min(1 << 12)),
        validation: validation.map(|samples| Validation::new(&plans, samples, threads)),
        steps: 0,
        seconds: 0.0,
        plans: &plans,
        state,
        batches,
        config,
        rate: T::from_f64(config.learning_rate),
        around,
    };
    let outcome = with_team(threads, |team| run.epochs(team))?;
    let outcome = match outcome {
        Ended::Well(outcome) => {
            run.state.read_parameters(&mut run.parameters)?;
            outcome
        }
        Ended::Diverged { epoch } => {
            let found = run.find(network, epoch)?;
            // Last, since the search looks at parameters too.
            run.snapshot.read_parameters(&mut run.parameters)?;
            Outcome::Diverged(found)
        }
    };
    Ok(Trained {
        parameters: Parameters::of(network, &run.parameters),
        outcome,
        history: run.history,
        info,
        steps: run.steps,
        seconds: run.seconds,
    })
}

fn check<T: Real>(
    network: &Network,
    first: &[T],
    optimizer: &dyn Optimizer,
    samples: &Samples<T>,
    validation: Option<&Samples<T>>,
    config: &TrainConfig,
) -> Result<(), TrainError> {
    network.check_binary()?;
    if first.len() != network.parameter_count() {
        return Err(TrainError::ParameterCount {
            expected: network.parameter_count(),
            found: first.len(),
        });
    }
    for samples in [Some(samples), validation].into_iter().flatten() {
        samples.check(network.inputs)?;
    }
    if samples.rows() == 0 {
        return Err(TrainError::NoRows);
    }
    let rate = config.learning_rate;
    if !(rate.is_finite() && rate >= 0.0) {
        return Err(TrainError::Setting {
            what: "learning rate".to_owned(),
            found: rate,
            expected: "0 or a positive number",
        });
    }
    if config.batch == crate::Batch::Rows(0) {
        return Err(TrainError::Setting {
            what: "batch size".to_owned(),
            found: 0.0,
            expected: "1 or more",
        });
    }
    let description = optimizer.describe();
    match description
        .settings
        .iter()
        .find(|(_, value)| !value.is_finite())
    {
        None => Ok(()),
        Some((name, value)) => Err(TrainError::Setting {
            what: format!("{name} of {}", description.name),
            found: *value,
            expected: "a number",
        }),
    }
}

/// How the epochs ended.
enum Ended {
    Well(Outcome),
    /// Something in this epoch is not finite: `snapshot` is from before it.
    Diverged {
        epoch: usize,
    },
}

/// How the steps of an epoch ended.
enum Epoch {
    /// With this mean loss.
    Done(f64),
    Over(Outcome),
    Diverged,
}

struct Run<'a, 'o, T: Real> {
    plans: &'a Plans<T>,
    config: &'a TrainConfig,
    around: Surroundings<'o>,
    batches: Batches<'a, T>,
    validation: Option<Validation<'a, T>>,
    rate: T,
    state: State<T>,
    /// The state before the epoch: finite, and where a divergence is replayed from.
    snapshot: State<T>,
    /// A flat copy, to look at.
    parameters: Vec<T>,
    workspace: Workspace<T>,
    history: Vec<EpochReport>,
    steps: usize,
    seconds: f64,
}

impl<T: Real> Run<'_, '_, T> {
    fn epochs(&mut self, team: &Team) -> Result<Ended, TrainError> {
        for epoch in 1..=self.config.epochs {
            let started = Instant::now();
            let ended = self.steps(epoch, team)?;
            self.seconds += started.elapsed().as_secs_f64();
            let finite = self.is_finite()?;
            let train_loss = match ended {
                Epoch::Diverged => return Ok(Ended::Diverged { epoch }),
                _ if !finite => return Ok(Ended::Diverged { epoch }),
                Epoch::Over(outcome) => return Ok(Ended::Well(outcome)),
                Epoch::Done(loss) => loss,
            };
            self.snapshot.clone_from(&self.state);
            let report = EpochReport {
                epoch,
                epochs: self.config.epochs,
                train_loss,
                validation_loss: self.validate(team)?,
                learning_rate: self.config.learning_rate,
                steps: self.steps,
                seconds: self.seconds,
            };
            self.history.push(report);
            if self.around.observer.epoch(&report) == Control::Stop {
                return Ok(Ended::Well(Outcome::Stopped));
            }
            if self.is_cancelled() {
                return Ok(Ended::Well(Outcome::Interrupted));
            }
        }
        Ok(Ended::Well(Outcome::Finished))
    }

    /// One epoch. Nothing here allocates.
    fn steps(&mut self, epoch: usize, team: &Team) -> Result<Epoch, RunError> {
        self.batches.begin(epoch);
        let batches = self.batches.count();
        let (mut sum, mut total) = (0.0, 0.0);
        for batch in 0..batches {
            let loss = self.step(batch, team)?;
            if !loss.is_finite() {
                return Ok(Epoch::Diverged);
            }
            let weight = self.batches.weight(batch);
            sum += weight * loss;
            total += weight;
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
            if batch + 1 < batches && self.is_cancelled() {
                return Ok(Epoch::Over(Outcome::Interrupted));
            }
        }
        Ok(Epoch::Done(sum / total))
    }

    /// The loss of a batch (from 0) before the update, and the update.
    fn step(&mut self, batch: usize, team: &Team) -> Result<f64, RunError> {
        let batch = self.batches.get(batch, team)?;
        self.plans.with_inputs(batch, self.rate, |inputs| {
            self.plans
                .step
                .run(&mut self.state, inputs, &mut self.workspace, team)
        })?;
        Ok(self.workspace.output(0)[0].to_f64())
    }

    fn validate(&mut self, team: &Team) -> Result<Option<f64>, TrainError> {
        match &mut self.validation {
            None => Ok(None),
            Some(validation) => validation.loss(self.plans, &self.state, team).map(Some),
        }
    }

    fn is_cancelled(&self) -> bool {
        self.around
            .cancel
            .is_some_and(|flag| flag.load(Ordering::Relaxed))
    }

    fn is_finite(&mut self) -> Result<bool, TrainError> {
        self.state.read_parameters(&mut self.parameters)?;
        Ok(self.parameters.iter().all(|p| Float::finite(*p)))
    }

    /// Replays the epoch from the snapshot to the step that went wrong, and looks into it.
    fn find(&mut self, network: &Network, epoch: usize) -> Result<Divergence, TrainError> {
        let team = Team::solo();
        self.state.clone_from(&self.snapshot);
        self.batches.begin(epoch);
        let mut before = self.state.clone();
        for batch in 0..self.batches.count() {
            before.clone_from(&self.state);
            let loss = self.step(batch, &team)?;
            if loss.is_finite() && self.is_finite()? {
                continue;
            }
            let view = self.batches.get(batch, &team)?;
            let found = divergence::look(self.plans, &before, view, &team)?;
            let (place, value) = match found {
                Some(found) => found,
                None => {
                    self.is_finite()?;
                    divergence::in_parameters(&Parameters::of(network, &self.parameters))
                        .unwrap_or_else(|| divergence::in_loss(network, loss))
                }
            };
            return Ok(Divergence {
                epoch,
                batch: batch + 1,
                place,
                value,
            });
        }
        // The epoch was bad, and a replay has the same bits.
        unreachable!("epoch {epoch} is finite when replayed")
    }
}

/// The validation rows and what they need.
struct Validation<'a, T: Scalar> {
    samples: &'a Samples<T>,
    labels: Vec<bool>,
    weights: Option<Vec<f64>>,
    logits: Vec<f64>,
    workspace: Workspace<T>,
}

impl<'a, T: Real> Validation<'a, T> {
    fn new(plans: &Plans<T>, samples: &'a Samples<T>, threads: usize) -> Self {
        Validation {
            labels: samples.labels(),
            weights: samples.weights_f64(),
            logits: vec![0.0; samples.rows()],
            workspace: crate::forward::workspace(&plans.forward, samples.rows(), threads),
            samples,
        }
    }

    /// The log loss from the logits, by the rule that evaluates a finished model.
    fn loss(&mut self, plans: &Plans<T>, state: &State<T>, team: &Team) -> Result<f64, TrainError> {
        let x = &self.samples.x;
        forward(
            &plans.forward,
            state,
            x,
            &mut self.logits,
            &mut self.workspace,
            team,
        )?;
        // Logits that are no numbers are reported as what they are: not a number.
        if self.logits.iter().any(|z| z.is_nan()) {
            return Ok(f64::NAN);
        }
        Ok(log_loss(
            &self.labels,
            &self.logits,
            self.weights.as_deref(),
        )?)
    }
}
