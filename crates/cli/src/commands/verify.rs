//! `chainrule verify`: trains a model again and compares the bits.

use super::train::{self, Data, Inputs};
use crate::failure::Failure;
use crate::input::{Source, check_stdin_once};
use crate::number::grouped;
use crate::{model, terminal};
use chainrule_autodiff::Isa;
use chainrule_data::{Table, embedded, escape};
use chainrule_metrics::{Metric, UnknownMetric};
use chainrule_trainer::{
    Classifier, Control, DataRecord, Description, EarlyStopping, EpochReport, Observer, Procedure,
    Rows, StepReport, Stopping, Target, Threads, TrainError, TrainingInfo, ValidationRecord,
};
use clap::ValueEnum;
use serde::Serialize;

const EXAMPLES: &str = "\
Examples:
  chainrule verify wdbc.chainrule                          # a model of the embedded data
  chainrule verify patients.chainrule --data patients.csv";

/// Train a model again from what it says of itself, and compare the bits
///
/// A model keeps the options of its training and the hashes of its data. With the same data and the same version of chainrule every bit
/// is the same again, on any machine and for any number of threads: exit code 0. Else it says what differs: exit code 1.
#[derive(Debug, clap::Args)]
#[command(before_help = EXAMPLES)]
pub struct Arguments {
    /// The model file, or - for standard input
    #[arg(value_name = "MODEL", value_parser = Source::parser())]
    model: Source,

    /// The CSV table that it was trained on, or - for standard input [default: the embedded data, if it was that]
    #[arg(long, value_name = "FILE", value_parser = Source::parser())]
    data: Option<Source>,

    /// The table that was given to train as --validation
    #[arg(long, value_name = "FILE", value_parser = Source::parser())]
    validation: Option<Source>,

    /// The table that was given to train as --test
    #[arg(long, value_name = "FILE", value_parser = Source::parser())]
    test: Option<Source>,

    /// The model that was given to train as --init
    #[arg(long, value_name = "MODEL", value_parser = Source::parser())]
    init: Option<Source>,

    /// The most threads to use [default: one for each processor]
    #[arg(long, value_name = "N", value_parser = train::threads, allow_negative_numbers = true)]
    threads: Option<usize>,

    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Trains again and says whether the bits agree.
///
/// # Errors
/// If they don't; if the model does not say how it was trained; misuse if something that it was trained with is not named.
pub fn run(arguments: Arguments, isa: Isa) -> Result<(), Failure> {
    let sources = [
        Some(&arguments.model),
        arguments.data.as_ref(),
        arguments.validation.as_ref(),
        arguments.test.as_ref(),
        arguments.init.as_ref(),
    ];
    check_stdin_once(&sources.into_iter().flatten().collect::<Vec<_>>())?;
    let model = model::load(&arguments.model, isa)?;
    let procedure = model.provenance().procedure.as_ref().ok_or_else(|| {
        Failure::bad("the model is of a version that did not keep how it was trained: it can't be trained again")
    })?;
    let training = as_trained(&arguments, &model, procedure)?;
    let data = Data::of(&training);
    let inputs = Inputs::read(&training, &data, Some(&model), isa)?;
    let mut differences = version(&model);
    differences.extend(data_differences(&model, &inputs)?);
    let is_other_data = differences.iter().any(|found| found.what.contains("data"));
    let again = if is_other_data {
        None
    } else {
        let again = train_again(&arguments, &training, &inputs, &model, isa)?;
        differences.extend(settings_that_differ(&again, &model));
        differences.extend(bits_that_differ(&again, &model)?);
        Some(again)
    };
    let verdict = Verdict {
        agrees: again
            .as_ref()
            .is_some_and(|again| is_same(again, &model).unwrap_or(false)),
        model_hash: model::hash(&model)?,
        hash_again: again.as_ref().map(model::hash).transpose()?,
        epochs: model.provenance().training.epochs_finished,
        steps: model.provenance().training.steps,
        version: env!("CARGO_PKG_VERSION"),
        version_of_model: model.provenance().version.clone(),
        differences,
    };
    if arguments.json {
        terminal::print_json(&verdict)?;
    } else {
        terminal::print(verdict.text(&arguments, &model, &data.name()))?;
    }
    verdict.result()
}

/// What was found.
#[derive(Serialize)]
struct Verdict {
    /// Whether every bit of parameters, preprocessing and threshold is the same.
    agrees: bool,
    model_hash: String,
    /// Nothing if it was not trained again, because the data is other data.
    hash_again: Option<String>,
    epochs: u64,
    steps: u64,
    version: &'static str,
    version_of_model: String,
    differences: Vec<Difference>,
}

/// Something that is not the same.
#[derive(Debug, Serialize)]
struct Difference {
    what: &'static str,
    here: String,
    in_model: String,
}

impl Verdict {
    fn text(&self, arguments: &Arguments, model: &Classifier, data: &str) -> String {
        let provenance = model.provenance();
        let mut lines = vec![
            format!(
                "model       {}: {} of {}, {}, version {}",
                escape(&arguments.model.name()),
                crate::number::counted(self.epochs as usize, "epoch"),
                model.network(),
                crate::number::counted(self.steps as usize, "step"),
                provenance.version,
            ),
            format!(
                "data        {}: {}",
                escape(data),
                crate::number::counted(provenance.data.rows as usize, "row")
            ),
            format!("hash        {} in the model", self.model_hash),
        ];
        lines.push(match &self.hash_again {
            Some(hash) => format!("            {hash} trained again"),
            None => "            not trained again: the data is not that of the model".to_owned(),
        });
        for found in &self.differences {
            let (here, there) = (escape(&found.here), escape(&found.in_model));
            lines.push(format!(
                "differs     {}: {here} here, {there} in the model",
                found.what
            ));
        }
        lines.push(format!(
            "verdict     {}",
            if self.agrees {
                "the bits agree"
            } else {
                "the bits do not agree"
            }
        ));
        lines.iter().map(|line| format!("{line}\n")).collect()
    }

