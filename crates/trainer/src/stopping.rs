//! When a training ends before its epochs are over, and which weights it keeps.

use std::fmt;
use std::time::Duration;

use chainrule_metrics::Metric;

use crate::TrainError;
use crate::checkpoint::{Remembers, Unexpected, whole};

/// Ends a training when the validation rows say that it gets no better, and keeps the weights of the best epoch.
///
/// The rule, for each epoch in turn: its score is a *new best* if it is a number and there is no best yet, or if it is better than
/// the best by more than `min_delta`. An equal score is none, and neither is NaN or a metric that has no value. After `patience` epochs in a
/// row without a new best the training ends.
///
/// The model has the weights of the best epoch whether or not patience ran out; if no score was ever a number, the last ones.
///
/// ```
/// use chainrule_data::{Table, embedded};
/// use chainrule_trainer::{Classifier, EarlyStopping, Metric};
///
/// let wdbc = embedded::wdbc();
/// let table = Table::from_csv(wdbc.name, wdbc.bytes)?;
/// let rule = EarlyStopping { metric: Metric::RocAuc, patience: 3, min_delta: 0.0 };
/// let model = Classifier::builder().target(wdbc.target).early_stopping(rule).fit(&table)?;
/// let report = model.report().unwrap();
/// let best = report.best_epoch.unwrap();
/// assert_eq!(report.history[best - 1].score, Some(report.validation.as_ref().unwrap().as_ref().unwrap().roc_auc?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EarlyStopping {
    /// What is watched, on the validation rows.
    pub metric: Metric,
    /// So many epochs in a row without a new best end the training; 1 or more.
    pub patience: usize,
    /// A score must be better than the best by more than this; 0 or more, in the metric's unit.
    pub min_delta: f64,
}

impl Default for EarlyStopping {
    /// The log loss, a patience of 10 epochs, and any improvement.
    fn default() -> EarlyStopping {
        EarlyStopping {
            metric: Metric::LogLoss,
            patience: 10,
            min_delta: 0.0,
        }
    }
}

impl fmt::Display for EarlyStopping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let EarlyStopping {
            metric,
            patience,
            min_delta,
        } = self;
        write!(f, "{metric}, patience {patience}, min-delta {min_delta}")
    }
}

/// A score on the validation rows that is good enough: the training ends after the epoch that reaches it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Target {
    /// What is watched.
    pub metric: Metric,
    /// The value to reach: at least this, or at most where lower is better.
    pub value: f64,
}

impl Target {
    /// Whether a score is as good. What is no number is not.
    pub fn is_reached(&self, score: Option<f64>) -> bool {
        let is_worse = |score| self.metric.direction().is_better(self.value, score, 0.0);
        score.is_some_and(|score| !score.is_nan() && !is_worse(score))
    }
}

impl Stopping {
    /// Makes sure that the rules make sense, given the classes of the validation rows if there are such.
    pub(crate) fn check(&self, validation: Option<&[bool]>) -> Result<(), TrainError> {
        let setting = |what: &str, found, expected| {
            let what = what.to_owned();
            Err(TrainError::Setting {
                what,
                found,
                expected,
            })
        };
        if let Some(EarlyStopping { patience: 0, .. }) = self.early {
            return setting("patience", 0.0, "1 or more");
        }
        if let Some(early) = self.early
            && !(early.min_delta.is_finite() && early.min_delta >= 0.0)
        {
            return setting("min-delta", early.min_delta, "0 or a positive number");
        }
        if let Some(target) = self.target
            && !target.value.is_finite()
        {
            return setting("the target of a metric", target.value, "a number");
        }
        let early = self.early.map(|early| early.metric);
        let target = self.target.map(|target| target.metric);
        for metric in [early, target].into_iter().flatten() {
            let Some(labels) = validation else {
                return Err(TrainError::NothingToWatch { metric });
            };
            // Logits that could not be better: what has no value now never has one.
            let logits: Vec<f64> = labels.iter().map(|&y| if y { 1.0 } else { -1.0 }).collect();
            if let Err(reason) = metric.score(labels, &logits, None, 0.5) {
                let reason = reason.to_string();
                return Err(TrainError::Unwatchable { metric, reason });
            }
        }
        Ok(())
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.metric, self.value)
    }
}

/// What ends a training before its epochs are over.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Stopping {
    /// When nothing gets better.
    pub early: Option<EarlyStopping>,
    /// When it is good enough.
    pub target: Option<Target>,
    /// When this much time has gone by, validation included. It ends after the step that is running; where that is depends on the
    /// machine, which is why the model file keeps the number of steps.
    pub max_time: Option<Duration>,
}

/// What early stopping says after an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// A new best: its weights are to be kept.
    Best,
    /// No new best, and patience is left.
    Wait,
    /// No new best, and patience has run out.
    Stop,
}

/// Early stopping at work.
#[derive(Clone, Debug)]
pub(crate) struct Watch {
    rule: EarlyStopping,
    /// Epoch and score.
    best: Option<(usize, f64)>,
    /// Epochs in a row without a new best.
    waited: usize,
}

