//! Trainings that end before their epochs are over: early stopping, targets, a limit of time; and rows to test on.

use crate::harness::{Folder, number, table};

#[test]
fn early_stopping_keeps_the_best_epoch_and_says_so() {
    let folder = Folder::new();
    for (option, metric) in [
        ("--early-stopping", "log-loss"),
        ("--early-stopping roc-auc", "roc-auc"),
        ("--early-stopping=brier", "brier"),
    ] {
        let json = folder.json(&format!(
            "train --epochs 400 --learning-rate 0.02 {option} --patience 4 --json -o m"
        ));
        assert_eq!(json["outcome"], "no-improvement", "{option}");
        assert_eq!(json["early_stopping"]["metric"], metric);
        assert_eq!(json["early_stopping"]["patience"], 4);
        assert_eq!(json["validation"]["used_for"], serde_json::json!(["epoch"]));
        let (best, epochs) = (
            json["best_epoch"].as_u64().unwrap(),
            json["epochs"].as_u64().unwrap(),
        );
        assert_eq!(best + 4, epochs, "{option}");
        // The scores are those of the best epoch, and it is the first with the best score.
        let history = json["history"].as_array().unwrap();
        let scores: Vec<f64> = history
            .iter()
            .map(|epoch| number(&epoch["score"]))
            .collect();
        let at_best = scores[best as usize - 1];
        let lower = metric != "roc-auc";
        for (at, &score) in scores.iter().enumerate() {
            let better = if lower {
                score < at_best
            } else {
                score > at_best
            };
            let equal_before = score == at_best && at + 1 < best as usize;
            assert!(!better && !equal_before, "{option}: epoch {}", at + 1);
        }
        if metric == "log-loss" {
            assert_eq!(number(&json["validation"]["log_loss"]), at_best);
        }
        let inspected = folder.json("inspect m --json");
        assert_eq!(inspected["provenance"]["procedure"]["best_epoch"], best);
    }
    let text = folder
        .ok("train --epochs 400 --learning-rate 0.02 --early-stopping --patience 4 -o m")
        .stdout;
    assert!(
        text.contains("ended       no better log-loss in 4 epochs; the weights of epoch ")
            && text.contains("held out: not trained on, but it chose the epoch"),
        "{text}"
    );
}

/// What is advised is not what was done: the epoch that early stopping has kept, or a setting where fewer epochs would do.
#[test]
fn the_advice_fits_what_happened() {
    let folder = Folder::new();
    let data = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../docs/guide/data/patients.csv"
    );
    folder.write("t.csv", std::fs::read(data).unwrap());
    let advice = |options: &str| {
        let line = format!("train t.csv --target ill --learning-rate 0.05 --epochs 500 {options}");
        let text = folder.ok(&line).stdout;
        let advice = text.lines().find(|line| line.starts_with("next "));
        advice.unwrap().to_owned()
    };
    let learned_by_heart = advice("");
    assert!(
        learned_by_heart.contains("the validation loss was lower")
            && learned_by_heart.contains("--early-stopping"),
        "{learned_by_heart}"
    );
    let stopped = advice("--early-stopping");
    assert!(!stopped.contains("--epochs"), "{stopped}");
}

#[test]
fn the_best_weights_are_kept_though_patience_did_not_run_out() {
    let folder = Folder::new();
    let json = folder.json(
        "train --epochs 60 --learning-rate 0.03 --early-stopping --patience 1000 --json -o m",
    );
    assert_eq!(json["outcome"], "finished");
    let best = json["best_epoch"].as_u64().unwrap();
    assert!(best < 60, "the validation loss rises at this rate");
    // They are those of a training that ended there.
    let short = folder.json(&format!(
        "train --epochs {best} --learning-rate 0.03 --json -o n"
    ));
    assert_eq!(json["model_hash"], short["model_hash"]);
    assert_eq!(short["validation"]["used_for"], serde_json::json!([]));
    assert!(short["best_epoch"].is_null() && short["early_stopping"].is_null());
}

