//! What is kept of the rows, within fixed bounds. Which rows are kept depends on their numbers or their values alone, so that the same file
//! gives the same findings everywhere; and as long as the bounds hold everything, nothing is an estimate.

use super::hash::{Chain, mix};
use std::collections::{BTreeSet, BinaryHeap, HashMap};

/// How many distinct values there are: exact up to a bound, then by the smallest hashes (Bar-Yossef and others, "Counting distinct
/// elements in a data stream", 2002, algorithm 1), with a standard error of about 1/√1024 = 3 %.
#[derive(Clone, Debug, Default)]
pub(super) struct Distinct {
    smallest: BTreeSet<u64>,
    is_over: bool,
}

impl Distinct {
    const MOST: usize = 1024;

    pub fn add(&mut self, hash: u64) {
        if self.smallest.len() < Distinct::MOST {
            self.smallest.insert(hash);
            return;
        }
        let largest = self.smallest.last().copied().unwrap_or_default();
        if hash > largest {
            self.is_over = true;
        } else if self.smallest.insert(hash) {
            self.is_over = true;
            self.smallest.pop_last();
        }
    }

    pub fn is_exact(&self) -> bool {
        !self.is_over
    }

    pub fn count(&self) -> usize {
        match self.smallest.last() {
            Some(&largest) if self.is_over => {
                let share = (largest as f64 + 1.0) / 18_446_744_073_709_551_616.0;
                ((Distinct::MOST - 1) as f64 / share + 0.5) as usize
            }
            _ => self.smallest.len(),
        }
    }
}

/// Which cells of a column are equal, whatever they hold: the same for columns that differ in the names of their values alone. Up to so many
/// different values, of which a missing one is one.
#[derive(Clone, Debug, Default)]
pub(super) struct Pattern {
    /// The values in the order in which they occur first; only looked up.
    places: HashMap<u64, u32>,
    chains: [Chain; 2],
    is_over: bool,
}

impl Pattern {
    const MOST: usize = 1024;

    pub fn add(&mut self, hash: u64) {
        if self.is_over {
            return;
        }
        let next = self.places.len();
        let place = match self.places.get(&hash) {
            Some(&place) => place,
            None if next == Pattern::MOST => {
                (self.is_over, self.places) = (true, HashMap::new());
                return;
            }
            None => *self.places.entry(hash).or_insert(next as u32),
        };
        for (chain, salt) in self.chains.iter_mut().zip([0, 0x9e37_0000]) {
            chain.add(u64::from(place) ^ salt);
        }
    }

    /// The same for columns of the same pattern; nothing if there are too many values.
    pub fn get(&self) -> Option<[Chain; 2]> {
        (!self.is_over).then_some(self.chains)
    }
}

/// Whole rows, each as likely to be kept as any other: those whose number has the smallest hashes.
#[derive(Clone, Debug)]
pub(super) struct Sample {
    width: usize,
    most: usize,
    seen: u64,
    /// The largest hash on top, with the place of its row.
    places: BinaryHeap<(u64, usize)>,
    cells: Vec<f64>,
    labels: Vec<Option<u16>>,
    numbers: Vec<u64>,
}

impl Sample {
    pub fn new(width: usize, most: usize) -> Sample {
        Sample {
            width,
            most,
            seen: 0,
            places: BinaryHeap::new(),
            cells: Vec::new(),
            labels: Vec::new(),
            numbers: Vec::new(),
        }
    }

    /// Offers the next row.
    pub fn offer(&mut self, row: &[f64], label: Option<u16>) {
        let (number, hash) = (self.seen, mix(self.seen));
        self.seen += 1;
        if self.labels.len() < self.most {
            self.places.push((hash, self.labels.len()));
            self.cells.extend_from_slice(row);
            self.labels.push(label);
            self.numbers.push(number);
            return;
        }
        let Some(mut largest) = self.places.peek_mut() else {
            return;
        };
        if hash < largest.0 {
            let place = largest.1;
            *largest = (hash, place);
            drop(largest);
            self.cells[place * self.width..][..self.width].copy_from_slice(row);
            self.labels[place] = label;
            self.numbers[place] = number;
        }
    }

    /// Whether every row was kept.
    pub fn is_whole(&self) -> bool {
        self.seen == self.labels.len() as u64
    }

    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// The cell of a row, in the order of [`column`](Sample::column).
    pub fn cell(&self, row: usize, at: usize) -> f64 {
        self.cells[row * self.width + at]
    }

