//! First parameters for several tests.

use chainrule_nn::random::{Purpose, Stream};
use chainrule_nn::{Initializer, Network, Precision};
use chainrule_trainer::Real;

/// First parameters, biases drawn too so that nothing is zero.
pub fn first<T: Real>(network: &Network, seed: u64) -> Vec<T> {
    let mut stream = Stream::new(seed, Purpose::InitialWeights, 2_000_000);
    let drawn = network.initial_parameters(Initializer::XavierUniform, seed, Precision::F64);
    let any = |w: f64| if w == 0.0 { stream.symmetric(0.3) } else { w };
    drawn
        .to_vec::<f64>()
        .into_iter()
        .map(any)
        .map(T::from_f64)
        .collect()
}
