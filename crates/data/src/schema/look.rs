//! What one column looks like, or was said to be.

use super::date::DateOrder;
use super::file::Declared;
use super::note::Findings;
use super::tally::Tally;
use super::{BadCells, FeatureKind, boolean};
use crate::cell::Cell;
use crate::column::{Column, place};
use crate::error::{ErrorKind, Problem};
use crate::read::NearNumber;
use crate::table::Table;
use crate::text::quote;
use std::collections::{BTreeMap, BTreeSet};

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
    pub fn levels(&self) -> BTreeSet<String> {
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
        let is_most = |count: usize| count * 2 >= tally.present();
        let texts = self.texts();
        let is_truth = tally.infinite == 0
            && (tally.numbers == 0 || (tally.are_whole && tally.min >= 0.0 && tally.max <= 1.0))
            && texts.iter().all(|(text, _)| boolean(text).is_some());
        if is_truth && (tally.numbers > 0 || texts.len() > 1) {
            return Some(FeatureKind::Boolean);
        }
        let near: usize = (texts.iter())
            .filter(|(text, _)| NearNumber::of(text).is_some())
            .map(|(_, count)| count)
            .sum();
        if is_most(tally.numbers + near) {
            for (row, cell) in self.with_label() {
                if let Cell::Text(_) = cell {
                    bad.add(self.name, table.line(row), self.column.len(), cell);
                }
            }
            return Some(FeatureKind::Numeric);
        }
        let dates = |order: DateOrder| -> usize {
            let are_dates = texts.iter().filter(|(text, _)| order.days(text).is_some());
            are_dates.map(|(_, count)| count).sum()
        };
        if let Some(order) = DateOrder::of_most(texts.iter().map(|(text, _)| *text), dates)
            && is_most(dates(order))
        {
            if order == DateOrder::MonthFirst && dates(DateOrder::DayFirst) == dates(order) {
                findings.month_first.push(self.name.to_owned());
            }
            for (row, cell) in self.with_label() {
                let is_date = match cell {
                    Cell::Text(text) => order.days(text).is_some(),
                    Cell::Number(_) | Cell::Infinite(_) => false,
                    Cell::Missing => true,
                };
                if !is_date {
                    let (line, rows) = (table.line(row), self.column.len());
                    bad.add_problem(self.name, line, rows, cell, Problem::NotDate);
                }
            }
            return Some(FeatureKind::Date(order));
        }
        if self.levels().len() == tally.present() {
            findings.useless.push(self.name.to_owned());
            return None;
        }
        Some(FeatureKind::Categorical)
    }

    /// The cells of the rows with a label.
    fn with_label(&self) -> impl Iterator<Item = (usize, Cell<'t>)> {
        let cells = self.column.cells().enumerate();
        cells.filter(|(row, _)| self.has_label[*row])
    }

    /// The distinct texts that are no numbers, and how many rows have each.
    fn texts(&self) -> Vec<(&'t str, usize)> {
        let mut counts = BTreeMap::new();
        for place in self.coded().filter_map(place) {
            *counts.entry(place).or_insert(0) += 1;
        }
        let spelled = self.column.store().spelled();
        (counts.into_iter())
            .filter(|(place, _)| spelled[*place].value.is_none())
            .map(|(place, count)| (&*spelled[place].text, count))
            .collect()
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
