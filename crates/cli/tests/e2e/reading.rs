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

#[test]
fn what_else_may_part_fields_is_suggested() {
    let folder = Folder::new();
    folder.write("comma.csv", table(20, "no", "yes"));
    folder.write("colon.csv", rewritten(20, ":", "."));
    folder.write("blank.txt", "A11 6 A34 1\nA12 48 A32 2\nA11 12 A34 1\n");
    for (arguments, code, option) in [
        (
            "comma.csv --delimiter ; --target y",
            2,
            "(--delimiter comma)",
        ),
        (
            "comma.csv --delimiter ; --target 1",
            1,
            "(--delimiter comma)",
        ),
        ("colon.csv --target y", 2, "(--delimiter ':')"),
        (
            "blank.txt",
            2,
            "--delimiter space would part every row alike",
        ),
        ("blank.txt --no-header", 1, "(--delimiter space)"),
    ] {
        let error = folder.fails(code, &format!("train {arguments}"));
        assert!(error.contains(option), "{arguments}: {error}");
    }
    folder.ok("train colon.csv --target y --delimiter : --epochs 1 -o m");
    folder.write("r.csv", "x,y\n1;2,0\n2;3,1\n3;4,0\n");
    let error = folder.fails(1, "train r.csv --target y --delimiter ;");
    assert!(
        error.contains("\ncommas would part") && error.contains("(--delimiter comma)"),
        "{error}"
    );
}

#[test]
fn damaged_and_recoded_files_are_named_for_what_they_are() {
    let folder = Folder::new();
    let plain = table(40, "no", "yes");
    let packed = gzip(plain.as_bytes());
    folder.write("cut.gz", &packed[..packed.len() / 2]);
    let error = folder.fails(1, "train cut.gz --target y");
    assert!(
        error.contains(&format!(
            "the gzip data breaks off after byte {}",
            packed.len() / 2
        )),
        "{error}"
    );
    let utf16 =
        |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_be_bytes).collect() };
    folder.write("t.csv", &plain);
    folder.write("u.csv", utf16(&plain));
    let hash = |file: &str| {
        folder.json(&format!("train {file} --target y --epochs 1 --json -o m"))["model_hash"]
            .clone()
    };
    assert_eq!(hash("u.csv"), hash("t.csv"));
    let mut half = utf16("\u{feff}y,x\n1,2\n0,");
    half.extend([0xd8, 0, 0, b'\n']);
    folder.write("h.csv", half);
    let error = folder.fails(1, "train h.csv --target y");
    assert!(
        error.contains("line 3, column \"x\": half of a character, which is not UTF-16")
            && !error.contains("UTF-8"),
        "{error}"
    );
    let error = folder.fails(1, "train t.csv --target y --encoding utf-16");
    assert!(error.contains("this is not UTF-16"), "{error}");
    folder.ok("train t.csv --target y --epochs 1 -o m");
    let error = folder.fails(1, "train m --target y -o n");
    assert!(error.contains("this is a chainrule model"), "{error}");
}

#[test]
fn a_target_that_is_there_twice_is_ambiguous() {
    let folder = Folder::new();
    folder.write("t.csv", "y,x,y\n0,2,1\n1,4,0\n0,3,0\n1,5,1\n");
    let error = folder.fails(2, "train t.csv --target y --rename-duplicates");
    assert!(
        error.contains(
            "more than one column is called \"y\": column 1, now \"y\", column 3, now \"y_2\""
        ),
        "{error}"
    );
    for target in ["3", "y_2", "last"] {
        folder.ok(&format!(
            "train t.csv --target {target} --rename-duplicates --epochs 1 -o m"
        ));
    }
    folder.ok("evaluate m t.csv --rename-duplicates");
}

#[test]
fn numbers_that_lose_digits_are_told_of_where_they_are_numbers() {
    let folder = Folder::new();
    let rows =
        "9007199254740992,1,9007199254740992\n9007199254740993,2,9007199254740993\n".repeat(5);
    folder.write("t.csv", format!("x,z,y\n{rows}"));
    let told = |arguments: &str| {
        let run = folder.ok(&format!(
            "train t.csv --target y --epochs 1 -o m {arguments}"
        ));
        run.stderr.matches("lose digits").count()
    };
    assert_eq!(told(""), 1);
    assert_eq!(told("--categorical x"), 0);
    assert_eq!(told("--ignore x"), 0);
}
