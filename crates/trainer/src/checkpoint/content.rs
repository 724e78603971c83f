//! What a training is between two steps, as sections of a file.

use std::path::Path;

use chainrule_autodiff::{Scalar, State};
use chainrule_nn::Network;
use chainrule_nn::container::{
    Container, ContainerWriter, FormatError, Tensor, TensorRef, Values, ValuesRef,
};
use chainrule_nn::{NETWORK_SECTION, PARAMETERS_SECTION};
use serde::{Deserialize, Serialize};

use super::error::CheckpointError;
use super::identity::Identity;
use super::{Counts, Describe, whole};
use crate::EpochReport;
use crate::train::Real;

const CHECKPOINT: &str = "checkpoint";
const OPTIMIZER: &str = "optimizer-state";
const EPOCH_START: &str = "epoch-start";
const BEST: &str = "best";
const HISTORY: &str = "history";
const MEMORY: &str = "memory";

/// A training between two steps, to be written.
pub(crate) struct Moment<'m, T: Scalar> {
    pub(crate) network: &'m Network,
    /// The epoch that is running, from 1, and how many of its steps are done.
    pub(crate) epoch: usize,
    pub(crate) batch: usize,
    /// Of these steps, the sum of the losses, each times its weight, and the sum of the weights.
    pub(crate) loss_sum: f64,
    pub(crate) weight_sum: f64,
    pub(crate) steps: usize,
    /// Seconds of the steps, and of everything.
    pub(crate) seconds: f64,
    pub(crate) elapsed: f64,
    /// How it ended, if it did so for good.
    pub(crate) settled: Option<Settled>,
    pub(crate) state: &'m State<T>,
    /// The state before the epoch, in the middle of one.
    pub(crate) epoch_start: Option<&'m State<T>>,
    /// The parameters of the best epoch, flat.
    pub(crate) best: Option<&'m [T]>,
    pub(crate) history: &'m [EpochReport],
    /// What parts of the loop remember.
    pub(crate) memory: Vec<(&'static str, Vec<f64>)>,
}

/// A training between two steps, as it was read.
pub(crate) struct Restored<T> {
    pub(crate) epoch: usize,
    pub(crate) batch: usize,
    pub(crate) loss_sum: f64,
    pub(crate) weight_sum: f64,
    pub(crate) steps: usize,
    pub(crate) seconds: f64,
    pub(crate) elapsed: f64,
    pub(crate) settled: Option<Settled>,
    pub(crate) history: Vec<EpochReport>,
    state: Vec<(String, Vec<T>)>,
    epoch_start: Option<Vec<(String, Vec<T>)>>,
    best: Option<Vec<T>>,
    memory: Vec<(String, Vec<f64>)>,
    path: std::path::PathBuf,
}

/// An end that more epochs don't change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Settled {
    /// Patience ran out.
    NoImprovement,
    /// The target was reached.
    TargetReached,
    /// Nothing can be gained any more.
    Converged,
}

/// The counters.
#[derive(Serialize, Deserialize)]
enum Stored {
    V1 {
        identity: Identity,
        epoch: u64,
        batch: u64,
        loss_sum: f64,
        weight_sum: f64,
        steps: u64,
        seconds: f64,
        elapsed: f64,
        settled: Option<Settled>,
    },
}

impl<T: Real> Moment<'_, T> {
    /// All sections.
    pub(super) fn write(
        &self,
        identity: &Identity,
        describe: &Describe<'_>,
    ) -> Result<ContainerWriter, FormatError> {
        let counts = Counts {
            epochs_finished: self.history.len(),
            steps: self.steps,
            // As a model it has the parameters of its last step.
            best_epoch: None,
        };
        let is_parameter = parameters_of(self.network);
        let (parameters, rest): (Vec<Tensor>, Vec<Tensor>) = tensors(self.state)
            .into_iter()
            .partition(|tensor| is_parameter(&tensor.name));
        let stored = Stored::V1 {
            identity: identity.clone(),
            epoch: self.epoch as u64,
            batch: self.batch as u64,
            loss_sum: self.loss_sum,
            weight_sum: self.weight_sum,
            steps: self.steps as u64,
            seconds: self.seconds,
            elapsed: self.elapsed,
            settled: self.settled,
        };
        let writer = ContainerWriter::new().metadata(NETWORK_SECTION, self.network)?;
        let writer = writer.tensors(PARAMETERS_SECTION, &views(&parameters))?;
        let mut writer = describe(writer, counts)?.metadata(CHECKPOINT, &stored)?;
        let mut add = |name, tensors: &[Tensor]| -> Result<(), FormatError> {
            writer = std::mem::take(&mut writer).tensors(name, &views(tensors))?;
            Ok(())
        };
        add(OPTIMIZER, &rest)?;
        if let Some(start) = self.epoch_start {
            add(EPOCH_START, &tensors(start))?;
        }
        if let Some(best) = self.best {
            add(BEST, &[column("parameters", to_values(best))])?;
        }
        add(HISTORY, &history(self.history))?;
        let memory: Vec<Tensor> = self
            .memory
            .iter()
            .filter(|(_, values)| !values.is_empty())
            .map(|(name, values)| column(name, Values::F64(values.clone())))
            .collect();
        add(MEMORY, &memory)?;
        Ok(writer)
    }
}

