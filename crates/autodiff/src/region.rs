//! Regions whose values are computed again where a gradient needs them, instead of being kept.

use std::collections::{BTreeMap, BTreeSet};

use crate::graph::{Arena, NodeId, NodeKind};
use crate::{Expr, Graph};

impl Graph {
    /// Marks what `body` writes for recomputation: gradients compute it again from what went into it, so that the values
    /// inside need not be kept from the forward pass to the backward pass. Its results are kept, and regions may be nested.
    ///
    /// Time is traded for memory. Values and gradients have the same bits with and without; second derivatives may add
    /// their terms in another order. (Elsewhere this is called
    /// rematerialisation or gradient checkpointing: Griewank, *Achieving logarithmic growth of temporal and spatial
    /// complexity in reverse automatic differentiation*, 1992.)
    ///
    /// ```
    /// use chainrule_autodiff::{BATCH, Graph, Isa, Step};
    /// let bytes = |recompute: bool| {
    ///     let g = Graph::new();
    ///     let (w1, w2) = (g.param("W1", (64, 8)), g.param("W2", (64, 64)));
    ///     let x = g.input("x", (8, BATCH));
    ///     let z = w1.matmul(x);
    ///     let body = || z.tanh().softplus() * z.sigmoid();
    ///     let a = if recompute { g.recompute(body) } else { body() };
    ///     let loss = w2.matmul(a).square().mean();
    ///     let [dw] = g.grad(loss, [w1]);
    ///     let plan = g.compile::<f32>(Step::returns(dw), Isa::detect())?;
    ///     Ok::<_, chainrule_autodiff::CompileError>(plan.workspace(1024, 1).bytes())
    /// };
    /// assert!(bytes(true)? < bytes(false)?);
    /// # Ok::<(), chainrule_autodiff::CompileError>(())
    /// ```
    pub fn recompute<R>(&self, body: impl FnOnce() -> R) -> R {
        let region = {
            let mut arena = self.arena.borrow_mut();
            let parent = arena.region;
            arena.regions.open(parent)
        };
        self.within(region, body)
    }

    /// Runs `body`, whose nodes belong to a region.
    pub(crate) fn within<R>(&self, region: RegionId, body: impl FnOnce() -> R) -> R {
        let outer = std::mem::replace(&mut self.arena.borrow_mut().region, region);
        // Also when `body` panics: the graph may outlive it.
        let _leave = Leave { graph: self, outer };
        body()
    }
}

impl Arena {
    /// Where the derivatives of a region's nodes are written.
    pub(crate) fn backward_region(&mut self, of: RegionId) -> RegionId {
        if self.regions.is_marked(of) {
            self.regions.again(of)
        } else {
            self.region
        }
    }
}

struct Leave<'g> {
    graph: &'g Graph,
    outer: RegionId,
}

impl Drop for Leave<'_> {
    fn drop(&mut self) {
        self.graph.arena.borrow_mut().region = self.outer;
    }
}

/// The region that a node was made in, by default the graph outside of all marked ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(crate) struct RegionId(u32);

/// The regions of a graph.
#[derive(Debug, Clone, Default)]
pub(crate) struct Regions {
    /// Those after the whole graph, whose number is 0.
    all: Vec<Region>,
}

#[derive(Debug, Clone)]
enum Region {
    /// Written by the user, to be computed again.
    Marked {
        parent: RegionId,
        /// Where its values are computed again.
        again: Option<RegionId>,
    },
    /// The second computation of a marked one.
    Again,
}

impl Regions {
    fn open(&mut self, parent: RegionId) -> RegionId {
        self.push(Region::Marked {
            parent,
            again: None,
        })
    }

    fn push(&mut self, region: Region) -> RegionId {
        self.all.push(region);
        RegionId(u32::try_from(self.all.len()).expect("a graph has fewer regions than nodes"))
    }

    fn get(&self, id: RegionId) -> Option<&Region> {
        (id.0 as usize).checked_sub(1).map(|i| &self.all[i])
    }

    /// Where the values of a marked region are computed again: one place for all gradients, which share what is in it.
    fn again(&mut self, id: RegionId) -> RegionId {
        if let Some(Region::Marked {
            again: Some(again), ..
        }) = self.get(id)
        {
            return *again;
        }
        let made = self.push(Region::Again);
        if let Some(Region::Marked { again, .. }) = self.all.get_mut(id.0 as usize - 1) {
            *again = Some(made);
        }
        made
    }

