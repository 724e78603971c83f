//! Gradient descent.

use chainrule_autodiff::Expr;

use super::{Description, Memory, Optimizer};

/// Gradient descent: `w := w − α ∂J/∂w`, and nothing else. Over mini-batches it is stochastic gradient descent.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sgd;

impl Optimizer for Sgd {
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
        Description::new("sgd", &[])
    }
}
