//! Data for several tests.

use chainrule_nn::random::{Purpose, Stream};
use chainrule_trainer::{Real, Samples};

/// Made-up rows: normal features, a smooth nonlinear rule with noise.
pub fn samples<T: Real>(features: usize, rows: usize, seed: u64) -> Samples<T> {
    // Any stream that no training uses.
    let mut stream = Stream::new(seed, Purpose::InitialWeights, 1_000_000);
    let (mut x, mut y) = (Vec::new(), Vec::new());
    for _ in 0..rows {
        let row: Vec<f64> = (0..features).map(|_| stream.normal()).collect();
        let score = row[0] * row[features / 2] + row[features - 1] + 0.3 * stream.normal();
        x.extend(row.iter().map(|&value| T::from_f64(value)));
        y.push(if score > 0.0 { T::ONE } else { T::ZERO });
    }
    Samples {
        features,
        x,
        y,
        weights: None,
    }
}
