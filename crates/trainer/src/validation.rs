//! The validation rows during a training.

use chainrule_autodiff::{Scalar, State, Team, Workspace};
use chainrule_metrics::{Error, Metric, log_loss};

use crate::forward::forward;
use crate::plans::Plans;
use crate::train::{Real, ValidationWeights};
use crate::{Samples, TrainError};

/// The validation rows and what they need.
pub(crate) struct Validation<'a, T: Scalar> {
    samples: &'a Samples<T>,
    labels: Vec<bool>,
    /// In the loss.
    weights: Option<Vec<f64>>,
    /// In all other metrics.
    weights_of_rows: Option<Vec<f64>>,
    logits: Vec<f64>,
    workspace: Workspace<T>,
}

impl<'a, T: Real> Validation<'a, T> {
    pub(crate) fn new(
        plans: &Plans<T>,
        samples: &'a Samples<T>,
        weights_of_rows: ValidationWeights<'_>,
        threads: usize,
    ) -> Self {
        let weights = samples.weights_f64();
        Validation {
            labels: samples.labels(),
            weights_of_rows: match weights_of_rows {
                ValidationWeights::AsInLoss => weights.clone(),
                ValidationWeights::OfRows(weights) => weights.map(<[f64]>::to_vec),
            },
            weights,
            logits: vec![0.0; samples.rows()],
            workspace: crate::forward::workspace(&plans.forward, samples.rows(), threads),
            samples,
        }
    }

    /// Computes the logits of all rows, by the rule that evaluates a finished model, and their log loss.
    pub(crate) fn loss(
        &mut self,
        plans: &Plans<T>,
        state: &State<T>,
        team: &Team,
    ) -> Result<f64, TrainError> {
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

    /// A metric of the logits that [`loss`](Validation::loss) has computed; nothing where it has no value.
    pub(crate) fn score(&self, metric: Metric, threshold: f64) -> Result<Option<f64>, TrainError> {
        // The log loss is the loss that is trained: with the weights of the classes, too.
        let weights = match metric {
            Metric::LogLoss => self.weights.as_deref(),
            _ => self.weights_of_rows.as_deref(),
        };
        match metric.score(&self.labels, &self.logits, weights, threshold) {
            Ok(score) => Ok(Some(score)),
            Err(Error::NotANumber { .. }) => Ok(Some(f64::NAN)),
            Err(Error::Undefined(_)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}
