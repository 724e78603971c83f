//! The threshold at which decisions are best.

use crate::rows::{Row, Rows, ranked};
use crate::{Confusion, Error, Metric, Undefined};

/// A threshold that was chosen, and what it brings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BestThreshold {
    /// Rows of at least this probability are to be predicted positive.
    pub threshold: f64,
    /// The metric there, as [`Confusion::at`] gives it.
    pub score: f64,
    /// The ends of the gap: every threshold above the first, up to and with the second, makes the same decisions.
    pub gap: (f64, f64),
}

/// No threshold is chosen by this metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no threshold can be chosen by {0}: {why}; choose by one of {list}", why = why(*.0), list = names())]
pub struct NotForThresholds(pub Metric);

impl Metric {
    /// Those that a threshold can be chosen by. Precision and recall depend on one too, but the best of either is bought with all of the
    /// other: recall is 1 where every row is predicted positive, and precision is highest where next to none is.
    pub const FOR_THRESHOLDS: [Metric; 4] = [
        Metric::Accuracy,
        Metric::BalancedAccuracy,
        Metric::F1,
        Metric::Mcc,
    ];
}

/// The threshold at which the decisions on these rows are best by a metric.
///
/// The search is exact: decisions change only where the threshold passes a probability, so each gap between neighbouring probabilities
/// is tried once, and so are all rows predicted positive and none. It takes `O(n log n)`, for the sorting.
///
/// - The threshold is the middle of its gap, where 0 and 1 count as neighbours: as far as can be from the rows on both sides.
/// - Gaps whose scores are within 1e-12 of the best are equally good. Of these the one nearest to ½ is taken, so decisions are those at
///   ½ unless others are better; of two that are as near, the lower one. The order of the rows does not matter.
/// - Where the metric has no value (MCC, if all rows are predicted the same), the gap is left out.
///
/// It is scikit-learn's `TunedThresholdClassifierCV` with `cv="prefit"`, but for its grid of thresholds (a hundred, evenly spaced) and its
/// way with ties (the lowest threshold).
///
/// A score on the rows that have chosen a threshold is better than on others: see what it is worth on rows of their own.
///
/// # Errors
/// [`Error::NotForThresholds`] if the metric is none of [`Metric::FOR_THRESHOLDS`]; [`Undefined`] (as [`Error::Undefined`]) if all rows are
/// of one class, or the metric has no value at any threshold; [`Error`] on slices of different lengths, probabilities that are NaN or
/// outside [0, 1], weights that can't be used, and no rows.
///
/// ```
/// use chainrule_metrics::{Metric, best_threshold};
///
/// let labels = [false, false, false, true, false, true];
/// let probabilities = [0.02, 0.05, 0.08, 0.2, 0.3, 0.4];
/// let best = best_threshold(&labels, &probabilities, None, Metric::F1)?;
/// assert!((best.threshold - 0.14).abs() < 1e-15); // between 0.08 and 0.2
/// assert_eq!(best.score, 0.8); // both found, for one false alarm
/// # Ok::<(), chainrule_metrics::Error>(())
/// ```
pub fn best_threshold(
    labels: &[bool],
    probabilities: &[f64],
    weights: Option<&[f64]>,
    metric: Metric,
) -> Result<BestThreshold, Error> {
    let value = match metric.of_decisions() {
        Some(value) if Metric::FOR_THRESHOLDS.contains(&metric) => value,
        _ => return Err(NotForThresholds(metric).into()),
    };
    let rows = Rows::with_probabilities(labels, probabilities, weights)?;
    let cuts = cuts(&ranked(rows.scaled()));
    let of_classes = cuts[0].confusion;
    if of_classes.positives() == 0.0 {
        return Err(Undefined::NoPositives.into());
    }
    if of_classes.negatives() == 0.0 {
        return Err(Undefined::NoNegatives.into());
    }
    let scores: Vec<_> = cuts.iter().map(|cut| value(&cut.confusion)).collect();
    let known = scores.iter().flatten();
    let best = known.copied().fold(f64::NEG_INFINITY, f64::max);
    let is_best = |score: &f64| *score >= best - EQUAL;
    let good = (cuts.iter().zip(&scores)).filter(|(_, score)| score.iter().any(is_best));
    // The cuts go from the highest threshold down, and the last of equals is taken.
    let nearest = good
        .map(|(cut, _)| cut)
        .reduce(|a, b| if b.distance() <= a.distance() { b } else { a });
    let Some(cut) = nearest else {
        let reason = scores.iter().rev().find_map(|score| score.err());
        return Err(reason.unwrap_or(Undefined::Empty).into());
    };
    let threshold = cut.threshold();
    Ok(BestThreshold {
        threshold,
        score: value(&Confusion::of(&rows, threshold))?,
        gap: cut.gap,
    })
}

