//! Sums and one-output products: lanes over features, chains over samples.

use super::dispatch::Kernel;
use super::lanes::Vector;
use crate::Scalar;
use crate::reference::CHUNK;

/// One-output products of columns: `out[j] = Σ_k w[k] x[k, j] + bias` by lanes.
pub(crate) struct DotArgs<T> {
    /// Null for a plain sum.
    pub(crate) weights: *const T,
    /// Blocked: `[k / L][column][L]`.
    pub(crate) x: *const T,
    pub(crate) x_block: usize,
    pub(crate) inner: usize,
    /// Null for none.
    pub(crate) bias: *const T,
    pub(crate) first_col: usize,
    pub(crate) cols: usize,
    /// A line, from `first_col` on.
    pub(crate) out: *mut T,
}

/// Sums by lanes over the rows of a blocked matrix, weighted or not.
pub(crate) struct DotKernel;

impl<T: Scalar> Kernel<T> for DotKernel {
    type Args = DotArgs<T>;

    /// # Safety
    /// `x` holds the blocks of `inner` rows and the columns, `weights` holds `inner` values, `out` has room for the columns.
    #[inline(always)]
    unsafe fn run<V: Vector<Scalar = T>>(args: &DotArgs<T>) {
        // SAFETY: promised by the caller.
        unsafe {
            let mut col = 0;
            while args.cols - col >= 4 {
                dots::<T, V, 4>(args, col);
                col += 4;
            }
            while col < args.cols {
                dots::<T, V, 1>(args, col);
                col += 1;
            }
        }
    }
}

#[inline(always)]
unsafe fn dots<T: Scalar, V: Vector<Scalar = T>, const N: usize>(args: &DotArgs<T>, col: usize) {
    // SAFETY: promised by the caller; the last block reads its rows alone.
    unsafe {
        let (whole, rest) = (args.inner / T::LANES, args.inner % T::LANES);
        let mut lanes = [V::splat_scalar(T::ZERO); N];
        let x = args.x.add((args.first_col + col) * T::LANES);
        let one = V::splat_scalar(T::ONE);
        for block in 0..whole {
            let w = if args.weights.is_null() {
                one
            } else {
                V::load(args.weights.add(block * T::LANES))
            };
            for (n, lane) in lanes.iter_mut().enumerate() {
                *lane = w.mul_add(V::load(x.add(block * args.x_block + n * T::LANES)), *lane);
            }
        }
        if rest > 0 {
            let w = if args.weights.is_null() {
                one
            } else {
                V::load_first(args.weights.add(whole * T::LANES), rest)
            };
            for (n, lane) in lanes.iter_mut().enumerate() {
                let last = V::load_first(x.add(whole * args.x_block + n * T::LANES), rest);
                *lane = w.keep_first(rest).mul_add(last, *lane);
            }
        }
        for (n, lane) in lanes.iter().enumerate() {
            let mut sum = lane.reduce_tree();
            if !args.bias.is_null() {
                sum += *args.bias;
            }
            *args.out.add(col + n) = sum;
        }
    }
}

/// Chains over columns: `out[i] = Σ_j x[i, j]`, one chain or chains of [`CHUNK`] columns joined by a tree.
pub(crate) struct ColumnsArgs<T> {
    pub(crate) x: *const T,
    pub(crate) x_block: usize,
    pub(crate) blocks: usize,
    pub(crate) cols: usize,
    pub(crate) chunked: bool,
    /// A line, one vector for each block.
    pub(crate) out: *mut T,
}

/// Sums over the columns of a blocked matrix.
pub(crate) struct ColumnsKernel;

impl<T: Scalar> Kernel<T> for ColumnsKernel {
    type Args = ColumnsArgs<T>;

    /// # Safety
    /// `x` holds the blocks and columns, `out` one vector for each block.
    #[inline(always)]
    unsafe fn run<V: Vector<Scalar = T>>(args: &ColumnsArgs<T>) {
        // SAFETY: promised by the caller.
        unsafe {
            for block in 0..args.blocks {
                let x = args.x.add(block * args.x_block);
                let chain = |from: usize, to: usize| {
                    let mut sum = V::splat_scalar(T::ZERO);
                    for col in from..to {
                        sum = sum + V::load(x.add(col * T::LANES));
                    }
                    sum
                };
                let sum = if args.chunked && args.cols > CHUNK {
                    tree(args.cols, V::splat_scalar(T::ZERO), chain, |a, b| a + b)
                } else {
                    chain(0, args.cols)
                };
                sum.store(args.out.add(block * T::LANES));
            }
        }
    }
}

