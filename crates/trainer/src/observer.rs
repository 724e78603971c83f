//! What watches a training.

use chainrule_autodiff::Isa;
use chainrule_nn::{Activation, Precision};

use crate::{Outcome, Warning};

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
/// A closure that takes an [`EpochReport`] is an observer, and so are a pair, a vector and an option of observers.
///
/// A rule of one's own for when to stop:
///
/// ```
/// use chainrule_data::{Table, embedded};
/// use chainrule_trainer::{Classifier, Control, EpochReport, Observer, Outcome};
///
/// /// Stops when the validation loss is above the training loss by more than a share of it: from then on the network
/// /// learns the rows by heart.
/// struct Gap(f64);
///
/// impl Observer for Gap {
///     fn epoch(&mut self, report: &EpochReport) -> Control {
///         match report.validation_loss {
///             Some(loss) if loss > report.train_loss * (1.0 + self.0) => Control::Stop,
///             _ => Control::Continue,
///         }
///     }
/// }
///
/// let wdbc = embedded::wdbc();
/// let table = Table::from_csv(wdbc.name, wdbc.bytes)?;
/// let mut rule = Gap(0.05);
/// let model = Classifier::builder().target(wdbc.target).epochs(1000).observer(&mut rule).fit(&table)?;
/// let report = model.report().unwrap();
/// assert_eq!(report.outcome, Outcome::Stopped);
/// assert!(report.history.len() < 1000);
/// # Ok::<(), Box<dyn std::error::Error>>(())
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

    /// The inside of the network was looked at, on one batch: at the ends of some epochs, before [`epoch`](Observer::epoch).
    fn layers(&mut self, _: &LayersReport<'_>) {}

    /// Something measured says that the training does not go well. It comes once for each [`Warning::code`].
    fn warning(&mut self, _: &Warning) {}

    /// The training is over, however it ended. Nothing comes after it.
    fn end(&mut self, _: &EndReport<'_>) {}
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

/// What the layers did with one batch, with the weights after an epoch. Sums are f64, one element after the other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LayersReport<'a> {
    /// The epoch that has ended, from 1.
    pub epoch: usize,
    /// Steps so far.
    pub steps: usize,
    /// Rows of the batch: it is the first batch of the epoch.
    pub rows: usize,
    /// The layers, from the first.
    pub layers: &'a [LayerReport],
}

/// What a layer did with one batch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LayerReport {
    /// The layer, from 1.
    pub layer: usize,
    /// Its neurons.
    pub units: usize,
    /// What they do to their weighted sums.
    pub activation: Activation,
    /// The mean of the activations.
    pub mean: f64,
    /// Their standard deviation around it.
    pub std: f64,
    /// The share of activations within 0.01 of an end of the range: of 0 or 1 for a sigmoid, of −1 or 1 for the hyperbolic tangent.
    /// Nothing for activations without ends. The derivative there is at most 4 % of its largest value for a sigmoid, and 2 % for the hyperbolic tangent.
    pub saturated: Option<f64>,
    /// ‖∂J/∂W‖₂, of the weights without the bias.
    pub gradient_norm: f64,
    /// The root of the mean square of the elements of ∂J/∂W.
    pub gradient_rms: f64,
    /// ‖W‖₂, of the weights without the bias.
    pub weight_norm: f64,
}

/// A training that is over.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EndReport<'a> {
    /// How it ended.
    pub outcome: &'a Outcome,
    /// Epochs that were finished.
    pub epochs: usize,
    /// Steps.
    pub steps: usize,
    /// Seconds of the steps alone.
    pub seconds: f64,
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

    fn layers(&mut self, report: &LayersReport<'_>) {
        self.0.layers(report);
        self.1.layers(report);
    }

    fn warning(&mut self, warning: &Warning) {
        self.0.warning(warning);
        self.1.warning(warning);
    }

    fn end(&mut self, report: &EndReport<'_>) {
        self.0.end(report);
        self.1.end(report);
    }
}

/// Each of a collection watches; any may stop.
macro_rules! each_watches {
    () => {
        fn epoch(&mut self, report: &EpochReport) -> Control {
            let all = self.iter_mut().map(|each| each.epoch(report));
            all.fold(Control::Continue, either)
        }

        fn start(&mut self, info: &TrainingInfo) {
            self.iter_mut().for_each(|each| each.start(info));
        }

        fn resume(&mut self, history: &[EpochReport]) {
            self.iter_mut().for_each(|each| each.resume(history));
        }

        fn step(&mut self, report: &StepReport) -> Control {
            let all = self.iter_mut().map(|each| each.step(report));
            all.fold(Control::Continue, either)
        }

        fn layers(&mut self, report: &LayersReport<'_>) {
            self.iter_mut().for_each(|each| each.layers(report));
        }

        fn warning(&mut self, warning: &Warning) {
            self.iter_mut().for_each(|each| each.warning(warning));
        }

        fn end(&mut self, report: &EndReport<'_>) {
            self.iter_mut().for_each(|each| each.end(report));
        }
    };
}

/// All watch; any may stop.
impl Observer for Vec<&mut dyn Observer> {
    each_watches!();
}

/// Watches if there is one.
impl<O: Observer> Observer for Option<O> {
    each_watches!();
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
