//! The end of an epoch: what is measured, reported and decided there.

use chainrule_autodiff::Team;
use chainrule_metrics::Metric;

use super::{Position, Run};
use crate::TrainError;
use crate::checkpoint::Settled;
use crate::diagnosis::View;
use crate::observer::{Control, EpochReport};
use crate::optimizer::Searcher;
use crate::stopping::Verdict;
use crate::train::{Outcome, Real};

impl<T: Real> Run<'_, '_, '_, T> {
    /// Validates, reports, and says why the training is over if it is.
    pub(super) fn end_epoch(
        &mut self,
        train_loss: f64,
        team: &Team,
    ) -> Result<Option<Outcome>, TrainError> {
        let epoch = self.position.epoch;
        let validation_loss = self.validate(team)?;
        let stopping = &self.config.stopping;
        let target = stopping.target;
        let early = stopping.early.map(|early| early.metric);
        let score = match early.or(target.map(|target| target.metric)) {
            None => None,
            Some(metric) => self.score(metric)?,
        };
        let at_target = match target {
            Some(target) if early.is_some_and(|metric| metric != target.metric) => {
                self.score(target.metric)?
            }
            _ => score,
        };
        let report = EpochReport {
            epoch,
            epochs: self.config.epochs,
            train_loss,
            validation_loss,
            score,
            learning_rate: self.rates.at(self.steps.saturating_sub(1)),
            steps: self.steps,
            seconds: self.seconds,
        };
        let watched = validation_loss.unwrap_or(train_loss);
        self.rates.end_epoch(self.steps, watched);
        tracing::debug!(epoch, train_loss, validation_loss, score, "epoch ended");
        self.history.push(report);
        self.position = Position::at_start_of(epoch + 1);
        let verdict = self.watch.as_mut().map(|watch| watch.look(epoch, score));
        if verdict == Some(Verdict::Best) {
            let count = self.parameters.len();
            let best = self.best.get_or_insert_with(|| vec![T::ZERO; count]);
            self.state.read_parameters(best)?;
        }
        if target.is_some_and(|target| target.is_reached(at_target)) {
            self.settled = Some(Settled::TargetReached);
        } else if verdict == Some(Verdict::Stop) {
            self.settled = Some(Settled::NoImprovement);
        } else if self.searcher.as_ref().is_some_and(Searcher::is_converged) {
            self.settled = Some(Settled::Converged);
        }
        self.diagnose(&report, team)?;
        let stops = self.around.observer.epoch(&report) == Control::Stop;
        if let Some(keeper) = &self.around.keeper
            && keeper.is_due_after(epoch, self.steps)
        {
            self.keep()?;
        }
        Ok(match self.settled {
            Some(Settled::TargetReached) => Some(Outcome::TargetReached),
            Some(Settled::NoImprovement) => Some(Outcome::NoImprovement),
            Some(Settled::Converged) => Some(Outcome::Converged),
            None if stops => Some(Outcome::Stopped),
            None if self.is_cancelled() => Some(Outcome::Interrupted),
            None => None,
        })
    }

    /// Looks whether the training goes well.
    fn diagnose(&mut self, report: &EpochReport, team: &Team) -> Result<(), TrainError> {
        let observer = &mut *self.around.observer;
        self.diagnosis.epoch(report, observer);
        if self.diagnosis.is_due(report) {
            let features = self.batches.all_features();
            let view = View {
                features,
                network: self.network,
                plans: self.plans,
                state: &self.state,
                parameters: &self.parameters,
                batch: self.batches.get(0, team)?,
            };
            self.diagnosis.look(report, &view, team, observer)?;
        }
        Ok(())
    }

    fn validate(&mut self, team: &Team) -> Result<Option<f64>, TrainError> {
        match &mut self.validation {
            None => Ok(None),
            Some(validation) => validation.loss(self.plans, &self.state, team).map(Some),
        }
    }

    fn score(&self, metric: Metric) -> Result<Option<f64>, TrainError> {
        match &self.validation {
            None => Ok(None),
            Some(validation) => validation.score(metric, self.around.threshold),
        }
    }
}
