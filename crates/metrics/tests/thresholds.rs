//! The best threshold: as scikit-learn finds it, and as two nested loops do.

use chainrule_metrics::{Confusion, Metric, Undefined, best_threshold};
use proptest::prelude::*;

/// `scripts/oracle/thresholds.py` writes the file and describes its format.
const CASES: &str = include_str!("data/thresholds.txt");
const TOLERANCE: f64 = 1e-12;

#[test]
fn agrees_with_scikit_learn() {
    let mut cases = 0;
    let lines = CASES.lines().enumerate();
    for (at, line) in lines.filter(|(_, line)| !line.starts_with('#')) {
        let fields: Vec<&str> = line.split(" ; ").collect();
        let [labels, probabilities, weights, expected] = fields[..] else {
            panic!("line {}: not four fields", at + 1);
        };
        let labels: Vec<bool> = labels.chars().map(|label| label == '1').collect();
        let probabilities = numbers(probabilities, ' ');
        let weights = (weights != "-").then(|| numbers(weights, ' '));
        for field in expected.split(' ') {
            let (name, values) = field.split_once('=').unwrap();
            let metric: Metric = name.parse().unwrap();
            let [score, above, up_to] = numbers(values, ',')[..] else {
                panic!("line {}: {field}", at + 1);
            };
            let found = best_threshold(&labels, &probabilities, weights.as_deref(), metric);
            let place = format!("line {}, {name}: {found:?} and {values}", at + 1);
            match found {
                Ok(best) => {
                    assert!((best.score - score).abs() <= TOLERANCE, "{place}");
                    assert_eq!(best.gap, (above, up_to), "{place}");
                    let middle = (above + up_to) / 2.0;
                    assert!((best.threshold - middle).abs() <= f64::EPSILON, "{place}");
                }
                Err(_) => assert!(score.is_nan(), "{place}"),
            }
            cases += 1;
        }
    }
    assert_eq!(cases, 4 * 240);
}

fn numbers(text: &str, separator: char) -> Vec<f64> {
    let numbers = text.split(separator);
    numbers.map(|number| number.parse().unwrap()).collect()
}

/// Labels, probabilities with many ties, and small whole weights, of which sums are exact.
fn rows() -> impl Strategy<Value = Vec<(bool, f64, u8)>> {
    let p = prop_oneof![
        (0u8..=8).prop_map(|eighths| f64::from(eighths) / 8.0),
        0.0..=1.0
    ];
    prop::collection::vec((any::<bool>(), p, 0u8..4), 1..40)
}

type Columns = (Vec<bool>, Vec<f64>, Vec<f64>);

fn columns(rows: &[(bool, f64, u8)]) -> Columns {
    (
        rows.iter().map(|row| row.0).collect(),
        rows.iter().map(|row| row.1).collect(),
        rows.iter().map(|row| f64::from(row.2)).collect(),
    )
}

fn value(metric: Metric, decisions: &Confusion) -> Result<f64, Undefined> {
    match metric {
        Metric::Accuracy => decisions.accuracy(),
        Metric::BalancedAccuracy => decisions.balanced_accuracy(),
        Metric::F1 => decisions.f1(),
        Metric::Mcc => decisions.mcc(),
        other => panic!("{other}"),
    }
}

/// Counts all rows anew for each threshold, with its ends and its score: every probability, and 1 if that predicts nothing positive.
fn each_way((labels, p, weights): &Columns, metric: Metric) -> Vec<(f64, f64, f64)> {
    let present = |row: &usize| weights[*row] > 0.0;
    let mut levels: Vec<f64> = (0..p.len()).filter(present).map(|row| p[row]).collect();
    levels.extend([0.0, 1.0]);
    levels.sort_by(f64::total_cmp);
    levels.dedup();
    let mut ways = Vec::new();
    for (at, &up_to) in levels.iter().enumerate() {
        let above = if at == 0 { 0.0 } else { levels[at - 1] };
        let decisions = Confusion::at(labels, p, Some(weights), up_to).unwrap();
        // At 0 and at the lowest probability the decisions are the same.
        let is_one = at > 0 || has_zero(p, weights);
        if let (true, Ok(score)) = (is_one, value(metric, &decisions)) {
            ways.push((above, up_to, score));
        }
    }
    ways
}

