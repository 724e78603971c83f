//! What the numbers mean: each rule is a function.

use super::code::Code;
use super::column::{ColumnState, Kind};
use super::{Finding, Options, TableState, TestState, leak};
use crate::table::Note;
use crate::text::{counted, list, quote};

/// From this ROC AUC on, a column is all but the target itself.
const LEAK: f64 = 0.99;

/// From this one on it stands out, if no more than one in four columns does.
const STRONG: f64 = 0.8;

/// A class with a smaller share is much rarer than the other.
const IMBALANCE: f64 = 0.1;

/// Of a class with fewer rows, a fifth held out is too few to judge by.
const RARE: usize = 50;

/// From this many standard deviations on (taken from the quartiles, and by the mean distance of the neighbours too) a value is far off.
const FAR: f64 = 50.0;

/// The ratio of large to small values from which a logarithm is worth a thought.
const WIDE: f64 = 1e5;

/// The ratio of a value to the differences between values from which these are its last digits.
const NARROW: f64 = 1e6;

/// All findings, in the order of [`Code::ALL`].
pub(super) fn of(table: &TableState, options: &Options, test: Option<&TestState>) -> Vec<Finding> {
    let mut found = Vec::new();
    reading(table, &mut found);
    target(table, options, &mut found);
    leaks(table, options, &mut found);
    repeats(table, &mut found);
    for (at, column) in table.columns.iter().enumerate() {
        let is_target = table
            .target
            .as_ref()
            .is_some_and(|target| target.column == at);
        if !is_target {
            let look = Look {
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
    same_columns(table, &mut found);
    words(table, &mut found);
    if let Some(test) = test {
        of_test(table, test, &mut found);
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
            Note::BigIntegers { .. } | Note::Format(_) => continue,
        });
    }
    // A note for each block of rows.
    let mut columns: Vec<(&String, u64, usize)> = Vec::new();
    for note in &table.notes {
        if let Note::BigIntegers {
            column,
            line,
            count,
        } = note
        {
            match columns.iter_mut().find(|(name, _, _)| *name == column) {
                Some((_, _, all)) => *all += count,
                None => columns.push((column, *line, *count)),
            }
        }
    }
    for (column, line, count) in columns {
        let message = format!(
            "{} above 2^53 = 9007199254740992, which lose digits as numbers (the first in line {line})",
            counted(count, "whole number")
        );
        let next =
            "--ignore the column if it is an identifier, or --categorical if its values are names";
        found.push(
            finding(Code::BigIntegers, message, next)
                .of(column)
                .count(count)
                .lines([line]),
        );
    }
}

/// The number of the label that is set against the others, if that can be said.
fn positive(table: &TableState, options: &Options) -> Option<u16> {
    let target = table.target.as_ref()?;
    match (&options.positive, target.count()) {
        (Some(positive), 2..) => target.number(positive),
        (None, 2) => Some(1),
        _ => None,
    }
}

fn target(table: &TableState, options: &Options, found: &mut Vec<Finding>) {
    let Some(target) = &table.target else { return };
    let name = &table.names[target.column];
    let labels: Vec<String> = target
        .most_frequent()
        .iter()
        .map(|(label, rows)| format!("{} ({})", quote(label), counted(*rows, "row")))
        .collect();
    let many = target.count() > 2 && options.positive.is_none();
    if target.count() < 2 {
        let message = match labels.first() {
            None => format!("no row has a label in {}", counted(table.rows, "row")),
            Some(label) => format!("every row with a label has the same one: {label}"),
        };
        found.push(
            finding(
                Code::OneLabel,
                message,
                "name another --target, or add rows of the other class",
            )
            .of(name),
        );
    } else if many {
        let dots = if target.count() > labels.len() {
            ", …"
        } else {
            ""
        };
        let message = format!(
            "{} labels where two are needed: {}{dots}",
            target.count(),
            labels.join(", ")
        );
        let next = "--positive LABEL sets one against the rest; or name another --target";
        found.push(
            finding(Code::ManyLabels, message, next)
                .of(name)
                .count(target.count()),
        );
    }
    if target.count() > 2 {
        for (rare, frequent) in target.alike().into_iter().take(10) {
            let message = format!(
                "labels {} and {} may be spellings of one",
                quote(&rare),
                quote(&frequent)
            );
            let next = format!(
                "--map-label {} {} if they are",
                quote(&rare),
                quote(&frequent)
            );
            found.push(finding(Code::LabelSpellings, message, next).of(name));
        }
    }
    let missing = table.columns[target.column].missing;
    if missing > 0 {
        let message = format!(
            "{} of {} without a label",
            missing,
            counted(table.rows, "row")
        );
        found.push(
            finding(
                Code::MissingLabels,
                message,
                "nothing, if these are to be predicted: training leaves them out",
            )
            .of(name)
            .count(missing),
        );
    }
    let Some(positive) = positive(table, options) else {
        return;
    };
    let all = table.rows - missing;
    let of_positive = target.rows(positive);
    let (rarer, which) = if of_positive * 2 <= all {
        (of_positive, quote(target.name(positive)))
    } else if target.count() == 2 {
        (all - of_positive, quote(target.name(1 - positive.min(1))))
    } else {
        (all - of_positive, "the other labels".to_owned())
    };
    if rarer < RARE {
        let message = format!(
            "only {} of {which}: scores on a part of them will vary much",
            counted(rarer, "row")
        );
        found.push(
            finding(
                Code::RareClass,
                message,
                "get more of them, or judge by the mean over several --seed",
            )
            .of(name)
            .count(rarer),
        );
    }
    let share = rarer as f64 / all as f64;
    if share < IMBALANCE {
        let message = format!(
            "{which} is the label of {:.1} % of the rows: always predicting the other has an accuracy of {:.3}",
            100.0 * share,
            1.0 - share
        );
        let next = "judge by ROC AUC, average precision and log loss rather than accuracy, and choose the --threshold of predict for the costs of both errors";
        found.push(
            finding(Code::Imbalance, message, next)
                .of(name)
                .count(rarer),
        );
    }
}

fn leaks(table: &TableState, options: &Options, found: &mut Vec<Finding>) {
    let Some(positive) = positive(table, options) else {
        return;
    };
    let Some(target) = &table.target else { return };
    let class = |label: &Option<u16>| label.map(|label| label == positive);
    let classes: Vec<Option<bool>> = table.sample.labels().iter().map(class).collect();
    let features = || (0..table.names.len()).filter(|&at| at != target.column);
    let aucs: Vec<(usize, f64)> = features()
        .filter_map(|at| Some((at, leak::auc(&table.sample, at, &classes)?)))
        .collect();
    let strong = aucs.iter().filter(|(_, auc)| *auc >= STRONG).count();
    let stands_out = strong <= (aucs.len() / 4).max(1);
    let about = if table.sample.is_whole() {
        ""
    } else {
        "about "
    };
    for (at, auc) in aucs {
        let (code, message, next) = if auc >= LEAK {
            (
                Code::Leak,
                format!(
                    "tells the classes apart alone, with a ROC AUC of {about}{auc:.3}: it may be made from the target"
                ),
                "--ignore it unless its value is known before the outcome is",
            )
        } else if auc >= STRONG && stands_out {
            (
                Code::StrongColumn,
                format!(
                    "tells the classes apart alone with a ROC AUC of {about}{auc:.3}, which few columns here do"
                ),
                "make sure that its value is known when you predict, and not only after the outcome (as the duration of a call is); else --ignore it",
            )
        } else {
            continue;
        };
        let mut finding = finding(code, message, next).of(&table.names[at]);
        finding.auc = Some(auc);
        found.push(finding);
    }
}

fn repeats(table: &TableState, found: &mut Vec<Finding>) {
    let (sums, weight) = (table.repeats.sums(), table.repeats.weight());
    let about = if weight == 1 { "" } else { "about " };
    if let (Some((first, second)), true) = (sums.lines, sums.rows > 0) {
        let message = format!(
            "{about}{} of {} repeat an earlier one (line {second} is as line {first})",
            sums.rows,
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
            sums.conflicts,
            counted(table.rows, "row")
        );
        let next = "look whether the labels are right; if they are, no model can tell these rows apart, and scores have a limit";
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
            .filter(|(level, _)| is_missing_word(level))
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

fn same_columns(table: &TableState, found: &mut Vec<Finding>) {
    let mut done = vec![false; table.names.len()];
    for at in 0..table.names.len() {
        let column = &table.columns[at];
        if done[at] || column.present() == 0 || column.distinct.count() < 2 {
            continue;
        }
        let same: Vec<usize> = (at..table.names.len())
            .filter(|&other| table.columns[other].content == column.content)
            .collect();
        if same.len() < 2 {
            continue;
        }
        same.iter().for_each(|&other| done[other] = true);
        let names: Vec<String> = same
            .iter()
            .map(|&other| table.names[other].clone())
            .collect();
        let is_target = |other: &usize| {
            table
                .target
                .as_ref()
                .is_some_and(|target| target.column == *other)
        };
        let next = match same.iter().any(is_target) {
            true => "--ignore the copy of the target",
            false => "--ignore all but one",
        };
        let mut finding = finding(
            Code::DuplicateColumns,
            format!("columns {} have the same values", list(&names)),
            next,
        );
        finding.columns = names;
        found.push(finding);
    }
}

/// A column that is looked at.
struct Look<'a> {
    table: &'a TableState,
    at: usize,
    column: &'a ColumnState,
    name: &'a str,
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
    fn content(&self, found: &mut Vec<Finding>) {
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
                column.texts,
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
    fn missing(&self, found: &mut Vec<Finding>) {
        let (column, rows) = (self.column, self.table.rows);
        if column.present() == 0 {
            return;
        }
        if column.missing * 2 > rows {
            let message = format!(
                "{} of {} are missing",
                column.missing,
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
                column.missing,
                counted(rows, "value")
            );
            let next = "nothing to do: they are filled in by the median or the most frequent value, and an input tells where; --ignore a column to leave it out";
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
    fn values(&self, found: &mut Vec<Finding>) {
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

fn of_test(table: &TableState, test: &TestState, found: &mut Vec<Finding>) {
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
            test.same,
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
    if !test.labels.is_empty() {
        let labels: Vec<String> = test
            .labels
            .iter()
            .map(|(label, count)| format!("{} ({})", quote(label), counted(*count, "row")))
            .collect();
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
        let next = "nothing to do: names that training did not see are treated as rare ones; look whether they are spelled otherwise";
        found.push(
            finding(Code::TestLevels, message, next)
                .of(column)
                .count(*count),
        );
    }
}

/// How many rows a count in the sample stands for.
fn scaled(count: usize, table: &TableState) -> usize {
    let share = table.rows as f64 / table.sample.len().max(1) as f64;
    (count as f64 * share + 0.5) as usize
}

fn is_name_of_identifier(name: &str) -> bool {
    let name = name.to_lowercase();
    let words = name.split(|c: char| !c.is_alphanumeric());
    let is_one = |word: &str| {
        matches!(
            word,
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
    let mut words = words;
    words.any(is_one) || (name.ends_with("id") && name.len() > 4 && name.ends_with("_id"))
}

fn is_missing_word(level: &str) -> bool {
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
