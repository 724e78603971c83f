//! Looks at a training while it runs, and says when what it measures is not as it should be.
//!
//! The losses are compared with that of a constant: of always predicting the share of the positive class, which is what a model
//! that has learned nothing does. The thresholds stand in [`rules`], and `docs/guide/train.md` has the trainings that they were set by.

mod look;
mod memory;
mod rules;
mod warning;

use chainrule_autodiff::{Scalar, State, Team, Workspace};
use chainrule_metrics::Report;
use chainrule_nn::Network;

use crate::batches::BatchView;
use crate::observer::Observer;
use crate::plans::Plans;
use crate::train::{Real, Trained};
use crate::{EpochReport, LayersReport, Outcome, Samples, TrainError};
use rules::Losses;

pub use warning::{Evidence, Remedy, Warning};

/// Steps from one look at the layers to the next, which is at the end of an epoch. A look costs as much as about two steps: 0.7 % of training `small` (docs/benchmarks.md).
const EVERY: usize = 250;

/// Watches one training.
pub(crate) struct Diagnosis<T: Scalar> {
    /// The parameters before the first step.
    first: Vec<T>,
    learning_rate: f64,
    losses: Losses,
    looked_at: Option<usize>,
    workspace: Option<Workspace<T>>,
    warnings: Vec<Warning>,
}

/// What a look needs to see.
pub(crate) struct View<'a, T: Scalar> {
    pub(crate) network: &'a Network,
    pub(crate) plans: &'a Plans<T>,
    pub(crate) state: &'a State<T>,
    /// Those of the state, flat.
    pub(crate) parameters: &'a [T],
    /// The first batch of the epoch.
    pub(crate) batch: BatchView<'a, T>,
    /// The features of all rows.
    pub(crate) features: &'a [T],
}

impl<T: Real> Diagnosis<T> {
    /// Before the first step from these parameters.
    pub(crate) fn new(first: &[T], samples: &Samples<T>, learning_rate: f64) -> Diagnosis<T> {
        Diagnosis {
            first: first.to_vec(),
            learning_rate,
            losses: Losses::new(constant_loss(samples)),
            looked_at: None,
            workspace: None,
            warnings: Vec::new(),
        }
    }

    /// Takes up a training that goes on after these epochs.
    pub(crate) fn resume(&mut self, history: &[EpochReport]) {
        let mut looks = Vec::new();
        for report in history {
            if self.is_due(report) {
                self.looked_at = Some(report.steps);
                looks.push(report.epoch);
            }
            self.losses.add(report.train_loss);
        }
        // What was seen in a last epoch that is none any more would not have been looked at.
        self.warnings
            .retain(|warning| !warning.evidence.is_of_layers() || looks.contains(&warning.epoch));
    }

    /// Whether to look at the layers after this epoch.
    pub(crate) fn is_due(&self, report: &EpochReport) -> bool {
        let is_long_ago = |at| report.steps - at >= EVERY;
        report.epoch == report.epochs || self.looked_at.is_none_or(is_long_ago)
    }

    /// Looks at the layers after an epoch.
    pub(crate) fn look(
        &mut self,
        report: &EpochReport,
        view: &View<'_, T>,
        team: &Team,
        observer: &mut dyn Observer,
    ) -> Result<(), TrainError> {
        let rows = view.batch.y.len();
        let workspace = self
            .workspace
            .get_or_insert_with(|| view.plans.observe.workspace(rows, team.limit()));
        let layers = look::look(view, workspace, team)?;
        observer.layers(&LayersReport {
            epoch: report.epoch,
            steps: report.steps,
            rows,
            layers: &layers,
        });
        let is_first = self.looked_at.replace(report.steps).is_none();
        let constant_loss = self.losses.constant_loss;
        let hidden = &layers[..layers.len() - 1];
        let found = rules::saturated(hidden, report.train_loss, constant_loss).map(|evidence| {
            // Features that are large by themselves, or weights that became so.
            let remedy = if are_large(view.features) {
                Remedy::Scaling
            } else {
                Remedy::LearningRate(lower(self.learning_rate))
            };
            (evidence, remedy)
        });
        self.warn(report.epoch, found, observer);
        // Early on small gradients may still grow; and saturation is the cause rather than depth.
        if !is_first && !self.has("saturated") {
            let found = rules::vanishing(&layers, report.train_loss, constant_loss);
            let remedy = Remedy::HiddenLayers(if hidden.len() > 2 { 2 } else { 1 });
            self.warn(report.epoch, found.map(|found| (found, remedy)), observer);
        }
        Ok(())
    }

    /// Takes note of the loss of an epoch.
    pub(crate) fn epoch(&mut self, report: &EpochReport, observer: &mut dyn Observer) {
        let found = self.losses.add(report.train_loss).map(|evidence| {
            let remedy = Remedy::LearningRate(lower(self.learning_rate));
            (evidence, remedy)
        });
        self.warn(report.epoch, found, observer);
    }

