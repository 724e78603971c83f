//! The names that a reader expects: z, a, J, δ and what the user has named.

use crate::elementwise::{Map1, Map2};
use crate::graph::{Leaf, NodeId};
use crate::ops::arithmetic::{Div, Mul};
use crate::ops::{Affine, Broadcast, MatMul, Order};
use crate::passes::Module;
use crate::{Dim, Graph};

/// Names for nodes, by index; and for each δ, the z whose cotangent it is.
pub(super) struct Names {
    pub(super) of: Vec<Option<String>>,
    pub(super) deltas: Vec<(NodeId, String)>,
    /// Each layer's z and its activation.
    pub(super) activations: Vec<(NodeId, NodeId)>,
}

impl Names {
    pub(super) fn of(module: &Module) -> Self {
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
        let mut activations = vec![None; layers.len()];
        for (layer, &z) in layers.iter().enumerate() {
            names[z.index()].get_or_insert_with(|| numbered("z", layer));
            let activation = live.iter().copied().find(|&id| {
                let one_argument = arena.args(id) == [z];
                one_argument
                    && arena
                        .node(id)
                        .op()
                        .is_some_and(|op| is_activation(&op.name()))
            });
            if let Some(a) = activation {
                names[a.index()].get_or_insert_with(|| numbered("a", layer));
                activations[layer] = Some(a);
            }
        }
        let mut deltas = Vec::new();
        for &id in &live {
            let Some((delta, right)) = contraction(&module.graph, id) else {
                continue;
            };
            let is_input = arena.node(right).leaf() == Some(Leaf::Input);
            let before = activations.iter().position(|a| *a == Some(right));
            let layer = if is_input {
                Some(0)
            } else {
                before.map(|l| l + 1)
            };
            let Some(layer) = layer.filter(|l| *l < layers.len()) else {
                continue;
            };
            let unnamed = names[delta.index()].is_none() && arena.node(delta).op().is_some();
            if unnamed {
                names[delta.index()] = Some(numbered("δ", layer));
                let z = names[layers[layer].index()].clone().unwrap_or_default();
                deltas.push((delta, note(module, id, &z)));
            }
        }
        for &id in &live {
            let Some((weights, delta)) = backward_product(&module.graph, id) else {
                continue;
            };
            let layer = layers.iter().position(|&z| arena.args(z)[0] == weights);
            let Some(layer) = layer.filter(|_| names[delta.index()].is_none()) else {
                continue;
            };
            names[delta.index()] = Some(numbered("δ", layer));
            let z = names[layers[layer].index()].clone().unwrap_or_default();
            deltas.push((delta, format!("B ∂J/∂{z}")));
        }
        let pairs = layers.iter().copied().zip(activations);
        Self {
            of: names,
            deltas,
            activations: pairs.filter_map(|(z, a)| Some((z, a?))).collect(),
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

/// What δ is of the cotangent of `z`, given the sum that reads it: the divisor of the finished sum times it.
fn note(module: &Module, sum: NodeId, z: &str) -> String {
    let arena = module.graph.arena();
    let divisor = module.live().into_iter().find_map(|id| {
        let scales = arena.node(id).is::<Map2<Mul>>() && arena.args(id).contains(&sum);
        if !scales {
            return None;
        }
        let mut scalar = *arena.args(id).iter().find(|a| **a != sum)?;
        if arena.node(scalar).is::<Broadcast>() {
            scalar = arena.args(scalar)[0];
        }
        arena
            .node(scalar)
            .is::<Map2<Div>>()
            .then(|| arena.args(scalar)[1])
    });
    let is_batch = divisor.is_some_and(|d| arena.node(d).leaf() == Some(Leaf::BatchSize));
    match divisor {
        Some(_) if is_batch => format!("B ∂J/∂{z}"),
        Some(_) => format!("∂J/∂{z}, before its divisor"),
        None => format!("∂J/∂{z}"),
    }
}

/// The sigmoid of a logit, where the graph has it.
pub(super) fn sigmoid_of(module: &Module, z: NodeId) -> Option<NodeId> {
    let arena = module.graph.arena();
    let is_sigmoid = |id: &NodeId| {
        arena.node(*id).is::<Map1<crate::ops::functions::Sigmoid>>() && arena.args(*id) == [z]
    };
    module.live().into_iter().find(is_sigmoid)
}
