//! Columns that say the same.

use super::{Finding, finding};
use crate::doctor::TableState;
use crate::doctor::code::Code;
use crate::doctor::column::{ColumnState, Kind};
use crate::text::list;

/// Of fewer rows columns may well agree by chance.
const LEAST_ROWS: usize = 20;

/// So many rows for each name, on average; where each row has a name of its own, all columns of such names agree.
const LEAST_OF_LEVEL: usize = 5;

/// Columns of numbers that are compared, each with each.
const MOST_COMPARED: usize = 10_000;

pub(super) fn columns(table: &TableState, found: &mut Vec<Finding>) {
    let has_values = |column: &ColumnState| column.present() > 0 && column.distinct.count() > 1;
    let all = (0..table.names.len()).filter(|&at| has_values(&table.columns[at]));
    // Of columns with the same values the first stands for all.
    let mut different = Vec::new();
    for same in groups(all.collect(), |a, b| {
        table.columns[a].content == table.columns[b].content
    }) {
        different.push(same[0]);
        let next = match same.iter().any(|&at| is_target(table, at)) {
            true => "--ignore the copy of the target",
            false => "--ignore all but one",
        };
        tell(
            table,
            found,
            Code::DuplicateColumns,
            &same,
            "have the same values",
            next,
        );
    }
    // What repeats the target is a leak.
    different.retain(|&at| !is_target(table, at));
    if table.rows < LEAST_ROWS {
        return;
    }

    let scales: Vec<(usize, Scale)> = different
        .iter()
        .filter_map(|&at| Some((at, Scale::of(table, at)?)))
        .take(MOST_COMPARED)
        .collect();
    for same in groups((0..scales.len()).collect(), |a, b| {
        scales[a].1.is_that_of(&scales[b].1, table)
    }) {
        let same: Vec<usize> = same.into_iter().map(|at| scales[at].0).collect();
        let what = "are the same up to scale and shift: a correlation of 1 or -1";
        let next = "--ignore all but one: a network learns nothing more from the others";
        tell(table, found, Code::RescaledColumns, &same, what, next);
    }

    let has_levels = |at: &usize| {
        let column = &table.columns[*at];
        column.pattern.get().is_some()
            && column.distinct.count() * LEAST_OF_LEVEL <= column.present()
    };
    different.retain(has_levels);
    let are_names = |at: usize| table.columns[at].kind() != Kind::Numeric;
    for same in groups(different, |a, b| {
        table.columns[a].pattern.get() == table.columns[b].pattern.get()
            && (are_names(a) || are_names(b))
    }) {
        let what = "are the same up to the names of their values";
        let next =
            "--ignore all but one, and keep numbers rather than names where these have an order";
        tell(table, found, Code::RenamedLevels, &same, what, next);
    }
}

fn is_target(table: &TableState, at: usize) -> bool {
    let target = table.target.as_ref();
    target.is_some_and(|target| target.column == at)
}

/// Parts columns into those that are as the first of their group; the order stays.
fn groups(columns: Vec<usize>, is_same: impl Fn(usize, usize) -> bool) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut done = vec![false; columns.len()];
    for (at, &first) in columns.iter().enumerate() {
        if done[at] {
            continue;
        }
        let mut group = vec![first];
        for (other, done) in columns.iter().zip(&mut done).skip(at + 1) {
            if !*done && is_same(first, *other) {
                *done = true;
                group.push(*other);
            }
        }
        groups.push(group);
    }
    groups
}

fn tell(
    table: &TableState,
    found: &mut Vec<Finding>,
    code: Code,
    same: &[usize],
    what: &str,
    next: &str,
) {
    if same.len() < 2 {
        return;
    }
    let names: Vec<String> = same.iter().map(|&at| table.names[at].clone()).collect();
    let mut finding = finding(code, format!("columns {} {what}", list(&names)), next);
    finding.columns = names;
    found.push(finding);
}

/// Where the numbers of a column lie, in the sampled rows and in all.
struct Scale {
    at: usize,
    least: f64,
    /// The largest less the least, halved: the whole may be too large.
    half_range: f64,
    /// The last digit that the numbers are written with, in units of the range; 0 if they are not rounded.
    step: f64,
    /// Of all rows, from 0 at the least number to 1 at the largest.
    mean: f64,
    deviation: f64,
}

