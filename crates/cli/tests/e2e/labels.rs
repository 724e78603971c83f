//! Which labels there are, which one is positive, and how it is spelled.

use crate::harness::{Folder, table};

#[test]
fn the_positive_class_is_the_larger_number_or_the_later_label() {
    let folder = Folder::new();
    for (negative, positive, why) in [
        ("0", "1", "the larger number"),
        ("1", "2", "the larger number"),
        ("-1", "1", "the larger number"),
        ("9", "10", "the larger number"),
        ("01", "02", "the later label in byte order"),
        ("007", "7", "the later label in byte order"),
        ("benign", "malignant", "the later label in byte order"),
        ("cancer", "healthy", "the later label in byte order"),
        ("False", "True", "true rather than false"),
    ] {
        folder.write("t.csv", table(40, negative, positive));
        folder.write("swapped.csv", table(40, positive, negative));
        for data in ["t.csv", "swapped.csv"] {
            let json = folder.json(&format!("train {data} --target y --epochs 1 --json"));
            assert_eq!(json["positive"], positive, "{negative} {positive}");
            assert_eq!(json["negative"], negative);
            assert_eq!(json["positive_chosen"], why, "{negative} {positive}");
        }
    }
}

#[test]
fn neither_order_nor_count_of_rows_chooses() {
    let folder = Folder::new();
    let rows = table(40, "cancer", "healthy");
    let (header, body) = rows.split_once('\n').unwrap();
    let reversed: Vec<&str> = body.lines().rev().collect();
    let more = format!("{rows}{}", "0.1,0.1,cancer\n".repeat(100));
    for csv in [
        rows.clone(),
        format!("{header}\n{}\n", reversed.join("\n")),
        more,
    ] {
        folder.write("t.csv", csv);
        let run = folder.ok("train t.csv --target y --epochs 1");
        assert!(
            run.stdout.contains("positive is \"healthy\""),
            "{}",
            run.stdout
        );
        folder.ok("train t.csv --target y --epochs 1 --positive cancer");
        assert_eq!(
            folder.json("inspect t.chainrule --json")["schema"]["positive"],
            "cancer"
        );
    }
}

#[test]
fn a_positive_label_may_begin_with_a_dash() {
    let folder = Folder::new();
    folder.write("t.csv", table(40, "1", "-1"));
    for option in ["--positive -1", "--positive=-1"] {
        let json = folder.json(&format!(
            "train t.csv --target y {option} --epochs 1 --json"
        ));
        assert_eq!(
            (&json["positive"], &json["negative"]),
            (&"-1".into(), &"1".into())
        );
        assert_eq!(json["positive_chosen"], "as asked for");
    }
    let error = folder.fails(2, "train t.csv --target y --positive 2");
    assert!(
        error.contains("\"2\" does not occur; the labels are \"1\" and \"-1\""),
        "{error}"
    );
}

#[test]
fn labels_come_back_as_they_were_written() {
    let folder = Folder::new();
    for (a, b) in [
        ("01", "02"),
        ("007", "7"),
        ("9007199254740992", "9007199254740993"),
        ("1.0", "2.50"),
    ] {
        folder.write("t.csv", table(40, a, b));
        folder.ok("train t.csv --target y");
        let predicted = folder.ok("predict t.chainrule t.csv").csv();
        let mut labels: Vec<_> = predicted[1..].iter().map(|row| row[2].as_str()).collect();
        labels.sort_unstable();
        labels.dedup();
        assert!(
            labels.iter().all(|label| [a, b].contains(label)),
            "{labels:?}"
        );
    }
}

#[test]
fn blanks_round_labels_do_not_count_and_other_spellings_are_listed() {
    let folder = Folder::new();
    folder
        .write("t.csv", table(40, " <=50K", " >50K"))
        .write("dots.csv", table(40, " <=50K.", " >50K."));
    folder.ok("train t.csv --target y --epochs 1");
    let error = folder.fails(1, "evaluate t.chainrule dots.csv");
    for part in [
        "\"<=50K.\" (",
        "\">50K.\" (",
        "rows)",
        "knows \"<=50K\" (negative) and \">50K\" (positive)",
    ] {
        assert!(error.contains(part), "{part} in {error}");
    }
}

#[test]
fn one_number_in_two_spellings_is_one_label_and_so_is_true() {
    let folder = Folder::new();
    for (train, test) in [
        (["0", "1"], ["0.0", "1.0"]),
        (["False", "True"], ["FALSE", "TRUE"]),
    ] {
        folder
            .write("t.csv", table(40, train[0], train[1]))
            .write("other.csv", table(40, test[0], test[1]));
        folder.ok("train t.csv --target y --epochs 1");
        let same = folder.json("evaluate t.chainrule t.csv --json");
        assert_eq!(folder.json("evaluate t.chainrule other.csv --json"), same);
    }
}

#[test]
fn a_target_needs_two_labels() {
    let folder = Folder::new();
    folder
        .write("t.csv", "x,y\n1,a\n2,b\n3,c\n")
        .write("one.csv", "x,y\n1,a\n2,a\n");
    let error = folder.fails(1, "train t.csv --target y");
    assert!(error.contains("3 labels, two are needed"), "{error}");
    let error = folder.fails(1, "train one.csv --target y");
    assert!(error.contains("every row has the label \"a\""), "{error}");
}
