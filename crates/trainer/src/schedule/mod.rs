//! Schedules: how the learning rate changes while a training runs.

mod curve;
mod plateau;
mod text;
#[cfg(test)]
mod trajectories;

use crate::TrainError;
use crate::checkpoint::{Remembers, Unexpected};

pub use curve::{Cosine, Curve, ExponentialDecay, OneCycle, ReduceOnPlateau, StepDecay};
use plateau::Plateau;
pub use text::UnknownSchedule;

/// How the learning rate changes while a training runs: a warm-up, and then a curve of its own clock, which begins when the warm-up is over.
///
/// It is a value, and a function of the step; only [`ReduceOnPlateau`] looks at the losses, and what it has seen is kept in checkpoints. As text it
/// is read and printed:
///
/// ```
/// use chainrule_trainer::{Cosine, ReduceOnPlateau, Schedule, Warmup};
///
/// let cosine = Schedule::from(Cosine { floor: 0.01 }).after(Warmup::Epochs(3));
/// assert_eq!(cosine.to_string(), "cosine:floor=0.01 after a warm-up of 3epochs");
/// let plateau: Schedule = "plateau:patience=8".parse()?;
/// assert_eq!(plateau, ReduceOnPlateau { patience: 8, ..ReduceOnPlateau::default() }.into());
/// # Ok::<(), chainrule_trainer::UnknownSchedule>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Schedule {
    /// What comes first.
    pub warmup: Warmup,
    /// What comes then.
    pub curve: Curve,
}

/// The rate grows from nearly nothing to the one that was asked for, by the same amount with each step: `α (k + 1) / (W + 1)` in step k of W, counted from 0.
///
/// Goyal et al., "Accurate, Large Minibatch SGD" (2017), section 2.2; the first step after it is the first of full length.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Warmup {
    /// None.
    #[default]
    None,
    /// So many epochs long.
    Epochs(usize),
    /// So many steps long.
    Steps(usize),
}

impl Warmup {
    fn steps(self, steps_per_epoch: usize) -> usize {
        match self {
            Warmup::None => 0,
            Warmup::Epochs(epochs) => epochs.saturating_mul(steps_per_epoch),
            Warmup::Steps(steps) => steps,
        }
    }
}

impl Schedule {
    /// The same curve after a warm-up.
    #[must_use]
    pub fn after(self, warmup: Warmup) -> Schedule {
        Schedule { warmup, ..self }
    }

    /// Whether another number of epochs would give other rates from the beginning, so that a training that was planned for some can't be made longer.
    pub fn depends_on_epochs(&self) -> bool {
        matches!(self.curve, Curve::Cosine(_) | Curve::OneCycle(_))
    }

    /// Makes sure that each setting makes sense, in a training of so many steps.
    pub(crate) fn check(&self, steps_per_epoch: usize, epochs: usize) -> Result<(), TrainError> {
        let share = |what: &'static str, found: f64| {
            (
                what,
                found,
                (0.0..=1.0).contains(&found),
                "a number from 0 to 1",
            )
        };
        let whole = |what: &'static str, found: usize| (what, found as f64, found > 0, "1 or more");
        let settings = match self.curve {
            Curve::Constant => Vec::new(),
            Curve::Step(StepDecay { every, factor }) => {
                vec![
                    whole("every of the schedule", every),
                    share("factor of the schedule", factor),
                ]
            }
            Curve::Exponential(ExponentialDecay { factor }) => {
                vec![share("factor of the schedule", factor)]
            }
            Curve::Cosine(Cosine { floor }) => vec![share("floor of the schedule", floor)],
            Curve::Plateau(ReduceOnPlateau {
                factor,
                patience,
                min_delta,
                floor,
            }) => vec![
                (
                    "factor of the schedule",
                    factor,
                    (0.0..1.0).contains(&factor),
                    "a number from 0 to below 1",
                ),
                whole("patience of the schedule", patience),
                (
                    "min-delta of the schedule",
                    min_delta,
                    min_delta.is_finite() && min_delta >= 0.0,
                    "0 or a positive number",
                ),
                share("floor of the schedule", floor),
            ],
            Curve::OneCycle(OneCycle { rise, start, end }) => vec![
                share("rise of the schedule", rise),
                share("start of the schedule", start),
                share("end of the schedule", end),
            ],
        };
        if let Some((what, found, _, expected)) =
            settings.into_iter().find(|(_, _, is_right, _)| !is_right)
        {
            let what = what.to_owned();
            return Err(TrainError::Setting {
                what,
                found,
                expected,
            });
        }
        if self.warmup != Warmup::None && matches!(self.curve, Curve::OneCycle(_)) {
            return Err(TrainError::Together(
                "one-cycle begins with a rise of its own: leave the warm-up out, or set its rise"
                    .to_owned(),
            ));
        }
        let (warmup, steps) = (
            self.warmup.steps(steps_per_epoch),
            epochs.saturating_mul(steps_per_epoch),
        );
        if warmup > 0 && steps > 0 && warmup >= steps {
            return Err(TrainError::Together(format!(
                "a warm-up of {warmup} steps leaves nothing of a training of {epochs} epochs, which has {steps}: make it shorter"
            )));
        }
        Ok(())
    }
}

