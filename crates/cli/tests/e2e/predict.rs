//! `predict`: the rows, their numbers, what is copied, where it goes.

use crate::harness::{Folder, csv, table, wdbc};

fn trained() -> Folder {
    let folder = Folder::new();
    folder.write("wdbc.csv", wdbc());
    folder.ok("train wdbc.csv --target diagnosis --epochs 10 --quiet -o m");
    folder
}

#[test]
fn rows_are_numbered_from_one_with_probability_and_label() {
    let folder = trained();
    let rows = folder.ok("predict m wdbc.csv").csv();
    assert_eq!(rows[0], ["row", "probability", "label"]);
    assert_eq!(rows.len(), 570);
    for (at, row) in rows[1..].iter().enumerate() {
        assert_eq!(row[0], (at + 1).to_string());
        let probability: f64 = row[1].parse().unwrap();
        assert!((0.0..=1.0).contains(&probability));
        assert_eq!(
            row[2],
            if probability >= 0.5 {
                "malignant"
            } else {
                "benign"
            }
        );
    }
}

#[test]
fn a_row_alone_has_the_bits_that_it_has_among_others() {
    let folder = trained();
    let all = folder.ok("predict m wdbc.csv").csv();
    let text = String::from_utf8(wdbc().to_vec()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    for row in [1, 2, 300, 569] {
        folder.write("one.csv", format!("{}\n{}\n", lines[0], lines[row]));
        assert_eq!(folder.ok("predict m one.csv").csv()[1][1..], all[row][1..]);
    }
    // So they have it across the blocks in which a stream is read.
    let many = format!(
        "{}\n{}",
        lines[0],
        format!("{}\n", lines[1..].join("\n")).repeat(15)
    );
    folder.write("many.csv", many);
    let many = folder.ok("predict m many.csv").csv();
    assert_eq!(many.len(), 1 + 15 * 569);
    for (at, row) in many[1..].iter().enumerate() {
        assert_eq!(row[0], (at + 1).to_string());
        assert_eq!(row[1..], all[1 + at % 569][1..]);
    }
}

#[test]
fn printed_probabilities_give_the_metrics_of_evaluate() {
    let folder = trained();
    let rows = folder.ok("predict m wdbc.csv --keep diagnosis").csv();
    let brier = rows[1..].iter().fold(0.0, |sum, row| {
        let target = if row[3] == "malignant" { 1.0 } else { 0.0 };
        sum + (row[1].parse::<f64>().unwrap() - target).powi(2)
    }) / 569.0;
    let json = folder.json("evaluate m wdbc.csv --json");
    assert!((json["brier"].as_f64().unwrap() - brier).abs() < 1e-15);
    let positives = rows[1..].iter().filter(|row| row[2] == "malignant").count() as u64;
    let confusion = &json["confusion"];
    assert_eq!(
        positives,
        confusion["tp"].as_u64().unwrap() + confusion["fp"].as_u64().unwrap()
    );
}

#[test]
fn the_target_is_not_needed_and_columns_are_matched_by_name() {
    let folder = Folder::new();
    folder.write(
        "t.csv",
        table(40, "no", "yes").replace("a,b,y", "a,pulse,y"),
    );
    folder.ok("train t.csv --target y --epochs 5 -o m");
    folder
        .write("new.csv", "note,pulse,a\nx,0.9,0.8\n")
        .write("same.csv", "a,pulse\n0.8,0.9\n");
    let predicted = folder.ok("predict m new.csv").stdout;
    assert_eq!(predicted, folder.ok("predict m same.csv").stdout);
    folder.write("bad.csv", "a,Puls\n1,2\n");
    let error = folder.fails(1, "predict m bad.csv");
    assert!(
        error.contains("\"pulse\" (did you mean \"Puls\"?)"),
        "{error}"
    );
}

#[test]
fn the_threshold_decides() {
    let folder = trained();
    let labels = |threshold: &str| {
        let rows = folder
            .ok(&format!("predict m wdbc.csv --threshold {threshold}"))
            .csv();
        rows[1..].iter().filter(|row| row[2] == "malignant").count()
    };
    assert_eq!((labels("0"), labels("1")), (569, 0));
    assert!(labels("0.1") > labels("0.9"));
    for wrong in ["1.5", "-0.1", "nan", "half"] {
        let error = folder.fails(2, &format!("predict m wdbc.csv --threshold {wrong}"));
        assert!(error.contains("expected a number from 0 to 1"), "{error}");
    }
}

#[test]
fn columns_are_kept_as_they_were_written() {
    let folder = Folder::new();
    folder.write("t.csv", table(40, "no", "yes"));
    folder.ok("train t.csv --target y --epochs 1 -o m");
    folder.write(
        "new.csv",
        "id,a,b,remark\n007,0.50,1,\"a, \"\"b\"\"\nc\"\n8,.5,1, x \n",
    );
    let rows = folder.ok("predict m new.csv --keep remark,id").csv();
    assert_eq!(rows[0][3..], ["remark", "id"]);
    assert_eq!(rows[1][3..], ["a, \"b\"\nc", "007"]);
    assert_eq!(rows[2][3..], [" x ", "8"]);
    let rows = folder.ok("predict m new.csv --keep all").csv();
    assert_eq!(
        rows[0],
        ["row", "probability", "label", "id", "a", "b", "remark"]
    );
    assert_eq!(rows[1][4..6], ["0.50", "1"]);
    let error = folder.fails(2, "predict m new.csv --keep id,remrak");
    assert!(
        error.contains("no column \"remrak\"") && error.contains("did you mean \"remark\"?"),
        "{error}"
    );
}

#[test]
fn a_kept_column_called_like_one_of_ours_keeps_apart() {
    let folder = Folder::new();
    folder.write(
        "t.csv",
        table(40, "no", "yes").replace("a,b,y", "a,row,label"),
    );
    folder.ok("train t.csv --target label --epochs 1 -o m");
    let run = folder.ok("predict m t.csv --keep all");
    assert_eq!(run.csv()[0][3..], ["a", "input_row", "input_label"]);
    assert!(
        run.stderr
            .contains("\"label\" of the table is called \"input_label\""),
        "{}",
        run.stderr
    );
}

#[test]
fn a_file_is_written_whole_or_not_at_all() {
    let folder = trained();
    let stdout = folder.ok("predict m wdbc.csv").bytes;
    let run = folder.ok("predict m wdbc.csv -o p.csv");
    assert_eq!(run.stdout, "");
    assert_eq!(folder.read("p.csv"), stdout);
    assert_eq!(folder.ok("predict m wdbc.csv -o -").bytes, stdout);

    // An error in a late row leaves the file as it was, and nothing else behind.
    let text = String::from_utf8(wdbc().to_vec()).unwrap();
    let (header, body) = text.split_once('\n').unwrap();
    folder.write("late.csv", format!("{header}\n{}oops\n", body.repeat(9)));
    let before = folder.names();
    let error = folder.fails(1, "predict m late.csv -o p.csv");
    assert!(error.contains("late.csv: line 5123:"), "{error}");
    assert_eq!(folder.read("p.csv"), stdout);
    assert_eq!(folder.names(), before);
}

#[test]
fn the_inputs_are_never_overwritten() {
    let folder = trained();
    let model = folder.read("m");
    for output in ["wdbc.csv", "./wdbc.csv", "m"] {
        let error = folder.fails(2, &format!("predict m wdbc.csv -o {output}"));
        assert!(error.contains("never overwritten"), "{error}");
    }
    folder.ok("train --epochs 0 -o other");
    let error = folder.fails(2, "predict m wdbc.csv -o other");
    assert!(error.contains("predictions would replace it"), "{error}");
    assert_eq!(
        (folder.read("wdbc.csv"), folder.read("m")),
        (wdbc().to_vec(), model)
    );
}

#[test]
fn standard_input_gives_what_the_file_gives() {
    let folder = trained();
    let from_file = folder.ok("predict m wdbc.csv --keep mean_radius").stdout;
    assert_eq!(
        folder
            .with_input("predict m - --keep mean_radius", wdbc())
            .stdout,
        from_file
    );
    let model = folder.read("m");
    assert_eq!(
        folder
            .with_input("predict - wdbc.csv --keep mean_radius", &model)
            .stdout,
        from_file
    );
    folder.fails(2, "predict - -");
    let run = folder.with_input("predict - wdbc.csv", b"a,b\n1,2\n");
    assert_eq!(run.code, Some(1));
    assert!(
        run.stderr.contains("standard input: not a chainrule model"),
        "{}",
        run.stderr
    );
    assert!(!folder.path("-").exists());
}

#[test]
fn both_precisions_print_numbers_that_read_back() {
    let folder = Folder::new();
    folder.write("t.csv", table(60, "0", "1"));
    for precision in ["f32", "f64"] {
        folder.ok(&format!(
            "train t.csv --target y --precision {precision} --epochs 3 -o m"
        ));
        let rows = csv(&folder.ok("predict m t.csv").bytes);
        for row in &rows[1..] {
            let value: f64 = row[1].parse().unwrap();
            assert_eq!(value.to_string(), row[1]);
        }
    }
}

#[test]
fn rows_with_cells_that_can_not_be_used_are_left_out_if_told() {
    let folder = Folder::new();
    folder.write("t.csv", "a,b,y\n1,2,no\n2,1,yes\n3,5,no\n4,3,yes\n");
    folder.ok("train t.csv --target y --epochs 1 --validation 0 --quiet -o m");
    folder.write("new.csv", "a,b\n1,2\noops,3\n5,6\n7,inf\n8,9\n");
    let error = folder.fails(1, "predict m new.csv");
    assert!(error.contains("line 3, column \"a\": \"oops\""), "{error}");
    let run = folder.ok("predict m new.csv --on-bad skip --keep a");
    let rows: Vec<[String; 2]> = (run.csv()[1..].iter())
        .map(|row| [row[0].clone(), row[3].clone()])
        .collect();
    assert_eq!(rows, [["1", "1"], ["3", "5"], ["5", "8"]]);
    assert!(
        run.stderr
            .contains("2 rows with a value that can't be used left out"),
        "{}",
        run.stderr
    );
    let run = folder.ok("predict m new.csv --on-bad report");
    assert!(
        run.stderr.contains("line 3, column \"a\": \"oops\""),
        "{}",
        run.stderr
    );
    assert!(
        run.stderr.contains("line 5, column \"b\": \"inf\""),
        "{}",
        run.stderr
    );
    // The rows that are left have the bits that they have alone.
    folder.write("good.csv", "a,b\n1,2\n5,6\n8,9\n");
    let (good, left) = (folder.ok("predict m good.csv").csv(), run.csv());
    for (good, left) in good.iter().zip(&left) {
        assert_eq!(good[1..], left[1..]);
    }
}

#[test]
fn values_missing_where_training_had_none_are_told() {
    let folder = Folder::new();
    folder.write("t.csv", "a,b,y\n1,2,no\n2,,yes\n3,5,no\n4,3,yes\n");
    folder.ok("train t.csv --target y --epochs 1 --validation 0 --quiet -o m");
    folder.write("new.csv", "a,b\n,2\n2.5,\n?,1\n");
    let run = folder.ok("predict m new.csv");
    // The mean of a is 2.5. That b may be missing was learned.
    let note = "2 values missing where the training rows had none";
    assert!(
        run.stderr.contains(note) && run.stderr.contains("\"a\""),
        "{}",
        run.stderr
    );
    assert!(!run.stderr.contains("\"b\""), "{}", run.stderr);
    folder.write("filled.csv", "a,b\n2.5,2\n2.5,\n2.5,1\n");
    let filled = folder.ok("predict m filled.csv");
    assert_eq!(filled.csv(), run.csv());
    assert!(!filled.stderr.contains("missing"), "{}", filled.stderr);
}
