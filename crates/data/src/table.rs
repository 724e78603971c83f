//! A table in memory: named columns, and for each row the line on which it starts.

use crate::cell::Spelling;
use crate::column::{Column, ColumnStore, place};
use crate::error::{BadRow, BadRows, Error, ErrorKind, RowProblem};
use crate::read::{Format, OnBad};
use crate::text::{counted, did_you_mean, quote};
use crate::weights::RowWeights;
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
#[derive(Clone, Debug)]
pub struct Table {
    origin: Arc<Origin>,
    /// Row by row, coded: see [`ColumnStore`].
    cells: Vec<f64>,
    stores: Vec<ColumnStore>,
    rows: usize,
    notes: Vec<Note>,
    sha256: Option<String>,
    format: Option<Arc<Format>>,
    pub(crate) weights: Option<Arc<RowWeights>>,
}

impl PartialEq for Table {
    fn eq(&self, other: &Self) -> bool {
        self.origin == other.origin
            && self.notes == other.notes
            && self.sha256 == other.sha256
            && self.weights == other.weights
            && self.columns().eq(other.columns())
    }
}

/// Where the rows of a table came from; shared by the data sets made of it, so that their errors can say so too.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Origin {
    pub source: String,
    pub names: Arc<[String]>,
    pub lines: Lines,
    /// The number of the first row, counted from 1.
    pub first_row: usize,
    /// Which rows of the file these are, counted from 0, if some were taken out.
    pub rows: Option<Lines>,
}

