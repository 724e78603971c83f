//! The messages: what was found, where, what was expected, and what to do next.

mod rows;

use super::{BadColumn, ColumnName, ErrorKind, Problem};
use crate::cell::Cell;
use crate::text::{counted, grouped, list, quote};
use std::fmt;

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            ErrorKind::Io(error) => write!(f, "{error}"),
            ErrorKind::NotCsv { what, help } => write!(f, "this is {what}, not a CSV file; {help}"),
            ErrorKind::NotUtf16 => write!(
                f,
                "this is not UTF-16, of which every other byte is zero in a table; say the encoding that the file has, or leave it to be detected"
            ),
            ErrorKind::Empty => write!(
                f,
                "the file is empty; expected a header line and rows: check that it was written or downloaded whole"
            ),
            ErrorKind::NoRows => write!(
                f,
                "there is a header and no row below it; add rows, or say that there is no header if it is one"
            ),
            ErrorKind::Header { duplicates, empty } => header(f, duplicates, empty),
            ErrorKind::BadRows(rows) => rows::message(f, rows),
            ErrorKind::Unpack(reason) => write!(f, "{reason}"),
            ErrorKind::Separator(c) => write!(
                f,
                "{c:?} can't part fields or stand round them; expected a sign such as a comma, and not the same for both"
            ),
            ErrorKind::TooLarge {
                line,
                limit,
                is_quoted,
            } => {
                let limit = limit >> 20;
                write!(f, "line {line}: a row of more than {limit} MiB starts here")?;
                match is_quoted {
                    true => write!(
                        f,
                        "; a quote is probably opened and never closed: close it, or say that there are no quotes"
                    ),
                    false => write!(
                        f,
                        ", without an end of line; this may be no table, or not unpacked or written as it should be"
                    ),
                }
            }
            ErrorKind::OpenQuote { line } => write!(
                f,
                "line {line}: a quote is opened in the row that starts here and not closed before the end of the file; close or remove it"
            ),
            ErrorKind::UnknownColumn {
                name,
                columns,
                suggestion,
                likely_delimiter,
            } => {
                write!(f, "no column {}; ", quote(name))?;
                match suggestion {
                    Some(name) => write!(f, "did you mean {}? The columns are ", quote(name))?,
                    None => write!(f, "the columns are ")?,
                }
                write!(f, "{}", list(columns))?;
                let are_numbered = (1..)
                    .zip(columns)
                    .all(|(at, name)| *name == format!("c{at}"));
                if are_numbered {
                    write!(
                        f,
                        ", since no header was found: choose one of these, or say that the first row is the header"
                    )?;
                }
                seems_to_be_data(f, columns)?;
                seem_parted(f, "; ", *likely_delimiter)
            }
            ErrorKind::AmbiguousColumn { name, columns } => {
                write!(f, "more than one column is called {}:", quote(name))?;
                for (at, (position, name)) in columns.iter().enumerate() {
                    let comma = if at == 0 { "" } else { "," };
                    write!(f, "{comma} column {position}, now {}", quote(name))?;
                }
                write!(
                    f,
                    "; give them names of their own in the file, or say which one by its number"
                )
            }
            ErrorKind::MissingColumns { missing, columns } => missing_columns(f, missing, columns),
            ErrorKind::NoFeatures {
                target,
                likely_delimiter,
            } => {
                write!(
                    f,
                    "the target {} is the only column; there is nothing to predict it from: add columns, or say what parts them if there are more",
                    quote(target)
                )?;
                seem_parted(f, "; ", *likely_delimiter)
            }
            ErrorKind::NothingLeft { target, reasons } => {
                write!(f, "no column but the target {} can be used", quote(target))?;
                reasons
                    .iter()
                    .try_for_each(|reason| write!(f, "; {reason}"))?;
                write!(
                    f,
                    "; add other columns, or declare what a column is to have it used all the same"
                )
            }
            ErrorKind::Declared { column, problem } => {
                write!(f, "column {}: {problem}", quote(column))
            }
            ErrorKind::BadCells(columns) => bad_cells(f, columns),
            ErrorKind::OneLabel {
                column,
                label,
                rows,
                missing,
            } => {
                write!(
                    f,
                    "column {}: every row has the label {} ({})",
                    quote(column),
                    quote(label),
                    counted(*rows, "row")
                )?;
                if *missing > 0 {
                    write!(f, " or none ({})", counted(*missing, "row"))?;
                }
                write!(
                    f,
                    "; two labels are needed to learn the difference: choose another target, or add rows with the other label"
                )
            }
            ErrorKind::ManyLabels {
                column,
                labels,
                distinct,
            } => {
                write!(
                    f,
                    "column {}: {} labels, two are needed: ",
                    quote(column),
                    distinct
                )?;
                counts(f, labels, *distinct)?;
                write!(
                    f,
                    "; choose a column of two values as the target, or set one of these as positive against the rest"
                )
            }
            ErrorKind::UnknownPositive { positive, labels } => {
                write!(
                    f,
                    "the positive class {} does not occur; the labels are ",
                    quote(positive)
                )?;
                match &labels[..] {
                    [a, b] => write!(f, "{} and {}", quote(a), quote(b)),
                    many => write!(f, "{}", list(many)),
                }?;
                write!(f, "; choose one of these")
            }
            ErrorKind::UnknownLabels {
                column,
                unknown,
                distinct,
                line,
                known,
            } => {
                write!(f, "line {line}, column {}: unknown labels ", quote(column))?;
                counts(f, unknown, *distinct)?;
                write!(
                    f,
                    "; the model knows {} (negative) and {} (positive): spell them so, map them, or leave these rows out",
                    quote(&known.negative),
                    quote(&known.positive)
                )
            }
            ErrorKind::NoLabels { column, rows } => {
                write!(
                    f,
                    "column {}: none of the {} has a label; choose another target, or fill in labels",
                    quote(column),
                    counted(*rows, "row")
                )
            }
            ErrorKind::Weights(problem) => write!(
                f,
                "sample weights: {problem}; each must be 0 or a positive number, not all 0"
            ),
            ErrorKind::BadWeights {
                column,
                first,
                count,
            } => {
                for (at, (line, problem)) in first.iter().enumerate() {
                    let separator = if at == 0 { "" } else { "\n  " };
                    write!(
                        f,
                        "{separator}line {line}, column {}: {problem}",
                        quote(column)
                    )?;
                }
                match count - first.len() {
                    0 => {}
                    more => write!(f, "\n  and {more} more")?,
                }
                let separator = if first.len() > 1 { "\n" } else { "; " };
                write!(
                    f,
                    "{separator}a weight is 0 or a positive number: correct it, or give 0 to leave the row out"
                )
            }
            ErrorKind::OutOfRange {
                line,
                row,
                column,
                value,
                element,
            } => {
                match line {
                    Some(line) => write!(f, "line {line}")?,
                    None => write!(f, "row {row}")?,
                }
                write!(
                    f,
                    ", {column}: {value:e} is, once scaled, too large for {element}; correct it or remove the row"
                )
            }
            ErrorKind::Spread { column } => write!(
                f,
                "{column}: values above 1e307 can't be standardised; give the column in another unit"
            ),
            ErrorKind::Shape {
                what,
                expected,
                found,
            } => write!(f, "expected {expected} {what}, found {found}"),
            ErrorKind::Fraction(share) => {
                write!(f, "a validation share of {share} is not in 0 ≤ share < 1")
            }
            ErrorKind::Shares { validation, test } => write!(
                f,
                "shares of {validation} to validate and {test} to test on; each must be in 0 ≤ share < 1, not both 0, and together below 1"
            ),
            ErrorKind::Parts(reason) => write!(f, "{reason}"),
            ErrorKind::TooFewToSplit {
                negatives,
                positives,
            } => write!(
                f,
                "{} of the negative and {} of the positive class: too few for one of each on both sides of a validation split; give at least two of each, or train without validation",
                counted(*negatives, "row"),
                counted(*positives, "row")
            ),
        }
    }
}

