//! The loop: epochs of steps.

use std::sync::atomic::AtomicBool;

use chainrule_autodiff::{Graph, Scalar};
use chainrule_data::Float;
use chainrule_nn::{Network, Parameters};

use crate::batches::Batches;
use crate::checkpoint::{Keeper, Restored};
use crate::crew::with_team;
use crate::diagnosis::{Diagnosis, Warning};
use crate::divergence::Divergence;
use crate::observer::{EndReport, EpochReport, Observer, TrainingInfo};
use crate::optimizer::{Gradient, Gradients, Role, Searcher};
use crate::pace::Pace;
use crate::plans::Plans;
use crate::run::{Ended, Prepared, Run};
use crate::validation::Validation;
use crate::{Lbfgs, Optimizer, Samples, TrainConfig, TrainError};

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
    /// Early stopping's patience ran out.
    NoImprovement,
    /// The target was reached.
    TargetReached,
    /// An optimiser with a line search found that nothing can be gained any more.
    Converged,
    /// Its time was up: it stopped after the step that was running.
    TimeUp,
    /// An observer stopped it.
    Stopped,
    /// The cancel flag was set: it stopped after the step that was running.
    Interrupted,
    /// A value became infinite or NaN. The parameters are those from before the epoch in which that happened.
    Diverged(Divergence),
}

impl Outcome {
    /// A stable name: `finished`, `no-improvement`, `target-reached`, `converged`, `time-up`, `stopped`, `interrupted` or `diverged`.
    pub fn name(&self) -> &'static str {
        match self {
            Outcome::Finished => "finished",
            Outcome::NoImprovement => "no-improvement",
            Outcome::TargetReached => "target-reached",
            Outcome::Converged => "converged",
            Outcome::TimeUp => "time-up",
            Outcome::Stopped => "stopped",
            Outcome::Interrupted => "interrupted",
            Outcome::Diverged(_) => "diverged",
        }
    }
}

/// What a training has learned, and how it went.
#[derive(Clone, Debug)]
pub struct Trained {
    /// The parameters: with early stopping those of the best epoch; else the last ones, or after a divergence the last good ones.
    pub parameters: Parameters,
    /// The epoch whose parameters these are, if early stopping chose one.
    pub best_epoch: Option<usize>,
    /// How it ended.
    pub outcome: Outcome,
    /// The epochs that were finished.
    pub history: Vec<EpochReport>,
    /// What was known before the first step.
    pub info: TrainingInfo,
    /// What did not go well.
    pub warnings: Vec<Warning>,
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
/// Rows of weight zero are taken out before anything else, so that a batch is never without weight.
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
    let observer = around.observer;
    let around = Around {
        observer: &mut *observer,
        cancel: around.cancel,
        keeper: None,
        threshold: 0.5,
        validation_weights: ValidationWeights::AsInLoss,
    };
    let trained = train_kept(
        network, first, optimizer, samples, validation, config, around,
    )?;
    observer.end(&trained.end());
    Ok(trained)
}

impl Trained {
    /// What observers are told at the end.
    pub(crate) fn end(&self) -> EndReport<'_> {
        EndReport {
            outcome: &self.outcome,
            epochs: self.history.len(),
            steps: self.steps,
            seconds: self.seconds,
        }
    }
}

/// [`Surroundings`], and what only a classifier has.
pub(crate) struct Around<'a, 'k> {
    pub(crate) observer: &'a mut dyn Observer,
    pub(crate) cancel: Option<&'a AtomicBool>,
    /// Writes checkpoints, and may have one to go on from.
    pub(crate) keeper: Option<Keeper<'k>>,
    /// Where metrics that need decisions make them.
    pub(crate) threshold: f64,
    /// What the validation rows weigh in all metrics but the loss, if that is something else.
    pub(crate) validation_weights: ValidationWeights<'a>,
}

/// What validation rows weigh in metrics other than the loss that is trained.
#[derive(Clone, Copy)]
pub(crate) enum ValidationWeights<'a> {
    /// The same.
    AsInLoss,
    /// So much: classes have weights in the loss only.
    OfRows(Option<&'a [f64]>),
}

