//! L-BFGS.

mod graph;
mod search;
mod searcher;
#[cfg(test)]
mod trajectories;

use chainrule_autodiff::Expr;

use super::{Description, Memory, Optimizer};

pub(crate) use graph::{SearchPlans, SearchSteps};
pub(crate) use searcher::{Iteration, Searcher};

/// L-BFGS: each iteration goes along a direction that knows the curvature of the last few steps, as far as a line search finds good.
///
/// ```text
/// d = −H ∂J/∂w                          H from the last steps s and the changes y of the gradient in them (two-loop recursion)
/// t : J(w + t d) ≤ J(w) + c₁ t ∂J/∂w·d   and   |∂J/∂w(w + t d)·d| ≤ c₂ |∂J/∂w·d|
/// w := w + t d
/// ```
///
/// Nocedal and Wright, "Numerical Optimization" (2006): algorithms 7.4 and 7.5 for the direction, 3.5 and 3.6 with the cubic interpolation 3.59 for t, with c₁ = 10⁻⁴ and c₂ = 0.9.
/// The first step, the bounds of the interpolation and the tests of convergence are those of PyTorch's `LBFGS` with `strong_wolfe`.
///
/// It needs all rows in every step ([`Batch::Full`](crate::Batch)), in the order given, and gradients that are derivatives: penalties go with it (L1, whose derivative jumps at 0, may end a search
/// early), clipping does not. **An epoch is one
/// iteration**: a direction, and as many evaluations of loss and gradient as its search takes, mostly one or two. The learning rate is the length that each search tries first;
/// [`learning_rate`](crate::TrainConfig::learning_rate) should be 1. When nothing can be gained any more the training ends with [`Outcome::Converged`](crate::Outcome).
///
/// ```
/// use chainrule_nn::{Initializer, Network, Precision};
/// use chainrule_trainer::{Batch, Lbfgs, Outcome, Samples, Silent, Surroundings, TrainConfig, train};
///
/// let network = Network::classifier(2, &[4]);
/// // From some first weights, as those of seed 7, it ends in a local minimum.
/// let first = network.initial_parameters(Initializer::default(), 1, Precision::F64);
/// let xor = Samples {
///     features: 2,
///     x: vec![0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0],
///     y: vec![0.0, 1.0, 1.0, 0.0],
///     weights: None,
/// };
/// let config = TrainConfig { epochs: 200, batch: Batch::Full, learning_rate: 1.0, ..TrainConfig::default() };
/// let around = Surroundings { observer: &mut Silent, cancel: None };
/// let trained = train::<f64>(&network, &first.to_vec(), &Lbfgs::default(), &xor, None, &config, around)?;
/// assert_eq!(trained.outcome, Outcome::Converged);
/// assert!(trained.history.last().unwrap().train_loss < 1e-5);
/// # Ok::<(), chainrule_trainer::TrainError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lbfgs {
    /// How many steps it remembers; from 1 to [`MOST_HISTORY`](Lbfgs::MOST_HISTORY). Each takes the memory of the parameters twice.
    pub history: usize,
    /// The most evaluations in a search after its first one; 1 or more.
    pub evaluations: usize,
    /// Converged when no element of the gradient is larger.
    pub gradient_tolerance: f64,
    /// Converged when a step changes the loss by less, or no parameter by more, or when the direction leads down no steeper.
    pub change_tolerance: f64,
}

impl Lbfgs {
    /// The most steps that it can remember: each of them is a part of the plan.
    pub const MOST_HISTORY: usize = 1000;
}

impl Default for Lbfgs {
    /// 10 steps, 25 evaluations, and PyTorch's tolerances: 1e-7 and 1e-9.
    fn default() -> Lbfgs {
        Lbfgs {
            history: 10,
            evaluations: 25,
            gradient_tolerance: 1e-7,
            change_tolerance: 1e-9,
        }
    }
}

impl Optimizer for Lbfgs {
    /// A step along the first direction, the steepest. A training does not use it: [`line_search`](Optimizer::line_search) takes its place.
    fn update<'g>(
        &self,
        parameter: Expr<'g>,
        gradient: Expr<'g>,
        learning_rate: Expr<'g>,
        _: &mut Memory<'g>,
    ) -> Expr<'g> {
        parameter - learning_rate * gradient
    }

    fn describe(&self) -> Description {
        let settings = [
            ("history", self.history as f64),
            ("evaluations", self.evaluations as f64),
            ("gradient_tolerance", self.gradient_tolerance),
            ("change_tolerance", self.change_tolerance),
        ];
        Description::new("lbfgs", &settings)
    }

    fn line_search(&self) -> Option<Lbfgs> {
        Some(*self)
    }
}