    fn result(&self) -> Result<(), Failure> {
        if self.agrees {
            return Ok(());
        }
        let names: Vec<&str> = self.differences.iter().map(|found| found.what).collect();
        Err(Failure::bad(format!(
            "the model can't be confirmed: what differs is {}",
            names.join(", ")
        )))
    }
}

/// The arguments of the training, as the model keeps them.
fn as_trained(
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
    if let Ok(name) = ValueEnum::from_str(&optimizer.name, false) {
        training.optimizer = name;
    }
    for (name, value) in &optimizer.settings {
        match name.as_str() {
            "momentum" => training.momentum = Some(*value),
            "weight_decay" => training.weight_decay = Some(*value),
            "clip_value" => training.clip_value = Some(*value),
            name => training.optimization.set(name, *value),
        }
    }
    if let Ok(schedule) = procedure.schedule.parse() {
        training.optimization.set_schedule(schedule);
    }
    if let Ok(name) = ValueEnum::from_str(&procedure.scaling, false) {
        training.preprocess = Some(name);
    }
}

/// What was to end the training before its epochs were over, but for the time: it is trained to the step where it ended.
fn stopping(procedure: &Procedure) -> Result<Stopping, Failure> {
    let metric = |name: &str| -> Result<Metric, Failure> {
        name.parse()
            .map_err(|error: UnknownMetric| Failure::bad(error.to_string()))
    };
    let early = procedure
        .early_stopping
        .as_ref()
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

fn version(model: &Classifier) -> Vec<Difference> {
    let (here, there) = (env!("CARGO_PKG_VERSION"), &model.provenance().version);
    differ("version", here, there).into_iter().collect()
}

fn differ(what: &'static str, here: impl ToString, in_model: impl ToString) -> Option<Difference> {
    let (here, in_model) = (here.to_string(), in_model.to_string());
    (here != in_model).then_some(Difference {
        what,
        here,
        in_model,
    })
}

/// The rows that were read, beside those of the model.
fn data_differences(model: &Classifier, inputs: &Inputs) -> Result<Vec<Difference>, Failure> {
    let provenance = model.provenance();
    let test = provenance
        .procedure
        .as_ref()
        .map(|procedure| &procedure.test);
    let expected = [
        ("data", Some(&inputs.table), Some(&provenance.data)),
        (
            "validation data",
            inputs.validation(),
            rows_of(Some(&provenance.validation)),
        ),
        ("test data", inputs.test(), rows_of(test)),
    ];
    let mut differences = Vec::new();
    for (what, table, record) in expected {
        let (Some(table), Some(record)) = (table, record) else {
            continue;
        };
        let rows = table.labelled(model.schema())?;
        let here = DataRecord::of(&rows, table.sha256());
        if here.samples_sha256 == record.samples_sha256 {
            continue;
        }
        let shown =
            |data: &DataRecord| match (here.file_sha256 == record.file_sha256, &data.file_sha256) {
                (false, Some(file)) => {
                    format!("{} rows of a file with the SHA-256 {file}", data.rows)
                }
                _ => data.to_string(),
            };
        differences.push(Difference {
            what,
            here: shown(&here),
            in_model: shown(record),
        });
    }
    Ok(differences)
}

fn rows_of(record: Option<&ValidationRecord>) -> Option<&DataRecord> {
    match record {
        Some(ValidationRecord::Rows(data)) => Some(data),
        _ => None,
    }
}

/// Trains to where the model was trained to.
fn train_again(
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

/// What the two say of how they were trained.
fn settings_that_differ(again: &Classifier, model: &Classifier) -> Vec<Difference> {
    let settings = |model: &Classifier| {
        let (provenance, training) = (model.provenance(), &model.provenance().training);
        let procedure = provenance.procedure.as_ref();
        let text = |of: fn(&Procedure) -> String| procedure.map(of).unwrap_or_default();
        [
            ("optimizer", training.optimizer.to_string()),
            ("learning rate", training.learning_rate.to_string()),
            ("schedule", text(|procedure| procedure.schedule.clone())),
            ("batch size", format!("{:?}", training.batch)),
            ("shuffle", training.shuffle.to_string()),
            ("seed", training.seed.to_string()),
            ("precision", training.precision.to_string()),
            ("first weights", format!("{:?}", training.initializer)),
            (
                "model to start from",
                format!("{:?}", provenance.started_from),
            ),
            ("weighting", format!("{:?}", provenance.weighting)),
            ("preprocessing", text(|procedure| procedure.scaling.clone())),
            (
                "early stopping",
                text(|procedure| format!("{:?}", procedure.early_stopping)),
            ),
            (
                "target metric",
                text(|procedure| format!("{:?}", procedure.target)),
            ),
            ("weights", format!("{:?}", provenance.weighting)),
            ("validation", provenance.validation.to_string()),
            ("test", text(|procedure| procedure.test.to_string())),
            ("epochs", training.epochs_finished.to_string()),
            ("steps", training.steps.to_string()),
            (
                "best epoch",
                text(|procedure| format!("{:?}", procedure.best_epoch)),
            ),
        ]
    };
    let (here, there) = (settings(again), settings(model));
    let both = here.into_iter().zip(there);
    both.filter_map(|((what, here), (_, there))| differ(what, here, there))
        .collect()
}

/// What was learned, bit by bit.
fn bits_that_differ(again: &Classifier, model: &Classifier) -> Result<Vec<Difference>, Failure> {
    let mut differences = Vec::new();
    if model::hash(again)? != model::hash(model)? {
        let bits = |model: &Classifier| -> Vec<u64> {
            let parameters = model.model().parameters().to_vec::<f64>();
            parameters.iter().map(|p| p.to_bits()).collect()
        };
        let (here, there) = (bits(again), bits(model));
        let other = here.iter().zip(&there).filter(|(a, b)| a != b).count();
        differences.push(Difference {
            what: "parameters",
            here: format!(
                "{} of {} have other bits",
                grouped(other),
                grouped(here.len())
            ),
            in_model: grouped(there.len()),
        });
    }
    if again.preprocessing() != model.preprocessing() {
        differences.push(Difference {
            what: "what was learned of the columns",
            here: "other numbers".to_owned(),
            in_model: "its own".to_owned(),
        });
    }
    differences.extend(differ("threshold", again.threshold(), model.threshold()));
    Ok(differences)
}

fn is_same(again: &Classifier, model: &Classifier) -> Result<bool, Failure> {
    Ok(bits_that_differ(again, model)?.is_empty())
}
