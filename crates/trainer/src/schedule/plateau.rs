//! What a schedule that looks at the losses has seen.

use super::ReduceOnPlateau;
use crate::checkpoint::whole;

/// Where a rate stands that falls when the loss does not.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Plateau {
    /// Of the rate that was asked for.
    share: f64,
    best: Option<f64>,
    /// Epochs in a row without a new best.
    waited: usize,
}

impl Default for Plateau {
    fn default() -> Plateau {
        Plateau {
            share: 1.0,
            best: None,
            waited: 0,
        }
    }
}

impl Plateau {
    pub(super) fn share(&self) -> f64 {
        self.share
    }

    /// Looks at the loss of an epoch.
    pub(super) fn look(&mut self, rule: ReduceOnPlateau, loss: f64) {
        let is_best = match self.best {
            None => !loss.is_nan(),
            Some(best) => loss < best - rule.min_delta,
        };
        if is_best {
            self.best = Some(loss);
            self.waited = 0;
            return;
        }
        self.waited += 1;
        if self.waited >= rule.patience {
            self.share = (self.share * rule.factor).max(rule.floor);
            self.waited = 0;
        }
    }

    pub(super) fn remember(&self) -> Vec<f64> {
        vec![
            self.share,
            self.best.unwrap_or(f64::NAN),
            self.waited as f64,
        ]
    }

    pub(super) fn recall(values: &[f64]) -> Option<Plateau> {
        let &[share, best, waited] = values else {
            return None;
        };
        Some(Plateau {
            share,
            best: (!best.is_nan()).then_some(best),
            waited: whole(waited).ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shares(rule: ReduceOnPlateau, losses: &[f64]) -> Vec<f64> {
        let mut plateau = Plateau::default();
        let look = |&loss: &f64| {
            plateau.look(rule, loss);
            plateau = Plateau::recall(&plateau.remember()).expect("three numbers");
            plateau.share()
        };
        losses.iter().map(look).collect()
    }

    #[test]
    fn it_falls_after_patience_and_not_below_the_floor() {
        let rule = ReduceOnPlateau {
            factor: 0.5,
            patience: 2,
            min_delta: 0.1,
            floor: 0.2,
        };
        let losses = [1.0, 0.95, 0.8, 0.8, 0.75, 0.75, 0.75, 0.75, 0.75, 0.1];
        assert_eq!(
            shares(rule, &losses),
            [1.0, 1.0, 1.0, 1.0, 0.5, 0.5, 0.25, 0.25, 0.2, 0.2]
        );
    }

    #[test]
    fn what_is_no_number_is_no_improvement() {
        let rule = ReduceOnPlateau {
            patience: 2,
            ..ReduceOnPlateau::default()
        };
        let nan = f64::NAN;
        assert_eq!(
            shares(rule, &[nan, nan, 1.0, nan, nan]),
            [1.0, 0.5, 0.5, 0.5, 0.25]
        );
    }

    #[test]
    fn other_numbers_are_not_taken_up() {
        assert_eq!(Plateau::recall(&[1.0, 2.0]), None);
    }
}
