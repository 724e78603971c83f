//! Counts of right and wrong decisions, and what follows from them.

use crate::rows::Rows;
use crate::{Error, Undefined};

/// The weight of the rows (their number, without weights) by class and by decision.
///
/// ```
/// use chainrule_metrics::{Confusion, Undefined};
/// let confusion = Confusion::at(&[true, true, false], &[0.9, 0.5, 0.2], None, 0.5)?;
/// assert_eq!((confusion.true_positives, confusion.true_negatives), (2.0, 1.0)); // 0.5 reaches the threshold
/// assert_eq!(confusion.f1(), Ok(1.0));
/// let strict = Confusion::at(&[true, true, false], &[0.9, 0.5, 0.2], None, 1.0)?;
/// assert_eq!(strict.precision(), Err(Undefined::NoPredictedPositives));
/// # Ok::<(), chainrule_metrics::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Confusion {
    /// Positive rows predicted positive.
    pub true_positives: f64,
    /// Negative rows predicted positive.
    pub false_positives: f64,
    /// Positive rows predicted negative.
    pub false_negatives: f64,
    /// Negative rows predicted negative.
    pub true_negatives: f64,
}

impl Confusion {
    /// Counts rows, predicted positive if their probability (or any other score) is at least the threshold.
    ///
    /// # Errors
    /// [`Error`] on slices of different lengths, NaN scores or threshold, weights that can't be used, and no rows.
    pub fn at(
        labels: &[bool],
        scores: &[f64],
        weights: Option<&[f64]>,
        threshold: f64,
    ) -> Result<Self, Error> {
        if threshold.is_nan() {
            return Err(Error::Parameter {
                what: "threshold",
                value: threshold,
                expected: "a number",
            });
        }
        Ok(Self::of(&Rows::new(labels, scores, weights)?, threshold))
    }

    pub(crate) fn of(rows: &Rows, threshold: f64) -> Self {
        let mut confusion = Confusion::default();
        for row in rows.iter() {
            let cell = match (row.label, row.score >= threshold) {
                (true, true) => &mut confusion.true_positives,
                (false, true) => &mut confusion.false_positives,
                (true, false) => &mut confusion.false_negatives,
                (false, false) => &mut confusion.true_negatives,
            };
            *cell += row.weight;
        }
        confusion
    }

    /// The rows of the positive class.
    pub fn positives(&self) -> f64 {
        self.true_positives + self.false_negatives
    }

    /// The rows of the negative class.
    pub fn negatives(&self) -> f64 {
        self.true_negatives + self.false_positives
    }

    /// The rows predicted positive.
    pub fn predicted_positives(&self) -> f64 {
        self.true_positives + self.false_positives
    }

    /// The rows predicted negative.
    pub fn predicted_negatives(&self) -> f64 {
        self.true_negatives + self.false_negatives
    }

    /// The share of right decisions.
    ///
    /// # Errors
    /// [`Undefined::Empty`] if nothing was counted.
    pub fn accuracy(&self) -> Result<f64, Undefined> {
        let right = self.true_positives + self.true_negatives;
        ratio(right, self.positives() + self.negatives(), Undefined::Empty)
    }

    /// Of the rows predicted positive, the share that is: `tp / (tp + fp)`.
    ///
    /// # Errors
    /// [`Undefined::NoPredictedPositives`].
    pub fn precision(&self) -> Result<f64, Undefined> {
        ratio(
            self.true_positives,
            self.predicted_positives(),
            Undefined::NoPredictedPositives,
        )
    }

    /// Of the positive rows, the share that is predicted so (sensitivity): `tp / (tp + fn)`.
    ///
    /// # Errors
    /// [`Undefined::NoPositives`].
    pub fn recall(&self) -> Result<f64, Undefined> {
        ratio(
            self.true_positives,
            self.positives(),
            Undefined::NoPositives,
        )
    }

    /// Of the negative rows, the share that is predicted so: `tn / (tn + fp)`.
    ///
    /// # Errors
    /// [`Undefined::NoNegatives`].
    pub fn specificity(&self) -> Result<f64, Undefined> {
        ratio(
            self.true_negatives,
            self.negatives(),
            Undefined::NoNegatives,
        )
    }

    /// The harmonic mean of precision and recall: `2 tp / (2 tp + fp + fn)`. It is 0, and defined, if there are positive rows
    /// and none is predicted so.
    ///
    /// # Errors
    /// [`Undefined::NoPositives`] if no row is positive and none is predicted so.
    pub fn f1(&self) -> Result<f64, Undefined> {
        let wrong = self.false_positives + self.false_negatives;
        ratio(
            self.true_positives,
            self.true_positives + wrong / 2.0,
            Undefined::NoPositives,
        )
    }

    /// The mean of [`recall`](Confusion::recall) and [`specificity`](Confusion::specificity).
    ///
    /// # Errors
    /// [`Undefined::NoPositives`] or [`Undefined::NoNegatives`] if all rows are of one class.
    pub fn balanced_accuracy(&self) -> Result<f64, Undefined> {
        Ok((self.recall()? + self.specificity()?) / 2.0)
    }

