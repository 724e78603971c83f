//! Adam.

use chainrule_autodiff::Expr;

use super::{Description, Memory, Optimizer};

/// Adam: Kingma and Ba, "Adam: A Method for Stochastic Optimization" (2015), algorithm 1.
///
/// ```text
/// m := β₁ m + (1 − β₁) g          g = ∂J/∂w
/// v := β₂ v + (1 − β₂) g²
/// w := w − (α / (1 − β₁ᵗ)) m / (√(v / (1 − β₂ᵗ)) + ε)
/// ```
///
/// The powers β₁ᵗ and β₂ᵗ are kept as state and multiplied on by each step, divisions and the square root are exact, and the
/// operations are carried out as written, from left to right.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adam {
    /// `β₁`: how much of the mean gradient is kept.
    pub beta1: f64,
    /// `β₂`: how much of the mean squared gradient is kept.
    pub beta2: f64,
    /// `ε`: what keeps the divisor from zero.
    pub epsilon: f64,
}

impl Default for Adam {
    /// The paper's: 0.9, 0.999 and 1e-8.
    fn default() -> Adam {
        Adam {
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
        }
    }
}

impl Optimizer for Adam {
    fn update<'g>(
        &self,
        parameter: Expr<'g>,
        gradient: Expr<'g>,
        learning_rate: Expr<'g>,
        memory: &mut Memory<'g>,
    ) -> Expr<'g> {
        let Adam {
            beta1,
            beta2,
            epsilon,
        } = *self;
        let mean = memory.slot("m", |m| beta1 * m + (1.0 - beta1) * gradient);
        let square = memory.slot("v", |v| beta2 * v + (1.0 - beta2) * gradient.square());
        let power1 = memory.shared("β₁ᵗ", 1.0, |power| beta1 * power);
        let power2 = memory.shared("β₂ᵗ", 1.0, |power| beta2 * power);

        let rate = learning_rate / (1.0 - power1);
        let spread = (square / (1.0 - power2)).sqrt();
        parameter - rate * mean / (spread + epsilon)
    }

    fn describe(&self) -> Description {
        let settings = [
            ("beta1", self.beta1),
            ("beta2", self.beta2),
            ("epsilon", self.epsilon),
        ];
        Description::new("adam", &settings)
    }
}
