//! Local algebra. `grad` runs it over what it appends, so that second derivatives start from `a − y` and not from a quotient
//! that is 0 / 0 for a saturated sigmoid; compiling runs it over the whole graph.

use super::{Module, Rebuild, reachable};
use crate::elementwise::{Map1, Map2, Map3};
use crate::graph::NodeId;
use crate::op::{DynOp, OpRef};
use crate::ops::arithmetic::{Add, Chain, Div, Mul, Neg, Select, Sub};
use crate::ops::functions::{Ln, Ln1p, Sigmoid};
use crate::ops::{Broadcast, Compare, Transpose};
use crate::{Expr, Graph, Op};

pub(super) fn run(module: &Module) -> Module {
    Rebuild::module(module, |b, id, args| {
        rule(&*b.op(id), args).unwrap_or_else(|| b.same(id, args))
    })
}

/// Applies the rules to the nodes made since the graph had `before` nodes, as far as `roots` need them.
pub(crate) fn simplify_since<'g>(
    graph: &'g Graph,
    before: usize,
    roots: &[Expr<'g>],
) -> Vec<Expr<'g>> {
    let ids: Vec<NodeId> = roots.iter().map(|e| e.id()).collect();
    let end = ids.iter().map(|id| id.index() + 1).max().unwrap_or(0);
    let mut new: Vec<Option<Expr<'g>>> = vec![None; end.saturating_sub(before)];
    let at = |new: &[Option<Expr<'g>>], id: NodeId| {
        let moved = id
            .index()
            .checked_sub(before)
            .and_then(|i| new.get(i).copied().flatten());
        moved.unwrap_or(Expr::new(graph, id))
    };
    for id in reachable(graph, &ids)
        .into_iter()
        .filter(|id| id.index() >= before)
    {
        let Some((op, old)) = graph.op_and_args(id) else {
            continue;
        };
        let args: Vec<Expr<'g>> = old.iter().map(|&a| at(&new, a)).collect();
        let region = graph.arena().node(id).region;
        let made = graph.within(region, || {
            rule(&*op, &args).or_else(|| {
                let moved = args.iter().zip(&old).any(|(a, o)| a.id() != *o);
                moved.then(|| apply(graph, op, &args))
            })
        });
        new[id.index() - before] = made;
    }
    ids.iter().map(|&id| at(&new, id)).collect()
}

fn apply<'g>(graph: &'g Graph, op: OpRef, args: &[Expr<'g>]) -> Expr<'g> {
    graph.apply(op, args)
}

/// What an operation on these arguments is replaced by, if a rule applies.
fn rule<'g>(op: &dyn DynOp, args: &[Expr<'g>]) -> Option<Expr<'g>> {
    let is = |index: usize, value: f64| args[index].is_constant(value);
    if op.is::<Map2<Mul>>() {
        folded(args, |a, b| a * b)
            .or_else(|| is(0, 1.0).then(|| args[1]))
            .or_else(|| is(1, 1.0).then(|| args[0]))
            .or_else(|| is(0, -1.0).then(|| -args[1]))
            .or_else(|| is(1, -1.0).then(|| -args[0]))
            .or_else(|| cancelled(args[0], args[1]))
            .or_else(|| cancelled(args[1], args[0]))
    } else if op.is::<Map2<Chain>>() {
        let known = args[0].constant_value();
        is(1, 1.0)
            .then(|| args[0])
            .or_else(|| is(1, -1.0).then(|| -args[0]))
            .or_else(|| known.filter(|c| *c == 1.0).map(|_| args[1]))
            .or_else(|| known.filter(|c| *c != 0.0).map(|_| args[0] * args[1]))
    } else if op.is::<Map2<Add>>() {
        folded(args, |a, b| a + b)
            .or_else(|| is(0, 0.0).then(|| args[1]))
            .or_else(|| is(1, 0.0).then(|| args[0]))
    } else if op.is::<Map2<Sub>>() {
        folded(args, |a, b| a - b)
            .or_else(|| is(1, 0.0).then(|| args[0]))
            .or_else(|| is(0, 0.0).then(|| -args[1]))
            .or_else(|| negated_logit(args[0], args[1]))
    } else if op.is::<Map2<Div>>() {
        folded(args, |a, b| a / b).or_else(|| is(1, 1.0).then(|| args[0]))
    } else if op.is::<Map1<Neg>>() {
        argument_of::<Map1<Neg>>(args[0], 0).or_else(|| {
            let value = args[0].constant_value()?;
            let negated = args[0].graph().constant(-value);
            Some(negated.broadcast_to(args[0].shape()))
        })
    } else if op.is::<Transpose>() {
        argument_of::<Transpose>(args[0], 0)
    } else if let Some(broadcast) = op.downcast::<Broadcast>() {
        if args[0].shape() == broadcast.0 {
            return Some(args[0]);
        }
        argument_of::<Broadcast>(args[0], 0).map(|inner| inner.broadcast_to(broadcast.0))
    } else {
        None
    }
}

