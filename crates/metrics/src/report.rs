//! Everything at once.

use crate::rows::{Rows, ranked};
use crate::{
    Baseline, Binning, Confusion, Error, Metric, Undefined, calibration::calibration_of, loss,
    ranking,
};

/// All metrics of one model on one set of rows.
///
/// What may have no value is a `Result` whose error says why.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Report {
    /// The number of rows present: those of weight zero are not.
    pub rows: usize,
    /// The sum of their weights; the number of rows without weights.
    pub total_weight: f64,
    /// Rows of at least this probability are predicted positive.
    pub threshold: f64,
    /// Mean cross-entropy in nats, from the logits (see [`log_loss`](crate::log_loss)).
    pub log_loss: f64,
    /// Mean squared error of the probabilities (see [`brier`](crate::brier)).
    pub brier: f64,
    /// The share of right decisions.
    pub accuracy: f64,
    /// See [`Confusion::balanced_accuracy`].
    pub balanced_accuracy: Result<f64, Undefined>,
    /// See [`Confusion::precision`].
    pub precision: Result<f64, Undefined>,
    /// See [`Confusion::recall`].
    pub recall: Result<f64, Undefined>,
    /// See [`Confusion::f1`].
    pub f1: Result<f64, Undefined>,
    /// See [`Confusion::mcc`].
    pub mcc: Result<f64, Undefined>,
    /// See [`roc_auc`](crate::roc_auc); rows are ranked by their logits, which tell apart what probabilities near 1 no longer do.
    pub roc_auc: Result<f64, Undefined>,
    /// See [`average_precision`](crate::average_precision); ranked as for `roc_auc`.
    pub average_precision: Result<f64, Undefined>,
    /// The expected calibration error in ten bins of equal width (see [`calibration`](crate::calibration())).
    pub calibration_error: f64,
    /// The mean of the probabilities: to be compared with the share of the positive class, `baseline.positive_rate`.
    pub mean_probability: f64,
    /// The decisions at the threshold.
    pub confusion: Confusion,
    /// What can be had without a model.
    pub baseline: Baseline,
}

impl Report {
    /// One of them.
    ///
    /// # Errors
    /// Why it has no value.
    ///
    /// ```
    /// use chainrule_metrics::{Metric, evaluate};
    /// let report = evaluate(&[true, false], &[2.0, -1.0], None, 0.5)?;
    /// assert_eq!(report.value(Metric::RocAuc), Ok(1.0));
    /// # Ok::<(), chainrule_metrics::Error>(())
    /// ```
    pub fn value(&self, metric: Metric) -> Result<f64, Undefined> {
        match metric {
            Metric::LogLoss => Ok(self.log_loss),
            Metric::Brier => Ok(self.brier),
            Metric::Accuracy => Ok(self.accuracy),
            Metric::BalancedAccuracy => self.balanced_accuracy,
            Metric::Precision => self.precision,
            Metric::Recall => self.recall,
            Metric::F1 => self.f1,
            Metric::Mcc => self.mcc,
            Metric::RocAuc => self.roc_auc,
            Metric::AveragePrecision => self.average_precision,
            Metric::CalibrationError => Ok(self.calibration_error),
        }
    }
}

/// All metrics, with the probabilities `σ(logit)`.
///
/// # Errors
/// [`Error`] on slices of different lengths, NaN logits, weights that can't be used, a threshold that is NaN, and no rows.
///
/// ```
/// use chainrule_metrics::evaluate;
/// let report = evaluate(&[true, false, true], &[2.0, -1.0, 0.5], None, 0.5)?;
/// assert_eq!((report.rows, report.accuracy, report.roc_auc), (3, 1.0, Ok(1.0)));
/// # Ok::<(), chainrule_metrics::Error>(())
/// ```
pub fn evaluate(
    labels: &[bool],
    logits: &[f64],
    weights: Option<&[f64]>,
    threshold: f64,
) -> Result<Report, Error> {
    let probabilities: Vec<f64> = logits.iter().map(|&z| loss::sigmoid(z)).collect();
    evaluate_with_probabilities(labels, logits, &probabilities, weights, threshold)
}

