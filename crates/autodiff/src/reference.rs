//! The written orders of the numbers contract, one element at a time. Operations are defined by these; kernels must give
//! the same bits.

use crate::Scalar;
use crate::ops::Order;

/// Samples in one chain of a sum over samples.
pub(crate) const CHUNK: usize = 256;

/// `start + Σ a b` by fused multiply-adds in `order`. A bias starts a chain, and ends a sum by lanes.
pub(crate) fn sum_of_products<T: Scalar>(
    order: Order,
    terms: impl Iterator<Item = (T, T)>,
    bias: Option<T>,
) -> T {
    match order {
        Order::Chain => terms.fold(bias.unwrap_or(T::ZERO), |sum, (a, b)| a.mul_add(b, sum)),
        Order::Lanes => {
            let mut lanes = vec![T::ZERO; T::LANES];
            for (k, (a, b)) in terms.enumerate() {
                lanes[k % T::LANES] = a.mul_add(b, lanes[k % T::LANES]);
            }
            let sum = halve(&mut lanes);
            bias.map_or(sum, |b| sum + b)
        }
        Order::Chunks => {
            let mut chunks = Vec::new();
            for (k, (a, b)) in terms.enumerate() {
                if k % CHUNK == 0 {
                    chunks.push(T::ZERO);
                }
                let last = chunks.len() - 1;
                chunks[last] = a.mul_add(b, chunks[last]);
            }
            join(&chunks)
        }
    }
}

/// `Σ a` in `order`.
pub(crate) fn sum<T: Scalar>(order: Order, terms: impl Iterator<Item = T>) -> T {
    // A fused multiply-add by one is an addition.
    sum_of_products(order, terms.map(|a| (a, T::ONE)), None)
}

/// The sum over a matrix of a fixed size: lane `row mod L`; within a lane by blocks of L rows, then by columns; then the
/// halving tree.
pub(crate) fn sum_of_matrix<T: Scalar>(
    rows: usize,
    cols: usize,
    at: impl Fn(usize, usize) -> T,
) -> T {
    let mut lanes = vec![T::ZERO; T::LANES];
    for block in 0..rows.div_ceil(T::LANES) {
        for j in 0..cols {
            for i in block * T::LANES..rows.min((block + 1) * T::LANES) {
                lanes[i % T::LANES] += at(i, j);
            }
        }
    }
    halve(&mut lanes)
}

/// The halving tree over lanes.
fn halve<T: Scalar>(lanes: &mut [T]) -> T {
    let mut half = lanes.len() / 2;
    while half > 0 {
        for i in 0..half {
            let right = lanes[i + half];
            lanes[i] += right;
        }
        half /= 2;
    }
    lanes[0]
}

/// The tree over chunks: `sum[lo, hi) = sum[lo, mid) + sum[mid, hi)`, `mid` being `lo` plus the largest power of two
/// below `hi − lo`.
fn join<T: Scalar>(chunks: &[T]) -> T {
    match chunks {
        [] => T::ZERO,
        [one] => *one,
        _ => {
            let half = chunks.len().next_power_of_two() / 2;
            let (left, right) = chunks.split_at(half);
            join(left) + join(right)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tree_splits_at_the_largest_power_of_two_below() {
        // 7 chunks: (c0+c1 + c2+c3) + ((c4+c5) + c6)
        let c = [1e8f32, 1.0, -1e8, 1.0, 3.0, 1e8, -1e8];
        let by_hand = ((c[0] + c[1]) + (c[2] + c[3])) + ((c[4] + c[5]) + c[6]);
        assert_eq!(join(&c).to_bits(), by_hand.to_bits());
        let pairs = [1e8f32, 1.0, -1e8, 1.0];
        assert_eq!(join(&pairs), (1e8f32 + 1.0) + (-1e8f32 + 1.0));
    }

    #[test]
    fn lanes_add_in_a_halving_tree_and_the_bias_comes_last() {
        let terms: Vec<f32> = (0..40).map(|k| 1.0 + k as f32 * 1e-7).collect();
        let mut lanes = [0f32; 16];
        for (k, t) in terms.iter().enumerate() {
            lanes[k % 16] += t;
        }
        for half in [8, 4, 2, 1] {
            for i in 0..half {
                lanes[i] += lanes[i + half];
            }
        }
        let found = sum_of_products(Order::Lanes, terms.iter().map(|&t| (t, 1.0)), Some(0.5));
        assert_eq!(found.to_bits(), (lanes[0] + 0.5).to_bits());
    }
}
