//! `W x + b` becomes one product: sums that run in a chain start at the bias, and sums by lanes end with it.

use super::{Module, Rebuild};
use crate::elementwise::Map2;
use crate::graph::NodeId;
use crate::ops::arithmetic::Add;
use crate::ops::{Broadcast, MatMul, Order};
use crate::{Dim, Expr};

pub(super) fn run(module: &Module) -> Module {
    // Also where something else reads the bare product: what a sum means must not depend on its readers.
    Rebuild::module(module, |b, id, args| {
        if b.node(id).is::<Map2<Add>>() {
            let joined = joined(b, args[0], args[1]).or_else(|| joined(b, args[1], args[0]));
            if let Some(made) = joined {
                return made;
            }
        }
        b.same(id, args)
    })
}

fn joined<'g>(b: &Rebuild<'g>, product: Expr<'g>, bias: Expr<'g>) -> Option<Expr<'g>> {
    let arena = b.graph().arena();
    let op = arena.node(product.id()).op()?.downcast::<MatMul>()?.clone();
    if !arena.node(bias.id()).is::<Broadcast>() {
        return None;
    }
    let (left, right) = (arena.args(product.id())[0], arena.args(product.id())[1]);
    let column = arena.args(bias.id())[0];
    let shape = product.shape();
    let column_shape = arena.node(column).shape;
    drop(arena);
    let fits = column_shape.rows == shape.rows && column_shape.cols.is_one();
    if op.order == Order::Chunks || shape.rows == Dim::Batch || !fits {
        return None;
    }
    let at = |id: NodeId| Expr::new(b.graph(), id);
    Some(at(left).affine(&op, at(right), at(column)))
}
