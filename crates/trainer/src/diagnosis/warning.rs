//! What measured values say about a training that does not go well.

use std::fmt;

/// A training that does not go well, with the measured values that show it.
///
/// [`Display`](fmt::Display) says what was measured. `docs/guide/train.md` has the rules, with the trainings that they were set by.
#[derive(Clone, Debug, PartialEq)]
pub struct Warning {
    /// The epoch after which it was seen, from 1.
    pub epoch: usize,
    /// What was measured.
    pub evidence: Evidence,
    /// What to try.
    pub remedy: Remedy,
}

/// What was measured.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Evidence {
    /// Most activations of a hidden layer are at an end of their range, where the derivative is all but 0, and the loss is high.
    Saturated {
        /// The layer, from 1.
        layer: usize,
        /// The share of its activations within 0.01 of an end, on a batch.
        share: f64,
        /// The training loss of the epoch.
        loss: f64,
        /// The loss of always predicting the share of the positive class.
        constant_loss: f64,
    },
    /// The gradient of a layer is a small part of the last layer's, and the loss is hardly below that of a constant.
    VanishingGradients {
        /// The root mean square of the elements of ∂J/∂W, of each layer from the first.
        rms: Vec<f64>,
        /// The training loss of the epoch.
        loss: f64,
        /// The loss of always predicting the share of the positive class.
        constant_loss: f64,
    },
    /// The weights have hardly moved, and the loss falls and falls and is hardly below that of a constant.
    RateTooLow {
        /// ‖w − w₀‖ / ‖w₀‖ since the first step, of all parameters.
        moved: f64,
        /// The training loss of the first epoch.
        first_loss: f64,
        /// The training loss of the last epoch.
        last_loss: f64,
        /// The loss of always predicting the share of the positive class.
        constant_loss: f64,
    },
    /// The training loss has jumped again and again, above that of a constant.
    RateTooHigh {
        /// The training loss of the epoch.
        loss: f64,
        /// The lowest one before.
        best_loss: f64,
        /// The loss of always predicting the share of the positive class.
        constant_loss: f64,
    },
    /// The finished model predicts one class for every row that it was trained on.
    OneClass {
        /// Whether it is the positive one.
        positive: bool,
        /// The rows.
        rows: usize,
        /// How many of them are of the other class.
        others: usize,
        /// The area under the ROC curve on these rows, if there is one: well above ½, the probabilities do tell the classes apart.
        roc_auc: Option<f64>,
    },
}

impl Evidence {
    /// Whether it was seen by looking at the layers, which is not done after every epoch.
    pub(super) fn is_of_layers(&self) -> bool {
        matches!(
            self,
            Evidence::Saturated { .. } | Evidence::VanishingGradients { .. }
        )
    }
}

/// What to try.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Remedy {
    /// Another learning rate, for example this one.
    LearningRate(f64),
    /// Scaled features.
    Scaling,
    /// So many hidden layers.
    HiddenLayers(usize),
    /// A threshold that the validation rows choose by balanced accuracy, or weights with which both classes count the same.
    ClassWeights,
    /// More epochs, for example so many, or a higher learning rate.
    Epochs(usize),
}

impl Warning {
    /// A stable name: `saturated`, `vanishing-gradients`, `rate-too-low`, `rate-too-high` or `one-class`.
    pub fn code(&self) -> &'static str {
        match self.evidence {
            Evidence::Saturated { .. } => "saturated",
            Evidence::VanishingGradients { .. } => "vanishing-gradients",
            Evidence::RateTooLow { .. } => "rate-too-low",
            Evidence::RateTooHigh { .. } => "rate-too-high",
            Evidence::OneClass { .. } => "one-class",
        }
    }

    /// The layer that it is about, from 1: for vanishing gradients the one with the smallest.
    pub fn layer(&self) -> Option<usize> {
        match &self.evidence {
            Evidence::Saturated { layer, .. } => Some(*layer),
            Evidence::VanishingGradients { rms, .. } => {
                let least = rms.iter().enumerate().min_by(|a, b| a.1.total_cmp(b.1));
                least.map(|(at, _)| at + 1)
            }
            _ => None,
        }
    }

    /// The number that shows it: the share of saturated activations; the smallest gradient as a part of the last layer's; how far the weights
    /// moved, as a part of their length; the training loss; the number of rows of the class that is never predicted.
    pub fn value(&self) -> f64 {
        match &self.evidence {
            Evidence::Saturated { share, .. } => *share,
            Evidence::VanishingGradients { rms, .. } => smallest_of_last(rms),
            Evidence::RateTooLow { moved, .. } => *moved,
            Evidence::RateTooHigh { loss, .. } => *loss,
            Evidence::OneClass { others, .. } => *others as f64,
        }
    }
}