impl fmt::Display for ColumnName {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            ColumnName::Name(name) => write!(f, "column {}", quote(name)),
            ColumnName::Position(position) => write!(f, "column {position}"),
        }
    }
}

/// What else may part the fields.
fn seem_parted(f: &mut fmt::Formatter, separator: &str, delimiter: Option<char>) -> fmt::Result {
    let Some(delimiter) = delimiter else {
        return Ok(());
    };
    write!(
        f,
        "{separator}{} would part every row into the same number of fields: say so if they are what parts them",
        match delimiter {
            ',' => "commas".to_owned(),
            ';' => "semicolons".to_owned(),
            '\t' => "tabs".to_owned(),
            ' ' => "blanks".to_owned(),
            ':' => "colons".to_owned(),
            '|' => "pipes (|)".to_owned(),
            other => format!("the sign {other}"),
        }
    )
}

fn header(f: &mut fmt::Formatter, duplicates: &[String], empty: &[usize]) -> fmt::Result {
    write!(f, "line 1: ")?;
    if !duplicates.is_empty() {
        write!(f, "more than one column is called {}", list(duplicates))?;
    }
    if !empty.is_empty() {
        let positions: Vec<_> = empty.iter().take(20).map(usize::to_string).collect();
        let more = if empty.len() > positions.len() {
            " and more"
        } else {
            ""
        };
        let and = if duplicates.is_empty() { "" } else { ", and " };
        let noun = if empty.len() == 1 {
            "column"
        } else {
            "columns"
        };
        write!(f, "{and}no name for {noun} {}{more}", positions.join(", "))?;
    }
    write!(f, "; give each column a name of its own")?;
    seems_to_be_data(f, duplicates)
}

