//! Shapes: two dimensions, of which one may be the symbolic batch size.

use std::fmt;

/// The symbolic batch dimension: the number of samples, known only when a plan runs.
pub const BATCH: Dim = Dim::Batch;

/// One dimension of a [`Shape`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Dim {
    /// A size known when the graph is built.
    Fixed(usize),
    /// The number of samples of a run.
    Batch,
}

impl Dim {
    /// The size in a run over `batch` samples.
    #[must_use]
    pub fn at(self, batch: usize) -> usize {
        match self {
            Self::Fixed(n) => n,
            Self::Batch => batch,
        }
    }

    /// Whether this dimension is exactly one in every run.
    #[must_use]
    pub fn is_one(self) -> bool {
        self == Self::Fixed(1)
    }
}

impl From<usize> for Dim {
    fn from(n: usize) -> Self {
        Self::Fixed(n)
    }
}

impl fmt::Display for Dim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(n) => write!(f, "{n}"),
            Self::Batch => f.write_str("B"),
        }
    }
}

/// Rows × columns. A vector is one column, a scalar is 1 × 1, and a batch is features × [`BATCH`]:
/// each sample is a column.
///
/// ```
/// use chainrule_autodiff::{BATCH, Shape};
/// assert_eq!(Shape::from((2, BATCH)).to_string(), "2 × B");
/// assert_eq!(Shape::from(3).to_string(), "3");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Shape {
    /// Rows: features, outputs.
    pub rows: Dim,
    /// Columns: samples, inputs.
    pub cols: Dim,
}

impl Shape {
    /// 1 × 1.
    pub const SCALAR: Self = Self {
        rows: Dim::Fixed(1),
        cols: Dim::Fixed(1),
    };

    /// A shape of any two dimensions.
    pub fn new(rows: impl Into<Dim>, cols: impl Into<Dim>) -> Self {
        Self {
            rows: rows.into(),
            cols: cols.into(),
        }
    }

    /// Whether this is 1 × 1.
    #[must_use]
    pub fn is_scalar(self) -> bool {
        self == Self::SCALAR
    }

    /// Whether a dimension is the batch.
    #[must_use]
    pub fn has_batch(self) -> bool {
        self.rows == Dim::Batch || self.cols == Dim::Batch
    }

    /// Columns × rows.
    #[must_use]
    pub fn transposed(self) -> Self {
        Self {
            rows: self.cols,
            cols: self.rows,
        }
    }

    /// Elements in a run over `batch` samples.
    #[must_use]
    pub fn len_at(self, batch: usize) -> usize {
        self.rows.at(batch) * self.cols.at(batch)
    }

    /// The shape as data of an operation's key.
    pub(crate) fn bits(self) -> [u64; 2] {
        [self.rows, self.cols].map(|dim| match dim {
            Dim::Fixed(n) => n as u64,
            Dim::Batch => u64::MAX,
        })
    }

    /// Whether a value of this shape can be repeated to fill `target`: each dimension is equal or one.
    #[must_use]
    pub fn broadcasts_to(self, target: Self) -> bool {
        let fits = |from: Dim, to: Dim| from == to || from.is_one();
        fits(self.rows, target.rows) && fits(self.cols, target.cols)
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.cols.is_one() {
            write!(f, "{}", self.rows)
        } else {
            write!(f, "{} × {}", self.rows, self.cols)
        }
    }
}

impl From<usize> for Shape {
    fn from(rows: usize) -> Self {
        Self::new(rows, 1)
    }
}

impl<R: Into<Dim>, C: Into<Dim>> From<(R, C)> for Shape {
    fn from((rows, cols): (R, C)) -> Self {
        Self::new(rows, cols)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_operand_may_be_repeated_but_never_both() {
        let (column, row) = (Shape::from((2, 1)), Shape::from((1, 2)));
        assert!(!column.broadcasts_to(row) && !row.broadcasts_to(column));
        assert!(Shape::SCALAR.broadcasts_to(Shape::from((3, BATCH))));
        assert!(Shape::from(3).broadcasts_to(Shape::from((3, BATCH))));
        assert!(!Shape::from((3, BATCH)).broadcasts_to(Shape::from(3)));
    }
}
