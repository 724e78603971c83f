//! The fused multiply-add in software, for processors (or builds) without the instruction.
//!
//! `f32::mul_add` would call the platform's C library there, so it is not used.

/// `a · b + c` rounded once to `f32`.
///
/// The product of two `f32` is exact in `f64`. Their sum with `c` is rounded to odd: to the neighbour with an odd
/// last bit whenever it is inexact. With 53 bits, more than 24 + 2, the rounding to `f32` that follows then gives what one
/// rounding of the exact sum would give (Boldo and Melquiond, "Emulation of FMA and correctly rounded sums: proved
/// algorithms using rounding to odd", IEEE Transactions on Computers 57(4), 2008).
#[inline(always)]
pub fn fma_f32(a: f32, b: f32, c: f32) -> f32 {
    let product = f64::from(a) * f64::from(b);
    let addend = f64::from(c);
    let sum = product + addend;
    // the exact error of the sum (Knuth's two-sum); NaN where the sum is not finite
    let back = sum - product;
    let error = (product - (sum - back)) + (addend - back);
    let bits = sum.to_bits();
    // towards the exact value: up in magnitude when the error has the sign of the sum
    let same_sign = (error.to_bits() ^ bits) >> 63 == 0;
    let inexact = error < 0.0 || error > 0.0;
    let odd = if same_sign {
        bits | 1
    } else {
        bits.wrapping_sub(!bits & 1)
    };
    f64::from_bits(if inexact { odd } else { bits }) as f32
}

/// `a · b + c` rounded once to `f64`.
#[inline(always)]
pub fn fma_f64(a: f64, b: f64, c: f64) -> f64 {
    libm::fma(a, b, c)
}

/// [`fma_f32`] of every lane.
#[inline(always)]
pub fn fma_lanes_f32<const L: usize>(a: &[f32; L], b: &[f32; L], c: &[f32; L]) -> [f32; L] {
    let mut lanes = [0.0; L];
    for i in 0..L {
        lanes[i] = fma_f32(a[i], b[i], c[i]);
    }
    lanes
}

/// [`fma_f64`] of every lane.
#[inline(always)]
pub fn fma_lanes_f64<const L: usize>(a: &[f64; L], b: &[f64; L], c: &[f64; L]) -> [f64; L] {
    let mut lanes = [0.0; L];
    for i in 0..L {
        lanes[i] = fma_f64(a[i], b[i], c[i]);
    }
    lanes
}
