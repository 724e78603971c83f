//! What the numbers mean: each rule is a function.

mod alike;
mod column;
mod target;

use super::code::Code;
use super::column::Kind;
use super::{Finding, Options, TableState, TestState};
use crate::table::Note;
use crate::text::{counted, grouped, list, quote};

/// All findings, in the order of [`Code::ALL`].
pub(super) fn of(table: &TableState, options: &Options, test: Option<&TestState>) -> Vec<Finding> {
    let mut found = Vec::new();
    reading(table, &mut found);
    target::target(table, options, &mut found);
    target::leaks(table, options, &mut found);
    repeats(table, &mut found);
    for (at, column) in table.columns.iter().enumerate() {
        let is_target = table
            .target
            .as_ref()
            .is_some_and(|target| target.column == at);
        if !is_target {
            let look = column::Look {
                table,
                at,
                column,
                name: &table.names[at],
            };
            look.content(&mut found);
            look.missing(&mut found);
            look.values(&mut found);
        }
    }
    alike::columns(table, &mut found);
    words(table, &mut found);
    if let Some(test) = test {
        of_test(table, options, test, &mut found);
    }
    let mut found = merged(found);
    found.sort_by_key(|finding| finding.code);
    found
}

fn finding(code: Code, message: impl Into<String>, next: impl Into<String>) -> Finding {
    Finding {
        code,
        columns: Vec::new(),
        message: message.into(),
        next: next.into(),
        count: None,
        lines: Vec::new(),
        auc: None,
    }
}

impl Finding {
    fn of(mut self, column: &str) -> Finding {
        self.columns.push(column.to_owned());
        self
    }

    fn count(mut self, count: usize) -> Finding {
        self.count = Some(count);
        self
    }

    fn lines(mut self, lines: impl IntoIterator<Item = u64>) -> Finding {
        self.lines.extend(lines);
        self
    }
}

/// Some findings are one for all columns that have them.
fn merged(found: Vec<Finding>) -> Vec<Finding> {
    let mut merged: Vec<Finding> = Vec::new();
    for finding in found {
        let is_merged = matches!(
            finding.code,
            Code::ConstantColumn | Code::EmptyColumn | Code::MissingValues | Code::TestLevels
        );
        match merged
            .iter_mut()
            .find(|other| is_merged && other.code == finding.code)
        {
            None => merged.push(finding),
            Some(other) => {
                other.columns.extend(finding.columns);
                other.count = other.count.zip(finding.count).map(|(a, b)| a + b);
                other.message = format!("{}; {}", other.message, finding.message);
            }
        }
    }
    for finding in &mut merged {
        if let (Code::ConstantColumn | Code::EmptyColumn, [_, _, ..]) =
            (finding.code, &finding.columns[..])
        {
            let what = match finding.code {
                Code::EmptyColumn => "have no value in any row",
                _ => "have the same value in every row",
            };
            finding.message = format!(
                "{} columns {what}: {}",
                finding.columns.len(),
                list(&finding.columns)
            );
        }
    }
    merged
}

fn reading(table: &TableState, found: &mut Vec<Finding>) {
    for note in &table.notes {
        found.push(match note {
            Note::TrailingDelimiter => finding(
                Code::TrailingDelimiter,
                "each row ends in a delimiter; the empty field after it is left out",
                "nothing, unless a column without values should be there",
            ),
            Note::NumericHeader => finding(
                Code::NumericHeader,
                "the header has whole numbers in ascending order, so it may be a row of data",
                "--no-header if it is one",
            ),
            Note::Renamed(names) => finding(
                Code::RenamedColumns,
                note.to_string(),
                "give each column a name of its own",
            )
            .count(names.len()),
            Note::LeftOut { rows, .. } => finding(
                Code::BadRows,
                rows.to_string(),
                "correct them, or train with --on-bad skip",
            )
            .count(rows.count)
            .lines(rows.first.iter().map(|row| row.line)),
            Note::BigIntegers { column, line, count } => finding(
                Code::BigIntegers,
                format!(
                    "{} above 2^53 = 9007199254740992, which lose digits as numbers (the first in line {line})",
                    counted(*count, "whole number")
                ),
                "--ignore the column if it is an identifier, or --categorical if its values are names",
            )
            .of(column)
            .count(*count)
            .lines([*line]),
            Note::Format(_) => continue,
        });
    }
}

fn repeats(table: &TableState, found: &mut Vec<Finding>) {
    let (sums, weight) = (table.repeats.sums(), table.repeats.weight());
    let about = if weight == 1 { "" } else { "about " };
    if let (Some((first, second)), true) = (sums.lines, sums.rows > 0) {
        let message = format!(
            "{about}{} of {} repeat an earlier one (line {second} is as line {first})",
            grouped(sums.rows),
            counted(table.rows, "row")
        );
        let next = "remove repeats that were not observed twice: split between training and test they make scores too good";
        found.push(
            finding(Code::DuplicateRows, message, next)
                .count(sums.rows)
                .lines([first, second]),
        );
    }
    if let Some(line) = sums.conflict_line {
        let message = format!(
            "{about}{} of {} have features that occur with another label too (the first in line {line})",
            grouped(sums.conflicts),
            counted(table.rows, "row")
        );
        let next = "check whether the labels are right; if they are, no model can tell these rows apart, and scores have a limit";
        found.push(
            finding(Code::ConflictingRows, message, next)
                .count(sums.conflicts)
                .lines([line]),
        );
    }
}