impl From<Curve> for Schedule {
    fn from(curve: Curve) -> Schedule {
        Schedule {
            warmup: Warmup::None,
            curve,
        }
    }
}

impl From<Warmup> for Schedule {
    fn from(warmup: Warmup) -> Schedule {
        Schedule {
            warmup,
            curve: Curve::Constant,
        }
    }
}

macro_rules! from_curve {
    ($($curve:ident as $variant:ident),*) => {
        $(impl From<$curve> for Schedule {
            fn from(curve: $curve) -> Schedule {
                Curve::$variant(curve).into()
            }
        })*
    };
}

from_curve!(
    StepDecay as Step,
    ExponentialDecay as Exponential,
    Cosine as Cosine,
    ReduceOnPlateau as Plateau,
    OneCycle as OneCycle
);

/// A schedule at work: it gives each step its rate.
#[derive(Clone, Debug)]
pub(crate) struct Rates {
    curve: Curve,
    rate: f64,
    steps_per_epoch: usize,
    warmup: usize,
    /// Steps after the warm-up.
    steps: usize,
    plateau: Plateau,
}

impl Rates {
    pub(crate) fn new(
        schedule: Schedule,
        rate: f64,
        steps_per_epoch: usize,
        epochs: usize,
    ) -> Rates {
        let warmup = schedule.warmup.steps(steps_per_epoch);
        Rates {
            curve: schedule.curve,
            rate,
            steps_per_epoch: steps_per_epoch.max(1),
            warmup,
            steps: steps_per_epoch
                .saturating_mul(epochs)
                .saturating_sub(warmup),
            plateau: Plateau::default(),
        }
    }

    /// The rate of a step, counted from 0 through all epochs.
    pub(crate) fn at(&self, step: usize) -> f64 {
        let Some(step) = step.checked_sub(self.warmup) else {
            return self.rate * ((step + 1) as f64 / (self.warmup + 1) as f64);
        };
        let epoch = step / self.steps_per_epoch;
        let share = match self.curve {
            // Not multiplied by 1 either, to be seen.
            Curve::Constant => return self.rate,
            Curve::Step(decay) => decay.factor(epoch),
            Curve::Exponential(decay) => decay.factor(epoch),
            Curve::Cosine(cosine) => cosine.factor(step, self.steps),
            Curve::OneCycle(cycle) => cycle.factor(step, self.steps),
            Curve::Plateau(_) => self.plateau.share(),
        };
        self.rate * share
    }

    /// Looks at the loss of an epoch when so many steps are done in all.
    pub(crate) fn end_epoch(&mut self, steps: usize, loss: f64) {
        if let Curve::Plateau(rule) = self.curve
            && steps > self.warmup
        {
            self.plateau.look(rule, loss);
        }
    }

    /// Itself, if it remembers something.
    pub(crate) fn remembering(&mut self) -> Option<&mut dyn Remembers> {
        matches!(self.curve, Curve::Plateau(_)).then_some(self as &mut dyn Remembers)
    }
}

