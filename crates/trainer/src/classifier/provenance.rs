//! Where a model came from.

use std::fmt;

use chainrule_data::Dataset;
use chainrule_nn::{Initializer, Precision};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::checkpoint::Counts;
use crate::{Batch, Description, Schedule, Stopping, Weighting};

/// Where a model came from: enough to train it again and compare the bits.
///
/// There is no time, path, user or machine in it, nor the number of threads or the instruction set: the same training gives
/// the same file everywhere.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(into = "Stored", from = "Stored")]
pub struct Provenance {
    /// The version of this crate.
    pub version: String,
    /// All the data, before rows were taken out for validation.
    pub data: DataRecord,
    /// What was validated on.
    pub validation: ValidationRecord,
    /// How it was trained.
    pub training: TrainingRecord,
    /// The content hash of the model that the training started from; nothing if first weights were drawn.
    pub started_from: Option<String>,
    /// What is beside the training itself; nothing in the files of the first versions. It is a section of its own.
    pub procedure: Option<Procedure>,
    /// How rows and classes were weighted; nothing if all rows counted the same. It is a section of its own.
    pub weighting: Option<Weighting>,
}

/// What is beside the training itself: how numbers were scaled, what ended it, which weights were kept, what was tested on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(into = "StoredProcedure", from = "StoredProcedure")]
pub struct Procedure {
    /// How the learning rate changed: a [`Schedule`](crate::Schedule) as text.
    pub schedule: String,
    /// The name of the scaling.
    pub scaling: String,
    /// What was to end it before its epochs were over.
    pub early_stopping: Option<EarlyStoppingRecord>,
    /// The metric to reach, by name, and its value.
    pub target: Option<(String, f64)>,
    /// The epoch whose weights these are, if early stopping chose one.
    pub best_epoch: Option<u64>,
    /// Where the threshold is from: a [`Threshold`](crate::Threshold) as text; nothing if it is ½ or that of the model that the training
    /// started from. In a checkpoint it is not chosen yet, so only one that was given is there.
    pub threshold: Option<String>,
    /// What the finished model was tested on.
    pub test: ValidationRecord,
    /// What whoever described the training wants to find again: see [`Builder::recorded_as`](crate::Builder::recorded_as).
    pub recorded: Vec<String>,
}

/// [`EarlyStopping`](crate::EarlyStopping), in a form that is the same on every machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EarlyStoppingRecord {
    /// The name of the metric.
    pub metric: String,
    /// So many epochs without a new best ended it.
    pub patience: u64,
    /// What a new best was better by.
    pub min_delta: f64,
}

impl Procedure {
    pub(super) fn of(
        schedule: Schedule,
        scaling: String,
        stopping: &Stopping,
        test: ValidationRecord,
        recorded: &[String],
    ) -> Procedure {
        Procedure {
            schedule: schedule.to_string(),
            scaling,
            early_stopping: stopping.early.map(|rule| EarlyStoppingRecord {
                metric: rule.metric.name().to_owned(),
                patience: rule.patience as u64,
                min_delta: rule.min_delta,
            }),
            target: stopping
                .target
                .map(|target| (target.metric.name().to_owned(), target.value)),
            best_epoch: None,
            threshold: None,
            test,
            recorded: recorded.to_vec(),
        }
    }
}

impl Provenance {
    /// The same training after so many steps.
    pub(super) fn after(&self, counts: Counts) -> Provenance {
        let mut provenance = self.clone();
        provenance.training.epochs_finished = counts.epochs_finished as u64;
        provenance.training.steps = counts.steps as u64;
        if let Some(procedure) = &mut provenance.procedure {
            procedure.best_epoch = counts.best_epoch.map(|epoch| epoch as u64);
        }
        provenance
    }
}

impl fmt::Display for DataRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} rows with the hash {}",
            self.rows, self.samples_sha256
        )
    }
}

impl fmt::Display for ValidationRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ValidationRecord::None => f.write_str("none"),
            ValidationRecord::Fraction(share) => write!(f, "a share of {share}"),
            ValidationRecord::Rows(data) => data.fmt(f),
        }
    }
}

/// Some rows, told by their hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataRecord {
    /// Rows with a label and a weight above zero.
    pub rows: u64,
    /// [`samples_sha256`](DataRecord::of) of the rows: features, classes and weights.
    pub samples_sha256: String,
    /// The SHA-256 of the file they were read from, if they were.
    pub file_sha256: Option<String>,
}

/// What a training was validated on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ValidationRecord {
    /// On nothing.
    None,
    /// On a share of each class, drawn by the seed.
    Fraction(f64),
    /// On other rows.
    Rows(DataRecord),
}

/// How a model was trained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrainingRecord {
    /// The optimiser and its settings.
    pub optimizer: Description,
    /// `α`.
    pub learning_rate: f64,
    /// The epochs asked for.
    pub epochs: u64,
    /// The epochs that were finished.
    pub epochs_finished: u64,
    /// The steps that were finished.
    pub steps: u64,
    /// Rows of a step.
    pub batch: BatchRecord,
    /// Whether each epoch took the rows in a new order.
    pub shuffle: bool,
    /// Where random numbers started from.
    pub seed: u64,
    /// The numbers of the network.
    pub precision: Precision,
    /// Whether features were standardised.
    pub standardised: bool,
    /// How the first weights were drawn, if they were.
    pub initializer: Option<Initializer>,
}

/// [`Batch`], in a form that is the same on every machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BatchRecord {
    /// So many rows.
    Rows(u64),
    /// All.
    Full,
}

impl From<Batch> for BatchRecord {
    fn from(batch: Batch) -> BatchRecord {
        match batch {
            Batch::Rows(rows) => BatchRecord::Rows(rows as u64),
            Batch::Full => BatchRecord::Full,
        }
    }
}

