//! What can be had without looking at any feature.

use crate::rows::Rows;
use crate::{Error, Undefined};

/// The scores of always saying the same: for decisions the more frequent class, for probabilities its share.
///
/// A model that is not better than this has learned nothing.
///
/// ```
/// use chainrule_metrics::Baseline;
/// let baseline = Baseline::of(&[false, false, false, true], None)?;
/// assert_eq!((baseline.majority, baseline.accuracy, baseline.positive_rate), (false, 0.75, 0.25));
/// assert_eq!(baseline.brier, 0.1875);
/// assert!((baseline.log_loss - 0.562335).abs() < 1e-6);
/// # Ok::<(), chainrule_metrics::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Baseline {
    /// The more frequent class; the positive one if both are equally frequent.
    pub majority: bool,
    /// The share of the positive class.
    pub positive_rate: f64,
    /// Accuracy of always deciding for the majority.
    pub accuracy: f64,
    /// Log loss, in nats, of always giving `positive_rate` as the probability: the entropy of the labels.
    pub log_loss: f64,
    /// Brier score of the same.
    pub brier: f64,
}

impl Baseline {
    /// Of these rows.
    ///
    /// # Errors
    /// [`Error`] on weights that can't be used; [`Undefined::Empty`] without rows.
    pub fn of(labels: &[bool], weights: Option<&[f64]>) -> Result<Self, Error> {
        if labels.is_empty() {
            return Err(Undefined::Empty.into());
        }
        let no_scores = vec![0.0; labels.len()];
        Ok(Self::of_rows(&Rows::new(labels, &no_scores, weights)?))
    }

    pub(crate) fn of_rows(rows: &Rows) -> Self {
        let rate = |class: bool| rows.mean(|row| if row.label == class { 1.0 } else { 0.0 });
        let (positive_rate, negative_rate) = (rate(true), rate(false));
        let majority = positive_rate >= negative_rate;
        Baseline {
            majority,
            positive_rate,
            accuracy: if majority {
                positive_rate
            } else {
                negative_rate
            },
            log_loss: entropy(positive_rate) + entropy(negative_rate),
            brier: positive_rate * negative_rate,
        }
    }
}

/// `−p ln p`, 0 at 0.
fn entropy(p: f64) -> f64 {
    if p > 0.0 { -p * libm::log(p) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_class_is_sure() {
        let baseline = Baseline::of(&[true; 3], None).unwrap();
        assert_eq!(
            (baseline.accuracy, baseline.log_loss, baseline.brier),
            (1.0, 0.0, 0.0)
        );
    }

    #[test]
    fn weights_count() {
        let baseline = Baseline::of(&[true, false, false], Some(&[3.0, 1.0, 0.0])).unwrap();
        assert_eq!((baseline.majority, baseline.accuracy), (true, 0.75));
    }
}