fn has_zero(p: &[f64], weights: &[f64]) -> bool {
    p.iter().zip(weights).any(|(p, w)| *p == 0.0 && *w > 0.0)
}

fn has_both_classes((labels, _, weights): &Columns) -> bool {
    let has = |class| (labels.iter().zip(weights)).any(|(label, w)| *label == class && *w > 0.0);
    has(true) && has(false)
}

proptest! {
    #[test]
    fn no_threshold_is_better_than_the_best(rows in rows()) {
        let columns = columns(&rows);
        let (labels, p, weights) = &columns;
        for metric in Metric::FOR_THRESHOLDS {
            let found = best_threshold(labels, p, Some(weights), metric);
            let ways = if has_both_classes(&columns) { each_way(&columns, metric) } else { Vec::new() };
            let best = ways.iter().map(|way| way.2).fold(f64::NEG_INFINITY, f64::max);
            let distance = |way: &&(f64, f64, f64)| (0.5 - way.1).max(way.0 - 0.5).max(0.0);
            // The first of the nearest: the lowest.
            let good = ways.iter().filter(|way| way.2 >= best - TOLERANCE);
            let nearest = good.min_by(|a, b| distance(a).total_cmp(&distance(b)));
            match (found, nearest) {
                (Ok(found), Some(&(above, up_to, score))) => {
                    prop_assert_eq!(found.gap, (above, up_to), "{} of {:?}", metric, ways);
                    prop_assert!(above <= found.threshold && found.threshold <= up_to);
                    let there = Confusion::at(labels, p, Some(weights), found.threshold).unwrap();
                    let end = Confusion::at(labels, p, Some(weights), up_to).unwrap();
                    prop_assert_eq!(there, end);
                    prop_assert_eq!((Ok(found.score), found.score), (value(metric, &there), score));
                }
                (Err(_), None) => {}
                (found, nearest) => prop_assert!(false, "{metric}: {found:?}, {nearest:?}"),
            }
        }
    }

    #[test]
    fn a_weight_of_k_is_k_copies_and_the_order_does_not_matter(rows in rows(), turn in 0usize..40) {
        let (labels, p, weights) = columns(&rows);
        let mut copies: Vec<_> = rows.iter().flat_map(|row| std::iter::repeat_n(*row, row.2 as usize)).collect();
        let turn = turn % copies.len().max(1);
        copies.rotate_left(turn);
        let (copied_labels, copied_p, _) = columns(&copies);
        for metric in Metric::FOR_THRESHOLDS {
            let weighted = best_threshold(&labels, &p, Some(&weights), metric);
            let copied = best_threshold(&copied_labels, &copied_p, None, metric);
            match (weighted, copied) {
                (Ok(weighted), Ok(copied)) => prop_assert_eq!(weighted, copied),
                (weighted, copied) => prop_assert!(weighted.is_err() && copied.is_err()),
            }
        }
    }

    #[test]
    fn any_numbers_give_a_threshold_that_decides_or_an_error(
        rows in prop::collection::vec((any::<bool>(), prop_oneof![any::<f64>(), 0.0..=1.0, 0.0..1e-300], prop_oneof![Just(0.0), any::<f64>(), 0.0..1.0]), 0..20),
    ) {
        let labels: Vec<bool> = rows.iter().map(|row| row.0).collect();
        let p: Vec<f64> = rows.iter().map(|row| row.1).collect();
        let weights: Vec<f64> = rows.iter().map(|row| row.2).collect();
        for metric in Metric::FOR_THRESHOLDS {
            for weights in [None, Some(&weights[..])] {
                if let Ok(best) = best_threshold(&labels, &p, weights, metric) {
                    prop_assert!((0.0..=1.0).contains(&best.threshold));
                    let there = Confusion::at(&labels, &p, weights, best.threshold).unwrap();
                    prop_assert_eq!(value(metric, &there), Ok(best.score));
                }
            }
        }
    }
}
