//! First weights.

use std::fmt;

use chainrule_autodiff::Scalar;
use serde::{Deserialize, Serialize};

use crate::random::{Purpose, Stream};
use crate::{Network, Parameters, Precision};

/// How the first weights are drawn. Biases begin at zero.
///
/// `inputs` and `outputs` are those of the layer.
// Model files hold the position of a variant: new ones go to the end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Initializer {
    /// Evenly in ±√(6 / (inputs + outputs)): Glorot and Bengio, "Understanding the difficulty of training deep feedforward
    /// neural networks" (2010).
    #[default]
    XavierUniform,
    /// Normally with variance 2 / (inputs + outputs): the same source.
    XavierNormal,
    /// Evenly in ±√(6 / inputs): He et al., "Delving Deep into Rectifiers" (2015).
    HeUniform,
    /// Normally with variance 2 / inputs: the same source.
    HeNormal,
    /// Evenly in ±limit.
    Uniform {
        /// The largest magnitude.
        limit: f64,
    },
    /// All zero: fit for a network without hidden layers only, for neurons that begin alike stay alike.
    Zeros,
}

impl Initializer {
    fn draw(self, inputs: usize, outputs: usize, stream: &mut Stream) -> f64 {
        let (inputs, outputs) = (inputs as f64, outputs as f64);
        match self {
            Initializer::XavierUniform => stream.symmetric((6.0 / (inputs + outputs)).sqrt()),
            Initializer::XavierNormal => stream.normal() * (2.0 / (inputs + outputs)).sqrt(),
            Initializer::HeUniform => stream.symmetric((6.0 / inputs).sqrt()),
            Initializer::HeNormal => stream.normal() * (2.0 / inputs).sqrt(),
            Initializer::Uniform { limit } => stream.symmetric(limit),
            Initializer::Zeros => 0.0,
        }
    }
}

impl fmt::Display for Initializer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Initializer::XavierUniform => f.write_str("Xavier, uniform"),
            Initializer::XavierNormal => f.write_str("Xavier, normal"),
            Initializer::HeUniform => f.write_str("He, uniform"),
            Initializer::HeNormal => f.write_str("He, normal"),
            Initializer::Uniform { limit } => write!(f, "uniform in ±{limit}"),
            Initializer::Zeros => f.write_str("zeros"),
        }
    }
}

impl Network {
    /// The first parameters: weights as the initializer says, biases zero.
    ///
    /// Weights are drawn in f64, layer by layer from a stream each and column by column, and rounded once to the precision;
    /// so both precisions begin at the same point, and a layer's weights don't depend on the other layers.
    ///
    /// The network must have passed [`check`](Network::check).
    ///
    /// ```
    /// use chainrule_nn::{Initializer, Network, Precision};
    ///
    /// let network = Network::classifier(2, &[3]);
    /// let parameters = network.initial_parameters(Initializer::XavierUniform, 7, Precision::F64);
    /// let limit = (6.0f64 / (2.0 + 3.0)).sqrt();
    /// let w1 = &parameters.to_vec::<f64>()[..6];
    /// assert!(w1.iter().all(|w| w.abs() <= limit) && w1[0] != w1[1]);
    /// ```
    pub fn initial_parameters(
        &self,
        initializer: Initializer,
        seed: u64,
        precision: Precision,
    ) -> Parameters {
        match precision {
            Precision::F32 => Parameters::of(self, &draw::<f32>(self, initializer, seed)),
            Precision::F64 => Parameters::of(self, &draw::<f64>(self, initializer, seed)),
        }
    }
}

fn draw<T: Scalar>(network: &Network, initializer: Initializer, seed: u64) -> Vec<T> {
    let mut values = Vec::with_capacity(network.parameter_count());
    let mut inputs = network.inputs;
    for (at, layer) in network.layers.iter().enumerate() {
        let mut stream = Stream::new(seed, Purpose::InitialWeights, at as u64 + 1);
        let weights = (0..layer.units * inputs)
            .map(|_| T::from_f64(initializer.draw(inputs, layer.units, &mut stream)));
        values.extend(weights);
        values.extend(std::iter::repeat_n(T::ZERO, layer.units));
        inputs = layer.units;
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weights(initializer: Initializer) -> Vec<f64> {
        let network = Network::classifier(40, &[60]);
        let all = network
            .initial_parameters(initializer, 3, Precision::F64)
            .to_vec::<f64>();
        assert!(all[2400..2460].iter().all(|&bias| bias == 0.0));
        all[..2400].to_vec()
    }

    #[test]
    fn spreads_are_as_stated() {
        for (initializer, variance, largest) in [
            (
                Initializer::XavierUniform,
                2.0 / 100.0,
                (6.0f64 / 100.0).sqrt(),
            ),
            (Initializer::XavierNormal, 2.0 / 100.0, 1.0),
            (Initializer::HeUniform, 2.0 / 40.0, (6.0f64 / 40.0).sqrt()),
            (Initializer::HeNormal, 2.0 / 40.0, 2.0),
            (Initializer::Uniform { limit: 0.5 }, 0.25 / 3.0, 0.5),
            (Initializer::Zeros, 0.0, 0.0),
        ] {
            let w = weights(initializer);
            let found = w.iter().map(|w| w * w).sum::<f64>() / w.len() as f64;
            assert!(
                (found - variance).abs() <= 0.1 * variance,
                "{initializer}: {found}"
            );
            assert!(w.iter().all(|w| w.abs() <= largest), "{initializer}");
        }
    }

    #[test]
    fn single_precision_is_double_precision_rounded_once() {
        let network = Network::classifier(5, &[4]);
        let of = |precision| network.initial_parameters(Initializer::HeNormal, 9, precision);
        let rounded: Vec<f32> = of(Precision::F64)
            .to_vec::<f64>()
            .iter()
            .map(|&w| w as f32)
            .collect();
        assert_eq!(of(Precision::F32).to_vec::<f32>(), rounded);
    }

    #[test]
    fn a_layer_does_not_depend_on_later_ones() {
        let draw = |hidden: &[usize]| {
            Network::classifier(5, hidden)
                .initial_parameters(Initializer::XavierNormal, 9, Precision::F64)
                .to_vec::<f64>()
        };
        assert_eq!(draw(&[4, 3])[..20], draw(&[4])[..20]);
    }
}
