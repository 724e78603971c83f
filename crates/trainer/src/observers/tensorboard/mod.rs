//! Event files for TensorBoard.

mod event;
mod record;

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::{Control, EpochReport, LayersReport, Observer, TrainingInfo};
use event::{What, event};
use record::record;

/// Writes event files that TensorBoard opens: `tensorboard --logdir DIR`.
///
/// | run | scalar | |
/// |---|---|---|
/// | `train` | `loss` | the mean loss over the epoch's batches |
/// | `validation` | `loss` | the log loss on the validation rows after the epoch, drawn over the other one |
/// | `train` | `learning_rate` | |
/// | `train` | `layer 1/activation mean`, `… std`, `… saturated`, `layer 1/gradient norm`, `… weight norm` | see [`LayerReport`](crate::LayerReport), where the layers were looked at |
///
/// The step is the epoch. A file is begun with the training, never before. A training that goes on from a checkpoint begins another file, which tells TensorBoard
/// to forget what came after the checkpoint; one that starts afresh in a folder of another run mixes with it, so give each run a folder.
///
/// ```
/// use chainrule_data::{Table, embedded};
/// use chainrule_trainer::{Classifier, TensorBoard};
///
/// let wdbc = embedded::wdbc();
/// let table = Table::from_csv(wdbc.name, wdbc.bytes)?;
/// let folder = tempfile::tempdir()?;
/// let mut board = TensorBoard::new(folder.path());
/// Classifier::builder().target(wdbc.target).epochs(3).observer(&mut board).fit(&table)?;
/// board.finish()?;
/// assert_eq!(std::fs::read_dir(folder.path().join("train"))?.count(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct TensorBoard {
    folder: PathBuf,
    train: Option<File>,
    validation: Option<File>,
    error: Option<io::Error>,
}

/// Which file a value goes to.
#[derive(Clone, Copy)]
enum Run {
    Train,
    Validation,
}

impl TensorBoard {
    /// Writes to this folder, which is made when the training begins.
    pub fn new(folder: impl Into<PathBuf>) -> TensorBoard {
        TensorBoard {
            folder: folder.into(),
            train: None,
            validation: None,
            error: None,
        }
    }

    /// Whether a folder has event files of an earlier training.
    pub fn is_used(folder: &Path) -> bool {
        ["train", "validation"].iter().any(|run| {
            let entries = fs::read_dir(folder.join(run));
            entries.is_ok_and(|mut entries| {
                entries.any(|entry| {
                    entry.is_ok_and(|e| e.file_name().to_string_lossy().contains("tfevents"))
                })
            })
        })
    }

    /// The first error there was, after which nothing more was written.
    pub fn error(&self) -> Option<&io::Error> {
        self.error.as_ref()
    }

    /// Makes sure that all of it was written.
    ///
    /// # Errors
    /// The first error there was.
    pub fn finish(self) -> io::Result<()> {
        self.error.map_or(Ok(()), Err)
    }

    /// Does something unless something has failed.
    fn attempt(&mut self, act: impl FnOnce(&mut TensorBoard) -> io::Result<()>) {
        if self.error.is_none() {
            self.error = act(self).err();
        }
    }

    fn begin(&mut self, info: &TrainingInfo) -> io::Result<()> {
        self.train = Some(self.create(Run::Train, info)?);
        if info.validation_rows > 0 {
            self.validation = Some(self.create(Run::Validation, info)?);
        }
        Ok(())
    }

    fn create(&self, run: Run, info: &TrainingInfo) -> io::Result<File> {
        let folder = self.folder.join(match run {
            Run::Train => "train",
            Run::Validation => "validation",
        });
        fs::create_dir_all(&folder)?;
        let seconds = now() as u64;
        for attempt in 0.. {
            // TensorBoard reads the files of a run in the order of their names: digits enough for centuries.
            let name = format!("events.out.tfevents.{seconds:010}.{attempt:03}.chainrule");
            match OpenOptions::new()
                .append(true)
                .create_new(true)
                .open(folder.join(name))
            {
                Ok(mut file) => {
                    file.write_all(&record(&event(now(), 0, &What::FileVersion)))?;
                    if let Some(steps) = info.resumed_from_step {
                        // The next epoch to end is written again.
                        let next = (steps / info.steps_per_epoch.max(1)) as i64 + 1;
                        file.write_all(&record(&event(now(), next, &What::Restart)))?;
                    }
                    return Ok(file);
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        unreachable!("an endless range")
    }

    fn write(&mut self, run: Run, epoch: usize, what: &What<'_>) {
        self.attempt(|board| {
            let file = match run {
                Run::Train => &mut board.train,
                Run::Validation => &mut board.validation,
            };
            match file {
                None => Ok(()),
                // In one piece, so that a reader of a growing file sees whole records.
                Some(file) => file.write_all(&record(&event(now(), epoch as i64, what))),
            }
        });
    }
}

impl Observer for TensorBoard {
    fn start(&mut self, info: &TrainingInfo) {
        self.attempt(|board| board.begin(info));
    }

    fn epoch(&mut self, report: &EpochReport) -> Control {
        let loss = |loss: f64| ("loss".to_owned(), loss as f32);
        let rate = ("learning_rate".to_owned(), report.learning_rate as f32);
        let train = [loss(report.train_loss), rate];
        self.write(Run::Train, report.epoch, &What::Scalars(&train));
        if let Some(validation) = report.validation_loss {
            let scalars = [loss(validation)];
            self.write(Run::Validation, report.epoch, &What::Scalars(&scalars));
        }
        Control::Continue
    }

    fn layers(&mut self, report: &LayersReport<'_>) {
        let mut scalars = Vec::new();
        for layer in report.layers {
            let mut add = |name: &str, value: f64| {
                scalars.push((format!("layer {}/{name}", layer.layer), value as f32));
            };
            add("activation mean", layer.mean);
            add("activation std", layer.std);
            if let Some(saturated) = layer.saturated {
                add("activation saturated", saturated);
            }
            add("gradient norm", layer.gradient_norm);
            add("weight norm", layer.weight_norm);
        }
        self.write(Run::Train, report.epoch, &What::Scalars(&scalars));
    }
}

/// Seconds since 1970. Only the time axis depends on it.
fn now() -> f64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0.0, |since| since.as_secs_f64())
}
