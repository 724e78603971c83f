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

    // tanh a = E / D with E = e²ᵃ − 1 and D = E + 2
    let (one, two) = (V::splat(1.0), V::splat(2.0));
    let first = power.mul_add(r, power - one);
    let e = power.mul_add(rest, first);
    let e_low = power.mul_add(rest, first - e);
    let d = e + two;
    let d_low = e - (d - two);
    // from ¾ on better as 1 − 2 / D
    let small = a.lt(V::splat(0.75));
    let quotient = V::select(small, e, V::splat(-2.0)) / d;
    // one Newton step for what the three roundings lost; 1/D is (1 − E/D) / 2
    let lost = (-quotient).mul_add(d, e) + (-quotient).mul_add(d_low, e_low);
    let half = V::splat(0.5);
    let inverse = (-quotient).mul_add(half, half);
    let rest = V::select(small, lost * inverse, one);
    (quotient + rest).copysign(x)
}
