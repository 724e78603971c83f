//! The training of a model, done again: its options as the model keeps them, and to where it ended.

use super::Arguments;
use crate::commands::train::{self, Inputs};
use crate::failure::Failure;
use crate::input::Source;
use crate::number::grouped;
use chainrule_autodiff::Isa;
use chainrule_data::{Table, embedded};
use chainrule_metrics::{Metric, UnknownMetric};
use chainrule_trainer::{
    Classifier, Control, DataRecord, Description, EarlyStopping, EpochReport, NoThreshold,
    Observer, Procedure, StepReport, Stopping, Target, Threads, Threshold, TrainError,
    TrainingInfo, ValidationRecord,
};
use clap::ValueEnum;

/// The arguments of the training, as the model keeps them.
pub(super) fn as_trained(
    arguments: &Arguments,
    model: &Classifier,
    procedure: &Procedure,
) -> Result<train::Arguments, Failure> {
    let provenance = model.provenance();
    let record = &provenance.training;
    let mut training = train::read_recorded(&procedure.recorded)?;
    training.recorded.clone_from(&procedure.recorded);
    training.threads = arguments.threads;
    training.epochs = Some(record.epochs as usize);
    training.learning_rate = Some(record.learning_rate);
    training.no_shuffle = !record.shuffle;
    training.seed = record.seed;
    // Not as it was asked for: a checkpoint has not chosen one yet.
    training.threshold = threshold(procedure)?;
    if procedure.recorded.is_empty() {
        as_recorded(&mut training, &record.optimizer, procedure);
        if let Some(weighting) = &provenance.weighting {
            training.weights.column.or(weighting.column.as_deref());
            let rule = weighting.class_weight.as_ref();
            training.weights.class_weight = rule.and_then(|rule| rule.parse().ok());
        }
    }
    training.data.clone_from(&arguments.data);
    if training.data.is_none() {
        let wdbc = embedded::wdbc();
        let table = Table::from_csv(wdbc.name, wdbc.bytes)?;
        if table.sha256() != provenance.data.file_sha256.as_deref() {
            return Err(Failure::misuse(format!(
                "the model was trained on {}; name the table with --data FILE",
                described(&provenance.data)
            )));
        }
    }
    let held = |option: &str, given: &Option<Source>, record: &ValidationRecord| match (
        given, record,
    ) {
        (Some(source), ValidationRecord::Rows(_)) => Ok(train::Held::Table(source.clone())),
        (None, ValidationRecord::Rows(data)) => Err(Failure::misuse(format!(
            "the model was trained with {option} of another table, {}; name it with {option} FILE",
            described(data)
        ))),
        (Some(_), _) => Err(Failure::misuse(format!(
            "the model was trained without {option} of another table; leave {option} out"
        ))),
        (None, ValidationRecord::None) => Ok(train::Held::Share(0.0)),
        (None, ValidationRecord::Fraction(share)) => Ok(train::Held::Share(*share)),
    };
    training.validation = held(
        "--validation",
        &arguments.validation,
        &provenance.validation,
    )?;
    training.test = held("--test", &arguments.test, &procedure.test)?;
    match (&arguments.init, &provenance.started_from) {
        (None, Some(hash)) => Err(Failure::misuse(format!(
            "the model was trained from another one, of the hash {hash}; name it with --init MODEL"
        ))),
        (Some(_), None) => Err(Failure::misuse(
            "the model was trained from first weights; leave --init out",
        )),
        (init, _) => {
            training.init.clone_from(init);
            Ok(training)
        }
    }
}

/// What a model that was trained from Rust says, as far as the command line has it too: what it hasn't will be named as a difference.
fn as_recorded(training: &mut train::Arguments, optimizer: &Description, procedure: &Procedure) {
    training.update.set(optimizer);
    for (name, value) in &optimizer.settings {
        training.optimization.set(name, *value);
    }
    if let Ok(schedule) = procedure.schedule.parse() {
        training.optimization.set_schedule(schedule);
    }
    if let Ok(name) = ValueEnum::from_str(&procedure.scaling, false) {
        training.preprocess = Some(name);
    }
}

