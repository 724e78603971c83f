//! `train --threshold`: a number, or a metric by which the validation rows choose it.

use crate::harness::{Folder, number};
use crate::verify::with_section;
use serde_json::json;

/// Every tenth row is positive, and a little to the right of the others.
fn rare(rows: u32) -> String {
    let mut csv = String::from("x,z,y\n");
    for i in 0..rows {
        let positive = i % 10 == 0;
        let x = f64::from(i * 37 % 101) / 50.0 + if positive { 0.9 } else { 0.0 };
        let z = f64::from(i * 53 % 89) / 50.0;
        csv += &format!("{x},{z},{}\n", if positive { "yes" } else { "no" });
    }
    csv
}

const TRAIN: &str = "train t.csv --target y --epochs 20 --seed 1";

fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("t.csv", rare(400));
    folder
}

#[test]
fn a_number_is_kept_and_used() {
    let folder = folder();
    let json = folder.json(&format!("{TRAIN} --threshold 0.12 --json -o m"));
    assert_eq!(json["threshold"]["value"], 0.12);
    assert!(json["threshold"]["chosen_by"].is_null());
    assert_eq!(json["validation"]["threshold"], 0.12);
    assert_eq!(json["validation"]["used_for"], json!([]));
    let plain = folder.json(&format!("{TRAIN} --json -o n"));
    assert_eq!(plain["model_hash"], json["model_hash"]);
    assert_eq!(plain["threshold"]["value"], 0.5);
    let inspected = folder.json("inspect m --json");
    assert_eq!(inspected["threshold"], 0.12);
    assert_eq!(inspected["provenance"]["procedure"]["threshold"], "0.12");
    let text = folder.ok("inspect m").stdout;
    assert!(text.contains("threshold      0.12, as asked for"), "{text}");
    let text = folder.ok(&format!("{TRAIN} --threshold 0.12 -o m")).stdout;
    assert!(text.contains("threshold   0.12: as asked for"), "{text}");
    let plain = folder.ok(&format!("{TRAIN} -o n")).stdout;
    assert!(!plain.contains("threshold"), "{plain}");

    // Unless told otherwise.
    let evaluated = |options: &str| folder.json(&format!("evaluate m t.csv --json {options}"));
    assert_eq!(evaluated("")["threshold"], 0.12);
    assert_eq!(evaluated("--threshold 0.5")["threshold"], 0.5);
    let rows = folder.ok("predict m t.csv").csv();
    for row in &rows[1..] {
        let p: f64 = row[1].parse().unwrap();
        assert_eq!(row[2] == "yes", p >= 0.12);
    }
    folder.ok("verify m --data t.csv");
    let again = folder.json("train t.csv --init m --epochs 1 --json -o i");
    assert_eq!(again["threshold"]["value"], 0.12);
    let text = folder.ok("train t.csv --init m --epochs 1 -o i").stdout;
    assert!(
        text.contains("threshold   0.12: as in the model of --init"),
        "{text}"
    );
}

#[test]
fn the_validation_rows_choose_by_a_metric_and_the_report_says_so() {
    let folder = folder();
    for metric in ["accuracy", "balanced-accuracy", "f1", "mcc"] {
        let json = folder.json(&format!(
            "{TRAIN} --threshold {metric} --test 0.2 --json -o m"
        ));
        let (threshold, validation) = (&json["threshold"], &json["validation"]);
        assert_eq!(threshold["chosen_by"], metric);
        assert_eq!(threshold["score"], validation[&metric.replace('-', "_")]);
        assert_eq!(threshold["from"], 0.5);
        let before = threshold["score_before"].as_f64().unwrap_or(0.0);
        assert!(number(&threshold["score"]) >= before, "{metric}");
        for part in ["train", "validation", "test"] {
            assert_eq!(json[part]["threshold"], threshold["value"]);
        }
        assert_eq!(validation["used_for"], json!(["threshold"]));
        let inspected = folder.json("inspect m --json");
        assert_eq!(inspected["threshold"], threshold["value"]);
        assert_eq!(inspected["provenance"]["procedure"]["threshold"], metric);
        let evaluated = folder.json("evaluate m t.csv --json");
        assert_eq!(evaluated["threshold"], threshold["value"]);
        let verified = folder.json("verify m --data t.csv --json");
        assert_eq!(verified["agrees"], true, "{verified}");
    }
    let text = folder.ok(&format!("{TRAIN} --threshold f1 -o m")).stdout;
    for says in [
        "the best f1 on the validation rows, 0.",
        "held out: not trained on, but it chose the threshold, so its figures are better than those of other rows: --test 0.2 keeps",
    ] {
        assert!(text.contains(says), "{text}");
    }
    let text = folder.ok("inspect m").stdout;
    assert!(
        text.contains(", chosen by f1 on the validation rows\n"),
        "{text}"
    );
    let all = folder.ok(&format!(
        "{TRAIN} --threshold f1 --early-stopping --schedule plateau --test 0.2 -o m"
    ));
    let says = "chose the epoch and the threshold, and steered the learning rate, so its figures are better than those of other rows: judge by the test column";
    assert!(all.stdout.contains(says), "{}", all.stdout);
}

