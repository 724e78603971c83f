//! What is said of a finished training, as text and as JSON.

mod json;
mod validation;

use super::table::{self, Column};
use crate::failure::Failure;
use crate::number::{counted, duration, grouped, setting};
use crate::terminal;
use crate::weights::{self, amount};
use chainrule_data::{Cell, Labels, Others, Schema, escape};
use chainrule_metrics::{Baseline, Report};
use chainrule_trainer::{
    Classifier, NamedOptimizer, Optimizer, Outcome, Schedule, Stopping, TrainingReport, Weighting,
};
use std::path::Path;
use std::time::Duration;

/// A training that went well, and what was round it.
pub struct Finished<'a> {
    /// What was learned.
    pub classifier: &'a Classifier,
    /// How.
    pub training: &'a TrainingReport,
    /// The name of the data.
    pub data: &'a str,
    /// The name of the table that was validated on, if it is another one.
    pub validation: Option<String>,
    /// The name of the table that was tested on, if it is another one.
    pub test: Option<String>,
    /// What was to end the training before its epochs were over.
    pub stopping: Stopping,
    /// Why the positive class is the one it is.
    pub chosen: &'static str,
    /// The name of the scaling.
    pub preprocess: String,
    /// Where the model is, unless it went to standard output.
    pub output: Option<&'a Path>,
    /// How the table is written, if it is the user's.
    pub format: Option<&'a str>,
    /// For tables: from opening them to cells in memory.
    pub seconds_reading: f64,
    /// Since the start of the program, reading and writing included.
    pub seconds_total: f64,
}

/// Why the positive class is the one it is, in words that follow the label.
pub fn chosen(classifier: &Classifier, is_asked: bool, is_of_init: bool) -> &'static str {
    let labels = classifier.labels();
    if is_of_init {
        "as in the model of --init"
    } else if labels.others == Others::AreNegative {
        "as asked for, against all others"
    } else if is_asked {
        "as asked for"
    } else if [&labels.negative, &labels.positive]
        .iter()
        .all(|label| label.eq_ignore_ascii_case("true") || label.eq_ignore_ascii_case("false"))
    {
        "true rather than false"
    } else if is_larger_number(labels) {
        "the larger number"
    } else {
        "the later label in byte order"
    }
}

/// Whether the positive label is chosen as the larger of two numbers; codes such as 007 are compared as text.
fn is_larger_number(labels: &Labels) -> bool {
    let number = |text: &str| match Cell::parse(text) {
        // Spellings of one number are one label, those of a code are not.
        Cell::Number(value) => {
            let plain = Labels {
                negative: value.to_string(),
                positive: "no number".to_owned(),
                others: Others::AreUnknown,
            };
            (plain.classify(text) == Some(false)).then_some(value)
        }
        _ => None,
    };
    matches!((number(&labels.negative), number(&labels.positive)), (Some(a), Some(b)) if a < b)
}

/// How many features there are, and of which kinds if they are not all numbers.
fn features(schema: &Schema) -> String {
    let count = counted(schema.inputs(), "feature");
    let kinds: Vec<String> = ["numeric", "boolean", "categorical", "ordinal", "date"]
        .iter()
        .filter_map(|kind| {
            let of_kind = schema
                .features()
                .iter()
                .filter(|feature| feature.kind.name() == *kind);
            match of_kind.count() {
                0 => None,
                count => Some(format!("{} {kind}", grouped(count))),
            }
        })
        .collect();
    match &kinds[..] {
        [only] if only.ends_with("numeric") => count,
        kinds => format!("{count} ({})", kinds.join(", ")),
    }
}

/// Hidden layers as the option has them.
pub fn sizes(hidden: &[usize]) -> String {
    match hidden {
        [] => "none".to_owned(),
        sizes => sizes
            .iter()
            .map(usize::to_string)
            .collect::<Vec<_>>()
            .join(","),
    }
}

