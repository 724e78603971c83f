//! `train`: the report, the JSON contract, starting from a model.

use crate::harness::{Folder, number, table, wdbc};

#[test]
fn without_data_it_trains_on_the_embedded_table() {
    let folder = Folder::new();
    let run = folder.ok("train");
    assert_eq!(folder.names(), ["wdbc.chainrule"]);
    for part in [
        "569 rows",
        "30 features",
        "positive is \"malignant\" (212)",
        "log loss",
        "accuracy",
        "ROC AUC",
        "held out",
        "always \"benign\"",
        "wdbc.chainrule",
        "chainrule predict wdbc.chainrule",
    ] {
        assert!(run.stdout.contains(part), "{part:?} in\n{}", run.stdout);
    }
    assert!(run.stderr.contains("CC BY 4.0"), "{}", run.stderr);
}

#[test]
fn progress_is_ten_plain_lines_when_piped() {
    let run = Folder::new().ok("train --epochs 30");
    let lines: Vec<_> = run
        .stderr
        .lines()
        .filter(|line| line.starts_with("epoch "))
        .collect();
    assert_eq!(lines.len(), 10, "{}", run.stderr);
    assert!(
        lines[9].starts_with("epoch 30/30  train loss "),
        "{}",
        lines[9]
    );
    assert!(!run.stderr.contains(['\x1b', '\r']), "{:?}", run.stderr);
}

#[test]
fn quiet_says_nothing() {
    let run = Folder::new().ok("train --quiet --epochs 2");
    assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("", ""));
    let run = Folder::new().ok("train --quiet --json --epochs 2");
    assert_eq!(run.stderr, "");
    assert_eq!(run.json()["epochs"], 2);
}

#[test]
fn the_defaults_are_good_on_average_over_ten_seeds() {
    let folder = Folder::new();
    let (mut accuracy, mut roc_auc) = (0.0, 0.0);
    for seed in 0..10 {
        let json = folder.json(&format!("train --json --quiet --seed {seed}"));
        accuracy += number(&json["validation"]["accuracy"]) / 10.0;
        roc_auc += number(&json["validation"]["roc_auc"]) / 10.0;
    }
    assert!(accuracy >= 0.96, "{accuracy}");
    assert!(roc_auc >= 0.99, "{roc_auc}");
}

#[test]
fn json_has_every_field_of_the_contract() {
    let folder = Folder::new();
    let json = folder.json("train --json --epochs 3");
    assert_eq!(json["rows"], 569);
    assert_eq!(json["features"], 30);
    assert_eq!(json["epochs"], 3);
    assert_eq!(json["parameter_count"], 641);
    assert!(["portable", "avx2", "avx512"].contains(&json["isa"].as_str().unwrap()));
    let (total, training) = (
        number(&json["seconds_total"]),
        number(&json["seconds_training"]),
    );
    assert!(0.0 < training && training < total);
    let rate = 456.0 * 3.0 / training;
    assert!((number(&json["samples_per_second"]) / rate - 1.0).abs() < 1e-9);
    for (part, rows) in [("train", 456), ("validation", 113)] {
        assert_eq!(json[part]["rows"], rows);
        for metric in ["log_loss", "accuracy", "roc_auc"] {
            assert!(json[part][metric].is_f64(), "{part} {metric}");
        }
    }
    assert_eq!(json["model_path"], "wdbc.chainrule");
    assert_eq!(json["model_hash"].as_str().unwrap().len(), 64);
    assert_eq!(json["baseline"]["label"], "benign");
    let history = json["history"].as_array().unwrap();
    assert_eq!(history.len(), 3);
    for (at, epoch) in history.iter().enumerate() {
        assert_eq!(epoch["epoch"], at + 1);
        assert!(epoch["train_loss"].is_f64() && epoch["validation_loss"].is_f64());
    }
    // The scores are those of the model that was saved.
    let last = number(&history[2]["validation_loss"]);
    assert_eq!(number(&json["validation"]["log_loss"]), last);
}

