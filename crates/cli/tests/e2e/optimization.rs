//! Penalties, clipping, schedules and L-BFGS through the command line.

use crate::harness::{Folder, number};

fn rates(json: &serde_json::Value) -> Vec<f64> {
    let history = json["history"].as_array().unwrap();
    history
        .iter()
        .map(|epoch| number(&epoch["learning_rate"]))
        .collect()
}

#[test]
fn every_schedule_is_followed_and_reported() {
    let folder = Folder::new();
    for (options, first, last) in [
        ("", 0.01, 0.01),
        ("--schedule constant", 0.01, 0.01),
        ("--schedule step:every=2,factor=0.1", 0.01, 1e-4),
        ("--schedule exponential:factor=0.5", 0.01, 0.01 / 32.0),
        ("--warmup 2epochs", 0.15 / 31.0, 0.01),
    ] {
        let line = format!("train --epochs 6 --learning-rate 0.01 {options} --json -o m");
        let rates = rates(&folder.json(&line));
        assert_eq!(rates.len(), 6);
        for (found, expected) in [(rates[0], first), (rates[5], last)] {
            assert!((found - expected).abs() < 1e-12, "{options}: {rates:?}");
        }
    }
    let line = "train --epochs 6 --learning-rate 0.01 --schedule cosine:floor=0.1 --warmup 10steps";
    let json = folder.json(&format!("{line} --json -o m"));
    let falling = rates(&json);
    assert!(falling.is_sorted_by(|a, b| a > b), "{falling:?}");
    assert!(falling[5] > 1e-3 && falling[5] < 1.1e-3, "{falling:?}");
    let schedule = "cosine:floor=0.1 after a warm-up of 10steps";
    assert_eq!(json["schedule"], schedule);
    let shown = format!("learning rate 0.01 ({schedule})");
    assert!(folder.ok(&format!("{line} -o m")).stdout.contains(&shown));
    assert!(folder.ok("inspect m").stdout.contains(&shown));
    let cycle = folder.json("train --epochs 10 --schedule one-cycle --json -o m");
    let cycle = rates(&cycle);
    let top = cycle.iter().copied().fold(0.0, f64::max);
    assert!(
        top > 0.0029 && cycle[0] < 0.5 * top && cycle[9] < 1e-5,
        "{cycle:?}"
    );
}

#[test]
fn a_plateau_falls_and_the_report_says_that_validation_rows_steered_it() {
    let folder = Folder::new();
    let line =
        "train --epochs 30 --learning-rate 0.02 --schedule plateau:patience=2,min-delta=0.01";
    let json = folder.json(&format!("{line} --json -o m"));
    let rates = rates(&json);
    assert!(rates[0] == 0.02 && rates[29] < 0.02, "{rates:?}");
    assert_eq!(
        json["validation"]["used_for"],
        serde_json::json!(["learning-rate"])
    );
    let text = folder.ok(&format!("{line} -o m")).stdout;
    assert!(text.contains("but it steered the learning rate"), "{text}");
}

#[test]
fn lbfgs_trains_on_all_rows_converges_and_can_be_verified() {
    let folder = Folder::new();
    let line = "train --optimizer lbfgs --hidden none --l2 0.01 --precision f64 --epochs 200 -o m";
    let json = folder.json(&format!("{line} --json"));
    assert_eq!(json["outcome"], "converged");
    assert_eq!(json["batch_size"], json["train"]["rows"]);
    assert_eq!(
        (&json["optimizer"], number(&json["learning_rate"])),
        (&"lbfgs".into(), 1.0)
    );
    assert!(json["epochs"].as_u64() < Some(100));
    assert!(number(&json["validation"]["accuracy"]) > 0.95);
    assert!(folder.ok(line).stdout.contains("converged: "));
    assert!(
        folder
            .ok("inspect m")
            .stdout
            .contains("lbfgs (history 10, ")
    );
    folder.ok("verify m");

    let resumed = "train --optimizer lbfgs --l2 0.001 --early-stopping --checkpoint c --json -o r";
    let whole = folder.json("train --optimizer lbfgs --l2 0.001 --early-stopping --json -o r");
    folder.ok(&format!("{resumed} --epochs 4"));
    let again = folder.json(&format!("{resumed} --resume"));
    assert_eq!(again["resumed_from_step"], 4);
    assert_eq!(again["model_hash"], whole["model_hash"]);
    assert_eq!(
        again["history"].as_array().unwrap().len(),
        whole["history"].as_array().unwrap().len()
    );
}

#[test]
fn what_does_not_go_together_is_misuse() {
    let folder = Folder::new();
    for (options, says) in [
        (
            "--optimizer lbfgs --batch-size 32",
            "lbfgs needs all rows in every step, and the batch size is 32",
        ),
        ("--optimizer lbfgs --clip-norm 1", "leave clipping out"),
        ("--optimizer adm", "expected sgd, momentum, nesterov"),
        (
            "--optimizer adam:beta=0.9",
            "adam has no setting \"beta\"; expected beta1, beta2, epsilon",
        ),
        (
            "--optimizer lbfgs:history=0",
            "history of lbfgs is \"0\"; expected a whole number from 1 to 1000",
        ),
        (
            "--optimizer momentum:momentum=0.8 --momentum 0.8",
            "momentum is given twice",
        ),
        (
            "--optimizer adamw:weight-decay=0.1 --weight-decay 0.1",
            "weight-decay is given twice",
        ),
        ("--penalize-biases", "add one of them, or leave it out"),
        ("--optimizer lbfgs --clip-value 1", "leave clipping out"),
        (
            "--schedule cosin",
            "expected constant, step, exponential, cosine, plateau or one-cycle",
        ),
        (
            "--schedule cosine:factor=1",
            "cosine has no setting \"factor\"; expected floor",
        ),
        (
            "--schedule step:every=0",
            "every of the schedule is 0; expected 1 or more",
        ),
        (
            "--schedule exponential:factor=2",
            "factor of the schedule is 2; expected a number from 0 to 1",
        ),
        ("--warmup 3", "such as 3epochs or 500steps"),
        ("--warmup -1steps", "such as 3epochs or 500steps"),
        (
            "--warmup 50epochs",
            "leaves nothing of a training of 50 epochs",
        ),
        (
            "--schedule one-cycle --warmup 1epoch",
            "one-cycle begins with a rise of its own",
        ),
    ] {
        let error = folder.fails(2, &format!("train {options}"));
        assert!(error.contains(says), "{options}: {error}");
    }
    assert!(folder.names().is_empty());
    folder.ok("train --epochs 2 --schedule cosine --checkpoint c -o m");
    let error = folder.fails(
        2,
        "train --epochs 3 --schedule cosine --checkpoint c --resume -o m",
    );
    assert!(
        error.contains("epochs (on which the schedule depends) is 3 here and 2 there"),
        "{error}"
    );
}