    /// The cells of a column, in a fixed order.
    pub fn column(&self, at: usize) -> impl Iterator<Item = f64> + '_ {
        self.cells[at.min(self.cells.len())..]
            .iter()
            .step_by(self.width)
            .copied()
    }

    /// The label of each row, in the order of [`column`](Sample::column).
    pub fn labels(&self) -> &[Option<u16>] {
        &self.labels
    }

    /// One of two halves for each row, by its number.
    pub fn halves(&self) -> impl Iterator<Item = bool> + '_ {
        self.numbers
            .iter()
            .map(|&number| mix(number ^ 0xa5a5) & 1 == 1)
    }
}

/// Rows by the hash of their features: how often each occurs, and with which labels. When there are too many, those with the larger
/// hashes are let go, half of them at a time, and counts stand for so many more.
#[derive(Clone, Debug)]
pub(super) struct Repeats {
    most: usize,
    /// Hashes are kept whose first so many bits are zero.
    bits: u32,
    /// With the label that each combination of features had first. Only looked up and summed over: the order has no say in anything.
    first: HashMap<u64, Repeat>,
    /// With other labels.
    others: HashMap<(u64, u16), Repeat>,
}

/// A combination of features with a label.
#[derive(Clone, Copy, Debug)]
pub(super) struct Repeat {
    /// Rows beyond the first.
    more: u32,
    pub first_line: u64,
    second_line: u64,
    label: u16,
}

/// Sums over the rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Repeated {
    /// Rows that repeat an earlier one, label included.
    pub rows: usize,
    /// The lines of the first such pair.
    pub lines: Option<(u64, u64)>,
    /// Rows whose features occur with another label too.
    pub conflicts: usize,
    pub conflict_line: Option<u64>,
}

/// Rows without a label are alike, and are in no conflict.
const NO_LABEL: u16 = u16::MAX;

impl Repeats {
    pub fn new(most: usize) -> Repeats {
        Repeats {
            most,
            bits: 0,
            first: HashMap::new(),
            others: HashMap::new(),
        }
    }

    fn keeps(&self, hash: u64) -> bool {
        self.bits == 0 || hash >> (64 - self.bits) == 0
    }

    /// How many rows one that is kept stands for.
    pub fn weight(&self) -> usize {
        1 << self.bits
    }

    pub fn add(&mut self, hash: u64, label: Option<u16>, line: u64) {
        if !self.keeps(hash) {
            return;
        }
        let label = label.unwrap_or(NO_LABEL);
        let new = Repeat {
            more: 0,
            first_line: line,
            second_line: 0,
            label,
        };
        let known = match self.first.get_mut(&hash) {
            Some(first) if first.label == label => Some(first),
            Some(_) => match self.others.get_mut(&(hash, label)) {
                Some(other) => Some(other),
                None => {
                    self.make_room();
                    if self.keeps(hash) {
                        self.others.insert((hash, label), new);
                    }
                    return;
                }
            },
            None => None,
        };
        match known {
            Some(known) => {
                known.more = known.more.saturating_add(1);
                if known.second_line == 0 {
                    known.second_line = line;
                }
            }
            None => {
                self.make_room();
                if self.keeps(hash) {
                    self.first.insert(hash, new);
                }
            }
        }
    }

    fn make_room(&mut self) {
        while self.first.len() + self.others.len() >= self.most && self.bits < 63 {
            self.bits += 1;
            let kept = |hash: u64, bits: u32| hash >> (64 - bits) == 0;
            let bits = self.bits;
            self.first.retain(|&hash, _| kept(hash, bits));
            self.others.retain(|&(hash, _), _| kept(hash, bits));
        }
    }

    /// The first rows of these features; nothing also where they may have been let go.
    pub fn get(&self, hash: u64) -> Option<&Repeat> {
        self.first.get(&hash)
    }