/// Scores that differ by no more are equal: two that are equal as fractions differ by a few roundings.
const EQUAL: f64 = 1e-12;

/// One of the ways to decide.
struct Cut {
    /// The thresholds that decide so: above the first, up to the second.
    gap: (f64, f64),
    confusion: Confusion,
}

impl Cut {
    fn threshold(&self) -> f64 {
        let (above, up_to) = self.gap;
        let middle = f64::midpoint(above, up_to);
        // Neighbours among the numbers have nothing between them.
        if middle > above { middle } else { up_to }
    }

    /// From ½ to the gap.
    fn distance(&self) -> f64 {
        let (above, up_to) = self.gap;
        (0.5 - up_to).max(above - 0.5).max(0.0)
    }
}

/// All ways to decide, from none predicted positive to all. With a row of probability 1 there is no threshold for the first.
fn cuts(ranked: &[Row]) -> Vec<Cut> {
    let levels: Vec<(f64, f64, f64)> = ranked
        .chunk_by(|a, b| a.score == b.score)
        .map(|level| {
            let of_class = |class| {
                let rows = level.iter().filter(move |row| row.label == class);
                rows.map(|row| row.weight).sum::<f64>()
            };
            (level[0].score, of_class(true), of_class(false))
        })
        .collect();
    let mut cuts: Vec<Cut> = (0..=levels.len())
        .map(|count| Cut {
            gap: (
                levels.get(count).map_or(0.0, |level| level.0),
                count.checked_sub(1).map_or(1.0, |last| levels[last].0),
            ),
            confusion: Confusion::default(),
        })
        .collect();
    // What is predicted positive is added up from above, the rest from below, and nothing is subtracted: sides without rows are 0.
    let (mut true_positives, mut false_positives) = (0.0, 0.0);
    for (cut, level) in cuts[1..].iter_mut().zip(&levels) {
        true_positives += level.1;
        false_positives += level.2;
        cut.confusion.true_positives = true_positives;
        cut.confusion.false_positives = false_positives;
    }
    let (mut false_negatives, mut true_negatives) = (0.0, 0.0);
    for (cut, level) in cuts.iter_mut().zip(&levels).rev() {
        false_negatives += level.1;
        true_negatives += level.2;
        cut.confusion.false_negatives = false_negatives;
        cut.confusion.true_negatives = true_negatives;
    }
    cuts.retain(|cut| cut.gap.0 < 1.0);
    cuts
}

fn why(metric: Metric) -> &'static str {
    match metric {
        Metric::Recall => "it is 1 where every row is predicted positive",
        Metric::Precision => "it is highest where next to no row is predicted positive",
        _ => "it looks at probabilities, and not at decisions",
    }
}

