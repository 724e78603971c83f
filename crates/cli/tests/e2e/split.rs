//! `chainrule split`.

use crate::harness::{Folder, number, table};

#[test]
fn a_table_becomes_three_that_train_and_evaluate() {
    let folder = Folder::new();
    folder.write("t.csv", table(100, "no", "yes"));
    let run = folder.ok("split t.csv --target y --seed 3");
    for part in [
        "100 rows",
        "label of \"y\", seed 3",
        "t.validation.csv",
        "chainrule train t.train.csv --target y --validation t.validation.csv -o model.chainrule",
    ] {
        assert!(run.stdout.contains(part), "{part:?} in {}", run.stdout);
    }
    assert_eq!(
        folder.names(),
        ["t.csv", "t.test.csv", "t.train.csv", "t.validation.csv"]
    );
    folder.ok("train t.train.csv --target y --validation t.validation.csv -o model.chainrule --epochs 5 --quiet");
    assert_eq!(
        folder.json("evaluate model.chainrule t.test.csv --json")["rows"],
        20
    );

    // The same again, from a pipe, packed, and told as JSON.
    let before = folder.read("t.train.csv");
    let error = folder.fails(2, "split t.csv --target y --seed 3");
    assert!(
        error.contains("t.train.csv: this file exists") && error.contains("--force"),
        "{error}"
    );
    folder.ok("split t.csv --target y --seed 3 --force");
    assert_eq!(folder.read("t.train.csv"), before);
    let run = folder.with_input(
        "split - --target y --seed 3 -o piped --json",
        table(100, "no", "yes").as_bytes(),
    );
    let json = run.json();
    assert_eq!(
        (&json["seed"], &json["by"], &json["rows"]),
        (&3.into(), &"chance".into(), &100.into())
    );
    assert_eq!(json["parts"][0]["path"], "piped.train.csv");
    assert_eq!(folder.read("piped.train.csv"), before);
    let rows: f64 = (0..3)
        .map(|part| number(&json["parts"][part]["rows"]))
        .sum();
    assert_eq!(rows, 100.0);
    let yes =
        number(&json["parts"][0]["labels"]["yes"]) / number(&json["parts"][2]["labels"]["yes"]);
    assert!((2.5..3.5).contains(&yes), "{json}");
}

#[test]
fn packed_files_are_unpacked_and_it_is_said() {
    use std::io::Write;
    let folder = Folder::new();
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(table(50, "0", "1").as_bytes()).unwrap();
    folder.write("t.tsv.gz", packer.finish().unwrap());
    let run = folder.ok("split t.tsv.gz --target 3 --validation 0");
    assert!(
        run.stdout.contains("packed with gzip, the files are not"),
        "{}",
        run.stdout
    );
    assert_eq!(folder.names(), ["t.test.tsv", "t.train.tsv", "t.tsv.gz"]);
    assert!(folder.read("t.test.tsv").starts_with(b"a,b,y\n"));
}

#[test]
fn groups_and_times_decide_instead() {
    let folder = Folder::new();
    let rows: String = (0..60)
        .map(|i| format!("p{},2024-01-{:02},{}\n", i / 4, i % 28 + 1, i % 2))
        .collect();
    folder.write("t.csv", format!("patient,day,y\n{rows}"));
    let json = folder.json("split t.csv --target y --group patient --json -o g");
    assert_eq!(
        (&json["by"], &json["column"]),
        (&"group".into(), &"patient".into())
    );
    let json = folder.json("split t.csv --target y --time 2 --json -o d");
    assert_eq!(
        (&json["by"], &json["column"], &json["seed"]),
        (&"time".into(), &"day".into(), &serde_json::Value::Null)
    );
    folder.fails(2, "split t.csv --group patient --time day");
    folder.fails(1, "split t.csv --time patient -o x");
    assert!(folder.names().iter().all(|name| !name.starts_with("x.")));
}

#[test]
fn misuse_is_told_before_anything_is_written() {
    let folder = Folder::new();
    folder.write("t.csv", table(40, "no", "yes"));
    for line in [
        "split",
        "split t.csv --target z",
        "split t.csv --group z",
        "split t.csv --validation 0.6 --test 0.6",
        "split t.csv --validation 0 --test 0",
        "split t.csv --test -0.1",
        "split t.csv --test nan",
    ] {
        folder.fails(2, line);
    }
    folder.fails(1, "split none.csv");
    folder.fails(1, "split t.csv -o none/x");
    folder.write("bad.csv", "a,y\n1,0\n2\n3,1\n");
    let error = folder.fails(1, "split bad.csv --target y");
    assert!(
        error.contains("line 3") && error.contains("--on-bad skip"),
        "{error}"
    );
    folder.write("few.csv", "y,x\n1,a\n0,3\n1,b\n");
    let error = folder.fails(1, "split few.csv --target y");
    assert!(error.contains("none of its labels has 3 rows"), "{error}");
    assert_eq!(folder.names(), ["bad.csv", "few.csv", "t.csv"]);
    // A part that would be the input itself.
    folder.write("x.train.csv", table(40, "no", "yes"));
    folder.fails(2, "split x.train.csv -o x --force");
}
