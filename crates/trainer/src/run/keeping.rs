//! What is kept of a training, and how it goes on from there.

use super::{Position, Run};
use crate::TrainError;
use crate::checkpoint::{Moment, Remembers, Restored};
use crate::stopping::Watch;
use crate::train::Real;

impl<T: Real> Run<'_, '_, '_, T> {
    /// Goes back to where a checkpoint was written.
    pub(crate) fn restore(&mut self, restored: Restored<T>) -> Result<(), TrainError> {
        restored.state_into(&mut self.state)?;
        restored.epoch_start_into(&mut self.snapshot)?;
        self.check_counters(&restored)?;
        // In the middle of an epoch it may have diverged already, which the next step finds out.
        if restored.batch == 0 && !self.is_finite()? {
            return Err(restored.unfit("its parameters are no numbers").into());
        }
        for part in self.remembering() {
            restored.recall(part)?;
        }
        self.check_best(&restored)?;
        self.best = restored.best().map(<[T]>::to_vec);
        self.position = Position {
            epoch: restored.epoch,
            batch: restored.batch,
            loss_sum: restored.loss_sum,
            weight_sum: restored.weight_sum,
        };
        self.steps = restored.steps;
        self.seconds = restored.seconds;
        self.clock.before = restored.elapsed;
        self.settled = restored.settled;
        self.history.extend(restored.history);
        for report in &mut self.history {
            report.epochs = self.config.epochs;
        }
        self.diagnosis.resume(&self.history);
        self.around.observer.resume(&self.history);
        Ok(())
    }

    fn check_counters(&self, restored: &Restored<T>) -> Result<(), TrainError> {
        let batches = self.batches.count();
        let fits = restored.batch <= batches
            && restored.history.len() + 1 == restored.epoch
            && restored.steps == restored.history.len() * batches + restored.batch;
        match fits {
            true => Ok(()),
            false => Err(restored.unfit("its counters don't fit each other").into()),
        }
    }

    fn check_best(&self, restored: &Restored<T>) -> Result<(), TrainError> {
        let best_epoch = self.watch.as_ref().and_then(Watch::best_epoch);
        let problem = match restored.best() {
            Some(best) if best.len() != self.parameters.len() => {
                "its best parameters are of another network"
            }
            Some(best) if !best.iter().all(|value| value.to_f64().is_finite()) => {
                "its best parameters are no numbers"
            }
            best if best.is_some() != best_epoch.is_some()
                || best_epoch.is_some_and(|epoch| epoch > restored.history.len()) =>
            {
                "its best epoch does not fit its history"
            }
            _ => return Ok(()),
        };
        Err(restored.unfit(problem).into())
    }

    /// The parts of the loop that remember something from step to step.
    fn remembering(&mut self) -> Vec<&mut dyn Remembers> {
        let watch = self.watch.as_mut().map(|watch| watch as &mut dyn Remembers);
        let rates = self.rates.remembering();
        let diagnosis = &mut self.diagnosis as &mut dyn Remembers;
        watch.into_iter().chain(rates).chain([diagnosis]).collect()
    }

    /// Writes a checkpoint, if there are any.
    pub(super) fn keep(&mut self) -> Result<(), TrainError> {
        if self.around.keeper.is_none() {
            return Ok(());
        }
        let memory = self.remembering();
        let memory = memory
            .iter()
            .map(|part| (part.name(), part.remember()))
            .collect();
        let Position {
            epoch,
            batch,
            loss_sum,
            weight_sum,
        } = self.position;
        let moment = Moment {
            network: self.network,
            epoch,
            batch,
            loss_sum,
            weight_sum,
            steps: self.steps,
            seconds: self.seconds,
            elapsed: self.clock.elapsed(),
            settled: self.settled,
            state: &self.state,
            epoch_start: (batch > 0).then_some(&self.snapshot),
            best: self.best.as_deref(),
            history: &self.history,
            memory,
        };
        match &mut self.around.keeper {
            Some(keeper) => Ok(keeper.keep(&moment)?),
            None => Ok(()),
        }
    }
}