impl Origin {
    /// The number of a row in its file, counted from 1.
    pub fn row_number(&self, row: usize) -> usize {
        let of_file = self
            .rows
            .as_ref()
            .map_or(row, |rows| rows.line(row) as usize);
        self.first_row + of_file
    }
}

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
    pub fn columns(&self) -> impl ExactSizeIterator<Item = Column<'_>> {
        (0..self.stores.len()).map(|at| self.column_at(at))
    }

    pub(crate) fn column_at(&self, at: usize) -> Column<'_> {
        Column::new(&self.cells, self.stores.len(), at, &self.stores[at])
    }

    /// How the file is written, in words: what parts the fields, and why the first row is a header or is not. Nothing for a table
    /// that was made in memory.
    pub fn format(&self) -> Option<&str> {
        self.format.as_deref().map(|format| format.text.as_str())
    }

    /// Whether the columns were named by the first row, and not by their positions.
    pub fn has_header(&self) -> bool {
        self.format
            .as_deref()
            .is_none_or(|format| format.has_header)
    }

    /// Words that mean a missing value, beside the usual ones.
    pub(crate) fn missing_words(&self) -> &[String] {
        self.format.as_deref().map_or(&[], |format| &format.missing)
    }

    /// Whether rows with cells that can't be used are to be left out.
    pub(crate) fn leaves_out_bad_rows(&self) -> bool {
        self.format
            .as_deref()
            .is_some_and(|format| format.on_bad != OnBad::Fail)
    }

    /// Gives labels of a column other names, each pair from and to: for a table that spells them otherwise. Spellings of one label are
    /// those of [`Labels`](crate::Labels). The number of cells that changed.
    ///
    /// # Errors
    /// [`ErrorKind::UnknownColumn`].
    pub fn map_labels(&mut self, column: &str, pairs: &[(String, String)]) -> Result<usize, Error> {
        self.column(column)?;
        let (at, width) = (self.index()[column], self.stores.len());
        let spelling = Spelling::default();
        let mut known = BTreeMap::new();
        let mut count = 0;
        for cell in self.cells.iter_mut().skip(at).step_by(width) {
            let store = &mut self.stores[at];
            let mapped = known.entry(cell.to_bits()).or_insert_with(|| {
                let text = store.text(*cell)?;
                let (_, to) = pairs
                    .iter()
                    .find(|(from, _)| crate::label::are_one(from, &text))?;
                Some(store.push(to, 0, &spelling))
            });
            if let Some(mapped) = *mapped {
                *cell = mapped;
                count += 1;
            }
        }
        Ok(count)
    }

    /// Takes the cells out: what is left has the names and lines of its rows, and no cells.
    pub(crate) fn take_cells(&mut self) -> Vec<f64> {
        std::mem::take(&mut self.cells)
    }

    /// The coded cells, row by row.
    pub(crate) fn coded(&self) -> &[f64] {
        &self.cells
    }

    /// The column called `name`.
    ///
    /// # Errors
    /// [`ErrorKind::UnknownColumn`] with all columns and the one that may have been meant.
    pub fn column(&self, name: &str) -> Result<Column<'_>, Error> {
        match self.names().iter().position(|known| known == name) {
            Some(at) => Ok(self.column_at(at)),
            None => Err(self.error(ErrorKind::UnknownColumn {
                name: name.to_owned(),
                columns: self.names().to_vec(),
                suggestion: did_you_mean(name, self.names().iter().map(String::as_str)),
            })),
        }
    }

    /// The name of the target: the column of the name that was asked for, or else of the number (from 1) or the word `last`. If
    /// nothing was asked for, it is the last column of a table without header, and nothing for one with a header.
    ///
    /// # Errors
    /// [`ErrorKind::UnknownColumn`].
    pub fn target(&self, asked: Option<&str>) -> Result<Option<&str>, Error> {
        let names = self.names();
        let last = names.last().map(String::as_str);
        let Some(asked) = asked else {
            return Ok(last.filter(|_| !self.has_header()));
        };
        let exact = names.iter().position(|name| name == asked.trim());
        let by_number = || asked.trim().parse::<usize>().ok()?.checked_sub(1);
        match exact.or_else(by_number).and_then(|at| names.get(at)) {
            Some(name) => Ok(Some(name)),
            None if asked.trim() == "last" => Ok(last),
            None => self.column(asked).map(|_| None),
        }
    }

    /// The physical line, counted from 1, on which a row starts; `row` counts from 0.
    pub fn line(&self, row: usize) -> u64 {
        self.origin.lines.line(row)
    }

    /// The number of a row in the file, counted from 1 without the header; `row` counts from 0. The two differ by more than one
    /// only in a block that is not the first of a [`CsvReader`](crate::CsvReader).
    pub fn row_number(&self, row: usize) -> usize {
        self.origin.row_number(row)
    }

    /// What may surprise in this file.
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// SHA-256 of the file's bytes in lower-case hexadecimal, if the whole file was read at once.
    pub fn sha256(&self) -> Option<&str> {
        self.sha256.as_deref()
    }

    /// The places of the columns by name.
    pub(crate) fn index(&self) -> BTreeMap<&str, usize> {
        let names = self.names().iter().map(String::as_str);
        names.zip(0..).collect()
    }

    /// Takes all rows out but those given (ascending), which keep their lines and numbers.
    pub(crate) fn keep_rows(&mut self, rows: &[usize]) {
        let width = self.stores.len();
        let (mut lines, mut numbers) = (Lines::default(), Lines::default());
        for (at, &row) in rows.iter().enumerate() {
            lines.push(at, self.line(row));
            numbers.push(at, (self.row_number(row) - self.origin.first_row) as u64);
            self.cells
                .copy_within(row * width..(row + 1) * width, at * width);
        }
        self.cells.truncate(rows.len() * width);
        self.rows = rows.len();
        self.origin = Arc::new(Origin {
            source: self.origin.source.clone(),
            names: self.origin.names.clone(),
            lines,
            first_row: self.origin.first_row,
            rows: Some(numbers),
        });
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
    cells: Vec<f64>,
    stores: Vec<ColumnStore>,
    lines: Lines,
    first_row: usize,
    rows: usize,
    format: Option<Arc<Format>>,
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
        let stores = vec![ColumnStore::default(); names.len()];
        TableBuilder {
            source,
            names,
            cells: Vec::new(),
            stores,
            lines: Lines::default(),
            first_row,
            rows: 0,
            format: None,
        }
    }

    pub(crate) fn in_format(mut self, format: Arc<Format>) -> Self {
        self.format = Some(format);
        self
    }

    /// Adds a row; `line` is where it starts in the source.
    ///
    /// # Errors
    /// [`ErrorKind::BadRows`] if there is not one cell for each column; the table is then as it was.
    pub fn push_row<'a, I>(&mut self, line: u64, cells: I) -> Result<(), Error>
    where
        I: IntoIterator<Item = &'a str>,
        I::IntoIter: Clone,
    {
        let cells = cells.into_iter();
        let (found, expected) = (cells.clone().count(), self.stores.len());
        if found != expected {
            let mut rows = BadRows::default();
            let problem = RowProblem::Ragged { found, expected };
            rows.push(BadRow { line, problem });
            return Err(Error::from(ErrorKind::BadRows(rows)).in_file(&self.source));
        }
        let spelling = Spelling::default();
        for (store, cell) in self.stores.iter_mut().zip(cells) {
            self.cells.push(store.push(cell, self.rows, &spelling));
        }
        self.lines.push(self.rows, line);
        self.rows += 1;
        Ok(())
    }

    /// Adds rows whose cells are coded by other stores, and whose lines start after so many others.
    pub(crate) fn absorb(
        &mut self,
        mut cells: Vec<f64>,
        rows: usize,
        stores: &[ColumnStore],
        lines: &Lines,
        lines_before: u64,
    ) {
        let width = self.stores.len();
        for (at, (store, other)) in self.stores.iter_mut().zip(stores).enumerate() {
            let places = store.absorb(other, self.rows);
            if places
                .iter()
                .zip(0..)
                .all(|(&cell, same)| place(cell) == Some(same))
            {
                continue;
            }
            for cell in cells.iter_mut().skip(at).step_by(width) {
                if let Some(place) = place(*cell) {
                    *cell = places[place];
                }
            }
        }
        if self.cells.is_empty() {
            self.cells = cells;
        } else {
            self.cells.extend_from_slice(&cells);
        }
        self.lines.absorb(lines, self.rows, lines_before);
        self.rows += rows;
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
        for (name, store) in self.names.iter().zip(&self.stores) {
            if let Some(big) = store.big_integers() {
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
            rows: None,
        };
        Table {
            origin: Arc::new(origin),
            cells: self.cells,
            stores: self.stores,
            rows: self.rows,
            notes,
            sha256,
            format: self.format,
            weights: None,
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
    pub fn push(&mut self, row: usize, line: u64) {
        match self.jumps.last() {
            Some(&(from, at)) if at + (row - from) as u64 == line => {}
            _ => self.jumps.push((row, line)),
        }
    }

    /// Adds the lines of rows that follow, after so many rows and lines.
    fn absorb(&mut self, other: &Lines, rows: usize, lines: u64) {
        for &(row, line) in &other.jumps {
            self.push(rows + row, lines + line);
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
    fn a_target_has_a_name_a_number_or_is_the_last() {
        let table = TableBuilder::new("t.csv", ["2", "last", "y", "z"])
            .unwrap()
            .finish();
        let target = |asked| table.target(Some(asked)).ok().flatten();
        assert_eq!(target("y"), Some("y"));
        assert_eq!(target("3"), Some("y"));
        // A name comes first.
        assert_eq!(target("2"), Some("2"));
        assert_eq!(target("last"), Some("last"));
        assert_eq!([target("0"), target("5"), target("x")], [None; 3]);
        assert_eq!(table.target(None).unwrap(), None);
        let table = Table::from_csv("t", "1.5,0\n2.5,1\n".as_bytes()).unwrap();
        assert_eq!(table.target(None).unwrap(), Some("c2"));
        assert_eq!(table.target(Some("last")).unwrap(), Some("c2"));
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
