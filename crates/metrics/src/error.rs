//! What is wrong with the input, and why a metric has no value.

/// Input that no metric can be computed from.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Slices of different lengths.
    #[error("{labels} labels but {found} {what}; expected one for each row")]
    Length {
        /// What there is another number of: `scores`, `weights`…
        what: &'static str,
        /// The number of labels.
        labels: usize,
        /// The number of the others.
        found: usize,
    },
    /// A score that is NaN.
    #[error("the score of row {row} (counted from 0) is not a number; did the training diverge?")]
    NotANumber {
        /// The row, counted from 0.
        row: usize,
    },
    /// A probability outside [0, 1].
    #[error("the probability of row {row} (counted from 0) is {value}; expected 0 to 1")]
    Probability {
        /// The row, counted from 0.
        row: usize,
        /// What was found.
        value: f64,
    },
    /// A weight that is negative, infinite or NaN.
    #[error("the weight of row {row} (counted from 0) is {value}; expected 0 or a positive number")]
    Weight {
        /// The row, counted from 0.
        row: usize,
        /// What was found.
        value: f64,
    },
    /// Weights that add up to nothing, or to more than half the largest `f64`.
    #[error("the weights add up to {total}; expected a positive finite sum")]
    TotalWeight {
        /// Their sum.
        total: f64,
    },
    /// A parameter outside its range: the threshold, the clip, the number of bins.
    #[error("{what} is {value}; expected {expected}")]
    Parameter {
        /// Its name.
        what: &'static str,
        /// What was found.
        value: f64,
        /// What was expected.
        expected: &'static str,
    },
    /// A metric that no threshold is chosen by.
    #[error(transparent)]
    NotForThresholds(#[from] crate::NotForThresholds),
    /// The input is right but the metric has no value on it.
    #[error(transparent)]
    Undefined(#[from] Undefined),
}

/// Why a metric has no value on these rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Undefined {
    /// There is no row.
    #[error("there are no rows")]
    Empty,
    /// No row is of the positive class.
    #[error("no row is of the positive class")]
    NoPositives,
    /// No row is of the negative class.
    #[error("no row is of the negative class")]
    NoNegatives,
    /// No row is predicted positive.
    #[error("no row is predicted positive")]
    NoPredictedPositives,
    /// No row is predicted negative.
    #[error("no row is predicted negative")]
    NoPredictedNegatives,
}
