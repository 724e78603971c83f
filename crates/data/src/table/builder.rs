//! Rows of any source made a table.

use super::{Lines, Note, Origin, Table};
use crate::cell::Spelling;
use crate::column::{ColumnStore, place};
use crate::error::{BadRow, BadRows, Error, ErrorKind, RowProblem};
use crate::read::Format;
use std::collections::BTreeMap;
use std::sync::Arc;

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
        cells: &mut [f64],
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
        self.cells.extend_from_slice(cells);
        self.lines.absorb(lines, self.rows, lines_before);
        self.rows += rows;
    }

    /// Stores for rows that follow.
    pub(crate) fn columns_after(&self) -> Vec<ColumnStore> {
        self.stores.iter().map(ColumnStore::after).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn duplicate_and_empty_names_are_listed() {
        let error = TableBuilder::new("t.csv", ["a", " a", "", "a.1", "y", "y"]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "t.csv: line 1: more than one column is called \"a\", \"y\", and no name for column 3; give each column a name of its own"
        );
    }
}
