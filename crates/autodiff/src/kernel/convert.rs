//! Copies of a matrix in another layout, or of its transpose.

use super::dispatch::Kernel;
use super::lanes::Vector;
use crate::Scalar;

/// How a matrix lies in memory: element (r, c) at `r / group · group_jump + r mod group + c · col_stride`.
#[derive(Clone, Copy)]
pub(crate) struct Lie<P> {
    pub(crate) ptr: P,
    pub(crate) group: usize,
    pub(crate) group_jump: usize,
    pub(crate) col_stride: usize,
}

impl<T> Lie<*mut T> {
    /// For reading.
    pub(crate) fn read(self) -> Lie<*const T> {
        Lie {
            ptr: self.ptr.cast_const(),
            group: self.group,
            group_jump: self.group_jump,
            col_stride: self.col_stride,
        }
    }
}

impl<P> Lie<P> {
    fn offset(&self, row: usize, col: usize) -> usize {
        row / self.group * self.group_jump + row % self.group + col * self.col_stride
    }
}

/// The columns `from_col..to_col` of `to`, of `rows` rows, from `from` or its transpose.
#[derive(Clone, Copy)]
pub(crate) struct ConvertArgs<T> {
    pub(crate) from: Lie<*const T>,
    pub(crate) to: Lie<*mut T>,
    pub(crate) turn: bool,
    pub(crate) rows: usize,
    pub(crate) from_col: usize,
    pub(crate) to_col: usize,
}

/// # Safety
/// Both matrices hold those elements, they do not overlap, and no other thread writes to them.
pub(crate) unsafe fn convert<T: Scalar>(args: &ConvertArgs<T>) {
    let &ConvertArgs {
        from,
        to,
        turn,
        rows,
        from_col,
        to_col,
    } = args;
    if rows == 1 && !turn && from.col_stride == 1 && to.col_stride == 1 {
        // SAFETY: promised by the caller; a row lies in one piece on both sides.
        unsafe {
            let (source, target) = (from.ptr.add(from_col), to.ptr.add(from_col));
            std::ptr::copy_nonoverlapping(source, target, to_col - from_col);
        }
        return;
    }
    let run = from.group.min(to.group);
    for col in from_col..to_col {
        let mut row = 0;
        while row < rows {
            // SAFETY: promised by the caller; runs end with the groups of either side.
            unsafe {
                if turn {
                    *to.ptr.add(to.offset(row, col)) = *from.ptr.add(from.offset(col, row));
                    row += 1;
                } else {
                    let length = (run - row % run).min(rows - row);
                    let (source, target) = (
                        from.ptr.add(from.offset(row, col)),
                        to.ptr.add(to.offset(row, col)),
                    );
                    std::ptr::copy_nonoverlapping(source, target, length);
                    row += length;
                }
            }
        }
    }
}

/// Refreshes the transposed copy of a piece of a blocked matrix: whole blocks of L × L.
pub(crate) struct TransposeArgs<T> {
    /// The piece: one block of rows, from a column that starts a block of columns.
    pub(crate) from: *const T,
    /// The copy, at that block of columns and that block of rows.
    pub(crate) to: *mut T,
    pub(crate) to_block: usize,
    /// Blocks of columns.
    pub(crate) blocks: usize,
}

/// The kernel that transposes.
pub(crate) struct TransposeKernel;

impl<T: Scalar> Kernel<T> for TransposeKernel {
    type Args = TransposeArgs<T>;

    /// # Safety
    /// The piece and its copy hold whole blocks, and no other thread writes to them.
    #[inline(always)]
    unsafe fn run<V: Vector<Scalar = T>>(args: &TransposeArgs<T>) {
        for block in 0..args.blocks {
            // SAFETY: promised by the caller.
            unsafe {
                let from = args.from.add(block * T::LANES * T::LANES);
                V::transpose(from, T::LANES, args.to.add(block * args.to_block), T::LANES);
            }
        }
    }
}
