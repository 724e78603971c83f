//! Two elementwise operations become one kernel where nothing else reads the inner one: half the calls, and no trip through memory between.

use super::{Module, Rebuild};
use crate::elementwise::Map2;
use crate::graph::NodeId;
use crate::ops::arithmetic::{Add, Mul, Sub};
use crate::ops::pairs::{AddProduct, MulProduct, SubProduct, ThroughSigmoid};
use crate::{Expr, Op};

pub(super) fn run(module: &Module) -> Module {
    let users = module.count_users();
    Rebuild::module(module, |b, id, args| {
        let arena = module.graph.arena();
        let old = arena.args(id);
        let node = arena.node(id);
        // The factors of an argument that is a product only this operation reads.
        let factors = |index: usize| {
            let alone = users[old[index].index()] == 1;
            let [x, y] = factors_of::<Mul>(b, args[index].id())?;
            alone.then_some((x, y))
        };
        let pair = if node.is::<Map2<Mul>>() {
            [(0, 1), (1, 0)].into_iter().find_map(|(outer, inner)| {
                let (x, y) = factors(inner)?;
                let through = through_sigmoid(b, &users, module, old[inner], x, y);
                Some(match through {
                    Some(a) => args[outer].zip_map(a, ThroughSigmoid),
                    None => args[outer].zip_map_3(x, y, MulProduct),
                })
            })
        } else if node.is::<Map2<Add>>() {
            let found = factors(1).map(|f| (args[0], f));
            let found = found.or_else(|| factors(0).map(|f| (args[1], f)));
            found.map(|(a, (x, y))| a.zip_map_3(x, y, AddProduct))
        } else if node.is::<Map2<Sub>>() {
            factors(1).map(|(x, y)| args[0].zip_map_3(x, y, SubProduct))
        } else {
            None
        };
        pair.unwrap_or_else(|| b.same(id, args))
    })
}

/// `a`, where the factors of a product are `a` and `1 − a`, and only the product reads the latter.
fn through_sigmoid<'g>(
    b: &Rebuild<'g>,
    users: &[u32],
    module: &Module,
    product: NodeId,
    x: Expr<'g>,
    y: Expr<'g>,
) -> Option<Expr<'g>> {
    let old_rest = *module.graph.arena().args(product).get(1)?;
    let [one, a] = factors_of::<Sub>(b, y.id())?;
    let fits = one.is_constant(1.0) && a.id() == x.id() && users[old_rest.index()] == 1;
    fits.then_some(a)
}

/// The arguments of a binary elementwise operation.
fn factors_of<'g, B: crate::Binary>(b: &Rebuild<'g>, id: NodeId) -> Option<[Expr<'g>; 2]>
where
    Map2<B>: Op,
{
    let arena = b.graph().arena();
    if !arena.node(id).is::<Map2<B>>() {
        return None;
    }
    let args = arena.args(id);
    Some([Expr::new(b.graph(), args[0]), Expr::new(b.graph(), args[1])])
}