fn names() -> String {
    Metric::FOR_THRESHOLDS.map(Metric::name).join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn best(labels: &[bool], p: &[f64], metric: Metric) -> Result<BestThreshold, Error> {
        best_threshold(labels, p, None, metric)
    }

    #[test]
    fn the_threshold_is_the_middle_of_its_gap() {
        let labels = [true, true, false, false];
        for metric in Metric::FOR_THRESHOLDS {
            let found = best(&labels, &[0.875, 0.75, 0.25, 0.125], metric).unwrap();
            assert_eq!((found.threshold, found.score), (0.5, 1.0), "{metric}");
            let low = best(&labels, &[0.125, 0.0625, 0.03125, 0.0], metric).unwrap();
            assert_eq!(low.gap, (0.03125, 0.0625));
            assert_eq!((low.threshold, low.score), (0.046875, 1.0), "{metric}");
        }
    }

    #[test]
    fn neighbours_among_the_numbers_are_told_apart() {
        let (p, next) = (0.3, 0.3f64.next_up());
        let found = best(&[false, true], &[p, next], Metric::Accuracy).unwrap();
        assert_eq!((found.threshold, found.score), (next, 1.0));
        let least = best(&[false, true], &[0.0, 5e-324], Metric::Mcc).unwrap();
        assert_eq!((least.threshold, least.score), (5e-324, 1.0));
        let most = best(&[false, true], &[1.0f64.next_down(), 1.0], Metric::Mcc).unwrap();
        assert_eq!((most.threshold, most.score), (1.0, 1.0));
    }

    #[test]
    fn of_equals_the_nearest_to_a_half_is_taken() {
        // In each of the two tables two ways to decide are right for two of three.
        let labels = [false, true, false];
        let at = |p: [f64; 3]| best(&labels, &p, Metric::Accuracy).unwrap();
        assert_eq!(at([0.125, 0.25, 0.375]).gap, (0.375, 1.0));
        assert_eq!(at([0.625, 0.75, 0.875]).gap, (0.625, 0.75));
        // As near from above as from below: the lower one.
        let found = best(
            &[true, false, true, false, true, false],
            &[0.25, 0.375, 0.375, 0.625, 0.625, 0.75],
            Metric::BalancedAccuracy,
        );
        let found = found.unwrap();
        assert_eq!((found.gap, found.score), ((0.0, 0.25), 0.5));
        // A probability of ½ is predicted positive at ½.
        let found = best(
            &[false, true, false, true],
            &[0.25, 0.5, 0.5, 0.625],
            Metric::Accuracy,
        );
        assert_eq!(found.unwrap().gap, (0.25, 0.5));
    }

    #[test]
    fn to_predict_one_class_for_all_may_be_best() {
        let labels = [false, false, false, true, false];
        let backwards = best(&labels, &[0.75, 0.5, 0.25, 0.125, 0.5], Metric::Accuracy).unwrap();
        assert_eq!((backwards.threshold, backwards.score), (0.875, 0.8));
        // A probability of 1 is at least any threshold.
        let sure = best(&labels, &[1.0, 0.5, 0.25, 0.125, 0.5], Metric::Accuracy).unwrap();
        assert_eq!((sure.gap, sure.score), ((0.5, 1.0), 0.6));
        let labels = labels.map(|label| !label);
        let all = best(&labels, &[0.25, 0.5, 0.75, 0.875, 0.5], Metric::F1).unwrap();
        assert_eq!((all.gap, all.threshold), ((0.0, 0.25), 0.125));
        let zero = best(&labels, &[0.0, 0.5, 0.75, 0.875, 0.5], Metric::F1).unwrap();
        assert_eq!((zero.gap, zero.threshold), ((0.0, 0.0), 0.0));
    }

    #[test]
    fn what_has_no_value_anywhere_has_a_reason() {
        let two = [true, false];
        for metric in Metric::FOR_THRESHOLDS {
            let one_class = |class| best(&[class; 2], &[0.25, 0.75], metric);
            assert_eq!(one_class(true), Err(Undefined::NoNegatives.into()));
            assert_eq!(one_class(false), Err(Undefined::NoPositives.into()));
            assert_eq!(best(&[], &[], metric), Err(Undefined::Empty.into()));
            assert_eq!(
                best_threshold(&two, &[0.25, 0.75], Some(&[1.0, 0.0]), metric),
                Err(Undefined::NoNegatives.into())
            );
            assert_eq!(
                best(&two, &[0.25, f64::NAN], metric),
                Err(Error::NotANumber { row: 1 })
            );
            assert!(best(&two, &[0.25, 1.5], metric).is_err());
        }
        assert_eq!(
            best(&two, &[0.25; 2], Metric::Mcc),
            Err(Undefined::NoPredictedNegatives.into())
        );
        assert!(best(&two, &[0.25; 2], Metric::F1).is_ok());
    }

    #[test]
    fn metrics_that_choose_nothing_are_refused_with_a_reason() {
        for metric in Metric::ALL {
            let found = best(&[true, false], &[0.75, 0.25], metric);
            let expected = Metric::FOR_THRESHOLDS.contains(&metric);
            assert_eq!(found.is_ok(), expected, "{metric}");
        }
        let said = NotForThresholds(Metric::Recall).to_string();
        assert_eq!(
            said,
            "no threshold can be chosen by recall: it is 1 where every row is predicted positive; choose by one of accuracy, balanced-accuracy, f1, mcc"
        );
    }

    #[test]
    fn weights_are_respected_at_any_scale() {
        let (labels, p) = ([true, false, true, false], [0.125, 0.25, 0.5, 0.75]);
        for scale in [1e-300, 1.0, 1e300] {
            let found = |weights: [f64; 4]| {
                let weights = weights.map(|weight| weight * scale);
                best_threshold(&labels, &p, Some(&weights), Metric::Accuracy).unwrap()
            };
            assert_eq!(found([9.0, 1.0, 1.0, 1.0]).gap, (0.0, 0.125));
            assert_eq!(found([1.0, 9.0, 1.0, 1.0]).gap, (0.25, 0.5));
            assert_eq!(found([1.0, 9.0, 1.0, 9.0]).gap, (0.75, 1.0));
            assert_eq!(found([0.0, 1.0, 1.0, 0.0]).gap, (0.25, 0.5));
        }
    }
}
