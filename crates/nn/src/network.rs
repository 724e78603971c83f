//! A network as plain data, and the graph that it builds.

use std::fmt;

use chainrule_autodiff::{BATCH, Expr, Graph};
use serde::{Deserialize, Serialize};

use crate::Activation;

/// A network of dense layers, one after the other: the number of inputs and the layers. Plain data: it holds no parameters.
///
/// Layer i (from 1) computes `z_i = W_i a_(i−1) + b_i` and `a_i = f(z_i)`, where `a_0` is the input `x`. A sample is a column:
/// `x` is features × batch, `W_i` outputs × inputs, `b_i` outputs.
///
/// ```
/// use chainrule_nn::{Activation::Sigmoid, Network};
///
/// let network = Network::inputs(30).dense(16, Sigmoid).dense(8, Sigmoid).dense(1, Sigmoid);
/// assert_eq!(network.parameter_count(), 30 * 16 + 16 + 16 * 8 + 8 + 8 + 1);
/// assert_eq!(network.to_string(), "30 → 16 sigmoid → 8 sigmoid → 1 sigmoid");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "Stored", try_from = "Stored")]
pub struct Network {
    /// Features of a sample.
    pub inputs: usize,
    /// The layers, from the first hidden one to the output.
    pub layers: Vec<Dense>,
}

/// A dense layer: every output is connected with every input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Dense {
    /// Neurons, which are the outputs.
    pub units: usize,
    /// What is done to their weighted sums.
    pub activation: Activation,
}

/// The shape of a parameter: a weight matrix or a bias.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParameterShape {
    /// `W1`, `b1`, `W2`, … in the order of the layers.
    pub name: String,
    /// Outputs of the layer.
    pub rows: usize,
    /// Inputs of the layer, or 1 of a bias.
    pub cols: usize,
}

impl ParameterShape {
    /// The number of elements.
    pub fn len(&self) -> usize {
        self.rows * self.cols
    }

    /// Never: a parameter of a checked network has elements.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Why numbers of inputs and neurons are no network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NetworkError {
    /// There are no inputs.
    #[error("the network has no inputs: give it one feature or more")]
    NoInputs,
    /// There is no layer.
    #[error("the network has no layers: end it with .dense(1, Sigmoid)")]
    NoLayers,
    /// A layer has no neurons.
    #[error("layer {layer} has no neurons: give it one or more, or leave it out")]
    EmptyLayer {
        /// The layer, from 1.
        layer: usize,
    },
    /// More layers than any network of use has.
    #[error("the network has {found} layers, and {MAX_LAYERS} are the most")]
    TooManyLayers {
        /// How many there are.
        found: usize,
    },
    /// More parameters than can be counted, let alone kept.
    #[error("the network has more than {MAX_PARAMETERS} parameters; make its layers smaller")]
    TooLarge,
    /// The output is not one probability.
    #[error(
        "the output layer is {units} {activation}: a binary classifier ends in .dense(1, Sigmoid)"
    )]
    NotBinary {
        /// Its neurons.
        units: usize,
        /// Its activation.
        activation: Activation,
    },
}

/// The most layers that a network may have, so that a forged file can't ask for millions.
pub const MAX_LAYERS: usize = 1 << 12;

/// The most parameters that a network may have: as many `f64` as the largest model file holds.
pub const MAX_PARAMETERS: usize = 1 << 29;

impl Network {
    /// A network of so many inputs, still without layers.
    #[must_use]
    pub fn inputs(inputs: usize) -> Network {
        Network {
            inputs,
            layers: Vec::new(),
        }
    }

    /// Adds a dense layer at the end.
    #[must_use]
    pub fn dense(mut self, units: usize, activation: Activation) -> Network {
        self.layers.push(Dense { units, activation });
        self
    }

    /// A binary classifier: hidden sigmoid layers of the given sizes, then one sigmoid neuron.
    ///
    /// ```
    /// use chainrule_nn::Network;
    /// assert_eq!(Network::classifier(2, &[3]).to_string(), "2 → 3 sigmoid → 1 sigmoid");
    /// ```
    #[must_use]
    pub fn classifier(inputs: usize, hidden: &[usize]) -> Network {
        hidden
            .iter()
            .fold(Network::inputs(inputs), |network, &units| {
                network.dense(units, Activation::Sigmoid)
            })
            .dense(1, Activation::Sigmoid)
    }

