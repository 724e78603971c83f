//! How well scores order the rows, whatever the threshold.

use crate::rows::{Row, Rows, ranked};
use crate::{Error, Undefined};

/// The area under the ROC curve: the probability that a positive row scores above a negative one, ties counting half.
///
/// # Errors
/// [`Undefined::NoPositives`] or [`Undefined::NoNegatives`] (as [`Error::Undefined`]) if all rows are of one class; [`Error`] on slices of
/// different lengths, NaN scores, weights that can't be used, and no rows.
///
/// ```
/// use chainrule_metrics::roc_auc;
/// let labels = [false, false, true, true];
/// assert_eq!(roc_auc(&labels, &[0.1, 0.4, 0.35, 0.8], None)?, 0.75);
/// assert_eq!(roc_auc(&labels, &[0.5; 4], None)?, 0.5);
/// # Ok::<(), chainrule_metrics::Error>(())
/// ```
pub fn roc_auc(labels: &[bool], scores: &[f64], weights: Option<&[f64]>) -> Result<f64, Error> {
    Ok(area(&ranked(Rows::new(labels, scores, weights)?.scaled()))?)
}

/// The mean precision over the positive rows, as scikit-learn defines it: `Σ (Rₙ − Rₙ₋₁) Pₙ` over the distinct scores from the
/// highest down, without interpolation. Rows of equal score come in together.
///
/// # Errors
/// [`Undefined::NoPositives`] (as [`Error::Undefined`]) if no row is positive; [`Error`] as [`roc_auc`].
///
/// ```
/// use chainrule_metrics::average_precision;
/// let labels = [false, false, true, true];
/// let found = average_precision(&labels, &[0.1, 0.4, 0.35, 0.8], None)?;
/// assert!((found - (0.5 * 1.0 + 0.5 * 2.0 / 3.0)).abs() < 1e-15);
/// # Ok::<(), chainrule_metrics::Error>(())
/// ```
pub fn average_precision(
    labels: &[bool],
    scores: &[f64],
    weights: Option<&[f64]>,
) -> Result<f64, Error> {
    Ok(step_area(&ranked(
        Rows::new(labels, scores, weights)?.scaled(),
    ))?)
}

/// ROC AUC of rows that are ranked.
pub(crate) fn area(ranked: &[Row]) -> Result<f64, Undefined> {
    let (mut positives, mut negatives, mut area) = (0.0, 0.0, 0.0);
    for (group_positives, group_negatives) in groups(ranked) {
        area += group_negatives * (positives + group_positives / 2.0);
        positives += group_positives;
        negatives += group_negatives;
    }
    match (positives, negatives) {
        (0.0, _) => Err(Undefined::NoPositives),
        (_, 0.0) => Err(Undefined::NoNegatives),
        _ => Ok((area / (positives * negatives)).clamp(0.0, 1.0)),
    }
}

/// Average precision of rows that are ranked.
pub(crate) fn step_area(ranked: &[Row]) -> Result<f64, Undefined> {
    let (mut positives, mut total, mut area) = (0.0, 0.0, 0.0);
    for (group_positives, group_negatives) in groups(ranked) {
        positives += group_positives;
        total += group_positives + group_negatives;
        area += group_positives * (positives / total);
    }
    if positives > 0.0 {
        Ok((area / positives).clamp(0.0, 1.0))
    } else {
        Err(Undefined::NoPositives)
    }
}

/// The weights of the positive and the negative rows of each distinct score, the highest first.
fn groups(ranked: &[Row]) -> impl Iterator<Item = (f64, f64)> {
    ranked.chunk_by(|a, b| a.score == b.score).map(|group| {
        group
            .iter()
            .fold((0.0, 0.0), |(positives, negatives), row| {
                if row.label {
                    (positives + row.weight, negatives)
                } else {
                    (positives, negatives + row.weight)
                }
            })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flipping_class_and_score_keeps_the_area() {
        let (labels, scores) = ([false, false, true, true], [0.1, 0.4, 0.35, 0.8]);
        let (flipped, negated) = (labels.map(|label| !label), scores.map(|score: f64| -score));
        assert_eq!(roc_auc(&labels, &scores, None), Ok(0.75));
        assert_eq!(roc_auc(&flipped, &negated, None), Ok(0.75));
        assert_eq!(roc_auc(&flipped, &scores, None), Ok(0.25));
        assert_eq!(roc_auc(&labels, &negated, None), Ok(0.25));
    }

    #[test]
    fn ties_count_half_wherever_they_stand() {
        for labels in [
            [true, false, true, false],
            [false, true, false, true],
            [true, true, false, false],
        ] {
            assert_eq!(roc_auc(&labels, &[0.3; 4], None), Ok(0.5));
            assert_eq!(average_precision(&labels, &[0.3; 4], None), Ok(0.5));
        }
        assert_eq!(roc_auc(&[true, false], &[0.0, -0.0], None), Ok(0.5));
        assert_eq!(
            roc_auc(&[true, false, true], &[2.0, 1.0, 1.0], None),
            Ok(0.75)
        );
    }

    #[test]
    fn infinite_scores_have_a_rank() {
        let scores = [f64::NEG_INFINITY, 0.0, f64::INFINITY, f64::INFINITY];
        assert_eq!(
            roc_auc(&[false, true, true, false], &scores, None),
            Ok(0.625)
        );
    }

    #[test]
    fn only_ratios_of_weights_count() {
        let (labels, scores) = ([false, true, false, true], [1.0, 2.0, 3.0, 4.0]);
        for weight in [1e-320, 1e-200, 1.0, 1e200, 2e307] {
            assert_eq!(roc_auc(&labels, &scores, Some(&[weight; 4])), Ok(0.75));
            let found = average_precision(&labels, &scores, Some(&[weight; 4])).unwrap();
            assert!((found - (0.5 + 1.0 / 3.0)).abs() < 1e-15);
        }
    }

    #[test]
    fn a_weight_that_is_nothing_beside_the_others_does_no_harm() {
        let found = average_precision(&[false, true], &[1.0, 0.0], Some(&[1e-300, 1e300]));
        assert_eq!(found, Ok(1.0));
    }

    #[test]
    fn one_class_has_no_area() {
        assert_eq!(
            roc_auc(&[true; 3], &[0.9, 0.8, 0.7], None),
            Err(Undefined::NoNegatives.into())
        );
        assert_eq!(
            roc_auc(&[false; 3], &[0.9, 0.8, 0.7], None),
            Err(Undefined::NoPositives.into())
        );
        assert_eq!(
            roc_auc(&[true, false], &[0.9, 0.8], Some(&[1.0, 0.0])),
            Err(Undefined::NoNegatives.into())
        );
        assert_eq!(
            average_precision(&[true; 3], &[0.9, 0.8, 0.7], None),
            Ok(1.0)
        );
        assert_eq!(
            average_precision(&[false; 2], &[0.9, 0.8], None),
            Err(Undefined::NoPositives.into())
        );
    }
}
