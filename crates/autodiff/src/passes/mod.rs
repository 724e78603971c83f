//! The passes: named rewrites, in the order in which they run.
//!
//! | pass | may change rounding | what it does |
//! |---|---|---|
//! | stable cross-entropy | yes | `bce(σ(z), y)` becomes a function of the logit, finite for every finite logit |
//! | algebra | yes | `1 x`, `x + 0`, `−(−x)`, `(xᵀ)ᵀ`, constants, and `c (n / d) · d` of the cross-entropy's gradient |
//! | finished sums | yes | a scalar such as 1/B leaves the terms of a sum and scales the finished sum, once |
//! | bias first | yes | a product plus a bias becomes sums that start at the bias |
//! | transposed operands | no | a transpose disappears into the product that reads it |
//! | elementwise pairs | no | two elementwise operations become one kernel, each still rounded |
//!
//! After the first four the graph is *canonical*: it says what the arithmetic means. Those that keep bits can be switched off
//! ([`CompileOptions::without`](crate::CompileOptions::without)); so can the elementwise fusion, the reuse of buffers and
//! the updates in place, which are decided while the plan is laid out.

pub(crate) mod algebra;
mod bias_first;
mod finished_sums;
mod pairs;
mod rebuild;
mod stable_cross_entropy;
mod transposed_operands;

use crate::elementwise::Map2;
use crate::graph::{Arena, Leaf, NodeId};
use crate::op::DynOp;
use crate::ops::arithmetic::Mul;
use crate::ops::{BinaryCrossEntropy, Broadcast, MatMul, Transpose};
use crate::{CompileError, Graph, Step};

pub(crate) use rebuild::Rebuild;

/// A graph of its own with its results: what passes turn into another.
#[derive(Debug)]
pub(crate) struct Module {
    pub(crate) graph: Graph,
    pub(crate) outputs: Vec<NodeId>,
    /// Slots and their new values.
    pub(crate) updates: Vec<(NodeId, NodeId)>,
    /// The input that says how many samples there are, where anything depends on it: kept also where no value is read.
    pub(crate) batch: Option<NodeId>,
}

/// One pass.
pub(crate) struct Pass {
    pub(crate) name: &'static str,
    pub(crate) keeps_bits: bool,
    /// The operations without which the pass changes nothing: a graph that has none of them is not copied.
    needs: fn(&dyn DynOp) -> bool,
    run: fn(&Module) -> Module,
}

/// All passes over the graph, in order.
pub(crate) const PASSES: [Pass; 6] = [
    Pass {
        name: "stable cross-entropy",
        keeps_bits: false,
        needs: |op| op.is::<Map2<BinaryCrossEntropy>>(),
        run: stable_cross_entropy::run,
    },
    Pass {
        name: "algebra",
        keeps_bits: false,
        needs: |_| true,
        run: algebra::run,
    },
    Pass {
        name: "finished sums",
        keeps_bits: false,
        needs: |op| op.is::<Broadcast>(),
        run: finished_sums::run,
    },
    Pass {
        name: "bias first",
        keeps_bits: false,
        needs: |op| op.is::<MatMul>(),
        run: bias_first::run,
    },
    Pass {
        name: "transposed operands",
        keeps_bits: true,
        needs: |op| op.is::<Transpose>(),
        run: transposed_operands::run,
    },
    Pass {
        name: "elementwise pairs",
        keeps_bits: true,
        needs: |op| op.is::<Map2<Mul>>(),
        run: pairs::run,
    },
];

impl Module {
    /// The part of a step's graph that its results need, copied.
    pub(crate) fn of(step: &Step<'_>) -> Self {
        let outputs: Vec<NodeId> = step.outputs.iter().map(|e| e.id()).collect();
        let updates: Vec<_> = step.updates.iter().map(|(s, v)| (s.id(), v.id())).collect();
        let results = outputs
            .iter()
            .copied()
            .chain(updates.iter().flat_map(|&(s, v)| [s, v]));
        let batch = batch_input(
            step.graph,
            &reachable(step.graph, &results.collect::<Vec<_>>()),
        );
        Rebuild::copy(step.graph, &outputs, &updates, batch, |b, id, args| {
            b.same(id, args)
        })
    }

    /// That what goes over samples has an input that says how many.
    pub(crate) fn check_batch(&self) -> Result<(), CompileError> {
        let arena = self.graph.arena();
        let lost = self.live().into_iter().find(|&id| needs_batch(&arena, id));
        match (self.batch, lost) {
            (None, Some(id)) => Err(CompileError::NoBatch {
                location: arena.node(id).location,
            }),
            _ => Ok(()),
        }
    }

