//! One-output products and sums.

use super::call::{Call, Sink};
use super::{Scratch, Shared};
use crate::kernel::sum::{AllArgs, ColumnsArgs, DotArgs, LineArgs};
use crate::plan::program::{Dot, Group, Layout, Spot, Sum};
use crate::{Dim, Scalar};

impl<T: Scalar> Shared<'_, T> {
    pub(super) unsafe fn dot(
        &self,
        dot: &Dot,
        group: &Group<T>,
        from: usize,
        to: usize,
        scratch: Scratch<'_, T, impl Sink<T>>,
    ) {
        let x = self.at(dot.x);
        let args = |out| DotArgs {
            weights: self.at(dot.weights).ptr.cast_const(),
            x: x.ptr.cast_const(),
            x_block: x.block,
            inner: dot.inner,
            bias: dot
                .bias
                .map_or(std::ptr::null(), |b| self.at(b).ptr.cast_const()),
            first_col: from,
            cols: to - from,
            out,
        };
        // SAFETY: the columns lie inside the space of the step.
        unsafe { self.along_line(dot.out, from, to, group, scratch, &args) }
    }

    pub(super) unsafe fn sum_rows(
        &self,
        sum: &Sum,
        group: &Group<T>,
        from: usize,
        to: usize,
        scratch: Scratch<'_, T, impl Sink<T>>,
    ) {
        let x = self.at(sum.from);
        let args = |out| DotArgs {
            weights: std::ptr::null(),
            x: x.ptr.cast_const(),
            x_block: x.block,
            inner: sum.rows,
            bias: std::ptr::null(),
            first_col: from,
            cols: to - from,
            out,
        };
        // SAFETY: the columns lie inside the space of the step.
        unsafe { self.along_line(sum.out, from, to, group, scratch, &args) }
    }

    /// One number for each column, into a line, and its group.
    pub(super) unsafe fn along_line(
        &self,
        out: Spot,
        from: usize,
        to: usize,
        group: &Group<T>,
        scratch: Scratch<'_, T, impl Sink<T>>,
        args: &dyn Fn(*mut T) -> DotArgs<T>,
    ) {
        let first = from / T::LANES;
        // SAFETY: lines have room for whole vectors, and a worker's columns start at one.
        unsafe {
            let produced = match out {
                Spot::Buffer(id) => self.at(id).ptr.add(from),
                _ => scratch.tiles,
            };
            scratch
                .sink
                .call(Call::Dot(self.run.program.kernels.dot, args(produced)));
            self.line(
                group,
                first,
                to.div_ceil(T::LANES) - first,
                produced,
                scratch,
            );
        }
    }

    pub(super) unsafe fn sum_columns(
        &self,
        sum: &Sum,
        group: &Group<T>,
        (first, count): (usize, usize),
        scratch: Scratch<'_, T, impl Sink<T>>,
    ) {
        let x = self.at(sum.from);
        let cols = sum.cols.at(self.run.batch);
        let chunked = sum.cols == Dim::Batch;
        // SAFETY: blocks of the sum's rows.
        unsafe {
            let produced = match sum.out {
                Spot::Buffer(id) => self.at(id).ptr.add(first * T::LANES),
                _ => scratch.tiles,
            };
            if sum.rows == 1 {
                scratch.sink.call(Call::Line(LineArgs {
                    line: x.ptr.cast_const(),
                    len: cols,
                    chunked,
                    out: produced,
                }));
            } else {
                let call = ColumnsArgs {
                    x: x.ptr.add(first * x.block).cast_const(),
                    x_block: x.block,
                    blocks: count,
                    cols,
                    chunked,
                    out: produced,
                };
                scratch
                    .sink
                    .call(Call::Columns(self.run.program.kernels.columns, call));
            }
            self.line(group, first, count, produced, scratch);
        }
    }

    pub(super) unsafe fn sum_all(
        &self,
        sum: &Sum,
        group: &Group<T>,
        scratch: Scratch<'_, T, impl Sink<T>>,
    ) {
        let x = self.at(sum.from);
        // SAFETY: one number.
        unsafe {
            let produced = match sum.out {
                Spot::Buffer(id) => self.at(id).ptr,
                _ => scratch.tiles,
            };
            let is_row = self.run.program.buffers[sum.from.0 as usize].layout == Layout::Line
                && sum.rows == 1;
            if is_row {
                // All of a row is in the first lane.
                scratch.sink.call(Call::Line(LineArgs {
                    line: x.ptr.cast_const(),
                    len: sum.cols.at(self.run.batch),
                    chunked: false,
                    out: produced,
                }));
            } else {
                let call = AllArgs {
                    x: x.ptr.cast_const(),
                    x_block: x.block,
                    rows: sum.rows,
                    cols: sum.cols.at(self.run.batch),
                    out: produced,
                };
                scratch
                    .sink
                    .call(Call::All(self.run.program.kernels.all, call));
            }
            self.line(group, 0, 1, produced, scratch);
        }
    }
}
