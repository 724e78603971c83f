//! The kernels of a program, chosen once for its instruction set.

use super::convert::{TransposeArgs, TransposeKernel};
use super::dispatch::entry;
use super::product::{JoinArgs, JoinKernel, ProductArgs, ProductKernel};
use super::sum::{AllArgs, AllKernel, ColumnsArgs, ColumnsKernel, DotArgs, DotKernel};
use crate::{Isa, Scalar};

/// One function for each kernel family.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Table<T: Scalar> {
    pub(crate) product: unsafe fn(&ProductArgs<T>),
    pub(crate) join: unsafe fn(&JoinArgs<T>),
    pub(crate) dot: unsafe fn(&DotArgs<T>),
    pub(crate) columns: unsafe fn(&ColumnsArgs<T>),
    pub(crate) all: unsafe fn(&AllArgs<T>),
    pub(crate) transpose: unsafe fn(&TransposeArgs<T>),
}

impl<T: Scalar> Table<T> {
    pub(crate) fn new(isa: Isa) -> Self {
        Self {
            product: entry::<T, ProductKernel>(isa),
            join: entry::<T, JoinKernel>(isa),
            dot: entry::<T, DotKernel>(isa),
            columns: entry::<T, ColumnsKernel>(isa),
            all: entry::<T, AllKernel>(isa),
            transpose: entry::<T, TransposeKernel>(isa),
        }
    }
}
