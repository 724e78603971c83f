//! The plans of a training: the step, the forward pass and what looks inside, compiled together.

use chainrule_autodiff::{
    BATCH, CompileError, Expr, Graph, Isa, Plan, Scalar, State, StateError, Step,
};
use chainrule_nn::{Layers, Network, binary_cross_entropy};

use crate::TrainError;
use crate::batches::BatchView;
use crate::optimizer::{
    Gradient, Gradients, InitialValue, Optimizer, Role, SearchPlans, SearchSteps, Updates,
};

/// Plans that share one state.
#[derive(Clone, Debug)]
pub(crate) struct Plans<T: Scalar> {
    /// Loss of a batch, then the update; or with a line search loss and gradient.
    pub(crate) step: Plan<T>,
    /// The rest of a line search, if the optimiser has one.
    pub(crate) search: Option<SearchPlans<T>>,
    /// The logits.
    pub(crate) forward: Plan<T>,
    /// Everything in between, in the order of [`observed`](Plans::observed).
    pub(crate) observe: Plan<T>,
    /// What the outputs of `observe` are.
    pub(crate) observed: Vec<Observed>,
    initial: Vec<InitialValue>,
    weighted: bool,
}

/// A value that the observing plan gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Observed {
    /// The layer, from 1.
    pub(crate) layer: usize,
    /// Its name in the method: `z2`, `a2`, `J`, `∂J/∂W2`.
    pub(crate) name: String,
    /// Rows of the matrix.
    pub(crate) rows: usize,
}

impl<T: Scalar> Plans<T> {
    /// Compiles the training of a checked network.
    pub(crate) fn compile(
        network: &Network,
        optimizer: &dyn Optimizer,
        weighted: bool,
        isa: Isa,
    ) -> Result<Plans<T>, CompileError> {
        let graph = Graph::new();
        let written = Written::new(&graph, network, weighted);
        let (observe, observed) = written.observe(network);
        let forward = Step::returns(written.layers.logits());
        let mut search = None;
        let (step, initial) = match written.search(network, optimizer) {
            None => written.step(network, optimizer),
            Some(steps) => {
                let steps = search.insert(steps);
                (steps.evaluate.clone(), steps.initial.clone())
            }
        };
        let mut steps = vec![&step, &forward, &observe];
        steps.extend(search.iter().flat_map(SearchSteps::others));
        let mut plans = graph.compile_together::<T>(&steps, isa)?;
        let others = plans.split_off(3);
        let (Some(observe), Some(forward), Some(step)) = (plans.pop(), plans.pop(), plans.pop())
        else {
            unreachable!("a plan for each of the three steps");
        };
        Ok(Plans {
            step,
            search: search.map(|_| SearchPlans::of(others)),
            forward,
            observe,
            observed,
            initial,
            weighted,
        })
    }

    /// The state before the first step.
    pub(crate) fn state(&self, parameters: &[T]) -> Result<State<T>, StateError> {
        let mut state = self.step.state();
        state.write_parameters(parameters)?;
        for InitialValue { slot, value } in &self.initial {
            state.set(slot, &[T::from_f64(*value)])?;
        }
        Ok(state)
    }

    /// Calls `run` with the inputs of a step over a batch.
    pub(crate) fn with_inputs<R>(
        &self,
        batch: BatchView<'_, T>,
        learning_rate: T,
        run: impl FnOnce(&[&[T]]) -> R,
    ) -> R {
        let rate = [learning_rate];
        match batch.weights {
            Some(weights) if self.weighted => run(&[batch.x, batch.y, weights, &rate]),
            _ => run(&[batch.x, batch.y, &rate]),
        }
    }

    /// Which output of `observe` the activations of a layer (from 0) are.
    pub(crate) fn activations(&self, layer: usize) -> usize {
        2 * layer + 1
    }

    /// Which output of `observe` the gradient of a layer's weights is, `∂J/∂W`.
    pub(crate) fn weight_gradient(&self, layer: usize) -> usize {
        // Two values of each layer, the loss, then from the last layer on the gradients of its bias and its weights.
        let layers = self.observed.len() / 4;
        2 * layers + 1 + 2 * (layers - 1 - layer) + 1
    }

    /// Calls `run` with the inputs of the observing plan.
    pub(crate) fn with_observed_inputs<R>(
        &self,
        batch: BatchView<'_, T>,
        run: impl FnOnce(&[&[T]]) -> R,
    ) -> R {
        match batch.weights {
            Some(weights) if self.weighted => run(&[batch.x, batch.y, weights]),
            _ => run(&[batch.x, batch.y]),
        }
    }
}

/// A training step as text, in the words of the method: from `z = W a + b` to `w := w − α ∂J/∂w`.
///
/// # Errors
/// [`CompileError`] if the optimiser writes an update that does not fit its parameter.
///
/// ```
/// use chainrule_nn::Network;
/// use chainrule_trainer::{Sgd, explain_step};
///
/// println!("{}", explain_step(&Network::classifier(2, &[2]), &Sgd)?);
/// # Ok::<(), chainrule_autodiff::CompileError>(())
/// ```
pub fn explain_step(network: &Network, optimizer: &dyn Optimizer) -> Result<String, CompileError> {
    let graph = Graph::new();
    let written = Written::new(&graph, network, false);
    let text = match written.search(network, optimizer) {
        None => written.step(network, optimizer).0.to_string(),
        Some(steps) => steps.explain(),
    };
    match graph.error() {
        Some(error) => Err(error),
        None => Ok(text),
    }
}

