//! eˣ and eˣ − 1.

use super::Coefficients;
use crate::kernel::lanes::Lanes;
use crate::scalar::Scalar;

/// eˣ.
#[inline(always)]
pub fn exp<V: Lanes>(x: V) -> V {
    let x = x
        .at_most(V::splat(V::Scalar::EXP_OVERFLOWS))
        .at_least(V::splat(V::Scalar::EXP_VANISHES));
    let rounder = V::splat(V::Scalar::ROUNDER);
    let n = x.mul_add(V::splat(V::Scalar::LOG2_E), rounder) - rounder;
    let one_plus_p = exp_m1_reduced(x, n) + V::splat(1.0);
    one_plus_p.times_power_of_two(n)
}

/// eˣ − 1, to the last bits for a small x too.
#[inline(always)]
pub fn exp_m1<V: Lanes>(x: V) -> V {
    // eˣ − 1 rounds to −1 long before −40.
    let y = x
        .at_most(V::splat(V::Scalar::EXP_OVERFLOWS))
        .at_least(V::splat(-40.0));
    // 2ⁿ⁻¹ rather than 2ⁿ, which would overflow below the largest finite result
    let rounder = V::splat(V::Scalar::ROUNDER + (V::Scalar::EXPONENT_BIAS - 1) as f64);
    let rounded = y.mul_add(V::splat(V::Scalar::LOG2_E), rounder);
    let n = rounded - rounder;
    let half_power = rounded.integer_to_exponent();
    let (r, rest) = exp_m1_split(y, n);
    let half = half_power.mul_add(rest, half_power.mul_add(r, half_power - V::splat(0.5)));
    // For n = 0 the result may be too small to be halved. The sign of a zero is that of x.
    V::select(n.eq(V::splat(0.0)), r + rest, half + half).copysign(x)
}

/// p = eʳ − 1 for r = x − n ln 2, so that eˣ = 2ⁿ (1 + p). Leaving the 1 out keeps two or more bits.
///
/// n is x / ln 2 rounded to an integer (Cody and Waite's reduction, in two steps; the first is exact).
#[inline(always)]
pub(super) fn exp_m1_reduced<V: Lanes>(x: V, n: V) -> V {
    let r = n.mul_add(V::splat(-V::Scalar::LN_2), x);
    let r = n.mul_add(V::splat(-V::Scalar::LN_2_LOW), r);
    V::Scalar::exp_tail(r).mul_add(r * r, r)
}

/// The same p as a sum of two numbers, the first exact and the second small: for use where p is most of the result.
#[inline(always)]
pub(super) fn exp_m1_split<V: Lanes>(x: V, n: V) -> (V, V) {
    let first = n.mul_add(V::splat(-V::Scalar::LN_2), x);
    let low = n * V::splat(-V::Scalar::LN_2_LOW);
    let r = first + low;
    (first, V::Scalar::exp_tail(r).mul_add(r * r, low))
}