impl Remembers for Rates {
    fn name(&self) -> &'static str {
        "schedule"
    }

    fn remember(&self) -> Vec<f64> {
        self.plateau.remember()
    }

    fn recall(&mut self, values: &[f64]) -> Result<(), Unexpected> {
        self.plateau = Plateau::recall(values).ok_or(Unexpected)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rates(schedule: impl Into<Schedule>, per_epoch: usize, epochs: usize) -> Vec<f64> {
        let rates = Rates::new(schedule.into(), 0.5, per_epoch, epochs);
        (0..per_epoch * epochs).map(|step| rates.at(step)).collect()
    }

    #[test]
    fn a_constant_rate_has_the_bits_that_were_asked_for() {
        let rates = Rates::new(Schedule::default(), 0.003, 7, 3);
        assert!((0..21).all(|step| rates.at(step).to_bits() == 0.003_f64.to_bits()));
    }

    #[test]
    fn a_warm_up_grows_evenly_and_the_curve_has_a_clock_of_its_own() {
        assert_eq!(
            rates(Warmup::Steps(3), 4, 2),
            [0.125, 0.25, 0.375, 0.5, 0.5, 0.5, 0.5, 0.5]
        );
        let half = Schedule::from(StepDecay {
            every: 1,
            factor: 0.5,
        });
        let plain = rates(half, 2, 3);
        assert_eq!(plain, [0.5, 0.5, 0.25, 0.25, 0.125, 0.125]);
        assert_eq!(rates(half.after(Warmup::Epochs(1)), 2, 4)[2..], plain);
        let cosine = Schedule::from(Cosine::default());
        assert_eq!(
            rates(cosine.after(Warmup::Steps(5)), 4, 4)[5..],
            rates(cosine, 11, 1)
        );
    }

    #[test]
    fn only_what_looks_at_the_end_depends_on_it() {
        for text in ["constant", "step", "exponential", "plateau"] {
            assert!(
                !text.parse::<Schedule>().unwrap().depends_on_epochs(),
                "{text}"
            );
        }
        for text in ["cosine", "one-cycle"] {
            assert!(
                text.parse::<Schedule>().unwrap().depends_on_epochs(),
                "{text}"
            );
        }
        let cosine = |epochs| rates(Cosine::default(), 1, epochs);
        assert_ne!(cosine(10)[..], cosine(20)[..10]);
        let step = |epochs| rates(StepDecay::default(), 1, epochs);
        assert_eq!(step(10)[..], step(20)[..10]);
    }

    #[test]
    fn settings_out_of_range_are_refused() {
        for right in [
            "step:every=1,factor=0",
            "cosine:floor=1",
            "plateau:factor=0,min-delta=0",
            "one-cycle:rise=1",
        ] {
            right.parse::<Schedule>().unwrap().check(5, 10).unwrap();
        }
        let wrong = [
            StepDecay {
                every: 0,
                factor: 0.5,
            }
            .into(),
            StepDecay {
                every: 1,
                factor: 1.5,
            }
            .into(),
            ExponentialDecay { factor: f64::NAN }.into(),
            Cosine { floor: -0.1 }.into(),
            ReduceOnPlateau {
                factor: 1.0,
                ..ReduceOnPlateau::default()
            }
            .into(),
            ReduceOnPlateau {
                patience: 0,
                ..ReduceOnPlateau::default()
            }
            .into(),
            ReduceOnPlateau {
                min_delta: f64::INFINITY,
                ..ReduceOnPlateau::default()
            }
            .into(),
            OneCycle {
                start: 2.0,
                ..OneCycle::default()
            }
            .into(),
            Schedule::from(OneCycle::default()).after(Warmup::Steps(1)),
            Warmup::Steps(50).into(),
            Warmup::Epochs(10).into(),
        ];
        for schedule in wrong {
            assert!(Schedule::check(&schedule, 5, 10).is_err(), "{schedule:?}");
        }
        Schedule::from(Warmup::Steps(49)).check(5, 10).unwrap();
    }
}
