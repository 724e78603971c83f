//! Arithmetic, elementwise.

use crate::{Binary, Cotangent, Expr, Lanes, Ternary, Unary};

/// `x`: writes a repeated value out.
pub(crate) struct Copy;
/// `−x`
pub(crate) struct Neg;
/// `x²`
pub(crate) struct Square;
/// `√x`
pub(crate) struct Sqrt;
/// `|x|`
pub(crate) struct Abs;
/// The sign, 0 at 0.
pub(crate) struct Sign;
/// `x` limited to `low..=high`.
pub(crate) struct Clamp {
    pub(crate) low: f64,
    pub(crate) high: f64,
}
/// `a + b`
pub(crate) struct Add;
/// `a − b`
pub(crate) struct Sub;
/// `a b`
pub(crate) struct Mul;
/// `a / b`
pub(crate) struct Div;
/// `ȳ d`, and 0 where the cotangent `ȳ` is 0.
pub(crate) struct Chain;
/// The larger.
pub(crate) struct Maximum;
/// The smaller.
pub(crate) struct Minimum;
/// `b` where `a` is not 0, else `c`.
pub(crate) struct Select;

impl Unary for Copy {
    const NAME: &'static str = "copy";
    const BOUNDED: bool = true;
    #[inline(always)]
    fn value<V: Lanes>(&self, x: V) -> V {
        x
    }
    fn derivative<'g>(&self, x: Expr<'g>, _: Expr<'g>) -> Expr<'g> {
        x.graph().constant(1.0)
    }
}

impl Unary for Neg {
    const NAME: &'static str = "neg";
    const BOUNDED: bool = true;
    #[inline(always)]
    fn value<V: Lanes>(&self, x: V) -> V {
        -x
    }
    fn derivative<'g>(&self, x: Expr<'g>, _: Expr<'g>) -> Expr<'g> {
        x.graph().constant(-1.0)
    }
}

impl Unary for Square {
    const NAME: &'static str = "square";
    #[inline(always)]
    fn value<V: Lanes>(&self, x: V) -> V {
        x * x
    }
    fn derivative<'g>(&self, x: Expr<'g>, _: Expr<'g>) -> Expr<'g> {
        2.0 * x
    }
}

impl Unary for Sqrt {
    const NAME: &'static str = "sqrt";
    #[inline(always)]
    fn value<V: Lanes>(&self, x: V) -> V {
        x.sqrt()
    }
    fn derivative<'g>(&self, _: Expr<'g>, y: Expr<'g>) -> Expr<'g> {
        0.5 / y
    }
}

impl Unary for Abs {
    const NAME: &'static str = "abs";
    const BOUNDED: bool = true;
    #[inline(always)]
    fn value<V: Lanes>(&self, x: V) -> V {
        x.abs()
    }
    fn derivative<'g>(&self, x: Expr<'g>, _: Expr<'g>) -> Expr<'g> {
        x.sign()
    }
}

impl Unary for Sign {
    const NAME: &'static str = "sign";
    const BOUNDED: bool = true;
    #[inline(always)]
    fn value<V: Lanes>(&self, x: V) -> V {
        let zero = V::splat(0.0);
        let below = V::select(x.lt(zero), V::splat(-1.0), x);
        V::select(x.gt(zero), V::splat(1.0), below)
    }
    fn derivative<'g>(&self, x: Expr<'g>, _: Expr<'g>) -> Expr<'g> {
        x.graph().constant(0.0)
    }
}

impl Unary for Clamp {
    const NAME: &'static str = "clamp";
    const BOUNDED: bool = true;
    #[inline(always)]
    fn value<V: Lanes>(&self, x: V) -> V {
        let (low, high) = (V::splat(self.low), V::splat(self.high));
        let raised = V::select(x.lt(low), low, x);
        V::select(raised.gt(high), high, raised)
    }
    fn derivative<'g>(&self, x: Expr<'g>, _: Expr<'g>) -> Expr<'g> {
        x.ge(self.low) * x.le(self.high)
    }
    fn key(&self) -> Option<Vec<u64>> {
        Some(vec![self.low.to_bits(), self.high.to_bits()])
    }
}

