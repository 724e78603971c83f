//! Products with one output, and sums.

use proptest::prelude::*;

use super::{CASES, Guarded, assert_bits, everywhere, noise};
use crate::kernel::sum::{AllArgs, ColumnsArgs, DotArgs};
use crate::kernel::table::Table;
use crate::ops::Order;
use crate::random::Random;
use crate::{Isa, Scalar, reference};

fn dot<T: Scalar>(
    isa: Isa,
    guard: usize,
    inner: usize,
    cols: usize,
    first_col: usize,
    kind: u8,
    seed: u64,
) {
    let lanes = T::LANES;
    let (weighted, biased) = (kind & 1 == 1, kind & 2 == 2);
    let mut random = Random(seed);
    let x_block = (first_col + cols + usize::from(kind / 4)) * lanes;
    // The last vector of the last block ends with the last row.
    let len = match (inner.checked_sub(1), (first_col + cols).checked_sub(1)) {
        (Some(row), Some(col)) => row / lanes * x_block + col * lanes + row % lanes + 1,
        _ => 0,
    };
    let (w, x) = (noise::<T>(&mut random, inner), noise::<T>(&mut random, len));
    let bias = noise::<T>(&mut random, 1);
    let expected: Vec<T> = (first_col..first_col + cols)
        .map(|col| {
            let at = |k: usize| x[k / lanes * x_block + col * lanes + k % lanes];
            let terms = (0..inner).map(|k| (if weighted { w[k] } else { T::ONE }, at(k)));
            reference::sum_of_products(Order::Lanes, terms, biased.then_some(bias[0]))
        })
        .collect();
    let (w, x, bias) = (
        Guarded::new(w, guard),
        Guarded::new(x, guard),
        Guarded::new(bias, guard),
    );
    let mut out = Guarded::new(vec![T::ZERO; cols], guard);
    let if_some = |is: bool, buffer: &Guarded<T>| if is { buffer.ptr() } else { std::ptr::null() };
    let args = DotArgs {
        weights: if_some(weighted, &w),
        x: x.ptr(),
        x_block,
        inner,
        bias: if_some(biased, &bias),
        first_col,
        cols,
        out: out.ptr_mut(),
    };
    // SAFETY: as for products.
    unsafe { (Table::new(isa).dot)(&args) };
    assert_bits(out.values(), &expected, isa);
}

fn columns<T: Scalar>(
    isa: Isa,
    guard: usize,
    blocks: usize,
    cols: usize,
    extra: usize,
    chunked: bool,
    seed: u64,
) {
    let lanes = T::LANES;
    let x_block = (cols + extra) * lanes;
    let len = if blocks * cols == 0 {
        0
    } else {
        (blocks - 1) * x_block + cols * lanes
    };
    let x = noise::<T>(&mut Random(seed), len);
    let order = if chunked { Order::Chunks } else { Order::Chain };
    let row = |row: usize| {
        let at = |col: usize| x[row / lanes * x_block + col * lanes + row % lanes];
        reference::sum(order, (0..cols).map(at))
    };
    let expected: Vec<T> = (0..blocks * lanes).map(row).collect();
    let x = Guarded::new(x, guard);
    let mut out = Guarded::new(vec![T::ONE; blocks * lanes], guard);
    let args = ColumnsArgs {
        x: x.ptr(),
        x_block,
        blocks,
        cols,
        chunked,
        out: out.ptr_mut(),
    };
    // SAFETY: as for products.
    unsafe { (Table::new(isa).columns)(&args) };
    assert_bits(out.values(), &expected, isa);
}

fn all<T: Scalar>(isa: Isa, guard: usize, rows: usize, cols: usize, extra: usize, seed: u64) {
    let lanes = T::LANES;
    let x_block = (cols + extra) * lanes;
    let len = match (rows.checked_sub(1), cols.checked_sub(1)) {
        (Some(row), Some(col)) => row / lanes * x_block + col * lanes + row % lanes + 1,
        _ => 0,
    };
    let x = noise::<T>(&mut Random(seed), len);
    let at = |i: usize, j: usize| x[i / lanes * x_block + j * lanes + i % lanes];
    let expected = [reference::sum_of_matrix(rows, cols, at)];
    let x = Guarded::new(x, guard);
    let mut out = Guarded::new(vec![T::ONE], guard);
    let args = AllArgs {
        x: x.ptr(),
        x_block,
        rows,
        cols,
        out: out.ptr_mut(),
    };
    // SAFETY: as for products.
    unsafe { (Table::new(isa).all)(&args) };
    assert_bits(out.values(), &expected, isa);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(CASES))]

    #[test]
    fn dots_add_by_lanes(
        (inner, cols, first_col) in (0usize..70, 0usize..13, 0usize..20), kind in 0u8..16, seed: u64,
    ) {
        everywhere!(dot(inner, cols, first_col, kind, seed));
    }

    #[test]
    fn sums_of_columns_are_chains_and_trees(
        blocks in 0usize..4, cols in prop_oneof![0usize..40, 250usize..1300], extra in 0usize..3, chunked: bool, seed: u64,
    ) {
        everywhere!(columns(blocks, cols, extra, chunked, seed));
    }

    #[test]
    fn sums_of_all_add_by_lanes_of_rows(rows in 0usize..70, cols in 0usize..20, extra in 0usize..3, seed: u64) {
        everywhere!(all(rows, cols, extra, seed));
    }
}
