//! Replays cases computed by scikit-learn. `scripts/oracle/metrics.py` writes the file and describes its format.

use chainrule_metrics::{CLIP, evaluate, evaluate_with_probabilities, log_loss_from_probabilities};

const CASES: &str = include_str!("data/scikit-learn.txt");
const TOLERANCE: f64 = 1e-12;

#[test]
fn agrees_with_scikit_learn() {
    let mut cases = 0;
    for (at, line) in CASES
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.starts_with('#'))
    {
        let [kind, threshold, labels, scores, weights, expected] =
            line.split(" ; ").collect::<Vec<_>>()[..]
        else {
            panic!("line {}: not six fields", at + 1);
        };
        let threshold = number(threshold);
        let labels: Vec<bool> = labels.chars().map(|label| label == '1').collect();
        let scores: Vec<f64> = scores.split(' ').map(number).collect();
        let weights: Option<Vec<f64>> =
            (weights != "-").then(|| weights.split(' ').map(number).collect());
        let weights = weights.as_deref();
        let (report, log_loss) = match kind {
            "logits" => {
                let report = evaluate(&labels, &scores, weights, threshold).unwrap();
                (report, report.log_loss)
            }
            _ => (
                evaluate_with_probabilities(&labels, &scores, &scores, weights, threshold).unwrap(),
                log_loss_from_probabilities(&labels, &scores, weights, CLIP).unwrap(),
            ),
        };
        for field in expected.split(' ') {
            let (name, value) = field.split_once('=').unwrap();
            let found = match name {
                "log_loss" => Ok(log_loss),
                "brier" => Ok(report.brier),
                "accuracy" => Ok(report.accuracy),
                "balanced_accuracy" => report.balanced_accuracy,
                "precision" => report.precision,
                "recall" => report.recall,
                "f1" => report.f1,
                "mcc" => report.mcc,
                "roc_auc" => report.roc_auc,
                "average_precision" => report.average_precision,
                "calibration_error" => Ok(report.calibration_error),
                "tp" => Ok(report.confusion.true_positives),
                "fp" => Ok(report.confusion.false_positives),
                "fn" => Ok(report.confusion.false_negatives),
                "tn" => Ok(report.confusion.true_negatives),
                other => panic!("{other}"),
            };
            let expected = number(value);
            // Counts are sums of weights, which may be tiny; all other metrics are of the size of 1, or larger.
            let size = match name {
                "tp" | "fp" | "fn" | "tn" => report.total_weight,
                _ => expected.abs().max(1.0),
            };
            let agrees = match found {
                Ok(found) => (found - expected).abs() <= TOLERANCE * size,
                Err(_) => expected.is_nan(),
            };
            assert!(
                agrees,
                "line {}: {name} is {found:?}, scikit-learn has {value}",
                at + 1
            );
        }
        cases += 1;
    }
    assert_eq!(cases, 800);
}

fn number(text: &str) -> f64 {
    text.parse().unwrap()
}