    pub fn sums(&self) -> Repeated {
        let mut sums = Repeated::default();
        let least =
            |line: Option<u64>, other: u64| Some(line.map_or(other, |line| line.min(other)));
        for repeat in self.first.values().chain(self.others.values()) {
            sums.rows += repeat.more as usize;
            if repeat.second_line > 0 {
                let pair = (repeat.second_line, repeat.first_line);
                let first = sums
                    .lines
                    .map_or(pair, |(first, second)| pair.min((second, first)));
                sums.lines = Some((first.1, first.0));
            }
        }
        // Those that have several labels, with the labels that they have; a lack of one is none.
        let mut labels: HashMap<u64, usize> = HashMap::new();
        for (hash, label) in self.others.keys() {
            let first = self.first.get(hash).map(|first| first.label);
            let labels = labels
                .entry(*hash)
                .or_insert(usize::from(first != Some(NO_LABEL)));
            *labels += usize::from(*label != NO_LABEL);
        }
        let first = labels
            .keys()
            .filter_map(|hash| self.first.get_key_value(hash));
        let others = self.others.iter().map(|((hash, _), other)| (hash, other));
        for (hash, repeat) in first.chain(others) {
            if repeat.label != NO_LABEL && labels.get(hash).is_some_and(|&labels| labels > 1) {
                sums.conflicts += 1 + repeat.more as usize;
                sums.conflict_line = least(sums.conflict_line, repeat.first_line);
            }
        }
        sums.rows *= self.weight();
        sums.conflicts *= self.weight();
        sums
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_distinct_values_are_counted_and_many_estimated() {
        for count in [0, 1, 1023, 1024] {
            let mut distinct = Distinct::default();
            (0..3 * count).for_each(|i| distinct.add(mix(i % count.max(1))));
            assert_eq!(
                (distinct.count(), distinct.is_exact()),
                (count as usize, true)
            );
        }
        for count in [1025, 5_000, 200_000] {
            let mut distinct = Distinct::default();
            (0..2 * count).for_each(|i| distinct.add(mix(i % count)));
            let error = distinct.count() as f64 / count as f64 - 1.0;
            assert!(
                !distinct.is_exact() && error.abs() < 0.1,
                "{count}: {error}"
            );
        }
    }

    #[test]
    fn every_row_is_as_likely_to_be_in_the_sample() {
        let mut sample = Sample::new(2, 1000);
        (0..50_000).for_each(|i| sample.offer(&[f64::from(i), 0.5], Some(i as u16 % 2)));
        assert!(!sample.is_whole() && sample.len() == 1000);
        let rows: Vec<f64> = sample.column(0).collect();
        for fifth in 0..5 {
            let here = rows
                .iter()
                .filter(|&&row| (row / 10_000.0) as i32 == fifth)
                .count();
            assert!((150..250).contains(&here), "{here}");
        }
        for (row, label) in rows.iter().zip(sample.labels()) {
            assert_eq!(Some((*row as u64 % 2) as u16), *label);
        }
        assert!(sample.column(1).all(|cell| cell == 0.5));
        let halves = sample.halves().filter(|&half| half).count();
        assert!((430..570).contains(&halves));
    }

    #[test]
    fn repeated_rows_are_counted_and_then_estimated() {
        let mut exact = Repeats::new(100);
        for (line, (row, label)) in (2..).zip([(1, 0), (2, 0), (1, 0), (2, 1), (1, 0), (3, 0)]) {
            exact.add(mix(row), Some(label), line);
        }
        let expected = Repeated {
            rows: 2,
            lines: Some((2, 4)),
            conflicts: 2,
            conflict_line: Some(3),
        };
        assert_eq!(exact.sums(), expected);
        // A repeat counts whichever label came first; three labels, and rows without one.
        let mut labels = Repeats::new(100);
        let rows = [
            Some(1),
            Some(0),
            Some(0),
            None,
            Some(2),
            Some(2),
            None,
            Some(0),
        ];
        for (line, label) in (2..).zip(rows) {
            labels.add(mix(7), label, line);
        }
        labels.add(mix(8), None, 10);
        labels.add(mix(8), Some(1), 11);
        let expected = Repeated {
            rows: 4,
            lines: Some((3, 4)),
            conflicts: 6,
            conflict_line: Some(2),
        };
        assert_eq!(labels.sums(), expected);
        // 10,000 rows twice, and 10,000 once.
        let mut many = Repeats::new(2000);
        for i in (0..20_000).chain(0..10_000) {
            many.add(mix(i), None, i + 2);
        }
        assert!(many.first.len() <= 2000 && many.weight() == 16);
        let error = many.sums().rows as f64 / 10_000.0 - 1.0;
        assert!(error.abs() < 0.15, "{error}");
    }
}