/// Two constants.
fn folded<'g>(args: &[Expr<'g>], f: impl Fn(f64, f64) -> f64) -> Option<Expr<'g>> {
    let value = f(args[0].constant_value()?, args[1].constant_value()?);
    Some(
        args[0]
            .graph()
            .constant(value)
            .broadcast_to(args[0].shape()),
    )
}

/// `c (n / d) · d` is `c n`, where `d` is the sigmoid's derivative `a (1 − a)`: the gradient of the cross-entropy arrives at `a − y`, also where
/// `d` rounds to zero.
fn cancelled<'g>(product: Expr<'g>, d: Expr<'g>) -> Option<Expr<'g>> {
    let a = argument_of::<Map2<Mul>>(d, 0)?;
    let rest = argument_of::<Map2<Mul>>(d, 1)?;
    let sigmoid = argument_of::<Map1<Sigmoid>>(a, 0).is_some();
    let one_minus = argument_of::<Map2<Sub>>(rest, 0)?.is_constant(1.0);
    if !(sigmoid && one_minus && argument_of::<Map2<Sub>>(rest, 1)?.id() == a.id()) {
        return None;
    }
    without_divisor(product, d)
}

/// `ln(1 − a) − ln a` is `−z`, where `a` is the sigmoid of `z`: the gradient of the cross-entropy with respect to its targets, also where `a`
/// rounds to 0 or 1.
fn negated_logit<'g>(ln_rest: Expr<'g>, ln: Expr<'g>) -> Option<Expr<'g>> {
    let a = argument_of::<Map1<Ln>>(ln, 0)?;
    let rest = argument_of::<Map1<Ln1p>>(ln_rest, 0)?;
    let same = argument_of::<Map1<Neg>>(rest, 0)?.id() == a.id();
    let z = argument_of::<Map1<Sigmoid>>(a, 0)?;
    same.then(|| -z)
}

/// `product` without its division by `d`.
fn without_divisor<'g>(product: Expr<'g>, d: Expr<'g>) -> Option<Expr<'g>> {
    if argument_of::<Map2<Div>>(product, 1).is_some_and(|divisor| divisor.id() == d.id()) {
        return argument_of::<Map2<Div>>(product, 0);
    }
    if let Some(cotangent) = argument_of::<Map2<Chain>>(product, 0) {
        let derivative = argument_of::<Map2<Chain>>(product, 1)?;
        return Some(cotangent.chain(without_divisor(derivative, d)?));
    }
    let quotient = argument_of::<Map3<Select>>(product, 2)?;
    guards(argument_of::<Map3<Select>>(product, 0)?, quotient, d)?;
    let is_zero = argument_of::<Map3<Select>>(product, 1)?.is_constant(0.0);
    is_zero.then(|| without_divisor(quotient, d)).flatten()
}

/// Whether a mask holds only where both `d` and the difference that is divided by it are 0: then `select(mask, 0, (p − q) / d) · d` is `p − q`.
fn guards<'g>(mask: Expr<'g>, quotient: Expr<'g>, d: Expr<'g>) -> Option<()> {
    type Equal = Compare<{ Compare::<0>::EQUAL }>;
    let equals = |index: usize| {
        let equal = argument_of::<Map2<Mul>>(mask, index)?;
        Some((
            argument_of::<Map2<Equal>>(equal, 0)?,
            argument_of::<Map2<Equal>>(equal, 1)?,
        ))
    };
    let difference = argument_of::<Map2<Div>>(quotient, 0)?;
    let (vanishing, met) = (equals(0)?, equals(1)?);
    let (p, q) = met;
    let is_difference = match argument_of::<Map2<Sub>>(difference, 0) {
        Some(minuend) => {
            minuend.id() == p.id()
                && argument_of::<Map2<Sub>>(difference, 1).is_some_and(|s| s.id() == q.id())
        }
        // `p − 0` has become `p`.
        None => q.is_constant(0.0) && difference.id() == p.id(),
    };
    let holds = vanishing.0.id() == d.id() && vanishing.1.is_constant(0.0) && is_difference;
    holds.then_some(())
}

/// The argument `index` of `e`, if `e` is an operation of type `O`.
fn argument_of<'g, O: Op>(e: Expr<'g>, index: usize) -> Option<Expr<'g>> {
    let graph = e.graph();
    let arena = graph.arena();
    arena
        .node(e.id())
        .is::<O>()
        .then(|| Expr::new(graph, arena.args(e.id())[index]))
}
