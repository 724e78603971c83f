//! Elements of gradients kept within bounds.

use super::{Description, Gradients, Optimizer, hands_on};

/// Clips each element of a gradient to `[−limit, limit]`, then does what another optimiser does.
///
/// ```
/// use chainrule_trainer::{ClipByValue, Momentum, Optimizer};
///
/// let clipped = ClipByValue { limit: 0.5, then: Momentum::default() };
/// assert_eq!(clipped.describe().to_string(), "momentum (momentum 0.9, clip_value 0.5)");
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClipByValue<O> {
    /// The largest absolute value of an element of a gradient; positive.
    pub limit: f64,
    /// What is done with the clipped gradients.
    pub then: O,
}

impl<O: Optimizer> Optimizer for ClipByValue<O> {
    hands_on!(self => self.then);

    fn describe(&self) -> Description {
        self.then.describe().with("clip_value", self.limit)
    }

    fn prepare<'g>(&self, gradients: Gradients<'g>) -> Gradients<'g> {
        let clipped = gradients.map(|gradient| gradient.clamp(-self.limit, self.limit));
        self.then.prepare(clipped)
    }
}
