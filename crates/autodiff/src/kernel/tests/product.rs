//! Products and the join of their chunks.

use proptest::prelude::*;

use super::{CASES, Guarded, assert_bits, everywhere, noise};
use crate::kernel::product::{JoinArgs, ProductArgs, Start, Walk};
use crate::kernel::table::Table;
use crate::random::Random;
use crate::{Isa, Scalar};

/// A right operand of a product: how its numbers lie, and how many there are.
fn walk<T: Scalar>(kind: u8, inner: usize, cols: usize, extra: usize) -> (Walk, usize) {
    let lanes = T::LANES;
    let whole = (usize::MAX, 0);
    let line_or_plain = |k_stride, j_stride| Walk {
        k_stride,
        k_segment: whole.0,
        k_jump: 0,
        j_stride,
        j_shift: usize::BITS - 1,
        j_jump: 0,
        is_far: false,
    };
    let made = match kind {
        // A line: along k, or along the columns.
        0 if cols == 1 => line_or_plain(1, 1),
        1 if inner == 1 => line_or_plain(1, 1),
        // Column-major, and its transpose.
        0 | 1 => line_or_plain(1, inner + extra),
        2 => line_or_plain(cols + extra, 1),
        // Blocked along k, and blocked along the columns.
        3 => Walk {
            k_stride: 1,
            k_segment: lanes,
            k_jump: (cols + extra) * lanes,
            j_stride: lanes,
            j_shift: usize::BITS - 1,
            j_jump: 0,
            is_far: false,
        },
        // Column-major, the columns of the next tile fetched ahead, which lie beyond the buffer at its end.
        4 => Walk {
            is_far: true,
            ..line_or_plain(1, inner + extra)
        },
        _ => Walk {
            k_stride: lanes,
            k_segment: whole.0,
            k_jump: 0,
            j_stride: 1,
            j_shift: lanes.ilog2(),
            j_jump: (inner + extra) * lanes,
            is_far: false,
        },
    };
    let last = |n: usize, at: &dyn Fn(usize) -> usize| (0..n).map(at).max().unwrap_or(0);
    let k = last(inner, &|k| made.k_offset(k));
    let j = last(cols, &|j| j_offset(&made, j));
    (made, if inner * cols == 0 { 0 } else { k + j + 1 })
}

fn j_offset(walk: &Walk, j: usize) -> usize {
    let group = 1usize << walk.j_shift;
    j / group * walk.j_jump + j % group * walk.j_stride
}

#[derive(Debug, Clone, Copy)]
struct Product {
    blocks: usize,
    cols: usize,
    first_col: usize,
    inner: usize,
    walk: u8,
    extra: usize,
    bias: bool,
    /// Lanes of the last block that are not asked for.
    spare: usize,
    seed: u64,
}

fn product<T: Scalar>(isa: Isa, guard: usize, p: Product) {
    let lanes = T::LANES;
    let mut random = Random(p.seed);
    let (a_block, c_block) = ((p.inner + p.extra) * lanes, (p.cols + p.extra) * lanes);
    let (walk, b_len) = walk::<T>(p.walk, p.inner, p.first_col + p.cols, p.extra);
    let tile = |stride: usize, vectors: usize| match p.blocks * vectors {
        0 => 0,
        _ => (p.blocks - 1) * stride + vectors * lanes,
    };
    let a = noise::<T>(&mut random, tile(a_block, p.inner));
    let b = noise::<T>(&mut random, b_len);
    let start = noise::<T>(&mut random, p.blocks * lanes);
    let c = noise::<T>(&mut random, tile(c_block, p.cols));
    let mut expected = c.clone();
    for (block, col) in (0..p.blocks).flat_map(|b| (0..p.cols).map(move |c| (b, c))) {
        for lane in 0..lanes {
            let mut sum = if p.bias {
                start[block * lanes + lane]
            } else {
                T::ZERO
            };
            for k in 0..p.inner {
                let left = a[block * a_block + k * lanes + lane];
                let right = b[walk.k_offset(k) + j_offset(&walk, p.first_col + col)];
                sum = left.mul_add(right, sum);
            }
            expected[block * c_block + col * lanes + lane] = sum;
        }
    }
    let (a, b) = (Guarded::new(a, guard), Guarded::new(b, guard));
    let (start, mut c) = (Guarded::new(start, guard), Guarded::new(c, guard));
    let args = ProductArgs {
        a: a.ptr(),
        a_block,
        blocks: p.blocks,
        rows: (p.blocks * lanes).saturating_sub(p.spare % lanes),
        b: b.ptr(),
        walk,
        first_col: p.first_col,
        cols: p.cols,
        inner: p.inner,
        start: if p.bias {
            Start::Bias(start.ptr())
        } else {
            Start::Zero
        },
        c: c.ptr_mut(),
        c_block,
    };
    // SAFETY: the twin has read and written the same elements through slices of these lengths.
    unsafe { (Table::new(isa).product)(&args) };
    // What stands in lanes that are not asked for is not defined.
    let mut found = c.values().to_vec();
    for values in [&mut found, &mut expected] {
        for col in (0..p.cols).filter(|_| p.blocks > 0) {
            let end = (p.blocks - 1) * c_block + (col + 1) * lanes;
            values[end - p.spare % lanes..end].fill(T::ZERO);
        }
    }
    assert_bits(&found, &expected, isa);
}

fn join<T: Scalar>(isa: Isa, guard: usize, blocks: usize, vectors: usize, extra: usize, seed: u64) {
    let lanes = T::LANES;
    let block_stride = (vectors + extra) * lanes;
    let len = if blocks * vectors == 0 {
        0
    } else {
        (blocks - 1) * block_stride + vectors * lanes
    };
    let mut random = Random(seed);
    let (left, right) = (noise::<T>(&mut random, len), noise::<T>(&mut random, len));
    let mut expected = left.clone();
    for (block, n) in (0..blocks).flat_map(|b| (0..vectors * lanes).map(move |n| (b, n))) {
        expected[block * block_stride + n] += right[block * block_stride + n];
    }
    let (mut left, right) = (Guarded::new(left, guard), Guarded::new(right, guard));
    let args = JoinArgs {
        left: left.ptr_mut(),
        right: right.ptr(),
        block_stride,
        blocks,
        vectors,
    };
    // SAFETY: as for products.
    unsafe { (Table::new(isa).join)(&args) };
    assert_bits(left.values(), &expected, isa);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(CASES))]

    #[test]
    fn products_are_chains(
        (blocks, cols, first_col, inner) in (0usize..8, 0usize..30, 0usize..19, 0usize..40),
        walk in 0u8..6, extra in 0usize..4, bias: bool, spare in 0usize..16, seed: u64,
    ) {
        everywhere!(product(Product { blocks, cols, first_col, inner, walk, extra, bias, spare, seed }));
    }

    #[test]
    fn thin_products_are_chains(cols in 1usize..3, inner in 1usize..3, walk in 0u8..6, spare in 0usize..16, seed: u64) {
        let p = Product { blocks: 1, cols, first_col: 0, inner, walk, extra: 0, bias: false, spare, seed };
        everywhere!(product(p));
    }

    #[test]
    fn tiles_are_joined(blocks in 0usize..4, vectors in 0usize..20, extra in 0usize..3, seed: u64) {
        everywhere!(join(blocks, vectors, extra, seed));
    }
}
