//! The messages for rows that can't be read.

use super::seem_parted;
use crate::error::{BadRow, BadRows, RowProblem};
use crate::text::{counted, quote};
use std::fmt;

impl fmt::Display for BadRow {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "line {}", self.line)?;
        match &self.problem {
            RowProblem::Ragged { found, expected } => {
                write!(f, ": {}, header has {expected}", counted(*found, "field"))
            }
            RowProblem::Unnamed { text } => write!(
                f,
                ": the last field, {}, has no name: the header ends in a delimiter",
                quote(text)
            ),
            RowProblem::AfterQuote { column, text } => write!(
                f,
                ", {column}: text after the closing quote in {}",
                quote(text)
            ),
            RowProblem::Utf8 { column, byte } => {
                write!(f, ", {column}: byte 0x{byte:02X} is not UTF-8")
            }
            RowProblem::Utf16 { column } => {
                write!(f, ", {column}: half of a character, which is not UTF-16")
            }
            RowProblem::Nul { column } => write!(f, ", {column}: a NUL byte"),
        }
    }
}

impl fmt::Display for BadRows {
    /// One row, or a list of the first ten with the count.
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        if self.count > 1 {
            write!(f, "{} can't be read:\n  ", counted(self.count, "row"))?;
        }
        for (at, row) in self.first.iter().enumerate() {
            write!(f, "{}{row}", if at == 0 { "" } else { "\n  " })?;
        }
        match self.count - self.first.len() {
            0 => Ok(()),
            more => write!(f, "\n  and {more} more"),
        }
    }
}

/// What is wrong with rows, and what to do.
pub(super) fn message(f: &mut fmt::Formatter, rows: &BadRows) -> fmt::Result {
    write!(f, "{rows}")?;
    // What to do is said once for each kind.
    type Is = fn(&RowProblem) -> bool;
    let hints: [(Is, &str); 7] = [
        (
            |problem| matches!(problem, RowProblem::Ragged { found, expected } if found > expected),
            "put cells that hold a delimiter in quotes, or remove what is too much",
        ),
        (
            |problem| matches!(problem, RowProblem::Ragged { found, expected } if found <= expected),
            "complete the row or remove it",
        ),
        (
            |problem| matches!(problem, RowProblem::Unnamed { .. }),
            "name the column or remove it",
        ),
        (
            |problem| matches!(problem, RowProblem::AfterQuote { .. }),
            "a quote within a quoted field is written twice",
        ),
        (
            |problem| matches!(problem, RowProblem::Utf8 { .. }),
            "save the file as UTF-8, or say its encoding (it may be Latin-1)",
        ),
        (
            |problem| matches!(problem, RowProblem::Utf16 { .. }),
            "the file is damaged or was cut off there: save it anew",
        ),
        (
            |problem| matches!(problem, RowProblem::Nul { .. }),
            "this is not a text file, or one in UTF-16: save it as UTF-8, or say its encoding",
        ),
    ];
    let mut separator = if rows.count > 1 { "\n" } else { "; " };
    if rows.likely_delimiter.is_some() {
        return seem_parted(f, separator, rows.likely_delimiter);
    }
    if let Some(found) = same_number_of_fields(rows) {
        return write!(
            f,
            "{separator}every row has {found} fields: the header lacks names (R writes none above the names of rows), or it is not the header but a title or a comment: add names or remove that line"
        );
    }
    for (is, hint) in hints {
        if rows.first.iter().any(|row| is(&row.problem)) {
            write!(f, "{separator}{hint}")?;
            separator = "; ";
        }
    }
    if rows.count > 1 {
        write!(f, "{separator}or leave such rows out")?;
    }
    Ok(())
}

/// The number of fields of rows that all have more than the header has names, if it is one number and there are several rows.
fn same_number_of_fields(rows: &BadRows) -> Option<usize> {
    let counts = rows.first.iter().map(|row| match row.problem {
        RowProblem::Ragged { found, expected } if found > expected => Some(found),
        _ => None,
    });
    let counts: Vec<usize> = counts.collect::<Option<_>>()?;
    let is_one = rows.is_all && counts.len() > 1 && counts.iter().all(|count| *count == counts[0]);
    is_one.then(|| counts[0])
}
