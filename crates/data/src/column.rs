//! One column of a table: few spellings by code, or many numbers.

use crate::cell::{Cell, loses_digits};
use std::collections::HashMap;

/// A column of a [`Table`](crate::Table), kept so that it may serve as a target, a feature or not at all.
///
/// As long as a column has few distinct spellings it keeps them with a code for each row, so that labels stay as they were
/// written. A column of many numbers keeps only their values.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    cells: Cells,
    big_integers: Option<BigIntegers>,
}

#[derive(Clone, Debug)]
enum Cells {
    Levels {
        codes: Vec<u32>,
        levels: Vec<Level>,
    },
    Numbers {
        values: Vec<f64>,
        texts: Vec<(usize, Box<str>)>,
    },
}

/// One spelling (blanks trimmed) and its count.
#[derive(Clone, Debug)]
struct Level {
    text: Box<str>,
    /// As [`value_of`] gives it.
    value: Option<f64>,
    count: usize,
}

/// Whole numbers that an `f64` may not hold exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BigIntegers {
    pub first_row: usize,
    pub count: usize,
}

impl Column {
    /// The number of cells.
    pub fn len(&self) -> usize {
        match &self.cells {
            Cells::Levels { codes, .. } => codes.len(),
            Cells::Numbers { values, .. } => values.len(),
        }
    }

    /// Whether the column has no cells.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The cell of a row, counted from 0.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn cell(&self, row: usize) -> Cell<'_> {
        match &self.cells {
            Cells::Levels { codes, levels } => levels[codes[row] as usize].cell(),
            Cells::Numbers { values, texts } => match number_or_nan(values[row]) {
                Cell::Missing => match texts.binary_search_by_key(&row, |&(at, _)| at) {
                    Ok(at) => Cell::Text(&texts[at].1),
                    Err(_) => Cell::Missing,
                },
                cell => cell,
            },
        }
    }

    /// The distinct spellings with their counts, in order of first appearance, or nothing if there were so many
    /// numbers that only the values were kept.
    pub fn spellings(&self) -> Option<impl ExactSizeIterator<Item = (&str, usize)>> {
        match &self.cells {
            Cells::Levels { levels, .. } => {
                Some(levels.iter().map(|level| (&*level.text, level.count)))
            }
            Cells::Numbers { .. } => None,
        }
    }

    /// The place of a row's spelling in [`spellings`](Column::spellings).
    pub(crate) fn codes(&self) -> Option<&[u32]> {
        match &self.cells {
            Cells::Levels { codes, .. } => Some(codes),
            Cells::Numbers { .. } => None,
        }
    }

    pub(crate) fn big_integers(&self) -> Option<BigIntegers> {
        self.big_integers
    }

    /// Visits every cell in row order.
    pub(crate) fn for_each<'a>(&'a self, mut visit: impl FnMut(usize, Cell<'a>)) {
        match &self.cells {
            Cells::Levels { codes, levels } => {
                let cells: Vec<_> = levels.iter().map(Level::cell).collect();
                codes
                    .iter()
                    .enumerate()
                    .for_each(|(row, &code)| visit(row, cells[code as usize]));
            }
            Cells::Numbers { values, texts } => {
                let mut texts = texts.iter().peekable();
                for (row, &value) in values.iter().enumerate() {
                    match texts.next_if(|&&(at, _)| at == row) {
                        Some((_, text)) => visit(row, Cell::Text(text)),
                        None => visit(row, number_or_nan(value)),
                    }
                }
            }
        }
    }
}

/// Missing cells, which are NaN inside, equal each other.
impl PartialEq for Cells {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (
                Cells::Levels { codes, levels },
                Cells::Levels {
                    codes: other_codes,
                    levels: others,
                },
            ) => {
                // The value and the count follow from the spelling and the codes.
                codes == other_codes
                    && levels
                        .iter()
                        .map(|level| &level.text)
                        .eq(others.iter().map(|level| &level.text))
            }
            (
                Cells::Numbers { values, texts },
                Cells::Numbers {
                    values: others,
                    texts: other_texts,
                },
            ) => {
                let bits = |values: &[f64]| {
                    values
                        .iter()
                        .map(|value| value.to_bits())
                        .collect::<Vec<_>>()
                };
                texts == other_texts && bits(values) == bits(others)
            }
            _ => false,
        }
    }
}

impl Level {
    fn cell(&self) -> Cell<'_> {
        match self.value {
            Some(value) => number_or_nan(value),
            None => Cell::Text(&self.text),
        }
    }
}

/// The number, the infinity, NaN for a missing cell; nothing for text.
fn value_of(cell: Cell) -> Option<f64> {
    match cell {
        Cell::Number(value) | Cell::Infinite(value) => Some(value),
        Cell::Missing => Some(f64::NAN),
        Cell::Text(_) => None,
    }
}

/// In the vectors here NaN stands for a missing cell: no spelling is ever read as the number NaN.
fn number_or_nan(value: f64) -> Cell<'static> {
    if value.is_finite() {
        Cell::Number(value)
    } else if value.is_nan() {
        Cell::Missing
    } else {
        Cell::Infinite(value)
    }
}

/// Up to this many distinct spellings are kept, and looked up by comparing one after the other. A column with more is
/// numbers, if most of these are, or text.
const FEW: usize = 16;

/// Takes the cells of one column in row order.
#[derive(Debug)]
pub(crate) struct ColumnBuilder {
    column: Column,
    /// Only looked up, never walked through: its order has no say in anything.
    index: HashMap<Box<str>, u32>,
}

