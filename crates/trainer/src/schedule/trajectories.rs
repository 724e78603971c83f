//! Every schedule against PyTorch's, step by step. `scripts/oracle/schedules.py` writes the rates.

use super::{Curve, Rates, Schedule, Warmup};

const TRAJECTORIES: &str = include_str!("trajectories.txt");
const TOLERANCE: f64 = 1e-10;
const EPOCHS: usize = 12;
const PER_EPOCH: usize = 5;
const RATE: f64 = 0.2;
const LOSSES: [f64; EPOCHS] = [
    0.7,
    0.6,
    0.6,
    0.59,
    0.6,
    0.5,
    f64::NAN,
    0.5,
    0.499,
    0.55,
    0.48,
    0.52,
];

fn rates(schedule: Schedule) -> Vec<f64> {
    let mut rates = Rates::new(schedule, RATE, PER_EPOCH, EPOCHS);
    let mut found = Vec::new();
    for (epoch, loss) in LOSSES.into_iter().enumerate() {
        for batch in 0..PER_EPOCH {
            found.push(rates.at(epoch * PER_EPOCH + batch));
        }
        rates.end_epoch((epoch + 1) * PER_EPOCH, loss);
    }
    found
}

#[test]
fn rates_are_pytorchs() {
    let mut compared = 0;
    let lines = TRAJECTORIES.lines().filter(|line| !line.starts_with('#'));
    for line in lines {
        let mut words = line.split(' ');
        let mut word = || words.next().unwrap_or_else(|| panic!("a word in {line}"));
        let curve: Curve = word().parse().expect("a schedule");
        let warmup: Warmup = word().parse().expect("a warm-up");
        let expected: Vec<f64> = words.map(|w| w.parse().expect("a rate")).collect();
        let found = rates(Schedule { warmup, curve });
        assert_eq!(found.len(), expected.len());
        for (step, (f, e)) in found.iter().zip(&expected).enumerate() {
            assert!(
                (f - e).abs() <= TOLERANCE * e,
                "step {step} of {curve} after {warmup}: {f}, and PyTorch has {e}"
            );
            compared += 1;
        }
    }
    assert_eq!(compared, 12 * EPOCHS * PER_EPOCH, "rates compared");
}
