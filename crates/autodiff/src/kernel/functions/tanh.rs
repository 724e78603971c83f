//! tanh x.

use super::Coefficients;
use super::exponential::exp_m1_split;
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
    let (r, rest) = exp_m1_split(y, rounded - rounder);
    let one = V::splat(1.0);
    let e = power.mul_add(rest, power.mul_add(r, power - one));
    let denominator = e + V::splat(2.0);
    // E / (E + 2) with E = e²ᵃ − 1 while it is small, then 1 − 2 / (E + 2)
    let small = a.lt(V::splat(0.75));
    let numerator = V::select(small, e, V::splat(-2.0));
    let start = V::select(small, V::splat(0.0), one);
    (start + numerator / denominator).copysign(x)
}