impl Binary for Add {
    const NAME: &'static str = "add";
    #[inline(always)]
    fn value<V: Lanes>(&self, a: V, b: V) -> V {
        a + b
    }
    fn vjp<'g>(&self, _: Expr<'g>, _: Expr<'g>, _: Expr<'g>, ct: Expr<'g>) -> [Cotangent<'g>; 2] {
        [ct.into(), ct.into()]
    }
}

impl Binary for Sub {
    const NAME: &'static str = "sub";
    #[inline(always)]
    fn value<V: Lanes>(&self, a: V, b: V) -> V {
        a - b
    }
    fn vjp<'g>(&self, _: Expr<'g>, _: Expr<'g>, _: Expr<'g>, ct: Expr<'g>) -> [Cotangent<'g>; 2] {
        [ct.into(), (-ct).into()]
    }
}

impl Binary for Mul {
    const NAME: &'static str = "mul";
    #[inline(always)]
    fn value<V: Lanes>(&self, a: V, b: V) -> V {
        a * b
    }
    fn vjp<'g>(&self, a: Expr<'g>, b: Expr<'g>, _: Expr<'g>, ct: Expr<'g>) -> [Cotangent<'g>; 2] {
        // A branch that is not taken sends nothing back, also where a factor is infinite.
        [ct.chain(b).into(), ct.chain(a).into()]
    }
}

impl Binary for Div {
    const NAME: &'static str = "div";
    #[inline(always)]
    fn value<V: Lanes>(&self, a: V, b: V) -> V {
        a / b
    }
    fn vjp<'g>(&self, _: Expr<'g>, b: Expr<'g>, y: Expr<'g>, ct: Expr<'g>) -> [Cotangent<'g>; 2] {
        [ct.chain(1.0 / b).into(), ct.chain(-(y / b)).into()]
    }
}

impl Binary for Chain {
    const NAME: &'static str = "chain";
    #[inline(always)]
    fn value<V: Lanes>(&self, a: V, b: V) -> V {
        let zero = V::splat(0.0);
        V::select(a.eq(zero), zero, a * b)
    }
    fn vjp<'g>(&self, a: Expr<'g>, b: Expr<'g>, _: Expr<'g>, ct: Expr<'g>) -> [Cotangent<'g>; 2] {
        [ct.chain(b).into(), ct.chain(a).into()]
    }
}

impl Binary for Maximum {
    const NAME: &'static str = "maximum";
    #[inline(always)]
    fn value<V: Lanes>(&self, a: V, b: V) -> V {
        a.max(b)
    }
    fn vjp<'g>(&self, a: Expr<'g>, b: Expr<'g>, _: Expr<'g>, ct: Expr<'g>) -> [Cotangent<'g>; 2] {
        let to_a = 0.5 * (a.ge(b) + a.gt(b));
        let to_b = 0.5 * (b.ge(a) + b.gt(a));
        [(ct * to_a).into(), (ct * to_b).into()]
    }
}

impl Binary for Minimum {
    const NAME: &'static str = "minimum";
    #[inline(always)]
    fn value<V: Lanes>(&self, a: V, b: V) -> V {
        a.min(b)
    }
    fn vjp<'g>(&self, a: Expr<'g>, b: Expr<'g>, _: Expr<'g>, ct: Expr<'g>) -> [Cotangent<'g>; 2] {
        let to_a = 0.5 * (a.le(b) + a.lt(b));
        let to_b = 0.5 * (b.le(a) + b.lt(a));
        [(ct * to_a).into(), (ct * to_b).into()]
    }
}

impl Ternary for Select {
    const NAME: &'static str = "select";
    #[inline(always)]
    fn value<V: Lanes>(&self, a: V, b: V, c: V) -> V {
        V::select(a.ne(V::splat(0.0)), b, c)
    }
    fn vjp<'g>(&self, args: [Expr<'g>; 3], _: Expr<'g>, ct: Expr<'g>) -> [Cotangent<'g>; 3] {
        let taken = args[0].select(ct, 0.0);
        let other = args[0].select(0.0, ct);
        [Cotangent::Zero, taken.into(), other.into()]
    }
}