impl<T: Real> Restored<T> {
    /// Reads a checkpoint and makes sure that it is of the training `here`.
    pub(super) fn read(
        path: &Path,
        container: &Container,
        here: &Identity,
    ) -> Result<Restored<T>, CheckpointError> {
        let format = |error: FormatError| CheckpointError::format(path, &error);
        let Stored::V1 {
            identity,
            epoch,
            batch,
            loss_sum,
            weight_sum,
            steps,
            seconds,
            elapsed,
            settled,
        } = container.metadata(CHECKPOINT).map_err(format)?;
        let differences = here.differences(&identity);
        if !differences.is_empty() {
            return Err(CheckpointError::Differs {
                path: path.to_owned(),
                differences,
            });
        }
        let read = |name: &str| -> Result<Vec<(String, Vec<T>)>, CheckpointError> {
            let tensors = container.tensors(name).map_err(format)?;
            let named = tensors.into_iter();
            Ok(named
                .map(|tensor| (tensor.name.clone(), to_reals(&tensor.values)))
                .collect())
        };
        let is_there = |name: &str| container.section(name).is_some();
        let mut state = read(PARAMETERS_SECTION)?;
        state.extend(read(OPTIMIZER)?);
        let epoch_start = is_there(EPOCH_START)
            .then(|| read(EPOCH_START))
            .transpose()?;
        let best = is_there(BEST).then(|| read(BEST)).transpose()?;
        let memory = container.tensors(MEMORY).map_err(format)?;
        let rows = container.tensors(HISTORY).map_err(format)?;
        let history = read_history(&rows)
            .ok_or_else(|| CheckpointError::content(path, "its history is incomplete"))?;
        Ok(Restored {
            epoch: epoch as usize,
            batch: batch as usize,
            loss_sum,
            weight_sum,
            steps: steps as usize,
            seconds,
            elapsed,
            settled,
            history,
            state,
            epoch_start,
            best: best.and_then(|best| best.into_iter().next().map(|(_, values)| values)),
            memory: memory
                .into_iter()
                .map(|tensor| (tensor.name.clone(), to_reals(&tensor.values)))
                .collect(),
            path: path.to_owned(),
        })
    }

    /// Puts the state back.
    pub(crate) fn state_into(&self, state: &mut State<T>) -> Result<(), CheckpointError> {
        self.fill(&self.state, state)
    }

    /// Puts the state from before the epoch back: between epochs that is the state itself.
    pub(crate) fn epoch_start_into(&self, state: &mut State<T>) -> Result<(), CheckpointError> {
        self.fill(self.epoch_start.as_ref().unwrap_or(&self.state), state)
    }

    /// The parameters of the best epoch, flat.
    pub(crate) fn best(&self) -> Option<&[T]> {
        self.best.as_deref()
    }

    /// Gives a part of the loop what it remembered.
    pub(crate) fn recall(&self, part: &mut dyn super::Remembers) -> Result<(), CheckpointError> {
        let wrong = || {
            let problem = format!("it does not have what {:?} remembered", part.name());
            CheckpointError::content(&self.path, problem)
        };
        let mut memory = self.memory.iter();
        let (_, values) = memory
            .find(|(name, _)| name == part.name())
            .ok_or_else(wrong)?;
        let error = wrong();
        part.recall(values).map_err(|_| error)
    }

    /// A path for messages about what doesn't fit.
    pub(crate) fn unfit(&self, problem: &str) -> CheckpointError {
        CheckpointError::content(&self.path, problem)
    }

    fn fill(
        &self,
        slots: &[(String, Vec<T>)],
        state: &mut State<T>,
    ) -> Result<(), CheckpointError> {
        let expected: Vec<String> = state.slots().map(|(name, _)| name.to_owned()).collect();
        let is_same = expected.len() == slots.len()
            && expected
                .iter()
                .all(|name| slots.iter().any(|(n, _)| n == name));
        if !is_same {
            let found: Vec<&str> = slots.iter().map(|(name, _)| name.as_str()).collect();
            return Err(self.unfit(&format!(
                "its state is {}, and this training has {}",
                found.join(", "),
                expected.join(", ")
            )));
        }
        for (name, values) in slots {
            let set = state.set(name, values);
            set.map_err(|error| self.unfit(&error.to_string()))?;
        }
        Ok(())
    }
}

fn parameters_of(network: &Network) -> impl Fn(&str) -> bool {
    let names: Vec<String> = network.parameters().into_iter().map(|p| p.name).collect();
    move |name| names.iter().any(|parameter| parameter == name)
}

