//! Gradient descent with momentum.

use chainrule_autodiff::Expr;

use super::{Description, Memory, Optimizer};

/// Gradient descent with a velocity: `v := μ v + ∂J/∂w`, then `w := w − α v`.
///
/// Polyak, "Some methods of speeding up the convergence of iteration methods" (1964), in the form of PyTorch's `SGD`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Momentum {
    /// `μ`: how much of the velocity is kept, from 0 (plain gradient descent) to below 1.
    pub momentum: f64,
}

impl Default for Momentum {
    /// A momentum of 0.9.
    fn default() -> Momentum {
        Momentum { momentum: 0.9 }
    }
}

impl Optimizer for Momentum {
    fn update<'g>(
        &self,
        parameter: Expr<'g>,
        gradient: Expr<'g>,
        learning_rate: Expr<'g>,
        memory: &mut Memory<'g>,
    ) -> Expr<'g> {
        let velocity = memory.slot("v", |v| self.momentum * v + gradient);
        parameter - learning_rate * velocity
    }

    fn describe(&self) -> Description {
        Description::new("momentum", &[("momentum", self.momentum)])
    }
}
