//! The product kernel: one for forward products, backward products and weight gradients.
//!
//! `C = A B`, vectors running over the rows of C. `A` is blocked, `[row / L][k][row mod L]`, so that a vector of it is one load; numbers
//! of `B` are broadcast from wherever they lie. Each element of C is one ascending chain of fused multiply-adds, which makes its bits
//! independent of the tile.

use super::buffer::fetch;
use super::dispatch::Kernel;
use super::lanes::Vector;
use crate::Scalar;

/// How the numbers `B[k, j]` lie: `k` walks in segments, `j` in groups, each with a jump between.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Walk {
    /// Between neighbours in `k`.
    pub(crate) k_stride: usize,
    /// `k` in one segment, and from one segment to the next.
    pub(crate) k_segment: usize,
    pub(crate) k_jump: usize,
    /// Between neighbours in `j`.
    pub(crate) j_stride: usize,
    /// The logarithm of how many `j` are in one group, and from one group to the next. A shift and not a division: a tile
    /// asks once for each of its columns.
    pub(crate) j_shift: u32,
    pub(crate) j_jump: usize,
    /// Whether B comes from far away, so that a tile asks for the columns of the next one, which lie one behind the other.
    pub(crate) is_far: bool,
}

impl Walk {
    pub(crate) fn k_offset(&self, k: usize) -> usize {
        k / self.k_segment * self.k_jump + k % self.k_segment * self.k_stride
    }

    #[inline(always)]
    fn j_offset(&self, j: usize) -> usize {
        (j >> self.j_shift) * self.j_jump + (j & !(usize::MAX << self.j_shift)) * self.j_stride
    }
}

/// Where the chains of a product begin.
#[derive(Clone, Copy)]
pub(crate) enum Start<T> {
    Zero,
    /// At a vector for each block.
    Bias(*const T),
}

/// A tile of a product.
#[derive(Clone, Copy)]
pub(crate) struct ProductArgs<T> {
    /// The first block of A, at the first `k`.
    pub(crate) a: *const T,
    pub(crate) a_block: usize,
    /// Blocks of rows.
    pub(crate) blocks: usize,
    /// Rows in them that are asked for: what stands in the lanes beyond is of no matter.
    pub(crate) rows: usize,
    /// B at the first `k`, which starts a segment, and column 0.
    pub(crate) b: *const T,
    pub(crate) walk: Walk,
    pub(crate) first_col: usize,
    pub(crate) cols: usize,
    /// The length of the chains.
    pub(crate) inner: usize,
    pub(crate) start: Start<T>,
    /// The tile of C: `[block][column][L]`.
    pub(crate) c: *mut T,
    pub(crate) c_block: usize,
}

/// The product kernel.
pub(crate) struct ProductKernel;

impl<T: Scalar> Kernel<T> for ProductKernel {
    type Args = ProductArgs<T>;

    /// # Safety
    /// All elements that the tile reads and writes lie inside their buffers, and no other thread writes to them.
    #[inline(always)]
    unsafe fn run<V: Vector<Scalar = T>>(args: &ProductArgs<T>) {
        // Tiles by registers: 3 × 8 accumulators of 32 (AVX-512), 1 × 6 pairs of 16 (AVX2), and what the portable path likes. Where a
        // block needs no more than one register of a pair, 12 columns of halves: a layer of 8 took the time of one of 16.
        // SAFETY: promised by the caller.
        unsafe {
            if V::REGISTERS == 32 {
                let mut block = 0;
                while args.blocks - block >= 3 {
                    columns::<T, V, 3, 8, false>(args, block);
                    block += 3;
                }
                match args.blocks - block {
                    2 => columns::<T, V, 2, 8, false>(args, block),
                    1 => columns::<T, V, 1, 8, false>(args, block),
                    _ => {}
                }
            } else {
                for block in 0..args.blocks {
                    let is_half = args.rows <= block * T::LANES + T::LANES / 2;
                    if V::REGISTERS == 8 && is_half {
                        columns::<T, V, 1, 12, true>(args, block);
                    } else {
                        columns::<T, V, 1, 6, false>(args, block);
                    }
                }
            }
        }
    }
}

/// All columns of `M` blocks, in tiles of at most `WIDEST` columns that are as even as can be: a narrow last tile would wait for its
/// few chains.
#[inline(always)]
unsafe fn columns<
    T: Scalar,
    V: Vector<Scalar = T>,
    const M: usize,
    const WIDEST: usize,
    const HALF: bool,
