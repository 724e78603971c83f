//! Metrics as the commands show them: JSON objects and lines of text. What has no value is null, or a dash, with its reason.

use crate::number::decimals;
use chainrule_data::Labels;
use chainrule_metrics::{Baseline, Metric, Report, Undefined};
use serde::Serialize;
use std::collections::BTreeMap;

/// Why some metrics have no value, by the name of the metric.
pub type Reasons = BTreeMap<&'static str, String>;

/// All metrics.
#[derive(Debug, Serialize)]
pub struct Scores {
    rows: usize,
    /// The sum of the weights of the rows; their number without weights.
    weight: f64,
    threshold: f64,
    /// Mean cross-entropy in nats, from the logits.
    log_loss: Option<f64>,
    brier: f64,
    accuracy: f64,
    balanced_accuracy: Option<f64>,
    precision: Option<f64>,
    recall: Option<f64>,
    f1: Option<f64>,
    mcc: Option<f64>,
    roc_auc: Option<f64>,
    average_precision: Option<f64>,
    calibration_error: f64,
    mean_probability: f64,
    confusion: Counts,
    baseline: Majority,
    /// Of what is null.
    reasons: Reasons,
}

impl Scores {
    /// Of a report; `labels` names its classes.
    pub fn of(report: &Report, labels: &Labels) -> Scores {
        let mut reasons = Reasons::new();
        let log_loss = report.log_loss.is_finite().then_some(report.log_loss);
        if log_loss.is_none() {
            let reason = "it is infinite: the model was sure of a wrong label";
            reasons.insert("log_loss", reason.to_owned());
        }
        Scores {
            rows: report.rows,
            weight: report.total_weight,
            threshold: report.threshold,
            log_loss,
            brier: report.brier,
            accuracy: report.accuracy,
            balanced_accuracy: value("balanced_accuracy", report.balanced_accuracy, &mut reasons),
            precision: value("precision", report.precision, &mut reasons),
            recall: value("recall", report.recall, &mut reasons),
            f1: value("f1", report.f1, &mut reasons),
            mcc: value("mcc", report.mcc, &mut reasons),
            roc_auc: value("roc_auc", report.roc_auc, &mut reasons),
            average_precision: value("average_precision", report.average_precision, &mut reasons),
            calibration_error: report.calibration_error,
            mean_probability: report.mean_probability,
            confusion: Counts {
                tp: report.confusion.true_positives.into(),
                fp: report.confusion.false_positives.into(),
                r#fn: report.confusion.false_negatives.into(),
                tn: report.confusion.true_negatives.into(),
            },
            baseline: Majority::of(&report.baseline, labels),
            reasons,
        }
    }
}

/// Rows by class and decision: their number, or their weight.
#[derive(Debug, Serialize)]
struct Counts {
    tp: Count,
    fp: Count,
    r#fn: Count,
    tn: Count,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Count {
    Whole(u64),
    Part(f64),
}

impl From<f64> for Count {
    fn from(count: f64) -> Count {
        if count.fract() == 0.0 && count < 9e15 {
            Count::Whole(count as u64)
        } else {
            Count::Part(count)
        }
    }
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

/// The name of a metric for people.
pub fn title(metric: Metric) -> &'static str {
    match metric {
        Metric::LogLoss => "log loss",
        Metric::Brier => "Brier score",
        Metric::Accuracy => "accuracy",
        Metric::BalancedAccuracy => "balanced accuracy",
        Metric::Precision => "precision",
        Metric::Recall => "recall",
        Metric::F1 => "F1",
        Metric::Mcc => "MCC",
        Metric::RocAuc => "ROC AUC",
        Metric::AveragePrecision => "average precision",
        Metric::CalibrationError => "calibration error",
        other => other.name(),
    }
}

/// A metric for people, or a dash.
pub fn shown(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), decimals)
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
        assert_eq!(json["weight"], 2.0);
        // Each metric has a key, and is null for a reason only.
        for metric in Metric::ALL {
            let key = metric.name().replace('-', "_");
            assert_eq!(
                json[&key].is_null(),
                !json["reasons"][&key].is_null(),
                "{key}"
            );
            assert_eq!(json[&key].as_f64(), report.value(metric).ok(), "{key}");
        }
        let sure = chainrule_metrics::evaluate(&[true], &[f64::NEG_INFINITY], Some(&[0.5]), 0.5);
        let json = serde_json::to_value(Scores::of(&sure.unwrap(), &labels)).unwrap();
        assert!(json["log_loss"].is_null() && json["reasons"]["log_loss"].is_string());
        assert_eq!(
            (&json["confusion"]["fn"], &json["confusion"]["tp"]),
            (&0.5.into(), &0.into())
        );
        assert_eq!(shown(None), "–");
    }
}
