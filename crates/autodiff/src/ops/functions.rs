//! Elementary functions, elementwise. Their bits are the same on every instruction set: see `docs/numerics.md`.

use crate::{Binary, Cotangent, Expr, Lanes, Unary};

/// `e^x`
pub(crate) struct Exp;
/// `ln x`
pub(crate) struct Ln;
/// `ln(1 + x)`
pub(crate) struct Ln1p;
/// `1 / (1 + e^-x)`
pub(crate) struct Sigmoid;
/// `tanh x`
pub(crate) struct Tanh;
/// `max(x, 0)`
pub(crate) struct Relu;
/// `ln(1 + e^x)`
pub(crate) struct Softplus;
/// `a^b`
pub(crate) struct Pow;

impl Unary for Exp {
    const NAME: &'static str = "exp";
    #[inline(always)]
    fn value<V: Lanes>(&self, x: V) -> V {
        x.exp()
    }
    fn derivative<'g>(&self, _: Expr<'g>, y: Expr<'g>) -> Expr<'g> {
        y
    }
}

impl Unary for Ln {
    const NAME: &'static str = "ln";
    #[inline(always)]
    fn value<V: Lanes>(&self, x: V) -> V {
        x.ln()
    }
    fn derivative<'g>(&self, x: Expr<'g>, _: Expr<'g>) -> Expr<'g> {
        1.0 / x
    }
}

impl Unary for Ln1p {
    const NAME: &'static str = "ln_1p";
    #[inline(always)]
    fn value<V: Lanes>(&self, x: V) -> V {
        x.ln_1p()
    }
    fn derivative<'g>(&self, x: Expr<'g>, _: Expr<'g>) -> Expr<'g> {
        1.0 / (1.0 + x)
    }
}

impl Unary for Sigmoid {
    const NAME: &'static str = "sigmoid";
    const BOUNDED: bool = true;
    #[inline(always)]
    fn value<V: Lanes>(&self, x: V) -> V {
        x.sigmoid()
    }
    /// `σ'(z) = a (1 − a)`
    fn derivative<'g>(&self, _: Expr<'g>, a: Expr<'g>) -> Expr<'g> {
        a * (1.0 - a)
    }
}

impl Unary for Tanh {
    const NAME: &'static str = "tanh";
    const BOUNDED: bool = true;
    #[inline(always)]
    fn value<V: Lanes>(&self, x: V) -> V {
        x.tanh()
    }
    fn derivative<'g>(&self, _: Expr<'g>, y: Expr<'g>) -> Expr<'g> {
        1.0 - y * y
    }
}

impl Unary for Relu {
    const NAME: &'static str = "relu";
    const BOUNDED: bool = true;
    #[inline(always)]
    fn value<V: Lanes>(&self, x: V) -> V {
        // Where x is NaN, so is the result.
        let zero = V::splat(0.0);
        V::select(x.lt(zero), zero, x)
    }
    fn derivative<'g>(&self, x: Expr<'g>, _: Expr<'g>) -> Expr<'g> {
        x.gt(0.0)
    }
}

impl Unary for Softplus {
    const NAME: &'static str = "softplus";
    const BOUNDED: bool = true;
    #[inline(always)]
    fn value<V: Lanes>(&self, x: V) -> V {
        x.softplus()
    }
    fn derivative<'g>(&self, x: Expr<'g>, _: Expr<'g>) -> Expr<'g> {
        x.sigmoid()
    }
}

impl Binary for Pow {
    const NAME: &'static str = "pow";
    #[inline(always)]
    fn value<V: Lanes>(&self, a: V, b: V) -> V {
        a.powf(b)
    }
    fn vjp<'g>(&self, x: Expr<'g>, p: Expr<'g>, y: Expr<'g>, ct: Expr<'g>) -> [Cotangent<'g>; 2] {
        let in_x = p.equals(0.0).select(0.0, p * x.pow(p - 1.0));
        let base = x.equals(0.0).select(1.0, x);
        [ct.chain(in_x).into(), ct.chain(y * base.ln()).into()]
    }
}
