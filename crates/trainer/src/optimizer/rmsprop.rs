//! RMSprop.

use chainrule_autodiff::Expr;

use super::{Description, Memory, Optimizer};

/// RMSprop: each gradient divided by the root of its mean square.
///
/// Tieleman and Hinton, "Neural Networks for Machine Learning", lecture 6e (2012), in the form of PyTorch's `RMSprop`:
///
/// ```text
/// v := ρ v + (1 − ρ) g²          g = ∂J/∂w
/// w := w − α g / (√v + ε)
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RmsProp {
    /// `ρ`: how much of the mean square is kept.
    pub decay: f64,
    /// `ε`: what keeps the divisor from zero.
    pub epsilon: f64,
}

impl Default for RmsProp {
    /// 0.99 and 1e-8.
    fn default() -> RmsProp {
        RmsProp {
            decay: 0.99,
            epsilon: 1e-8,
        }
    }
}

impl Optimizer for RmsProp {
    fn update<'g>(
        &self,
        parameter: Expr<'g>,
        gradient: Expr<'g>,
        learning_rate: Expr<'g>,
        memory: &mut Memory<'g>,
    ) -> Expr<'g> {
        let RmsProp { decay, epsilon } = *self;
        let square = memory.slot("v", |v| decay * v + (1.0 - decay) * gradient.square());
        parameter - learning_rate * gradient / (square.sqrt() + epsilon)
    }

    fn describe(&self) -> Description {
        Description::new(
            "rmsprop",
            &[("decay", self.decay), ("epsilon", self.epsilon)],
        )
    }
}
