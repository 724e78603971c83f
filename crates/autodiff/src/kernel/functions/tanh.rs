//! tanh x.

use super::Coefficients;
use super::exponential::exp_m1_reduced;
use crate::kernel::lanes::Lanes;
use crate::scalar::Scalar;

/// tanh x: odd, exactly ±1 at ±∞.
#[inline(always)]
pub fn tanh<V: Lanes>(x: V) -> V {
    let a = x.abs();
    // tanh is 1 long before this bound
    let y = (a + a).at_most(V::splat(48.0));
    let rounder = V::splat(V::Scalar::ROUNDER + V::Scalar::EXPONENT_BIAS as f64);
    let rounded = y.mul_add(V::splat(V::Scalar::LOG2_E), rounder);
    let power = rounded.integer_to_exponent();
    let p = exp_m1_reduced(y, rounded - rounder);
    let one = V::splat(1.0);
    let denominator = power.mul_add(p, power + one);
    // (e²ᵃ − 1) / (e²ᵃ + 1) while it is small, then 1 − 2 / (e²ᵃ + 1)
    let small = a.lt(V::splat(0.75));
    let numerator = V::select(small, power.mul_add(p, power - one), V::splat(-2.0));
    let start = V::select(small, V::splat(0.0), one);
    (start + numerator / denominator).copysign(x)
}
