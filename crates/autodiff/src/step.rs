//! What a plan is compiled from: outputs and updates.

use std::collections::BTreeSet;
use std::panic::Location;

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
    /// Where each output, and each update, was added.
    places: Places,
}

#[derive(Debug, Clone, Default)]
struct Places {
    outputs: Vec<&'static Location<'static>>,
    updates: Vec<&'static Location<'static>>,
}

impl<'g> Step<'g> {
    /// A step that returns one value.
    #[must_use]
    #[track_caller]
    pub fn returns(output: Expr<'g>) -> Self {
        Self::of(output.graph()).output(output)
    }

    /// A step that returns nothing and only sets slots.
    #[must_use]
    pub fn of(graph: &'g Graph) -> Self {
        Self {
            graph,
            outputs: Vec::new(),
            updates: Vec::new(),
            places: Places::default(),
        }
    }

    /// Returns one more value, after those before.
    #[must_use]
    #[track_caller]
    pub fn output(mut self, output: Expr<'g>) -> Self {
        self.outputs.push(output);
        self.places.outputs.push(Location::caller());
        self
    }

    /// Sets a parameter or a state slot to a value of its shape.
    #[must_use]
    #[track_caller]
    pub fn set(mut self, slot: Expr<'g>, value: Expr<'g>) -> Self {
        self.updates.push((slot, value));
        self.places.updates.push(Location::caller());
        self
    }

    /// The first mistake in the graph or in the updates.
    pub(crate) fn check(&self) -> Result<(), CompileError> {
        if let Some(error) = self.graph.error() {
            return Err(error);
        }
        let is_foreign = |expr: &Expr<'_>| !std::ptr::eq(expr.graph(), self.graph);
        let other_graph = |op: &str, location| CompileError::OtherGraph {
            op: op.to_owned(),
            location,
        };
        for (output, &location) in self.outputs.iter().zip(&self.places.outputs) {
            if is_foreign(output) {
                return Err(other_graph("a step's output", location));
            }
        }
        let arena = self.graph.arena();
        let mut set = BTreeSet::new();
        for ((slot, value), &location) in self.updates.iter().zip(&self.places.updates) {
            if is_foreign(slot) || is_foreign(value) {
                return Err(other_graph("a step's update", location));
            }
            let node = arena.node(slot.id());
            let name = || match arena.name(slot.id()) {
                Some(name) => name.to_owned(),
                None => node
                    .op()
                    .map_or("a constant".into(), |op| op.name().into_owned()),
            };
            if !node.leaf().is_some_and(|leaf| leaf.is_slot()) {
                return Err(CompileError::NotASlot {
                    name: name(),
                    location,
                });
            }
            if !set.insert(slot.id()) {
                return Err(CompileError::SetTwice {
                    name: name(),
                    location,
                });
            }
            if node.shape != arena.node(value.id()).shape {
                return Err(CompileError::UpdateShape {
                    name: name(),
                    slot: node.shape,
                    update: arena.node(value.id()).shape,
                    location,
                });
            }
        }
        Ok(())
    }
}
