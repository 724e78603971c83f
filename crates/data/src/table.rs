//! A table in memory: named columns, and for each row the line on which it starts.

use crate::column::{Column, ColumnBuilder};
use crate::error::{Error, ErrorKind};
use crate::text::{counted, did_you_mean, quote};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// Rows and named columns, each cell read as a number, a missing value or text, before anyone says what a column is for.
///
/// ```
/// use chainrule_data::{Cell, Table};
///
/// let table = Table::from_csv("pets.csv", "weight,kind\n4.5,cat\n30,dog\n".as_bytes())?;
/// assert_eq!((table.rows(), table.names()), (2, &["weight".to_owned(), "kind".to_owned()][..]));
/// assert_eq!(table.column("weight")?.cell(1), Cell::Number(30.0));
/// assert_eq!(table.line(1), 3);
/// # Ok::<(), chainrule_data::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    origin: Arc<Origin>,
    columns: Vec<Column>,
    rows: usize,
    notes: Vec<Note>,
    sha256: Option<String>,
}

/// Where the rows of a table came from; shared by the data sets made of it, so that their errors can say so too.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Origin {
    pub source: String,
    pub names: Arc<[String]>,
    pub lines: Lines,
    /// The number of the first row, counted from 1.
    pub first_row: usize,
}

/// Something about a file that is no error but may surprise.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Note {
    /// Every row ends in a delimiter; the empty last field was dropped.
    TrailingDelimiter,
    /// The header holds only whole numbers, so it may be a row.
    NumericHeader,
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
            Note::NumericHeader => {
                write!(
                    f,
                    "the header holds only whole numbers; if it is a row of data, put a line of names on top"
                )
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

impl Table {
    /// The name of the file or other source.
    pub fn source(&self) -> &str {
        &self.origin.source
    }

    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The names of the columns, in the order of the file.
    pub fn names(&self) -> &[String] {
        &self.origin.names
    }

    /// The columns, in the order of the file.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The column called `name`.
    ///
    /// # Errors
    /// [`ErrorKind::UnknownColumn`] with all columns and the one that may have been meant.
    pub fn column(&self, name: &str) -> Result<&Column, Error> {
        match self.names().iter().position(|known| known == name) {
            Some(at) => Ok(&self.columns[at]),
            None => Err(self.error(ErrorKind::UnknownColumn {
                name: name.to_owned(),
                columns: self.names().to_vec(),
                suggestion: did_you_mean(name, self.names().iter().map(String::as_str)),
            })),
        }
    }

    /// The physical line, counted from 1, on which a row starts; `row` counts from 0.
    pub fn line(&self, row: usize) -> u64 {
        self.origin.lines.line(row)
    }

    /// The number of a row in the file, counted from 1 without the header; `row` counts from 0. The two differ by more than one
    /// only in a block that is not the first of a [`CsvReader`](crate::CsvReader).
    pub fn row_number(&self, row: usize) -> usize {
        self.origin.first_row + row
    }

    /// What may surprise in this file.
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// SHA-256 of the file's bytes in lower-case hexadecimal, if the whole file was read at once.
    pub fn sha256(&self) -> Option<&str> {
        self.sha256.as_deref()
    }

    /// Columns by name.
    pub(crate) fn index(&self) -> BTreeMap<&str, &Column> {
        self.names()
            .iter()
            .map(String::as_str)
            .zip(&self.columns)
            .collect()
    }

    pub(crate) fn origin(&self) -> &Arc<Origin> {
        &self.origin
    }

    pub(crate) fn error(&self, kind: ErrorKind) -> Error {
        Error::from(kind).in_file(self.source())
    }
}

/// Takes the rows of any source, one after the other. A reader for another format needs nothing but this.
///
/// ```
/// use chainrule_data::TableBuilder;
///
/// let mut builder = TableBuilder::new("a database", ["x", "y"])?;
/// builder.push_row(2, ["0.5", "yes"])?;
/// builder.push_row(3, ["1.5", "no"])?;
/// assert_eq!(builder.finish().rows(), 2);
/// # Ok::<(), chainrule_data::Error>(())
/// ```
#[derive(Debug)]
pub struct TableBuilder {
    source: String,
    names: Arc<[String]>,
    columns: Vec<ColumnBuilder>,
    lines: Lines,
    first_row: usize,
    rows: usize,
}

impl TableBuilder {
    /// A table without rows. Blanks round names don't count.
    ///
    /// # Errors
    /// [`ErrorKind::Header`] if names are empty or occur twice.
    pub fn new<S: AsRef<str>>(
        source: impl Into<String>,
        names: impl IntoIterator<Item = S>,
    ) -> Result<Self, Error> {
        let source = source.into();
        let names: Arc<[String]> = names
            .into_iter()
            .map(|name| name.as_ref().trim().to_owned())
            .collect();
        check_names(&names).map_err(|error| error.in_file(&source))?;
        Ok(Self::with_names(source, names, 1))
    }

    /// The same for names that are known to be right, with the number of the first row.
    pub(crate) fn with_names(source: String, names: Arc<[String]>, first_row: usize) -> Self {
        let columns = names.iter().map(|_| ColumnBuilder::new()).collect();
        TableBuilder {
            source,
            names,
            columns,
            lines: Lines::default(),
            first_row,
            rows: 0,
        }
    }

    /// Adds a row; `line` is where it starts in the source.
    ///
    /// # Errors
    /// [`ErrorKind::Ragged`] if there is not one cell for each column; the table is then as it was.
    pub fn push_row<'a, I>(&mut self, line: u64, cells: I) -> Result<(), Error>
    where
        I: IntoIterator<Item = &'a str>,
        I::IntoIter: Clone,
    {
        let cells = cells.into_iter();
        let found = cells.clone().count();
        if found != self.columns.len() {
            let kind = ErrorKind::Ragged {
                line,
                found,
                expected: self.columns.len(),
            };
            return Err(Error::from(kind).in_file(&self.source));
        }
        for (column, cell) in self.columns.iter_mut().zip(cells) {
            column.push(cell);
        }
        self.lines.push(self.rows, line);
        self.rows += 1;
        Ok(())
    }

    pub(crate) fn names(&self) -> Arc<[String]> {
        self.names.clone()
    }

    /// The rows so far.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The table.
    pub fn finish(self) -> Table {
        self.finish_with(Vec::new(), None)
    }

    pub(crate) fn finish_with(self, mut notes: Vec<Note>, sha256: Option<String>) -> Table {
        let columns: Vec<Column> = self
            .columns
            .into_iter()
            .map(ColumnBuilder::finish)
            .collect();
        for (name, column) in self.names.iter().zip(&columns) {
            if let Some(big) = column.big_integers() {
                let line = self.lines.line(big.first_row);
                notes.push(Note::BigIntegers {
                    column: name.clone(),
                    line,
                    count: big.count,
                });
            }
        }
        let origin = Origin {
            source: self.source,
            names: self.names,
            lines: self.lines,
            first_row: self.first_row,
        };
        Table {
            origin: Arc::new(origin),
            columns,
            rows: self.rows,
            notes,
            sha256,
        }
    }
}

/// Names must be there and differ: a table that keeps one of two columns of a name has lost the other.
fn check_names(names: &[String]) -> Result<(), Error> {
    let mut counts = BTreeMap::new();
    for name in names {
        *counts.entry(name).or_insert(0) += 1;
    }
    let empty: Vec<usize> = names
        .iter()
        .enumerate()
        .filter(|(_, name)| name.is_empty())
        .map(|(i, _)| i + 1)
        .collect();
    let duplicates: Vec<String> = counts
        .iter()
        .filter(|&(name, &count)| count > 1 && !name.is_empty())
        .map(|(name, _)| (*name).clone())
        .collect();
    if empty.is_empty() && duplicates.is_empty() {
        Ok(())
    } else {
        Err(ErrorKind::Header { duplicates, empty }.into())
    }
}

/// The line of each row, in the little space that one row per line needs.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Lines {
    /// `(row, line)` wherever a row does not start on the line after the one before it.
    jumps: Vec<(usize, u64)>,
}

