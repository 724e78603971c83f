//! The cells of a table, eight bytes each, and what a column keeps beside them.

use crate::cell::{Cell, Spelling, has_leading_zero, loses_digits};
use crate::read::Infinite;
use rayon::prelude::*;
use std::collections::HashMap;
use std::sync::Arc;

/// A column of a [`Table`](crate::Table), which may serve as a target, a feature or not at all.
#[derive(Clone, Copy, Debug)]
pub struct Column<'t> {
    /// Those of the table, row by row.
    cells: &'t [f64],
    width: usize,
    at: usize,
    store: &'t ColumnStore,
}

impl<'t> Column<'t> {
    pub(crate) fn new(cells: &'t [f64], width: usize, at: usize, store: &'t ColumnStore) -> Self {
        Column {
            cells,
            width,
            at,
            store,
        }
    }

    /// The number of cells.
    pub fn len(&self) -> usize {
        self.cells.len() / self.width
    }

    /// Whether the column has no cells.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The cell of a row, counted from 0.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn cell(&self, row: usize) -> Cell<'t> {
        self.store.cell(self.cells[row * self.width + self.at])
    }

    /// The cells in the order of the rows.
    pub fn cells(self) -> impl ExactSizeIterator<Item = Cell<'t>> {
        self.coded().map(move |cell| self.store.cell(cell))
    }

    /// The cell of a row as text, in one of its spellings; nothing for a missing value.
    pub(crate) fn text(&self, row: usize) -> Option<String> {
        self.store.text(self.cells[row * self.width + self.at])
    }

    /// The cells in coded form: see [`ColumnStore`].
    pub(crate) fn coded(self) -> impl ExactSizeIterator<Item = f64> + 't {
        self.cells[self.at.min(self.cells.len())..]
            .iter()
            .step_by(self.width)
            .copied()
    }

    /// The same, one beside the other: for several looks at a column, whose cells are far apart in a large table.
    pub(crate) fn gather(self) -> Vec<f64> {
        /// Fewer rows are not worth other threads.
        const FEW_ROWS: usize = 1 << 14;
        if self.len() <= FEW_ROWS {
            return self.coded().collect();
        }
        let rows = self.cells.par_chunks_exact(self.width);
        let rows = rows.with_min_len(FEW_ROWS / 4);
        rows.map(|row| row[self.at]).collect()
    }

    pub(crate) fn store(&self) -> &'t ColumnStore {
        self.store
    }
}

/// Columns are equal if their cells are, whatever codes these have.
impl PartialEq for Column<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cells().eq(other.cells())
    }
}

/// What a column keeps beside its coded cells.
///
/// A coded cell is a number, an infinity, NaN for a missing value, or a NaN whose payload is the place of a spelling: of text, and
/// of numbers whose spelling says more than their value, as `007` or a whole number above 2^53. Nothing ever computes with these
/// NaNs, so their bits stay.
#[derive(Clone, Debug, Default)]
pub(crate) struct ColumnStore {
    spelled: Vec<Spelled>,
    /// Only looked up, never walked through: its order has no say in anything.
    index: HashMap<Arc<str>, u32>,
    /// How the few first values were written first, until there are too many of them.
    few: Few,
    odd_numbers: usize,
    infinities: usize,
    big_integers: Option<BigIntegers>,
}

/// One spelling, blanks trimmed, with its value if it is a number.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Spelled {
    pub text: Arc<str>,
    pub value: Option<f64>,
}

#[derive(Clone, Debug)]
enum Few {
    Values(Vec<(u64, Box<str>)>),
    TooMany,
}

impl Default for Few {
    fn default() -> Self {
        Few::Values(Vec::new())
    }
}

/// Whole numbers that an `f64` may not hold exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BigIntegers {
    pub first_row: usize,
    pub count: usize,
}

/// Up to this many values are kept with their spelling. A target has two.
const FEW: usize = 16;

/// Up to this many spellings of numbers such as `007` are kept; a column with more of them can't be a target, and is numbers.
const MOST_ODD_NUMBERS: usize = 4096;

/// A NaN with the place of a spelling; NaN itself, with the payload 0, is a missing value.
fn code(place: u32) -> f64 {
    f64::from_bits(f64::NAN.to_bits() | (u64::from(place) + 1))
}

