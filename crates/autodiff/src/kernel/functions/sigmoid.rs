//! σ(x) = 1 / (1 + e⁻ˣ).

use super::Coefficients;
use super::exponential::exp_m1_reduced;
use crate::kernel::lanes::Lanes;
use crate::scalar::Scalar;

/// 1 / (1 + e⁻ˣ): exactly 0 at −∞ and 1 at +∞, never decreasing, subnormal results included.
#[inline(always)]
pub fn sigmoid<V: Lanes>(x: V) -> V {
    // Numerator and denominator carry a factor of 2⁻²³ or 2⁻⁵²: e⁻ˣ then stays in range until σ(x) vanishes.
    let scale = V::Scalar::EPSILON.to_f64();
    let rounder = V::splat(
        V::Scalar::ROUNDER + V::Scalar::EXPONENT_BIAS as f64 - f64::from(V::Scalar::MANTISSA_BITS),
    );
    // σ(x) is 1 long before the bound above
    let y = -x
        .at_least(V::splat(V::Scalar::EXP_VANISHES))
        .at_most(V::splat(64.0));
    let rounded = y.mul_add(V::splat(V::Scalar::LOG2_E), rounder);
    let power = rounded.integer_to_exponent();
    let p = exp_m1_reduced(y, rounded - rounder);
    // 1 + e⁻ˣ = (1 + 2ⁿ) + 2ⁿ p, with what the rounding of 1 + 2ⁿ loses
    let one = V::splat(scale);
    let sum = power + one;
    let lost = (power - sum) + one;
    one / (sum + power.mul_add(p, lost))
}
