//! What an optimiser keeps between steps.

use chainrule_autodiff::{Expr, Graph, Shape, Step};

/// What an optimiser keeps between steps, while the update of one parameter is written.
#[derive(Debug)]
pub struct Memory<'g> {
    graph: &'g Graph,
    parameter: String,
    shape: Shape,
    shared: Vec<(String, Expr<'g>)>,
    initial: Vec<InitialValue>,
    updates: Vec<(Expr<'g>, Expr<'g>)>,
}

/// A slot that does not begin at zero.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct InitialValue {
    pub(crate) slot: String,
    pub(crate) value: f64,
}

impl<'g> Memory<'g> {
    /// Keeps values called `name` for this parameter, of its shape: `v` of `W1` prints as `v.W1`. They begin at zero; `next`
    /// makes this step's values from those of the step before. Returns this step's.
    ///
    /// Each name is used once in an update.
    #[track_caller]
    pub fn slot(&mut self, name: &str, next: impl FnOnce(Expr<'g>) -> Expr<'g>) -> Expr<'g> {
        let name = format!("{name}.{}", self.parameter);
        let slot = self.graph.state(&name, self.shape);
        let value = next(slot);
        self.updates.push((slot, value));
        value
    }

    /// Keeps one number called `name` for all parameters, such as a power that grows with the steps. It begins at `initial`;
    /// `next` makes this step's from that of the step before. Returns this step's.
    ///
    /// The first parameter's update makes it, and those after share it.
    #[track_caller]
    pub fn shared(
        &mut self,
        name: &str,
        initial: f64,
        next: impl FnOnce(Expr<'g>) -> Expr<'g>,
    ) -> Expr<'g> {
        if let Some((_, value)) = self.shared.iter().find(|(known, _)| known == name) {
            return *value;
        }
        let slot = self.graph.state(name, Shape::SCALAR);
        let value = next(slot);
        self.updates.push((slot, value));
        self.shared.push((name.to_owned(), value));
        self.initial.push(InitialValue {
            slot: name.to_owned(),
            value: initial,
        });
        value
    }
}

/// The updates of all parameters of a step.
pub(crate) struct Updates<'g> {
    memory: Memory<'g>,
    parameters: Vec<(Expr<'g>, Expr<'g>)>,
}

impl<'g> Updates<'g> {
    pub(crate) fn new(graph: &'g Graph) -> Updates<'g> {
        Updates {
            memory: Memory {
                graph,
                parameter: String::new(),
                shape: Shape::SCALAR,
                shared: Vec::new(),
                initial: Vec::new(),
                updates: Vec::new(),
            },
            parameters: Vec::new(),
        }
    }

    /// Writes the update of one parameter, called `name`.
    pub(crate) fn add(
        &mut self,
        name: &str,
        parameter: Expr<'g>,
        update: impl FnOnce(&mut Memory<'g>) -> Expr<'g>,
    ) {
        name.clone_into(&mut self.memory.parameter);
        self.memory.shape = parameter.shape();
        let new = update(&mut self.memory);
        self.parameters.push((parameter, new));
    }

    /// The step with all updates, parameters first, and the slots that do not begin at zero.
    pub(crate) fn finish(self, step: Step<'g>) -> (Step<'g>, Vec<InitialValue>) {
        let all = self.parameters.into_iter().chain(self.memory.updates);
        let step = all.fold(step, |step, (slot, value)| step.set(slot, value));
        (step, self.memory.initial)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_each_parameters_own_and_shared_ones_are_made_once() {
        let graph = Graph::new();
        let (w, b) = (graph.param("W1", (2, 3)), graph.param("b1", 2));
        let mut updates = Updates::new(&graph);
        for (name, parameter) in [("W1", w), ("b1", b)] {
            updates.add(name, parameter, |memory| {
                let v = memory.slot("v", |v| v + parameter);
                let power = memory.shared("power", 1.0, |power| 0.5 * power);
                parameter - power * v
            });
        }
        let (step, initial) = updates.finish(Step::of(&graph));
        assert_eq!(graph.error(), None);
        let expected = InitialValue {
            slot: "power".to_owned(),
            value: 1.0,
        };
        assert_eq!(initial, [expected]);
        let printed = step.to_string();
        for slot in ["W1", "b1", "v.W1", "v.b1", "power"] {
            let set =
                |line: &&str| line.split_whitespace().next() == Some(slot) && line.contains(":=");
            assert_eq!(
                printed.lines().filter(set).count(),
                1,
                "{slot} in\n{printed}"
            );
        }
    }
}