    /// The canonical graph.
    pub(crate) fn canonical(self) -> Result<Self, CompileError> {
        self.through(|pass| !pass.keeps_bits)
    }

    /// Runs the chosen passes in order; in debug builds, the graph is verified after each.
    pub(crate) fn through(mut self, chosen: impl Fn(&Pass) -> bool) -> Result<Self, CompileError> {
        for pass in PASSES.iter().filter(|p| chosen(p)) {
            if !self.has(pass.needs) {
                continue;
            }
            let next = (pass.run)(&self);
            if cfg!(debug_assertions) {
                self.verify(&next)
                    .map_err(|reason| CompileError::BrokenPass {
                        pass: pass.name.to_owned(),
                        reason,
                    })?;
            }
            self = next;
        }
        Ok(self)
    }

    fn has(&self, operation: fn(&dyn DynOp) -> bool) -> bool {
        let arena = self.graph.arena();
        arena
            .ids()
            .any(|id| arena.node(id).op().is_some_and(operation))
    }

    /// The nodes that the results need, in order.
    pub(crate) fn live(&self) -> Vec<NodeId> {
        let results: Vec<NodeId> = self.results().collect();
        reachable(&self.graph, &results)
    }

    /// How many arguments and results each node is.
    pub(crate) fn count_users(&self) -> Vec<u32> {
        let arena = self.graph.arena();
        let mut users = vec![0; arena.len()];
        for id in self.live() {
            for arg in arena.args(id) {
                users[arg.index()] += 1;
            }
        }
        for result in self.results() {
            users[result.index()] += 1;
        }
        users
    }

    pub(crate) fn results(&self) -> impl Iterator<Item = NodeId> + '_ {
        let updates = self.updates.iter().flat_map(|&(slot, value)| [slot, value]);
        let outputs = self.outputs.iter().copied();
        outputs.chain(updates).chain(self.batch)
    }

    /// What must hold between a graph and what a pass made of it.
    fn verify(&self, next: &Self) -> Result<(), String> {
        if let Some(error) = next.graph.error() {
            return Err(error.to_string());
        }
        let shapes = |m: &Self| -> Vec<_> {
            let arena = m.graph.arena();
            m.results().map(|id| arena.node(id).shape).collect()
        };
        if shapes(self) != shapes(next) {
            return Err(format!(
                "the results had the shapes {:?} and have {:?}",
                shapes(self),
                shapes(next)
            ));
        }
        let arena = next.graph.arena();
        for id in next.live() {
            let node = arena.node(id);
            if arena.args(id).iter().any(|a| *a >= id) {
                return Err(format!("{id:?} comes before one of its arguments"));
            }
            if node.leaf() == Some(Leaf::Invalid) {
                return Err(format!("{id:?} is invalid"));
            }
            if let Some(op) = node.op() {
                let args: Vec<_> = arena
                    .args(id)
                    .iter()
                    .map(|&a| arena.node(a).shape)
                    .collect();
                if op.shape(&args).as_ref() != Ok(&node.shape) {
                    return Err(format!(
                        "{id:?} ({}) is said to be {}",
                        op.name(),
                        node.shape
                    ));
                }
            }
        }
        Ok(())
    }
}

/// The input that says how many samples there are: the first of those that are read, or else of the graph; none where nothing depends on it.
fn batch_input(graph: &Graph, live: &[NodeId]) -> Option<NodeId> {
    let arena = graph.arena();
    live.iter().find(|&&id| needs_batch(&arena, id))?;
    let is_batch = |id: &NodeId| {
        let node = arena.node(*id);
        node.leaf() == Some(Leaf::Input) && node.shape.has_batch()
    };
    let read = live.iter().copied().find(is_batch);
    read.or_else(|| arena.ids().find(is_batch))
}

fn needs_batch(arena: &Arena, id: NodeId) -> bool {
    let node = arena.node(id);
    node.shape.has_batch() || node.leaf() == Some(Leaf::BatchSize)
}

/// The nodes that `roots` need, in order.
pub(crate) fn reachable(graph: &Graph, roots: &[NodeId]) -> Vec<NodeId> {
    let arena = graph.arena();
    let Some(last) = roots.iter().max() else {
        return Vec::new();
    };
    let mut needed = vec![false; last.index() + 1];
    for root in roots {
        needed[root.index()] = true;
    }
    for index in (0..needed.len()).rev() {
        if needed[index] {
            for arg in arena.args(NodeId::from_index(index)) {
                needed[arg.index()] = true;
            }
        }
    }
    (0..needed.len())
        .filter(|&i| needed[i])
        .map(NodeId::from_index)
        .collect()
}