/// The smallest as a part of the last; 1 where that is 0 too.
pub(super) fn smallest_of_last(rms: &[f64]) -> f64 {
    let smallest = rms.iter().copied().fold(f64::INFINITY, f64::min);
    match rms.last() {
        Some(&last) if last > 0.0 => smallest / last,
        _ => 1.0,
    }
}

/// A loss with four decimals, or where it is out of all bounds by its order of magnitude.
struct Loss(f64);

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.abs() < 1e6 {
            write!(f, "{:.4}", self.0)
        } else {
            write!(f, "{:.2e}", self.0)
        }
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let epoch = self.epoch;
        match &self.evidence {
            Evidence::Saturated {
                layer,
                share,
                loss,
                constant_loss,
            } => write!(
                f,
                "epoch {epoch}, layer {layer}: {:.0} % of the activations are saturated, within 0.01 of an end of their range, where hardly any \
                 gradient passes, at a training loss of {} (a constant prediction has {constant_loss:.4})",
                100.0 * share,
                Loss(*loss),
            ),
            Evidence::VanishingGradients {
                rms,
                loss,
                constant_loss,
            } => {
                write!(
                    f,
                    "epoch {epoch}: the gradients vanish on their way back; the root mean square of ∂J/∂W is "
                )?;
                for (at, rms) in rms.iter().enumerate() {
                    let comma = if at > 0 { ", " } else { "" };
                    write!(f, "{comma}{rms:.1e}")?;
                }
                write!(
                    f,
                    " in layers 1 to {}, at a training loss of {} (a constant prediction has {constant_loss:.4})",
                    rms.len(),
                    Loss(*loss),
                )
            }
            Evidence::RateTooLow {
                moved,
                first_loss,
                last_loss,
                constant_loss,
            } => write!(
                f,
                "epoch {epoch}: the learning rate is too low; the weights have moved by {:.2} % of their length, and the training loss \
                 went from {} to {} (a constant prediction has {constant_loss:.4})",
                100.0 * moved,
                Loss(*first_loss),
                Loss(*last_loss),
            ),
            Evidence::RateTooHigh {
                loss,
                best_loss,
                constant_loss,
            } => write!(
                f,
                "epoch {epoch}: the learning rate is too high; the training loss is {}, was {} before, and jumps (a constant \
                 prediction has {constant_loss:.4})",
                Loss(*loss),
                Loss(*best_loss),
            ),
            Evidence::OneClass {
                positive,
                rows,
                others,
                roc_auc,
            } => {
                let (class, other) = match positive {
                    true => ("positive", "negative"),
                    false => ("negative", "positive"),
                };
                write!(
                    f,
                    "the model predicts the {class} class for all {rows} rows that it was trained on, and {others} of them are {other}"
                )?;
                match roc_auc {
                    Some(auc) => write!(f, " (ROC AUC {auc:.4})"),
                    None => Ok(()),
                }
            }
        }
    }
}

/// In the words of the [`Builder`](crate::Builder).
impl fmt::Display for Remedy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Remedy::LearningRate(rate) => write!(f, "learning_rate({rate})"),
            Remedy::Scaling => f.write_str("scaling(Scaling::Standard)"),
            Remedy::HiddenLayers(layers) => write!(f, "{layers} sizes in hidden(…)"),
            Remedy::ClassWeights => f.write_str(
                "threshold(Metric::BalancedAccuracy), or class_weight(ClassWeight::Balanced)",
            ),
            Remedy::Epochs(epochs) => write!(f, "epochs({epochs}), or a higher learning_rate"),
        }
    }
}