#[test]
fn a_target_ends_it_where_it_is_reached() {
    let folder = Folder::new();
    let json = folder.json("train --target-metric log-loss=0.2 --json -o m");
    assert_eq!(json["outcome"], "target-reached");
    assert!(number(&json["validation"]["log_loss"]) <= 0.2);
    let history = json["history"].as_array().unwrap();
    let before = &history[history.len() - 2];
    assert!(number(&before["validation_loss"]) > 0.2);
    assert_eq!(json["validation"]["used_for"], serde_json::json!(["epoch"]));
    let never = folder.json("train --epochs 3 --target-metric roc-auc=1.5 --json -o m");
    assert_eq!(never["outcome"], "finished");
}

#[test]
fn a_limit_of_time_ends_it() {
    let folder = Folder::new();
    let run = folder.ok("train --epochs 1000000000 --max-time 0.3s --json -o m");
    assert_eq!(run.json()["outcome"], "time-up");
    assert!(run.json()["steps"].as_u64() > Some(0));
    assert!(folder.path("m").exists());
}

#[test]
fn rows_to_test_on_are_seen_by_nothing_else() {
    let folder = Folder::new();
    let rows = table(200, "no", "yes");
    folder.write("t.csv", &rows);
    let json =
        folder.json("train t.csv --target y --test 0.25 --early-stopping --epochs 5 --json -o m");
    let rows_of = |part: &str| json[part]["rows"].as_u64().unwrap();
    assert_eq!(json["rows"], 200);
    assert_eq!(
        rows_of("train") + rows_of("validation") + rows_of("test"),
        200
    );
    assert!(rows_of("test").abs_diff(50) <= 1);
    let text = folder
        .ok("train t.csv --target y --test 0.25 --epochs 5 -o m")
        .stdout;
    assert!(
        text.contains("set apart: nothing else has seen it"),
        "{text}"
    );

    // What is learned does not depend on another table to test on, and the scores are those of evaluate.
    let (some, other): (Vec<&str>, Vec<&str>) = (
        rows.lines().take(121).collect(),
        std::iter::once("a,b,y")
            .chain(rows.lines().skip(121))
            .collect(),
    );
    folder
        .write("some.csv", some.join("\n"))
        .write("other.csv", other.join("\n"));
    let without = folder.json("train some.csv --target y --epochs 5 --json -o m");
    let with = folder.json("train some.csv --target y --epochs 5 --test other.csv --json -o m");
    assert_eq!(without["model_hash"], with["model_hash"]);
    assert!(without["test"].is_null());
    let evaluated = folder.json("evaluate m other.csv --json");
    assert_eq!(with["test"]["log_loss"], evaluated["log_loss"]);
    assert_eq!(with["test"]["rows"], 80);
}

#[test]
fn misuse_is_told() {
    let folder = Folder::new();
    folder.write("t.csv", table(40, "no", "yes"));
    for (line, says) in [
        ("train --patience 3", "--early-stopping"),
        ("train --min-delta 3", "--early-stopping"),
        ("train --early-stopping --patience 0", "1 or more epochs"),
        (
            "train --early-stopping --min-delta -1",
            "0 or a positive number",
        ),
        ("train --early-stopping auc", "roc-auc"),
        (
            "train --early-stopping t.csv --target y",
            "name the table before the option",
        ),
        (
            "train --early-stopping --validation 0",
            "--validation 0 holds none out",
        ),
        (
            "train --target-metric roc-auc=1 --validation 0",
            "--validation 0 holds none out",
        ),
        ("train --target-metric roc-auc", "roc-auc=0.9"),
        ("train --target-metric auc=1", "unknown metric"),
        ("train --max-time 5", "30s"),
        ("train --test 1.5", "a share of the rows"),
    ] {
        let error = folder.fails(2, line);
        assert!(error.contains(says), "{line}: {error}");
    }
    // Rows of one class have no ROC AUC, whatever the model.
    folder.write("v.csv", "a,b,y\n1,2,no\n2,3,no\n");
    let error = folder.fails(
        2,
        "train t.csv --target y --validation v.csv --early-stopping roc-auc",
    );
    assert!(error.contains("no value on the validation rows"), "{error}");
}
