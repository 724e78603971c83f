//! Scalars such as 1/B leave the terms of sums over samples and scale the finished sums, once.
//!
//! While a value has the batch dimension, it is carried as `scalar · rest`; the scalar is multiplied in where the batch is summed away, or where an
//! operation is not linear.

use std::collections::BTreeMap;

use super::{Module, Rebuild};
use crate::Expr;
use crate::elementwise::{Map1, Map2, Map3};
use crate::graph::NodeId;
use crate::ops::arithmetic::{Add, Chain, Div, Mul, Neg, Select, Sub};
use crate::ops::{Broadcast, MatMul, SumColumns, SumRows, Transpose};

/// A value as `scalar · rest`, by their nodes; a scalar of `None` is 1.
#[derive(Clone, Copy)]
struct Scaled<'g> {
    scalar: Option<Expr<'g>>,
    rest: Expr<'g>,
}

pub(super) fn run(module: &Module) -> Module {
    // By the node of the copied graph: the replaced node stands for the product, this for its two factors.
    let mut factors: BTreeMap<NodeId, (NodeId, NodeId)> = BTreeMap::new();
    Rebuild::module(module, |b, id, args| {
        let graph = b.graph();
        let split: Vec<Scaled<'_>> = {
            let old = module.graph.arena().args(id).to_vec();
            old.iter()
                .zip(args)
                .map(|(o, &whole)| match factors.get(o) {
                    Some(&(scalar, rest)) => Scaled {
                        scalar: Some(Expr::new(graph, scalar)),
                        rest: Expr::new(graph, rest),
                    },
                    None => Scaled {
                        scalar: None,
                        rest: whole,
                    },
                })
                .collect()
        };
        let Some(found) = split_result(b, id, &split) else {
            return b.same(id, args);
        };
        let Some(scalar) = found.scalar else {
            return found.rest;
        };
        let shape = found.rest.shape();
        if shape.has_batch() {
            factors.insert(id, (scalar.id(), found.rest.id()));
        }
        multiplied(scalar, found.rest)
    })
}

/// `scalar · rest`, where either may be 1.
fn multiplied<'g>(scalar: Expr<'g>, rest: Expr<'g>) -> Expr<'g> {
    if rest.is_constant(1.0) {
        scalar.broadcast_to(rest.shape())
    } else {
        scalar.broadcast_to(rest.shape()) * rest
    }
}

fn split_result<'g>(b: &Rebuild<'g>, id: NodeId, args: &[Scaled<'g>]) -> Option<Scaled<'g>> {
    let node = b.node(id);
    let op = node.op()?;
    let graph = b.graph();
    let rest: Vec<Expr<'g>> = args.iter().map(|a| a.rest).collect();
    let scalars = || args.iter().find_map(|a| a.scalar);
    if let Some(broadcast) = op.downcast::<Broadcast>() {
        // A scalar of the run repeated over the samples is all scalar.
        let source = args[0];
        if !broadcast.0.has_batch() {
            return None;
        }
        if source.rest.shape().is_scalar()
            && source.scalar.is_none()
            && source.rest.constant_value().is_none()
        {
            return Some(Scaled {
                scalar: Some(source.rest),
                rest: graph.constant(1.0).broadcast_to(broadcast.0),
            });
        }
        let scalar = source.scalar?;
        return Some(Scaled {
            scalar: Some(scalar),
            rest: source.rest.broadcast_to(broadcast.0),
        });
    }
    let scalar = scalars()?;
    let linear_in_all =
        op.is::<Map1<Neg>>() || op.is::<Transpose>() || op.is::<SumRows>() || op.is::<SumColumns>();
    let bilinear = op.is::<Map2<Mul>>() || op.is::<Map2<Chain>>() || op.is::<MatMul>();
    if linear_in_all {
        return Some(Scaled {
            scalar: Some(scalar),
            rest: again(b, id, &rest),
        });
    }
    if bilinear {
        let both = match (args[0].scalar, args[1].scalar) {
            (Some(s), Some(t)) => s * t,
            (Some(s), None) | (None, Some(s)) => s,
            (None, None) => return None,
        };
        return Some(Scaled {
            scalar: Some(both),
            rest: again(b, id, &rest),
        });
    }
    if op.is::<Map2<Div>>() && args[1].scalar.is_none() {
        return Some(Scaled {
            scalar: args[0].scalar,
            rest: again(b, id, &rest),
        });
    }
    // Sums, differences and choices keep a scalar that all their terms share; a zero shares any.
    let terms = if op.is::<Map2<Add>>() || op.is::<Map2<Sub>>() {
        args
    } else if op.is::<Map3<Select>>() && args[0].scalar.is_none() {
        &args[1..]
    } else {
        return None;
    };
    let shared = terms.iter().all(|t| {
        t.scalar.is_some_and(|s| s.id() == scalar.id())
            || t.scalar.is_none() && t.rest.is_constant(0.0)
    });
    shared.then(|| Scaled {
        scalar: Some(scalar),
        rest: again(b, id, &rest),
    })
}

/// The node's operation on the bare arguments, without factors of 1.
fn again<'g>(b: &Rebuild<'g>, id: NodeId, rest: &[Expr<'g>]) -> Expr<'g> {
    let op = b.op(id);
    let one = |i: usize| rest[i].is_constant(1.0);
    if op.is::<Map2<Mul>>() || op.is::<Map2<Chain>>() {
        if one(0) {
            return rest[1];
        }
        if one(1) {
            return rest[0];
        }
    }
    b.same(id, rest)
}
