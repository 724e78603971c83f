//! Conversions of layouts, and operations that have no kernel.

use nalgebra::{DMatrixView, DMatrixViewMut};

use super::Shared;
use super::call::{Call, Sink};
use crate::kernel::convert::{ConvertArgs, Lie};
use crate::op::{DynOp, View, ViewMut};
use crate::plan::program::{BufferId, Layout};
use crate::{Dim, Scalar, Shape};

impl<T: Scalar> Shared<'_, T> {
    pub(super) unsafe fn convert(
        &self,
        from: BufferId,
        turn: bool,
        to: BufferId,
        from_col: usize,
        to_col: usize,
        sink: &impl Sink<T>,
    ) {
        let rows = self.run.program.buffers[to.0 as usize]
            .rows
            .at(self.run.batch);
        let (from, target) = (self.lie(from).read(), self.lie(to));
        let call = ConvertArgs {
            from,
            to: target,
            turn: turn && !self.is_vector(to),
            rows,
            from_col,
            to_col,
        };
        // SAFETY: the columns lie inside both buffers.
        unsafe { sink.call(Call::Convert(call)) }
    }

    pub(super) fn is_vector(&self, id: BufferId) -> bool {
        let buffer = self.run.program.buffers[id.0 as usize];
        buffer.layout == Layout::Line
    }

    pub(super) fn lie(&self, id: BufferId) -> Lie<*mut T> {
        let buffer = self.run.program.buffers[id.0 as usize];
        let resolved = self.at(id);
        let rows = buffer.rows.at(self.run.batch);
        let vector = buffer.rows.is_one() || buffer.cols.is_one();
        let (group, group_jump, col_stride) = match buffer.layout {
            Layout::Blocked => (T::LANES, resolved.block, T::LANES),
            _ if vector => (usize::MAX, 0, 1),
            _ => (usize::MAX, 0, rows),
        };
        Lie {
            ptr: resolved.ptr,
            group,
            group_jump,
            col_stride,
        }
    }

    /// An operation without a kernel, on whole matrices or on a range of columns.
    pub(super) unsafe fn eval(
        &self,
        op: &dyn DynOp,
        args: &[(BufferId, Shape)],
        out: (BufferId, Shape),
        cols: Option<(usize, usize)>,
        sink: &impl Sink<T>,
    ) {
        // SAFETY: as promised here.
        sink.eval(|| unsafe { self.eval_now(op, args, out, cols) });
    }

    unsafe fn eval_now(
        &self,
        op: &dyn DynOp,
        args: &[(BufferId, Shape)],
        out: (BufferId, Shape),
        cols: Option<(usize, usize)>,
    ) {
        let batch = self.run.batch;
        let part = |shape: Shape| {
            let (rows, all) = (shape.rows.at(batch), shape.cols.at(batch));
            match cols {
                Some((from, to)) if shape.cols == Dim::Batch => (rows, from, to - from),
                _ => (rows, 0, all),
            }
        };
        let view = |&(id, shape): &(BufferId, Shape)| -> View<'_, T> {
            let (rows, first, count) = part(shape);
            // SAFETY: the matrix lies whole in its buffer.
            let slice = unsafe {
                std::slice::from_raw_parts(self.at(id).ptr.add(rows * first), rows * count)
            };
            DMatrixView::from_slice(slice, rows, count)
        };
        let (rows, first, count) = part(out.1);
        // SAFETY: the result lies whole in its buffer, which no argument shares; ranges of columns are disjoint.
        let slice = unsafe {
            std::slice::from_raw_parts_mut(self.at(out.0).ptr.add(rows * first), rows * count)
        };
        let mut result: ViewMut<'_, T> = DMatrixViewMut::from_slice(slice, rows, count);
        match args {
            [] => T::eval(op, &[], &mut result),
            [a] => T::eval(op, &[view(a)], &mut result),
            [a, b] => T::eval(op, &[view(a), view(b)], &mut result),
            [a, b, c] => T::eval(op, &[view(a), view(b), view(c)], &mut result),
            many => {
                let views: Vec<View<'_, T>> = many.iter().map(view).collect();
                T::eval(op, &views, &mut result);
            }
        }
    }
}
