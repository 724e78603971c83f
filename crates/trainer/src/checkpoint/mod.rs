//! Keeping a training, so that one that was killed goes on as if nothing had happened.
//!
//! A checkpoint is a file in a folder that one training has for itself. It is a model file with more sections: whatever a training is
//! between two steps. `docs/file-format.md` describes them.

mod content;
mod error;
mod folder;
mod identity;

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::{Duration, Instant};

use chainrule_nn::container::{ContainerWriter, FormatError};

use crate::train::Real;

pub(crate) use content::{Moment, Restored, Settled};
pub use error::{CheckpointError, Difference};
pub(crate) use folder::Folder;
pub(crate) use identity::Identity;

/// Where a training is kept, how often, and whether to go on with what is there.
///
/// ```
/// use chainrule_data::{Table, embedded};
/// use chainrule_trainer::{Checkpoints, Classifier, Every, Start};
///
/// let folder = tempfile::tempdir()?;
/// let wdbc = embedded::wdbc();
/// let table = Table::from_csv(wdbc.name, wdbc.bytes)?;
/// let kept = |start| Checkpoints { folder: folder.path().join("kept"), every: Every::Steps(10), start };
/// let fit = |epochs, start| {
///     Classifier::builder().target(wdbc.target).epochs(epochs).checkpoints(kept(start)).fit(&table)
/// };
/// fit(3, Start::Afresh)?;
/// let resumed = fit(5, Start::Resume)?;
/// assert_eq!(resumed.report().unwrap().info.resumed_from_step, Some(45));
///
/// let in_one_go = Classifier::builder().target(wdbc.target).epochs(5).fit(&table)?;
/// assert_eq!(resumed.to_bytes()?, in_one_go.to_bytes()?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoints {
    /// The folder, for this training alone; it is made if it isn't there.
    pub folder: PathBuf,
    /// How often.
    pub every: Every,
    /// Whether to go on.
    pub start: Start,
}

impl Checkpoints {
    /// Whether a path is of a file that the training writes in its folder, or may take for one of its own. Anything else may lie there, too.
    ///
    /// ```
    /// use chainrule_trainer::{Checkpoints, Every, Start};
    ///
    /// let kept = Checkpoints { folder: "kept".into(), every: Every::default(), start: Start::Resume };
    /// assert!(kept.has_for_itself("kept/checkpoint-0000000045.chainrule".as_ref()));
    /// assert!(!kept.has_for_itself("kept/model.chainrule".as_ref()) && !kept.has_for_itself("lock".as_ref()));
    /// ```
    pub fn has_for_itself(&self, path: &Path) -> bool {
        let absolute = |path: &Path| std::path::absolute(path).ok();
        let folder = path.parent().and_then(|parent| match parent {
            here if here == Path::new("") => absolute(Path::new(".")),
            parent => absolute(parent),
        });
        let name = path.file_name().and_then(|name| name.to_str());
        folder.is_some() && folder == absolute(&self.folder) && name.is_some_and(folder::is_own)
    }
}

/// Whether a training goes on with what its folder has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// No: and if there is a checkpoint, that is an error, since it would be replaced.
    Afresh,
    /// Yes; from the beginning if there is none.
    Resume,
}

/// How often a training is kept. It is kept at its end too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Every {
    /// After so many epochs.
    Epochs(usize),
    /// After so many steps.
    Steps(usize),
    /// After the step in which so much time has gone by.
    Time(Duration),
}

impl Default for Every {
    /// After each epoch.
    fn default() -> Every {
        Every::Epochs(1)
    }
}

impl fmt::Display for Every {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Every::Epochs(n) => write!(f, "{n}epoch"),
            Every::Steps(n) => write!(f, "{n}steps"),
            Every::Time(time) => write!(f, "{}s", time.as_secs_f64()),
        }
    }
}

/// Text that doesn't say how often.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a number with epochs, steps, s, min or h, such as 1epoch, 500steps or 30s")]
pub struct UnknownInterval;

impl FromStr for Every {
    type Err = UnknownInterval;

    /// Reads `1epoch`, `500steps`, `30s`, `5min`, `1h`.
    fn from_str(text: &str) -> Result<Every, UnknownInterval> {
        let digits = text.find(|c: char| !(c.is_ascii_digit() || c == '.'));
        let (number, unit) = text.split_at(digits.ok_or(UnknownInterval)?);
        let count = || match number.parse() {
            Ok(0) | Err(_) => Err(UnknownInterval),
            Ok(count) => Ok(count),
        };
        let time = |unit: f64| match number.parse::<f64>() {
            Ok(number) if number > 0.0 => {
                let time = Duration::try_from_secs_f64(number * unit);
                time.map(Every::Time).map_err(|_| UnknownInterval)
            }
            _ => Err(UnknownInterval),
        };
        match unit.trim() {
            "epoch" | "epochs" => Ok(Every::Epochs(count()?)),
            "step" | "steps" => Ok(Every::Steps(count()?)),
            "s" => time(1.0),
            "min" => time(60.0),
            "h" => time(3600.0),
            _ => Err(UnknownInterval),
        }
    }
}