/// What computing takes from equal numbers, in units of the range.
const ROUNDING: f64 = 1e-9;

/// Digits are taken for rounded only where there are more steps than this in the range: below, each number means what it says.
const LEAST_STEPS: f64 = 100.0;

impl Scale {
    /// Nothing for a column that is not of numbers, or of one.
    fn of(table: &TableState, at: usize) -> Option<Scale> {
        let column = &table.columns[at];
        if column.kind() != Kind::Numeric || column.infinite > 0 {
            return None;
        }
        let numbers = || table.sample.column(at).filter(|cell| cell.is_finite());
        let least = numbers().fold(f64::INFINITY, f64::min);
        let largest = numbers().fold(f64::NEG_INFINITY, f64::max);
        let half_range = largest / 2.0 - least / 2.0;
        if !half_range.is_finite() || half_range <= 0.0 {
            return None;
        }
        let whole = column.max / 2.0 - column.min / 2.0;
        Some(Scale {
            at,
            least,
            half_range,
            step: last_digit(numbers()).unwrap_or_default() / 2.0 / half_range,
            mean: (column.moments.mean() / 2.0 - column.min / 2.0) / whole,
            deviation: column.moments.deviation() / 2.0 / whole,
        })
    }

    /// From 0 for the least number to 1 for the largest.
    fn place(&self, value: f64) -> f64 {
        (value / 2.0 - self.least / 2.0) / self.half_range
    }

    fn is_that_of(&self, other: &Scale, table: &TableState) -> bool {
        let step = self.step + other.step;
        // Each number is off by half a step, and so are the ends of the range.
        let most = ROUNDING
            + if step * LEAST_STEPS < 1.0 {
                1.5 * step
            } else {
                0.0
            };
        let is_near = |a: f64, b: f64| (a - b).abs() <= most;
        let agrees = |turned: bool| {
            let turn = |place: f64| if turned { 1.0 - place } else { place };
            is_near(self.deviation, other.deviation)
                && is_near(self.mean, turn(other.mean))
                && (0..table.sample.len()).all(|row| {
                    let cells = [self.at, other.at].map(|at| table.sample.cell(row, at));
                    match cells.map(f64::is_nan) {
                        [false, false] => {
                            is_near(self.place(cells[0]), turn(other.place(cells[1])))
                        }
                        [one, other] => one == other,
                    }
                })
        };
        agrees(false) || agrees(true)
    }
}

/// The size of the last digit after the point that any of the numbers has; nothing if some have too many.
fn last_digit(numbers: impl Iterator<Item = f64>) -> Option<f64> {
    const MOST_DIGITS: i32 = 9;
    let (mut digits, mut power) = (0, 1.0);
    for number in numbers {
        let is_whole = |scaled: f64| (scaled - scaled.round()).abs() <= 1e-6;
        while !is_whole(number * power) {
            (digits, power) = (digits + 1, power * 10.0);
            if digits > MOST_DIGITS {
                return None;
            }
        }
        if (number * power).abs() > 9e15 {
            return None;
        }
    }
    Some(1.0 / power)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_digit_is_that_of_the_longest_number() {
        let of = |numbers: &[f64]| last_digit(numbers.iter().copied());
        assert_eq!(of(&[1.0, -20.0]), Some(1.0));
        assert_eq!(of(&[0.1, 0.25, 7.0]), Some(0.01));
        assert_eq!(of(&[0.1 + 0.2, 1e10]), Some(0.1));
        assert_eq!(of(&[1.0 / 3.0]), None);
        assert_eq!(of(&[1e300, f64::MAX]), None);
    }

    #[test]
    fn columns_are_grouped_with_the_first_that_they_are_as() {
        let found = groups((0..7).collect(), |a, b| a % 3 == b % 3 && a % 3 > 0);
        assert_eq!(found, [vec![0], vec![1, 4], vec![2, 5], vec![3], vec![6]]);
    }
}