#[test]
fn without_validation_there_is_none_and_evaluate_agrees() {
    let folder = Folder::new();
    folder.write("wdbc.csv", wdbc());
    let json = folder.json("train wdbc.csv --target diagnosis --validation 0 --epochs 4 --json");
    assert!(json["validation"].is_null());
    assert!(json["history"][3]["validation_loss"].is_null());
    assert_eq!(json["train"]["rows"], 569);
    let evaluated = folder.json("evaluate wdbc.chainrule wdbc.csv --json");
    for metric in ["log_loss", "accuracy", "roc_auc"] {
        assert_eq!(evaluated[metric], json["train"][metric], "{metric}");
    }
    assert_eq!(evaluated["model_hash"], json["model_hash"]);
}

#[test]
fn a_validation_file_is_read_with_what_was_fitted_on_the_training_rows() {
    let folder = Folder::new();
    folder
        .write("a.csv", table(60, "no", "yes"))
        .write("b.csv", table(25, "no", "yes"));
    let json = folder.json("train a.csv --target y --validation b.csv --json --epochs 5");
    assert_eq!(
        (&json["rows"], &json["train"]["rows"]),
        (&60.into(), &60.into())
    );
    assert_eq!(json["validation"]["rows"], 25);
    let evaluated = folder.json("evaluate a.chainrule b.csv --json");
    assert_eq!(evaluated["log_loss"], json["validation"]["log_loss"]);

    let text = folder
        .ok("train a.csv --target y --validation b.csv --epochs 5")
        .stdout;
    assert!(text.contains("a.csv: 60 rows"), "{text}");
    let piped = folder.with_input(
        "train a.csv --target y --validation - --json --epochs 5",
        table(25, "no", "yes").as_bytes(),
    );
    assert_eq!(piped.json()["model_hash"], json["model_hash"]);
    assert_eq!(piped.json()["validation"], json["validation"]);
}

#[test]
fn no_epochs_write_the_initial_model() {
    let folder = Folder::new();
    let json = folder.json("train --epochs 0 --json -o init");
    assert_eq!(json["history"], serde_json::json!([]));
    assert_eq!(json["epochs"], 0);
    assert!(json["samples_per_second"].is_null());
    let loss = number(&json["train"]["log_loss"]);
    assert!((0.3..1.5).contains(&loss), "{loss}");
    let again = folder.json("train --init init --epochs 0 --json -o again");
    assert_eq!(again["model_hash"], json["model_hash"]);
}

#[test]
fn init_goes_on_from_the_model() {
    let folder = Folder::new();
    folder.write("t.csv", table(80, "no", "yes"));
    let options = "--validation 0 --no-shuffle --optimizer sgd --learning-rate 0.1 --json";
    let two = folder.json(&format!(
        "train t.csv --target y --hidden 4 {options} --epochs 2 -o two"
    ));
    folder.json(&format!(
        "train t.csv --target y --hidden 4 {options} --epochs 1 -o one"
    ));
    let more = folder.json(&format!(
        "train t.csv --init one {options} --epochs 1 -o more"
    ));
    assert_eq!(more["model_hash"], two["model_hash"]);
    assert_eq!(more["layers"], serde_json::json!([2, 4, 1]));
    // The same again in place: a model may be replaced by its successor.
    let placed = folder.json(&format!(
        "train t.csv --init one {options} --epochs 1 -o one"
    ));
    assert_eq!(placed["model_hash"], two["model_hash"]);
}

#[test]
fn init_takes_labels_and_preprocessing_from_the_model() {
    let folder = Folder::new();
    folder.write("t.csv", table(80, "no", "yes"));
    folder.ok("train t.csv --target y --positive no --preprocess none --hidden 3 --epochs 1 -o m");
    let json = folder.json("train t.csv --init m --epochs 1 --json");
    assert_eq!(json["positive"], "no");
    assert_eq!(json["preprocess"], "none");
    folder.ok(
        "train t.csv --init m --epochs 1 --hidden 3 --positive no --preprocess none --target y",
    );
    for (option, says) in [
        ("--hidden 4", "--hidden is 4, and the model of --init has 3"),
        ("--hidden none", "--hidden is none"),
        ("--preprocess standard", "--preprocess is standard"),
        ("--positive yes", "--positive is \"yes\""),
        ("--target b", "--target is \"b\""),
    ] {
        let error = folder.fails(
            2,
            &format!("train t.csv --init m --epochs 1 {option} -o other"),
        );
        assert!(error.contains(says), "{error}");
    }
    assert!(!folder.path("other").exists());
}

