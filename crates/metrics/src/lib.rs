//! Metrics for binary classification: slices in, numbers out.
//!
//! ```
//! use chainrule_metrics::{Undefined, evaluate, roc_auc};
//!
//! let labels = [false, false, true, true];
//! let logits = [-2.0, -0.5, -1.0, 3.0]; // of the positive class
//! let report = evaluate(&labels, &logits, None, 0.5)?;
//! assert_eq!(report.accuracy, 0.75);
//! assert_eq!(report.precision, Ok(1.0));
//! assert_eq!(report.roc_auc, Ok(0.75));
//! assert_eq!(report.baseline.accuracy, 0.5);
//!
//! // What can't be computed has a reason, not a made-up number.
//! let one_class = evaluate(&[true, true], &[1.0, 2.0], None, 0.5)?;
//! assert_eq!(one_class.roc_auc, Err(Undefined::NoNegatives));
//! # Ok::<(), chainrule_metrics::Error>(())
//! ```
//!
//! # Conventions
//! - A label is `true` for the positive class. A score is any number that grows with the belief in it: a logit or a probability.
//! - A row is predicted positive if its probability is at least the threshold.
//! - The threshold itself can be chosen by a metric: [`best_threshold`].
//! - Weights are optional. Weights of one give the same bits as none, and a row of weight zero is absent: not even its score is looked at.
//! - Sums run over the rows in the order given, one running sum in f64. `exp`, `log` and `log1p` are those of the pinned `libm` crate, so
//!   the result is the same on every machine.
//! - Definitions are scikit-learn's where they agree with "undefined is not a number"; where scikit-learn returns 0 or 1 with a warning,
//!   the result here is an [`Undefined`] with its reason.

#![cfg_attr(
    not(test),
    deny(clippy::print_stdout, clippy::print_stderr, clippy::dbg_macro)
)]

mod baseline;
mod calibration;
mod confusion;
mod error;
mod loss;
mod metric;
mod ranking;
mod report;
mod rows;
mod threshold;

pub use baseline::Baseline;
pub use calibration::{Bin, Binning, Calibration, calibration};
pub use confusion::Confusion;
pub use error::{Error, Undefined};
pub use loss::{CLIP, brier, log_loss, log_loss_from_probabilities, sigmoid};
pub use metric::{Direction, Metric, UnknownMetric};
pub use ranking::{average_precision, roc_auc};
pub use report::{Report, evaluate, evaluate_with_probabilities};
pub use threshold::{BestThreshold, NotForThresholds, best_threshold};

/// The README's example runs too.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
