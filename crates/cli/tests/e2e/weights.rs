//! Weights of rows and classes.

use crate::harness::{Folder, number};
use serde_json::Value;

/// Rows of two features and a weight, 1 unless said.
fn rows(weight: impl Fn(usize) -> String, between: &str) -> String {
    let row = |at: usize| {
        let (a, b) = (at * 7 % 11, at * 5 % 13);
        let label = if a + b + at % 3 > 11 { "yes" } else { "no" };
        let color = ["red", "blue"][at * 3 % 5 % 2];
        let between = if at % 10 == 9 { between } else { "" };
        format!("{a},{b},{color},{},{label}\n{between}", weight(at))
    };
    format!("a,b,color,n,ill\n{}", (0..80).map(row).collect::<String>())
}

fn one(_: usize) -> String {
    "1".to_owned()
}

/// What a report says of the model, without paths and times.
fn said(mut json: Value) -> Value {
    let object = json.as_object_mut().unwrap();
    for key in ["data", "model_path", "weights"] {
        object.remove(key);
    }
    object.retain(|key, _| !key.contains("second"));
    json
}

#[test]
fn a_row_of_weight_zero_is_absent() {
    let folder = Folder::new();
    let absurd = "1e9,oops,purple,0,perhaps\n,,,0,no\n";
    folder
        .write("a.csv", rows(one, ""))
        .write("b.csv", rows(one, absurd));
    let options = "--target ill --epochs 5 --weight-column n --test 0.2 --json";
    let alone = folder.json(&format!("train a.csv {options} -o a"));
    let run = folder.ok(&format!("train b.csv {options} -o b"));
    assert!(
        run.stderr.contains("16 rows of weight 0 left out"),
        "{}",
        run.stderr
    );
    assert_eq!(run.json()["weights"]["rows_of_weight_zero"], 16);
    assert_eq!(said(run.json()), said(alone));
    let evaluated = |data: &str| {
        let mut json = folder.json(&format!("evaluate a {data} --weight-column n --json"));
        json.as_object_mut().unwrap().remove("rows_of_weight_zero");
        json
    };
    assert_eq!(evaluated("a.csv"), evaluated("b.csv"));
    // Other rows to validate on are weighted too.
    let one = folder.json(
        "train a.csv --target ill --epochs 2 --weight-column n --validation a.csv --json -o c",
    );
    let other = folder.json(
        "train a.csv --target ill --epochs 2 --weight-column n --validation b.csv --json -o d",
    );
    assert_eq!(one["validation"], other["validation"]);
    assert_eq!(one["model_hash"], other["model_hash"]);
}

#[test]
fn weights_of_one_are_none_and_a_weight_of_k_is_k_copies() {
    let folder = Folder::new();
    let plain: String = rows(one, "")
        .lines()
        .map(|line| {
            let cells: Vec<&str> = line.split(',').collect();
            format!("{},{},{},{}\n", cells[0], cells[1], cells[2], cells[4])
        })
        .collect();
    folder
        .write("ones.csv", rows(one, ""))
        .write("plain.csv", &plain);
    let plain = folder.json("train plain.csv --target ill --epochs 5 --json -o p");
    let ones = folder.json("train ones.csv --target ill --epochs 5 --weight-column n --json -o o");
    assert_eq!(said(plain.clone()), said(ones));
    assert!(plain["weights"].is_null());

    let weighted = rows(|at| (at % 4).to_string(), "");
    let copied: String = weighted
        .lines()
        .map(|line| {
            let times = line.split(',').nth(3).unwrap().parse().unwrap_or(1);
            format!("{line}\n").repeat(times)
        })
        .collect();
    folder
        .write("weighted.csv", weighted)
        .write("copied.csv", copied);
    let weighted = folder.json("evaluate o weighted.csv --weight-column n --json");
    let copied = folder.json("evaluate o copied.csv --json");
    assert_eq!(weighted["weight"], copied["weight"]);
    assert_eq!(weighted["confusion"], copied["confusion"]);
    for metric in [
        "log_loss",
        "brier",
        "roc_auc",
        "average_precision",
        "mcc",
        "calibration_error",
        "f1",
    ] {
        match (weighted[metric].as_f64(), copied[metric].as_f64()) {
            (Some(a), Some(b)) => assert!((a - b).abs() < 1e-12, "{metric}: {a} {b}"),
            (a, b) => assert_eq!(a, b, "{metric}"),
        }
    }
}

