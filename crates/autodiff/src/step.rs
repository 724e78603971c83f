//! What a plan is compiled from: outputs and updates.

use std::collections::BTreeSet;

use crate::{CompileError, Expr, Graph};

/// One step of work: values to return, and slots to set. Updates are simultaneous: their right-hand sides read the values
/// from before the step.
///
/// ```
/// use chainrule_autodiff::{BATCH, Graph, Step};
/// let g = Graph::new();
/// let (x, y) = (g.input("x", (2, BATCH)), g.input("y", (1, BATCH)));
/// let (w, b, alpha) = (g.param("W", (1, 2)), g.param("b", 1), g.scalar("α"));
/// let loss = (w.matmul(x) + b).sigmoid().binary_cross_entropy(y).mean();
/// let [dw, db] = g.grad(loss, [w, b]);
/// let step = Step::returns(loss).set(w, w - alpha * dw).set(b, b - alpha * db);
/// println!("{step}");
/// ```
#[derive(Debug, Clone)]
pub struct Step<'g> {
    pub(crate) graph: &'g Graph,
    pub(crate) outputs: Vec<Expr<'g>>,
    pub(crate) updates: Vec<(Expr<'g>, Expr<'g>)>,
}

impl<'g> Step<'g> {
    /// A step that returns one value.
    #[must_use]
    pub fn returns(output: Expr<'g>) -> Self {
        Self {
            graph: output.graph(),
            outputs: vec![output],
            updates: Vec::new(),
        }
    }

    /// A step that returns nothing and only sets slots.
    #[must_use]
    pub fn of(graph: &'g Graph) -> Self {
        Self {
            graph,
            outputs: Vec::new(),
            updates: Vec::new(),
        }
    }

    /// Returns one more value, after those before.
    #[must_use]
    pub fn output(mut self, output: Expr<'g>) -> Self {
        self.outputs.push(output);
        self
    }

    /// Sets a parameter or a state slot to a value of its shape.
    #[must_use]
    pub fn set(mut self, slot: Expr<'g>, value: Expr<'g>) -> Self {
        self.updates.push((slot, value));
        self
    }

    /// The first mistake in the graph or in the updates.
    pub(crate) fn check(&self) -> Result<(), CompileError> {
        if let Some(error) = self.graph.error() {
            return Err(error);
        }
        let all = self
            .outputs
            .iter()
            .chain(self.updates.iter().flat_map(|(s, v)| [s, v]));
        for expr in all {
            if !std::ptr::eq(expr.graph(), self.graph) {
                return Err(CompileError::OtherGraph {
                    op: "step".to_owned(),
                    location: crate::expr::caller(),
                });
            }
        }
        let arena = self.graph.arena();
        let mut set = BTreeSet::new();
        for (slot, value) in &self.updates {
            let node = arena.node(slot.id());
            let name = || match arena.name(slot.id()) {
                Some(name) => name.to_owned(),
                None => node
                    .op()
                    .map_or("a constant".into(), |op| op.name().into_owned()),
            };
            if !node.leaf().is_some_and(|leaf| leaf.is_slot()) {
                return Err(CompileError::NotASlot { name: name() });
            }
            if !set.insert(slot.id()) {
                return Err(CompileError::SetTwice { name: name() });
            }
            if node.shape != arena.node(value.id()).shape {
                return Err(CompileError::UpdateShape {
                    name: name(),
                    slot: node.shape,
                    update: arena.node(value.id()).shape,
                });
            }
        }
        Ok(())
    }
}
