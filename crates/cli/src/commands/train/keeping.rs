//! Checkpoints: the options, and what is said of them.

use crate::failure::Failure;
use crate::output::check_folder;
use crate::terminal::{self, shown};
use chainrule_trainer::{
    Checkpoints, Control, EpochReport, Every, Observer, Start, TrainingInfo, TrainingReport,
};
use std::path::{Path, PathBuf};

/// Whether a training is kept, so that it can go on after it was broken off.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Keeping a training, to go on with it after a kill")]
pub struct Keeping {
    /// Keep the training in this folder, which is to be this training's alone
    #[arg(long, value_name = "DIR")]
    checkpoint: Option<PathBuf>,

    /// How often, such as 1epoch, 500steps, 30s or 5min [default: 1epoch]
    #[arg(
        long,
        value_name = "INTERVAL",
        requires = "checkpoint",
        allow_hyphen_values = true
    )]
    checkpoint_every: Option<Every>,

    /// Go on from the folder's newest checkpoint; from the beginning if it has none
    #[arg(long, requires = "checkpoint")]
    resume: bool,
}

impl Keeping {
    /// For the trainer.
    pub fn checkpoints(&self) -> Option<Checkpoints> {
        let folder = self.checkpoint.clone()?;
        Some(Checkpoints {
            folder,
            every: self.checkpoint_every.unwrap_or_default(),
            start: if self.resume {
                Start::Resume
            } else {
                Start::Afresh
            },
        })
    }

    /// Refuses a folder that can't be one, and a model that would be taken for a checkpoint, before there is any work to lose.
    ///
    /// # Errors
    /// Misuse of paths.
    pub fn check(&self, model: Option<&Path>) -> Result<(), Failure> {
        let Some(checkpoints) = self.checkpoints() else {
            return Ok(());
        };
        check_folder(&checkpoints.folder, "--checkpoint", model)?;
        match model {
            Some(model) if checkpoints.has_for_itself(model) => Err(Failure::misuse(format!(
                "{}: this is the place of a checkpoint; choose another -o",
                shown(model)
            ))),
            _ => Ok(()),
        }
    }

    /// Says from where a training goes on.
    pub fn announcer(&self, quiet: bool) -> Announcer {
        let folder = self.checkpoint.as_ref().filter(|_| self.resume && !quiet);
        Announcer(folder.map(|folder| shown(folder).to_string()))
    }

    /// What to say of a training that was interrupted, if it was kept.
    pub fn interrupted(&self, training: &TrainingReport) -> Option<Failure> {
        let folder = self.checkpoint.as_ref()?;
        Some(Failure::interrupted(format!(
            "stopped after step {} (epoch {} of {}), which is kept in {}; to go on: the same command with --resume",
            training.steps,
            (training.history.len() + 1).min(training.info.epochs),
            training.info.epochs,
            shown(folder),
        )))
    }
}

/// Says once from where a training goes on.
pub struct Announcer(Option<String>);

impl Observer for Announcer {
    fn epoch(&mut self, _: &EpochReport) -> Control {
        Control::Continue
    }

    fn start(&mut self, info: &TrainingInfo) {
        let Some(folder) = self.0.take() else {
            return;
        };
        terminal::note(&match info.resumed_from_step {
            None => format!("{folder} has no checkpoint yet: starting afresh"),
            Some(step) => format!(
                "resuming from {folder}, step {step} of {}",
                info.steps_per_epoch.saturating_mul(info.epochs)
            ),
        });
    }
}