impl From<BatchRecord> for Batch {
    fn from(record: BatchRecord) -> Batch {
        match record {
            // More rows than the machine can count are all of them.
            BatchRecord::Rows(rows) => Batch::Rows(usize::try_from(rows).unwrap_or(usize::MAX)),
            BatchRecord::Full => Batch::Full,
        }
    }
}

impl DataRecord {
    /// The record of some rows.
    ///
    /// The hash is the SHA-256 of: the number of rows and of features (64 bits each), the features row by row, a byte 0 or 1
    /// for each class, and, if there are weights, the weights; all numbers little-endian, values as the bits of `f64`. Categorical
    /// features are hashed as the places of their levels; after all that come the levels, feature by feature, each as its length
    /// (64 bits) and its UTF-8.
    pub fn of(data: &Dataset, file_sha256: Option<&str>) -> DataRecord {
        let mut hasher = Sha256::new();
        hasher.update((data.len() as u64).to_le_bytes());
        hasher.update((data.features().nrows() as u64).to_le_bytes());
        let values = data.features().iter();
        values.for_each(|value| hasher.update(value.to_bits().to_le_bytes()));
        let classes: Vec<u8> = data.labels().iter().map(|&class| class.into()).collect();
        hasher.update(&classes);
        let weights = data.weights().unwrap_or_default().iter();
        weights.for_each(|weight| hasher.update(weight.to_bits().to_le_bytes()));
        let levels = (0..data.features().nrows()).flat_map(|feature| data.levels(feature));
        levels.for_each(|level| {
            hasher.update((level.len() as u64).to_le_bytes());
            hasher.update(level);
        });
        let digits = hasher.finalize();
        let digits = digits.iter().map(|byte| format!("{byte:02x}")).collect();
        DataRecord {
            rows: data.len() as u64,
            samples_sha256: digits,
            file_sha256: file_sha256.map(str::to_owned),
        }
    }
}

/// The stored form has its own version.
#[derive(Clone, Serialize, Deserialize)]
enum Stored {
    V1 {
        version: String,
        data: DataRecord,
        validation: ValidationRecord,
        training: TrainingRecord,
        started_from: Option<String>,
    },
}

/// A section of its own, which files of the first versions don't have.
#[derive(Clone, Serialize, Deserialize)]
enum StoredProcedure {
    V1(BeforeThresholds),
    /// Only where a threshold was asked for.
    V2 {
        procedure: BeforeThresholds,
        threshold: String,
    },
}

/// All but the threshold.
#[derive(Clone, Serialize, Deserialize)]
struct BeforeThresholds {
    schedule: String,
    scaling: String,
    early_stopping: Option<EarlyStoppingRecord>,
    target: Option<(String, f64)>,
    best_epoch: Option<u64>,
    test: ValidationRecord,
    recorded: Vec<String>,
}

impl From<Procedure> for StoredProcedure {
    fn from(procedure: Procedure) -> StoredProcedure {
        let Procedure {
            schedule,
            scaling,
            early_stopping,
            target,
            best_epoch,
            threshold,
            test,
            recorded,
        } = procedure;
        let procedure = BeforeThresholds {
            schedule,
            scaling,
            early_stopping,
            target,
            best_epoch,
            test,
            recorded,
        };
        match threshold {
            None => StoredProcedure::V1(procedure),
            Some(threshold) => StoredProcedure::V2 {
                procedure,
                threshold,
            },
        }
    }
}

impl From<StoredProcedure> for Procedure {
    fn from(stored: StoredProcedure) -> Procedure {
        let (procedure, threshold) = match stored {
            StoredProcedure::V1(procedure) => (procedure, None),
            StoredProcedure::V2 {
                procedure,
                threshold,
            } => (procedure, Some(threshold)),
        };
        let BeforeThresholds {
            schedule,
            scaling,
            early_stopping,
            target,
            best_epoch,
            test,
            recorded,
        } = procedure;
        Procedure {
            schedule,
            scaling,
            early_stopping,
            target,
            best_epoch,
            threshold,
            test,
            recorded,
        }
    }
}

impl From<Provenance> for Stored {
    fn from(provenance: Provenance) -> Stored {
        let Provenance {
            version,
            data,
            validation,
            training,
            started_from,
            procedure: _,
            weighting: _,
        } = provenance;
        Stored::V1 {
            version,
            data,
            validation,
            training,
            started_from,
        }
    }
}

impl From<Stored> for Provenance {
    fn from(stored: Stored) -> Provenance {
        let Stored::V1 {
            version,
            data,
            validation,
            training,
            started_from,
        } = stored;
        Provenance {
            version,
            data,
            validation,
            training,
            started_from,
            procedure: None,
            weighting: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nalgebra::DMatrix;

    /// The digits were computed by a script from the description of the hash.
    #[test]
    fn the_hash_of_rows_is_the_documented_one() {
        let x = [1.0, 10.0, 5.0, 2.0, -3.0, 5.0];
        let features = DMatrix::from_column_slice(3, 2, &x);
        let data = Dataset::new(features, vec![false, true]).unwrap();
        let hash = |data: &Dataset| DataRecord::of(data, None).samples_sha256;
        assert_eq!(
            hash(&data),
            "8d78ca8dab8903d5bc128abcc83439aab7e841a72bed268b24bd11949be1ef56"
        );
        let weighted = data.clone().with_weights(vec![0.5, 2.0]).unwrap();
        assert_eq!(
            hash(&weighted),
            "d719fea4aee98b162d27d86cbf0e911aa3a59354e617d5544155073d69c9e529"
        );
        assert_ne!(hash(&data.select(&[1, 0])), hash(&data));
    }
}
