//! ln x and ln (1 + x).

use super::Coefficients;
use crate::kernel::lanes::Lanes;
use crate::scalar::Scalar;

/// ln x; −∞ of ±0, NaN below.
#[inline(always)]
pub fn ln<V: Lanes>(x: V) -> V {
    // a subnormal number is first made normal by 2²³ or 2⁵²
    let bits = f64::from(V::Scalar::MANTISSA_BITS);
    let subnormal = x.lt(V::splat(V::Scalar::MIN_POSITIVE.to_f64()));
    let normal = V::select(
        subnormal,
        x * V::splat(1.0 / V::Scalar::EPSILON.to_f64()),
        x,
    );
    let (power, k) = exponent(normal);
    let k = V::select(subnormal, k - V::splat(bits), k);
    let m = normal.integer_sub(power);
    let result = ln_parts(k, m - V::splat(1.0));
    // an infinity and a NaN are their own logarithms
    let result = V::select(x.lt(V::splat(f64::INFINITY)), result, x);
    let result = V::select(x.lt(V::splat(0.0)), V::splat(f64::NAN), result);
    V::select(x.eq(V::splat(0.0)), V::splat(f64::NEG_INFINITY), result)
}

/// ln (1 + x), to the last bits for a small x too; −∞ of −1, NaN below.
#[inline(always)]
pub fn ln_1p<V: Lanes>(x: V) -> V {
    let result = ln_1p_finite(x);
    let result = V::select(x.lt(V::splat(f64::INFINITY)), result, x);
    let result = V::select(x.lt(V::splat(-1.0)), V::splat(f64::NAN), result);
    let result = V::select(x.eq(V::splat(-1.0)), V::splat(f64::NEG_INFINITY), result);
    V::select(x.eq(V::splat(0.0)), x, result)
}

/// ln (1 + x) for a finite x > −1 other than −0, or a NaN.
#[inline(always)]
pub(super) fn ln_1p_finite<V: Lanes>(x: V) -> V {
    let (power, k) = exponent(x + V::splat(1.0));
    // 2⁻ᵏ by way of 2²⁻ᵏ, which is a normal number for every k
    let four = V::splat(4.0);
    let inverse = four.integer_sub(power) * V::splat(0.25);
    // 2⁻ᵏ (1 + x) − 1, with one rounding, that of the sum: the rounding of 1 + x above plays no part
    let f = inverse.mul_add(x, inverse - V::splat(1.0));
    ln_parts(k, f)
}

/// The k of x = 2ᵏ m with m in [√½, √2), as a number and as what is to be subtracted from the bits of x to get those of m.
#[inline(always)]
pub(super) fn exponent<V: Lanes>(x: V) -> (V, V) {
    let one = V::Scalar::ONE.to_bits_u64();
    let root = V::Scalar::from_f64(std::f64::consts::FRAC_1_SQRT_2).to_bits_u64();
    let biased = x.integer_add(V::splat_bits(one - root));
    let sign_and_exponent = V::splat_bits(u64::MAX << V::Scalar::MANTISSA_BITS);
    let power = biased
        .and(sign_and_exponent)
        .integer_sub(V::splat_bits(one));
    // the stored exponent as the low bits of 2²³ or 2⁵²
    let large = 1.0 / V::Scalar::EPSILON.to_f64();
    let number = biased.exponent_to_integer().or(V::splat(large));
    (
        power,
        number - V::splat(large + V::Scalar::EXPONENT_BIAS as f64),
    )
}

/// k ln 2 + ln (1 + f) for f in [√½ − 1, √2 − 1].
///
/// ln (1 + f) = 2 artanh s with s = f / (2 + f), arranged as f − (f²/2 − s (f²/2 + R)) as in fdlibm's `e_log.c` (Sun Microsystems, 1993):
/// what is rounded is then small beside the exact f.
#[inline(always)]
fn ln_parts<V: Lanes>(k: V, f: V) -> V {
    let s = f / (f + V::splat(2.0));
    let z = s * s;
    let half_square = f * f * V::splat(0.5);
    let tail = V::Scalar::ln_tail(z).mul_add(z, half_square);
    let low = k.mul_add(V::splat(V::Scalar::LN_2_LOW), s * tail);
    k.mul_add(V::splat(V::Scalar::LN_2), f - (half_square - low))
}
