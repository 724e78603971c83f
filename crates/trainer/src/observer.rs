//! What watches a training.

use chainrule_autodiff::Isa;
use chainrule_nn::Precision;

/// Whether to go on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Control {
    /// Go on.
    #[default]
    Continue,
    /// Stop after this step or epoch and keep what was learned.
    Stop,
}

/// Watches a training and may stop it. It changes nothing else: the bits are the same with any observer that lets it run.
///
/// A closure that takes an [`EpochReport`] is an observer, and so is a pair of observers.
///
/// ```
/// use chainrule_trainer::{Control, EpochReport, Observer};
///
/// /// Stops when the loss is good enough.
/// struct GoodEnough(f64);
///
/// impl Observer for GoodEnough {
///     fn epoch(&mut self, report: &EpochReport) -> Control {
///         if report.train_loss < self.0 { Control::Stop } else { Control::Continue }
///     }
/// }
/// ```
pub trait Observer {
    /// An epoch has ended.
    fn epoch(&mut self, report: &EpochReport) -> Control;

    /// The training begins.
    fn start(&mut self, _: &TrainingInfo) {}

    /// The training goes on from a checkpoint, which has these epochs; it comes after [`start`](Observer::start).
    fn resume(&mut self, _: &[EpochReport]) {}

    /// A step has ended. The time that this takes counts as training.
    fn step(&mut self, _: &StepReport) -> Control {
        Control::Continue
    }
}

/// What is known before the first step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TrainingInfo {
    /// Rows that are trained on.
    pub rows: usize,
    /// Rows that are validated on.
    pub validation_rows: usize,
    /// Inputs of the network.
    pub features: usize,
    /// Weights and biases.
    pub parameter_count: usize,
    /// Epochs to come.
    pub epochs: usize,
    /// Rows of a step.
    pub batch_rows: usize,
    /// Steps of an epoch.
    pub steps_per_epoch: usize,
    /// Threads that train.
    pub threads: usize,
    /// The vector instructions.
    pub isa: Isa,
    /// The precision.
    pub precision: Precision,
    /// The step from which the training goes on, if it was begun by another process.
    pub resumed_from_step: Option<usize>,
}

/// An epoch that has ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EpochReport {
    /// The epoch, from 1.
    pub epoch: usize,
    /// Epochs in all.
    pub epochs: usize,
    /// The mean loss over the epoch's batches, each before its update, weighted by rows (or by their weights).
    pub train_loss: f64,
    /// The log loss on the validation rows after the epoch; nothing if there are none.
    pub validation_loss: Option<f64>,
    /// The metric that early stopping watches, else that of the target, on the validation rows after the epoch; nothing if none is
    /// watched or it has no value.
    pub score: Option<f64>,
    /// The learning rate.
    pub learning_rate: f64,
    /// Steps so far.
    pub steps: usize,
    /// Seconds of training so far: the steps alone.
    pub seconds: f64,
}

/// A step that has ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepReport {
    /// The epoch, from 1.
    pub epoch: usize,
    /// The batch in the epoch, from 1.
    pub batch: usize,
    /// Batches of an epoch.
    pub batches: usize,
    /// The mean loss of the batch before the update.
    pub loss: f64,
}

impl<F: FnMut(&EpochReport) -> Control> Observer for F {
    fn epoch(&mut self, report: &EpochReport) -> Control {
        self(report)
    }
}

/// Watches nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Observer for Silent {
    fn epoch(&mut self, _: &EpochReport) -> Control {
        Control::Continue
    }
}

/// Both watch; either may stop.
impl<A: Observer, B: Observer> Observer for (A, B) {
    fn epoch(&mut self, report: &EpochReport) -> Control {
        either(self.0.epoch(report), self.1.epoch(report))
    }

    fn start(&mut self, info: &TrainingInfo) {
        self.0.start(info);
        self.1.start(info);
    }

    fn resume(&mut self, history: &[EpochReport]) {
        self.0.resume(history);
        self.1.resume(history);
    }

    fn step(&mut self, report: &StepReport) -> Control {
        either(self.0.step(report), self.1.step(report))
    }
}

fn either(a: Control, b: Control) -> Control {
    match (a, b) {
        (Control::Continue, Control::Continue) => Control::Continue,
        _ => Control::Stop,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_pair_both_watch_and_either_stops() {
        let report = EpochReport {
            epoch: 1,
            epochs: 2,
            train_loss: 0.5,
            validation_loss: None,
            score: None,
            learning_rate: 0.1,
            steps: 3,
            seconds: 0.0,
        };
        for (first, second, expected) in [
            (Control::Continue, Control::Continue, Control::Continue),
            (Control::Stop, Control::Continue, Control::Stop),
            (Control::Continue, Control::Stop, Control::Stop),
        ] {
            let (mut seen_first, mut seen_second) = (0, 0);
            let mut pair = (
                |_: &EpochReport| {
                    seen_first += 1;
                    first
                },
                |_: &EpochReport| {
                    seen_second += 1;
                    second
                },
            );
            assert_eq!(pair.epoch(&report), expected);
            assert_eq!((seen_first, seen_second), (1, 1));
        }
    }
}
