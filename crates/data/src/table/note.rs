//! What is said about a file that is no error.

use crate::error::BadRows;
use crate::text::{counted, quote};
use std::fmt;

/// Something about a file that is no error but may surprise.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Note {
    /// Every row ends in a delimiter; the empty last field was dropped.
    TrailingDelimiter,
    /// The header has whole numbers in ascending order, so it may be a row.
    NumericHeader,
    /// The file is written in another way than most, in words.
    Format(String),
    /// Names that were empty or occurred before, and what they are called now.
    Renamed(Vec<(String, String)>),
    /// Rows that can't be read and were left out.
    LeftOut {
        /// The first ten, and how many there are.
        rows: BadRows,
        /// Whether the message lists them.
        is_told: bool,
    },
    /// Whole numbers above 2^53, which lose digits as `f64`.
    BigIntegers {
        /// The column.
        column: String,
        /// The line of the first.
        line: u64,
        /// How many.
        count: usize,
    },
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Note::TrailingDelimiter => write!(
                f,
                "each row ends in a delimiter; the empty field after it is left out"
            ),
            Note::NumericHeader => write!(
                f,
                "the header has whole numbers in ascending order; if it is a row of data, say that there is no header"
            ),
            Note::Format(text) => write!(f, "read with {text}"),
            Note::Renamed(names) => {
                write!(f, "renamed: ")?;
                for (at, (old, new)) in names.iter().take(10).enumerate() {
                    let comma = if at == 0 { "" } else { ", " };
                    match old.as_str() {
                        "" => write!(f, "{comma}a column without a name is {}", quote(new))?,
                        _ => write!(f, "{comma}another {} is {}", quote(old), quote(new))?,
                    }
                }
                match names.len().saturating_sub(10) {
                    0 => Ok(()),
                    more => write!(f, ", and {more} more"),
                }
            }
            Note::LeftOut {
                rows,
                is_told: true,
            } => write!(f, "left out: {rows}"),
            Note::LeftOut {
                rows,
                is_told: false,
            } => {
                write!(
                    f,
                    "{} that can't be read left out",
                    counted(rows.count, "row")
                )?;
                match rows.first.first() {
                    Some(row) => write!(f, " (the first: {row})"),
                    None => Ok(()),
                }
            }
            Note::BigIntegers {
                column,
                line,
                count,
            } => write!(
                f,
                "line {line}, column {}: whole numbers above 2^53 = 9007199254740992 lose digits as numbers ({}); leave the column out if it is an identifier",
                quote(column),
                counted(*count, "cell")
            ),
        }
    }
}