#[test]
fn penalties_make_weights_small() {
    let folder = Folder::new();
    let weights = |options: &str| {
        folder.ok(&format!(
            "train --hidden none --epochs 60 --learning-rate 0.02 {options} -o m"
        ));
        let json = folder.json("inspect m --weights --json");
        let rows = json["parameters"][0]["values"][0].as_array().unwrap();
        rows.iter().map(number).collect::<Vec<f64>>()
    };
    let norm = |weights: &[f64]| weights.iter().map(|w| w * w).sum::<f64>();
    let near_zero = |weights: &[f64]| weights.iter().filter(|w| w.abs() < 0.03).count();
    let plain = weights("");
    let (l1, l2) = (weights("--l1 0.05"), weights("--l2 0.1"));
    assert!(
        norm(&l2) < 0.5 * norm(&plain),
        "{} {}",
        norm(&l2),
        norm(&plain)
    );
    assert!(near_zero(&l1) > near_zero(&plain) + 5, "{l1:?} {plain:?}");
}

#[test]
fn every_setting_of_an_optimizer_follows_its_name() {
    let folder = Folder::new();
    let trained = |options: &str| folder.json(&format!("train --epochs 6 {options} -o m --json"));
    for (optimizer, settings) in [
        ("momentum", &[("momentum", 0.5)][..]),
        ("nesterov", &[("momentum", 0.5)]),
        ("rmsprop", &[("decay", 0.5), ("epsilon", 0.1)]),
        ("adam", &[("beta1", 0.5), ("beta2", 0.5), ("epsilon", 0.1)]),
        (
            "adamw",
            &[
                ("weight-decay", 0.5),
                ("beta1", 0.5),
                ("beta2", 0.5),
                ("epsilon", 0.1),
            ],
        ),
        (
            "lbfgs",
            &[
                ("history", 1.0),
                ("evaluations", 1.0),
                ("gradient-tolerance", 10.0),
                ("change-tolerance", 10.0),
            ],
        ),
    ] {
        // A first trial that is far too long, so that its search takes some evaluations.
        let rate = match optimizer {
            "lbfgs" => "--learning-rate 100",
            _ => "",
        };
        let usual = trained(&format!("--optimizer {optimizer} {rate}"));
        let known = usual["optimizer_settings"].as_object().unwrap().len();
        assert_eq!(known, settings.len(), "{optimizer}");
        for (name, value) in settings {
            let changed = trained(&format!("--optimizer {optimizer}:{name}={value} {rate}"));
            let kept = &changed["optimizer_settings"][name.replace('-', "_")];
            assert_eq!(kept, value, "{optimizer} {name}");
            assert_ne!(
                changed["model_hash"], usual["model_hash"],
                "{optimizer} {name}"
            );
        }
    }
    // The older options say the same.
    let hash = |options: &str| trained(options)["model_hash"].clone();
    assert_eq!(
        hash("--optimizer nesterov --momentum 0.5"),
        hash("--optimizer nesterov:momentum=0.5")
    );
    assert_eq!(
        hash("--optimizer adamw --weight-decay 0.5"),
        hash("--optimizer adamw:weight-decay=0.5")
    );
    // What is not usual is in the report.
    let report = folder.ok("train --optimizer adam:beta1=0.5 -o m").stdout;
    assert!(
        report.contains("adam (beta1 0.5, beta2 0.999, epsilon 0.00000001), learning rate"),
        "{report}"
    );
    assert!(folder.ok("train -o m").stdout.contains(", adam, learning"));
    // A checkpoint is of one choice.
    let line = "train --epochs 2 --checkpoint kept -o m --optimizer";
    folder.ok(&format!("{line} adam:beta2=0.99"));
    let error = folder.fails(2, &format!("{line} adam --resume"));
    assert!(
        error.contains("optimizer is adam (beta1 0.9, beta2 0.999, ")
            && error.contains("beta2 0.99,"),
        "{error}"
    );
    let same = format!("{line} adam:beta2=0.99,beta1=0.9 --resume");
    folder.ok(&same);
}

#[test]
fn penalties_may_count_biases() {
    let folder = Folder::new();
    let bias = |options: &str| {
        folder.ok(&format!(
            "train --hidden none --epochs 60 --learning-rate 0.02 {options} -o m"
        ));
        let json = folder.json("inspect m --weights --json");
        number(&json["parameters"][1]["values"][0]).abs()
    };
    assert!(bias("--l2 1 --penalize-biases") < 0.8 * bias("--l2 1"));
}
