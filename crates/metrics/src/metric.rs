//! A metric by its name: what a training may watch.

use std::fmt;
use std::str::FromStr;

use crate::{
    Binning, Confusion, Error, Undefined, average_precision, brier, calibration, log_loss,
    report::BINS, roc_auc, sigmoid,
};

/// One number that says how good predictions are.
///
/// ```
/// use chainrule_metrics::{Direction, Metric};
///
/// let metric: Metric = "roc-auc".parse()?;
/// assert_eq!(metric.score(&[true, false], &[2.0, -1.0], None, 0.5)?, 1.0);
/// assert_eq!(metric.direction(), Direction::Higher);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Metric {
    /// [`log_loss`].
    #[default]
    LogLoss,
    /// [`brier`].
    Brier,
    /// [`Confusion::accuracy`].
    Accuracy,
    /// [`Confusion::balanced_accuracy`].
    BalancedAccuracy,
    /// [`Confusion::precision`].
    Precision,
    /// [`Confusion::recall`].
    Recall,
    /// [`Confusion::f1`].
    F1,
    /// [`Confusion::mcc`].
    Mcc,
    /// [`roc_auc`].
    RocAuc,
    /// [`average_precision`].
    AveragePrecision,
    /// The expected calibration error of [`calibration`], in ten bins of equal width.
    CalibrationError,
}

/// Which of two values of a metric is the better one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// The lower.
    Lower,
    /// The higher.
    Higher,
}

/// No metric has this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown metric {0:?}; the metrics are {list}", list = names())]
pub struct UnknownMetric(pub String);

impl Metric {
    /// All of them.
    pub const ALL: [Metric; 11] = [
        Metric::LogLoss,
        Metric::Brier,
        Metric::Accuracy,
        Metric::BalancedAccuracy,
        Metric::Precision,
        Metric::Recall,
        Metric::F1,
        Metric::Mcc,
        Metric::RocAuc,
        Metric::AveragePrecision,
        Metric::CalibrationError,
    ];

    /// The name, as options have it.
    pub fn name(self) -> &'static str {
        match self {
            Metric::LogLoss => "log-loss",
            Metric::Brier => "brier",
            Metric::Accuracy => "accuracy",
            Metric::BalancedAccuracy => "balanced-accuracy",
            Metric::Precision => "precision",
            Metric::Recall => "recall",
            Metric::F1 => "f1",
            Metric::Mcc => "mcc",
            Metric::RocAuc => "roc-auc",
            Metric::AveragePrecision => "average-precision",
            Metric::CalibrationError => "calibration-error",
        }
    }

    /// Which values are good.
    pub fn direction(self) -> Direction {
        match self {
            Metric::LogLoss | Metric::Brier | Metric::CalibrationError => Direction::Lower,
            _ => Direction::Higher,
        }
    }

    /// Its value for rows with these logits. Decisions are made at `threshold`.
    ///
    /// # Errors
    /// Those of the metric: [`Error::NotANumber`] if a logit is NaN, [`Error::Undefined`] where it has no value.
    pub fn score(
        self,
        labels: &[bool],
        logits: &[f64],
        weights: Option<&[f64]>,
        threshold: f64,
    ) -> Result<f64, Error> {
        match self {
            Metric::LogLoss => return log_loss(labels, logits, weights),
            // Logits tell apart what probabilities near 1 no longer do.
            Metric::RocAuc => return roc_auc(labels, logits, weights),
            Metric::AveragePrecision => return average_precision(labels, logits, weights),
            _ => {}
        }
        if let Some(row) = logits.iter().position(|z| z.is_nan()) {
            return Err(Error::NotANumber { row });
        }
        let p: Vec<f64> = logits.iter().map(|&z| sigmoid(z)).collect();
        match self.of_decisions() {
            Some(value) => Ok(value(&Confusion::at(labels, &p, weights, threshold)?)?),
            None if self == Metric::Brier => brier(labels, &p, weights),
            None => {
                let found = calibration(labels, &p, weights, BINS, Binning::EqualWidth)?;
                Ok(found.expected_error)
            }
        }
    }

    /// How it is computed from decisions, if it is.
    pub(crate) fn of_decisions(self) -> Option<OfDecisions> {
        match self {
            Metric::Accuracy => Some(Confusion::accuracy),
            Metric::BalancedAccuracy => Some(Confusion::balanced_accuracy),
            Metric::Precision => Some(Confusion::precision),
            Metric::Recall => Some(Confusion::recall),
            Metric::F1 => Some(Confusion::f1),
            Metric::Mcc => Some(Confusion::mcc),
            Metric::LogLoss
            | Metric::Brier
            | Metric::RocAuc
            | Metric::AveragePrecision
            | Metric::CalibrationError => None,
        }
    }
}

/// A metric of decisions.
pub(crate) type OfDecisions = fn(&Confusion) -> Result<f64, Undefined>;

impl Direction {
    /// Whether `new` is better than `old` by more than `least`. What is no number is never better.
    ///
    /// ```
    /// use chainrule_metrics::Direction;
    /// assert!(Direction::Lower.is_better(0.4, 0.5, 0.0));
    /// assert!(!Direction::Lower.is_better(0.5, 0.5, 0.0));
    /// assert!(!Direction::Higher.is_better(f64::NAN, 0.5, 0.0));
    /// ```
    pub fn is_better(self, new: f64, old: f64, least: f64) -> bool {
        match self {
            Direction::Lower => new < old - least,
            Direction::Higher => new > old + least,
        }
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Metric {
    type Err = UnknownMetric;

    /// Reads a name, with dashes or underscores.
    fn from_str(name: &str) -> Result<Metric, UnknownMetric> {
        let plain = name.replace('_', "-");
        let all = Metric::ALL.into_iter();
        let mut found = all.filter(|metric| metric.name() == plain);
        found.next().ok_or_else(|| UnknownMetric(name.to_owned()))
    }
}

fn names() -> String {
    Metric::ALL.map(Metric::name).join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate;

    #[test]
    fn scores_are_those_of_the_report() {
        let labels = [true, false, true, true, false, false];
        let logits = [1.5, -0.3, -0.2, 0.7, 0.4, -2.0];
        let weights = [1.0, 2.0, 0.5, 1.0, 1.0, 3.0];
        let report = evaluate(&labels, &logits, Some(&weights), 0.6).unwrap();
        for metric in Metric::ALL {
            let score = metric.score(&labels, &logits, Some(&weights), 0.6);
            assert_eq!(score, report.value(metric).map_err(Error::from), "{metric}");
        }
    }

    #[test]
    fn names_are_read_back() {
        for metric in Metric::ALL {
            assert_eq!(metric.name().parse(), Ok(metric));
            assert_eq!(metric.name().replace('-', "_").parse(), Ok(metric));
        }
        let error = "auc".parse::<Metric>().unwrap_err().to_string();
        assert!(error.contains("roc-auc"), "{error}");
    }

    #[test]
    fn a_logit_that_is_no_number_has_no_score() {
        for metric in Metric::ALL {
            assert!(
                metric
                    .score(&[true, false], &[f64::NAN, 0.0], None, 0.5)
                    .is_err(),
                "{metric}"
            );
        }
    }
}