/// A training step compiled as [`train()`](crate::train()) compiles it, and the state before the first one: to look at, to measure, or to drive by a loop of
/// one's own.
///
/// Its inputs are the rows (features × rows), their labels, and the learning rate; its output is the loss of the batch before the update.
///
/// # Errors
/// [`TrainError`] if the number of parameters is not the network's, or the optimiser writes an update that does not fit its parameter.
///
/// ```
/// use chainrule_autodiff::{Isa, Team};
/// use chainrule_nn::{Initializer, Network, Precision};
/// use chainrule_trainer::{Adam, compile_step};
///
/// let network = Network::classifier(2, &[3]);
/// let first = network.initial_parameters(Initializer::default(), 7, Precision::F64).to_vec();
/// let (plan, mut state) = compile_step::<f64>(&network, &Adam::default(), &first, Isa::detect())?;
/// let mut workspace = plan.workspace(4, 1);
/// let (x, y) = ([0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0], [0.0, 1.0, 1.0, 1.0]);
/// let mut losses = Vec::new();
/// for _ in 0..50 {
///     plan.run(&mut state, &[&x[..], &y[..], &[0.1]], &mut workspace, &Team::solo())?;
///     losses.push(workspace.output(0)[0]);
/// }
/// assert!(losses[49] < losses[0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn compile_step<T: Scalar>(
    network: &Network,
    optimizer: &dyn Optimizer,
    first: &[T],
    isa: Isa,
) -> Result<(Plan<T>, State<T>), TrainError> {
    if first.len() != network.parameter_count() {
        return Err(TrainError::ParameterCount {
            expected: network.parameter_count(),
            found: first.len(),
        });
    }
    let plans = Plans::compile(network, optimizer, false, isa)?;
    let state = plans.state(first)?;
    Ok((plans.step, state))
}

/// A network in a graph, with its loss.
struct Written<'g> {
    graph: &'g Graph,
    layers: Layers<'g>,
    loss: Expr<'g>,
    gradients: Vec<Expr<'g>>,
}

impl<'g> Written<'g> {
    fn new(graph: &'g Graph, network: &Network, weighted: bool) -> Written<'g> {
        let layers = network.build(graph);
        let y = graph.input("y", (1, BATCH));
        let weights = weighted.then(|| graph.input("w", (1, BATCH)));
        let loss = binary_cross_entropy(layers.output(), y, weights).named("J");
        let gradients = graph.gradients(loss, &layers.parameters);
        Written {
            graph,
            layers,
            loss,
            gradients,
        }
    }

    fn step(&self, network: &Network, optimizer: &dyn Optimizer) -> (Step<'g>, Vec<InitialValue>) {
        let rate = self.graph.scalar("α");
        let mut updates = Updates::new(self.graph);
        let gradients = optimizer.prepare(self.gradients());
        for (shape, gradient) in network.parameters().iter().zip(gradients.iter()) {
            let (w, dw) = (gradient.parameter, gradient.gradient);
            updates.add(&shape.name, w, |memory| {
                optimizer.update(w, dw, rate, memory)
            });
        }
        updates.finish(Step::returns(self.loss))
    }

    /// The steps of the optimiser's line search, if it has one.
    fn search(&self, network: &Network, optimizer: &dyn Optimizer) -> Option<SearchSteps<'g>> {
        let rule = optimizer.line_search()?;
        let gradients = optimizer.prepare(self.gradients());
        let names = network.parameters().into_iter().map(|shape| shape.name);
        let names: Vec<String> = names.collect();
        let (graph, loss) = (self.graph, self.loss);
        Some(SearchSteps::write(graph, &names, loss, &gradients, rule))
    }

    fn gradients(&self) -> Gradients<'g> {
        let both = self.layers.parameters.iter().zip(&self.gradients);
        // Each layer has weights and a bias.
        let roles = [Role::Weight, Role::Bias].into_iter().cycle();
        let all = both
            .zip(roles)
            .map(|((&parameter, &gradient), role)| Gradient {
                role,
                parameter,
                gradient,
            });
        Gradients::new(all.collect())
    }

    /// Every value between the input and the update, in the order in which it is computed.
    fn observe(&self, network: &Network) -> (Step<'g>, Vec<Observed>) {
        let mut step = Step::of(self.graph);
        let mut observed = Vec::new();
        let mut add = |expr: Expr<'g>, layer: usize, name: String, rows: usize| {
            step = step.clone().output(expr);
            observed.push(Observed { layer, name, rows });
        };
        let layers = network.layers.len();
        for (at, layer) in network.layers.iter().enumerate() {
            let i = at + 1;
            add(self.layers.z[at], i, format!("z{i}"), layer.units);
            add(self.layers.a[at], i, format!("a{i}"), layer.units);
        }
        add(self.loss, layers, "J".to_owned(), 1);
        for at in (0..layers).rev() {
            let (i, units) = (at + 1, network.layers[at].units);
            add(self.gradients[2 * at + 1], i, format!("∂J/∂b{i}"), units);
            add(self.gradients[2 * at], i, format!("∂J/∂W{i}"), units);
        }
        (step, observed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs_of_the_observing_plan_are_where_they_are_said_to_be() -> Result<(), CompileError> {
        let network = Network::classifier(3, &[4, 2]);
        let plans = Plans::<f32>::compile(&network, &crate::Sgd, false, Isa::Portable)?;
        for layer in 0..3 {
            let i = layer + 1;
            let name = |at: usize| plans.observed[at].name.clone();
            assert_eq!(name(plans.activations(layer)), format!("a{i}"));
            assert_eq!(name(plans.weight_gradient(layer)), format!("∂J/∂W{i}"));
        }
        Ok(())
    }
}
