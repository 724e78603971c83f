//! The names that a reader expects: z, a, J, δ and what the user has named.

use std::collections::BTreeMap;

use crate::elementwise::{Map1, Map2};
use crate::graph::{Leaf, NodeId};
use crate::ops::arithmetic::{Div, Mul};
use crate::ops::functions::Sigmoid;
use crate::ops::{Affine, Broadcast, MatMul, Order};
use crate::passes::Module;
use crate::{Dim, Graph};

/// Names for nodes, by index; and for each δ, the z whose cotangent it is.
pub(crate) struct Names {
    pub(crate) of: Vec<Option<String>>,
    pub(super) deltas: BTreeMap<NodeId, String>,
    /// Each layer's z and its activation.
    pub(super) activations: BTreeMap<NodeId, NodeId>,
    /// Each logit and its sigmoid.
    pub(super) sigmoids: BTreeMap<NodeId, NodeId>,
}

impl Names {
    pub(crate) fn of(module: &Module) -> Self {
        let arena = module.graph.arena();
        let live = module.live();
        let mut names: Vec<Option<String>> = vec![None; arena.len()];
        for &id in &live {
            names[id.index()] = arena.name(id).map(str::to_owned);
        }
        let layers: Vec<NodeId> = live
            .iter()
            .copied()
            .filter(|&id| is_layer(&module.graph, id))
            .collect();
        let numbered = |stem: &str, layer: usize| {
            if layers.len() == 1 {
                stem.to_owned()
            } else {
                format!("{stem}{}", layer + 1)
            }
        };
        let (mut activation_of, mut sigmoids) = (BTreeMap::new(), BTreeMap::new());
        for &id in &live {
            let (node, args) = (arena.node(id), arena.args(id));
            if let ([z], Some(op)) = (args, node.op())
                && is_activation(&op.name())
            {
                activation_of.entry(*z).or_insert(id);
                if op.is::<Map1<Sigmoid>>() {
                    sigmoids.entry(*z).or_insert(id);
                }
            }
        }
        let mut activations = BTreeMap::new();
        // The layer that reads a value, and that a value's weights belong to.
        let (mut layer_after, mut layer_with) = (BTreeMap::new(), BTreeMap::new());
        for (layer, &z) in layers.iter().enumerate() {
            names[z.index()].get_or_insert_with(|| numbered("z", layer));
            layer_with.entry(arena.args(z)[0]).or_insert(layer);
            if let Some(&a) = activation_of.get(&z) {
                names[a.index()].get_or_insert_with(|| numbered("a", layer));
                activations.insert(z, a);
                layer_after.entry(a).or_insert(layer + 1);
            }
        }
        let divisors = divisors(module, &live);
        let mut deltas = BTreeMap::new();
        for &id in &live {
            let Some((delta, right)) = contraction(&module.graph, id) else {
                continue;
            };
            let is_input = arena.node(right).leaf() == Some(Leaf::Input);
            let layer = if is_input {
                Some(0)
            } else {
                layer_after.get(&right).copied()
            };
            let Some(layer) = layer.filter(|l| *l < layers.len()) else {
                continue;
            };
            let unnamed = names[delta.index()].is_none() && arena.node(delta).op().is_some();
            if unnamed {
                names[delta.index()] = Some(numbered("δ", layer));
                let z = names[layers[layer].index()].clone().unwrap_or_default();
                let is_batch = |d: &NodeId| arena.node(*d).leaf() == Some(Leaf::BatchSize);
                let note = match divisors.get(&id) {
                    Some(divisor) if is_batch(divisor) => format!("B ∂J/∂{z}"),
                    Some(_) => format!("∂J/∂{z}, before its divisor"),
                    None => format!("∂J/∂{z}"),
                };
                deltas.insert(delta, note);
            }
        }
        for &id in &live {
            let Some((weights, delta)) = backward_product(&module.graph, id) else {
                continue;
            };
            let layer = layer_with.get(&weights).copied();
            let Some(layer) = layer.filter(|_| names[delta.index()].is_none()) else {
                continue;
            };
            names[delta.index()] = Some(numbered("δ", layer));
            let z = names[layers[layer].index()].clone().unwrap_or_default();
            deltas.insert(delta, format!("B ∂J/∂{z}"));
        }
        Self {
            of: names,
            deltas,
            activations,
            sigmoids,
        }
    }
}

fn is_activation(name: &str) -> bool {
    ["sigmoid", "tanh", "relu", "softplus", "swish"].contains(&name)
}

/// `W a + b` of a parameter and a batch.
fn is_layer(graph: &Graph, id: NodeId) -> bool {
    let arena = graph.arena();
    let node = arena.node(id);
    let product = node.is::<Affine>() || node.is::<MatMul>();
    product
        && !arena.regions.is_again(node.region)
        && node.shape.cols == Dim::Batch
        && arena.node(arena.args(id)[0]).leaf() == Some(Leaf::Param)
        && node.shape.rows == arena.node(arena.args(id)[0]).shape.rows
}

/// The operands of a weight gradient `δ aᵀ`.
fn contraction(graph: &Graph, id: NodeId) -> Option<(NodeId, NodeId)> {
    let arena = graph.arena();
    let product = arena.node(id).op()?.downcast::<MatMul>()?;
    let mut right = arena.args(id)[1];
    if arena.node(right).is::<crate::ops::Transpose>() {
        right = arena.args(right)[0];
    }
    (product.order == Order::Chunks).then(|| (arena.args(id)[0], right))
}

/// The operands of a product `Wᵀ δ` that hands a cotangent to the layer below.
fn backward_product(graph: &Graph, id: NodeId) -> Option<(NodeId, NodeId)> {
    let arena = graph.arena();
    let node = arena.node(id);
    if !node.is::<MatMul>() || node.shape.cols != Dim::Batch {
        return None;
    }
    let (left, right) = (arena.args(id)[0], arena.args(id)[1]);
    let weights = arena
        .node(left)
        .is::<crate::ops::Transpose>()
        .then(|| arena.args(left)[0])?;
    Some((weights, right))
}

/// The divisors of finished sums: for each node that a reciprocal scales, what it is divided by.
fn divisors(module: &Module, live: &[NodeId]) -> BTreeMap<NodeId, NodeId> {
    let arena = module.graph.arena();
    let mut divisors = BTreeMap::new();
    for &id in live {
        let &[a, b] = arena.args(id) else { continue };
        if !arena.node(id).is::<Map2<Mul>>() {
            continue;
        }
        for (sum, mut scalar) in [(b, a), (a, b)] {
            if arena.node(scalar).is::<Broadcast>() {
                scalar = arena.args(scalar)[0];
            }
            if arena.node(scalar).is::<Map2<Div>>() {
                divisors.entry(sum).or_insert(arena.args(scalar)[1]);
            }
        }
    }
    divisors
}
