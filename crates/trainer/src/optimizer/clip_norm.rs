//! The norm of all gradients kept within a bound.

use super::{Description, Gradients, Optimizer, hands_on};

/// Makes the gradients shorter where their norm is above a limit, then does what another optimiser does.
///
/// ```text
/// n = √(Σ g²)                              over all elements of the gradients of all parameters, biases too
/// g := g · min(1, limit / (n + 10⁻⁶))      the same factor for all of them
/// ```
///
/// The direction stays as it is. Pascanu, Mikolov and Bengio, "On the difficulty of training recurrent neural networks" (2013), algorithm 1, in
/// the form of PyTorch's `clip_grad_norm_`, which brings in the 10⁻⁶.
///
/// The squares are added in the plan's precision: in `f32`, gradients of 10¹⁹ and more overflow them, the factor is 0, and the step goes nowhere.
///
/// ```
/// use chainrule_trainer::{Adam, ClipByNorm, Optimizer};
///
/// let clipped = ClipByNorm { limit: 1.0, then: Adam::default() };
/// assert_eq!(clipped.describe().settings.last(), Some(&("clip_norm".to_owned(), 1.0)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClipByNorm<O> {
    /// The largest norm; positive.
    pub limit: f64,
    /// What is done with the clipped gradients.
    pub then: O,
}

/// What is added to the norm.
const SMALL: f64 = 1e-6;

impl<O: Optimizer> Optimizer for ClipByNorm<O> {
    hands_on!(self => self.then);

    fn describe(&self) -> Description {
        self.then.describe().with("clip_norm", self.limit)
    }

    fn prepare<'g>(&self, gradients: Gradients<'g>) -> Gradients<'g> {
        // Added in the order of the parameters, as the numbers contract has it.
        let squares = gradients.iter().map(|g| g.gradient.square().sum());
        let clipped = match squares.reduce(|a, b| a + b) {
            None => gradients,
            Some(square) => {
                let norm = square.sqrt().named("‖∂J‖");
                let factor = (self.limit / (norm + SMALL)).minimum(1.0);
                gradients.map(|gradient| gradient * factor)
            }
        };
        self.then.prepare(clipped)
    }
}