impl Watch {
    pub(crate) fn new(rule: EarlyStopping) -> Watch {
        Watch {
            rule,
            best: None,
            waited: 0,
        }
    }

    /// Looks at the score of an epoch.
    pub(crate) fn look(&mut self, epoch: usize, score: Option<f64>) -> Verdict {
        let direction = self.rule.metric.direction();
        let is_best = |score: f64| match self.best {
            None => !score.is_nan(),
            Some((_, best)) => direction.is_better(score, best, self.rule.min_delta),
        };
        match score {
            Some(score) if is_best(score) => {
                self.best = Some((epoch, score));
                self.waited = 0;
                Verdict::Best
            }
            _ => {
                self.waited += 1;
                if self.waited >= self.rule.patience {
                    Verdict::Stop
                } else {
                    Verdict::Wait
                }
            }
        }
    }

    /// The epoch whose weights are kept.
    pub(crate) fn best_epoch(&self) -> Option<usize> {
        self.best.map(|(epoch, _)| epoch)
    }
}

impl Remembers for Watch {
    fn name(&self) -> &'static str {
        "early stopping"
    }

    fn remember(&self) -> Vec<f64> {
        let (epoch, score) = self.best.unwrap_or((0, f64::NAN));
        vec![epoch as f64, score, self.waited as f64]
    }

    fn recall(&mut self, values: &[f64]) -> Result<(), Unexpected> {
        let &[epoch, score, waited] = values else {
            return Err(Unexpected);
        };
        let epoch = whole(epoch)?;
        self.best = (epoch > 0).then_some((epoch, score));
        self.waited = whole(waited)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The best epoch and the last one, for scores that are given.
    fn run(rule: EarlyStopping, scores: &[f64]) -> (Option<usize>, usize) {
        let mut watch = Watch::new(rule);
        for (at, &score) in scores.iter().enumerate() {
            if watch.look(at + 1, Some(score)) == Verdict::Stop {
                return (watch.best_epoch(), at + 1);
            }
            // A kill and a resume in between change nothing.
            let mut resumed = Watch::new(rule);
            resumed.recall(&watch.remember()).unwrap();
            assert_eq!((resumed.best, resumed.waited), (watch.best, watch.waited));
            watch = resumed;
        }
        (watch.best_epoch(), scores.len())
    }

    fn patience(patience: usize) -> EarlyStopping {
        EarlyStopping {
            patience,
            ..EarlyStopping::default()
        }
    }

    #[test]
    fn the_best_epoch_is_kept_whether_or_not_patience_ran_out() {
        assert_eq!(run(patience(5), &[0.60, 0.40, 0.50, 0.55]), (Some(2), 4));
    }

    #[test]
    fn what_is_no_number_is_never_the_best() {
        assert_eq!(run(patience(5), &[0.60, 0.40, f64::NAN]), (Some(2), 3));
        let mut watch = Watch::new(patience(2));
        assert_eq!(watch.look(1, Some(f64::NAN)), Verdict::Wait);
        assert_eq!(watch.best_epoch(), None);
        assert_eq!(watch.look(2, Some(0.9)), Verdict::Best);
        assert_eq!(watch.look(3, None), Verdict::Wait);
        assert_eq!(watch.look(4, Some(f64::NAN)), Verdict::Stop);
        assert_eq!(watch.best_epoch(), Some(2));
    }

    #[test]
    fn an_equal_score_is_no_improvement() {
        let scores = [0.60, 0.40, 0.50, 0.40, 0.39];
        assert_eq!(run(patience(2), &scores), (Some(2), 4));
        // For a metric of which more is better, too.
        let rule = EarlyStopping {
            metric: Metric::RocAuc,
            ..patience(2)
        };
        assert_eq!(run(rule, &[0.4, 0.6, 0.6, 0.6, 0.7]), (Some(2), 4));
    }

    #[test]
    fn a_change_that_is_too_small_is_no_improvement() {
        let rule = EarlyStopping {
            min_delta: 0.05,
            ..patience(2)
        };
        assert_eq!(
            run(rule, &[0.60, 0.56, 0.54, 0.53, 0.50, 0.30]),
            (Some(3), 5)
        );
        assert_eq!(run(rule, &[0.60, 0.56, 0.551, 0.30]), (Some(1), 3));
    }

    #[test]
    fn a_target_is_reached_from_its_side() {
        let loss = Target {
            metric: Metric::LogLoss,
            value: 0.3,
        };
        assert!(loss.is_reached(Some(0.3)) && loss.is_reached(Some(0.1)));
        assert!(!loss.is_reached(Some(0.31)) && !loss.is_reached(Some(f64::NAN)));
        let auc = Target {
            metric: Metric::RocAuc,
            value: 0.9,
        };
        assert!(auc.is_reached(Some(0.9)) && auc.is_reached(Some(1.0)));
        assert!(!auc.is_reached(Some(0.89)) && !auc.is_reached(None));
    }
}
