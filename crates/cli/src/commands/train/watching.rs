//! Options to watch a training with, and what they set up.

use super::progress::Progress;
use crate::failure::Failure;
use crate::input::Source;
use crate::output::{check_folder, check_log};
use crate::terminal::{self, shown};
use chainrule_trainer::{Control, EpochReport, JsonLines, Observer, TensorBoard, TrainingInfo};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// What is written while a training runs.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Watching")]
pub struct Watching {
    /// Write a line of JSON for each epoch, each warning and each look at the layers
    #[arg(long, value_name = "FILE")]
    pub log: Option<PathBuf>,

    /// Write event files that TensorBoard opens
    #[arg(long, value_name = "DIR")]
    pub tensorboard: Option<PathBuf>,
}

impl Watching {
    /// Refuses what can't be written, or should not be, before there is any work to lose. Writes nothing.
    ///
    /// # Errors
    /// Misuse if a path is an input, the model, or (unless forced) a file that is no log.
    pub fn check(
        &self,
        inputs: &[&Source],
        model: Option<&Path>,
        force: bool,
    ) -> Result<(), Failure> {
        if let Some(path) = &self.log {
            check_log(path, inputs, model, force)?;
        }
        if let Some(path) = &self.tensorboard {
            check_folder(path, "--tensorboard", model)?;
        }
        Ok(())
    }

    /// Opens what is to be written.
    ///
    /// # Errors
    /// If that is not possible.
    pub fn open(&self, epochs: usize, quiet: bool) -> Result<Watchers<'_>, Failure> {
        let log = match &self.log {
            None => None,
            Some(path) => {
                let log = JsonLines::open(path).map_err(|error| cannot_write(path, &error))?;
                Some((path.as_path(), log))
            }
        };
        let board = self.tensorboard.as_deref();
        Ok(Watchers {
            progress: Progress::new(epochs, quiet),
            log,
            mixed: Mixed(board.filter(|board| !quiet && TensorBoard::is_used(board))),
            board: board.map(|board| (board, TensorBoard::new(board))),
        })
    }
}

/// Remarks, when a training starts afresh, that events of an earlier one are in its folder.
struct Mixed<'a>(Option<&'a Path>);

impl Observer for Mixed<'_> {
    fn epoch(&mut self, _: &EpochReport) -> Control {
        Control::Continue
    }

    fn start(&mut self, info: &TrainingInfo) {
        if let (Some(folder), None) = (self.0, info.resumed_from_step) {
            terminal::note(&format!(
                "{}: events of an earlier training are there, and TensorBoard will draw both as one; a folder for each is better",
                shown(folder)
            ));
        }
    }
}

/// Whatever watches a training.
pub struct Watchers<'a> {
    progress: Progress,
    log: Option<(&'a Path, JsonLines<File>)>,
    mixed: Mixed<'a>,
    board: Option<(&'a Path, TensorBoard)>,
}

impl Watchers<'_> {
    /// All of them.
    pub fn observers(&mut self) -> Vec<&mut dyn Observer> {
        let mut all: Vec<&mut dyn Observer> = vec![&mut self.progress, &mut self.mixed];
        if let Some((_, log)) = &mut self.log {
            all.push(log);
        }
        if let Some((_, board)) = &mut self.board {
            all.push(board);
        }
        all
    }

    /// Takes the bar off the screen.
    pub fn clear(&mut self) {
        self.progress.finish();
    }

    /// Makes sure that everything was written. A training goes on when its log can't, so this is asked when the model is safe.
    ///
    /// # Errors
    /// If something was not.
    pub fn finish(self) -> Result<(), Failure> {
        if let Some((path, log)) = self.log {
            log.finish().map_err(|error| cannot_write(path, &error))?;
        }
        if let Some((path, board)) = self.board {
            board.finish().map_err(|error| cannot_write(path, &error))?;
        }
        Ok(())
    }
}

fn cannot_write(path: &Path, error: &io::Error) -> Failure {
    Failure::bad(format!("{}: cannot write: {error}", shown(path)))
}