/// The place in a coded cell, if it is one.
pub(crate) fn place(cell: f64) -> Option<usize> {
    let payload = cell.to_bits() & 0xffff_ffff;
    (cell.is_nan() && payload > 0).then(|| payload as usize - 1)
}

impl ColumnStore {
    /// For cells that follow those of another store, whose few first values need not be found once more if they are too many.
    pub fn after(other: &ColumnStore) -> ColumnStore {
        ColumnStore {
            few: match other.few {
                Few::Values(_) => Few::default(),
                Few::TooMany => Few::TooMany,
            },
            ..ColumnStore::default()
        }
    }

    /// Whether each cell is a finite number as it stands, or missing.
    pub fn is_plain(&self) -> bool {
        self.spelled.is_empty() && self.infinities == 0
    }

    /// Codes the cell of a row.
    pub fn push(&mut self, text: &str, row: usize, spelling: &Spelling) -> f64 {
        let text = text.trim();
        match Cell::parse_as(text, spelling) {
            Cell::Missing => f64::NAN,
            Cell::Infinite(_) if spelling.infinite == Infinite::IsMissing => f64::NAN,
            Cell::Infinite(value) => {
                self.infinities += 1;
                self.note(value, text.as_bytes());
                value
            }
            Cell::Text(text) => code(self.spelling(text, None)),
            Cell::Number(value) => {
                let is_big = loses_digits(text, value);
                if is_big {
                    self.big_integers
                        .get_or_insert(BigIntegers {
                            first_row: row,
                            count: 0,
                        })
                        .count += 1;
                }
                if !is_big && !has_leading_zero(text) {
                    self.note(value, text.as_bytes());
                    return value;
                }
                let known = self.index.contains_key(text);
                if !known && self.odd_numbers >= MOST_ODD_NUMBERS {
                    return value;
                }
                self.odd_numbers += usize::from(!known);
                code(self.spelling(text, Some(value)))
            }
        }
    }

    /// Remembers how a value was written first.
    #[inline]
    pub fn note(&mut self, value: f64, text: &[u8]) {
        if let Few::Values(values) = &self.few {
            let bits = value.to_bits();
            if values.iter().all(|&(known, _)| known != bits) {
                self.note_few(bits, &String::from_utf8_lossy(text));
            }
        }
    }

    #[cold]
    fn note_few(&mut self, bits: u64, text: &str) {
        let Few::Values(values) = &mut self.few else {
            return;
        };
        if values.len() == FEW {
            self.few = Few::TooMany;
        } else {
            values.push((bits, text.into()));
        }
    }

    fn spelling(&mut self, text: &str, value: Option<f64>) -> u32 {
        if let Some(&place) = self.index.get(text) {
            return place;
        }
        let (place, text) = (self.spelled.len() as u32, Arc::<str>::from(text));
        self.index.insert(text.clone(), place);
        self.spelled.push(Spelled { text, value });
        place
    }

    /// Takes what another store has, of rows that follow after `rows` others, and gives the cell for each of its places.
    pub fn absorb(&mut self, other: &ColumnStore, rows: usize) -> Vec<f64> {
        if let (Few::Values(_), Few::Values(values)) = (&self.few, &other.few) {
            values
                .iter()
                .for_each(|(bits, text)| self.note(f64::from_bits(*bits), text.as_bytes()));
        } else {
            self.few = Few::TooMany;
        }
        self.infinities += other.infinities;
        if let Some(big) = other.big_integers {
            self.big_integers
                .get_or_insert(BigIntegers {
                    first_row: rows + big.first_row,
                    count: 0,
                })
                .count += big.count;
        }
        let take = |Spelled { text, value }: &Spelled| match value {
            Some(value)
                if !self.index.contains_key(text) && self.odd_numbers >= MOST_ODD_NUMBERS =>
            {
                *value
            }
            Some(value) => {
                self.odd_numbers += usize::from(!self.index.contains_key(text));
                code(self.spelling(text, Some(*value)))
            }
            None => code(self.spelling(text, None)),
        };
        other.spelled.iter().map(take).collect()
    }

