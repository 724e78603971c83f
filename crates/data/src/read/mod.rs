//! Readers. Each turns one format into the rows of a [`TableBuilder`](crate::TableBuilder): a new format is a file or folder beside
//! `csv.rs`, chosen in [`Table::open_with`] by its first bytes.
//!
//! CSV passes through these rooms:
//!
//! | what | file |
//! |---|---|
//! | what the user can say about a file | `options.rs` |
//! | bytes of the file to bytes of text | `feed.rs`, with `compress.rs`, `encoding.rs`, `signature.rs` |
//! | what the first rows say: delimiter, quotes, header, style of numbers | `detect.rs`, `numbers.rs` |
//! | where rows and fields end | `rows.rs` |
//! | text to pieces of whole rows | `cut.rs` |
//! | a piece to cells | `piece.rs`, with `plain.rs` for most numbers |
//! | some rows at a time | `block.rs` |
//! | rows as they stand in the file | `raw.rs` |
//! | what was found out, in words | `format.rs` |
//! | all together | `csv.rs`, with `csv/start.rs` for the first rows and the header |

mod block;
mod compress;
mod csv;
mod cut;
mod detect;
mod encoding;
mod feed;
mod format;
mod names;
mod numbers;
mod options;
mod piece;
mod plain;
mod raw;
mod rows;
mod signature;

pub use block::Block;
pub use csv::CsvReader;
pub(crate) use format::Format;
pub(crate) use numbers::{NearNumber, NumberStyle};
pub use options::{CsvOptions, Decimal, Encoding, Header, Infinite, Names, OnBad, Quote};

use crate::error::{Error, ErrorKind};
use crate::table::Table;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::time::Instant;

impl Table {
    /// Reads a CSV file.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] if the file can't be read, else as [`CsvReader`] says.
    pub fn open(path: impl AsRef<Path>) -> Result<Table, Error> {
        Table::open_with(path, &CsvOptions::default())
    }

    /// Reads a CSV file of which something is known.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] if the file can't be read, else as [`CsvReader`] says.
    pub fn open_with(path: impl AsRef<Path>, options: &CsvOptions) -> Result<Table, Error> {
        let path = path.as_ref();
        let name = path.display().to_string();
        match File::open(path) {
            Ok(file) => Table::from_csv_with(name, file, options),
            Err(error) => Err(Error::from(ErrorKind::Io(error)).in_file(&name)),
        }
    }

    /// Reads CSV from a file, standard input, a slice of bytes or anything else; `source` names it in errors.
    ///
    /// # Errors
    /// As [`CsvReader`] says.
    pub fn from_csv(source: impl Into<String>, input: impl Read) -> Result<Table, Error> {
        Table::from_csv_with(source, input, &CsvOptions::default())
    }

    /// Reads CSV of which something is known.
    ///
    /// # Errors
    /// As [`CsvReader`] says.
    pub fn from_csv_with(
        source: impl Into<String>,
        input: impl Read,
        options: &CsvOptions,
    ) -> Result<Table, Error> {
        let started = Instant::now();
        let table = CsvReader::hashing(source.into(), input, options)?.read_table()?;
        tracing::info!(
            source = table.source(),
            format = table.format(),
            rows = table.rows(),
            columns = table.names().len(),
            notes = table.notes().len(),
            seconds = started.elapsed().as_secs_f64(),
            "table read"
        );
        Ok(table)
    }
}
