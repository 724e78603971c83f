//! Gradient descent with Nesterov's momentum.

use chainrule_autodiff::Expr;

use super::{Description, Memory, Optimizer};

/// Gradient descent with Nesterov's momentum: `v := μ v + ∂J/∂w`, then `w := w − α (∂J/∂w + μ v)`.
///
/// Nesterov, "A method for solving the convex programming problem with convergence rate O(1/k²)" (1983), in the form of PyTorch's `SGD` with
/// `nesterov`: the gradient is taken where the parameters are, and the step looks one velocity ahead.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Nesterov {
    /// `μ`: how much of the velocity is kept, from 0 (plain gradient descent) to below 1.
    pub momentum: f64,
}

impl Default for Nesterov {
    /// A momentum of 0.9.
    fn default() -> Nesterov {
        Nesterov { momentum: 0.9 }
    }
}

impl Optimizer for Nesterov {
    fn update<'g>(
        &self,
        parameter: Expr<'g>,
        gradient: Expr<'g>,
        learning_rate: Expr<'g>,
        memory: &mut Memory<'g>,
    ) -> Expr<'g> {
        let velocity = memory.slot("v", |v| self.momentum * v + gradient);
        parameter - learning_rate * (gradient + self.momentum * velocity)
    }

    fn describe(&self) -> Description {
        Description::new("nesterov", &[("momentum", self.momentum)])
    }
}
