//! What one column looks like, or was said to be.

use super::date::DateOrder;
use super::file::Declared;
use super::note::Findings;
use super::tally::Tally;
use super::{BadCells, FeatureKind, boolean};
use crate::cell::Cell;
use crate::column::{Column, place};
use crate::error::ErrorKind;
use crate::table::Table;
use crate::text::quote;
use std::collections::BTreeSet;

/// A column that is looked at.
pub(super) struct Look<'t> {
    pub name: &'t str,
    pub column: Column<'t>,
    pub tally: &'t Tally,
    pub has_label: &'t [bool],
}

impl<'t> Look<'t> {
    /// The coded cells of the rows with a label.
    fn coded(&self) -> impl Iterator<Item = f64> + Clone + 't {
        let has_label = self.has_label;
        let cells: Vec<f64> = self
            .column
            .coded()
            .zip(has_label)
            .filter(|(_, has)| **has)
            .map(|(cell, _)| cell)
            .collect();
        cells.into_iter()
    }

    /// The distinct texts, or numbers as texts.
    fn levels(&self) -> BTreeSet<String> {
        let mut seen = BTreeSet::new();
        let bits = self.coded().filter(|cell| seen.insert(cell.to_bits()));
        bits.filter_map(|cell| self.column.store().level(cell))
            .collect()
    }

    /// What a column looks like; nothing for one that is of no use.
    pub fn kind(
        &self,
        table: &Table,
        bad: &mut BadCells,
        findings: &mut Findings,
    ) -> Option<FeatureKind> {
        let tally = self.tally;
        if tally.present() == 0 {
            findings.empty.push(self.name.to_owned());
            return None;
        }
        if tally.texts == 0 {
            return Some(FeatureKind::Numeric);
        }
        if tally.numbers * 2 >= tally.present() {
            for (row, cell) in self
                .column
                .cells()
                .enumerate()
                .filter(|(row, _)| self.has_label[*row])
            {
                if let Cell::Text(_) = cell {
                    bad.add(self.name, table.line(row), self.column.len(), cell);
                }
            }
            return Some(FeatureKind::Numeric);
        }
        let spelled: Vec<&str> = self.distinct_texts();
        if tally.numbers == 0
            && spelled.iter().all(|text| boolean(text).is_some())
            && spelled.len() > 1
        {
            return Some(FeatureKind::Boolean);
        }
        if tally.numbers == 0
            && let Some(order) = DateOrder::of(spelled.iter().copied())
        {
            if order == DateOrder::MonthFirst
                && spelled
                    .iter()
                    .all(|text| DateOrder::DayFirst.days(text).is_some())
            {
                findings.month_first.push(self.name.to_owned());
            }
            return Some(FeatureKind::Date(order));
        }
        if self.levels().len() == tally.present() {
            findings.useless.push(self.name.to_owned());
            return None;
        }
        Some(FeatureKind::Categorical)
    }

    pub fn distinct_texts(&self) -> Vec<&'t str> {
        let places: BTreeSet<usize> = self.coded().filter_map(place).collect();
        let store = self.column.store();
        places
            .into_iter()
            .map(|place| &*store.spelled()[place].text)
            .collect()
    }

    pub fn declared(&self, declared: Declared) -> Result<Option<FeatureKind>, ErrorKind> {
        let wrong = |problem: String| ErrorKind::Declared {
            column: self.name.to_owned(),
            problem,
        };
        Ok(Some(match declared {
            Declared::Ignore => return Ok(None),
            Declared::Numeric => FeatureKind::Numeric,
            Declared::Categorical => FeatureKind::Categorical,
            Declared::Boolean => FeatureKind::Boolean,
            Declared::Date => {
                let order = DateOrder::of(self.distinct_texts().into_iter());
                FeatureKind::Date(order.ok_or_else(|| {
                    wrong("not all its values are dates of one form, such as 2024-12-31; correct them, or make the column categorical".to_owned())
                })?)
            }
            Declared::Ordinal(levels) => {
                let distinct: BTreeSet<&String> = levels.iter().collect();
                if distinct.len() < 2 || distinct.len() != levels.len() {
                    return Err(wrong(
                        "an ordinal column needs two levels or more, from low to high, each once"
                            .to_owned(),
                    ));
                }
                FeatureKind::Ordinal(levels)
            }
            Declared::Unknown(kind) => {
                return Err(wrong(format!(
                    "{} is no kind of column; expected numeric, boolean, categorical, ordinal, date or ignore",
                    quote(&kind)
                )));
            }
        }))
    }
}
