//! How well one column alone tells the two classes apart.

use super::sketch::Sample;
use std::collections::BTreeMap;

/// A column of more different values is not taken for levels.
const MOST_LEVELS: usize = 64;

/// Fewer rows of a class say nothing.
pub(super) const LEAST: usize = 10;

/// The ROC AUC of a column, the largest of three: of its numbers in either direction; of the share of positives among the rows of each
/// value, learned from one half of the rows and judged on the other; and of whether there is a value at all, likewise.
///
/// `classes` has the class of each row of the sample. Nothing if a class has too few rows.
pub(super) fn auc(sample: &Sample, column: usize, classes: &[Option<bool>]) -> Option<f64> {
    let count = |class| {
        classes
            .iter()
            .filter(|&&other| other == Some(class))
            .count()
    };
    if count(true) < LEAST || count(false) < LEAST {
        return None;
    }
    let rows: Vec<Row> = sample
        .column(column)
        .zip(classes)
        .zip(sample.halves())
        .filter_map(|((cell, class), half)| class.map(|class| Row { cell, class, half }))
        .collect();
    let numbers: Vec<(f64, bool)> = rows
        .iter()
        .filter(|row| row.cell.is_finite())
        .map(|row| (row.cell, row.class))
        .collect();
    let by_number = rank_auc(&numbers).filter(|_| {
        let of = |class| numbers.iter().filter(|(_, other)| *other == class).count();
        // Numbers of a few rows say little of the others.
        of(true) >= LEAST && of(false) >= LEAST && numbers.len() * 2 >= rows.len()
    });
    let by_number = by_number.map_or(0.5, |auc| auc.max(1.0 - auc));
    let by_level = level_auc(&rows, |row| row.cell.to_bits());
    let by_presence = level_auc(&rows, |row| u64::from(is_missing(row.cell)));
    Some(by_number.max(by_level).max(by_presence))
}

struct Row {
    cell: f64,
    class: bool,
    half: bool,
}

fn is_missing(cell: f64) -> bool {
    super::column::level(cell).is_none() && cell.is_nan()
}

/// 0.5 if there are too many levels, or a half has one class only.
fn level_auc(rows: &[Row], level: impl Fn(&Row) -> u64) -> f64 {
    let mut levels = BTreeMap::<u64, [[f64; 2]; 2]>::new();
    let mut all = [[0.0; 2]; 2];
    for row in rows {
        if !levels.contains_key(&level(row)) && levels.len() == MOST_LEVELS {
            return 0.5;
        }
        let (half, class) = (usize::from(row.half), usize::from(row.class));
        levels.entry(level(row)).or_default()[half][class] += 1.0;
        all[half][class] += 1.0;
    }
    let judged = [false, true].map(|half| {
        let learned = usize::from(!half);
        let base = all[learned][1] / (all[learned][0] + all[learned][1]);
        let scores: Vec<(f64, bool)> = rows
            .iter()
            .filter(|row| row.half == half)
            .map(|row| {
                let [negatives, positives] = levels[&level(row)][learned];
                // Two rows of the usual mixture keep rare levels near it.
                (
                    (positives + 2.0 * base) / (negatives + positives + 2.0),
                    row.class,
                )
            })
            .collect();
        rank_auc(&scores)
    });
    match judged {
        [Some(a), Some(b)] => (a + b) / 2.0,
        _ => 0.5,
    }
}

/// The probability that a positive row has the larger score, ties counting half (Mann and Whitney 1947); nothing if there is one class only.
fn rank_auc(scores: &[(f64, bool)]) -> Option<f64> {
    let mut sorted = scores.to_vec();
    sorted.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let (mut below, mut wins) = (0.0, 0.0);
    let mut positives = 0.0;
    for tied in sorted.chunk_by(|a, b| a.0 == b.0) {
        let of = |class: bool| tied.iter().filter(|(_, other)| *other == class).count() as f64;
        wins += of(true) * (below + 0.5 * of(false));
        below += of(false);
        positives += of(true);
    }
    (below * positives > 0.0).then(|| wins / (below * positives))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(cells: impl Iterator<Item = f64>, class: impl Fn(usize) -> bool) -> Option<f64> {
        let mut sample = Sample::new(1, 10_000);
        cells.for_each(|cell| sample.offer(&[cell], None));
        let classes: Vec<Option<bool>> = (0..sample.len()).map(|row| Some(class(row))).collect();
        auc(&sample, 0, &classes)
    }

    #[test]
    fn numbers_levels_and_gaps_are_all_looked_at() {
        let rows = || (0..400).map(f64::from);
        assert_eq!(of(rows(), |row| row >= 300), Some(1.0));
        assert_eq!(of(rows(), |row| row < 300), Some(1.0));
        // Not monotone, but one value is always positive.
        assert_eq!(
            of(rows().map(|row| (row % 4.0 - 1.0).abs()), |row| row % 4
                == 1),
            Some(1.0)
        );
        // A number is there in positive rows only.
        let gaps = rows().map(|row| if row % 2.0 == 0.0 { row } else { f64::NAN });
        assert_eq!(of(gaps, |row| row.is_multiple_of(2)), Some(1.0));
        let noise = of(rows().map(|row| (row * 7.0) % 13.0), |row| {
            row.is_multiple_of(2)
        });
        assert!(noise.is_some_and(|auc| auc < 0.65), "{noise:?}");
        // Levels of one row each are not learned by heart.
        let unique = of(rows(), |row| {
            super::super::hash::mix(row as u64).is_multiple_of(2)
        });
        assert!(unique.is_some_and(|auc| auc < 0.6), "{unique:?}");
        assert_eq!(of(rows(), |row| row < 9), None);
    }

    #[test]
    fn ties_count_half() {
        let scores = [(1.0, false), (1.0, true), (2.0, true), (0.0, false)];
        assert_eq!(rank_auc(&scores), Some(0.875));
        assert_eq!(rank_auc(&scores[..1]), None);
    }
}
