//! How a learning rate changes with the steps and epochs.

use std::f64::consts::PI;

/// How the learning rate changes, as a share of the one that was asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Curve {
    /// It stays as it is.
    #[default]
    Constant,
    /// It falls in steps.
    Step(StepDecay),
    /// It falls with every epoch.
    Exponential(ExponentialDecay),
    /// It falls along half a wave of the cosine, to the last step.
    Cosine(Cosine),
    /// It falls when the loss does not.
    Plateau(ReduceOnPlateau),
    /// It rises, and then falls to the last step.
    OneCycle(OneCycle),
}

/// Every so many epochs the rate is multiplied by a factor: `α γ^⌊e / every⌋` in epoch e, counted from 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepDecay {
    /// The epochs from one fall to the next; 1 or more.
    pub every: usize,
    /// `γ`, from 0 to 1.
    pub factor: f64,
}

impl Default for StepDecay {
    /// Half of it every 10 epochs.
    fn default() -> StepDecay {
        StepDecay {
            every: 10,
            factor: 0.5,
        }
    }
}

/// After every epoch the rate is multiplied by a factor: `α γᵉ` in epoch e, counted from 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ExponentialDecay {
    /// `γ`, from 0 to 1.
    pub factor: f64,
}

impl Default for ExponentialDecay {
    /// 5 % less after every epoch.
    fn default() -> ExponentialDecay {
        ExponentialDecay { factor: 0.95 }
    }
}

/// Half a wave of the cosine, from the rate down to a share of it: `α (f + (1 − f) (1 + cos(π k / N)) / 2)` in step k of N, counted from 0.
///
/// Loshchilov and Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts" (2017), equation 5, without restarts. It changes with every step, and depends on the
/// number of epochs.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Cosine {
    /// `f`: the share of the rate that it falls to, from 0 (the default) to 1.
    pub floor: f64,
}

/// When the loss gets no better the rate is multiplied by a factor.
///
/// The loss is that of the validation rows, or of the training rows if there are none. As with [`EarlyStopping`](crate::EarlyStopping), it is a *new best* if it is a number
/// and below the best by more than `min_delta`; after `patience` epochs in a row without one the rate falls, and the count begins anew. Epochs of a warm-up are not counted.
///
/// This is PyTorch's `ReduceLROnPlateau` with an absolute threshold, no cooldown, and a patience that is smaller by one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReduceOnPlateau {
    /// From 0 to below 1.
    pub factor: f64,
    /// So many epochs in a row without a new best make it fall; 1 or more.
    pub patience: usize,
    /// A loss must be better than the best by more than this; 0 or more.
    pub min_delta: f64,
    /// The share of the rate below which it does not fall, from 0 to 1.
    pub floor: f64,
}

impl Default for ReduceOnPlateau {
    /// Half of it after 5 epochs without an improvement of 0.0001.
    fn default() -> ReduceOnPlateau {
        ReduceOnPlateau {
            factor: 0.5,
            patience: 5,
            min_delta: 1e-4,
            floor: 0.0,
        }
    }
}

/// From a low rate up to the one that was asked for, and down to nearly nothing, each along half a wave of the cosine.
///
/// Smith and Topin, "Super-Convergence: Very Fast Training of Neural Networks Using Large Learning Rates" (2018), in the form of PyTorch's `OneCycleLR` with its cosine and
/// without a cycle of the momentum. Of N steps, the rise ends at `rise · N − 1` and the fall at `N − 1`, both counted from 0. It changes with every step, and depends on the number of epochs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OneCycle {
    /// The share of the steps in which it rises, from 0 to 1.
    pub rise: f64,
    /// The share of the rate that it starts with, from 0 to 1.
    pub start: f64,
    /// The share of the rate that it ends with, from 0 to 1.
    pub end: f64,
}

impl Default for OneCycle {
    /// PyTorch's: 0.3, a 25th and a 250000th.
    fn default() -> OneCycle {
        OneCycle {
            rise: 0.3,
            start: 1.0 / 25.0,
            end: 1.0 / 25.0 / 1e4,
        }
    }
}

impl StepDecay {
    /// Of an epoch, counted from 0.
    pub(super) fn factor(self, epoch: usize) -> f64 {
        libm::pow(self.factor, (epoch / self.every.max(1)) as f64)
    }
}

impl ExponentialDecay {
    pub(super) fn factor(self, epoch: usize) -> f64 {
        libm::pow(self.factor, epoch as f64)
    }
}

impl Cosine {
    /// Of a step, counted from 0, of so many.
    pub(super) fn factor(self, step: usize, steps: usize) -> f64 {
        between(1.0, self.floor, step as f64 / steps.max(1) as f64)
    }
}

impl OneCycle {
    pub(super) fn factor(self, step: usize, steps: usize) -> f64 {
        let (step, last) = (step as f64, steps as f64 - 1.0);
        let top = self.rise * steps as f64 - 1.0;
        if step <= top && top > 0.0 {
            between(self.start, 1.0, step / top)
        } else if last > top && step > top {
            between(
                1.0,
                self.end,
                (step - top.max(0.0)) / (last - top.max(0.0)).max(1.0),
            )
        } else {
            1.0
        }
    }
}

/// From one value to another along half a wave of the cosine.
fn between(from: f64, to: f64, share: f64) -> f64 {
    to + (from - to) / 2.0 * (1.0 + libm::cos(PI * share.min(1.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_wave_begins_and_ends_where_it_should() {
        assert_eq!(between(1.0, 0.25, 0.0), 1.0);
        assert_eq!(between(1.0, 0.25, 1.0), 0.25);
        assert_eq!(between(1.0, 0.25, 7.0), 0.25);
        assert!((between(1.0, 0.0, 0.5) - 0.5).abs() < 1e-16);
    }

    #[test]
    fn a_cycle_of_few_steps_is_made_of_numbers_between_its_ends() {
        for rise in [0.0, 0.3, 0.5, 1.0] {
            let cycle = OneCycle {
                rise,
                ..OneCycle::default()
            };
            for steps in 0..12 {
                for step in 0..steps + 2 {
                    let factor = cycle.factor(step, steps);
                    assert!(
                        (cycle.end..=1.0).contains(&factor),
                        "{rise} {step} {steps} {factor}"
                    );
                }
            }
        }
    }
}