    /// Matthews' correlation coefficient of class and decision, from −1 to 1:
    /// `(tp tn − fp fn) / √((tp + fp)(tp + fn)(tn + fp)(tn + fn))`.
    ///
    /// # Errors
    /// [`Undefined`] if all rows are of one class or all decisions are the same.
    pub fn mcc(&self) -> Result<f64, Undefined> {
        let sides = [
            (self.positives(), Undefined::NoPositives),
            (self.negatives(), Undefined::NoNegatives),
            (self.predicted_positives(), Undefined::NoPredictedPositives),
            (self.predicted_negatives(), Undefined::NoPredictedNegatives),
        ];
        if let Some(&(_, reason)) = sides.iter().find(|(side, _)| *side == 0.0) {
            return Err(reason);
        }
        // Shares of the whole, so that no product overflows; two roots, so that none underflows.
        let total = self.positives() + self.negatives();
        let [tp, fp, false_negatives, tn] = [
            self.true_positives,
            self.false_positives,
            self.false_negatives,
            self.true_negatives,
        ]
        .map(|cell| cell / total);
        let [
            positives,
            negatives,
            predicted_positives,
            predicted_negatives,
        ] = sides.map(|(side, _)| side / total);
        let numerator = tp * tn - fp * false_negatives;
        let denominator =
            (positives * negatives).sqrt() * (predicted_positives * predicted_negatives).sqrt();
        Ok((numerator / denominator).clamp(-1.0, 1.0))
    }
}

fn ratio(part: f64, whole: f64, reason: Undefined) -> Result<f64, Undefined> {
    if whole > 0.0 {
        Ok(part / whole)
    } else {
        Err(reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: Confusion = Confusion {
        true_positives: 6.0,
        false_positives: 2.0,
        false_negatives: 3.0,
        true_negatives: 9.0,
    };

    #[test]
    fn closed_forms() {
        assert_eq!(TABLE.accuracy(), Ok(15.0 / 20.0));
        assert_eq!(TABLE.precision(), Ok(6.0 / 8.0));
        assert_eq!(TABLE.recall(), Ok(6.0 / 9.0));
        assert_eq!(TABLE.specificity(), Ok(9.0 / 11.0));
        assert_eq!(TABLE.f1(), Ok(12.0 / 17.0));
        assert_eq!(
            TABLE.balanced_accuracy(),
            Ok((6.0 / 9.0 + 9.0 / 11.0) / 2.0)
        );
        let mcc = (6.0 * 9.0 - 2.0 * 3.0) / (8.0f64 * 9.0 * 11.0 * 12.0).sqrt();
        assert!((TABLE.mcc().unwrap() - mcc).abs() < 1e-15);
    }

    #[test]
    fn the_threshold_belongs_to_the_positive_side() {
        let at = |threshold| Confusion::at(&[true, false], &[0.5, 0.5], None, threshold).unwrap();
        assert_eq!(at(0.5).predicted_positives(), 2.0);
        assert_eq!(at(0.5 + f64::EPSILON).predicted_positives(), 0.0);
        assert!(Confusion::at(&[true], &[0.5], None, f64::NAN).is_err());
    }

    #[test]
    fn what_has_no_value_has_a_reason() {
        let none = Confusion::default();
        assert_eq!(none.accuracy(), Err(Undefined::Empty));
        let all_positive = Confusion {
            true_positives: 3.0,
            ..none
        };
        assert_eq!(all_positive.accuracy(), Ok(1.0));
        assert_eq!(all_positive.specificity(), Err(Undefined::NoNegatives));
        assert_eq!(
            all_positive.balanced_accuracy(),
            Err(Undefined::NoNegatives)
        );
        assert_eq!(all_positive.mcc(), Err(Undefined::NoNegatives));
        let never = Confusion {
            false_negatives: 2.0,
            true_negatives: 5.0,
            ..none
        };
        assert_eq!(never.precision(), Err(Undefined::NoPredictedPositives));
        assert_eq!(never.mcc(), Err(Undefined::NoPredictedPositives));
        assert_eq!(never.f1(), Ok(0.0));
        let nothing_to_find = Confusion {
            true_negatives: 5.0,
            ..none
        };
        assert_eq!(nothing_to_find.f1(), Err(Undefined::NoPositives));
        assert_eq!(nothing_to_find.recall(), Err(Undefined::NoPositives));
    }

    #[test]
    fn tiny_and_huge_weights_give_the_same() {
        for scale in [1e-150, 1e150, 8e306] {
            let table = Confusion {
                true_positives: 6.0 * scale,
                false_positives: 2.0 * scale,
                false_negatives: 3.0 * scale,
                true_negatives: 9.0 * scale,
            };
            assert!((table.mcc().unwrap() - TABLE.mcc().unwrap()).abs() < 1e-15);
            assert!((table.f1().unwrap() - TABLE.f1().unwrap()).abs() < 1e-15);
        }
    }
}