#[test]
fn bad_weights_are_errors_that_say_where() {
    let folder = Folder::new();
    folder.write(
        "t.csv",
        rows(
            |at| {
                ["1", "-2", "", "inf", "x"]
                    .get(at)
                    .copied()
                    .unwrap_or("1")
                    .to_owned()
            },
            "",
        ),
    );
    folder
        .write("zero.csv", rows(|_| "0".to_owned(), ""))
        .write("good.csv", rows(one, ""));
    let error = folder.fails(1, "train t.csv --target ill --weight-column n");
    for said in [
        "t.csv: line 3, column \"n\": the weight -2 is negative",
        "line 4, column \"n\": the weight is missing",
        "line 5",
        "line 6, column \"n\": the weight \"x\" is not a number",
    ] {
        assert!(error.contains(said), "{error}");
    }
    assert!(
        folder
            .fails(1, "train zero.csv --target ill --weight-column n")
            .contains("all 80 in column \"n\" are 0")
    );
    let error = folder.fails(2, "train good.csv --target ill --weight-column m");
    assert!(
        error.contains("--weight-column") && error.contains("no column \"m\""),
        "{error}"
    );
    folder.fails(2, "train good.csv --target ill --weight-column ill");
    folder.fails(
        2,
        "train good.csv --target ill --weight-column n --numeric n",
    );
    for wrong in ["0:1", "1:-1", "1", "auto", "1:2:3", "nan:1"] {
        let error = folder.fails(
            2,
            &format!("train good.csv --target ill --class-weight {wrong}"),
        );
        assert!(error.contains("balanced"), "{error}");
    }
    folder.write("other.csv", "a,b,color,ill\n1,2,red,no\n9,9,red,yes\n");
    let error = folder.fails(
        2,
        "train good.csv --target ill --weight-column n --validation other.csv",
    );
    assert!(error.contains("other.csv: no column \"n\""), "{error}");
    assert!(!folder.path("good.chainrule").exists());
}

/// One in ten rows is positive, and nothing tells which.
#[test]
fn what_balancing_does_to_probabilities_is_said() {
    let folder = Folder::new();
    folder.write(
        "rare.csv",
        format!("x,y\n{}{}", "1,no\n".repeat(90), "1,yes\n".repeat(10)),
    );
    let options = "train rare.csv --target y --hidden none --validation 0 --batch-size full --epochs 300 --learning-rate 0.1";
    let plain = folder.json(&format!("{options} --json -o plain"));
    assert!((number(&plain["train"]["mean_probability"]) - 0.1).abs() < 1e-3);
    assert!((number(&plain["train"]["log_loss"]) - 0.325083).abs() < 1e-4);
    assert!(plain["weights"].is_null());

    let run = folder.ok(&format!("{options} --class-weight balanced -o m"));
    for said in [
        "\"no\" 0.5556, \"yes\" 5 (balanced)",
        "too high",
        "p / (p + 9 (1 − p))",
        "stands for 0.1000",
        "comes 0.1000 of the time",
        "mean probability is 0.5",
    ] {
        assert!(run.stdout.contains(said), "{said}: {}", run.stdout);
    }
    let json = folder.json(&format!("{options} --class-weight balanced --json -o m"));
    let weights = &json["weights"];
    assert!((number(&weights["odds_factor"]) - 9.0).abs() < 1e-12);
    assert!((number(&weights["weighted_positive_rate"]) - 0.5).abs() < 1e-12);
    assert!((number(&json["train"]["log_loss"]) - std::f64::consts::LN_2).abs() < 1e-3);
    assert!((number(&json["train"]["calibration_error"]) - 0.4).abs() < 1e-2);
    // The loss that is trained has the weights.
    assert!((number(&json["history"][299]["train_loss"]) - std::f64::consts::LN_2).abs() < 1e-3);

    let run = folder.ok("evaluate m rare.csv --json");
    assert!(run.stderr.contains("too high"), "{}", run.stderr);
    assert!((number(&run.json()["log_loss"]) - std::f64::consts::LN_2).abs() < 1e-3);
    assert!((number(&run.json()["log_loss_of_chances"]) - 0.325083).abs() < 1e-3);
    let text = folder.ok("evaluate m rare.csv").stdout;
    assert!(
        text.contains("log loss, chances    0.325") && text.contains("mean probability"),
        "{text}"
    );
    assert!(
        folder
            .ok("predict m rare.csv")
            .stderr
            .contains("stands for 0.1000")
    );
    assert!(
        !folder
            .ok("predict plain rare.csv")
            .stderr
            .contains("stands for")
    );
    let inspected = folder.ok("inspect m").stdout;
    assert!(
        inspected.contains("weights        classes \"no\" 0.5556, \"yes\" 5 (balanced)"),
        "{inspected}"
    );
    assert_eq!(
        folder.json("inspect m --json")["provenance"]["weights"]["class_weight"],
        "balanced"
    );
}

#[test]
fn a_model_of_weighted_rows_is_verified_and_resumed_with_the_same_weights_only() {
    let folder = Folder::new();
    folder.write("t.csv", rows(|at| (at % 4).to_string(), ""));
    let options = "train t.csv --target ill --epochs 4 --weight-column n --class-weight 1:2.5 --checkpoint kept --resume";
    folder.ok(&format!("{options} -o m"));
    assert!(
        folder
            .ok("verify m --data t.csv")
            .stdout
            .contains("the bits agree")
    );
    folder.ok(&format!("{options} -o again"));
    assert_eq!(folder.read("m"), folder.read("again"));
    let other = options.replace("1:2.5", "balanced");
    let error = folder.line(&format!("{other} -o other"));
    assert_ne!(error.code, Some(0));
    assert!(
        error.stderr.contains("class weight") && error.stderr.contains("1:2.5"),
        "{}",
        error.stderr
    );
    // Without the option each row counts the same, and that is said.
    let run = folder.ok("evaluate m t.csv");
    assert!(run.stderr.contains("--weight-column"), "{}", run.stderr);
}
