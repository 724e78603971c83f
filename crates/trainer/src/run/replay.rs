//! Where a training went wrong: the epoch is done again up to there.

use chainrule_autodiff::Team;
use chainrule_nn::Parameters;

use super::Run;
use crate::TrainError;
use crate::diagnosis::are_large;
use crate::divergence::{self, Divergence};
use crate::train::Real;

impl<T: Real> Run<'_, '_, '_, T> {
    /// Replays the epoch from the snapshot to the step that went wrong, and looks into it.
    pub(crate) fn find(&mut self) -> Result<Divergence, TrainError> {
        let team = Team::solo();
        let epoch = self.position.epoch;
        self.state.clone_from(&self.snapshot);
        if let Some(searcher) = &mut self.searcher {
            searcher.forget();
        }
        self.batches.begin(epoch);
        let mut before = self.state.clone();
        for batch in 0..self.batches.count() {
            before.clone_from(&self.state);
            let loss = self.step(batch, &team)?;
            if loss.is_finite() && self.is_finite()? {
                continue;
            }
            let view = self.batches.get(batch, &team)?;
            let found = divergence::look(self.plans, &before, view, &team)?;
            let (place, value) = match found {
                Some(found) => found,
                None => {
                    self.is_finite()?;
                    divergence::in_parameters(&Parameters::of(self.network, &self.parameters))
                        .unwrap_or_else(|| divergence::in_loss(self.network, loss))
                }
            };
            let is_first_step = epoch == 1 && batch == 0;
            return Ok(Divergence {
                epoch,
                batch: batch + 1,
                remedy: divergence::remedy(
                    &place,
                    is_first_step,
                    self.config.learning_rate,
                    are_large(self.batches.all_features()),
                ),
                place,
                value,
            });
        }
        // The epoch was bad, and a replay has the same bits.
        unreachable!("epoch {epoch} is finite when replayed")
    }
}
