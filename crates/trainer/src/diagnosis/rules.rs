//! From measured values to what is wrong.

use crate::LayerReport;

use super::warning::{Evidence, smallest_of_last};

/// Features of this root mean square are not scaled: scaled ones have about 1.
pub(super) const LARGE_FEATURES: f64 = 5.0;

/// A model that ranks rows better than this has learned something.
pub(super) const RANKS: f64 = 0.6;

/// A class with a smaller share of the rows is rare.
pub(super) const RARE: f64 = 0.3;

/// A hidden layer is saturated from this share of its activations on. Good models have had up to 0.6 at the end.
const SATURATED: f64 = 0.75;

/// Gradients that are smaller than this part of the last layer's vanish.
const VANISHING: f64 = 1e-3;

/// A loss that is not below this part of a constant's has not learned anything to speak of. Of the trainings that went well, the hardest
/// table came to 0.89.
const LEARNED: f64 = 0.95;

/// Weights that have moved less than this part of their length have not been trained.
const MOVED: f64 = 0.05;

/// A jump of the loss is one by this part of a constant's. In trainings that went well it was never more than 0.03.
const JUMP: f64 = 0.05;

/// So many jumps are no accident.
const JUMPS: usize = 3;

/// The layer with the largest share of saturated activations, if it is large and the loss is above half of a constant's. A good model has
/// saturated neurons, too, when it is sure of itself: then its loss is small.
pub(super) fn saturated(hidden: &[LayerReport], loss: f64, constant_loss: f64) -> Option<Evidence> {
    let shares = hidden.iter().filter_map(|l| Some((l.layer, l.saturated?)));
    let (layer, share) = shares.max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)))?;
    let is_bad = share >= SATURATED && loss > 0.5 * constant_loss;
    is_bad.then_some(Evidence::Saturated {
        layer,
        share,
        loss,
        constant_loss,
    })
}

/// The gradients by layer, if some vanish and nothing was learned.
pub(super) fn vanishing(layers: &[LayerReport], loss: f64, constant_loss: f64) -> Option<Evidence> {
    let rms: Vec<f64> = layers.iter().map(|layer| layer.gradient_rms).collect();
    let is_bad = smallest_of_last(&rms) < VANISHING && loss > LEARNED * constant_loss;
    is_bad.then_some(Evidence::VanishingGradients {
        rms,
        loss,
        constant_loss,
    })
}

/// How the training loss went.
pub(super) struct Losses {
    /// That of always predicting the share of the positive class.
    pub(super) constant_loss: f64,
    first: f64,
    last: f64,
    best: f64,
    count: usize,
    /// Epochs whose loss is above that of the epoch before.
    rises: usize,
    jumps: usize,
}

impl Losses {
    pub(super) fn new(constant_loss: f64) -> Losses {
        Losses {
            constant_loss,
            first: f64::NAN,
            last: f64::NAN,
            best: f64::INFINITY,
            count: 0,
            rises: 0,
            jumps: 0,
        }
    }

    /// Another epoch: says whether the rate is too high.
    pub(super) fn add(&mut self, loss: f64) -> Option<Evidence> {
        let best_loss = self.best;
        let jumped = loss > best_loss + JUMP * self.constant_loss && loss > self.constant_loss;
        self.jumps += usize::from(jumped);
        self.rises += usize::from(loss > self.last);
        if self.count == 0 {
            self.first = loss;
        }
        self.count += 1;
        self.last = loss;
        self.best = self.best.min(loss);
        (jumped && self.jumps >= JUMPS).then_some(Evidence::RateTooHigh {
            loss,
            best_loss,
            constant_loss: self.constant_loss,
        })
    }

    /// Whether the rate is too low, after all epochs: with these little steps nothing but the number of them limits the loss.
    pub(super) fn too_low(&self, moved: f64) -> Option<Evidence> {
        let falls = self.count >= 3 && self.rises * 10 <= self.count && self.last < self.first;
        let is_bad = falls && moved < MOVED && self.last > LEARNED * self.constant_loss;
        is_bad.then_some(Evidence::RateTooLow {
            moved,
            first_loss: self.first,
            last_loss: self.last,
            constant_loss: self.constant_loss,
        })
    }
}

