//! What columns are, and what becomes of what is missing in them.

use crate::harness::{Folder, number};

/// Two hundred rows: a number with gaps, a name, a date, a truth value, a code, an identifier, and a label that depends on some of them.
fn table() -> String {
    let mut csv = String::from("id,age,job,since,member,zip,ill\n");
    for i in 0..200 {
        let age = if i % 11 == 0 {
            String::new()
        } else {
            format!("{}", 20 + i * 7 % 50)
        };
        let job = ["clerk", "smith", "farmer"][i * 5 % 3];
        let day = format!("20{:02}-{:02}-{:02}", 10 + i % 9, 1 + i % 12, 1 + i % 28);
        let member = if i % 3 == 0 { "yes" } else { "no" };
        let ill = if (20 + i * 7 % 50) + 20 * (i * 5 % 3) > 60 {
            "yes"
        } else {
            "no"
        };
        csv += &format!("p{i},{age},{job},{day},{member},{},{ill}\n", 1000 + i % 5);
    }
    csv
}

#[test]
fn a_mixed_table_trains_and_predicts_as_it_comes() {
    let folder = Folder::new();
    folder.write("t.csv", table());
    let run = folder.ok("train t.csv --target ill --epochs 40");
    assert!(
        run.stdout
            .contains("5 features (2 numeric, 1 boolean, 1 categorical, 1 date)"),
        "{}",
        run.stdout
    );
    assert!(
        run.stderr
            .contains("column \"id\" has a text of its own in every row"),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains("19 values missing"), "{}", run.stderr);
    let json = folder.json("evaluate t.chainrule t.csv --json");
    assert!(number(&json["roc_auc"]) > 0.9, "{json}");
}