>(
    args: &ProductArgs<T>,
    block: usize,
) {
    let tiles = args.cols.div_ceil(WIDEST);
    let mut col = 0;
    for index in 0..tiles {
        let left = tiles - index;
        let width = (args.cols - col).div_ceil(left);
        if args.walk.is_far {
            fetch_columns(args, args.first_col + col + width, width);
        }
        // SAFETY: promised by the caller.
        unsafe {
            match width {
                1 => tile::<T, V, M, 1, HALF>(args, block, col),
                2 => tile::<T, V, M, 2, HALF>(args, block, col),
                3 => tile::<T, V, M, 3, HALF>(args, block, col),
                4 => tile::<T, V, M, 4, HALF>(args, block, col),
                5 => tile::<T, V, M, 5, HALF>(args, block, col),
                6 => tile::<T, V, M, 6, HALF>(args, block, col),
                7 if WIDEST > 6 => tile::<T, V, M, 7, HALF>(args, block, col),
                8 if WIDEST > 6 => tile::<T, V, M, 8, HALF>(args, block, col),
                9 if WIDEST > 8 => tile::<T, V, M, 9, HALF>(args, block, col),
                10 if WIDEST > 8 => tile::<T, V, M, 10, HALF>(args, block, col),
                11 if WIDEST > 8 => tile::<T, V, M, 11, HALF>(args, block, col),
                12 if WIDEST > 8 => tile::<T, V, M, 12, HALF>(args, block, col),
                _ => {}
            }
        }
        col += width;
    }
}

/// Asks for columns that the next tile reads. At the end of B they are memory of others, or none.
#[inline(never)]
fn fetch_columns<T: Scalar>(args: &ProductArgs<T>, from: usize, columns: usize) {
    let stride = args.walk.j_stride;
    for at in (from * stride..(from + columns) * stride).step_by(T::LANES) {
        fetch(args.b.wrapping_add(at));
    }
}

/// `M` blocks × `N` columns, held in registers over the whole chain; of `HALF` a tile the first half of the lanes is asked for.
#[inline(always)]
unsafe fn tile<
    T: Scalar,
    V: Vector<Scalar = T>,
    const M: usize,
    const N: usize,
    const HALF: bool,
>(
    args: &ProductArgs<T>,
    block: usize,
    col: usize,
) {
    // SAFETY: the caller promises that the tile lies inside the buffers.
    unsafe {
        let load = |from| {
            if HALF {
                V::load_half(from)
            } else {
                V::load(from)
            }
        };
        let mut acc = [[V::splat_scalar(T::ZERO); N]; M];
        if let Start::Bias(bias) = args.start {
            for (m, row) in acc.iter_mut().enumerate() {
                *row = [load(bias.add((block + m) * T::LANES)); N];
            }
        }
        let mut b: [*const T; N] = [args.b; N];
        for (n, pointer) in b.iter_mut().enumerate() {
            *pointer = args.b.add(args.walk.j_offset(args.first_col + col + n));
        }
        let mut a = args.a.add(block * args.a_block);
        let mut left = args.inner;
        let mut segment_start = 0;
        while left > 0 {
            let length = left.min(args.walk.k_segment);
            let mut offset = segment_start;
            for _ in 0..length {
                let mut column = [V::splat_scalar(T::ZERO); M];
                for (m, vector) in column.iter_mut().enumerate() {
                    *vector = load(a.add(m * args.a_block));
                }
                for n in 0..N {
                    let number = V::splat_scalar(*b[n].add(offset));
                    for m in 0..M {
                        acc[m][n] = if HALF {
                            column[m].mul_add_half(number, acc[m][n])
                        } else {
                            column[m].mul_add(number, acc[m][n])
                        };
                    }
                }
                a = a.add(T::LANES);
                offset += args.walk.k_stride;
            }
            left -= length;
            segment_start += args.walk.k_jump;
        }
        for (m, row) in acc.iter().enumerate() {
            for (n, vector) in row.iter().enumerate() {
                vector.store(
                    args.c
                        .add((block + m) * args.c_block + (col + n) * T::LANES),
                );
            }
        }
    }
}

/// Adds one tile of finished chunks to another, `left += right`, both `[block][column][L]` with the same stride.
pub(crate) struct JoinArgs<T> {
    pub(crate) left: *mut T,
    pub(crate) right: *const T,
    pub(crate) block_stride: usize,
    pub(crate) blocks: usize,
    pub(crate) vectors: usize,
}

/// The kernel that joins two tiles of chunks.
pub(crate) struct JoinKernel;

impl<T: Scalar> Kernel<T> for JoinKernel {
    type Args = JoinArgs<T>;

    /// # Safety
    /// Both tiles lie inside memory that is the caller's alone.
    #[inline(always)]
    unsafe fn run<V: Vector<Scalar = T>>(args: &JoinArgs<T>) {
        // SAFETY: promised by the caller.
        unsafe {
            for block in 0..args.blocks {
                for vector in 0..args.vectors {
                    let at = block * args.block_stride + vector * T::LANES;
                    let sum = V::load(args.left.add(at)) + V::load(args.right.add(at));
                    sum.store(args.left.add(at));
                }
            }
        }
    }
}