/// A part of the loop that has to remember something between steps which is not in the plan's state: what early stopping has seen, or
/// where a schedule that follows the loss stands.
pub(crate) trait Remembers {
    /// A name that no other part has, 64 bytes at most.
    fn name(&self) -> &'static str;

    /// What it has to remember, as numbers. Whole numbers are exact up to 2⁵³.
    fn remember(&self) -> Vec<f64>;

    /// Takes up what another one of its kind and settings has remembered.
    fn recall(&mut self, values: &[f64]) -> Result<(), Unexpected>;
}

/// Other numbers than expected.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unexpected;

/// A whole number that was remembered: what is none, or so large that it could not be counted on from, was not.
pub(crate) fn whole(value: f64) -> Result<usize, Unexpected> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let is_whole = value.fract() == 0.0 && (0.0..=EXACT).contains(&value);
    is_whole.then_some(value as usize).ok_or(Unexpected)
}

/// How far a training is, for the sections that make a checkpoint a model.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counts {
    pub(crate) epochs_finished: usize,
    pub(crate) steps: usize,
    pub(crate) best_epoch: Option<usize>,
}

/// Adds the sections with which a checkpoint is a model that predicts.
pub(crate) type Describe<'a> =
    dyn Fn(ContainerWriter, Counts) -> Result<ContainerWriter, FormatError> + 'a;

/// Writes the checkpoints of a training, and has found the one to go on from.
pub(crate) struct Keeper<'a> {
    folder: Folder,
    every: Every,
    identity: Identity,
    describe: Box<Describe<'a>>,
    written: Instant,
    /// The position that the newest file has, so that it is not written twice.
    kept: Option<(usize, Option<Settled>)>,
}

impl<'a> Keeper<'a> {
    /// Takes a folder that was locked.
    pub(crate) fn new(
        folder: Folder,
        every: Every,
        identity: Identity,
        describe: Box<Describe<'a>>,
    ) -> Keeper<'a> {
        Keeper {
            folder,
            every,
            identity,
            describe,
            written: Instant::now(),
            kept: None,
        }
    }

    /// What the newest checkpoint has, if there is one.
    pub(crate) fn restore<T: Real>(&mut self) -> Result<Option<Restored<T>>, CheckpointError> {
        let Some((path, container)) = self.folder.newest()? else {
            return Ok(None);
        };
        let restored = Restored::read(&path, &container, &self.identity)?;
        // By its name it is the newest: the next ones would be older, and be removed.
        if self.folder.newest_step()? != Some(restored.steps) {
            let problem = format!(
                "it is of step {}, and its name has another one",
                restored.steps
            );
            return Err(restored.unfit(&problem));
        }
        self.kept = Some((restored.steps, restored.settled));
        Ok(Some(restored))
    }

    /// Whether it is time, after a step in the middle of an epoch.
    #[inline]
    pub(crate) fn is_due_in_epoch(&self, steps: usize) -> bool {
        match self.every {
            Every::Epochs(_) => false,
            Every::Steps(every) => steps.is_multiple_of(every),
            Every::Time(every) => self.written.elapsed() >= every,
        }
    }

    /// Whether it is time, after an epoch.
    pub(crate) fn is_due_after(&self, epoch: usize, steps: usize) -> bool {
        match self.every {
            Every::Epochs(every) => epoch.is_multiple_of(every),
            _ => self.is_due_in_epoch(steps),
        }
    }

    /// Writes a checkpoint, unless the newest one is of this very moment.
    pub(crate) fn keep<T: Real>(&mut self, moment: &Moment<'_, T>) -> Result<(), CheckpointError> {
        let key = (moment.steps, moment.settled);
        // Between the last step of an epoch and its end nothing is written, so the steps tell moments apart.
        if self.kept == Some(key) {
            return Ok(());
        }
        let container = moment.write(&self.identity, &self.describe);
        let bytes = container
            .map_err(|problem| CheckpointError::Unwritable(problem.to_string()))?
            .to_bytes();
        let path = self.folder.write(moment.steps, &bytes)?;
        self.kept = Some(key);
        self.written = Instant::now();
        tracing::debug!(path = %path.display(), steps = moment.steps, "checkpoint written");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_read_and_printed() {
        for (text, every) in [
            ("1epoch", Every::Epochs(1)),
            ("5epochs", Every::Epochs(5)),
            ("500steps", Every::Steps(500)),
            ("1 step", Every::Steps(1)),
            ("30s", Every::Time(Duration::from_secs(30))),
            ("0.5s", Every::Time(Duration::from_millis(500))),
            ("5min", Every::Time(Duration::from_secs(300))),
            ("1h", Every::Time(Duration::from_secs(3600))),
        ] {
            assert_eq!(text.parse(), Ok(every), "{text}");
            assert_eq!(every.to_string().parse(), Ok(every), "{text}");
        }
        for text in [
            "",
            "30",
            "s",
            "0s",
            "-1s",
            "0steps",
            "1.5steps",
            "1e9h",
            "999999999999999999h",
            "1week",
            "1..2s",
        ] {
            assert!(text.parse::<Every>().is_err(), "{text}");
        }
    }
}
