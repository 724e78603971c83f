//! A transpose that only a product reads disappears into the product.

use super::{Module, Rebuild};
use crate::ops::{Affine, MatMul, Transpose};
use crate::{Expr, Graph};

pub(super) fn run(module: &Module) -> Module {
    Rebuild::module(module, |b, id, args| {
        let op = b.op(id);
        if let Some(product) = op.downcast::<MatMul>() {
            let (product, left, right) = folded(b.graph(), product, args);
            left.apply_with(product, &[right])
        } else if let Some(Affine(product)) = op.downcast::<Affine>() {
            let (product, left, right) = folded(b.graph(), product, args);
            left.affine(&product, right, args[2])
        } else {
            b.same(id, args)
        }
    })
}

fn folded<'g>(
    graph: &'g Graph,
    product: &MatMul,
    args: &[Expr<'g>],
) -> (MatMul, Expr<'g>, Expr<'g>) {
    let arena = graph.arena();
    let under = |e: Expr<'g>| {
        let is_transpose = arena.node(e.id()).is::<Transpose>();
        is_transpose.then(|| Expr::new(graph, arena.args(e.id())[0]))
    };
    let mut product = product.clone();
    let (mut left, mut right) = (args[0], args[1]);
    if let Some(inner) = under(left) {
        left = inner;
        product.transpose_left = !product.transpose_left;
    }
    if let Some(inner) = under(right) {
        right = inner;
        product.transpose_right = !product.transpose_right;
    }
    (product, left, right)
}