    /// Makes sure that there is something to build.
    ///
    /// # Errors
    /// [`NetworkError`] if there are no inputs or layers, a layer is empty, or layers or parameters are too many
    /// ([`MAX_LAYERS`], [`MAX_PARAMETERS`]).
    pub fn check(&self) -> Result<(), NetworkError> {
        if self.inputs == 0 {
            return Err(NetworkError::NoInputs);
        }
        if self.layers.is_empty() {
            return Err(NetworkError::NoLayers);
        }
        if self.layers.len() > MAX_LAYERS {
            let found = self.layers.len();
            return Err(NetworkError::TooManyLayers { found });
        }
        if let Some(at) = self.layers.iter().position(|layer| layer.units == 0) {
            return Err(NetworkError::EmptyLayer { layer: at + 1 });
        }
        let mut total = 0usize;
        let mut inputs = self.inputs;
        for layer in &self.layers {
            let added = inputs
                .checked_add(1)
                .and_then(|n| n.checked_mul(layer.units));
            total = added
                .and_then(|added| total.checked_add(added))
                .filter(|&total| total <= MAX_PARAMETERS)
                .ok_or(NetworkError::TooLarge)?;
            inputs = layer.units;
        }
        Ok(())
    }

    /// [`check`](Network::check), and that the output is one sigmoid neuron: a probability.
    ///
    /// # Errors
    /// Those of [`check`](Network::check), and [`NetworkError::NotBinary`].
    pub fn check_binary(&self) -> Result<(), NetworkError> {
        self.check()?;
        match self.layers.last() {
            Some(&Dense {
                units: 1,
                activation: Activation::Sigmoid,
            }) => Ok(()),
            Some(&Dense { units, activation }) => {
                Err(NetworkError::NotBinary { units, activation })
            }
            None => Err(NetworkError::NoLayers),
        }
    }

    /// The parameters in the order of the flat vector: `W1`, `b1`, `W2`, `b2`, …
    ///
    /// The network must have passed [`check`](Network::check).
    pub fn parameters(&self) -> Vec<ParameterShape> {
        let mut inputs = self.inputs;
        let mut shapes = Vec::with_capacity(2 * self.layers.len());
        for (at, layer) in self.layers.iter().enumerate() {
            shapes.push(ParameterShape {
                name: format!("W{}", at + 1),
                rows: layer.units,
                cols: inputs,
            });
            shapes.push(ParameterShape {
                name: format!("b{}", at + 1),
                rows: layer.units,
                cols: 1,
            });
            inputs = layer.units;
        }
        shapes
    }

    /// The number of parameters: weights and biases.
    pub fn parameter_count(&self) -> usize {
        self.parameters().iter().map(ParameterShape::len).sum()
    }

    /// Writes the forward pass into a graph: an input `x`, parameters `W1`, `b1`, …, weighted sums `z1`, … and
    /// activations `a1`, …
    ///
    /// ```
    /// use chainrule_autodiff::Graph;
    /// use chainrule_nn::Network;
    ///
    /// let g = Graph::new();
    /// let layers = Network::classifier(2, &[3]).build(&g);
    /// assert_eq!(layers.x.shape().to_string(), "2 × B");
    /// assert_eq!(layers.logits().shape().to_string(), "1 × B");
    /// ```
    #[track_caller]
    pub fn build<'g>(&self, graph: &'g Graph) -> Layers<'g> {
        self.build_with(graph, |_, _| None)
    }

    /// [`build`](Network::build), with activations of one's own: `activate(i, z)` is asked of each layer, i from 0, and gives `f(z)`, or
    /// `None` for the activation that the layer has.
    ///
    /// ```
    /// use chainrule_autodiff::Graph;
    /// use chainrule_nn::{Activation::Identity, Network};
    ///
    /// let g = Graph::new();
    /// let network = Network::inputs(2).dense(3, Identity).dense(1, Identity);
    /// let layers = network.build_with(&g, |layer, z| (layer == 0).then(|| z * z.sigmoid()));
    /// assert_eq!(layers.a[0].shape().to_string(), "3 × B");
    /// ```
    #[track_caller]
    pub fn build_with<'g>(
        &self,
        graph: &'g Graph,
        mut activate: impl FnMut(usize, Expr<'g>) -> Option<Expr<'g>>,
    ) -> Layers<'g> {
        let x = graph.input("x", (self.inputs, BATCH));
        let mut layers = Layers {
            x,
            parameters: Vec::with_capacity(2 * self.layers.len()),
            z: Vec::with_capacity(self.layers.len()),
            a: Vec::with_capacity(self.layers.len()),
        };
        let (mut a, mut inputs) = (x, self.inputs);
        for (at, layer) in self.layers.iter().enumerate() {
            let i = at + 1;
            let w = graph.param(&format!("W{i}"), (layer.units, inputs));
            let b = graph.param(&format!("b{i}"), layer.units);
            let z = (w.matmul(a) + b).named(&format!("z{i}"));
            a = match (activate(at, z), layer.activation) {
                (Some(own), _) => own.named(&format!("a{i}")),
                // The identity's `a` is `z` itself and keeps that name.
                (None, Activation::Identity) => z,
                (None, activation) => activation.apply(z).named(&format!("a{i}")),
            };
            layers.parameters.extend([w, b]);
            layers.z.push(z);
            layers.a.push(a);
            inputs = layer.units;
        }
        layers
    }
}

