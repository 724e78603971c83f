//! The labels of the column to predict.

use crate::column::ColumnStore;
use crate::error::ErrorKind;
use crate::label::Key;
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

/// Labels that are told apart; others are one.
const MOST: usize = 256;

/// The labels so far.
#[derive(Clone, Debug)]
pub(super) struct TargetState {
    pub column: usize,
    keys: BTreeMap<Key, u16>,
    /// By number: as it was written first, the rows, and the first line.
    labels: Vec<(String, usize, u64)>,
    others: usize,
    /// The label that is set against the others, and its number once it occurs.
    positive: Option<(Key, Option<u16>)>,
    /// The cells of the block; only looked up.
    cells: HashMap<u64, Option<u16>>,
}

impl TargetState {
    pub fn new(column: usize, positive: Option<&str>) -> TargetState {
        TargetState {
            column,
            keys: BTreeMap::new(),
            labels: Vec::new(),
            others: 0,
            positive: positive.and_then(Key::of).map(|key| (key, None)),
            cells: HashMap::new(),
        }
    }

    /// Codes mean other spellings from now on.
    pub fn start_block(&mut self) {
        self.cells.clear();
    }

    /// The number of the label in a coded cell; nothing for none, or one of too many.
    pub fn look(&mut self, cell: f64, store: &ColumnStore, line: impl Fn() -> u64) -> Option<u16> {
        let label = match self.cells.get(&cell.to_bits()) {
            Some(&label) => label,
            None => {
                let text = store.text(cell);
                let label = text.and_then(|text| self.label(&text, line));
                self.cells.insert(cell.to_bits(), label);
                label
            }
        };
        match label {
            Some(label) if usize::from(label) < MOST => self.labels[usize::from(label)].1 += 1,
            Some(_) => self.others += 1,
            None => {}
        }
        label.filter(|&label| usize::from(label) < MOST)
    }

    fn label(&mut self, text: &str, line: impl Fn() -> u64) -> Option<u16> {
        let key = Key::of(text)?;
        if let Some(&label) = self.keys.get(&key) {
            return Some(label);
        }
        let label = self.labels.len() as u16;
        if usize::from(label) < MOST {
            if let Some((positive, number)) = &mut self.positive
                && *positive == key
            {
                *number = Some(label);
            }
            self.labels.push((text.to_owned(), 0, line()));
            self.keys.insert(key, label);
        }
        Some(label)
    }

    /// What a row of this label is in training: where one label is set against the others, these are one.
    pub fn class(&self, label: u16) -> u16 {
        match self.positive {
            Some((_, positive)) => u16::from(positive == Some(label)),
            None => label,
        }
    }

    /// How many labels there are; at least so many, if they are too many.
    pub fn count(&self) -> usize {
        self.labels.len() + usize::from(self.others > 0)
    }

    pub fn name(&self, label: u16) -> &str {
        &self.labels[usize::from(label)].0
    }

    pub fn rows(&self, label: u16) -> usize {
        self.labels[usize::from(label)].1
    }

    /// The number of a label.
    pub fn number(&self, text: &str) -> Option<u16> {
        Key::of(text).and_then(|key| self.keys.get(&key)).copied()
    }

    /// Up to ten, the most frequent first, then in byte order.
    pub fn most_frequent(&self) -> Vec<(String, usize)> {
        let mut labels = self.by_frequency();
        labels.truncate(10);
        labels
    }

    /// Labels that another table does not have, the most frequent first.
    pub fn unknown_to(&self, other: &TargetState) -> Vec<(String, usize)> {
        let mut labels = self.by_frequency();
        labels.retain(|(label, _)| other.others == 0 && other.number(label).is_none());
        labels
    }

    fn by_frequency(&self) -> Vec<(String, usize)> {
        let labels = self.labels.iter();
        let mut labels: Vec<_> = labels
            .map(|(name, rows, _)| (name.clone(), *rows))
            .collect();
        labels.sort_by(|a, b| (Reverse(a.1), &a.0).cmp(&(Reverse(b.1), &b.0)));
        labels
    }

    /// Makes sure that the label that is to be set against the others occurs.
    pub fn check(&self, positive: &str) -> Result<(), ErrorKind> {
        let is_known = self.number(positive).is_some();
        if is_known || self.labels.len() < 2 || self.others > 0 {
            return Ok(());
        }
        Err(ErrorKind::UnknownPositive {
            positive: positive.to_owned(),
            labels: self
                .most_frequent()
                .into_iter()
                .map(|(name, _)| name)
                .collect(),
        })
    }

    /// Labels that differ from another one only in case, in blanks within, or in a full stop at the end: pairs, the rarer first.
    pub fn alike(&self) -> Vec<(String, String)> {
        let plain = |text: &str| -> String {
            let text = text.trim_end_matches('.').to_lowercase();
            text.chars()
                .filter(|c| !c.is_whitespace() && *c != '_' && *c != '-')
                .collect()
        };
        let mut groups = BTreeMap::<String, Vec<u16>>::new();
        for (number, (name, _, _)) in (0..).zip(&self.labels) {
            // Numbers have signs and dots that mean something.
            let key = match Key::of(name) {
                Some(Key::Name(_)) => plain(name),
                _ => name.clone(),
            };
            groups.entry(key).or_default().push(number);
        }
        let mut pairs = Vec::new();
        for group in groups.values().filter(|group| group.len() > 1) {
            let most = group
                .iter()
                .copied()
                .max_by_key(|&label| (self.rows(label), Reverse(label)));
            let Some(most) = most else { continue };
            let others = group.iter().filter(|&&label| label != most);
            pairs.extend(
                others.map(|&label| (self.name(label).to_owned(), self.name(most).to_owned())),
            );
        }
        pairs
    }
}