impl Lines {
    fn push(&mut self, row: usize, line: u64) {
        if self.jumps.is_empty() || self.line(row) != line {
            self.jumps.push((row, line));
        }
    }

    pub fn line(&self, row: usize) -> u64 {
        match self.jumps.partition_point(|&(from, _)| from <= row) {
            0 => 0,
            at => self.jumps[at - 1].1 + (row - self.jumps[at - 1].0) as u64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_found_again() {
        let lines = [2, 3, 6, 7, 8, 20];
        let mut kept = Lines::default();
        lines
            .iter()
            .enumerate()
            .for_each(|(row, &line)| kept.push(row, line));
        assert_eq!(kept.jumps.len(), 3);
        lines
            .iter()
            .enumerate()
            .for_each(|(row, &line)| assert_eq!(kept.line(row), line));
    }

    #[test]
    fn duplicate_and_empty_names_are_listed() {
        let error = TableBuilder::new("t.csv", ["a", " a", "", "a.1", "y", "y"]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "t.csv: line 1: more than one column is called \"a\", \"y\", and no name for column 3; give each column a name of its own"
        );
    }

    #[test]
    fn an_unknown_column_gets_a_suggestion() {
        let table = TableBuilder::new("t.csv", ["age", "diagnosis"])
            .unwrap()
            .finish();
        let error = table.column("diagnossis").unwrap_err();
        assert_eq!(
            error.to_string(),
            "t.csv: no column \"diagnossis\"; did you mean \"diagnosis\"? The columns are \"age\", \"diagnosis\""
        );
    }
}
