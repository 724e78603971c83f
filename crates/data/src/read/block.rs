//! Some rows of a file at a time.

#[cfg(doc)]
use super::CsvReader;
use super::piece::{Layout, Piece};
use super::raw::RawRows;
use super::rows::{RowEnd, fields, row_end};
use crate::table::Table;

/// Some rows of a larger file: a [`Table`] whose row numbers and lines are those of the file, and, if
/// [kept](CsvReader::keep_cells), the cells as they were written.
#[derive(Clone, Debug)]
pub struct Block {
    pub(super) table: Table,
    pub(super) kept: Kept,
    pub(super) raw: RawRows,
}

impl Block {
    /// The rows as a table.
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// A cell as it was written, without its quotes but with the blanks round it; row and column count from 0.
    ///
    /// # Panics
    /// If there is no such cell, or the reader was not told to [keep](CsvReader::keep_cells) them.
    pub fn cell(&self, row: usize, column: usize) -> &str {
        let width = self.table.names().len();
        assert!(column < width, "no such column");
        let cell = row * width + column;
        let start = if cell == 0 {
            0
        } else {
            self.kept.ends[cell - 1]
        };
        &self.kept.text[start..self.kept.ends[cell]]
    }

    /// A row as it stands in the file, with its line end, which the last row may lack; the row counts from 0.
    ///
    /// # Panics
    /// If there is no such row, or the reader was not told to [keep](CsvReader::keep_rows) them.
    pub fn row_bytes(&self, row: usize) -> &[u8] {
        self.raw.row(row)
    }
}

/// The cells of rows, one after the other.
#[derive(Clone, Debug, Default)]
pub(super) struct Kept {
    text: String,
    ends: Vec<usize>,
}

impl Kept {
    pub fn add(&mut self, bytes: &[u8], piece: &Piece, layout: &Layout) {
        let mut scratch = Vec::new();
        for &start in &piece.starts {
            let RowEnd::At { end, .. } = row_end(bytes, start, layout.dialect, true) else {
                continue;
            };
            for field in fields(&bytes[start..end], layout.dialect).take(layout.width) {
                self.text += &String::from_utf8_lossy(field.text(layout.dialect, &mut scratch));
                self.ends.push(self.text.len());
            }
        }
    }
}