/// A network in a graph.
#[derive(Clone, Debug)]
pub struct Layers<'g> {
    /// The input: features × batch.
    pub x: Expr<'g>,
    /// `W1`, `b1`, `W2`, `b2`, …, in the order of the flat vector.
    pub parameters: Vec<Expr<'g>>,
    /// The weighted sums of each layer: units × batch.
    pub z: Vec<Expr<'g>>,
    /// The activations of each layer: units × batch.
    pub a: Vec<Expr<'g>>,
}

impl<'g> Layers<'g> {
    /// The activations of the last layer; the input itself if there is no layer.
    pub fn output(&self) -> Expr<'g> {
        self.a.last().copied().unwrap_or(self.x)
    }

    /// The weighted sums of the last layer. Of a binary classifier these are the logits: `ln(p / (1 − p))`.
    pub fn logits(&self) -> Expr<'g> {
        self.z.last().copied().unwrap_or(self.x)
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.inputs)?;
        for layer in &self.layers {
            write!(f, " → {} {}", layer.units, layer.activation)?;
        }
        Ok(())
    }
}

/// The stored form has its own version, and is checked when it is read.
#[derive(Clone, Serialize, Deserialize)]
enum Stored {
    V1 { inputs: u64, layers: Vec<Dense> },
}

impl From<Network> for Stored {
    fn from(network: Network) -> Stored {
        Stored::V1 {
            inputs: network.inputs as u64,
            layers: network.layers,
        }
    }
}

impl TryFrom<Stored> for Network {
    type Error = NetworkError;

    fn try_from(stored: Stored) -> Result<Network, NetworkError> {
        let Stored::V1 { inputs, layers } = stored;
        let inputs = usize::try_from(inputs).map_err(|_| NetworkError::TooLarge)?;
        let network = Network { inputs, layers };
        network.check()?;
        Ok(network)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Activation::{Identity, Sigmoid};

    #[test]
    fn parameters_come_layer_by_layer() {
        let shapes = Network::inputs(3)
            .dense(2, Sigmoid)
            .dense(1, Sigmoid)
            .parameters();
        let listed: Vec<_> = shapes
            .iter()
            .map(|s| (s.name.as_str(), s.rows, s.cols))
            .collect();
        assert_eq!(
            listed,
            [("W1", 2, 3), ("b1", 2, 1), ("W2", 1, 2), ("b2", 1, 1)]
        );
    }

    #[test]
    fn what_is_no_network_is_refused() {
        use NetworkError as E;
        assert_eq!(
            Network::inputs(0).dense(1, Sigmoid).check(),
            Err(E::NoInputs)
        );
        assert_eq!(Network::inputs(2).check(), Err(E::NoLayers));
        let empty = Network::inputs(2).dense(3, Sigmoid).dense(0, Sigmoid);
        assert_eq!(empty.check(), Err(E::EmptyLayer { layer: 2 }));
        for (inputs, units) in [(usize::MAX, 1), (1, usize::MAX), (1 << 20, 1 << 20)] {
            let huge = Network::inputs(inputs).dense(units, Sigmoid);
            assert_eq!(huge.check(), Err(E::TooLarge));
        }
        let deep = Network::classifier(1, &[1; MAX_LAYERS]);
        assert_eq!(
            deep.check(),
            Err(E::TooManyLayers {
                found: MAX_LAYERS + 1
            })
        );
        let two = Network::inputs(2).dense(2, Sigmoid);
        assert_eq!(
            two.check_binary(),
            Err(E::NotBinary {
                units: 2,
                activation: Sigmoid
            })
        );
        assert_eq!(Network::classifier(2, &[]).check_binary(), Ok(()));
    }

    #[test]
    fn a_graph_without_mistakes_is_built() {
        let g = Graph::new();
        let layers = Network::inputs(4)
            .dense(3, Sigmoid)
            .dense(2, Identity)
            .build(&g);
        assert_eq!(g.error(), None);
        assert_eq!(layers.parameters.len(), 4);
        assert_eq!(layers.z[0].shape().to_string(), "3 × B");
        assert_eq!(layers.output().shape().to_string(), "2 × B");
    }
}