impl ColumnBuilder {
    pub(crate) fn new() -> Self {
        let cells = Cells::Levels {
            codes: Vec::new(),
            levels: Vec::new(),
        };
        ColumnBuilder {
            column: Column {
                cells,
                big_integers: None,
            },
            index: HashMap::new(),
        }
    }

    pub(crate) fn push(&mut self, text: &str) {
        let text = text.trim();
        let row = self.column.len();
        let value = match &mut self.column.cells {
            Cells::Numbers { values, texts } => {
                let value = value_of(Cell::parse(text));
                values.push(value.unwrap_or(f64::NAN));
                if value.is_none() {
                    texts.push((row, text.into()));
                }
                value
            }
            Cells::Levels { codes, levels } => {
                let found = if levels.len() <= FEW {
                    levels.iter().position(|level| &*level.text == text)
                } else {
                    self.index.get(text).map(|&code| code as usize)
                };
                let code = found.unwrap_or(levels.len());
                if found.is_none() {
                    levels.push(Level {
                        text: text.into(),
                        value: value_of(Cell::parse(text)),
                        count: 0,
                    });
                }
                levels[code].count += 1;
                codes.push(code as u32);
                let value = levels[code].value;
                if found.is_none() && code >= FEW {
                    self.outgrow();
                }
                value
            }
        };
        if value.is_some_and(|value| loses_digits(text, value)) {
            self.column
                .big_integers
                .get_or_insert(BigIntegers {
                    first_row: row,
                    count: 0,
                })
                .count += 1;
        }
    }

    pub(crate) fn finish(self) -> Column {
        self.column
    }

    /// A new spelling beyond the few: turn to plain numbers if most are, else keep an index of all spellings.
    fn outgrow(&mut self) {
        let Cells::Levels { codes, levels } = &self.column.cells else {
            return;
        };
        if levels.len() > FEW + 1 {
            let code = levels.len() - 1;
            self.index.insert(levels[code].text.clone(), code as u32);
            return;
        }
        let numbers = levels.iter().filter(|level| level.value.is_some()).count();
        if numbers * 2 < levels.len() {
            self.index = levels
                .iter()
                .enumerate()
                .map(|(code, level)| (level.text.clone(), code as u32))
                .collect();
            return;
        }
        let value = |&code: &u32| levels[code as usize].value.unwrap_or(f64::NAN);
        let texts = codes
            .iter()
            .enumerate()
            .map(|(row, &code)| (row, &levels[code as usize]))
            .filter(|(_, level)| level.value.is_none())
            .map(|(row, level)| (row, level.text.clone()));
        self.column.cells = Cells::Numbers {
            values: codes.iter().map(value).collect(),
            texts: texts.collect(),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn column<S: AsRef<str>>(cells: &[S]) -> Column {
        let mut builder = ColumnBuilder::new();
        cells.iter().for_each(|cell| builder.push(cell.as_ref()));
        builder.finish()
    }

    #[test]
    fn few_spellings_are_kept_as_written() {
        let column = column(&["1", " 1.0", "1", "007", ""]);
        let spellings: Vec<_> = column.spellings().unwrap().collect();
        assert_eq!(spellings, [("1", 2), ("1.0", 1), ("007", 1), ("", 1)]);
        assert_eq!(column.codes(), Some(&[0, 1, 0, 2, 3][..]));
        assert_eq!(column.cell(3), Cell::Number(7.0));
        assert_eq!(column.cell(4), Cell::Missing);
    }

    #[test]
    fn many_numbers_keep_their_values_and_the_odd_text() {
        let mut cells: Vec<String> = (0..100).map(|i| format!("{i}.5")).collect();
        cells[3] = "abc".into();
        cells[50] = "?".into();
        cells[60] = "xyz".into();
        cells[70] = "inf".into();
        let column = column(&cells);
        assert!(column.spellings().is_none());
        assert_eq!(column.cell(3), Cell::Text("abc"));
        assert_eq!(column.cell(50), Cell::Missing);
        assert_eq!(column.cell(60), Cell::Text("xyz"));
        assert_eq!(column.cell(70), Cell::Infinite(f64::INFINITY));
        assert_eq!(column.cell(99), Cell::Number(99.5));
    }

    #[test]
    fn many_texts_keep_their_spellings() {
        let cells: Vec<String> = (0..100).map(|i| format!("name {}", i % 50)).collect();
        let column = column(&cells);
        assert_eq!(column.spellings().unwrap().len(), 50);
        assert!(column.spellings().unwrap().all(|(_, count)| count == 2));
    }

    #[test]
    fn whole_numbers_that_lose_digits_are_counted() {
        let mut cells: Vec<String> = (0..40)
            .map(|i| format!("{}", 9_007_199_254_740_992u64 + i))
            .collect();
        cells.insert(0, "5".into());
        let expected = Some(BigIntegers {
            first_row: 2,
            count: 39,
        });
        assert_eq!(column(&cells).big_integers(), expected);
    }

    proptest! {
        #[test]
        fn however_it_is_kept_each_cell_reads_as_it_would_alone(
            cells in prop::collection::vec("[0-9]{1,2}|[a-c]|\\?| 1e[0-9]|inf", 0..120)
        ) {
            let column = column(&cells);
            prop_assert_eq!(column.len(), cells.len());
            let mut visited = 0;
            column.for_each(|row, cell| {
                assert_eq!((row, cell), (visited, Cell::parse(&cells[row])));
                assert_eq!(cell, column.cell(row));
                visited += 1;
            });
            prop_assert_eq!(visited, cells.len());
            prop_assert_eq!(&column, &column.clone());
        }
    }
}
