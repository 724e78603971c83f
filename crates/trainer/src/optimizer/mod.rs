//! Optimisers: values that write an update into the graph.

mod adam;
mod adamw;
mod clip_norm;
mod clip_value;
mod gradients;
mod lbfgs;
mod memory;
mod momentum;
mod named;
mod nesterov;
mod penalty;
mod rmsprop;
mod sgd;
#[cfg(test)]
mod trajectories;

use std::fmt;

use chainrule_autodiff::Expr;
use serde::{Deserialize, Serialize};

pub use adam::Adam;
pub use adamw::AdamW;
pub use clip_norm::ClipByNorm;
pub use clip_value::ClipByValue;
pub use gradients::{Gradient, Gradients, Role};
pub use lbfgs::Lbfgs;
pub(crate) use lbfgs::{Iteration, SearchPlans, SearchSteps, Searcher};
pub use memory::Memory;
pub(crate) use memory::{InitialValue, Updates};
pub use momentum::Momentum;
pub use named::{NamedOptimizer, UnknownOptimizer};
pub use nesterov::Nesterov;
pub use penalty::{L1, L2, Penalised};
pub use rmsprop::RmsProp;
pub use sgd::Sgd;

/// Turns a parameter, its gradient, what it remembers and the learning rate into the new parameter: expressions in,
/// expressions out. The whole training step, update included, is one graph and one compiled plan.
///
/// An optimiser is a value with public fields. It is called once for each parameter when a plan is compiled, and never
/// while training.
///
/// ```
/// use chainrule_autodiff::Expr;
/// use chainrule_trainer::{Description, Memory, Optimizer};
///
/// /// Gradient descent that follows only the signs: w := w − α sign(∂J/∂w).
/// #[derive(Debug)]
/// struct Signs;
///
/// impl Optimizer for Signs {
///     fn update<'g>(&self, w: Expr<'g>, dw: Expr<'g>, alpha: Expr<'g>, _: &mut Memory<'g>) -> Expr<'g> {
///         w - alpha * dw.sign()
///     }
///     fn describe(&self) -> Description {
///         Description::new("signs", &[])
///     }
/// }
/// ```
pub trait Optimizer: fmt::Debug + Send + Sync {
    /// The new value of a parameter: an expression of its shape.
    ///
    /// The learning rate is a scalar that each step is given. What must be kept from step to step lives in `memory`.
    fn update<'g>(
        &self,
        parameter: Expr<'g>,
        gradient: Expr<'g>,
        learning_rate: Expr<'g>,
        memory: &mut Memory<'g>,
    ) -> Expr<'g>;

    /// The name and the settings: they are written into the model.
    fn describe(&self) -> Description;

    /// Changes the gradients of all parameters together, before the updates: for clipping and penalties. By default they stay as they are.
    ///
    /// An optimiser that wraps another one hands them on to it when it is done with them.
    fn prepare<'g>(&self, gradients: Gradients<'g>) -> Gradients<'g> {
        gradients
    }

    /// The line search that takes the place of [`update`](Optimizer::update), if the optimiser has one: for those that have to look at the loss to know how far to go.
    ///
    /// An optimiser that wraps another one returns that of the other.
    fn line_search(&self) -> Option<Lbfgs> {
        None
    }
}

/// What an optimiser leaves to another one, as `hands_on!(self => self.then)`: the update, or the search that takes its place. That is what those leave
/// that change gradients; with `all:` before it, everything.
macro_rules! hands_on {
    ($this:ident => $other:expr) => {
        fn update<'g>(
            &$this,
            parameter: ::chainrule_autodiff::Expr<'g>,
            gradient: ::chainrule_autodiff::Expr<'g>,
            learning_rate: ::chainrule_autodiff::Expr<'g>,
            memory: &mut $crate::Memory<'g>,
        ) -> ::chainrule_autodiff::Expr<'g> {
            $other.update(parameter, gradient, learning_rate, memory)
        }

        fn line_search(&$this) -> Option<$crate::Lbfgs> {
            $other.line_search()
        }
    };
    (all: $this:ident => $other:expr) => {
        $crate::optimizer::hands_on!($this => $other);

        fn describe(&$this) -> $crate::Description {
            $other.describe()
        }

        fn prepare<'g>(&$this, gradients: $crate::Gradients<'g>) -> $crate::Gradients<'g> {
            $other.prepare(gradients)
        }
    };
}
use hands_on;

impl<O: Optimizer + ?Sized> Optimizer for Box<O> {
    hands_on!(all: self => (**self));
}

/// The name of an optimiser and its settings, as a model file keeps them.
///
/// ```
/// use chainrule_trainer::{Momentum, Optimizer};
/// assert_eq!(Momentum::default().describe().to_string(), "momentum (momentum 0.9)");
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Description {
    /// The name, in lower case.
    pub name: String,
    /// The settings in a fixed order: name and value.
    pub settings: Vec<(String, f64)>,
}

impl Description {
    /// A name and settings.
    pub fn new(name: &str, settings: &[(&str, f64)]) -> Description {
        Description {
            name: name.to_owned(),
            settings: settings
                .iter()
                .map(|&(name, value)| (name.to_owned(), value))
                .collect(),
        }
    }

    /// The same with one more setting, after the others.
    #[must_use]
    pub fn with(mut self, name: &str, value: f64) -> Description {
        self.settings.push((name.to_owned(), value));
        self
    }
}

impl fmt::Display for Description {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        for (at, (name, value)) in self.settings.iter().enumerate() {
            write!(f, "{}{name} {value}", if at == 0 { " (" } else { ", " })?;
        }
        f.write_str(if self.settings.is_empty() { "" } else { ")" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptions_name_every_setting() {
        assert_eq!(Sgd.describe().to_string(), "sgd");
        let adam = Adam {
            epsilon: 0.25,
            ..Adam::default()
        };
        let expected = "adam (beta1 0.9, beta2 0.999, epsilon 0.25)";
        assert_eq!(adam.describe().to_string(), expected);
    }
}
