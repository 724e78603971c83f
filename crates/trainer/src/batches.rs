//! The batches of an epoch.

use std::ops::Range;

use chainrule_autodiff::{RunError, Scalar, Team};
use chainrule_nn::random::{Purpose, Stream};

use crate::Samples;

/// Cuts an epoch into batches: in the order given, slices of the samples themselves; in a random order, rows gathered into
/// a buffer that is made once.
pub(crate) struct Batches<'a, T> {
    samples: &'a Samples<T>,
    rows: usize,
    gathered: Option<Gathered<T>>,
}

/// One batch: features × rows, targets, weights.
#[derive(Clone, Copy)]
pub(crate) struct BatchView<'a, T> {
    pub(crate) x: &'a [T],
    pub(crate) y: &'a [T],
    pub(crate) weights: Option<&'a [T]>,
}

struct Gathered<T> {
    seed: u64,
    order: Vec<usize>,
    x: Vec<T>,
    y: Vec<T>,
    weights: Vec<T>,
}

impl<'a, T: Scalar> Batches<'a, T> {
    /// Batches of so many rows, the last of an epoch with what is left; shuffled if a seed is given.
    pub(crate) fn new(samples: &'a Samples<T>, rows: usize, shuffle: Option<u64>) -> Self {
        let weights = if samples.weights.is_some() { rows } else { 0 };
        let gathered = shuffle.map(|seed| Gathered {
            seed,
            order: (0..samples.rows()).collect(),
            x: vec![T::ZERO; rows * samples.features],
            y: vec![T::ZERO; rows],
            weights: vec![T::ZERO; weights],
        });
        Batches {
            samples,
            rows,
            gathered,
        }
    }

    /// The features of all rows, one row after another.
    pub(crate) fn all_features(&self) -> &'a [T] {
        &self.samples.x
    }

    /// The number of batches of an epoch.
    pub(crate) fn count(&self) -> usize {
        self.samples.rows().div_ceil(self.rows)
    }

    /// Settles the order of an epoch (from 1): it depends on the seed and the epoch, not on the epochs before.
    pub(crate) fn begin(&mut self, epoch: usize) {
        if let Some(gathered) = &mut self.gathered {
            let identity = gathered.order.iter_mut().enumerate();
            identity.for_each(|(at, row)| *row = at);
            Stream::new(gathered.seed, Purpose::Shuffling, epoch as u64)
                .shuffle(&mut gathered.order);
        }
    }

    /// A batch of the epoch, from 0.
    pub(crate) fn get(&mut self, batch: usize, team: &Team) -> Result<BatchView<'_, T>, RunError> {
        let range = self.range(batch);
        match &mut self.gathered {
            None => Ok(BatchView {
                x: features(self.samples, range.clone()),
                y: &self.samples.y[range.clone()],
                weights: self.samples.weights.as_ref().map(|w| &w[range]),
            }),
            Some(gathered) => gathered.gather(self.samples, range, team),
        }
    }

    /// What a batch counts in the mean over an epoch: its rows, or the sum of their weights.
    pub(crate) fn weight(&self, batch: usize) -> f64 {
        let range = self.range(batch);
        let Some(weights) = &self.samples.weights else {
            return range.len() as f64;
        };
        let row = |place: usize| match &self.gathered {
            None => place,
            Some(gathered) => gathered.order[place],
        };
        range.map(|place| weights[row(place)].to_f64()).sum()
    }

    fn range(&self, batch: usize) -> Range<usize> {
        let start = batch * self.rows;
        start..self.samples.rows().min(start + self.rows)
    }
}

impl<T: Scalar> Gathered<T> {
    fn gather(
        &mut self,
        samples: &Samples<T>,
        range: Range<usize>,
        team: &Team,
    ) -> Result<BatchView<'_, T>, RunError> {
        let rows = &self.order[range];
        let x = &mut self.x[..rows.len() * samples.features];
        let y = &mut self.y[..rows.len()];
        team.gather(&samples.x, samples.features, rows, x)?;
        for (y, &row) in y.iter_mut().zip(rows) {
            *y = samples.y[row];
        }
        let weights = samples.weights.as_ref().map(|from| {
            let weights = &mut self.weights[..rows.len()];
            for (weight, &row) in weights.iter_mut().zip(rows) {
                *weight = from[row];
            }
            &*weights
        });
        Ok(BatchView { x, y, weights })
    }
}

fn features<T>(samples: &Samples<T>, rows: Range<usize>) -> &[T] {
    &samples.x[rows.start * samples.features..rows.end * samples.features]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(rows: usize) -> Samples<f64> {
        Samples {
            features: 2,
            x: (0..2 * rows).map(|at| at as f64).collect(),
            y: (0..rows).map(|row| (row % 2) as f64).collect(),
            weights: Some((0..rows).map(|row| 1.0 + row as f64).collect()),
        }
    }

    #[test]
    fn every_row_comes_once_and_the_last_batch_is_short() {
        let samples = samples(10);
        for shuffle in [None, Some(7)] {
            let mut batches = Batches::new(&samples, 4, shuffle);
            assert_eq!(batches.count(), 3);
            let mut orders = Vec::new();
            for epoch in 1..=2 {
                batches.begin(epoch);
                let mut order = Vec::new();
                for at in 0..batches.count() {
                    let weight = batches.weight(at);
                    let batch = batches.get(at, &Team::solo()).expect("a batch");
                    assert_eq!(batch.y.len(), [4, 4, 2][at]);
                    assert_eq!(batch.weights.unwrap().iter().sum::<f64>(), weight);
                    for (x, &y) in batch.x.chunks(2).zip(batch.y) {
                        assert_eq!((x[1], y), (x[0] + 1.0, x[0] / 2.0 % 2.0));
                        order.push(x[0] as usize / 2);
                    }
                }
                let mut sorted = order.clone();
                sorted.sort_unstable();
                assert!(sorted.into_iter().eq(0..10));
                orders.push(order);
            }
            assert_eq!(orders[0] == orders[1], shuffle.is_none());
        }
    }

    #[test]
    fn the_order_of_an_epoch_does_not_depend_on_those_before() {
        let samples = samples(10);
        let mut all = Batches::new(&samples, 10, Some(3));
        (1..=5).for_each(|epoch| all.begin(epoch));
        let mut fifth = Batches::new(&samples, 10, Some(3));
        fifth.begin(5);
        let team = Team::solo();
        let (one, other) = (all.get(0, &team), fifth.get(0, &team));
        assert_eq!(one.expect("a batch").x, other.expect("a batch").x);
    }
}
