//! Binary cross-entropy, of probabilities and of logits.

use crate::{Binary, Cotangent, Expr, Lanes};

/// `−(y ln a + (1 − y) ln(1 − a))` of probabilities and targets, where `0 ln 0` is 0.
pub(crate) struct BinaryCrossEntropy;

/// `ln(1 + e^z) − y z` of logits and targets.
pub(crate) struct BinaryCrossEntropyOnLogits;

impl Binary for BinaryCrossEntropy {
    const NAME: &'static str = "bce";
    #[inline(always)]
    fn value<V: Lanes>(&self, a: V, y: V) -> V {
        let (zero, one) = (V::splat(0.0), V::splat(1.0));
        let positive = V::select(y.eq(zero), zero, y * a.ln());
        let rest = one - y;
        let negative = V::select(rest.eq(zero), zero, rest * (-a).ln_1p());
        -(positive + negative)
    }
    fn vjp<'g>(&self, a: Expr<'g>, y: Expr<'g>, _: Expr<'g>, ct: Expr<'g>) -> [Cotangent<'g>; 2] {
        // A probability of 0 or 1 that is the target passes back nothing, and not 0 / 0. (PyTorch's rule.)
        let d = a * (1.0 - a);
        let met = d.equals(0.0) * a.equals(y);
        let in_a = met.select(0.0, (a - y) / d);
        let in_y = (-a).ln_1p() - a.ln();
        [ct.chain(in_a).into(), ct.chain(in_y).into()]
    }
}

impl Binary for BinaryCrossEntropyOnLogits {
    const NAME: &'static str = "bce_on_logits";
    #[inline(always)]
    fn value<V: Lanes>(&self, z: V, y: V) -> V {
        z.bce_logits(y)
    }
    fn vjp<'g>(&self, z: Expr<'g>, y: Expr<'g>, _: Expr<'g>, ct: Expr<'g>) -> [Cotangent<'g>; 2] {
        [ct.chain(z.sigmoid() - y).into(), ct.chain(-z).into()]
    }
}
