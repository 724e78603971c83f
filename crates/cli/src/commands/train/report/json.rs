//! A finished training as JSON.

use super::{Finished, validation};
use crate::commands::train::warnings;
use crate::failure::Failure;
use crate::scores::{Majority, Scores};
use crate::{model, weights};
use chainrule_trainer::EpochReport;
use serde::Serialize;
use std::collections::BTreeMap;

/// The report as JSON.
#[derive(Serialize)]
pub struct Json {
    data: String,
    format: Option<String>,
    rows: usize,
    features: usize,
    inputs: usize,
    target: String,
    positive: String,
    negative: String,
    positive_chosen: &'static str,
    rows_without_label: usize,
    rows_with_bad_cells: usize,
    layers: Vec<usize>,
    parameter_count: usize,
    precision: String,
    preprocess: String,
    optimizer: String,
    optimizer_settings: BTreeMap<String, f64>,
    learning_rate: f64,
    schedule: String,
    epochs: usize,
    batch_size: usize,
    shuffle: bool,
    seed: u64,
    steps: usize,
    resumed_from_step: Option<usize>,
    outcome: &'static str,
    best_epoch: Option<usize>,
    early_stopping: Option<Rule>,
    threads: usize,
    isa: String,
    seconds_total: f64,
    seconds_reading: f64,
    seconds_training: f64,
    samples_per_second: Option<f64>,
    weights: Option<Weights>,
    threshold: validation::Json,
    train: Scores,
    validation: Option<Validation>,
    test: Option<Scores>,
    baseline: Majority,
    model_path: Option<String>,
    model_hash: String,
    warnings: Vec<warnings::Json>,
    history: Vec<Epoch>,
}

/// Early stopping.
#[derive(Serialize)]
struct Rule {
    metric: &'static str,
    patience: usize,
    min_delta: f64,
}

/// The metrics on the validation rows, and what these were used for: a score on rows that have chosen something is better than it would be
/// on others.
#[derive(Serialize)]
struct Validation {
    #[serde(flatten)]
    scores: Scores,
    used_for: Vec<&'static str>,
}

/// How rows and classes were weighted.
#[derive(Serialize)]
struct Weights {
    #[serde(flatten)]
    weights: weights::Json,
    rows_of_weight_zero: usize,
    /// What that does to probabilities; null if they stay chances.
    effect: Option<String>,
}

#[derive(Serialize)]
struct Epoch {
    epoch: usize,
    train_loss: f64,
    validation_loss: Option<f64>,
    score: Option<f64>,
    learning_rate: f64,
}

impl From<&EpochReport> for Epoch {
    fn from(report: &EpochReport) -> Epoch {
        Epoch {
            epoch: report.epoch,
            train_loss: report.train_loss,
            validation_loss: report.validation_loss,
            score: report.score,
            learning_rate: report.learning_rate,
        }
    }
}

impl Finished<'_> {
    /// As JSON.
    ///
    /// # Errors
    /// If a metric can't be computed.
    pub fn json(&self) -> Result<Json, Failure> {
        let (classifier, training) = (self.classifier, self.training);
        let (record, labels) = (&classifier.provenance().training, classifier.labels());
        let (train, validation) = (self.train()?, self.validation()?);
        let network = classifier.network();
        Ok(Json {
            data: self.data.to_owned(),
            format: self.format.map(str::to_owned),
            rows: self.rows(),
            features: classifier.schema().inputs(),
            inputs: network.inputs,
            target: classifier.schema().target().to_owned(),
            positive: labels.positive.clone(),
            negative: labels.negative.clone(),
            positive_chosen: self.chosen,
            rows_without_label: training.rows_without_label,
            rows_with_bad_cells: training.rows_with_bad_cells,
            layers: std::iter::once(network.inputs)
                .chain(network.layers.iter().map(|layer| layer.units))
                .collect(),
            parameter_count: network.parameter_count(),
            precision: record.precision.to_string(),
            preprocess: self.preprocess.clone(),
            optimizer: record.optimizer.name.clone(),
            optimizer_settings: record.optimizer.settings.iter().cloned().collect(),
            learning_rate: record.learning_rate,
            schedule: self.schedule(),
            epochs: training.history.len(),
            batch_size: training.info.batch_rows,
            shuffle: record.shuffle,
            seed: record.seed,
            steps: training.steps,
            resumed_from_step: training.info.resumed_from_step,
            outcome: training.outcome.name(),
            best_epoch: training.best_epoch,
            early_stopping: self.stopping.early.map(|rule| Rule {
                metric: rule.metric.name(),
                patience: rule.patience,
                min_delta: rule.min_delta,
            }),
            threads: training.info.threads,
            isa: training.info.isa.to_string(),
            seconds_total: self.seconds_total,
            seconds_reading: self.seconds_reading,
            seconds_training: training.seconds,
            samples_per_second: training.samples_per_second(),
            weights: self.weighting().map(|weighting| Weights {
                rows_of_weight_zero: training.rows_of_weight_zero,
                weights: weighting.into(),
                effect: weights::effect(weighting, classifier.threshold()),
            }),
            threshold: self.threshold_json(),
            train: Scores::of(train, labels),
            validation: validation.map(|validation| Validation {
                scores: Scores::of(validation, labels),
                used_for: self.used_for(),
            }),
            test: self.test()?.map(|test| Scores::of(test, labels)),
            baseline: Majority::of(&self.baseline()?, labels),
            model_path: self.output.map(|path| path.to_string_lossy().into_owned()),
            model_hash: model::hash(classifier)?,
            warnings: training.warnings.iter().map(warnings::Json::from).collect(),
            history: training.history.iter().map(Epoch::from).collect(),
        })
    }
}