/// [`train`], with checkpoints, and without the observer's [`end`](Observer::end).
pub(crate) fn train_kept<T: Real>(
    network: &Network,
    first: &[T],
    optimizer: &dyn Optimizer,
    samples: &Samples<T>,
    validation: Option<&Samples<T>>,
    config: &TrainConfig,
    mut around: Around<'_, '_>,
) -> Result<Trained, TrainError> {
    let validation = validation.filter(|v| v.rows() > 0);
    check(network, first, optimizer, samples, validation, config)?;
    let present = samples.present();
    let samples = &*present;
    let plans = Plans::compile(network, optimizer, samples.weights.is_some(), config.isa)?;
    let batch_rows = config.batch.rows(samples.rows());
    // A forward product and two backward ones.
    let work = 3.0 * first.len() as f64 * batch_rows as f64;
    let (threads, is_measured) = config.threads.for_steps(work);
    // A line search sees all rows at once, and remembers what it saw: their order stays.
    let shuffle = config.shuffle && plans.search.is_none();
    let batches = Batches::new(samples, batch_rows, shuffle.then_some(config.seed));
    config.schedule.check(batches.count(), config.epochs)?;
    let parameters = Parameters::of(network, first);
    let restored: Option<Restored<T>> = match &mut around.keeper {
        None => None,
        Some(keeper) => keeper.restore()?,
    };
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
        resumed_from_step: restored.as_ref().map(|restored| restored.steps),
    };
    tracing::info!(
        rows = info.rows,
        validation_rows = info.validation_rows,
        parameters = info.parameter_count,
        epochs = info.epochs,
        threads,
        isa = %info.isa,
        resumed_from_step = info.resumed_from_step,
        "training begins"
    );
    around.observer.start(&info);
    let search = optimizer.line_search().zip(plans.search.as_ref());
    let prepared = Prepared {
        network,
        plans: &plans,
        config,
        batches,
        validation: validation
            .map(|samples| Validation::new(&plans, samples, around.validation_weights, threads)),
        searcher: search.map(|(rule, plans)| Searcher::new(rule, plans, threads)),
        state: plans.state(first)?,
        workspace: plans.step.workspace(batch_rows, threads),
        pace: is_measured.then(Pace::new),
        diagnosis: Diagnosis::new(first, samples, config.learning_rate),
    };
    let mut run = Run::new(prepared, around);
    if let Some(restored) = restored {
        run.restore(restored)?;
    }
    let ended = with_team(threads, |team| run.epochs(team))?;
    let outcome = match ended {
        Ended::Well(outcome) => outcome,
        Ended::Diverged => Outcome::Diverged(run.find()?),
    };
    tracing::info!(?outcome, steps = run.steps(), "training ended");
    run.into_trained(outcome, info)
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
    config
        .stopping
        .check(validation.map(Samples::labels).as_deref())?;
    if config.batch == crate::Batch::Rows(0) {
        return Err(TrainError::Setting {
            what: "batch size".to_owned(),
            found: 0.0,
            expected: "1 or more",
        });
    }
    check_search(optimizer, config, samples.rows())?;
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

/// An optimiser with a line search needs all rows, and the derivatives of what it makes small.
fn check_search(
    optimizer: &dyn Optimizer,
    config: &TrainConfig,
    rows: usize,
) -> Result<(), TrainError> {
    let Some(rule) = optimizer.line_search() else {
        return Ok(());
    };
    let name = optimizer.describe().name;
    if config.batch.rows(rows) < rows {
        return Err(TrainError::Together(format!(
            "{name} needs all rows in every step, and the batch size is {}: make it full",
            config.batch
        )));
    }
    let graph = Graph::new();
    let w = graph.param("w", 1);
    let gradient = Gradient {
        role: Role::Weight,
        parameter: w,
        gradient: w,
    };
    if !optimizer
        .prepare(Gradients::new(vec![gradient]))
        .are_derivatives()
    {
        return Err(TrainError::Together(format!(
            "{name} searches along lines, for which it needs the gradients as they are: leave clipping out, or take another optimiser"
        )));
    }
    let within = |what: &str, found: usize, most: usize, expected| {
        if (1..=most).contains(&found) {
            return Ok(());
        }
        Err(TrainError::Setting {
            what: format!("{what} of {name}"),
            found: found as f64,
            expected,
        })
    };
    let most = Lbfgs::MOST_HISTORY;
    within(
        "history",
        rule.history,
        most,
        "a whole number from 1 to 1000",
    )?;
    within("evaluations", rule.evaluations, usize::MAX, "1 or more")
}