    /// The training is over, with these parameters.
    pub(crate) fn end(
        &mut self,
        outcome: &Outcome,
        history: &[EpochReport],
        last: &[T],
        observer: &mut dyn Observer,
    ) {
        if !is_whole(outcome) || self.learning_rate == 0.0 || self.has("vanishing-gradients") {
            return;
        }
        let moved = look::distance(&self.first, last) / look::norm(&self.first);
        let found = self.losses.too_low(moved).map(|evidence| {
            let rate = self.learning_rate * rules::factor_for(moved);
            (evidence, Remedy::LearningRate(rules::rounded(rate)))
        });
        self.warn(history.len(), found, observer);
    }

    /// What was found.
    pub(crate) fn into_warnings(self) -> Vec<Warning> {
        self.warnings
    }

    fn has(&self, code: &str) -> bool {
        self.warnings.iter().any(|warning| warning.code() == code)
    }

    fn warn(
        &mut self,
        epoch: usize,
        found: Option<(Evidence, Remedy)>,
        observer: &mut dyn Observer,
    ) {
        let Some((evidence, remedy)) = found else {
            return;
        };
        let warning = Warning {
            epoch,
            evidence,
            remedy,
        };
        if !self.has(warning.code()) {
            tell(&warning, observer);
            self.warnings.push(warning);
        }
    }
}

/// Says a warning to whoever listens.
pub(crate) fn tell(warning: &Warning, observer: &mut dyn Observer) {
    tracing::warn!(
        code = warning.code(),
        epoch = warning.epoch,
        value = warning.value(),
        "{warning}; try {}",
        warning.remedy
    );
    observer.warning(warning);
}

/// Whether a finished model predicts one class for all the rows that it was trained on, though they have two.
pub(crate) fn one_class(trained: &Trained, report: &Report) -> Option<Warning> {
    let epochs = trained.history.len();
    let confusion = &report.confusion;
    let (positives, negatives) = (confusion.positives(), confusion.negatives());
    let predicted_positive = confusion.predicted_positives();
    let predicted_negative = confusion.predicted_negatives();
    let is_one = predicted_positive == 0.0 || predicted_negative == 0.0;
    if epochs == 0 || !is_whole(&trained.outcome) || !is_one || positives == 0.0 || negatives == 0.0
    {
        return None;
    }
    let positive = predicted_negative == 0.0;
    let roc_auc = report.roc_auc.ok();
    let others = if positive { negatives } else { positives };
    // More epochs would change nothing.
    let has_ended = matches!(trained.outcome, Outcome::Converged | Outcome::NoImprovement);
    // Two tensors are one layer.
    let has_hidden_layers = trained.parameters.views().len() > 2;
    let is_rare = others < rules::RARE * (positives + negatives);
    let remedy = match trained.warnings.last() {
        // What went wrong before is the cause.
        Some(cause) => cause.remedy,
        None if is_rare && (has_ended || roc_auc.is_some_and(|auc| auc > rules::RANKS)) => {
            Remedy::ClassWeights
        }
        None if has_ended && !has_hidden_layers => Remedy::HiddenLayers(1),
        None => Remedy::Epochs(epochs.saturating_mul(4)),
    };
    let evidence = Evidence::OneClass {
        positive,
        rows: report.rows,
        others: others as usize,
        roc_auc,
    };
    Some(Warning {
        epoch: epochs,
        evidence,
        remedy,
    })
}

/// Whether a training came to the end that it was meant to have: what was broken off is not judged as a whole.
fn is_whole(outcome: &Outcome) -> bool {
    !matches!(outcome, Outcome::Interrupted | Outcome::Diverged(_))
}

/// Whether features are so large that they can't have been scaled: a batch with a rare value may be large by itself, all rows together are not.
pub(crate) fn are_large<T: Scalar>(features: &[T]) -> bool {
    look::rms(features) > rules::LARGE_FEATURES
}

/// A lower learning rate to try.
pub(crate) fn lower(rate: f64) -> f64 {
    // Above 1 the order of magnitude says nothing.
    rules::rounded(rate.min(1.0) / 10.0)
}

/// The entropy of the labels, in nats.
fn constant_loss<T: Scalar>(samples: &Samples<T>) -> f64 {
    let weight = |row: usize| samples.weights.as_ref().map_or(1.0, |w| w[row].to_f64());
    let (mut positive, mut all) = (0.0, 0.0);
    for (row, y) in samples.y.iter().enumerate() {
        positive += weight(row) * y.to_f64();
        all += weight(row);
    }
    let part = |p: f64| if p > 0.0 { -p * libm::log(p) } else { 0.0 };
    part(positive / all) + part(1.0 - positive / all)
}
