//! Metrics as the commands show them: JSON objects and lines of text. What has no value is null, or a dash, with its reason.

use chainrule_data::Labels;
use chainrule_metrics::{Baseline, Report, Undefined};
use serde::Serialize;
use std::collections::BTreeMap;

/// Why some metrics have no value, by the name of the metric.
pub type Reasons = BTreeMap<&'static str, String>;

/// The few metrics of a training report.
#[derive(Debug, Serialize)]
pub struct Summary {
    /// The number of rows.
    pub rows: usize,
    /// Mean cross-entropy in nats, from the logits.
    pub log_loss: f64,
    /// The share of right decisions at the model's threshold.
    pub accuracy: f64,
    /// Null if all rows are of one class.
    pub roc_auc: Option<f64>,
    /// Of what is null.
    pub reasons: Reasons,
}

impl From<&Report> for Summary {
    fn from(report: &Report) -> Summary {
        let mut reasons = Reasons::new();
        Summary {
            rows: report.rows,
            log_loss: report.log_loss,
            accuracy: report.accuracy,
            roc_auc: value("roc_auc", report.roc_auc, &mut reasons),
            reasons,
        }
    }
}

/// All metrics, for `evaluate`.
#[derive(Debug, Serialize)]
pub struct Scores {
    rows: usize,
    threshold: f64,
    log_loss: f64,
    brier: f64,
    accuracy: f64,
    balanced_accuracy: Option<f64>,
    precision: Option<f64>,
    recall: Option<f64>,
    f1: Option<f64>,
    mcc: Option<f64>,
    roc_auc: Option<f64>,
    average_precision: Option<f64>,
    confusion: Counts,
    baseline: Majority,
    reasons: Reasons,
}

impl Scores {
    /// Of a report; `labels` names its classes.
    pub fn of(report: &Report, labels: &Labels) -> Scores {
        let mut reasons = Reasons::new();
        Scores {
            rows: report.rows,
            threshold: report.threshold,
            log_loss: report.log_loss,
            brier: report.brier,
            accuracy: report.accuracy,
            balanced_accuracy: value("balanced_accuracy", report.balanced_accuracy, &mut reasons),
            precision: value("precision", report.precision, &mut reasons),
            recall: value("recall", report.recall, &mut reasons),
            f1: value("f1", report.f1, &mut reasons),
            mcc: value("mcc", report.mcc, &mut reasons),
            roc_auc: value("roc_auc", report.roc_auc, &mut reasons),
            average_precision: value("average_precision", report.average_precision, &mut reasons),
            confusion: Counts {
                tp: report.confusion.true_positives as u64,
                fp: report.confusion.false_positives as u64,
                r#fn: report.confusion.false_negatives as u64,
                tn: report.confusion.true_negatives as u64,
            },
            baseline: Majority::of(&report.baseline, labels),
            reasons,
        }
    }
}

/// Rows by class and decision.
#[derive(Debug, Serialize)]
struct Counts {
    tp: u64,
    fp: u64,
    r#fn: u64,
    tn: u64,
}

/// What can be had without a model: always the more frequent label, or its share as the probability.
#[derive(Debug, Serialize)]
pub struct Majority {
    /// The more frequent label.
    pub label: String,
    /// The share of the positive label.
    pub positive_rate: f64,
    /// Of always deciding for `label`.
    pub accuracy: f64,
    /// Of always giving `positive_rate` as the probability.
    pub log_loss: f64,
    /// Of the same.
    pub brier: f64,
}

impl Majority {
    /// Of a baseline; `labels` names its classes.
    pub fn of(baseline: &Baseline, labels: &Labels) -> Majority {
        Majority {
            label: labels.of(baseline.majority).to_owned(),
            positive_rate: baseline.positive_rate,
            accuracy: baseline.accuracy,
            log_loss: baseline.log_loss,
            brier: baseline.brier,
        }
    }
}

/// A metric for people, with four decimals, or a dash.
pub fn shown(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{value:.4}"))
}

fn value(name: &'static str, metric: Result<f64, Undefined>, reasons: &mut Reasons) -> Option<f64> {
    metric
        .map_err(|reason| reasons.insert(name, reason.to_string()))
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn undefined_is_null_with_a_reason() {
        let report = chainrule_metrics::evaluate(&[true; 2], &[1.0, 2.0], None, 0.5).unwrap();
        let labels = Labels {
            negative: "no".into(),
            positive: "yes".into(),
            others: chainrule_data::Others::AreUnknown,
        };
        let json = serde_json::to_value(Scores::of(&report, &labels)).unwrap();
        assert!(json["roc_auc"].is_null());
        assert_eq!(
            json["reasons"]["roc_auc"],
            "no row is of the negative class"
        );
        assert_eq!(json["confusion"]["tp"], 2);
        assert_eq!(json["confusion"]["fn"], 0);
        assert_eq!(json["baseline"]["label"], "yes");
        assert_eq!(json["recall"], 1.0);
        assert_eq!(Summary::from(&report).reasons.len(), 1);
        assert_eq!(shown(None), "–");
    }
}