/// Each slot of a state, under its name.
fn tensors<T: Real>(state: &State<T>) -> Vec<Tensor> {
    let slots = state.slots();
    slots
        .map(|(name, shape)| {
            let values = state.get(name).expect("a slot that the state lists");
            Tensor {
                name: name.to_owned(),
                rows: shape.rows.at(1),
                cols: shape.cols.at(1),
                values: to_values(&values),
            }
        })
        .collect()
}

fn views(tensors: &[Tensor]) -> Vec<TensorRef<'_>> {
    tensors.iter().map(Tensor::view).collect()
}

fn column(name: &str, values: Values) -> Tensor {
    let rows = match &values {
        Values::F32(values) => ValuesRef::F32(values).len(),
        Values::F64(values) => ValuesRef::F64(values).len(),
        _ => unreachable!("made here"),
    };
    Tensor {
        name: name.to_owned(),
        rows,
        cols: 1,
        values,
    }
}

fn to_values<T: Scalar>(values: &[T]) -> Values {
    if T::BYTES == size_of::<f32>() {
        // Exact: they are f32 already.
        Values::F32(values.iter().map(|v| v.to_f64() as f32).collect())
    } else {
        Values::F64(values.iter().map(|v| v.to_f64()).collect())
    }
}

fn to_reals<T: Scalar>(values: &Values) -> Vec<T> {
    match values {
        Values::F32(values) => values.iter().map(|&v| T::from_f64(f64::from(v))).collect(),
        Values::F64(values) => values.iter().map(|&v| T::from_f64(v)).collect(),
        _ => Vec::new(),
    }
}

/// A column of an epoch's report: what is no value is NaN, and a column beside it says which are values.
type Column = (&'static str, fn(&EpochReport) -> Option<f64>);

const COLUMNS: [Column; 6] = [
    ("train_loss", |epoch| Some(epoch.train_loss)),
    ("validation_loss", |epoch| epoch.validation_loss),
    ("score", |epoch| epoch.score),
    ("learning_rate", |epoch| Some(epoch.learning_rate)),
    ("steps", |epoch| Some(epoch.steps as f64)),
    ("seconds", |epoch| Some(epoch.seconds)),
];

/// Two columns for each of [`COLUMNS`]: the values, and 1 where there is one.
fn history(epochs: &[EpochReport]) -> Vec<Tensor> {
    if epochs.is_empty() {
        return Vec::new();
    }
    let both = |(name, of): &Column| {
        let values: Vec<Option<f64>> = epochs.iter().map(of).collect();
        let known = values.iter().map(|v| if v.is_some() { 1.0 } else { 0.0 });
        let known = column(&format!("has {name}"), Values::F64(known.collect()));
        let values = values.iter().map(|v| v.unwrap_or(f64::NAN)).collect();
        [column(name, Values::F64(values)), known]
    };
    COLUMNS.iter().flat_map(both).collect()
}

fn read_history(columns: &[Tensor]) -> Option<Vec<EpochReport>> {
    if columns.is_empty() {
        return Some(Vec::new());
    }
    let find = |name: &str| {
        let tensor = columns.iter().find(|tensor| tensor.name == name)?;
        match &tensor.values {
            Values::F64(values) => Some(values),
            _ => None,
        }
    };
    let mut read = Vec::new();
    for (name, _) in COLUMNS {
        let (values, known) = (find(name)?, find(&format!("has {name}"))?);
        let both = values.iter().zip(known);
        let values: Vec<Option<f64>> = both
            .map(|(&value, &known)| (known == 1.0).then_some(value))
            .collect();
        read.push(values);
    }
    let [
        train_loss,
        validation_loss,
        score,
        learning_rate,
        steps,
        seconds,
    ] = &read[..]
    else {
        return None;
    };
    let count = train_loss.len();
    if read.iter().any(|column| column.len() != count) {
        return None;
    }
    (0..count)
        .map(|at| {
            Some(EpochReport {
                epoch: at + 1,
                epochs: count,
                train_loss: train_loss[at]?,
                validation_loss: validation_loss[at],
                score: score[at],
                learning_rate: learning_rate[at]?,
                steps: whole(steps[at]?).ok()?,
                seconds: seconds[at]?,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn history_survives_with_what_is_no_number() {
        let report = |epoch: usize, loss, validation, score| EpochReport {
            epoch,
            epochs: 3,
            train_loss: loss,
            validation_loss: validation,
            score,
            learning_rate: 0.1,
            steps: 5 * epoch,
            seconds: 0.25 * epoch as f64,
        };
        let epochs = [
            report(1, 0.5, Some(f64::NAN), None),
            report(2, 0.1 + 0.2, Some(-0.0), Some(0.75)),
            report(3, f64::MIN_POSITIVE / 4.0, None, Some(f64::NAN)),
        ];
        let read = read_history(&history(&epochs)).unwrap();
        assert_eq!(format!("{read:?}"), format!("{epochs:?}"));
        assert_eq!(read_history(&history(&[])), Some(Vec::new()));
        assert_eq!(read_history(&history(&epochs)[1..]), None);
    }
}
