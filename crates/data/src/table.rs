//! A table in memory: named columns, and for each row the line on which it starts.

mod builder;
mod lines;
mod note;

pub use builder::TableBuilder;
pub(crate) use lines::Lines;
pub use note::Note;

use crate::cell::Spelling;
use crate::column::{Column, ColumnStore};
use crate::error::{Error, ErrorKind};
use crate::read::{Format, OnBad};
use crate::text::did_you_mean;
use crate::weights::RowWeights;
use std::collections::BTreeMap;
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

    /// What may part the fields rather than what was taken for it, if that parts none of them, or the first row otherwise than the others.
    pub fn likely_delimiter(&self) -> Option<char> {
        self.format.as_deref()?.likely_delimiter
    }

    /// Makes sure that only one column of the file had this name, for where the column matters: the others were
    /// [renamed](crate::Names::Rename).
    ///
    /// # Errors
    /// [`ErrorKind::AmbiguousColumn`].
    pub(crate) fn check_one(&self, name: &str) -> Result<(), Error> {
        let renamed = self
            .format
            .as_deref()
            .map_or(&[][..], |format| &format.renamed);
        let others: Vec<&str> = renamed
            .iter()
            .filter(|(old, _)| old == name)
            .map(|(_, new)| new.as_str())
            .collect();
        if others.is_empty() {
            return Ok(());
        }
        let columns = (1..).zip(self.names());
        let columns =
            columns.filter(|(_, other)| *other == name || others.contains(&other.as_str()));
        Err(self.error(ErrorKind::AmbiguousColumn {
            name: name.to_owned(),
            columns: columns.map(|(at, other)| (at, other.clone())).collect(),
        }))
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
                likely_delimiter: self.likely_delimiter(),
            })),
        }
    }

    /// The name of the target: the column of the name that was asked for, or else of the number (from 1) or the word `last`. If
    /// nothing was asked for, it is the last column of a table without header, and nothing for one with a header.
    ///
    /// # Errors
    /// [`ErrorKind::UnknownColumn`]; [`ErrorKind::AmbiguousColumn`] if several columns of the file have that name.
    pub fn target(&self, asked: Option<&str>) -> Result<Option<&str>, Error> {
        let names = self.names();
        let last = names.last().map(String::as_str);
        let Some(asked) = asked else {
            return Ok(last.filter(|_| !self.has_header()));
        };
        let exact = names.iter().position(|name| name == asked.trim());
        if exact.is_some() {
            self.check_one(asked.trim())?;
        }
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

#[cfg(test)]
mod tests {
    use super::*;

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
