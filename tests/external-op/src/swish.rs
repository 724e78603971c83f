//! An elementwise operation of one argument.

use chainrule_autodiff::{Expr, Lanes, Unary};

/// `x σ(x)`: S. Elfwing et al., *Sigmoid-weighted linear units*, 2017; P. Ramachandran et al., *Searching for activation
/// functions*, 2017.
pub struct Swish;

impl Unary for Swish {
    const NAME: &'static str = "swish";
    #[inline(always)]
    fn value<V: Lanes>(&self, x: V) -> V {
        x * x.sigmoid()
    }
    fn derivative<'g>(&self, x: Expr<'g>, y: Expr<'g>) -> Expr<'g> {
        let s = x.sigmoid();
        s + y * (1.0 - s)
    }
}