#[test]
fn a_training_that_goes_on_chooses_the_same() {
    let folder = folder();
    let options = "--threshold balanced-accuracy --early-stopping --patience 5";
    folder.ok(&format!("{TRAIN} {options} -o whole"));
    let kept = format!("{TRAIN} {options} --checkpoint kept --checkpoint-every 3steps");
    folder.ok(&format!("{kept} --epochs 4 -o m"));
    folder.ok(&format!("{kept} --resume -o m"));
    assert_eq!(folder.read("m"), folder.read("whole"));
    folder.ok("verify m --data t.csv");
    let error = folder.fails(
        2,
        &format!(
            "{TRAIN} --threshold f1 --early-stopping --patience 5 --checkpoint kept --resume -o m"
        ),
    );
    let says = "threshold is 0.5 while it is trained, then chosen by f1 here and 0.5 while it is trained, then chosen by balanced-accuracy there";
    assert!(error.contains(says), "{error}");
    // A checkpoint has not chosen one yet, and says so.
    folder.ok(&format!("{TRAIN} --threshold f1 --checkpoint plain -o m"));
    let names = std::fs::read_dir(folder.path("plain")).unwrap();
    let names = names.map(|file| file.unwrap().file_name().into_string().unwrap());
    let newest = names.filter(|name| name.ends_with(".chainrule")).max();
    let newest = newest.unwrap();
    let text = folder.ok(&format!("inspect plain/{newest}")).stdout;
    assert!(text.contains("threshold      0.5\n"), "{text}");
    folder.ok(&format!("verify plain/{newest} --data t.csv"));
}

#[test]
fn a_threshold_that_was_forged_is_found() {
    let folder = folder();
    folder.ok(&format!("{TRAIN} --threshold f1 -o m"));
    folder.ok(&format!("{TRAIN} --threshold 0.3 -o n"));
    folder.write("forged", with_section(&folder, "m", "n", "decision"));
    let run = folder.line("verify forged --data t.csv");
    assert_eq!(run.code, Some(1));
    let says = "0.3 in the model";
    assert!(
        run.stdout.contains("differs     threshold: ") && run.stdout.contains(says),
        "{}",
        run.stdout
    );
}

#[test]
fn misuse_is_told() {
    let folder = folder();
    folder.write("v.csv", "x,z,y\n1,2,no\n2,3,no\n");
    for (options, says) in [
        ("--threshold 0", "a number above 0 and below 1"),
        ("--threshold 1", "a number above 0 and below 1"),
        ("--threshold -0.1", "a number above 0 and below 1"),
        ("--threshold nan", "a number above 0 and below 1"),
        ("--threshold f2", "accuracy, balanced-accuracy, f1, mcc"),
        (
            "--threshold recall",
            "it is 1 where every row is predicted positive",
        ),
        (
            "--threshold precision",
            "next to no row is predicted positive",
        ),
        ("--threshold roc-auc", "it looks at probabilities"),
        (
            "--threshold f1 --validation 0",
            "--validation 0 holds none out",
        ),
        (
            "--threshold f1 --validation v.csv",
            "no row is of the positive class",
        ),
    ] {
        let error = folder.fails(2, &format!("{TRAIN} {options} -o m"));
        assert!(error.contains(says), "{options}: {error}");
    }
    assert!(!folder.path("m").exists());
    folder.ok(&format!("{TRAIN} --threshold 0.3 --validation 0 -o m"));
}
