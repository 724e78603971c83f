//! `evaluate`: the metrics, what is undefined, and whose classes they are.

use crate::harness::{Folder, number, table, wdbc};
use serde_json::json;

#[test]
fn json_has_every_metric_at_the_top() {
    let folder = Folder::new();
    folder.write("wdbc.csv", wdbc());
    folder.ok("train --epochs 20 -o m");
    let json = folder.json("evaluate m wdbc.csv --json");
    assert_eq!(json["rows"], 569);
    assert_eq!(json["threshold"], 0.5);
    for metric in [
        "log_loss",
        "brier",
        "accuracy",
        "precision",
        "recall",
        "f1",
        "roc_auc",
        "average_precision",
    ] {
        assert!((0.0..=1.0).contains(&number(&json[metric])), "{metric}");
    }
    let count = |name: &str| json["confusion"][name].as_u64().unwrap();
    assert_eq!(count("tp") + count("fn"), 212);
    assert_eq!(count("fp") + count("tn"), 357);
    let accuracy = (count("tp") + count("tn")) as f64 / 569.0;
    assert_eq!(number(&json["accuracy"]), accuracy);
    assert_eq!(json["baseline"]["label"], "benign");
    assert_eq!(number(&json["baseline"]["accuracy"]), 357.0 / 569.0);
    let entropy = |p: f64| -p * p.ln() - (1.0 - p) * (1.0 - p).ln();
    assert!((number(&json["baseline"]["log_loss"]) - entropy(212.0 / 569.0)).abs() < 1e-12);
    assert_eq!(json["reasons"], json!({}));

    let text = folder.ok("evaluate m wdbc.csv").stdout;
    for part in [
        "log loss",
        "ROC AUC",
        "predicted positive",
        "of \"malignant\"",
        "always \"benign\"",
    ] {
        assert!(text.contains(part), "{part} in\n{text}");
    }
}

#[test]
fn one_class_has_no_roc_auc_and_keeps_its_meaning() {
    let folder = Folder::new();
    folder.write("t.csv", table(60, "0", "1"));
    folder.ok("train t.csv --target y --epochs 100 -o m");
    folder.write("ones.csv", "a,b,y\n0.9,0.9,1\n0.8,0.9,1\n0.9,0.7,1\n");
    let json = folder.json("evaluate m ones.csv --json");
    assert!(json["roc_auc"].is_null());
    assert_eq!(
        json["reasons"]["roc_auc"],
        "no row is of the negative class"
    );
    assert_eq!(json["accuracy"], 1.0);
    let predicted = folder.ok("predict m ones.csv").csv();
    let p: Vec<f64> = predicted[1..]
        .iter()
        .map(|row| row[1].parse().unwrap())
        .collect();
    let brier = p.iter().map(|p| (1.0 - p).powi(2)).sum::<f64>() / 3.0;
    let log_loss = p.iter().map(|p| -p.ln()).sum::<f64>() / 3.0;
    assert!((number(&json["brier"]) - brier).abs() < 1e-12);
    assert!((number(&json["log_loss"]) - log_loss).abs() < 1e-9);
    assert!(
        folder
            .ok("evaluate m ones.csv")
            .stdout
            .contains("no row is of the negative class")
    );
}

#[test]
fn the_threshold_moves_the_decisions_alone() {
    let folder = Folder::new();
    folder.write("t.csv", table(60, "0", "1"));
    folder.ok("train t.csv --target y --epochs 5 -o m");
    let (all, none) = (
        folder.json("evaluate m t.csv --threshold 0 --json"),
        folder.json("evaluate m t.csv --threshold 1 --json"),
    );
    assert_eq!(all["recall"], 1.0);
    assert_eq!(all["log_loss"], none["log_loss"]);
    assert_eq!(all["roc_auc"], none["roc_auc"]);
    assert!(none["precision"].is_null());
    assert_eq!(none["reasons"]["precision"], "no row is predicted positive");
    folder.fails(2, "evaluate m t.csv --threshold 2 --json");
}

#[test]
fn huge_logits_give_finite_losses() {
    let folder = Folder::new();
    folder.write("t.csv", "x,y\n-1,0\n-2,0\n1,1\n2,1\n");
    for precision in ["f32", "f64"] {
        folder.ok(&format!(
            "train t.csv --target y --hidden none --preprocess none --validation 0 --epochs 50 --learning-rate 0.1 --precision {precision} -o m"
        ));
        folder.write("far.csv", "x,y\n1e6,1\n-1e6,0\n1e6,0\n-1e6,1\n");
        let json = folder.json("evaluate m far.csv --json");
        assert!(number(&json["log_loss"]) > 1e4, "{json}");
        assert_eq!(json["accuracy"], 0.5);
        folder.write("right.csv", "x,y\n1e6,1\n-1e6,0\n");
        assert_eq!(folder.json("evaluate m right.csv --json")["log_loss"], 0.0);
    }
}

#[test]
fn the_very_file_of_the_training_is_recognised() {
    let folder = Folder::new();
    folder
        .write("t.csv", table(60, "0", "1"))
        .write("u.csv", table(61, "0", "1"));
    folder.ok("train t.csv --target y --epochs 1 -o m");
    assert!(
        folder
            .ok("evaluate m t.csv")
            .stderr
            .contains("trained on rows of this very file")
    );
    assert_eq!(folder.ok("evaluate m u.csv").stderr, "");
}

#[test]
fn rows_without_a_label_are_left_out_and_counted() {
    let folder = Folder::new();
    folder.write("t.csv", table(60, "0", "1"));
    folder.ok("train t.csv --target y --epochs 1 -o m");
    folder.write("gap.csv", "a,b,y\n0.1,0.2,0\n0.3,0.4,\n0.9,0.8,1\n");
    let run = folder.ok("evaluate m gap.csv --json");
    assert_eq!(run.json()["rows"], 2);
    assert!(
        run.stderr.contains("1 row without a label left out"),
        "{}",
        run.stderr
    );
}

#[test]
fn a_table_without_the_target_is_refused() {
    let folder = Folder::new();
    folder.write("t.csv", table(60, "0", "1"));
    folder.ok("train t.csv --target y --epochs 1 -o m");
    folder.write("new.csv", "a,b\n1,2\n");
    assert!(
        folder
            .fails(1, "evaluate m new.csv --json")
            .contains("\"y\"")
    );
}