/// Numbers where names should be: the first row was taken for the header.
fn seems_to_be_data(f: &mut fmt::Formatter, names: &[String]) -> fmt::Result {
    let numbers = names
        .iter()
        .filter(|name| matches!(Cell::parse(name), Cell::Number(_)))
        .count();
    if numbers * 2 <= names.len() {
        return Ok(());
    }
    write!(
        f,
        "; if line 1 is a row of data, say that there is no header"
    )
}

fn missing_columns(
    f: &mut fmt::Formatter,
    missing: &[(String, Option<String>)],
    columns: &[String],
) -> fmt::Result {
    const MOST: usize = 10;
    write!(
        f,
        "{} of the model not in the table: ",
        if missing.len() == 1 {
            "a column"
        } else {
            "columns"
        }
    )?;
    for (i, (name, suggestion)) in missing.iter().take(MOST).enumerate() {
        write!(f, "{}{}", if i == 0 { "" } else { ", " }, quote(name))?;
        if let Some(suggestion) = suggestion {
            write!(f, " (did you mean {}?)", quote(suggestion))?;
        }
    }
    if missing.len() > MOST {
        write!(f, " and {} more", missing.len() - MOST)?;
    }
    write!(f, "; the table has {}", list(columns))
}

fn bad_cells(f: &mut fmt::Formatter, columns: &[BadColumn]) -> fmt::Result {
    const MOST: usize = 10;
    for (i, column) in columns.iter().take(MOST).enumerate() {
        if i > 0 {
            write!(f, "\n  ")?;
        }
        let Some((line, text)) = column.first.first() else {
            continue;
        };
        write!(f, "line {line}, column {}: ", quote(&column.name))?;
        match column.problem {
            Problem::Text => write!(f, "{} is not a number", quote(text))?,
            Problem::OtherMarks => write!(
                f,
                "{} is a number only with a decimal comma or separators of thousands",
                quote(text)
            )?,
            Problem::Sign => write!(
                f,
                "{} has a sign that numbers don't have, as of money or per cent",
                quote(text)
            )?,
            Problem::Missing => write!(f, "the value is missing")?,
            Problem::Infinite => write!(f, "{} is not a finite number", quote(text))?,
            Problem::NotBoolean => write!(f, "{} is neither true nor false", quote(text))?,
            Problem::NotDate => write!(
                f,
                "{} is not a date as the others in this column",
                quote(text)
            )?,
            Problem::UnknownLevel => {
                write!(f, "{} is none of the levels of this column", quote(text))?
            }
        }
        match column.count {
            1 => {}
            count if count == column.rows => write!(
                f,
                " (the same in all {} cells of the column)",
                grouped(count)
            )?,
            count => write!(
                f,
                " (and {} of {} cells in this column)",
                counted(count - 1, "other"),
                grouped(column.rows)
            )?,
        }
    }
    if columns.len() > MOST {
        write!(
            f,
            "\n  and {} more",
            counted(columns.len() - MOST, "column")
        )?;
    }
    // What to do is said once for each kind, after a single cell on the same line.
    let separator = if columns.len() > 1 { "\n" } else { "; " };
    let hints = [
        (
            Problem::Text,
            "the other values are numbers: correct the cell, say that the word means a missing value, or declare the column categorical",
        ),
        (
            Problem::OtherMarks,
            "say which mark stands before the fraction, write all numbers alike, or declare the column categorical",
        ),
        (
            Problem::Sign,
            "remove such signs, or declare the column categorical",
        ),
        (
            Problem::Missing,
            "fill the cell, or remove its row or column",
        ),
        (
            Problem::Infinite,
            "correct the cell or remove its row, or have infinite values taken for missing ones",
        ),
        (
            Problem::NotBoolean,
            "correct the cell, or declare the column categorical",
        ),
        (
            Problem::NotDate,
            "correct the cell, or declare the column categorical",
        ),
        (
            Problem::UnknownLevel,
            "correct the cell, or add the level to the schema and train anew",
        ),
    ];
    let mut said = Vec::new();
    for (problem, hint) in hints {
        if columns.iter().any(|column| column.problem == problem) && !said.contains(&hint) {
            write!(f, "{separator}{hint}")?;
            said.push(hint);
        }
    }
    Ok(())
}

fn counts(f: &mut fmt::Formatter, labels: &[(String, usize)], distinct: usize) -> fmt::Result {
    for (i, (label, count)) in labels.iter().enumerate() {
        write!(
            f,
            "{}{} ({})",
            if i == 0 { "" } else { ", " },
            quote(label),
            counted(*count, "row")
        )?;
    }
    match distinct.saturating_sub(labels.len()) {
        0 => Ok(()),
        more => write!(f, " and {more} more"),
    }
}
