//! Readers. Each turns one format into the rows of a [`TableBuilder`](crate::TableBuilder): a new format is a file beside
//! `csv.rs`, and [`Table::open`] chooses by the first bytes.

mod csv;
mod lines;
mod sniff;

pub use csv::{Block, CsvReader};

use crate::error::{Error, ErrorKind};
use crate::table::Table;
use std::fs::File;
use std::io::Read;
use std::path::Path;

impl Table {
    /// Reads a CSV file with a header.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] if the file can't be read, else as [`CsvReader`] says.
    pub fn open(path: impl AsRef<Path>) -> Result<Table, Error> {
        let path = path.as_ref();
        let name = path.display().to_string();
        match File::open(path) {
            Ok(file) => Table::from_csv(name, file),
            Err(error) => Err(Error::from(ErrorKind::Io(error)).in_file(&name)),
        }
    }

    /// Reads CSV with a header from a file, standard input, a slice of bytes or anything else; `source` names it in errors.
    ///
    /// # Errors
    /// As [`CsvReader`] says.
    pub fn from_csv(source: impl Into<String>, input: impl Read) -> Result<Table, Error> {
        CsvReader::hashing(source, input)?.read_table()
    }
}