    /// What a coded cell is.
    pub fn cell(&self, cell: f64) -> Cell<'_> {
        if cell.is_finite() {
            Cell::Number(cell)
        } else if cell.is_infinite() {
            Cell::Infinite(cell)
        } else {
            match place(cell).map(|place| &self.spelled[place]) {
                None => Cell::Missing,
                Some(Spelled {
                    value: Some(value), ..
                }) => Cell::Number(*value),
                Some(Spelled { text, value: None }) => Cell::Text(text),
            }
        }
    }

    /// The spellings, by place.
    pub fn spelled(&self) -> &[Spelled] {
        &self.spelled
    }

    /// A coded cell as it was written, or as it may be written if that is not known; nothing for a missing value.
    pub fn text(&self, cell: f64) -> Option<String> {
        if cell.is_nan() {
            return place(cell).map(|place| self.spelled[place].text.to_string());
        }
        let known = match &self.few {
            Few::Values(values) => values.iter().find(|(bits, _)| *bits == cell.to_bits()),
            Few::TooMany => None,
        };
        Some(known.map_or_else(|| cell.to_string(), |(_, text)| text.to_string()))
    }

    /// The name of a coded cell as a level: text as it stands, and numbers in one spelling each; nothing for a missing value.
    pub fn level(&self, cell: f64) -> Option<String> {
        match place(cell) {
            Some(place) => Some(self.spelled[place].text.to_string()),
            // Adding zero turns -0 into 0.
            None => (!cell.is_nan()).then(|| (cell + 0.0).to_string()),
        }
    }

    pub fn big_integers(&self) -> Option<BigIntegers> {
        self.big_integers
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read<S: AsRef<str>>(cells: &[S], cut: usize) -> (ColumnStore, Vec<f64>) {
        let spelling = Spelling::default();
        let mut store = ColumnStore::default();
        let mut coded = Vec::new();
        for part in cells.chunks(cut) {
            let mut piece = ColumnStore::default();
            let cells: Vec<f64> = (part.iter().enumerate())
                .map(|(row, cell)| piece.push(cell.as_ref(), row, &spelling))
                .collect();
            let places = store.absorb(&piece, coded.len());
            coded.extend(
                cells
                    .iter()
                    .map(|&cell| place(cell).map_or(cell, |place| places[place])),
            );
        }
        (store, coded)
    }

    #[test]
    fn few_values_are_kept_as_written_first() {
        let (store, cells) = read(&["1.0", " 1", "007", "", "7", "x"], 3);
        let texts: Vec<_> = cells.iter().map(|&cell| store.text(cell)).collect();
        let expected = ["1.0", "1.0", "007", "", "7", "x"];
        for (text, expected) in texts.iter().zip(expected) {
            assert_eq!(text.as_deref(), (!expected.is_empty()).then_some(expected));
        }
        assert_eq!(store.cell(cells[2]), Cell::Number(7.0));
        assert_eq!(store.cell(cells[5]), Cell::Text("x"));
    }

    #[test]
    fn whole_numbers_that_lose_digits_are_counted_and_keep_them() {
        let mut cells: Vec<String> = (0..40)
            .map(|i| format!("{}", 9_007_199_254_740_992u64 + i))
            .collect();
        cells.insert(0, "5".into());
        let (store, coded) = read(&cells, 7);
        assert_eq!(
            store.big_integers(),
            Some(BigIntegers {
                first_row: 2,
                count: 39
            })
        );
        assert_eq!(store.text(coded[2]).as_deref(), Some("9007199254740993"));
    }

    #[test]
    fn very_many_odd_numbers_are_numbers() {
        let cells: Vec<String> = (0..10_000).map(|i| format!("0{i}")).collect();
        let (store, coded) = read(&cells, 5000);
        assert_eq!(store.spelled().len(), MOST_ODD_NUMBERS);
        assert!(
            coded
                .iter()
                .enumerate()
                .all(|(i, &cell)| store.cell(cell) == Cell::Number(i as f64))
        );
    }

    proptest! {
        #[test]
        fn each_cell_reads_as_it_would_alone(
            cells in prop::collection::vec("[0-9]{1,2}|[a-c]|\\?| 1e[0-9]|inf", 0..120), cut in 1usize..50
        ) {
            let (store, coded) = read(&cells, cut);
            let column = Column::new(&coded, 1, 0, &store);
            prop_assert_eq!(column.len(), cells.len());
            for (row, cell) in column.cells().enumerate() {
                prop_assert_eq!(cell, Cell::parse(&cells[row]));
                prop_assert_eq!(cell, column.cell(row));
            }
        }
    }
}
