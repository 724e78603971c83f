//! A loss, and an operation that has data of its own.

use chainrule_autodiff::{Binary, Cotangent, Expr, Lanes};

/// The focal loss of logits `z` and labels `y` of 0 or 1, elementwise: `−(1 − p)^γ ln p`, where `p` is the probability that the logit
/// gives to its label. With γ = 0 it is the cross-entropy; the larger γ, the less the examples count that are right already.
/// (T.-Y. Lin et al., *Focal loss for dense object detection*, 2017.)
///
/// With `s = (2 y − 1) z` it is `σ(−s)^γ ln(1 + e^−s)`, which is finite for every finite logit.
pub struct FocalLoss {
    /// How much less the easy examples count, 0 or more.
    pub gamma: f64,
}

impl Binary for FocalLoss {
    const NAME: &'static str = "focal_loss";
    #[inline(always)]
    fn value<V: Lanes>(&self, z: V, y: V) -> V {
        let s = z * (y + y - V::splat(1.0));
        (-s).sigmoid().powf(V::splat(self.gamma)) * (-s).softplus()
    }
    fn vjp<'g>(
        &self,
        z: Expr<'g>,
        y: Expr<'g>,
        loss: Expr<'g>,
        cotangent: Expr<'g>,
    ) -> [Cotangent<'g>; 2] {
        let side = 2.0 * y - 1.0;
        let s = z * side;
        // d/ds σ(−s)^γ ln(1 + e^−s) = −γ σ(s) · loss − σ(−s)^γ σ(−s)
        let wrong = (-s).sigmoid();
        let in_s = -(self.gamma * s.sigmoid() * loss + wrong.pow(self.gamma) * wrong);
        let in_z = cotangent * (in_s * side);
        let in_y = cotangent * (in_s * (2.0 * z));
        [in_z.into(), in_y.into()]
    }
    /// Two losses of one γ are the same operation.
    fn key(&self) -> Option<Vec<u64>> {
        Some(vec![self.gamma.to_bits()])
    }
}
