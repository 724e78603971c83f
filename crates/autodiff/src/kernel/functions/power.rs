//! x to the power y.

use super::Coefficients;
use super::logarithm::exponent;
use crate::kernel::lanes::Lanes;
use crate::scalar::Scalar;

/// xʸ, with the rules of IEEE 754's `pow` at the edges: see [`Lanes::powf`].
#[inline(always)]
pub fn powf<V: Lanes>(x: V, y: V) -> V {
    let (zero, one) = (V::splat(0.0), V::splat(1.0));
    let infinity = V::splat(f64::INFINITY);
    let a = x.abs();

    // y ln |x| as high + low; infinite where |x| is 0 or infinite, 0 where |x| is 1
    let logarithm = ln_double(a);
    let high = V::select(a.eq(zero), -infinity, logarithm.high);
    let high = V::select(a.eq(infinity), infinity, high);
    let exact = y * high;
    let exponent = V::select(a.eq(one), zero, exact)
        .at_most(V::splat(V::Scalar::EXP_OVERFLOWS))
        .at_least(V::splat(V::Scalar::EXP_VANISHES));
    let low = y.mul_add(logarithm.low, y.mul_add(high, -exact));
    let low = V::select(exponent.eq(exact), low, zero);
    let magnitude = exp_double(Double {
        high: exponent,
        low,
    });

    // an odd y keeps the sign of x, and a fraction of a negative number is not defined
    let half = y * V::splat(0.5);
    let whole = y.round_ties_even().eq(y);
    let odd = whole & half.round_ties_even().ne(half);
    let result = magnitude.copysign(V::select(odd, x, one));
    let undefined = (x.lt(zero) & a.lt(infinity) & !whole) | x.ne(x) | y.ne(y);
    let result = V::select(undefined, V::splat(f64::NAN), result);
    // −1 to ±∞ is 1 by the above; 1 to anything and anything to 0 are 1, NaN or not
    V::select(y.eq(zero) | x.eq(one), one, result)
}

/// A number as an unevaluated sum, |low| being at most about an ulp of `high`.
#[derive(Clone, Copy)]
struct Double<V> {
    high: V,
    low: V,
}

/// a + b for a = 0 or |a| ≥ |b| (Dekker's fast two-sum; exact).
#[inline(always)]
fn sum<V: Lanes>(a: V, b: V) -> Double<V> {
    let high = a + b;
    Double {
        high,
        low: b - (high - a),
    }
}

/// a · b, but for a term of the order of the square of the unit roundoff.
#[inline(always)]
fn product<V: Lanes>(a: Double<V>, b: Double<V>) -> Double<V> {
    let high = a.high * b.high;
    let cross = a.high.mul_add(b.low, a.low * b.high);
    Double {
        high,
        low: a.high.mul_add(b.high, -high) + cross,
    }
}

/// ln x for a positive, finite x, with a relative error of about 2⁻³⁵ for `f32` and 2⁻⁶⁴ for `f64`.
///
/// The series of 2 artanh s as in fdlibm's `e_pow.c`, its leading terms carried as double numbers.
#[inline(always)]
fn ln_double<V: Lanes>(x: V) -> Double<V> {
    let bits = f64::from(V::Scalar::MANTISSA_BITS);
    let subnormal = x.lt(V::splat(V::Scalar::MIN_POSITIVE.to_f64()));
    let normal = V::select(
        subnormal,
        x * V::splat(1.0 / V::Scalar::EPSILON.to_f64()),
        x,
    );
    let (power, k) = exponent(normal);
    let k = V::select(subnormal, k - V::splat(bits), k);
    let f = normal.integer_sub(power) - V::splat(1.0);

    // s = f / (2 + f) with the remainder of the division
    let divisor = sum(V::splat(2.0), f);
    let inverse = V::splat(1.0) / divisor.high;
    let quotient = f * inverse;
    let rest = (-quotient).mul_add(divisor.low, (-quotient).mul_add(divisor.high, f));
    let s = Double {
        high: quotient,
        low: rest * inverse,
    };

    // 2 artanh s = s (2 + z (⅔ + z (⅖ + …))) with z = s²
    let z = product(s, s);
    let (third, third_low) = V::Scalar::TWO_THIRDS;
    let tail = sum(V::splat(third), z.high * V::Scalar::ln_far_tail(z.high));
    let tail = Double {
        high: tail.high,
        low: tail.low + V::splat(third_low),
    };
    let inner = product(z, tail);
    let outer = sum(V::splat(2.0), inner.high);
    let outer = Double {
        high: outer.high,
        low: outer.low + inner.low,
    };
    let fraction = product(s, outer);

    let whole = k * V::splat(V::Scalar::LN_2);
    let whole_low = k.mul_add(V::splat(V::Scalar::LN_2), -whole);
    let whole_low = k.mul_add(V::splat(V::Scalar::LN_2_LOW), whole_low);
    let total = sum(whole, fraction.high);
    sum(total.high, total.low + (whole_low + fraction.low))
}

/// e to the power x, for an x that neither overflows nor vanishes by more than the bounds of [`exp`](super::exp).
#[inline(always)]
fn exp_double<V: Lanes>(x: Double<V>) -> V {
    let rounder = V::splat(V::Scalar::ROUNDER);
    let n = x.high.mul_add(V::splat(V::Scalar::LOG2_E), rounder) - rounder;
    let r = n.mul_add(V::splat(-V::Scalar::LN_2), x.high);
    let r = r + n.mul_add(V::splat(-V::Scalar::LN_2_LOW), x.low);
    let p = V::Scalar::exp_tail(r).mul_add(r * r, r);
    (p + V::splat(1.0)).times_power_of_two(n)
}
