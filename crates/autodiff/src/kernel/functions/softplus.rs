//! ln (1 + eˣ), and the cross-entropy made of it.

use super::exponential::exp;
use super::logarithm::ln_1p_finite;
use crate::kernel::lanes::Lanes;

/// ln (1 + eˣ), as max(x, 0) + ln (1 + e^−|x|).
#[inline(always)]
pub fn softplus<V: Lanes>(x: V) -> V {
    x.at_least(V::splat(0.0)) + ln_1p_finite(exp(-x.abs()))
}

/// The binary cross-entropy of the label y and the logit z: −y ln σ(z) − (1 − y) ln (1 − σ(z)).
///
/// It is computed as (max(z, 0) − y z) + ln (1 + e^−|z|). For labels in [0, 1] neither term is negative, so nothing cancels, and it is finite for every
/// finite logit.
#[inline(always)]
pub fn bce_logits<V: Lanes>(z: V, y: V) -> V {
    (-y).mul_add(z, z.at_least(V::splat(0.0))) + ln_1p_finite(exp(-z.abs()))
}
