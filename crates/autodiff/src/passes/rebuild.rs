//! Copying a graph node by node, through a rule.

use std::cell::Ref;

use super::{Module, reachable};
use crate::graph::{Node, NodeId, NodeKind};
use crate::op::OpRef;
use crate::{Expr, Graph};

/// A graph being made from another.
pub(crate) struct Rebuild<'g> {
    from: &'g Graph,
    to: &'g Graph,
}

impl<'g> Rebuild<'g> {
    /// Copies what the results need; `rule` gives each operation's replacement from its replaced arguments.
    pub(crate) fn copy(
        from: &Graph,
        outputs: &[NodeId],
        updates: &[(NodeId, NodeId)],
        batch: Option<NodeId>,
        mut rule: impl for<'a> FnMut(&Rebuild<'a>, NodeId, &[Expr<'a>]) -> Expr<'a>,
    ) -> Module {
        let to = Graph::new();
        to.arena.borrow_mut().regions = from.arena().regions.clone();
        let roots: Vec<NodeId> = outputs
            .iter()
            .copied()
            .chain(updates.iter().flat_map(|&(s, v)| [s, v]))
            .chain(batch)
            .collect();
        let order = reachable(from, &roots);
        to.arena.borrow_mut().reserve(order.len());
        let size = order.last().map_or(0, |id| id.index() + 1);
        let mut new: Vec<Option<NodeId>> = vec![None; size];
        {
            let b = Rebuild { from, to: &to };
            let mut args = Vec::new();
            for id in order {
                args.clear();
                args.extend(b.from.arena().args(id).iter().map(|a| {
                    Expr::new(
                        b.to,
                        new[a.index()].expect("arguments come before their users"),
                    )
                }));
                let (is_leaf, region) = {
                    let arena = b.from.arena();
                    let node = arena.node(id);
                    (node.op().is_none(), node.region)
                };
                let made = if is_leaf {
                    b.leaf(id)
                } else {
                    // What replaces a node of a region is of that region: values that are computed twice stay apart.
                    b.to.within(region, || rule(&b, id, &args))
                };
                b.carry_name(id, made);
                new[id.index()] = Some(made.id());
            }
        }
        let at = |id: NodeId| new[id.index()].expect("every result is reachable");
        let outputs = outputs.iter().map(|&o| at(o)).collect();
        let updates = updates.iter().map(|&(s, v)| (at(s), at(v))).collect();
        let batch = batch.map(at);
        Module {
            graph: to,
            outputs,
            updates,
            batch,
        }
    }

    /// [`copy`](Self::copy), of a module.
    pub(crate) fn module(
        from: &Module,
        rule: impl for<'a> FnMut(&Rebuild<'a>, NodeId, &[Expr<'a>]) -> Expr<'a>,
    ) -> Module {
        Self::copy(&from.graph, &from.outputs, &from.updates, from.batch, rule)
    }

    /// A node of the graph that is copied.
    pub(crate) fn node(&self, id: NodeId) -> Ref<'_, Node> {
        Ref::map(self.from.arena(), |arena| arena.node(id))
    }

    /// The operation of a node that is copied.
    pub(crate) fn op(&self, id: NodeId) -> OpRef {
        match &self.node(id).kind {
            NodeKind::Op(op) => op.clone(),
            NodeKind::Leaf(_) => unreachable!("rules see operations only"),
        }
    }

    /// The graph that is made.
    pub(crate) fn graph(&self) -> &'g Graph {
        self.to
    }

    /// The same operation on the replaced arguments.
    pub(crate) fn same(&self, id: NodeId, args: &[Expr<'g>]) -> Expr<'g> {
        let location = self.node(id).location;
        self.to.apply_at(self.op(id), args, location)
    }

    fn leaf(&self, id: NodeId) -> Expr<'g> {
        let node = self.node(id);
        let leaf = node.leaf().expect("a leaf");
        let name = self.from.arena().name(id).map(str::to_owned);
        let made = self
            .to
            .arena
            .borrow_mut()
            .leaf(leaf, node.shape, name, node.location);
        Expr::new(self.to, made)
    }

    fn carry_name(&self, from: NodeId, made: Expr<'g>) {
        let arena = self.from.arena();
        if let Some(name) = arena.name(from) {
            let mut to = self.to.arena.borrow_mut();
            if to.name(made.id()).is_none() && to.node(made.id()).op().is_some() {
                to.set_name(made.id(), name.to_owned());
            }
        }
    }
}