/// Where the threshold is from.
fn threshold(procedure: &Procedure) -> Result<Option<Threshold>, Failure> {
    let threshold = procedure.threshold.as_deref().map(str::parse).transpose();
    threshold.map_err(|error: NoThreshold| Failure::bad(error.to_string()))
}

/// What was to end the training before its epochs were over, but for the time: it is trained to the step where it ended.
fn stopping(procedure: &Procedure) -> Result<Stopping, Failure> {
    let metric = |name: &str| -> Result<Metric, Failure> {
        name.parse()
            .map_err(|error: UnknownMetric| Failure::bad(error.to_string()))
    };
    // Without a best epoch the weights are the last ones: of a checkpoint, which has not chosen yet, or where no score was a number.
    let early = procedure
        .early_stopping
        .as_ref()
        .filter(|_| procedure.best_epoch.is_some())
        .map(|rule| -> Result<_, Failure> {
            Ok(EarlyStopping {
                metric: metric(&rule.metric)?,
                patience: rule.patience as usize,
                min_delta: rule.min_delta,
            })
        });
    let target = procedure
        .target
        .as_ref()
        .map(|(name, value)| -> Result<_, Failure> {
            Ok(Target {
                metric: metric(name)?,
                value: *value,
            })
        });
    Ok(Stopping {
        early: early.transpose()?,
        target: target.transpose()?,
        max_time: None,
    })
}

fn described(data: &DataRecord) -> String {
    let file = match &data.file_sha256 {
        Some(hash) => format!(" of a file with the SHA-256 {hash}"),
        None => String::new(),
    };
    format!("{} rows{file}", grouped(data.rows as usize))
}

/// Trains to where the model was trained to.
pub(super) fn train_again(
    arguments: &Arguments,
    training: &train::Arguments,
    inputs: &Inputs,
    model: &Classifier,
    isa: Isa,
) -> Result<Classifier, Failure> {
    let record = &model.provenance().training;
    let stopping = match &model.provenance().procedure {
        Some(procedure) => stopping(procedure)?,
        None => Stopping::default(),
    };
    let mut until = Until {
        epochs: record.epochs_finished as usize,
        steps: record.steps as usize,
        done: 0,
        of_epochs: 0,
    };
    let mut builder = (inputs.around)
        .builder(training, isa, inputs.table.rows())?
        .stopping(stopping)
        .recorded_as(&training.recorded)
        .network(model.network().clone())
        .batch(record.batch.into())
        .precision(record.precision)
        .threads(arguments.threads.map_or(Threads::Auto, Threads::AtMost))
        .observer(&mut until);
    if let Some(initializer) = record.initializer {
        builder = builder.initializer(initializer);
    }
    if record.steps == 0 {
        builder = builder.epochs(0);
    }
    match builder.fit(&inputs.table) {
        Ok(again) => Ok(again),
        Err(TrainError::Diverged { last_good, .. }) => Ok(*last_good),
        Err(error) => Err(error.into()),
    }
}

/// Stops where a training has stopped, whyever that was.
struct Until {
    epochs: usize,
    steps: usize,
    done: usize,
    /// The steps of the epochs that were finished.
    of_epochs: usize,
}

impl Observer for Until {
    fn start(&mut self, info: &TrainingInfo) {
        self.of_epochs = info.steps_per_epoch.saturating_mul(self.epochs);
    }

    fn epoch(&mut self, report: &EpochReport) -> Control {
        if report.epoch == self.epochs && self.steps <= self.of_epochs {
            Control::Stop
        } else {
            Control::Continue
        }
    }

    fn step(&mut self, _: &StepReport) -> Control {
        self.done += 1;
        if self.done == self.steps && self.steps > self.of_epochs {
            Control::Stop
        } else {
            Control::Continue
        }
    }
}
