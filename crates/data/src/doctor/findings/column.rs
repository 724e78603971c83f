//! One column that is no target.

use super::{Finding, finding};
use crate::doctor::TableState;
use crate::doctor::code::Code;
use crate::doctor::column::{ColumnState, Kind};
use crate::text::{counted, grouped, quote};

/// From this many standard deviations on (taken from the quartiles, and by the mean distance of the neighbours too) a value is far off.
const FAR: f64 = 50.0;

/// The ratio of large to small values from which a logarithm is worth a thought.
const WIDE: f64 = 1e5;

/// The ratio of a value to the differences between values from which these are its last digits.
const NARROW: f64 = 1e6;

/// A column that is looked at.
pub(super) struct Look<'a> {
    pub table: &'a TableState,
    pub at: usize,
    pub column: &'a ColumnState,
    pub name: &'a str,
}

impl Look<'_> {
    fn push(&self, found: &mut Vec<Finding>, code: Code, message: String, next: impl Into<String>) {
        found.push(finding(code, message, next).of(self.name));
    }

    /// The finite numbers of the sampled rows, ascending.
    fn numbers(&self) -> Vec<f64> {
        let cells = self.table.sample.column(self.at);
        let mut numbers: Vec<f64> = cells.filter(|cell| cell.is_finite()).collect();
        numbers.sort_unstable_by(f64::total_cmp);
        numbers
    }

    /// What the cells are.
    pub fn content(&self, found: &mut Vec<Finding>) {
        let (column, rows) = (self.column, self.table.rows);
        if column.present() == 0 {
            let next = "nothing to do: training leaves it out";
            return self.push(
                found,
                Code::EmptyColumn,
                format!("column {} has no value in any row", quote(self.name)),
                next,
            );
        }
        let distinct = column.distinct.count();
        if distinct == 1 && column.missing == 0 {
            let next = "nothing to do: it changes no prediction; --ignore it to be rid of it";
            return self.push(
                found,
                Code::ConstantColumn,
                format!(
                    "column {} has the same value in every row",
                    quote(self.name)
                ),
                next,
            );
        }
        if column.kind() == Kind::Mixed {
            let shown: Vec<String> = column
                .first_texts
                .iter()
                .map(|(line, text)| format!("{text} in line {line}"))
                .collect();
            let message = format!(
                "{} of {} are text, the others numbers: {}",
                grouped(column.texts),
                counted(column.present(), "value"),
                shown.join(", ")
            );
            let next = "--missing WORD if it means a missing value, --categorical if all values are names, or correct them";
            found.push(
                finding(Code::MixedColumn, message, next)
                    .of(self.name)
                    .count(column.texts)
                    .lines(column.first_texts.iter().map(|(line, _)| *line)),
            );
        }
        if let Some(line) = column.first_infinite {
            let message = format!(
                "{} (the first in line {line})",
                counted(column.infinite, "infinite value")
            );
            let next = "--allow-infinite takes them for missing; or correct them";
            found.push(
                finding(Code::InfiniteValues, message, next)
                    .of(self.name)
                    .count(column.infinite)
                    .lines([line]),
            );
        }
        self.identifier(distinct, rows, found);
        if column.kind() == Kind::Date && column.day_or_month() {
            let next = "write the year first, 2024-12-31; until then the month is taken to come first, or after points the day";
            self.push(
                found,
                Code::AmbiguousDates,
                "day and month can't be told apart in any of its dates".to_owned(),
                next,
            );
        }
    }

    fn identifier(&self, distinct: usize, rows: usize, found: &mut Vec<Finding>) {
        let column = self.column;
        let (present, kind) = (column.present(), column.kind());
        // Of few rows all may well differ, and estimates are off by some percent.
        let all_differ = match column.distinct.is_exact() {
            true => distinct == present,
            false => distinct as f64 >= 0.9 * present as f64,
        };
        let is_number =
            kind == Kind::Numeric && column.are_whole && all_differ && column.missing == 0;
        let what = if rows < 20 {
            return;
        } else if is_number && column.ascends {
            "a whole number of its own in every row, ascending"
        } else if is_number && is_name_of_identifier(self.name) {
            "a whole number of its own in every row"
        } else if kind == Kind::Categorical && all_differ {
            "a text of its own in every row"
        } else if kind == Kind::Categorical && distinct > 50 && distinct * 5 > present {
            let about = if column.distinct.is_exact() {
                ""
            } else {
                "about "
            };
            let message = format!(
                "{about}{distinct} different names in {}: few rows share one",
                counted(present, "row")
            );
            let next = "--ignore it if it names the rows, or write in its place what the names have in common";
            found.push(
                finding(Code::ManyLevels, message, next)
                    .of(self.name)
                    .count(distinct),
            );
            return;
        } else {
            return;
        };
        let next = match kind {
            Kind::Categorical => "nothing to do: training leaves it out",
            _ => {
                "--ignore it: in new rows it has values that were never seen, and what it says of these rows does not last"
            }
        };
        self.push(found, Code::Identifier, what.to_owned(), next);
    }

    /// What is missing, and what may mean so.
    pub fn missing(&self, found: &mut Vec<Finding>) {
        let (column, rows) = (self.column, self.table.rows);
        if column.present() == 0 {
            return;
        }
        if column.missing * 2 > rows {
            let message = format!(
                "{} of {} are missing",
                grouped(column.missing),
                counted(rows, "value")
            );
            let next = "--ignore it, unless that a value is missing says something by itself";
            found.push(
                finding(Code::MostlyMissing, message, next)
                    .of(self.name)
                    .count(column.missing),
            );
        } else if column.missing > 0 {
            let message = format!(
                "{} {} of {}",
                quote(self.name),
                grouped(column.missing),
                counted(rows, "value")
            );
            let next = "nothing to do: they are filled in with the median or the most frequent value, and an input tells where; --ignore a column to leave it out";
            found.push(
                finding(Code::MissingValues, message, next)
                    .of(self.name)
                    .count(column.missing),
            );
        }
        if column.kind() == Kind::Numeric && column.distinct.count() > 10 {
            let numbers = self.numbers();
            for (value, line) in [(column.min, column.min_line), (column.max, column.max_line)] {
                if let Some(count) = missing_code(value, &numbers) {
                    let count = scaled(count, self.table);
                    let message = format!(
                        "{value} in {}, far from all other values, may mean that the value is missing",
                        counted(count, "row")
                    );
                    let next = if value == 0.0 {
                        "make these cells empty if it does; else nothing".to_owned()
                    } else {
                        format!("--missing {value} if it does (in all columns); else nothing")
                    };
                    found.push(
                        finding(Code::MissingCode, message, next)
                            .of(self.name)
                            .count(count)
                            .lines([line]),
                    );
                }
            }
        }
    }

    /// How large the numbers are.
    pub fn values(&self, found: &mut Vec<Finding>) {
        let column = self.column;
        if column.kind() != Kind::Numeric || column.distinct.count() <= 10 {
            return;
        }
        let numbers = self.numbers();
        if numbers.len() < 20 {
            return;
        }
        let at = |share: f64| numbers[(share * (numbers.len() - 1) as f64).round() as usize];
        let (median, range) = (at(0.5), at(0.75) - at(0.25));
        // The quartiles of a normal distribution are 1.349 standard deviations apart.
        let deviation = range / 1.349;
        let is_far = |value: f64| deviation > 0.0 && (value - median).abs() > FAR * deviation;
        let extreme = if median - column.min > column.max - median {
            (column.min, column.min_line)
        } else {
            (column.max, column.max_line)
        };
        let far = numbers.iter().filter(|&&value| is_far(value)).count();
        // Where many are far off the column is wide, and these are no exceptions.
        if is_far(extreme.0) && far * 200 <= numbers.len() {
            let message = format!(
                "{} in line {} is {:.0} standard deviations (by the quartiles) from the median {}; {} as far or beyond {FAR}",
                short(extreme.0),
                extreme.1,
                (extreme.0 - median).abs() / deviation,
                short(median),
                counted(scaled(far.max(1), self.table), "value"),
            );
            let next = "correct it if it is a slip; else --preprocess robust keeps it from squeezing the other values together";
            found.push(
                finding(Code::Outliers, message, next)
                    .of(self.name)
                    .count(scaled(far.max(1), self.table))
                    .lines([extreme.1]),
            );
        }
        let (small, large) = (at(0.01), at(0.99));
        if small > 0.0 && large / small >= WIDE {
            let message = format!(
                "values from {} to {}, a ratio of {:.0e}",
                short(small),
                short(large),
                large / small
            );
            self.push(
                found,
                Code::WideScale,
                message,
                "its logarithm may tell more; add it as a column and --ignore this one",
            );
        }
        if range > 0.0 && median.abs() / range >= NARROW {
            let message = format!(
                "values near {} that differ by about {}: their last digits",
                short(median),
                short(range)
            );
            self.push(found, Code::NarrowScale, message, "subtract what is common to all, or make sure that the digits were not rounded away");
        }
    }
}

