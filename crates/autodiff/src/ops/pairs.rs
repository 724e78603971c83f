//! Pairs of elementwise operations in one kernel: the same operations, in the same order, each rounded. Only the pass that pairs them makes these.

use crate::elementwise::{Map2, Map3};
use crate::op::DynOp;
use crate::{Binary, Cotangent, Expr, Lanes, Ternary};

/// `a + (b c)`
pub(crate) struct AddProduct;
/// `a − (b c)`
pub(crate) struct SubProduct;
/// `a (b c)`
pub(crate) struct MulProduct;
/// `ȳ (a (1 − a))`: a cotangent handed through a sigmoid.
pub(crate) struct ThroughSigmoid;

impl Ternary for AddProduct {
    const NAME: &'static str = "add_product";
    #[inline(always)]
    fn value<V: Lanes>(&self, a: V, b: V, c: V) -> V {
        a + b * c
    }
    fn vjp<'g>(&self, [_, b, c]: [Expr<'g>; 3], _: Expr<'g>, ct: Expr<'g>) -> [Cotangent<'g>; 3] {
        [ct.into(), (ct * c).into(), (ct * b).into()]
    }
}

impl Ternary for SubProduct {
    const NAME: &'static str = "sub_product";
    #[inline(always)]
    fn value<V: Lanes>(&self, a: V, b: V, c: V) -> V {
        a - b * c
    }
    fn vjp<'g>(&self, [_, b, c]: [Expr<'g>; 3], _: Expr<'g>, ct: Expr<'g>) -> [Cotangent<'g>; 3] {
        [ct.into(), (-(ct * c)).into(), (-(ct * b)).into()]
    }
}

impl Ternary for MulProduct {
    const NAME: &'static str = "mul_product";
    #[inline(always)]
    fn value<V: Lanes>(&self, a: V, b: V, c: V) -> V {
        a * (b * c)
    }
    fn vjp<'g>(&self, [a, b, c]: [Expr<'g>; 3], _: Expr<'g>, ct: Expr<'g>) -> [Cotangent<'g>; 3] {
        [
            (ct * (b * c)).into(),
            (ct * (a * c)).into(),
            (ct * (a * b)).into(),
        ]
    }
}

impl Binary for ThroughSigmoid {
    const NAME: &'static str = "through_sigmoid";
    #[inline(always)]
    fn value<V: Lanes>(&self, ct: V, a: V) -> V {
        ct * (a * (V::splat(1.0) - a))
    }
    fn vjp<'g>(&self, y: Expr<'g>, a: Expr<'g>, _: Expr<'g>, ct: Expr<'g>) -> [Cotangent<'g>; 2] {
        [
            (ct * (a * (1.0 - a))).into(),
            (ct * (y * (1.0 - 2.0 * a))).into(),
        ]
    }
}

/// How many arithmetic operations an elementwise operation is, an elementary function being one.
pub(crate) fn operations(op: &dyn DynOp) -> usize {
    if op.is::<Map2<ThroughSigmoid>>() {
        3
    } else if op.is::<Map3<AddProduct>>()
        || op.is::<Map3<SubProduct>>()
        || op.is::<Map3<MulProduct>>()
    {
        2
    } else {
        1
    }
}
