//! What is learned of a column on the way.

use super::hash::{self, Chain};
use super::moments::Moments;
use super::sketch::{Distinct, Pattern};
use crate::cell::Cell;
use crate::column::ColumnStore;
use crate::schema::{DateOrder, boolean};
use std::collections::HashMap;
use std::sync::Arc;

/// Levels that are told apart in a column, and the bytes of their names.
const MOST_LEVELS: usize = 1024;
const MOST_NAMES: usize = 1 << 16;

/// Cells that are shown.
const SHOWN: usize = 3;

/// A column, up to some row.
#[derive(Clone, Debug)]
pub(super) struct ColumnState {
    pub numbers: usize,
    pub texts: usize,
    pub missing: usize,
    pub infinite: usize,
    /// The first texts and infinities, with their lines.
    pub first_texts: Vec<(u64, String)>,
    pub first_infinite: Option<u64>,
    pub min: f64,
    pub max: f64,
    pub min_line: u64,
    pub max_line: u64,
    pub moments: Moments,
    pub are_whole: bool,
    pub ascends: bool,
    pub distinct: Distinct,
    pub levels: Levels,
    /// Of all cells in order: equal columns have equal ones.
    pub content: [Chain; 2],
    pub pattern: Pattern,
    dates: [bool; 3],
    are_booleans: bool,
}

/// The names of a column, as far as they are kept.
#[derive(Clone, Debug, Default)]
pub(super) struct Levels {
    /// Only looked up.
    index: HashMap<Arc<str>, u32>,
    pub known: Vec<(Arc<str>, usize)>,
    bytes: usize,
    /// Cells of other names.
    pub others: usize,
}

/// A cell that was looked at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    pub hash: u64,
    /// For the sample: a number, NaN, or a NaN with the place of a level.
    pub sampled: f64,
}

/// What is known of a place of a [`ColumnStore`] once it was met.
pub(super) type Places = Vec<Option<Place>>;

#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    hash: u64,
    value: Option<f64>,
    level: Option<u32>,
}

const ORDERS: [DateOrder; 3] = [
    DateOrder::YearFirst,
    DateOrder::MonthFirst,
    DateOrder::DayFirst,
];

impl ColumnState {
    pub fn new() -> ColumnState {
        ColumnState {
            numbers: 0,
            texts: 0,
            missing: 0,
            infinite: 0,
            first_texts: Vec::new(),
            first_infinite: None,
            min: f64::INFINITY,
            max: f64::NEG_INFINITY,
            min_line: 0,
            max_line: 0,
            moments: Moments::default(),
            are_whole: true,
            ascends: true,
            distinct: Distinct::default(),
            levels: Levels::default(),
            content: [Chain(1), Chain(2)],
            pattern: Pattern::default(),
            dates: [true; 3],
            are_booleans: true,
        }
    }

    /// Looks at the coded cell of a row. `places` are those of the block.
    pub fn look(
        &mut self,
        cell: f64,
        store: &ColumnStore,
        places: &mut Places,
        line: impl Fn() -> u64,
    ) -> Seen {
        let seen = match crate::column::place(cell) {
            None if cell.is_nan() => {
                self.missing += 1;
                Seen {
                    hash: hash::cell(Cell::Missing, None),
                    sampled: f64::NAN,
                }
            }
            None => {
                let hash = hash::cell(Cell::Number(cell), None);
                if cell.is_finite() {
                    self.number(cell, &line);
                } else {
                    self.infinite += 1;
                    self.first_infinite.get_or_insert_with(&line);
                }
                Seen {
                    hash,
                    sampled: cell,
                }
            }
            Some(at) => {
                let place = match places.get(at).copied().flatten() {
                    Some(place) => {
                        self.again(place);
                        place
                    }
                    None => {
                        let place = self.place(store, at);
                        if places.len() <= at {
                            places.resize(store.spelled().len(), None);
                        }
                        places[at] = Some(place);
                        place
                    }
                };
                match place.value {
                    Some(value) => {
                        self.number(value, &line);
                        Seen {
                            hash: place.hash,
                            sampled: value,
                        }
                    }
                    None => {
                        self.texts += 1;
                        if self.first_texts.len() < SHOWN {
                            self.first_texts
                                .push((line(), crate::text::quote(&store.spelled()[at].text)));
                        }
                        Seen {
                            hash: place.hash,
                            sampled: code(place.level),
                        }
                    }
                }
            }
        };
        if !seen.sampled.is_nan() || level(seen.sampled).is_some() {
            self.distinct.add(seen.hash);
        }
        for (chain, salt) in self.content.iter_mut().zip([0, 0x9e37]) {
            chain.add(seen.hash ^ salt);
        }
        self.pattern.add(seen.hash);
        seen
    }

