//! `inspect`: what is in a model file.

use crate::harness::{Folder, number, table};
use serde_json::{Value, json};

#[test]
fn text_names_everything() {
    let folder = Folder::new();
    let hash = folder.json("train --epochs 2 --seed 5 --json")["model_hash"].clone();
    let text = folder.ok("inspect wdbc.chainrule").stdout;
    for part in [
        "30 → 16 sigmoid → 8 sigmoid → 1 sigmoid",
        "641 parameters",
        "\"diagnosis\"",
        "\"malignant\"",
        "mean_radius",
        "adam",
        "seed 5",
        hash.as_str().unwrap(),
    ] {
        assert!(text.contains(part), "{part} in\n{text}");
    }
    assert!(!text.contains("W1"));
    assert!(
        folder
            .ok("inspect wdbc.chainrule --weights")
            .stdout
            .contains("W1 (16 × 30)")
    );
}

#[test]
fn json_has_schema_preprocessing_and_provenance() {
    let folder = Folder::new();
    let trained = folder.json("train --epochs 2 --json");
    let json = folder.json("inspect wdbc.chainrule --json");
    assert_eq!(json["model_hash"], trained["model_hash"]);
    assert_eq!(json["parameter_count"], 641);
    assert_eq!(
        json["layers"][0],
        json!({"inputs": 30, "units": 16, "activation": "sigmoid", "parameter_count": 496})
    );
    assert_eq!(json["schema"]["positive"], "malignant");
    assert_eq!(json["schema"]["features"].as_array().unwrap().len(), 30);
    assert_eq!(json["preprocessing"]["kind"], "standard");
    assert_eq!(json["preprocessing"]["mean"].as_array().unwrap().len(), 30);
    assert_eq!(json["provenance"]["training"]["epochs"], 2);
    assert_eq!(json["provenance"]["data"]["rows"], 569);
    assert!(json.get("parameters").is_none());
}

#[test]
fn weights_are_all_parameters_in_the_order_of_layers() {
    let folder = Folder::new();
    folder.write("t.csv", table(40, "0", "1"));
    for precision in ["f32", "f64"] {
        folder.ok(&format!(
            "train t.csv --target y --hidden 3 --epochs 2 --precision {precision} -o m"
        ));
        let json = folder.json("inspect m --weights --json");
        let shapes: Vec<Value> = json["parameters"]
            .as_array()
            .unwrap()
            .iter()
            .map(|parameter| json!([parameter["name"], parameter["shape"]]))
            .collect();
        assert_eq!(
            json!(shapes),
            json!([["W1", [3, 2]], ["b1", [3]], ["W2", [1, 3]], ["b2", [1]]])
        );

        // They are the parameters that predict.
        let values = |at: usize| &json["parameters"][at]["values"];
        let scaled = |at: usize, x: f64| {
            (x - number(&json["preprocessing"]["mean"][at]))
                / number(&json["preprocessing"]["scale"][at])
        };
        let sigmoid = |z: f64| 1.0 / (1.0 + (-z).exp());
        let x = [scaled(0, 0.25), scaled(1, 0.75)];
        let hidden = (0..3).map(|unit| {
            let z: f64 = (0..2)
                .map(|input| number(&values(0)[unit][input]) * x[input])
                .sum();
            sigmoid(z + number(&values(1)[unit])) * number(&values(2)[0][unit])
        });
        let p = sigmoid(hidden.sum::<f64>() + number(&values(3)[0]));
        folder.write("x.csv", "a,b\n0.25,0.75\n");
        let predicted: f64 = folder.ok("predict m x.csv").csv()[1][1].parse().unwrap();
        let tolerance = if precision == "f32" { 1e-6 } else { 1e-14 };
        assert!((p - predicted).abs() < tolerance, "{p} {predicted}");
    }
}

#[test]
fn what_is_no_model_is_refused_in_a_line() {
    let folder = Folder::new();
    folder.ok("train --epochs 0 -o m");
    let good = folder.read("m");
    folder
        .write("data.csv", "a,b\n1,2\n")
        .write("empty", "")
        .write("cut", &good[..good.len() / 2]);
    let mut flipped = good.clone();
    let at = flipped.len() - 5;
    flipped[at] ^= 1;
    folder.write("flipped", flipped);
    for (name, says) in [
        ("data.csv", "not a chainrule model"),
        ("empty", "empty"),
        ("cut", "cut off"),
        ("flipped", "flipped: "),
        ("none", "none: no such file"),
        (".", "is a folder"),
        ("/dev/zero", "not a regular file"),
    ] {
        for command in ["inspect --json", "inspect"] {
            let error = folder.fails(1, &format!("{command} {name}"));
            assert!(error.contains(says), "{error}");
            assert_eq!(error.trim_end().lines().count(), 1, "{error}");
        }
    }
}
