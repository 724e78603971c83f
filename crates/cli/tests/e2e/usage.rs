//! Misuse of the command line and bad data: the exit code and what is said.

use crate::harness::{Folder, table};

#[test]
fn a_missing_target_lists_the_columns() {
    let folder = Folder::new();
    folder.write("t.csv", table(40, "no", "yes"));
    let error = folder.fails(2, "train t.csv --json");
    for part in ["--target", "t.csv", "\n  a\n  b\n  y\n"] {
        assert!(error.contains(part), "{part:?} in {error}");
    }
    let error = folder.fails(2, "train t.csv --target Y");
    assert!(
        error.contains("no column \"Y\"") && error.contains("did you mean \"y\"?"),
        "{error}"
    );
    assert!(error.contains("columns are \"a\", \"b\", \"y\""), "{error}");
    assert_eq!(folder.names(), ["t.csv"]);
}

#[test]
fn settings_out_of_range_are_misuse() {
    let folder = Folder::new();
    for option in [
        "--batch-size 0",
        "--batch-size -1",
        "--batch-size all",
        "--hidden 0",
        "--hidden 16,0",
        "--hidden x",
        "--hidden 999999999,999999999",
        "--threads 0",
        "--threads -2",
        "--validation 1.5",
        "--validation 1",
        "--validation -0.1",
        "--validation nan",
        "--epochs -1",
        "--epochs 1.5",
        "--learning-rate -1",
        "--learning-rate nan",
        "--learning-rate inf",
        "--learning-rate fast",
        "--optimizer lion",
        "--momentum 0.5",
        "--momentum 1 --optimizer momentum",
        "--weight-decay 0.1",
        "--weight-decay -1 --optimizer adamw",
        "--clip-value 0",
        "--clip-norm 0",
        "--clip-norm inf",
        "--l1 -1",
        "--l2 nan",
        "--precision f16",
        "--preprocess minmax",
        "--seed -1",
        "--seed x",
        "--nosuch",
        "extra.csv more.csv",
    ] {
        folder.fails(2, &format!("train --json {option}"));
    }
    assert!(folder.names().is_empty());
    for option in [
        "train --epochs 1.5",
        "train --seed x",
        "split t.csv --seed x",
    ] {
        let error = folder.fails(2, option);
        assert!(
            error.contains("expected a whole number, 0 or more"),
            "{error}"
        );
    }
    folder.fails(2, "train - --target y --validation -");
    folder.fails(2, "");
    folder.fails(2, "trian");
    let error = folder.fails(2, "train --tarrget y");
    assert!(error.contains("--target"), "{error}");
}

#[test]
fn bad_data_is_said_with_file_line_column_and_text() {
    let folder = Folder::new();
    folder.write("t.csv", "a,b,y\n1,2,0\n3,abc,1\n4,5,0\n6,7,1\n");
    let error = folder.fails(1, "train t.csv --target y");
    assert!(
        error.contains("t.csv: line 3, column \"b\": \"abc\" is not a number"),
        "{error}"
    );
    folder.write("short.csv", "a,b,y\r\n1,2,0\r\n3,1\r\n");
    let error = folder.fails(1, "train short.csv --target y");
    assert!(
        error.contains("short.csv: line 3: 2 fields, header has 3"),
        "{error}"
    );
    for missing in [
        "train none.csv --target y",
        "train none.csv",
        "predict none none.csv",
        "evaluate none x",
        "train --init none",
    ] {
        let error = folder.fails(1, missing);
        assert!(error.contains("none"), "{error}");
        assert_eq!(error.trim_end().lines().count(), 1, "{error}");
    }
    folder.write("empty.csv", "").write("header.csv", "a,y\n");
    folder.fails(1, "train empty.csv --target y");
    folder.fails(1, "train header.csv --target y");
    std::fs::create_dir(folder.path("sub")).unwrap();
    let error = folder.fails(1, "train sub --target y");
    assert!(error.contains("sub: is a folder"), "{error}");
}

#[test]
fn blanks_round_names_and_numbers_do_not_count() {
    let folder = Folder::new();
    folder.write("t.csv", "y, x\n1, 0.5\n0, 0.7 \n1, 0.6\n0,\t0.9\n");
    let json = folder.json("train t.csv --target y --epochs 1 --json");
    assert_eq!((&json["rows"], &json["features"]), (&4.into(), &1.into()));
    let inspected = folder.json("inspect t.chainrule --json");
    assert_eq!(inspected["schema"]["features"][0]["name"], "x");
    folder.write("new.csv", " x \n 0.5 \n");
    folder.ok("predict t.chainrule new.csv");
}

#[test]
fn the_last_of_a_repeated_flag_wins() {
    let folder = Folder::new();
    folder.write("t.csv", table(40, "no", "yes"));
    let json = folder.json(
        "train t.csv --target a --target y --epochs 7 --epochs 2 --hidden 9 --hidden 3,2 --json --json \
         --positive yes --positive no --seed 1 --seed 2 --batch-size 4 --batch-size full -o x -o m \
         --validation 0.5 --validation 0 --optimizer sgd --optimizer momentum --no-shuffle --no-shuffle",
    );
    assert_eq!(json["epochs"], 2);
    assert_eq!(json["layers"], serde_json::json!([2, 3, 2, 1]));
    assert_eq!(json["positive"], "no");
    assert_eq!(json["seed"], 2);
    assert_eq!(json["batch_size"], 40);
    assert_eq!(json["optimizer"], "momentum");
    assert_eq!(folder.names(), ["m", "t.csv"]);
    let rows = folder
        .ok("predict m t.csv --keep a --keep b --threshold 1 --threshold 0")
        .csv();
    assert_eq!(rows[0][3..], ["b"]);
    assert_eq!(rows[1][2], "no");
}

#[test]
fn big_integers_are_noted() {
    let folder = Folder::new();
    let rows = table(40, "0", "1")
        .replacen("a,b,y\n", "id,b,y\n", 1)
        .replacen("\n0,", "\n9007199254740993,", 1);
    folder.write("t.csv", rows);
    let run = folder.ok("train t.csv --target y --epochs 1");
    assert!(run.stderr.contains("above 2^53"), "{}", run.stderr);
}