    /// The part of a region that makes equal nodes the same. A marked region shares with all that is written around it, so that marking changes no
    /// bits; the second computation of a value is never the first.
    pub(crate) fn shared_in(&self, id: RegionId) -> RegionId {
        if self.is_again(id) {
            id
        } else {
            RegionId::default()
        }
    }

    /// Whether nodes of the region are to be computed again.
    pub(crate) fn is_marked(&self, id: RegionId) -> bool {
        matches!(self.get(id), Some(Region::Marked { .. }))
    }

    /// Whether nodes of the region are second computations.
    pub(crate) fn is_again(&self, id: RegionId) -> bool {
        matches!(self.get(id), Some(Region::Again))
    }

    /// The region and those around it, innermost first.
    fn around(&self, id: RegionId) -> impl Iterator<Item = RegionId> {
        let start = self.is_marked(id).then_some(id);
        std::iter::successors(start, |id| match self.get(*id) {
            Some(Region::Marked { parent, .. }) if self.is_marked(*parent) => Some(*parent),
            _ => None,
        })
    }

    fn contains(&self, outer: RegionId, inner: RegionId) -> bool {
        self.around(inner).any(|region| region == outer)
    }
}

/// What the backward pass sees in place of the values of marked regions.
pub(crate) struct Recomputation<'g> {
    graph: &'g Graph,
    /// Values of a region that are used outside of it, and so are kept.
    results: BTreeSet<(RegionId, NodeId)>,
    copies: BTreeMap<(RegionId, NodeId), NodeId>,
}

impl<'g> Recomputation<'g> {
    /// For the first `end` nodes of a graph; nothing when no region is marked.
    pub(crate) fn of(graph: &'g Graph, end: usize) -> Option<Self> {
        let arena = graph.arena();
        if arena.regions.all.is_empty() {
            return None;
        }
        let mut results = BTreeSet::new();
        for id in arena.ids().take(end) {
            let user = arena.node(id).region;
            for &arg in arena.args(id) {
                let region = arena.node(arg).region;
                if region != user {
                    let left = arena.regions.around(region);
                    let left = left.filter(|r| !arena.regions.contains(*r, user));
                    results.extend(left.map(|r| (r, arg)));
                }
            }
        }
        Some(Self {
            graph,
            results,
            copies: BTreeMap::new(),
        })
    }

    /// What stands for `id` in the derivative of a node of `viewer`.
    pub(crate) fn seen_from(&mut self, viewer: RegionId, id: NodeId) -> NodeId {
        let Some(wanted) = self.needed(viewer, id) else {
            return id;
        };
        let mut stack = vec![wanted];
        while let Some(&(region, id)) = stack.last() {
            if self.copies.contains_key(&(region, id)) {
                stack.pop();
                continue;
            }
            let args = self.graph.arena().args(id).to_vec();
            let needed: Vec<_> = args.iter().map(|&a| self.needed(region, a)).collect();
            let before = stack.len();
            let missing = needed
                .iter()
                .flatten()
                .filter(|key| !self.copies.contains_key(key));
            stack.extend(missing);
            if stack.len() == before {
                let seen = args.iter().zip(&needed).map(|(&arg, key)| match key {
                    Some(key) => self.copies[key],
                    None => arg,
                });
                let copy = self.copy(region, id, seen.collect());
                self.copies.insert((region, id), copy);
                stack.pop();
            }
        }
        self.copies[&wanted]
    }

    /// The innermost region around `viewer` that computes `id` again, if one does.
    fn needed(&self, viewer: RegionId, id: NodeId) -> Option<(RegionId, NodeId)> {
        let arena = self.graph.arena();
        let node = arena.node(id);
        node.op()?;
        let region = arena.regions.around(viewer).find(|&around| {
            arena.regions.contains(around, node.region) && !self.results.contains(&(around, id))
        });
        region.map(|region| (region, id))
    }

    fn copy(&self, region: RegionId, id: NodeId, args: Vec<NodeId>) -> NodeId {
        let (kind, location) = {
            let arena = self.graph.arena();
            let node = arena.node(id);
            (node.kind.clone(), node.location)
        };
        let NodeKind::Op(op) = kind else {
            unreachable!("leaves are never computed again")
        };
        let again = self.graph.arena.borrow_mut().regions.again(region);
        let args: Vec<Expr<'g>> = args.iter().map(|&a| Expr::new(self.graph, a)).collect();
        let made = self
            .graph
            .within(again, || self.graph.apply_at(op, &args, location));
        made.id()
    }
}
