//! `bce(σ(z), y)` becomes a function of the logit `z`: `ln(1 + e^z) − y z`.
//!
//! The gradient of the two as written, `(a − y) / (a (1 − a)) · a (1 − a)`, becomes `a − y` by [`algebra`](super::algebra).

use super::{Module, Rebuild};
use crate::elementwise::{Map1, Map2};
use crate::ops::BinaryCrossEntropy;
use crate::ops::functions::Sigmoid;

pub(super) fn run(module: &Module) -> Module {
    Rebuild::module(module, |b, id, args| {
        if b.node(id).is::<Map2<BinaryCrossEntropy>>() {
            let arena = b.graph().arena();
            if arena.node(args[0].id()).is::<Map1<Sigmoid>>() {
                let z = arena.args(args[0].id())[0];
                drop(arena);
                return crate::Expr::new(b.graph(), z).binary_cross_entropy_on_logits(args[1]);
            }
        }
        b.same(id, args)
    })
}
