//! Checked input: the rows that are present, in order.

use crate::{Error, Undefined};

/// One row with a weight above zero.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    pub label: bool,
    pub score: f64,
    pub weight: f64,
}

/// Labels, scores and weights that belong together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rows<'a> {
    labels: &'a [bool],
    scores: &'a [f64],
    weights: Option<&'a [f64]>,
    total: f64,
}

impl<'a> Rows<'a> {
    /// Checks everything that does not depend on the metric.
    pub fn new(
        labels: &'a [bool],
        scores: &'a [f64],
        weights: Option<&'a [f64]>,
    ) -> Result<Self, Error> {
        let lengths = [("scores", Some(scores)), ("weights", weights)];
        for (what, slice) in lengths {
            let found = slice.map_or(labels.len(), <[f64]>::len);
            if found != labels.len() {
                return Err(Error::Length {
                    what,
                    labels: labels.len(),
                    found,
                });
            }
        }
        if labels.is_empty() {
            return Err(Undefined::Empty.into());
        }
        if let Some(weights) = weights
            && let Some(row) = weights
                .iter()
                .position(|weight| !(weight.is_finite() && *weight >= 0.0))
        {
            return Err(Error::Weight {
                row,
                value: weights[row],
            });
        }
        let mut rows = Rows {
            labels,
            scores,
            weights,
            total: 0.0,
        };
        rows.total = rows.iter().map(|row| row.weight).sum();
        // Half the range is left, so that parts of the sum added in another order don't overflow.
        if !(rows.total > 0.0 && rows.total <= f64::MAX / 2.0) {
            return Err(Error::TotalWeight { total: rows.total });
        }
        let absent = |row: usize| weights.is_some_and(|weights| weights[row] == 0.0);
        match (0..scores.len()).find(|&row| scores[row].is_nan() && !absent(row)) {
            Some(row) => Err(Error::NotANumber { row }),
            None => Ok(rows),
        }
    }

    /// The same, with scores that must be probabilities.
    pub fn with_probabilities(
        labels: &'a [bool],
        probabilities: &'a [f64],
        weights: Option<&'a [f64]>,
    ) -> Result<Self, Error> {
        let rows = Rows::new(labels, probabilities, weights)?;
        let absent = |row: usize| weights.is_some_and(|weights| weights[row] == 0.0);
        match (0..labels.len())
            .find(|&row| !(0.0..=1.0).contains(&probabilities[row]) && !absent(row))
        {
            Some(row) => Err(Error::Probability {
                row,
                value: probabilities[row],
            }),
            None => Ok(rows),
        }
    }

    /// The rows of positive weight, in order.
    pub fn iter(&self) -> impl Iterator<Item = Row> + Clone + use<'a> {
        let Rows {
            labels,
            scores,
            weights,
            ..
        } = *self;
        (0..labels.len())
            .map(move |at| Row {
                label: labels[at],
                score: scores[at],
                weight: weights.map_or(1.0, |weights| weights[at]),
            })
            .filter(|row| row.weight > 0.0)
    }

    /// The same, their weights divided by the power of two above their sum: that is exact, and no product with a weight overflows,
    /// however large the weights are. A weight that is nothing beside the sum (2⁻¹⁰⁷⁵ of it) goes.
    pub fn scaled(&self) -> impl Iterator<Item = Row> + use<'a> {
        let exponent = libm::frexp(self.total).1;
        self.iter()
            .map(move |row| Row {
                weight: libm::scalbn(row.weight, -exponent),
                ..row
            })
            .filter(|row| row.weight > 0.0)
    }

    /// The number of rows present.
    pub fn count(&self) -> usize {
        self.iter().count()
    }

    /// The sum of the weights.
    pub fn total(&self) -> f64 {
        self.total
    }

    /// The weighted mean of a value of each row.
    pub fn mean(&self, value: impl Fn(Row) -> f64) -> f64 {
        let (mut sum, mut total) = (0.0, 0.0);
        for row in self.scaled() {
            sum += row.weight * value(row);
            total += row.weight;
        }
        sum / total
    }
}

/// Rows by score, the highest first, equal scores in the order given.
pub(crate) fn ranked(rows: impl Iterator<Item = Row>) -> Vec<Row> {
    // Adding zero makes the two zeros equal.
    let mut rows: Vec<Row> = rows
        .map(|row| Row {
            score: row.score + 0.0,
            ..row
        })
        .collect();
    rows.sort_by(|a, b| b.score.total_cmp(&a.score));
    rows
}
