//! How a training went.

use chainrule_metrics::{Error, Report};

use super::threshold::Tuned;
use crate::{EpochReport, Outcome, TrainingInfo, Warning};

/// How a training went: what is known of it beyond what the model keeps.
#[derive(Clone, Debug)]
pub struct TrainingReport {
    /// Rows, threads, instruction set and so on.
    pub info: TrainingInfo,
    /// How it ended.
    pub outcome: Outcome,
    /// The epochs that were finished.
    pub history: Vec<EpochReport>,
    /// What did not go well, in the order in which it was seen.
    pub warnings: Vec<Warning>,
    /// The epoch whose weights the model has, if early stopping chose one.
    pub best_epoch: Option<usize>,
    /// The number of steps.
    pub steps: usize,
    /// Seconds of the steps alone.
    pub seconds: f64,
    /// How the validation rows chose the threshold; nothing if that was not asked of them.
    pub tuned: Option<Tuned>,
    /// The finished model on the training rows.
    pub train: Result<Report, Error>,
    /// The finished model on the validation rows; nothing if there are none.
    pub validation: Option<Result<Report, Error>>,
    /// The finished model on the rows set apart to test on, which nothing else has seen; nothing if there are none.
    pub test: Option<Result<Report, Error>>,
    /// Rows of weight zero, which are not there.
    pub rows_of_weight_zero: usize,
    /// Rows of the table that have no label and were left out.
    pub rows_without_label: usize,
    /// Rows with a cell that can't be used, left out as the table's reader was told.
    pub rows_with_bad_cells: usize,
}

impl TrainingReport {
    /// Rows trained on in a second: of all epochs, by the time of the steps alone. Nothing if there was no step.
    pub fn samples_per_second(&self) -> Option<f64> {
        let steps_of_an_epoch = self.info.steps_per_epoch as f64;
        let rows = self.steps as f64 / steps_of_an_epoch * self.info.rows as f64;
        (self.steps > 0 && self.seconds > 0.0).then(|| rows / self.seconds)
    }
}
