//! What the cells of each column are, counted in one pass.

use crate::cell::Cell;
use crate::table::Table;
use rayon::prelude::*;

/// What the cells of a column are, of rows that have a label.
#[derive(Clone, Debug)]
pub(super) struct Tally {
    pub numbers: usize,
    pub texts: usize,
    pub missing: usize,
    pub infinite: usize,
    pub min: f64,
    pub max: f64,
    pub are_whole: bool,
    pub ascends: bool,
}

impl Tally {
    pub fn of_table(table: &Table, has_label: &[bool]) -> Vec<Tally> {
        /// Rows that are tallied at a time.
        const ROWS: usize = 1 << 12;
        let width = table.names().len();
        let none = || vec![Tally::NONE; width];
        let of_rows = |(cells, has_label): (&[f64], &[bool])| {
            let mut tallies = none();
            let rows = cells.chunks_exact(width).zip(has_label);
            for (row, _) in rows.filter(|(_, has_label)| **has_label) {
                for (at, (tally, &cell)) in tallies.iter_mut().zip(row).enumerate() {
                    if cell.is_finite() {
                        tally.add(cell);
                    } else {
                        tally.add_other(table.column_at(at).store().cell(cell));
                    }
                }
            }
            tallies
        };
        if has_label.len() <= ROWS {
            // Not worth other threads.
            return of_rows((table.coded(), has_label));
        }
        let chunks = table.coded().par_chunks(ROWS * width);
        let tallies: Vec<Vec<Tally>> = chunks
            .zip(has_label.par_chunks(ROWS))
            .map(of_rows)
            .collect();
        let mut whole = none();
        for tallies in tallies {
            let pairs = whole.iter_mut().zip(&tallies);
            pairs.for_each(|(tally, next)| tally.absorb(next));
        }
        whole
    }

    /// Of no cells.
    const NONE: Tally = Tally {
        numbers: 0,
        texts: 0,
        missing: 0,
        infinite: 0,
        min: f64::INFINITY,
        max: f64::NEG_INFINITY,
        are_whole: true,
        ascends: true,
    };

    #[inline]
    fn add(&mut self, value: f64) {
        self.numbers += 1;
        self.ascends &= value > self.max;
        self.min = if value < self.min { value } else { self.min };
        self.max = if value > self.max { value } else { self.max };
        self.are_whole &= is_whole(value);
    }

    #[cold]
    fn add_other(&mut self, cell: Cell) {
        match cell {
            Cell::Number(value) => self.add(value),
            Cell::Missing => self.missing += 1,
            Cell::Infinite(_) => self.infinite += 1,
            Cell::Text(_) => self.texts += 1,
        }
    }

    /// Adds the tally of cells that follow.
    fn absorb(&mut self, next: &Tally) {
        self.numbers += next.numbers;
        self.texts += next.texts;
        self.missing += next.missing;
        self.infinite += next.infinite;
        // The smallest of numbers that ascend is the first.
        self.ascends &= next.ascends && next.min > self.max;
        self.min = self.min.min(next.min);
        self.max = self.max.max(next.max);
        self.are_whole &= next.are_whole;
    }

    pub fn present(&self) -> usize {
        self.numbers + self.texts + self.infinite
    }
}

/// Whether a finite number is a whole one. (`f64::fract` calls a function where the processor's own rounding can't be taken for given.)
#[inline]
fn is_whole(value: f64) -> bool {
    /// From here on, 2^52, all are; added to less, it leaves no place for a fraction.
    const WHOLE: f64 = 4_503_599_627_370_496.0;
    let size = value.abs();
    (size >= WHOLE) | ((size + WHOLE) - WHOLE == size)
}
