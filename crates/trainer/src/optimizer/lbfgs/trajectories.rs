//! L-BFGS against PyTorch's, iteration by iteration in f64. `scripts/oracle/lbfgs.py` writes the trajectories.

use chainrule_nn::Network;

use super::Lbfgs;
use crate::{Batch, L2, Penalised, Samples, Silent, Surroundings, TrainConfig, train};

const TRAJECTORIES: &str = include_str!("trajectories.txt");
const TOLERANCE: f64 = 1e-10;
const ROWS: usize = 12;

/// The rows that the script has.
fn rows() -> Samples<f64> {
    let feature = |row: usize, k: usize| ((row * 7 + k * 5) % 11) as f64 / 5.0 - 1.0;
    let x = (0..ROWS).flat_map(|row| (0..3).map(move |k| feature(row, k)));
    let is_positive = |row: usize| row.is_multiple_of(3) || row == 7;
    Samples {
        features: 3,
        x: x.collect(),
        y: (0..ROWS)
            .map(|row| f64::from(u8::from(is_positive(row))))
            .collect(),
        weights: None,
    }
}

fn first(network: &Network) -> Vec<f64> {
    let value = |at: usize| ((at * 5 + 3) % 13) as f64 / 8.0 - 0.75;
    (0..network.parameter_count()).map(value).collect()
}

#[test]
fn trajectories_are_pytorchs() {
    let mut compared = 0;
    let lines = TRAJECTORIES.lines().filter(|line| !line.starts_with('#'));
    for line in lines {
        let numbers = line.split(' ').map(|w| w.parse().expect("a number"));
        let numbers: Vec<f64> = numbers.collect();
        let &[hidden, rate, history, evaluations, strength, iterations, _] = &numbers[..7] else {
            unreachable!("seven numbers");
        };
        let hidden: &[usize] = if hidden == 0.0 {
            &[]
        } else {
            &[hidden as usize]
        };
        let network = Network::classifier(3, hidden);
        let optimizer = L2 {
            strength,
            on: Penalised::Weights,
            then: Lbfgs {
                history: history as usize,
                evaluations: evaluations as usize,
                ..Lbfgs::default()
            },
        };
        let config = TrainConfig {
            epochs: iterations as usize,
            batch: Batch::Full,
            learning_rate: rate,
            ..TrainConfig::default()
        };
        let around = Surroundings {
            observer: &mut Silent,
            cancel: None,
        };
        let trained = train(
            &network,
            &first(&network),
            &optimizer,
            &rows(),
            None,
            &config,
            around,
        );
        let found = trained.expect("a training").parameters.to_vec::<f64>();
        assert_eq!(found.len(), numbers.len() - 7);
        for (f, e) in found.iter().zip(&numbers[7..]) {
            assert!(
                (f - e).abs() <= TOLERANCE * (1.0 + e.abs()),
                "{found:?} for {line}"
            );
            compared += 1;
        }
    }
    assert_eq!(compared, 5 * 4 + 2 * 6 * 4 + 4 * 6 * 11, "numbers compared");
}
