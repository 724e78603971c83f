//! What holds for any rows.

use chainrule_metrics::{Report, average_precision, evaluate, roc_auc};
use proptest::prelude::*;

/// Labels, scores with many ties, and small whole weights.
fn rows() -> impl Strategy<Value = Vec<(bool, f64, u8)>> {
    let score = prop_oneof![(-5i32..5).prop_map(f64::from), -20.0..20.0];
    prop::collection::vec((any::<bool>(), score, 0u8..4), 1..60)
}

fn columns(rows: &[(bool, f64, u8)]) -> (Vec<bool>, Vec<f64>, Vec<f64>) {
    let labels = rows.iter().map(|row| row.0).collect();
    let scores = rows.iter().map(|row| row.1).collect();
    (
        labels,
        scores,
        rows.iter().map(|row| f64::from(row.2)).collect(),
    )
}

/// The numbers of a report, NaN where undefined.
fn numbers(report: &Report) -> Vec<f64> {
    let defined = [
        report.balanced_accuracy,
        report.precision,
        report.recall,
        report.f1,
        report.mcc,
        report.roc_auc,
        report.average_precision,
    ];
    let plain = [
        report.log_loss,
        report.brier,
        report.calibration_error,
        report.mean_probability,
        report.accuracy,
        report.confusion.true_positives,
        report.confusion.false_positives,
        report.confusion.false_negatives,
        report.confusion.true_negatives,
        report.baseline.accuracy,
        report.baseline.log_loss,
        report.baseline.brier,
    ];
    defined
        .map(|metric| metric.unwrap_or(f64::NAN))
        .into_iter()
        .chain(plain)
        .collect()
}

fn same(a: &[f64], b: &[f64]) -> bool {
    a.iter()
        .zip(b)
        .all(|(a, b)| (a - b).abs() <= 1e-12 * (1.0 + a.abs()) || (a.is_nan() && b.is_nan()))
}

proptest! {
    #[test]
    fn a_monotone_map_keeps_the_ranking(rows in rows()) {
        let (labels, scores, _) = columns(&rows);
        // Exact in f64 and strictly increasing on these scores, so that ties stay ties and nothing else becomes one.
        let mapped: Vec<f64> = scores.iter().map(|score| score * 8.0 + if *score > 0.0 { 1024.0 } else { 0.0 }).collect();
        prop_assert_eq!(roc_auc(&labels, &scores, None), roc_auc(&labels, &mapped, None));
        prop_assert_eq!(average_precision(&labels, &scores, None), average_precision(&labels, &mapped, None));
    }

    #[test]
    fn flipping_class_and_score_keeps_the_area_and_flipping_one_turns_it(rows in rows()) {
        let (labels, scores, _) = columns(&rows);
        let flipped: Vec<bool> = labels.iter().map(|label| !label).collect();
        let negated: Vec<f64> = scores.iter().map(|score| -score).collect();
        if let Ok(area) = roc_auc(&labels, &scores, None) {
            let near = |other: f64, expected: f64| (other - expected).abs() < 1e-12;
            prop_assert!(near(roc_auc(&flipped, &negated, None).unwrap(), area));
            prop_assert!(near(roc_auc(&flipped, &scores, None).unwrap(), 1.0 - area));
        }
    }

    #[test]
    fn the_area_is_the_share_of_pairs_in_order(rows in rows()) {
        let (labels, scores, _) = columns(&rows);
        let side = |class: bool| labels.iter().zip(&scores).filter(move |row| *row.0 == class).map(|row| *row.1).collect::<Vec<_>>();
        let (positives, negatives) = (side(true), side(false));
        let mut pairs = 0.0;
        for p in &positives {
            for n in &negatives {
                pairs += if p > n { 1.0 } else if p == n { 0.5 } else { 0.0 };
            }
        }
        match roc_auc(&labels, &scores, None) {
            Ok(area) => prop_assert!((area - pairs / (positives.len() * negatives.len()) as f64).abs() < 1e-12),
            Err(_) => prop_assert!(positives.is_empty() || negatives.is_empty()),
        }
    }

    #[test]
    fn a_weight_of_k_is_k_copies(rows in rows(), threshold in 0.0..1.0) {
        let (labels, scores, weights) = columns(&rows);
        let copies: Vec<_> = rows.iter().flat_map(|row| std::iter::repeat_n(*row, row.2 as usize)).collect();
        let (copied_labels, copied_scores, _) = columns(&copies);
        match evaluate(&labels, &scores, Some(&weights), threshold) {
            Ok(report) => {
                let copied = evaluate(&copied_labels, &copied_scores, None, threshold).unwrap();
                prop_assert!(same(&numbers(&report), &numbers(&copied)), "{report:?}\n{copied:?}");
            }
            Err(_) => prop_assert!(copies.is_empty()),
        }
    }

    #[test]
    fn weights_of_one_are_no_weights(rows in rows()) {
        let (labels, scores, _) = columns(&rows);
        let ones = vec![1.0; labels.len()];
        prop_assert_eq!(evaluate(&labels, &scores, Some(&ones), 0.5), evaluate(&labels, &scores, None, 0.5));
    }

    #[test]
    fn the_order_of_the_rows_does_not_matter(rows in rows(), seed in any::<u64>()) {
        let mut shuffled = rows.clone();
        let mut state = seed | 1;
        for at in (1..shuffled.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            shuffled.swap(at, (state >> 33) as usize % (at + 1));
        }
        let [here, there] = [&rows, &shuffled].map(|rows| {
            let (labels, scores, _) = columns(rows);
            numbers(&evaluate(&labels, &scores, None, 0.5).unwrap())
        });
        prop_assert!(same(&here, &there));
    }

    #[test]
    fn any_numbers_give_a_report_in_range_or_an_error(
        rows in prop::collection::vec((any::<bool>(), any::<f64>(), prop_oneof![Just(0.0), any::<f64>(), 0.0..1.0]), 0..20),
        threshold in any::<f64>(),
    ) {
        let labels: Vec<bool> = rows.iter().map(|row| row.0).collect();
        let scores: Vec<f64> = rows.iter().map(|row| row.1).collect();
        let weights: Vec<f64> = rows.iter().map(|row| row.2).collect();
        for weights in [None, Some(&weights[..])] {
            if let Ok(report) = evaluate(&labels, &scores, weights, threshold) {
                prop_assert!(report.log_loss >= 0.0);
                for share in [Ok(report.brier), Ok(report.calibration_error), Ok(report.mean_probability), Ok(report.accuracy), report.precision, report.recall, report.f1, report.roc_auc, report.average_precision] {
                    prop_assert!(share.is_err() || (0.0..=1.0 + 1e-12).contains(&share.unwrap()), "{report:?}");
                }
            }
        }
    }
}