#[test]
fn init_keeps_the_precision_unless_told() {
    let folder = Folder::new();
    folder.ok("train --precision f64 --epochs 0 -o m");
    assert_eq!(
        folder.json("train --init m --epochs 1 --json")["precision"],
        "f64"
    );
    assert_eq!(
        folder.json("train --init m --precision f32 --epochs 1 --json")["precision"],
        "f32"
    );
}

#[test]
fn a_batch_may_be_larger_than_the_data() {
    let folder = Folder::new();
    folder.write("five.csv", "x,y\n1,0\n2,0\n3,1\n4,1\n5,1\n");
    let loss = |options: &str| {
        let json = folder.json(&format!(
            "train five.csv --target y --validation 0 --epochs 1 --json {options}"
        ));
        (
            number(&json["history"][0]["train_loss"]),
            json["model_hash"].clone(),
        )
    };
    let (first, trained) = loss("--batch-size 1024");
    assert!(first > 0.0);
    assert_eq!(loss("--batch-size full").1, trained);
    assert_ne!(loss("--epochs 0 --epochs 1 --learning-rate 0").1, trained);
    // Without learning the loss of an epoch is the same however it is cut: the last short batch counts by its rows.
    for batch in [1, 2, 4, 5, 1024] {
        let (epoch, _) = loss(&format!("--learning-rate 0 --batch-size {batch}"));
        assert!((epoch - first).abs() < 1e-6, "{batch}: {epoch} {first}");
    }
}

#[test]
fn too_few_rows_to_hold_out_are_refused_and_few_are_enough() {
    let folder = Folder::new();
    folder.write("five.csv", "x,y\n1,0\n2,0\n3,1\n4,1\n5,1\n");
    let json = folder.json("train five.csv --target y --validation 0.1 --epochs 1 --json");
    assert_eq!(json["validation"]["rows"], 2);
    folder.write("lone.csv", "x,y\n1,0\n2,1\n3,1\n4,1\n5,1\n");
    let error = folder.fails(1, "train lone.csv --target y");
    assert!(error.contains("too few"), "{error}");
}

#[test]
fn a_first_loss_is_near_the_logarithm_of_two() {
    let folder = Folder::new();
    folder.write("t.csv", table(60, "0", "1"));
    let json = folder.json("train t.csv --target y --json --epochs 1 --batch-size full");
    let loss = number(&json["history"][0]["train_loss"]);
    assert!((loss - 2f64.ln()).abs() < 0.3, "{loss}");
}

#[test]
fn logistic_regression_is_a_network_without_hidden_layers() {
    let folder = Folder::new();
    let json = folder.json("train --hidden none --epochs 5 --json");
    assert_eq!(json["layers"], serde_json::json!([30, 1]));
    assert_eq!(json["parameter_count"], 31);
}

#[test]
fn every_optimizer_learns_with_its_default_learning_rate() {
    let folder = Folder::new();
    for optimizer in ["sgd", "momentum", "nesterov", "rmsprop", "adam", "adamw"] {
        let json = folder.json(&format!("train --optimizer {optimizer} --json"));
        let accuracy = number(&json["validation"]["accuracy"]);
        assert!(accuracy > 0.93, "{optimizer}: {accuracy}");
        assert_eq!(json["optimizer"], optimizer);
    }
}

#[test]
fn settings_of_an_optimizer_change_the_model_and_are_kept_in_it() {
    let folder = Folder::new();
    let hash = |options: &str| {
        let json = folder.json(&format!("train --epochs 3 {options} -o m --force --json"));
        (json["model_hash"].clone(), folder.ok("inspect m").stdout)
    };
    for (options, kept) in [
        (
            "--optimizer nesterov --momentum 0.5",
            "nesterov (momentum 0.5)",
        ),
        ("--optimizer adamw --weight-decay 0.3", "weight_decay 0.3"),
        ("--clip-value 0.001", "clip_value 0.001"),
        ("--clip-norm 0.01", "clip_norm 0.01"),
        ("--l1 0.01", "l1 0.01"),
        ("--l2 0.01", "l2 0.01"),
    ] {
        let (with, inspected) = hash(options);
        assert!(inspected.contains(kept), "{inspected}");
        let name = options
            .split(" --")
            .next()
            .filter(|o| o.starts_with("--optimizer"));
        let (without, _) = hash(name.unwrap_or(""));
        assert_ne!(with, without, "{options}");
    }
}