impl Finished<'_> {
    /// For people.
    ///
    /// # Errors
    /// If a metric can't be computed.
    pub fn text(&self) -> Result<String, Failure> {
        let (classifier, training) = (self.classifier, self.training);
        let record = &classifier.provenance().training;
        let (schema, labels) = (classifier.schema(), classifier.labels());
        let (train, validation, baseline) = (self.train()?, self.validation()?, self.baseline()?);
        let test = self.test()?;
        let shares = [
            validation.filter(|_| self.validation.is_none()),
            test.filter(|_| self.test.is_none()),
        ];
        let classes: Vec<&Report> = std::iter::once(train)
            .chain(shares.into_iter().flatten())
            .collect();
        let is_weighted = classes
            .iter()
            .any(|report| report.total_weight != report.rows as f64);
        let count = |class: fn(&Report) -> f64| {
            let sum = amount(classes.iter().map(|report| class(report)).sum());
            if is_weighted {
                format!("weight {sum}")
            } else {
                sum
            }
        };
        let mut lines = vec![
            format!(
                "data        {}: {}, {}, target \"{}\"",
                escape(self.data),
                counted(self.rows(), "row"),
                features(schema),
                escape(schema.target()),
            ),
            format!(
                "classes     positive is \"{}\" ({}), {}; negative is \"{}\" ({})",
                escape(&labels.positive),
                count(|report| report.confusion.positives()),
                self.chosen,
                escape(&labels.negative),
                count(|report| report.confusion.negatives()),
            ),
            format!(
                "network     {}, {} in {}",
                classifier.network(),
                counted(classifier.network().parameter_count(), "parameter"),
                record.precision,
            ),
            format!(
                "training    {} of {}, batch {}, {}, learning rate {}{}, seed {}",
                counted(training.history.len(), "epoch"),
                counted(training.info.steps_per_epoch, "step"),
                training.info.batch_rows,
                self.optimizer(),
                setting(record.learning_rate),
                match self.schedule() {
                    constant if constant == Schedule::default().to_string() => String::new(),
                    schedule => format!(" ({schedule})"),
                },
                record.seed,
            ),
            format!(
                "time        {} for the steps on {} ({}), {} in all",
                duration(Duration::from_secs_f64(training.seconds)),
                counted(training.info.threads, "thread"),
                training.info.isa,
                duration(Duration::from_secs_f64(self.seconds_total)),
            ),
            String::new(),
        ];
        if let Some(threshold) = self.threshold() {
            lines.insert(4, format!("threshold   {threshold}"));
        }
        if let Some(ended) = self.ended() {
            lines.insert(4, format!("ended       {ended}"));
        }
        if let Some(weighting) = self.weighting() {
            let described = weights::described(weighting, labels);
            lines.insert(2, format!("weights     {described}"));
        }
        if let Some(format) = self.format {
            lines.insert(1, format!("format      {}", escape(format)));
        }
        let mut columns = vec![Column {
            name: "train",
            report: train,
            remark: None,
        }];
        if let Some(validation) = validation {
            columns.push(Column {
                name: "validation",
                report: validation,
                remark: Some(self.validation_remark()),
            });
        }
        if let Some(test) = test {
            let seen = "nothing else has seen it";
            let remark = match &self.test {
                None => format!("set apart: {seen}"),
                Some(name) => format!("{}: {seen}", escape(name)),
            };
            columns.push(Column {
                name: "test",
                report: test,
                remark: Some(remark),
            });
        }
        let majority = escape(labels.of(baseline.majority));
        lines.extend(table::lines(&columns, &baseline, &majority));
        lines.extend(self.effect());
        lines.push(String::new());
        let path = self.output.map(|path| terminal::shown(path).to_string());
        lines.push(format!(
            "model       {}",
            path.as_deref().unwrap_or("standard output")
        ));
        let model = path.as_deref().unwrap_or("MODEL");
        lines.push(format!("next        {}", self.advice(train, validation)));
        lines.push(format!("            chainrule predict {model} NEW.csv"));
        lines.push(format!("            chainrule inspect {model}"));
        Ok(lines
            .iter()
            .map(|line| format!("{}\n", line.trim_end()))
            .collect())
    }

    /// One thing to try, from what the losses say.
    fn advice(&self, train: &Report, validation: Option<&Report>) -> String {
        let history = &self.training.history;
        let epochs = history.len();
        if epochs == 0 {
            return "this is the initial model: train it with --epochs 1 or more".to_owned();
        }
        if let Some(validation) = validation {
            let best = history
                .iter()
                .filter_map(|epoch| Some((epoch.validation_loss?, epoch.epoch)))
                .min_by(|a, b| a.0.total_cmp(&b.0))
                // With early stopping the model is that of the best epoch.
                .filter(|_| self.training.best_epoch.is_none());
            // With weights of the classes the log loss is worse by design.
            let is_plain = self
                .weighting()
                .is_none_or(|weighting| weighting.odds_factor() == 1.0);
            let constant = validation.baseline.log_loss;
            let was_better = best.is_some_and(|(loss, _)| loss < constant);
            if is_plain && validation.log_loss >= constant && !was_better {
                return "on the held-out rows this is no better than the baseline: try other --epochs, --learning-rate or --hidden, \
                        or see whether the features can tell the classes apart".to_owned();
            }
            if let Some((loss, epoch)) = best
                && epoch * 10 < epochs * 9
                && loss < 0.98 * history[epochs - 1].validation_loss.unwrap_or(loss)
            {
                return format!(
                    "the validation loss was lower ({loss:.4}) after epoch {epoch}: try --epochs {epoch}, --early-stopping, or fewer units in --hidden"
                );
            }
        }
        let is_settled = matches!(
            self.training.outcome,
            Outcome::NoImprovement | Outcome::TargetReached | Outcome::Converged
        );
        let before = &history[(epochs * 9 / 10).min(epochs - 1)];
        let is_falling = history[epochs - 1].train_loss < 0.99 * before.train_loss;
        if is_falling && train.log_loss > 0.01 && !is_settled {
            return format!(
                "the loss is still falling: try --epochs {}",
                epochs.saturating_mul(2)
            );
        }
        match validation {
            None => "no rows were held out, so only other rows can tell how good the model is: chainrule evaluate".to_owned(),
            Some(_) => "another --seed shows how much of this is luck of the draw".to_owned(),
        }
    }

    /// The optimiser: by its name, and with its settings if they are not the usual ones.
    fn optimizer(&self) -> String {
        let description = &self.classifier.provenance().training.optimizer;
        let usual = description.name.parse::<NamedOptimizer>();
        if usual.is_ok_and(|usual| usual.describe() == *description) {
            description.name.clone()
        } else {
            description.to_string()
        }
    }

    /// How the learning rate changed.
    fn schedule(&self) -> String {
        let procedure = self.classifier.provenance().procedure.as_ref();
        procedure.map_or_else(
            || Schedule::default().to_string(),
            |procedure| procedure.schedule.clone(),
        )
    }

    /// Why it ended where it did, and which weights it kept, if there is something to say.
    fn ended(&self) -> Option<String> {
        let training = self.training;
        let (early, target) = (self.stopping.early, self.stopping.target);
        let why = match &training.outcome {
            Outcome::NoImprovement => early.map(|rule| {
                format!(
                    "no better {} in {}",
                    rule.metric,
                    counted(rule.patience, "epoch")
                )
            }),
            Outcome::TargetReached => {
                target.map(|target| format!("the target {target} is reached"))
            }
            Outcome::Converged => Some("converged: no step makes it better any more".to_owned()),
            Outcome::TimeUp => Some(format!(
                "its time is up, in epoch {} of {}",
                (training.history.len() + 1).min(training.info.epochs),
                training.info.epochs
            )),
            _ => None,
        };
        let kept = training
            .best_epoch
            .map(|epoch| format!("the weights of epoch {epoch} are kept"));
        let parts: Vec<String> = why.into_iter().chain(kept).collect();
        (!parts.is_empty()).then(|| parts.join("; "))
    }

    /// Rows of the data with a label, held out or not.
    fn rows(&self) -> usize {
        let rows = |report: &Option<Result<Report, _>>| match report {
            Some(Ok(report)) => report.rows,
            _ => 0,
        };
        let validation = match self.validation {
            None => self.training.info.validation_rows,
            Some(_) => 0,
        };
        let test = match self.test {
            None => rows(&self.training.test),
            Some(_) => 0,
        };
        self.training.info.rows + validation + test
    }

    fn weighting(&self) -> Option<&Weighting> {
        self.classifier.provenance().weighting.as_ref()
    }

    /// What the weights of the classes do to probabilities, with the evidence.
    fn effect(&self) -> Vec<String> {
        let effect = |weighting| weights::effect(weighting, self.classifier.threshold());
        let held = self.test().ok().flatten();
        let held = held.or(self.validation().ok().flatten());
        let (Some(effect), Some(report)) = (
            self.weighting().and_then(effect),
            held.or(self.train().ok()),
        ) else {
            return Vec::new();
        };
        let evidence = format!(
            "            the scores above count each row as it is: there \"{}\" comes {:.4} of the time, and the mean probability is {:.4}",
            escape(&self.classifier.labels().positive),
            report.baseline.positive_rate,
            report.mean_probability
        );
        vec![format!("weights     {effect};"), evidence]
    }

    fn test(&self) -> Result<Option<&Report>, Failure> {
        let report = self.training.test.as_ref();
        let report = report.map(Result::as_ref).transpose();
        report.map_err(|error| error.clone().into())
    }

    fn train(&self) -> Result<&Report, Failure> {
        self.training
            .train
            .as_ref()
            .map_err(|error| error.clone().into())
    }

    fn validation(&self) -> Result<Option<&Report>, Failure> {
        let report = self
            .training
            .validation
            .as_ref()
            .map(Result::as_ref)
            .transpose();
        report.map_err(|error| error.clone().into())
    }

    /// Of the rows that tell how good the model is: those set apart or else held out, if there are any.
    fn baseline(&self) -> Result<Baseline, Failure> {
        let held = self.test()?.or(self.validation()?);
        Ok(held.unwrap_or(self.train()?).baseline)
    }
}
