//! Adam with weight decay of its own.

use chainrule_autodiff::Expr;

use super::{Adam, Description, Memory, Optimizer};

/// Adam with decoupled weight decay: `w := w − α λ w`, then a step of [`Adam`].
///
/// Loshchilov and Hutter, "Decoupled Weight Decay Regularization" (2019), algorithm 2, in the form of PyTorch's `AdamW`. All parameters decay, biases too.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamW {
    /// `λ`: what part of a parameter a step of length 1 takes away.
    pub weight_decay: f64,
    /// The rest.
    pub adam: Adam,
}

impl Default for AdamW {
    /// A decay of 0.01, and Adam's defaults.
    fn default() -> AdamW {
        AdamW {
            weight_decay: 0.01,
            adam: Adam::default(),
        }
    }
}

impl Optimizer for AdamW {
    fn update<'g>(
        &self,
        parameter: Expr<'g>,
        gradient: Expr<'g>,
        learning_rate: Expr<'g>,
        memory: &mut Memory<'g>,
    ) -> Expr<'g> {
        let kept = parameter * (1.0 - learning_rate * self.weight_decay);
        self.adam.update(kept, gradient, learning_rate, memory)
    }

    fn describe(&self) -> Description {
        let adam = self.adam.describe().settings;
        Description {
            name: "adamw".to_owned(),
            settings: std::iter::once(("weight_decay".to_owned(), self.weight_decay))
                .chain(adam)
                .collect(),
        }
    }
}