/// How many rows a count in the sample stands for.
fn scaled(count: usize, table: &TableState) -> usize {
    let share = table.rows as f64 / table.sample.len().max(1) as f64;
    (count as f64 * share + 0.5) as usize
}

fn is_name_of_identifier(name: &str) -> bool {
    let is_one = |word: &str| {
        matches!(
            word.to_lowercase().as_str(),
            "id" | "ids"
                | "uid"
                | "uuid"
                | "guid"
                | "key"
                | "index"
                | "row"
                | "rownum"
                | "number"
                | "nr"
                | "no"
                | "serial"
        )
    };
    words(name).any(is_one)
}

/// The words of a name, also of one such as `PassengerId` or `customerID`.
fn words(name: &str) -> impl Iterator<Item = &str> {
    name.split(|c: char| !c.is_alphanumeric()).flat_map(|part| {
        let mut ends: Vec<usize> = part
            .char_indices()
            .zip(part.chars().skip(1))
            .filter(|((_, c), next)| c.is_lowercase() && next.is_uppercase())
            .map(|((at, c), _)| at + c.len_utf8())
            .collect();
        ends.push(part.len());
        let mut start = 0;
        ends.into_iter()
            .map(move |end| &part[std::mem::replace(&mut start, end)..end])
    })
}

