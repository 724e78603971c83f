//! The built-in operations, behind the same door as everyone's.

pub(crate) mod arithmetic;
pub(crate) mod assemble;
pub(crate) mod compare;
pub(crate) mod functions;
pub(crate) mod loss;
pub(crate) mod matrix;
pub(crate) mod pairs;

pub(crate) use assemble::{OneHot, Placeholder, Stack, StopGradient};
pub(crate) use compare::Compare;
pub(crate) use loss::{BinaryCrossEntropy, BinaryCrossEntropyOnLogits};
pub(crate) use matrix::{Affine, Broadcast, MatMul, Order, SumAll, SumColumns, SumRows, Transpose};