/// Words that may mean a missing value, each with all columns that have it.
fn words(table: &TableState, found: &mut Vec<Finding>) {
    let mut words: Vec<(&str, Vec<(&str, usize)>)> = Vec::new();
    for (at, (name, column)) in table.names.iter().zip(&table.columns).enumerate() {
        let is_target = table
            .target
            .as_ref()
            .is_some_and(|target| target.column == at);
        if is_target || column.kind() != Kind::Categorical {
            continue;
        }
        for (level, count) in column
            .levels
            .known
            .iter()
            .filter(|(level, _)| column::is_missing_word(level))
        {
            match words.iter_mut().find(|(word, _)| **word == **level) {
                Some((_, columns)) => columns.push((name, *count)),
                None => words.push((level, vec![(name, *count)])),
            }
        }
    }
    for (word, columns) in words {
        let told: Vec<String> = columns
            .iter()
            .map(|(name, count)| format!("{} ({})", quote(name), counted(*count, "row")))
            .collect();
        let message = format!(
            "{} may mean that a value is missing: in {}",
            quote(word),
            told.join(", ")
        );
        let next = format!(
            "--missing {} if it does; else it is a name like the others",
            quote(word)
        );
        let mut finding = finding(Code::MissingWord, message, next);
        finding.columns = columns.iter().map(|(name, _)| (*name).to_owned()).collect();
        finding.count = Some(columns.iter().map(|(_, count)| count).sum());
        found.push(finding);
    }
}

fn of_test(table: &TableState, options: &Options, test: &TestState, found: &mut Vec<Finding>) {
    if !test.missing.is_empty() {
        let message = format!("{} lacks {}", quote(&test.source), list(&test.missing));
        let header = if table.has_header {
            ""
        } else {
            "; neither table needs a header, but both or none must have one"
        };
        let next = format!("add them, or --ignore them in training{header}");
        let mut finding = finding(Code::TestColumns, message, next).count(test.missing.len());
        finding.columns.clone_from(&test.missing);
        found.push(finding);
    }
    if test.same > 0 {
        let lines = test.same_lines.map(|(first, second)| {
            format!(
                " (line {second} is as line {first} of {})",
                quote(&table.source)
            )
        });
        let about = if table.repeats.weight() == 1 {
            ""
        } else {
            "about "
        };
        let message = format!(
            "{about}{} of {} in {} have the features of a row to train on{}",
            grouped(test.same),
            counted(test.rows, "row"),
            quote(&test.source),
            lines.unwrap_or_default()
        );
        let next = "remove them from one of the two, or split again (chainrule split, with --group for rows that belong together): a test on rows that were trained on says little";
        found.push(
            finding(Code::TestOverlap, message, next)
                .count(test.same)
                .lines(test.same_lines.map(|(_, line)| line)),
        );
    }
    // Where one label is set against the others, an unknown one is among these.
    let is_one_against_rest = options.positive.is_some()
        && table
            .target
            .as_ref()
            .is_some_and(|target| target.count() > 2);
    if !test.labels.is_empty() && !is_one_against_rest {
        let told = |(label, count): &(String, usize)| {
            format!("{} ({})", quote(label), counted(*count, "row"))
        };
        let mut labels: Vec<String> = test.labels.iter().take(10).map(told).collect();
        if test.labels.len() > labels.len() {
            labels.push(format!("and {} more", test.labels.len() - labels.len()));
        }
        let known = table
            .target
            .as_ref()
            .map(|target| target.most_frequent())
            .unwrap_or_default();
        let known: Vec<String> = known.iter().map(|(label, _)| quote(label)).collect();
        let message = format!(
            "{} has labels that {} lacks: {}; known are {}",
            quote(&test.source),
            quote(&table.source),
            labels.join(", "),
            known.join(", ")
        );
        let next = "--map-label FROM TO says which is which, in evaluate";
        let name = table
            .target
            .as_ref()
            .map(|target| table.names[target.column].as_str());
        found.push(
            finding(Code::TestLabels, message, next)
                .of(name.unwrap_or_default())
                .count(test.labels.iter().map(|(_, count)| count).sum()),
        );
    }
    for (column, count, first) in &test.levels {
        let message = format!(
            "{} in {} ({})",
            quote(column),
            counted(*count, "row"),
            quote(first)
        );
        let next = "nothing to do: names that training did not see are treated as rare ones; check whether they are spelled otherwise";
        found.push(
            finding(Code::TestLevels, message, next)
                .of(column)
                .count(*count),
        );
    }
}
