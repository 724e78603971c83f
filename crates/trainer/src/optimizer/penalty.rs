//! Penalties for large parameters.

use super::{Description, Gradients, Optimizer, Role, hands_on};

/// Which parameters a penalty is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Penalised {
    /// The weights. A bias only moves a neuron's threshold, and is left alone.
    #[default]
    Weights,
    /// Weights and biases.
    All,
}

impl Penalised {
    fn has(self, role: Role) -> bool {
        self == Penalised::All || role == Role::Weight
    }

    /// The name under which a penalty's strength is described.
    fn name(self, weights: &'static str, all: &'static str) -> &'static str {
        match self {
            Penalised::Weights => weights,
            Penalised::All => all,
        }
    }
}

/// Adds `λ Σ |w|` to what is minimised, then does what another optimiser does: many weights end at or near zero.
///
/// `λ sign(w)` is added to each gradient, with sign(0) = 0: a weight of exactly zero is not pushed. It is a subgradient, so weights come to within a step of zero
/// and then go to and fro about it.
///
/// The losses that are reported, and the validation, are without the penalty: they can be compared between trainings. Its sum is over the penalised
/// elements of all layers, not a mean, and does not depend on the batch.
///
/// Tibshirani, "Regression Shrinkage and Selection via the Lasso" (1996).
///
/// ```
/// use chainrule_trainer::{L1, Optimizer, Penalised, Sgd};
///
/// let sparse = L1 { strength: 0.01, on: Penalised::Weights, then: Sgd };
/// assert_eq!(sparse.describe().to_string(), "sgd (l1 0.01)");
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct L1<O> {
    /// `λ`, 0 or more.
    pub strength: f64,
    /// Which parameters.
    pub on: Penalised,
    /// What is done with the gradients.
    pub then: O,
}

impl<O: Optimizer> Optimizer for L1<O> {
    hands_on!(self => self.then);

    fn describe(&self) -> Description {
        let name = self.on.name("l1", "l1_with_biases");
        self.then.describe().with(name, self.strength)
    }

    fn prepare<'g>(&self, gradients: Gradients<'g>) -> Gradients<'g> {
        let penalised = gradients.penalise(
            |role| self.on.has(role),
            |w| (self.strength * w.abs().sum(), self.strength * w.sign()),
        );
        self.then.prepare(penalised)
    }
}

/// Adds `(λ/2) Σ w²` to what is minimised, then does what another optimiser does: weights stay small.
///
/// `λ w` is added to each gradient. With plain gradient descent that is weight decay; with an optimiser that rescales gradients, such as
/// [`Adam`](crate::Adam), it is not, and [`AdamW`](crate::AdamW) is the one that decays.
///
/// The losses that are reported, and the validation, are without the penalty: they can be compared between trainings. Its sum is over the penalised
/// elements of all layers, not a mean, and does not depend on the batch.
///
/// Hoerl and Kennard, "Ridge Regression" (1970); the form with λ/2, and without biases, as in Goodfellow, Bengio and Courville, "Deep Learning" (2016), section 7.1.1.
///
/// ```
/// use chainrule_nn::Network;
/// use chainrule_trainer::{L2, Penalised, Sgd, explain_step};
///
/// let small = L2 { strength: 0.01, on: Penalised::Weights, then: Sgd };
/// println!("{}", explain_step(&Network::classifier(2, &[2]), &small)?);
/// # Ok::<(), chainrule_autodiff::CompileError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct L2<O> {
    /// `λ`, 0 or more.
    pub strength: f64,
    /// Which parameters.
    pub on: Penalised,
    /// What is done with the gradients.
    pub then: O,
}

impl<O: Optimizer> Optimizer for L2<O> {
    hands_on!(self => self.then);

    fn describe(&self) -> Description {
        let name = self.on.name("l2", "l2_with_biases");
        self.then.describe().with(name, self.strength)
    }

    fn prepare<'g>(&self, gradients: Gradients<'g>) -> Gradients<'g> {
        let penalised = gradients.penalise(
            |role| self.on.has(role),
            |w| (0.5 * self.strength * w.square().sum(), self.strength * w),
        );
        self.then.prepare(penalised)
    }
}

#[cfg(test)]
mod tests {
    use chainrule_autodiff::{Graph, Isa, Step, Team};

    use super::*;
    use crate::Sgd;
    use crate::optimizer::Gradient;

    const VALUES: [f64; 5] = [1.5, 0.0, -2.0, -0.0, 0.25];

    /// The penalty of [`VALUES`], what was added to their gradient, and what the engine derives from the penalty.
    fn both(optimizer: &dyn Optimizer, role: Role) -> Option<(f64, Vec<f64>, Vec<f64>)> {
        let g = Graph::new();
        let w = g.param("W", (1, VALUES.len()));
        let gradients = Gradients::new(vec![Gradient {
            role,
            parameter: w,
            gradient: 0.0 * w,
        }]);
        let prepared = optimizer.prepare(gradients);
        let penalty = prepared.penalty()?;
        let added = prepared.iter().next().expect("a gradient").gradient;
        let [derived] = g.grad(penalty, [w]);
        let step = Step::returns(penalty).output(added).output(derived);
        let plan = g.compile::<f64>(step, Isa::detect()).expect("a sound step");
        let mut state = plan.state();
        state.write_parameters(&VALUES).expect("the values");
        let mut workspace = plan.workspace(1, 1);
        plan.eval(&state, &[], &mut workspace, &Team::solo())
            .expect("a run");
        let output = |at| workspace.output(at).to_vec();
        Some((output(0)[0], output(1), output(2)))
    }

    #[test]
    fn what_is_added_to_a_gradient_is_the_derivative_of_the_penalty() {
        let l1 = L1 {
            strength: 0.5,
            on: Penalised::Weights,
            then: Sgd,
        };
        let (value, added, derived) = both(&l1, Role::Weight).expect("a penalty");
        assert_eq!(value, 0.5 * 3.75);
        assert_eq!(added, [0.5, 0.0, -0.5, 0.0, 0.5]);
        assert_eq!(added, derived);
        assert!(both(&l1, Role::Bias).is_none());

        let l2 = L2 {
            strength: 0.5,
            on: Penalised::All,
            then: l1,
        };
        let (value, added, derived) = both(&l2, Role::Bias).expect("a penalty");
        assert_eq!(value, 0.25 * (2.25 + 4.0 + 0.0625));
        assert_eq!(added, [0.75, 0.0, -1.0, 0.0, 0.125]);
        assert_eq!(added, derived);
        let (value, ..) = both(&l2, Role::Weight).expect("a penalty");
        assert_eq!(value, 0.25 * 6.3125 + 0.5 * 3.75);
    }
}