/// A sum of numbers that follow each other: one chain, or chains of [`CHUNK`] numbers joined by a tree.
pub(crate) struct LineArgs<T> {
    pub(crate) line: *const T,
    pub(crate) len: usize,
    pub(crate) chunked: bool,
    pub(crate) out: *mut T,
}

/// # Safety
/// There are so many numbers, and room for one.
pub(crate) unsafe fn sum_of_line<T: Scalar>(args: &LineArgs<T>) {
    // SAFETY: promised by the caller.
    let line = unsafe { std::slice::from_raw_parts(args.line, args.len) };
    let chain = |from: usize, to: usize| line[from..to].iter().fold(T::ZERO, |sum, &x| sum + x);
    let sum = if args.chunked && line.len() > CHUNK {
        tree(line.len(), T::ZERO, chain, |a, b| a + b)
    } else {
        chain(0, line.len())
    };
    // SAFETY: promised by the caller.
    unsafe { *args.out = sum };
}

/// The tree over chunks of [`CHUNK`] columns, as they come: a counter in binary, whose digits are finished subtrees.
#[inline(always)]
fn tree<S: Copy>(
    cols: usize,
    zero: S,
    chain: impl Fn(usize, usize) -> S,
    add: impl Fn(S, S) -> S,
) -> S {
    let mut stack = [zero; usize::BITS as usize];
    let mut depth = 0;
    for (chunk, from) in (0..cols).step_by(CHUNK).enumerate() {
        let mut sum = chain(from, cols.min(from + CHUNK));
        for _ in 0..(chunk + 1).trailing_zeros() {
            depth -= 1;
            sum = add(stack[depth], sum);
        }
        stack[depth] = sum;
        depth += 1;
    }
    if depth == 0 {
        return zero;
    }
    let mut sum = stack[depth - 1];
    for finished in stack[..depth - 1].iter().rev() {
        sum = add(*finished, sum);
    }
    sum
}

/// The sum over a fixed matrix: lanes of rows, by block, then by column; then the halving tree.
pub(crate) struct AllArgs<T> {
    pub(crate) x: *const T,
    pub(crate) x_block: usize,
    pub(crate) rows: usize,
    pub(crate) cols: usize,
    pub(crate) out: *mut T,
}

/// Sums over all of a blocked matrix.
pub(crate) struct AllKernel;

impl<T: Scalar> Kernel<T> for AllKernel {
    type Args = AllArgs<T>;

    /// # Safety
    /// `x` holds the blocks and columns, `out` one number.
    #[inline(always)]
    unsafe fn run<V: Vector<Scalar = T>>(args: &AllArgs<T>) {
        // SAFETY: promised by the caller; the last block reads its rows alone.
        unsafe {
            let mut lanes = V::splat_scalar(T::ZERO);
            for block in 0..args.rows.div_ceil(T::LANES) {
                let rows = (args.rows - block * T::LANES).min(T::LANES);
                for col in 0..args.cols {
                    lanes = lanes
                        + V::load_first(args.x.add(block * args.x_block + col * T::LANES), rows);
                }
            }
            *args.out = lanes.reduce_tree();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::Order;
    use crate::reference;

    #[test]
    fn a_line_is_summed_by_chunks_and_the_tree() {
        for n in [0usize, 1, 255, 256, 257, 511, 513, 1024, 1800, 4097] {
            let line: Vec<f32> = (0..n)
                .map(|i| ((i * 7919) % 1000) as f32 * 0.37 - 100.0)
                .collect();
            let expected = reference::sum(Order::Chunks, line.iter().copied());
            let mut sum = 0.0;
            let args = LineArgs {
                line: line.as_ptr(),
                len: n,
                chunked: true,
                out: &raw mut sum,
            };
            // SAFETY: the line and a number.
            unsafe { sum_of_line(&args) };
            assert_eq!(sum.to_bits(), expected.to_bits(), "{n} numbers");
        }
    }
}