/// All metrics, with the probabilities that the model itself gave, so that the decisions are the ones that it would print.
///
/// # Errors
/// As [`evaluate`], and [`Error::Probability`] outside [0, 1].
pub fn evaluate_with_probabilities(
    labels: &[bool],
    logits: &[f64],
    probabilities: &[f64],
    weights: Option<&[f64]>,
    threshold: f64,
) -> Result<Report, Error> {
    if threshold.is_nan() {
        return Err(Error::Parameter {
            what: "threshold",
            value: threshold,
            expected: "a number",
        });
    }
    let logits = Rows::new(labels, logits, weights)?;
    let probabilities = Rows::with_probabilities(labels, probabilities, weights)?;
    let confusion = Confusion::of(&probabilities, threshold);
    let ranked = ranked(logits.scaled());
    Ok(Report {
        rows: logits.count(),
        total_weight: logits.total(),
        threshold,
        log_loss: loss::mean_log_loss(&logits),
        brier: loss::mean_brier(&probabilities),
        accuracy: confusion.accuracy()?,
        balanced_accuracy: confusion.balanced_accuracy(),
        precision: confusion.precision(),
        recall: confusion.recall(),
        f1: confusion.f1(),
        mcc: confusion.mcc(),
        roc_auc: ranking::area(&ranked),
        average_precision: ranking::step_area(&ranked),
        calibration_error: calibration_of(&probabilities, BINS, Binning::EqualWidth).expected_error,
        mean_probability: probabilities.mean(|row| row.score),
        confusion,
        baseline: Baseline::of_rows(&logits),
    })
}

/// Of the calibration error in a report.
pub(crate) const BINS: usize = 10;

#[cfg(test)]
mod tests {
    use super::*;

    fn logit(p: f64) -> f64 {
        libm::log(p) - libm::log1p(-p)
    }

    #[test]
    fn one_class_keeps_the_numbers_that_have_a_meaning() {
        let report = evaluate(&[true; 3], &[0.9, 0.8, 0.7].map(logit), None, 0.5).unwrap();
        assert!((report.brier - 0.046667).abs() < 5e-7);
        assert!((report.log_loss - 0.228393).abs() < 5e-7);
        assert_eq!(report.accuracy, 1.0);
        assert_eq!(report.roc_auc, Err(Undefined::NoNegatives));
        assert_eq!(report.average_precision, Ok(1.0));
        assert_eq!(report.balanced_accuracy, Err(Undefined::NoNegatives));
        assert_eq!(
            report.roc_auc.unwrap_err().to_string(),
            "no row is of the negative class"
        );
    }

    #[test]
    fn absurd_rows_of_weight_zero_change_nothing() {
        let labels = [true, false, true, false, true, true];
        let logits = [2.0, -1.0, 0.3, 0.9, -0.2, 1.0];
        let alone = evaluate(&labels, &logits, Some(&[1.0, 2.0, 1.0, 0.5, 1.0, 3.0]), 0.5).unwrap();
        let labels = [labels.as_slice(), &[false; 4]].concat();
        let logits = [logits.as_slice(), &[1e9, f64::NAN, f64::INFINITY, -1e300]].concat();
        let weights = [1.0, 2.0, 1.0, 0.5, 1.0, 3.0, 0.0, 0.0, 0.0, 0.0];
        assert_eq!(
            evaluate(&labels, &logits, Some(&weights), 0.5).unwrap(),
            alone
        );
    }

    #[test]
    fn saturated_probabilities_are_still_ranked_and_priced() {
        let report = evaluate(&[false, true], &[900.0, 1000.0], None, 0.5).unwrap();
        assert_eq!(report.roc_auc, Ok(1.0));
        assert_eq!(report.log_loss, 450.0);
        assert_eq!(report.brier, 0.5);
    }

    #[test]
    fn the_models_own_probabilities_decide() {
        let report = evaluate_with_probabilities(&[true], &[-1e-9], &[0.5], None, 0.5).unwrap();
        assert_eq!(report.confusion.true_positives, 1.0);
        assert_eq!(
            evaluate(&[true], &[-1e-9], None, 0.5)
                .unwrap()
                .confusion
                .false_negatives,
            1.0
        );
    }

    #[test]
    fn nothing_is_made_up_of_nothing() {
        assert_eq!(evaluate(&[], &[], None, 0.5), Err(Undefined::Empty.into()));
        assert_eq!(
            evaluate(&[true], &[f64::NAN], None, 0.5),
            Err(Error::NotANumber { row: 0 })
        );
        assert!(evaluate(&[true], &[0.0], None, f64::NAN).is_err());
    }
}
