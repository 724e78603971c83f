//! An elementwise operation of two arguments.

use chainrule_autodiff::{Binary, Cotangent, Expr, Lanes};

/// `a σ(b)`: a value and the gate that lets it pass. (Y. Dauphin et al., *Language modeling with gated convolutional networks*, 2016.)
pub struct Gate;

impl Binary for Gate {
    const NAME: &'static str = "gate";
    #[inline(always)]
    fn value<V: Lanes>(&self, a: V, b: V) -> V {
        a * b.sigmoid()
    }
    fn vjp<'g>(
        &self,
        _: Expr<'g>,
        b: Expr<'g>,
        y: Expr<'g>,
        cotangent: Expr<'g>,
    ) -> [Cotangent<'g>; 2] {
        let open = b.sigmoid();
        let in_a = cotangent * open;
        let in_b = cotangent * (y * (1.0 - open));
        [in_a.into(), in_b.into()]
    }
}
