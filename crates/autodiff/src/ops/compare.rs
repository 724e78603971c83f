//! Comparisons: 1 where they hold, 0 elsewhere.

use crate::{Binary, Cotangent, Expr, Lanes};

/// A comparison, told by a number so that each is a type of its own.
pub(crate) struct Compare<const HOW: u8>;

impl<const HOW: u8> Compare<HOW> {
    pub(crate) const LESS: u8 = 0;
    pub(crate) const LESS_OR_EQUAL: u8 = 1;
    pub(crate) const GREATER: u8 = 2;
    pub(crate) const GREATER_OR_EQUAL: u8 = 3;
    pub(crate) const EQUAL: u8 = 4;
}

impl<const HOW: u8> Binary for Compare<HOW> {
    const NAME: &'static str =
        ["less", "less_equal", "greater", "greater_equal", "equal"][HOW as usize];
    #[inline(always)]
    fn value<V: Lanes>(&self, a: V, b: V) -> V {
        let mask = match HOW {
            0 => a.lt(b),
            1 => a.le(b),
            2 => a.gt(b),
            3 => a.ge(b),
            _ => a.eq(b),
        };
        V::select(mask, V::splat(1.0), V::splat(0.0))
    }
    fn vjp<'g>(&self, _: Expr<'g>, _: Expr<'g>, _: Expr<'g>, _: Expr<'g>) -> [Cotangent<'g>; 2] {
        [Cotangent::Zero, Cotangent::Zero]
    }
}