    fn number(&mut self, value: f64, line: impl Fn() -> u64) {
        self.numbers += 1;
        self.ascends &= value > self.max;
        if value < self.min {
            (self.min, self.min_line) = (value, line());
        }
        if value > self.max {
            (self.max, self.max_line) = (value, line());
        }
        self.are_whole &= value.fract() == 0.0;
        self.moments.add(value);
    }

    /// A spelling that is new to the block.
    fn place(&mut self, store: &ColumnStore, at: usize) -> Place {
        let spelled = &store.spelled()[at];
        let value = spelled.value;
        let level = match value {
            Some(_) => None,
            None => {
                let text = &*spelled.text;
                for (fits, order) in self.dates.iter_mut().zip(ORDERS) {
                    *fits = *fits && order.days(text).is_some();
                }
                self.are_booleans = self.are_booleans && boolean(text).is_some();
                self.levels.add(&spelled.text)
            }
        };
        let cell = value.map_or(Cell::Text(&spelled.text), Cell::Number);
        Place {
            hash: hash::cell(cell, Some(&spelled.text)),
            value,
            level,
        }
    }

    /// A spelling that was met before in the block.
    fn again(&mut self, place: Place) {
        match (place.value, place.level) {
            (Some(_), _) => {}
            (None, Some(level)) => self.levels.known[level as usize].1 += 1,
            (None, None) => self.levels.others += 1,
        }
    }

    pub fn present(&self) -> usize {
        self.numbers + self.texts + self.infinite
    }

    /// What `train` makes of it.
    pub fn kind(&self) -> Kind {
        if self.present() == 0 {
            Kind::Empty
        } else if self.texts == 0 {
            Kind::Numeric
        } else if self.numbers * 2 >= self.present() {
            Kind::Mixed
        } else if self.numbers == 0 && self.are_booleans && self.levels.known.len() > 1 {
            Kind::Boolean
        } else if self.numbers == 0 && self.dates.contains(&true) {
            Kind::Date
        } else {
            Kind::Categorical
        }
    }

    /// Whether dates may have the day or the month first.
    pub fn day_or_month(&self) -> bool {
        self.dates[1] && self.dates[2]
    }
}

impl Levels {
    /// The place of a name; nothing if there are too many.
    fn add(&mut self, name: &Arc<str>) -> Option<u32> {
        if let Some(&place) = self.index.get(name) {
            self.known[place as usize].1 += 1;
            return Some(place);
        }
        if self.known.len() == MOST_LEVELS || self.bytes + name.len() > MOST_NAMES {
            self.others += 1;
            return None;
        }
        self.bytes += name.len();
        let place = self.known.len() as u32;
        self.index.insert(name.clone(), place);
        self.known.push((name.clone(), 1));
        Some(place)
    }

    /// Whether a name occurs; nothing if that is not known.
    pub fn has(&self, name: &str) -> Option<bool> {
        match self.index.contains_key(name) {
            true => Some(true),
            false => (self.others == 0).then_some(false),
        }
    }
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Numbers.
    Numeric,
    /// Two of the words for true and false.
    Boolean,
    /// Dates of one form.
    Date,
    /// Names.
    Categorical,
    /// Mostly numbers, and some text, which training refuses.
    Mixed,
    /// Nothing.
    Empty,
}

impl Kind {
    /// All.
    pub const ALL: [Kind; 6] = [
        Kind::Numeric,
        Kind::Boolean,
        Kind::Date,
        Kind::Categorical,
        Kind::Mixed,
        Kind::Empty,
    ];

    /// In one word.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Numeric => "numeric",
            Kind::Boolean => "boolean",
            Kind::Date => "date",
            Kind::Categorical => "categorical",
            Kind::Mixed => "mixed",
            Kind::Empty => "empty",
        }
    }
}

/// A NaN with the place of a level; names that are not kept share one.
fn code(level: Option<u32>) -> f64 {
    f64::from_bits(f64::NAN.to_bits() | (level.map_or(u64::from(u32::MAX), u64::from) + 1))
}

/// The place of a level, or `u32::MAX` for all that are not kept; nothing for a number or a missing value.
pub(super) fn level(cell: f64) -> Option<u32> {
    let payload = cell.to_bits() & 0x1_ffff_ffff;
    (cell.is_nan() && payload > 0).then(|| (payload - 1) as u32)
}
