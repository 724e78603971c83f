//! Activation functions.

use std::fmt;
use std::str::FromStr;

use chainrule_autodiff::Expr;
use serde::{Deserialize, Serialize};

/// What a layer does to its weighted sums `z`: `a = f(z)`, element by element.
///
/// ```
/// use chainrule_autodiff::Graph;
/// use chainrule_nn::Activation;
///
/// let g = Graph::new();
/// let z = g.input("z", 3);
/// assert_eq!(Activation::Sigmoid.apply(z).shape(), z.shape());
/// assert_eq!("tanh".parse(), Ok(Activation::Tanh));
/// ```
// Model files hold the position of a variant: new ones go to the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Activation {
    /// `z` itself.
    Identity,
    /// The logistic sigmoid, `σ(z) = 1 / (1 + e^-z)`, in (0, 1).
    Sigmoid,
    /// The hyperbolic tangent, in (−1, 1).
    Tanh,
    /// `max(z, 0)`.
    Relu,
    /// `ln(1 + e^z)`, a smooth `max(z, 0)`.
    Softplus,
}

impl Activation {
    /// Every activation.
    pub const ALL: [Activation; 5] = [
        Activation::Identity,
        Activation::Sigmoid,
        Activation::Tanh,
        Activation::Relu,
        Activation::Softplus,
    ];

    /// The activations of the weighted sums `z`, of the same shape.
    #[track_caller]
    pub fn apply<'g>(self, z: Expr<'g>) -> Expr<'g> {
        match self {
            Activation::Identity => z,
            Activation::Sigmoid => z.sigmoid(),
            Activation::Tanh => z.tanh(),
            Activation::Relu => z.relu(),
            Activation::Softplus => z.softplus(),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Activation::Identity => "identity",
            Activation::Sigmoid => "sigmoid",
            Activation::Tanh => "tanh",
            Activation::Relu => "relu",
            Activation::Softplus => "softplus",
        }
    }
}

/// The name in lower case, such as `sigmoid`.
impl fmt::Display for Activation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// No activation has this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown activation {0:?}: expected one of identity, sigmoid, tanh, relu, softplus")]
pub struct UnknownActivation(pub String);

impl FromStr for Activation {
    type Err = UnknownActivation;

    fn from_str(name: &str) -> Result<Activation, UnknownActivation> {
        Activation::ALL
            .into_iter()
            .find(|activation| activation.name() == name)
            .ok_or_else(|| UnknownActivation(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back() {
        for activation in Activation::ALL {
            assert_eq!(activation.to_string().parse(), Ok(activation));
        }
        let error = "swish".parse::<Activation>().unwrap_err().to_string();
        assert!(
            error.contains("\"swish\"") && error.contains("softplus"),
            "{error}"
        );
    }
}
