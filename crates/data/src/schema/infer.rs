//! Finds out what each column is.

use super::date::DateOrder;
use super::file::{Declared, SchemaFile, declared_kind};
use super::{BadCells, Feature, FeatureKind, Schema, boolean};
use crate::cell::Cell;
use crate::column::{Column, place};
use crate::error::{Error, ErrorKind};
use crate::label::Labels;
use crate::table::Table;
use crate::text::{list, quote};
use rayon::prelude::*;
use std::collections::BTreeSet;
use std::fmt;

/// What is known about the columns before they are looked at. Without it each is what it looks like.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SchemaOptions {
    /// The label of the positive class. If the target has more than two labels, it is set against all others.
    pub positive: Option<String>,
    /// Columns that are no features.
    pub ignore: Vec<String>,
    /// Columns whose values are names, though they may look like numbers.
    pub categorical: Vec<String>,
    /// Columns of numbers: a cell that is none is an error.
    pub numeric: Vec<String>,
    /// A schema that was written down; the lists above take precedence.
    pub file: Option<SchemaFile>,
}

/// A schema, and what is remarkable about the columns.
#[derive(Clone, Debug, PartialEq)]
pub struct Inferred {
    /// The schema.
    pub schema: Schema,
    /// What may surprise.
    pub notes: Vec<ColumnNote>,
}

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
                "the same value in every row, which changes nothing",
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
                    "{} missing, filled in by the median or the most frequent value of the training rows: {}",
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

impl Schema {
    /// Makes every column but the target a feature, in the order of the table, finds out what it holds, and finds the two
    /// labels of the target.
    ///
    /// A column of numbers is numeric; one of dates a date; one of `true` and `false`, `yes` and `no`, `t` and `f`, `y` and `n` or
    /// `on` and `off` boolean; any other text categorical. A column in which at least half of the values are numbers, and some are text,
    /// is an error that lists these, unless it is declared. Columns with a text of its own in every row, or without any value, are left out.
    /// Only rows with a label are looked at. The column of the weights, if the table [has one](Table::weighted_by), is no feature.
    ///
    /// The positive class is the one asked for, else the larger label if both are numbers, else the later in byte order (and `true`
    /// rather than `false`), as scikit-learn's `classes_[1]`; see [`Labels`] for when two spellings are one label.
    ///
    /// # Errors
    /// [`UnknownColumn`](ErrorKind::UnknownColumn), [`NoFeatures`](ErrorKind::NoFeatures), [`NoLabels`](ErrorKind::NoLabels),
    /// [`OneLabel`](ErrorKind::OneLabel), [`ManyLabels`](ErrorKind::ManyLabels), [`UnknownPositive`](ErrorKind::UnknownPositive),
    /// [`BadCells`](ErrorKind::BadCells), [`Declared`](ErrorKind::Declared).
    pub fn infer_with(
        table: &Table,
        target: &str,
        options: &SchemaOptions,
    ) -> Result<Inferred, Error> {
        let target_column = table.column(target)?;
        if let Some(weights) = table.weight_column() {
            check_weights(weights, target, options).map_err(|kind| table.error(kind))?;
        }
        for name in options
            .ignore
            .iter()
            .chain(&options.categorical)
            .chain(&options.numeric)
        {
            table.column(name)?;
        }
        if table.names().len() == 1 {
            return Err(table.error(ErrorKind::NoFeatures {
                target: target.to_owned(),
            }));
        }
        let positive = options.positive.as_deref();
        let positive = positive.or(options
            .file
            .as_ref()
            .and_then(|file| file.positive.as_deref()));
        let labels =
            Labels::infer(target, target_column, positive).map_err(|kind| table.error(kind))?;
        let has_label: Vec<bool> = (target_column.gather().into_iter())
            .map(|cell| !cell.is_nan() || place(cell).is_some())
            .collect();
        let tallies = Tally::of_table(table, &has_label);
        let mut features = Vec::new();
        let mut findings = Findings::default();
        let mut bad = BadCells::default();
        for (at, name) in table
            .names()
            .iter()
            .enumerate()
            .filter(|(_, name)| *name != target && Some(name.as_str()) != table.weight_column())
        {
            let column = Look {
                name,
                column: table.column_at(at),
                tally: &tallies[at],
                has_label: &has_label,
            };
            let kind = match declared_kind(options, name) {
                Some(declared) => column
                    .declared(declared)
                    .map_err(|kind| table.error(kind))?,
                None => column.kind(table, &mut bad, &mut findings),
            };
            if let Some(kind) = kind {
                findings.of_feature(&column, &kind);
                features.push(Feature {
                    name: name.clone(),
                    kind,
                });
            }
        }
        if !bad.columns.is_empty() && !table.leaves_out_bad_rows() {
            return Err(table.error(ErrorKind::BadCells(bad.columns)));
        }
        if features.is_empty() {
            return Err(table.error(ErrorKind::NothingLeft {
                target: target.to_owned(),
                reasons: findings.notes().iter().map(ToString::to_string).collect(),
            }));
        }
        let notes = findings.notes();
        tracing::debug!(
            source = table.source(),
            target_column = target,
            positive = labels.positive,
            negative = labels.negative,
            features = features.len(),
            columns = table.names().len(),
            notes = notes.len(),
            "schema inferred"
        );
        Ok(Inferred {
            notes,
            schema: Schema {
                features,
                target: target.to_owned(),
                labels,
                columns: table.names().to_vec(),
                has_header: table.has_header(),
                missing: table.missing_words().to_vec(),
            },
        })
    }
}