pub(super) fn is_missing_word(level: &str) -> bool {
    let level = level.trim().to_lowercase();
    matches!(
        level.as_str(),
        "unknown"
            | "unk"
            | "missing"
            | "n.a."
            | "n.a"
            | "not available"
            | "not applicable"
            | "undefined"
            | "nil"
            | "-"
            | "--"
            | "---"
            | "."
            | ".."
            | "*"
            | "blank"
            | "empty"
            | "not known"
            | "not stated"
            | "unspecified"
            | "(null)"
            | "nd"
            | "tbd"
    )
}

/// The rows of the sample that have a value that may stand for none: 0, −1, or nines, at the end of the range, in one row of five hundred or
/// more, and as far from all others as these are spread.
fn missing_code(value: f64, ascending: &[f64]) -> Option<usize> {
    let is_code = [0.0, 1.0, 9.0, 99.0, 999.0, 9999.0, 99_999.0, 999_999.0].contains(&value.abs())
        && value != 1.0;
    if !is_code {
        return None;
    }
    let others: Vec<f64> = ascending
        .iter()
        .copied()
        .filter(|&other| other != value)
        .collect();
    let count = ascending.len() - others.len();
    if count < 3 || count * 500 < ascending.len() || others.len() < 20 {
        return None;
    }
    let mean = others.iter().sum::<f64>() / others.len() as f64;
    let squares: f64 = others
        .iter()
        .map(|other| (other - mean) * (other - mean))
        .sum();
    let deviation = (squares / others.len() as f64).sqrt();
    let quarter = others.len() / 4;
    let range = others[others.len() - 1 - quarter] - others[quarter];
    let nearest = if value < others[0] {
        others[0]
    } else {
        others[others.len() - 1]
    };
    ((nearest - value).abs() >= deviation.max(range)).then_some(count)
}

/// A number with few digits.
fn short(value: f64) -> String {
    if value == 0.0 || (1e-3..1e6).contains(&value.abs()) {
        let text = format!("{value:.4}");
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        format!("{value:.4e}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_identifiers_are_known_however_they_are_joined() {
        for name in [
            "id",
            "ID",
            "patient_id",
            "PassengerId",
            "customerID",
            "row nr",
            "Größe-Id",
        ] {
            assert!(is_name_of_identifier(name), "{name}");
        }
        for name in [
            "", "idle", "paid", "Covid", "acid", "kidney", "noise", "PaIdle",
        ] {
            assert!(!is_name_of_identifier(name), "{name}");
        }
    }
}