#[test]
fn options_say_what_columns_are() {
    let folder = Folder::new();
    folder.write("t.csv", table());
    let json = folder
        .json("train t.csv --target ill --epochs 1 --categorical zip --ignore id,since --json");
    assert_eq!(json["features"], 4);
    let inspected = folder.json("inspect t.chainrule --json");
    let kinds: Vec<&str> = inspected["schema"]["features"]
        .as_array()
        .unwrap()
        .iter()
        .map(|feature| feature["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["numeric", "categorical", "boolean", "categorical"]);
    let inputs = inspected["preprocessing"]["inputs"].as_array().unwrap();
    assert!(
        inputs.contains(&"age is missing".into())
            && inputs.contains(&"job = smith".into())
            && inputs.contains(&"zip = 1003".into()),
        "{inputs:?}"
    );
    assert_eq!(inputs.len() as f64, number(&json["inputs"]));
    assert!(
        folder
            .ok("inspect t.chainrule")
            .stdout
            .contains("which is told")
    );
    for (wrong, code) in [
        ("--ignore nosuch", 2),
        ("--categorical \u{1}", 2),
        ("--numeric job", 1),
        ("--schema none.json", 1),
    ] {
        folder.fails(code, &format!("train t.csv --target ill {wrong} -o other"));
    }
    folder.fails(2, "train t.csv --init t.chainrule --ignore job -o other");
    assert!(!folder.path("other").exists());
}

#[test]
fn a_schema_is_printed_edited_and_used() {
    let folder = Folder::new();
    folder.write("t.csv", table());
    let printed = folder.ok("train t.csv --target ill --print-schema").stdout;
    assert_eq!(folder.names(), ["t.csv"]);
    assert!(
        printed.contains("\"target\": \"ill\"") && printed.contains("\"kind\": \"date\""),
        "{printed}"
    );
    folder.write("s.json", &printed);
    let direct = folder.json("train t.csv --target ill --epochs 2 --json -o a");
    let by_file = folder.json("train t.csv --schema s.json --epochs 2 --json -o b");
    assert_eq!(direct["model_hash"], by_file["model_hash"]);
    let edited = printed
        .replace(
            "\"kind\": \"categorical\"",
            "\"kind\": \"ordinal\", \"levels\": [\"farmer\", \"clerk\", \"smith\"]",
        )
        .replace("\"positive\": \"yes\"", "\"positive\": \"no\"");
    folder.write("s.json", edited);
    let json = folder.json("train t.csv --schema s.json --epochs 2 --json -o c");
    assert_eq!(json["positive"], "no");
    assert_eq!(
        folder.json("inspect c --json")["schema"]["features"][1]["kind"],
        "ordinal"
    );
    folder.write("s.json", "{\"target\": 1}");
    assert!(
        folder
            .fails(1, "train t.csv --schema s.json")
            .contains("not a schema")
    );
}

#[test]
fn what_was_fitted_is_applied_to_other_tables() {
    let folder = Folder::new();
    folder.write("t.csv", table());
    folder.ok("train t.csv --target ill --epochs 5 --preprocess robust -o m");
    // Another order, more columns, gaps, a level and a word that were never seen.
    folder.write(
        "new.csv",
        "note,zip,member,job,since,age\nx,1001,TRUE,pilot,2015-01-02,30\ny,,,smith,,\n",
    );
    let rows = folder.ok("predict m new.csv").csv();
    assert_eq!(rows.len(), 3);
    folder.write(
        "short.csv",
        "zip,member,Job,since\n1001,yes,smith,2015-01-02\n",
    );
    let error = folder.fails(1, "predict m short.csv");
    assert!(
        error.contains("\"age\"") && error.contains("\"job\" (did you mean \"Job\"?)"),
        "{error}"
    );
    folder.write(
        "bad.csv",
        "zip,member,job,since,age\n1001,maybe,smith,2015-01-02,old\n",
    );
    let error = folder.fails(1, "predict m bad.csv");
    assert!(
        error.contains("\"maybe\" is neither true nor false")
            && error.contains("\"old\" is not a number"),
        "{error}"
    );
}

#[test]
fn every_scaling_is_fitted_on_the_training_rows_alone() {
    let folder = Folder::new();
    folder
        .write("t.csv", "x,y\n1,a\n2,b\n3,a\n4,b\n")
        .write("v.csv", "x,y\n1000,a\n-1000,b\n,a\n");
    for scaling in ["standard", "min-max", "robust", "none"] {
        let options = format!("--target y --preprocess {scaling} --epochs 3 --json");
        let alone = folder.json(&format!("train t.csv {options} --validation 0"));
        let beside = folder.json(&format!(
            "train t.csv {options} --validation {}",
            if scaling == "none" { "t.csv" } else { "v.csv" }
        ));
        assert_eq!(alone["model_hash"], beside["model_hash"], "{scaling}");
        assert_eq!(beside["preprocess"], scaling);
    }
}

#[test]
fn one_label_is_set_against_the_rest() {
    let folder = Folder::new();
    let rows: String = (0..60)
        .map(|i| format!("{},{}\n", i % 3, ["red", "green", "blue"][i % 3]))
        .collect();
    folder.write("t.csv", format!("x,y\n{rows}"));
    let error = folder.fails(1, "train t.csv --target y");
    assert!(
        error.contains("\"blue\" (20 rows)") && error.contains("--positive LABEL"),
        "{error}"
    );
    let json = folder.json("train t.csv --target y --positive green --epochs 2 --json");
    assert_eq!(
        (&json["positive"], &json["negative"]),
        (&"green".into(), &"not green".into())
    );
    assert_eq!(json["train"]["rows"], 48);
    assert_eq!(folder.json("evaluate t.chainrule t.csv --json")["rows"], 60);
    folder.fails(2, "train t.csv --target y --positive pink");
}

#[test]
fn a_number_column_with_a_few_words_is_an_error_until_it_is_declared() {
    let folder = Folder::new();
    let rows: String = (0..40)
        .map(|i| {
            format!(
                "{},{}\n",
                if i == 7 {
                    "many".to_owned()
                } else {
                    i.to_string()
                },
                i % 2
            )
        })
        .collect();
    folder.write("t.csv", format!("x,y\n{rows}"));
    let error = folder.fails(1, "train t.csv --target y");
    assert!(
        error.contains("line 9, column \"x\": \"many\" is not a number")
            && error.contains("--categorical"),
        "{error}"
    );
    folder.ok("train t.csv --target y --epochs 1 --categorical x");
    let run = folder.ok("train t.csv --target y --epochs 1 --missing many --json");
    assert_eq!(run.json()["rows"], 40);
    // The word stays known.
    folder.write("new.csv", "x\nmany\n3\n");
    assert_eq!(folder.ok("predict t.chainrule new.csv").csv().len(), 3);
    let run = folder.ok("train t.csv --target y --epochs 1 --on-bad skip --json");
    assert_eq!(run.json()["rows"], 39);
    assert!(
        run.stderr
            .contains("1 row with a value that can't be used left out"),
        "{}",
        run.stderr
    );
    folder.write(
        "i.csv",
        format!("x,y\ninf,1\n{}", rows.replace("many", "5")),
    );
    assert!(
        folder
            .fails(1, "train i.csv --target y")
            .contains("--allow-infinite")
    );
    folder.ok("train i.csv --target y --epochs 1 --allow-infinite");
}
