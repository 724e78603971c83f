//! Where the values of an argument are drawn from.

use crate::random::Random;

/// Numbers at which something tends to change: zeros of both signs, ties with ±1, tiny, subnormal and huge magnitudes in both
/// precisions, infinities and NaN.
pub const EDGES: [f64; 23] = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    0.5,
    -0.5,
    2.0,
    -2.0,
    1e-7,
    -1e-7,
    1e-30,
    1e-42,
    -1e-300,
    5e-324,
    88.5,
    -104.0,
    710.0,
    1e30,
    -1e30,
    1e300,
    f64::INFINITY,
    f64::NEG_INFINITY,
    f64::NAN,
];

/// The values of one argument: an interval in whose inside derivatives are compared, and edges at which only values, bits and
/// the written rules are.
///
/// ```
/// use chainrule_autodiff::audit::Values;
/// let logits = Values::real();
/// let probabilities = Values::between(0.05, 0.95).with_edges(&[0.0, 1.0]);
/// let labels = Values::between(0.0, 1.0).not_differentiated();
/// # let _ = (logits, probabilities, labels);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Values {
    pub(crate) low: f64,
    pub(crate) high: f64,
    pub(crate) edges: Vec<f64>,
    pub(crate) role: Role,
}

/// Whether derivatives are taken in an argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Differentiated,
    Held,
}

impl Values {
    /// Any number: derivatives between −2 and 2, and all [`EDGES`].
    #[must_use]
    pub fn real() -> Self {
        Self::between(-2.0, 2.0).with_edges(&EDGES)
    }

    /// Numbers of an interval inside which the operation is smooth. Its ends are the edges, and zeros of both signs if it holds
    /// them, until [more](Self::with_edges) are given.
    #[must_use]
    pub fn between(low: f64, high: f64) -> Self {
        let mut edges = vec![low, high];
        if low <= 0.0 && high >= 0.0 {
            edges.extend([0.0, -0.0]);
        }
        Self {
            low,
            high,
            edges,
            role: Role::Differentiated,
        }
    }

    /// More numbers at which values and bits are compared. They may be anything that the operation can be given without
    /// panicking.
    #[must_use]
    pub fn with_edges(mut self, edges: &[f64]) -> Self {
        self.edges.extend(edges);
        self
    }

    /// An argument in which no derivative is taken: labels, masks.
    #[must_use]
    pub fn not_differentiated(mut self) -> Self {
        self.role = Role::Held;
        self
    }

    pub(crate) fn inside(&self, random: &mut Random) -> f64 {
        random.between(self.low, self.high)
    }

    pub(crate) fn edge(&self, random: &mut Random) -> f64 {
        self.edges[random.below(self.edges.len())]
    }
}
