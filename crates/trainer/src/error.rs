//! Why a training can't begin or go on.

use chainrule_autodiff::{CompileError, RunError, StateError};
use chainrule_metrics::Metric;
use chainrule_nn::container::{FileError, FormatError};
use chainrule_nn::{ModelError, Network, NetworkError};

use crate::{CheckpointError, Classifier, Divergence};

/// Why a training can't begin or go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrainError {
    /// The data can't be used.
    #[error(transparent)]
    Data(#[from] chainrule_data::Error),
    /// The network can't be used.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// The parameters can't be used.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// A graph was not right: an optimiser wrote an update that does not fit, or the machine lacks the instruction set.
    #[error(transparent)]
    Compile(#[from] CompileError),
    /// A run broke off.
    #[error(transparent)]
    Run(#[from] RunError),
    /// A state was not right.
    #[error(transparent)]
    State(#[from] StateError),
    /// A metric can't be computed.
    #[error(transparent)]
    Metric(#[from] chainrule_metrics::Error),
    /// A setting is out of its range.
    #[error("{what} is {found}; expected {expected}")]
    Setting {
        /// Which.
        what: String,
        /// Its value.
        found: f64,
        /// What it may be.
        expected: &'static str,
    },
    /// Settings that don't go together.
    #[error("{0}")]
    Together(String),
    /// Another number of something than expected.
    #[error("{found} {what}; expected {expected}")]
    Length {
        /// Of what.
        what: &'static str,
        /// How many were expected.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// The parameters are those of another network.
    #[error("{found} parameters, and the network has {expected}")]
    ParameterCount {
        /// How many the network has.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// Two parts of the model don't fit each other.
    #[error("{0}")]
    Parts(String),
    /// The training can't be kept, or can't go on from where it was.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// A metric is to be watched, and there are no rows to validate on.
    #[error("{metric} is to be watched, and there are no rows to validate on: hold some out")]
    NothingToWatch {
        /// Which.
        metric: Metric,
    },
    /// A metric is to be watched that has no value on the validation rows, whatever the model.
    #[error(
        "{metric} is to be watched, and it has no value on the validation rows: {reason}; watch another metric, or validate on other rows"
    )]
    Unwatchable {
        /// Which.
        metric: Metric,
        /// Why.
        reason: String,
    },
    /// A threshold is to be chosen, and there are no rows to validate on.
    #[error(
        "the threshold is to be chosen by {metric} on rows to validate on, and there are none: hold some out, or give a number"
    )]
    NothingToTuneOn {
        /// By what.
        metric: Metric,
    },
    /// A threshold is to be chosen on validation rows that can't tell one from another.
    #[error(
        "the threshold can't be chosen by {metric} on the validation rows: {reason}; validate on rows of both classes, or give a number"
    )]
    Untunable {
        /// By what.
        metric: Metric,
        /// Why.
        reason: String,
    },
    /// Classes are to weigh the same, and one of them has no row to train on.
    #[error(
        "no row to train on is of the {missing} class, so the classes can't be balanced: give rows of both, or weights as 1:9"
    )]
    OneClass {
        /// `negative` or `positive`.
        missing: &'static str,
    },
    /// There is nothing to train on.
    #[error("there are no rows to train on")]
    NoRows,
    /// A table was given without saying which column is the target.
    #[error("which column is the target? name it with .target(\"…\")")]
    NoTarget,
    /// The network takes another number of features than the table has.
    #[error(
        "the network takes {inputs} features, and the table has {features}: begin it with Network::inputs({features})"
    )]
    Inputs {
        /// What it takes.
        inputs: usize,
        /// What there are.
        features: usize,
    },
    /// A training from a saved model asks for other layers than the model has.
    #[error(
        "the model to start from is {model}, and {asked} was asked for: leave the layers to the model, or start afresh"
    )]
    OtherLayers {
        /// Those of the model.
        model: Network,
        /// Those asked for.
        asked: Network,
    },
    /// A value became infinite or NaN. The last good model is kept.
    #[error("training diverged in {divergence}; try {}", divergence.remedy)]
    Diverged {
        /// Where and what.
        divergence: Divergence,
        /// The model from before the epoch in which it happened.
        last_good: Box<Classifier>,
    },
}

/// Why a classifier can't be saved or loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClassifierError {
    /// The network or its parameters, or the file, are not right.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// Two parts don't fit each other.
    #[error("{0}: the model is damaged or forged")]
    Parts(String),
    /// The forward pass can't be compiled.
    #[error(transparent)]
    Compile(#[from] CompileError),
}

impl From<FormatError> for ClassifierError {
    fn from(error: FormatError) -> ClassifierError {
        ClassifierError::Model(error.into())
    }
}

impl From<FileError> for ClassifierError {
    fn from(error: FileError) -> ClassifierError {
        ClassifierError::Model(error.into())
    }
}

impl From<ClassifierError> for TrainError {
    fn from(error: ClassifierError) -> TrainError {
        match error {
            ClassifierError::Model(error) => TrainError::Model(error),
            ClassifierError::Compile(error) => TrainError::Compile(error),
            ClassifierError::Parts(parts) => TrainError::Parts(parts),
        }
    }
}

/// Why a classifier can't predict.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PredictError {
    /// The data can't be used.
    #[error(transparent)]
    Data(#[from] chainrule_data::Error),
    /// Rows with another number of features than the classifier takes.
    #[error("the model takes {expected} features, and the rows have {found}")]
    Features {
        /// What it takes.
        expected: usize,
        /// What there are.
        found: usize,
    },
    /// The run broke off.
    #[error(transparent)]
    Run(#[from] RunError),
    /// A metric can't be computed.
    #[error(transparent)]
    Metric(#[from] chainrule_metrics::Error),
}
