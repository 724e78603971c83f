//! What the validation rows were used for, and the threshold that they may have chosen.

use super::Finished;
use crate::scores::shown;
use chainrule_data::escape;
use chainrule_trainer::{Threshold, Tuned};
use serde::Serialize;

/// The threshold of a model as JSON, and where it is from.
#[derive(Serialize)]
pub struct Json {
    value: f64,
    /// The metric that chose it; null if none was asked to.
    chosen_by: Option<&'static str>,
    /// That metric on the validation rows; null if it was not asked, or has no value.
    score: Option<f64>,
    /// The threshold that was there before, and the metric there.
    from: Option<f64>,
    score_before: Option<f64>,
    /// Why none could be chosen, though it was asked for.
    reason: Option<String>,
}

impl Finished<'_> {
    /// What the validation rows were used for, beside being looked at.
    pub(super) fn used_for(&self) -> Vec<&'static str> {
        let training = self.training;
        let chose_epoch = training.best_epoch.is_some() || self.stopping.target.is_some();
        let steered = self.schedule().starts_with("plateau");
        let chose_threshold = matches!(&training.tuned, Some(tuned) if tuned.score.is_ok());
        let uses = [
            (chose_epoch, "epoch"),
            (chose_threshold, "threshold"),
            (steered, "learning-rate"),
        ];
        uses.iter()
            .filter(|(is_used, _)| *is_used)
            .map(|(_, what)| *what)
            .collect()
    }

    /// Where the validation rows come from, what they were used for, and what that does to their figures.
    pub(super) fn validation_remark(&self) -> String {
        let from = match &self.validation {
            None => "held out".to_owned(),
            Some(name) => format!("held out, {}", escape(name)),
        };
        let used = match self.used_for()[..] {
            [] => return format!("{from}: not trained on"),
            ["epoch"] => "chose the epoch",
            ["threshold"] => "chose the threshold",
            ["learning-rate"] => "steered the learning rate",
            ["epoch", "threshold"] => "chose the epoch and the threshold",
            ["epoch", "learning-rate"] => "chose the epoch and steered the learning rate",
            ["threshold", "learning-rate"] => "chose the threshold and steered the learning rate",
            _ => "chose the epoch and the threshold, and steered the learning rate",
        };
        let instead = match self.training.test {
            None => "--test 0.2 keeps some that are seen by nothing",
            Some(_) => "judge by the test column",
        };
        format!(
            "{from}: not trained on, but it {used}, so its figures are better than those of other rows: {instead}"
        )
    }

    /// The threshold and where it is from, unless it is the usual one.
    pub(super) fn threshold(&self) -> Option<String> {
        let threshold = self.classifier.threshold();
        let from = match &self.training.tuned {
            Some(Tuned {
                metric,
                score: Ok(score),
                from,
                score_before,
            }) => format!(
                "the best {metric} on the validation rows, {} ({} at {from})",
                shown(Some(*score)),
                shown(score_before.clone().ok())
            ),
            Some(Tuned {
                metric,
                score: Err(reason),
                ..
            }) => format!("as before, since {metric} could choose none: {reason}"),
            None if self.asked().is_some() => "as asked for".to_owned(),
            None if threshold != 0.5 => "as in the model of --init".to_owned(),
            None => return None,
        };
        Some(format!("{threshold}: {from}"))
    }

    /// The same as JSON.
    pub(super) fn threshold_json(&self) -> Json {
        let tuned = self.training.tuned.as_ref();
        Json {
            value: self.classifier.threshold(),
            chosen_by: tuned.map(|tuned| tuned.metric.name()),
            score: tuned.and_then(|tuned| tuned.score.clone().ok()),
            from: tuned.map(|tuned| tuned.from),
            score_before: tuned.and_then(|tuned| tuned.score_before.clone().ok()),
            reason: tuned.and_then(|tuned| Some(tuned.score.as_ref().err()?.to_string())),
        }
    }

    /// What was asked for.
    fn asked(&self) -> Option<Threshold> {
        let procedure = self.classifier.provenance().procedure.as_ref()?;
        procedure.threshold.as_ref()?.parse().ok()
    }
}
