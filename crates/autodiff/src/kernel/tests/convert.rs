//! Layouts and transposes.

use proptest::prelude::*;

use super::{CASES, Guarded, assert_bits, everywhere, noise};
use crate::kernel::convert::{ConvertArgs, Lie, TransposeArgs, convert};
use crate::kernel::table::Table;
use crate::random::Random;
use crate::{Isa, Scalar};

fn transpose<T: Scalar>(isa: Isa, guard: usize, blocks: usize, extra: usize, seed: u64) {
    let square = T::LANES * T::LANES;
    let to_block = square + extra;
    let mut random = Random(seed);
    let from = noise::<T>(&mut random, blocks * square);
    let mut expected = noise::<T>(&mut random, (blocks * to_block).saturating_sub(extra));
    let to = expected.clone();
    for (block, i, j) in
        (0..blocks).flat_map(|b| (0..square).map(move |n| (b, n / T::LANES, n % T::LANES)))
    {
        expected[block * to_block + j * T::LANES + i] = from[block * square + i * T::LANES + j];
    }
    let (from, mut to) = (Guarded::new(from, guard), Guarded::new(to, guard));
    let args = TransposeArgs {
        from: from.ptr(),
        to: to.ptr_mut(),
        to_block,
        blocks,
    };
    // SAFETY: as for products.
    unsafe { (Table::new(isa).transpose)(&args) };
    assert_bits(to.values(), &expected, isa);
}

/// How a matrix of some size lies, by a number that picks the layout, without its pointer.
fn lie<T: Scalar>(kind: u8, rows: usize, cols: usize, extra: usize) -> Lie<*mut T> {
    let (group, group_jump, col_stride) = match kind {
        0 => (T::LANES, (cols + extra) * T::LANES, T::LANES),
        _ if rows == 1 || cols == 1 => (usize::MAX, 0, 1),
        _ => (usize::MAX, 0, rows),
    };
    let ptr = std::ptr::null_mut();
    Lie {
        ptr,
        group,
        group_jump,
        col_stride,
    }
}

/// Sizes, layouts and columns of a conversion.
#[derive(Debug, Clone, Copy)]
struct Conversion {
    rows: usize,
    cols: usize,
    turn: bool,
    from: u8,
    to: u8,
    extra: usize,
    part: (usize, usize),
}

fn conversion<T: Scalar>(isa: Isa, guard: usize, c: Conversion) {
    let (rows, cols) = (c.rows, c.cols);
    let (from_rows, from_cols) = if c.turn { (cols, rows) } else { (rows, cols) };
    let mut from_lie = lie::<T>(c.from, from_rows, from_cols, c.extra);
    let mut to_lie = lie::<T>(c.to, rows, cols, c.extra);
    let offset = |lie: &Lie<*mut T>, i: usize, j: usize| {
        i / lie.group * lie.group_jump + i % lie.group + j * lie.col_stride
    };
    let len = |lie: &Lie<*mut T>, rows: usize, cols: usize| match rows * cols {
        0 => 0,
        _ => {
            (0..rows)
                .map(|i| offset(lie, i, cols - 1))
                .max()
                .unwrap_or(0)
                + 1
        }
    };
    let mut random = Random(7);
    let from = noise::<T>(&mut random, len(&from_lie, from_rows, from_cols));
    let to = noise::<T>(&mut random, len(&to_lie, rows, cols));
    let (from_col, to_col) = (c.part.0.min(cols), c.part.1.min(cols));
    let mut expected = to.clone();
    for (i, j) in (from_col..to_col).flat_map(|j| (0..rows).map(move |i| (i, j))) {
        let (r, s) = if c.turn { (j, i) } else { (i, j) };
        expected[offset(&to_lie, i, j)] = from[offset(&from_lie, r, s)];
    }
    let (mut from, mut to) = (Guarded::new(from, guard), Guarded::new(to, guard));
    (from_lie.ptr, to_lie.ptr) = (from.ptr_mut(), to.ptr_mut());
    let args = ConvertArgs {
        from: from_lie.read(),
        to: to_lie,
        turn: c.turn,
        rows,
        from_col,
        to_col: to_col.max(from_col),
    };
    // SAFETY: as for products.
    unsafe { convert(&args) };
    from.values();
    assert_bits(to.values(), &expected, isa);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(CASES))]

    #[test]
    fn blocks_are_transposed(blocks in 0usize..5, extra in 0usize..40, seed: u64) {
        everywhere!(transpose(blocks, extra, seed));
    }

    #[test]
    fn layouts_are_converted(
        (rows, cols) in prop_oneof![(0usize..50, 0usize..50), (1usize..2, 0usize..50), (0usize..50, 1usize..2)],
        turn: bool, from in 0u8..2, to in 0u8..2, extra in 0usize..3, part in (0usize..50, 0usize..60),
    ) {
        everywhere!(conversion(Conversion { rows, cols, turn, from, to, extra, part }));
    }
}