/// A column of weights is no target and no feature.
fn check_weights(weights: &str, target: &str, options: &SchemaOptions) -> Result<(), ErrorKind> {
    let is = |role: &str| {
        let problem =
            format!("it is to hold the weights of the rows and to be {role}; it can't be both");
        Err(ErrorKind::Declared {
            column: weights.to_owned(),
            problem,
        })
    };
    if weights == target {
        return is("the target");
    }
    let mut declared = options.categorical.iter().chain(&options.numeric);
    if declared.any(|name| name == weights) {
        return is("a feature");
    }
    Ok(())
}

/// What the cells of a column are, of rows that have a label.
#[derive(Clone, Debug)]
struct Tally {
    numbers: usize,
    texts: usize,
    missing: usize,
    infinite: usize,
    min: f64,
    max: f64,
    are_whole: bool,
    ascends: bool,
}

impl Tally {
    fn of_table(table: &Table, has_label: &[bool]) -> Vec<Tally> {
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

    fn present(&self) -> usize {
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

/// A column that is looked at.
struct Look<'t> {
    name: &'t str,
    column: Column<'t>,
    tally: &'t Tally,
    has_label: &'t [bool],
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
    fn kind(
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

    fn distinct_texts(&self) -> Vec<&'t str> {
        let places: BTreeSet<usize> = self.coded().filter_map(place).collect();
        let store = self.column.store();
        places
            .into_iter()
            .map(|place| &*store.spelled()[place].text)
            .collect()
    }

    fn declared(&self, declared: Declared) -> Result<Option<FeatureKind>, ErrorKind> {
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

/// What is found out on the way.
#[derive(Default)]
struct Findings {
    constant: Vec<String>,
    useless: Vec<String>,
    identifier: Vec<String>,
    empty: Vec<String>,
    missing: Vec<String>,
    missing_count: usize,
    month_first: Vec<String>,
}

impl Findings {
    fn of_feature(&mut self, look: &Look, kind: &FeatureKind) {
        /// Fewer rows may well have different numbers.
        const MANY: usize = 20;
        let (tally, name) = (look.tally, || look.name.to_owned());
        if tally.missing > 0 {
            self.missing.push(name());
            self.missing_count += tally.missing;
        }
        let is_one_number = tally.texts + tally.infinite == 0 && tally.min == tally.max;
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

    fn notes(&self) -> Vec<ColumnNote> {
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
