//! Where the threshold of a classifier comes from.

use std::fmt;
use std::str::FromStr;

use chainrule_data::Dataset;
use chainrule_metrics::{Error, Metric, NotForThresholds, best_threshold, sigmoid};

use crate::TrainError;

/// From which probability on the positive label is predicted, where that is not to be ½.
///
/// It decides labels, and what follows from them: probabilities, the log loss and ROC AUC stay as they are. Either way no bit of
/// the parameters depends on it, unless early stopping or a target watches a metric of decisions: those are made at the threshold that is
/// given, and while one is still to be chosen at ½ (or at that of the model that the training starts from).
///
/// As text it is a number or the name of a metric.
///
/// ```
/// use chainrule_data::{Table, embedded};
/// use chainrule_trainer::{Classifier, Metric, Threshold};
///
/// let wdbc = embedded::wdbc();
/// let table = Table::from_csv(wdbc.name, wdbc.bytes)?;
/// let fit = |threshold: Threshold| {
///     Classifier::builder().target(wdbc.target).epochs(5).threshold(threshold).fit(&table)
/// };
/// let fixed = fit(0.2.into())?;
/// assert_eq!(fixed.threshold(), 0.2);
///
/// let tuned = fit(Metric::F1.into())?;
/// let report = tuned.report().unwrap();
/// let validation = report.validation.clone().unwrap()?;
/// assert_eq!(validation.threshold, tuned.threshold());
/// assert_eq!(validation.f1.ok(), report.tuned.clone().unwrap().score.ok());
/// assert_eq!(fixed.hash()?, tuned.hash()?);
///
/// assert_eq!("0.2".parse(), Ok(Threshold::Fixed(0.2)));
/// assert_eq!("f1".parse(), Ok(Threshold::Tuned(Metric::F1)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Threshold {
    /// This one, above 0 and below 1.
    Fixed(f64),
    /// The best by a metric on the validation rows, for the finished parameters (with early stopping those of the best epoch):
    /// [`best_threshold`] has the rule. The metric is one of [`Metric::FOR_THRESHOLDS`].
    ///
    /// The validation rows have chosen then, and the model is a little worse on others than on them.
    Tuned(Metric),
}

impl From<f64> for Threshold {
    fn from(threshold: f64) -> Threshold {
        Threshold::Fixed(threshold)
    }
}

impl From<Metric> for Threshold {
    fn from(metric: Metric) -> Threshold {
        Threshold::Tuned(metric)
    }
}

impl fmt::Display for Threshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Threshold::Fixed(threshold) => fmt::Display::fmt(threshold, f),
            Threshold::Tuned(metric) => fmt::Display::fmt(metric, f),
        }
    }
}

/// What is no threshold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoThreshold {
    /// Neither a number that can be a threshold nor a metric.
    #[error(
        "expected a number above 0 and below 1, or a metric to choose it by on the validation rows: {list}",
        list = Metric::FOR_THRESHOLDS.map(Metric::name).join(", ")
    )]
    Unknown,
    /// A metric that no threshold is chosen by.
    #[error(transparent)]
    Metric(#[from] NotForThresholds),
}

impl FromStr for Threshold {
    type Err = NoThreshold;

    fn from_str(text: &str) -> Result<Threshold, NoThreshold> {
        if let Ok(number) = text.trim().parse::<f64>() {
            return match is_threshold(number) {
                true => Ok(Threshold::Fixed(number)),
                false => Err(NoThreshold::Unknown),
            };
        }
        let metric: Metric = text.trim().parse().map_err(|_| NoThreshold::Unknown)?;
        match Metric::FOR_THRESHOLDS.contains(&metric) {
            true => Ok(Threshold::Tuned(metric)),
            false => Err(NotForThresholds(metric).into()),
        }
    }
}

fn is_threshold(number: f64) -> bool {
    number > 0.0 && number < 1.0
}

/// A threshold that the validation rows were to choose.
#[derive(Clone, Debug, PartialEq)]
pub struct Tuned {
    /// By what.
    pub metric: Metric,
    /// The metric on the validation rows at the threshold of the model; or why none could be chosen, and the threshold was left as it was:
    /// MCC has no value if all rows have the same probability, and nothing has one if a logit is no number.
    pub score: Result<f64, Error>,
    /// The threshold from before: ½, or that of the model that the training started from.
    pub from: f64,
    /// The metric on the validation rows at that one.
    pub score_before: Result<f64, Error>,
}

impl Threshold {
    /// Makes sure that it can be used, with these rows to validate on.
    pub(super) fn check(self, validation: Option<&Dataset>) -> Result<(), TrainError> {
        let metric = match self {
            Threshold::Fixed(threshold) if !is_threshold(threshold) => {
                return Err(TrainError::Setting {
                    what: "the threshold".to_owned(),
                    found: threshold,
                    expected: "a number above 0 and below 1",
                });
            }
            Threshold::Fixed(_) => return Ok(()),
            Threshold::Tuned(metric) => metric,
        };
        if !Metric::FOR_THRESHOLDS.contains(&metric) {
            return Err(TrainError::Together(NotForThresholds(metric).to_string()));
        }
        let validation = validation.ok_or(TrainError::NothingToTuneOn { metric })?;
        // Probabilities that could not be better: what can't be chosen now never can.
        let classes = validation.labels();
        let best: Vec<f64> = classes.iter().map(|&y| if y { 1.0 } else { 0.0 }).collect();
        match best_threshold(classes, &best, validation.weights(), metric) {
            Ok(_) => Ok(()),
            Err(reason) => Err(TrainError::Untunable {
                metric,
                reason: reason.to_string(),
            }),
        }
    }
}

/// Chooses a threshold by a metric, from the logits of the validation rows, and says how. It stays as it is if none can be chosen.
pub(super) fn tune(
    metric: Metric,
    validation: &Dataset,
    logits: &[f64],
    from: f64,
) -> (f64, Tuned) {
    let (classes, weights) = (validation.labels(), validation.weights());
    let probabilities: Vec<f64> = logits.iter().map(|&z| sigmoid(z)).collect();
    let best = best_threshold(classes, &probabilities, weights, metric);
    let tuned = Tuned {
        metric,
        score: best.clone().map(|best| best.score),
        from,
        score_before: metric.score(classes, logits, weights, from),
    };
    (best.map_or(from, |best| best.threshold), tuned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_are_read_and_printed() {
        for (text, threshold) in [
            ("0.3", Threshold::Fixed(0.3)),
            ("f1", Threshold::Tuned(Metric::F1)),
            (
                "balanced-accuracy",
                Threshold::Tuned(Metric::BalancedAccuracy),
            ),
        ] {
            assert_eq!(text.parse(), Ok(threshold), "{text}");
            assert_eq!(threshold.to_string(), text);
        }
        assert_eq!(
            " balanced_accuracy ".parse(),
            Ok(Threshold::Tuned(Metric::BalancedAccuracy))
        );
        for wrong in ["0", "1", "-0.1", "1.5", "nan", "inf", "", "x", "50%"] {
            let error = wrong.parse::<Threshold>().unwrap_err();
            assert_eq!(error, NoThreshold::Unknown, "{wrong}");
        }
        for metric in Metric::ALL {
            let found = metric.name().parse::<Threshold>();
            let is_for = Metric::FOR_THRESHOLDS.contains(&metric);
            assert_eq!(found.is_ok(), is_for, "{metric}");
        }
    }
}
