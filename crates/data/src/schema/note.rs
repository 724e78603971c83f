//! What is remarkable about columns.

use super::FeatureKind;
use super::look::Look;
use crate::text::{list, quote};
use std::fmt;

/// Something about columns that is no error but may surprise.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ColumnNote {
    /// They have the same value in every row, and so change nothing.
    Constant(Vec<String>),
    /// They have a text of its own in every row, from which nothing can be learned; they are left out.
    Useless(Vec<String>),
    /// They have a whole number of its own in every row, so they may number the rows; they are features nevertheless.
    Identifier(Vec<String>),
    /// They have no value in any row; they are left out.
    Empty(Vec<String>),
    /// They have missing values, which are filled in; the count is that of all cells.
    Missing {
        /// The columns.
        columns: Vec<String>,
        /// The missing cells in all of them.
        count: usize,
    },
    /// Dates in which day and month can't be told apart, so that the first number is taken for the month.
    MonthFirst(Vec<String>),
}

impl fmt::Display for ColumnNote {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let (columns, what) = match self {
            ColumnNote::Constant(columns) => (
                columns,
                "the same value in every row, so it can teach nothing",
            ),
            ColumnNote::Useless(columns) => (
                columns,
                "a text of its own in every row, from which nothing can be learned; left out",
            ),
            ColumnNote::Identifier(columns) => (
                columns,
                "a whole number of its own in every row; leave it out if it numbers the rows",
            ),
            ColumnNote::Empty(columns) => (columns, "no value in any row; left out"),
            ColumnNote::Missing { columns, count } => {
                return write!(
                    f,
                    "{} missing, filled in with the median or the most frequent value of the training rows: {}",
                    crate::text::counted(*count, "value"),
                    list(columns)
                );
            }
            ColumnNote::MonthFirst(columns) => (
                columns,
                "dates that may be day/month or month/day; taken for month/day",
            ),
        };
        match &columns[..] {
            [only] => write!(f, "column {} has {what}", quote(only)),
            many => write!(f, "columns {} have {what}", list(many)),
        }
    }
}

/// What is found out on the way.
#[derive(Default)]
pub(super) struct Findings {
    constant: Vec<String>,
    pub useless: Vec<String>,
    identifier: Vec<String>,
    pub empty: Vec<String>,
    missing: Vec<String>,
    missing_count: usize,
    pub month_first: Vec<String>,
}

impl Findings {
    pub fn of_feature(&mut self, look: &Look, kind: &FeatureKind) {
        /// Fewer rows may well have different numbers.
        const MANY: usize = 20;
        let (tally, name) = (look.tally, || look.name.to_owned());
        if tally.missing > 0 {
            self.missing.push(name());
            self.missing_count += tally.missing;
        }
        // 501 and 00501 are one number, but two names.
        let is_one_number = tally.texts + tally.infinite == 0
            && tally.min == tally.max
            && (*kind != FeatureKind::Categorical || look.levels().len() == 1);
        if tally.missing == 0
            && (is_one_number
                || (tally.numbers + tally.infinite == 0 && look.distinct_texts().len() == 1))
        {
            self.constant.push(name());
        } else if *kind == FeatureKind::Numeric
            && tally.numbers >= MANY
            && tally.missing == 0
            && tally.are_whole
            && tally.ascends
        {
            self.identifier.push(name());
        }
    }

    pub fn notes(&self) -> Vec<ColumnNote> {
        let mut notes = Vec::new();
        let mut add = |columns: &Vec<String>, note: fn(Vec<String>) -> ColumnNote| {
            if !columns.is_empty() {
                notes.push(note(columns.clone()));
            }
        };
        add(&self.constant, ColumnNote::Constant);
        add(&self.useless, ColumnNote::Useless);
        add(&self.empty, ColumnNote::Empty);
        add(&self.identifier, ColumnNote::Identifier);
        add(&self.month_first, ColumnNote::MonthFirst);
        if !self.missing.is_empty() {
            notes.push(ColumnNote::Missing {
                columns: self.missing.clone(),
                count: self.missing_count,
            });
        }
        notes
    }
}
