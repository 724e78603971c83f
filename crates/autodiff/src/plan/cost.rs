//! What a plan costs: operations and bytes, as numbers that grow with the batch.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::{Add, AddAssign, Mul};

use crate::op::DynOp;
use crate::ops::pairs;
use crate::plan::program::{BufferId, Group, Layout, Over, Program, Spot, Step, Work};
use crate::{Dim, Scalar};

/// A number that depends on the number of samples B: `fixed + per_sample B + per_pair B²`.
///
/// ```
/// use chainrule_autodiff::{BATCH, Count, Graph, Isa, Step};
/// let g = Graph::new();
/// let (w, x) = (g.param("W", (3, 2)), g.input("x", (2, BATCH)));
/// let plan = g.compile::<f32>(Step::returns(w.matmul(x)), Isa::Portable)?;
/// assert_eq!(plan.flops(), Count { fixed: 0, per_sample: 12, per_pair: 0 });
/// assert_eq!(plan.flops().at(100), 1200);
/// assert_eq!(plan.flops().to_string(), "12 B");
/// # Ok::<(), chainrule_autodiff::CompileError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Count {
    /// Whatever the batch.
    pub fixed: u64,
    /// For each sample.
    pub per_sample: u64,
    /// For each pair of samples.
    pub per_pair: u64,
}

impl Count {
    /// A number that does not depend on the batch.
    #[must_use]
    pub fn fixed(n: usize) -> Self {
        Self {
            fixed: n as u64,
            ..Self::default()
        }
    }

    /// The number in a run over `batch` samples.
    #[must_use]
    pub fn at(self, batch: usize) -> u64 {
        let b = batch as u64;
        self.fixed + b * (self.per_sample + b * self.per_pair)
    }
}

impl From<Dim> for Count {
    fn from(dim: Dim) -> Self {
        match dim {
            Dim::Fixed(n) => Self::fixed(n),
            Dim::Batch => Self {
                per_sample: 1,
                ..Self::default()
            },
        }
    }
}

impl Add for Count {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self {
            fixed: self.fixed + other.fixed,
            per_sample: self.per_sample + other.per_sample,
            per_pair: self.per_pair + other.per_pair,
        }
    }
}

impl AddAssign for Count {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl std::iter::Sum for Count {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), Add::add)
    }
}

impl Mul<usize> for Count {
    type Output = Self;
    fn mul(self, n: usize) -> Self {
        let n = n as u64;
        Self {
            fixed: self.fixed * n,
            per_sample: self.per_sample * n,
            per_pair: self.per_pair * n,
        }
    }
}

impl Mul<Dim> for Count {
    type Output = Self;
    fn mul(self, dim: Dim) -> Self {
        match dim {
            Dim::Fixed(n) => self * n,
            // A product of matrices meets the batch twice at most.
            Dim::Batch => Self {
                fixed: 0,
                per_sample: self.fixed,
                per_pair: self.per_sample,
            },
        }
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            (self.fixed, ""),
            (self.per_sample, " B"),
            (self.per_pair, " B²"),
        ];
        let shown: Vec<String> = parts
            .iter()
            .filter(|(n, _)| *n > 0)
            .map(|(n, unit)| format!("{n}{unit}"))
            .collect();
        let text = if shown.is_empty() {
            "0".to_owned()
        } else {
            shown.join(" + ")
        };
        f.pad(&text)
    }
}

/// Floating-point operations of a step's work: a fused multiply-add is two, and what has no kernel counts one for each element of its
/// result.
pub(crate) fn work_flops(work: &Work) -> Count {
    match work {
        Work::None | Work::Convert { .. } => Count::default(),
        Work::Product(p) => Count::from(p.inner) * p.rows * 2 * p.cols,
        Work::Dot(d) => {
            let each = 2 * d.inner + usize::from(d.bias.is_some());
            Count::fixed(each) * d.cols
        }
        Work::Sum(s) => match s.over {
            Over::Rows | Over::Columns | Over::All => Count::from(s.cols) * s.rows,
        },
        Work::Eval { out, .. } => Count::from(out.1.rows) * out.1.cols,
    }
}

/// Floating-point operations of one elementwise operation of a group: an elementary function counts as one.
pub(crate) fn map_flops<T: Scalar>(group: &Group<T>, op: &dyn DynOp) -> Count {
    Count::fixed(group.space.rows) * group.space.cols * pairs::operations(op)
}

/// All operations of a step.
pub(crate) fn step_flops<T: Scalar>(step: &Step<T>) -> Count {
    let maps = step.group.maps.iter();
    let fused: Count = maps.map(|m| map_flops(&step.group, &*m.op)).sum();
    work_flops(&step.work) + fused
}

/// Bytes that a step reads and writes: each buffer once, scratch memory not at all.
pub(crate) fn step_bytes<T: Scalar>(program: &Program<T>, step: &Step<T>) -> Count {
    let (mut read, mut written) = (BTreeSet::new(), BTreeSet::new());
    let spot = |spot: Spot| match spot {
        Spot::Buffer(id) => Some(id),
        Spot::Temp(_) | Spot::Produced => None,
    };
    match &step.work {
        Work::None => {}
        Work::Product(p) => {
            read.extend([Some(p.a), Some(p.b), p.bias].into_iter().flatten());
            written.extend(spot(p.out));
        }
        Work::Dot(d) => {
            read.extend([Some(d.weights), Some(d.x), d.bias].into_iter().flatten());
            written.extend(spot(d.out));
        }
        Work::Sum(s) => {
            read.insert(s.from);
            written.extend(spot(s.out));
        }
        Work::Convert { from, to, .. } => {
            read.insert(*from);
            written.insert(*to);
        }
        Work::Eval { args, out, .. } => {
            read.extend(args.iter().map(|a| a.0));
            written.insert(out.0);
        }
    }
    for map in &step.group.maps {
        let args = map.args.iter().filter_map(|a| spot(a.spot));
        // What the step has just made is read from cache.
        let args: Vec<BufferId> = args.filter(|a| !written.contains(a)).collect();
        read.extend(args);
        written.extend(spot(map.out));
    }
    let values = |id: &BufferId| {
        let buffer = &program.buffers[id.0 as usize];
        Count::from(buffer.rows) * buffer.cols * T::BYTES
    };
    read.iter().map(values).sum::<Count>() + written.iter().map(values).sum::<Count>()
}

/// Bytes that a buffer occupies, its padding included.
pub(crate) fn buffer_bytes<T: Scalar>(program: &Program<T>, id: BufferId) -> Count {
    let buffer = &program.buffers[id.0 as usize];
    let values = Count::from(buffer.rows) * buffer.cols;
    let padded = match buffer.layout {
        Layout::Line => Count {
            fixed: values.fixed.next_multiple_of(T::LANES as u64),
            ..values
        },
        Layout::Blocked => {
            let rows = match buffer.rows {
                Dim::Fixed(rows) => Count::fixed(rows.next_multiple_of(T::LANES)),
                Dim::Batch => buffer.rows.into(),
            };
            rows * buffer.cols
        }
        Layout::Plain => values,
    };
    padded * T::BYTES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_multiply_like_polynomials() {
        let outer = Count::from(Dim::Batch) * Dim::Batch * 3 + Count::fixed(5) * Dim::Batch;
        assert_eq!(outer.to_string(), "5 B + 3 B²");
        assert_eq!(outer.at(10), 350);
        assert_eq!(Count::default().to_string(), "0");
    }
}