/// By how much the rate may grow so that weights move by half their length or more: a power of ten, at least 10.
pub(super) fn factor_for(moved: f64) -> f64 {
    let mut factor = 10.0;
    while factor * moved < 0.5 && factor < 1e6 {
        factor *= 10.0;
    }
    factor
}

/// With one significant digit, to be typed.
pub(super) fn rounded(rate: f64) -> f64 {
    format!("{rate:.0e}").parse().unwrap_or(rate)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chainrule_nn::Activation;

    fn layer(layer: usize, saturated: f64, gradient_rms: f64) -> LayerReport {
        LayerReport {
            layer,
            units: 4,
            activation: Activation::Sigmoid,
            mean: 0.5,
            std: 0.1,
            saturated: Some(saturated),
            gradient_norm: gradient_rms * 4.0,
            gradient_rms,
            weight_norm: 1.0,
        }
    }

    /// The first warning, and the epoch in which it comes.
    fn too_high(constant_loss: f64, losses: &[f64]) -> Option<usize> {
        let mut all = Losses::new(constant_loss);
        losses
            .iter()
            .position(|&loss| all.add(loss).is_some())
            .map(|at| at + 1)
    }

    #[test]
    fn saturation_counts_where_the_loss_is_high() {
        let layers = [layer(1, 0.9, 1.0), layer(2, 0.1, 1.0)];
        assert!(matches!(
            saturated(&layers, 0.6, 0.7),
            Some(Evidence::Saturated { layer: 1, share, .. }) if share == 0.9
        ));
        assert_eq!(saturated(&layers, 0.01, 0.7), None);
        assert_eq!(saturated(&[layer(1, 0.6, 1.0)], 0.6, 0.7), None);
        assert_eq!(saturated(&[], 0.6, 0.7), None);
    }

    #[test]
    fn gradients_vanish_where_nothing_is_learned() {
        let layers = [
            layer(1, 0.0, 1e-6),
            layer(2, 0.0, 1e-4),
            layer(3, 0.0, 1e-2),
        ];
        assert!(vanishing(&layers, 0.69, 0.69).is_some());
        assert_eq!(vanishing(&layers, 0.5, 0.69), None);
        assert_eq!(vanishing(&layers[1..], 0.69, 0.69), None);
        // At the bottom of a valley all gradients are 0.
        let flat = [layer(1, 0.0, 0.0), layer(2, 0.0, 0.0)];
        assert_eq!(vanishing(&flat, 0.69, 0.69), None);
    }

    #[test]
    fn a_rate_is_too_high_when_the_loss_jumps_again_and_again() {
        assert_eq!(too_high(0.69, &[1.0, 0.9, 1.2, 0.8, 1.4, 1.3]), Some(6));
        // A bad beginning, noise, and a rise of a small loss are none of that.
        assert_eq!(too_high(0.69, &[9.0, 4.0, 2.0, 1.0, 0.7, 0.6]), None);
        assert_eq!(too_high(0.69, &[0.7, 0.69, 0.70, 0.69, 0.71, 0.7]), None);
        assert_eq!(too_high(0.69, &[0.1, 0.3, 0.1, 0.3, 0.1, 0.3, 0.1]), None);
    }

    #[test]
    fn a_rate_is_too_low_when_weights_stay_and_the_loss_falls_a_little() {
        let low = |losses: &[f64], moved| {
            let mut all = Losses::new(0.69);
            for &loss in losses {
                assert_eq!(all.add(loss), None);
            }
            all.too_low(moved).is_some()
        };
        assert!(low(&[0.80, 0.79, 0.78], 0.01));
        assert!(!low(&[0.80, 0.79, 0.78], 0.2));
        assert!(!low(&[0.80, 0.70, 0.60], 0.01));
        assert!(!low(&[0.80, 0.81, 0.79], 0.01));
        assert!(!low(&[0.80, 0.79], 0.01));
    }

    #[test]
    fn a_rate_to_try_can_be_typed() {
        assert_eq!(rounded(0.003 / 10.0).to_string(), "0.0003");
        assert_eq!(rounded(1e-6 * factor_for(0.004)).to_string(), "0.001");
        assert_eq!([0.04, 0.004, 0.0].map(factor_for), [100.0, 1e3, 1e6]);
    }
}
