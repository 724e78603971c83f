//! Tables as they are found: how they are written is detected, said, and can be chosen.

use crate::harness::{Folder, table};
use flate2::{Compression, write::GzEncoder};
use std::io::Write;

/// The table of the harness, with other marks.
fn rewritten(rows: usize, delimiter: &str, point: &str) -> String {
    table(rows, "no", "yes")
        .lines()
        .map(|line| {
            line.replace('.', point)
                .replace(',', if point == "," { "\u{1}" } else { delimiter })
        })
        .map(|line| line.replace('\u{1}', delimiter) + "\n")
        .collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn however_a_table_is_written_the_model_is_the_same() {
    let folder = Folder::new();
    let plain = table(80, "no", "yes");
    let latin1: Vec<u8> = plain.bytes().collect();
    let utf16: Vec<u8> = "\u{feff}"
        .encode_utf16()
        .chain(plain.encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    let decimal_comma: String = plain
        .lines()
        .map(|line| line.replace(',', ";").replace('.', ",") + "\r\n")
        .collect();
    let single = plain
        .lines()
        .map(|line| format!("'{}'\n", line.replace(',', "' , '")))
        .collect::<String>();
    let variants: [(&str, Vec<u8>); 9] = [
        ("tabs", rewritten(80, "\t", ".").into_bytes()),
        ("pipes", rewritten(80, "|", ".").into_bytes()),
        ("decimal commas", decimal_comma.into_bytes()),
        ("single quotes", single.into_bytes()),
        ("returns", plain.replace('\n', "\r").into_bytes()),
        ("utf-16", utf16),
        ("gzip", gzip(plain.as_bytes())),
        ("blanks", plain.replace(',', " , ").into_bytes()),
        ("trailing", plain.replace('\n', ",\n").into_bytes()),
    ];
    folder.write("plain.csv", latin1);
    let train =
        |file: &str| folder.json(&format!("train {file} --target y --epochs 2 --json -o m"));
    let expected = train("plain.csv")["model_hash"].clone();
    for (name, bytes) in variants {
        folder.write("t.csv", bytes);
        assert_eq!(train("t.csv")["model_hash"], expected, "{name}");
    }
    let piped = folder.with_input(
        "train - --target y --epochs 2 --json -o m",
        &gzip(plain.as_bytes()),
    );
    assert_eq!(piped.json()["model_hash"], expected);
    // Without header, by number and as the last.
    folder.write("bare.csv", plain.split_once('\n').unwrap().1);
    for target in ["", "--target 3", "--target last", "--target c3"] {
        let run = folder.ok(&format!("train bare.csv {target} --epochs 2 -o m"));
        assert!(run.stdout.contains("no header"), "{}", run.stdout);
        assert!(
            folder
                .ok("inspect m")
                .stdout
                .contains(expected.as_str().unwrap())
        );
    }
}

#[test]
fn each_decision_can_be_overruled() {
    let folder = Folder::new();
    folder.write("t.csv", "1;a,b;2\n3;c,d;4\n5;a,b;6\n7;c,d;8\n");
    let json = folder
        .json("train t.csv --delimiter ; --header --target a,b --epochs 1 --json --validation 0");
    assert_eq!(
        (&json["rows"], &json["positive"]),
        (&3.into(), &"c,d".into())
    );
    let json = folder.json("train t.csv --delimiter semicolon --no-header --target c2 --epochs 1 --json --validation 0");
    assert_eq!(json["rows"], 4);
    folder.write("q.csv", "x,y\n1,'a'\n2,'b'\n3,'a'\n4,'b'\n");
    assert_eq!(
        folder.json("train q.csv --target y --epochs 1 --json")["positive"],
        "b"
    );
    assert_eq!(
        folder.json("train q.csv --quote double --target y --epochs 1 --json")["positive"],
        "'b'"
    );
    folder.write(
        "l.csv",
        b"x,y\n1,p\xe9re\n2,p\xe8re\n3,p\xe9re\n4,p\xe8re\n",
    );
    let error = folder.fails(1, "train l.csv --target y");
    assert!(
        error.contains("line 2, column \"y\": byte 0xE9") && error.contains("--encoding latin-1"),
        "{error}"
    );
    assert_eq!(
        folder.json("train l.csv --encoding latin-1 --target y --epochs 1 --json")["positive"],
        "père".replace('è', "é")
    );
    folder.write("d.csv", "x;y\n1,234;a\n2,345;b\n3,456;a\n4,567;b\n");
    folder.ok("train d.csv --decimal comma --target y --epochs 1 -o m");
    folder.write("m.csv", "x,y\n1,a\n2,b\n3,zz\n4,b\n5,a\n6,-\n");
    let json = folder.json("train m.csv --missing zz --missing - --target y --epochs 1 --json");
    assert_eq!(
        (&json["rows"], &json["rows_without_label"]),
        (&4.into(), &2.into())
    );
    for wrong in [
        "--delimiter ab",
        "--delimiter .",
        "--quote ; --delimiter ;",
        "--encoding ebcdic",
        "--on-bad hope",
    ] {
        folder.fails(2, &format!("train t.csv {wrong}"));
    }
    folder.fails(2, "train --delimiter ;");
}

#[test]
fn bad_rows_end_the_training_or_are_left_out_and_counted() {
    let folder = Folder::new();
    let bad = table(60, "no", "yes") + &"1,2\n".repeat(12) + "\"a\"b,2,no\n";
    folder.write("t.csv", bad);
    let error = folder.fails(1, "train t.csv --target y");
    for part in [
        "13 rows can't be read",
        "line 62: 2 fields, header has 3",
        "line 71",
        "and 3 more",
        "--on-bad skip",
    ] {
        assert!(error.contains(part), "{part}: {error}");
    }
    let run = folder.ok("train t.csv --target y --epochs 1 --on-bad skip --json");
    assert_eq!(run.json()["rows"], 60);
    assert!(
        run.stderr
            .contains("13 rows that can't be read left out (the first: line 62"),
        "{}",
        run.stderr
    );
    let run = folder.ok("train t.csv --target y --epochs 1 --on-bad report -o m");
    assert!(
        run.stderr.contains("\n  line 71: 2 fields"),
        "{}",
        run.stderr
    );
    let predicted = folder.ok("predict m t.csv --on-bad skip --keep a");
    assert_eq!(predicted.csv().len(), 61);
    assert!(predicted.stderr.contains("13 rows"), "{}", predicted.stderr);
    assert_eq!(
        folder.ok("evaluate m t.csv --on-bad skip --json").json()["rows"],
        60
    );
}

#[test]
fn names_that_occur_twice_can_be_renamed() {
    let folder = Folder::new();
    folder.write("t.csv", "a,a,a_2,y\n1,2,3,0\n4,5,6,1\n1,2,3,0\n4,5,6,1\n");
    let error = folder.fails(1, "train t.csv --target y");
    assert!(
        error.contains("more than one column is called \"a\"")
            && error.contains("--rename-duplicates"),
        "{error}"
    );
    let run = folder.ok("train t.csv --target y --rename-duplicates --epochs 1 --json");
    assert_eq!(run.json()["features"], 3);
    assert!(
        run.stderr.contains("another \"a\" is \"a_3\""),
        "{}",
        run.stderr
    );
}
