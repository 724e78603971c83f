//! Watching a training: progress, warnings, logs, event files; and that nothing is written that was not asked for.

use crate::harness::{Folder, Run, number, table, wdbc};
use serde_json::Value;
use std::process::{Command, Stdio};

/// Runs the binary with a terminal of so many columns, made by script(1); nothing where there is none.
fn on_a_terminal(folder: &Folder, columns: usize, line: &str) -> Option<String> {
    let found = Command::new("script").arg("--version").output();
    if !found.is_ok_and(|found| found.status.success()) {
        eprintln!("skipped: no script(1) on this machine");
        return None;
    }
    let binary = env!("CARGO_BIN_EXE_chainrule");
    let command = format!("stty rows 24 cols {columns}; {binary} {line}");
    let output = Command::new("script")
        .args(["-qec", &command, "/dev/null"])
        .current_dir(folder.path(""))
        .env("TERM", "xterm")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn a_bar_shows_both_losses_the_rate_and_the_time_left_and_keeps_to_the_width() {
    let folder = Folder::new();
    for columns in [200, 80, 50, 24] {
        let line = "train --epochs 400 -o m";
        let Some(shown) = on_a_terminal(&folder, columns, line) else {
            return;
        };
        assert!(
            !shown.contains('\x1b'),
            "no colours, and no codes that drive a terminal"
        );
        // The report begins when the bar is off the screen; before it come lines that are drawn over each other.
        let bar = &shown[..shown.find("data        ").unwrap()];
        let drawn: Vec<&str> = bar
            .split('\r')
            .filter(|line| line.contains("epoch "))
            .collect();
        assert!(!drawn.is_empty(), "{shown:?}");
        for line in &drawn {
            assert!(line.chars().count() < columns, "{columns}: {line:?}");
        }
        let richest = drawn
            .iter()
            .max_by_key(|line| line.trim_end().chars().count())
            .unwrap();
        match columns {
            200 => {
                for part in [
                    "train loss ",
                    "  validation loss ",
                    "  rate 0.003",
                    " rows/s",
                    " left",
                ] {
                    assert!(richest.contains(part), "{part}: {richest:?}");
                }
            }
            80 => {
                for part in ["loss 0.", "  val 0.", " left"] {
                    assert!(richest.contains(part), "{part}: {richest:?}");
                }
            }
            _ => assert!(richest.contains("epoch "), "{richest:?}"),
        }
    }
}

#[test]
fn a_quiet_training_says_nothing_even_when_it_warns() {
    let folder = Folder::new();
    let line = "train --epochs 5 --quiet --preprocess none -o m";
    let run = folder.ok(line);
    assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("", ""));
    if let Some(shown) = on_a_terminal(&folder, 80, line) {
        assert_eq!(shown, "");
    }
    assert_eq!(folder.names(), ["m"]);
}

#[test]
fn nothing_is_written_that_was_not_asked_for() {
    let folder = Folder::new();
    folder.write("t.csv", table(60, "no", "yes"));
    folder.ok("train t.csv --target y --epochs 2");
    assert_eq!(folder.names(), ["t.chainrule", "t.csv"]);
    folder.ok("train t.csv --target y --epochs 2 --log l.jsonl --tensorboard runs/a");
    assert_eq!(folder.names(), ["l.jsonl", "runs", "t.chainrule", "t.csv"]);
    // What is refused leaves nothing behind.
    folder.fails(
        2,
        "train t.csv --target z --log other.jsonl --tensorboard other",
    );
    assert_eq!(folder.names(), ["l.jsonl", "runs", "t.chainrule", "t.csv"]);
}

#[test]
fn a_warning_has_a_number_a_code_and_an_option_that_helps() {
    let folder = Folder::new();
    folder.write("wdbc.csv", wdbc());
    let train = |options: &str| -> (Run, Value) {
        let run = folder.ok(&format!(
            "train wdbc.csv --target diagnosis --json -o m {options}"
        ));
        let json = run.json();
        (run, json)
    };
    for (options, code, says) in [
        (
            "--preprocess none",
            "saturated",
            "try --preprocess standard",
        ),
        (
            "--optimizer sgd --hidden 16,16,16,16,16,16",
            "vanishing-gradients",
            "as --hidden 16,16",
        ),
        (
            "--learning-rate 1e-6",
            "rate-too-low",
            "try --learning-rate 0.001",
        ),
        (
            "--optimizer sgd --learning-rate 100",
            "rate-too-high",
            "try --learning-rate 0.1",
        ),
    ] {
        let (run, json) = train(options);
        let warnings = json["warnings"].as_array().unwrap();
        let all: Vec<&Value> = warnings.iter().filter(|w| w["code"] == code).collect();
        let [warning] = all[..] else {
            panic!("{options}: {warnings:?}");
        };
        assert!(number(&warning["value"]) > 0.0, "{warning}");
        let (message, remedy) = (warning["message"].as_str(), warning["try"].as_str());
        let line = format!("warning: {}; try {}\n", message.unwrap(), remedy.unwrap());
        assert_eq!(run.stderr.matches(&line).count(), 1, "{}", run.stderr);
        assert!(line.contains(says), "{line}");
    }
    let (run, json) = train("");
    assert_eq!(json["warnings"], Value::Array(vec![]));
    assert!(!run.stderr.contains("warning"), "{}", run.stderr);
}

#[test]
fn a_log_is_lines_of_json_and_replaces_nothing_but_a_log() {
    let folder = Folder::new();
    folder.write("t.csv", table(60, "no", "yes"));
    let line = "train t.csv --target y --epochs 3 --log l.jsonl";
    for _ in 0..2 {
        folder.ok(line);
        let text = String::from_utf8(folder.read("l.jsonl")).unwrap();
        let events: Vec<String> = text
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap()["event"].to_string())
            .filter(|event| event != "\"layers\"" && event != "\"warning\"")
            .collect();
        let expected = [
            "\"start\"",
            "\"epoch\"",
            "\"epoch\"",
            "\"epoch\"",
            "\"end\"",
        ];
        assert_eq!(events, expected);
    }
    folder.write("notes", "my notes");
    let error = folder.fails(2, "train t.csv --target y --log notes");
    assert!(
        error.contains("notes: this file exists and is not a log"),
        "{error}"
    );
    assert_eq!(folder.read("notes"), b"my notes");
    folder.ok("train t.csv --target y --epochs 1 --log notes --force");
    assert!(folder.read("notes").starts_with(b"{\"event\":\"start\""));
    let error = folder.fails(2, "train t.csv --target y --log t.csv --force");
    assert!(error.contains("the input"), "{error}");
    for same in ["t.chainrule", "./t.chainrule"] {
        let error = folder.fails(2, &format!("train t.csv --target y --log {same} --force"));
        assert!(error.contains("model"), "{error}");
    }
    folder.fails(2, "train t.csv --target y --log . --force");
    folder.fails(1, "train t.csv --target y --log none/l.jsonl");
    folder.fails(2, "train t.csv --target y --tensorboard t.csv");
}

#[test]
fn a_log_that_cannot_be_written_costs_no_model() {
    let full = std::path::Path::new("/dev/full");
    if !full.exists() {
        eprintln!("skipped: no /dev/full on this machine");
        return;
    }
    let folder = Folder::new();
    folder.write("t.csv", table(60, "no", "yes"));
    let run = folder.line("train t.csv --target y --epochs 3 --log /dev/full");
    assert_eq!(run.code, Some(1), "{}", run.stderr);
    assert!(
        run.stderr.contains("error: /dev/full: cannot write"),
        "{}",
        run.stderr
    );
    folder.ok("predict t.chainrule t.csv");
}

#[test]
fn event_files_lie_in_a_folder_for_each_run() {
    let folder = Folder::new();
    folder.write("t.csv", table(60, "no", "yes"));
    let first = folder.ok("train t.csv --target y --epochs 3 --tensorboard runs");
    let files = |run: &str| -> Vec<String> {
        let entries = std::fs::read_dir(folder.path("runs").join(run)).unwrap();
        entries
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .collect()
    };
    for run in ["train", "validation"] {
        let files = files(run);
        assert!(
            files.len() == 1 && files[0].starts_with("events.out.tfevents."),
            "{files:?}"
        );
    }
    assert!(!first.stderr.contains("earlier"), "{}", first.stderr);
    let second = folder.ok("train t.csv --target y --epochs 3 --validation 0 --tensorboard runs");
    assert!(
        second
            .stderr
            .contains("note: runs: events of an earlier training"),
        "{}",
        second.stderr
    );
    assert_eq!((files("train").len(), files("validation").len()), (2, 1));
}

#[test]
fn a_divergence_names_an_option_that_helps() {
    let folder = Folder::new();
    folder.write("t.csv", table(40, "no", "yes"));
    let error = folder.fails(
        3,
        "train t.csv --target y --optimizer sgd --learning-rate 1e38 --log l.jsonl",
    );
    assert!(
        error.contains("; try --learning-rate 0.1; the best so far is in"),
        "{error}"
    );
    let log = String::from_utf8(folder.read("l.jsonl")).unwrap();
    let end: Value = serde_json::from_str(log.lines().last().unwrap()).unwrap();
    assert_eq!(
        (&end["event"], &end["outcome"]),
        (&"end".into(), &"diverged".into())
    );
    assert!(
        end["divergence"].as_str().unwrap().contains(", layer "),
        "{end}"
    );
    // Features that are not scaled make the gradients large, after the first step as well: a lower rate would not do.
    let rows = (0..40).map(|at| format!("{}e20,{}\n", at % 7, ["no", "yes"][at % 2]));
    folder.write("big.csv", format!("a,y\n{}", rows.collect::<String>()));
    let line = "train big.csv --target y --hidden none --optimizer sgd -o m";
    let error = folder.fails(3, &format!("{line} --preprocess none"));
    assert!(error.contains("; try --preprocess standard; "), "{error}");
    folder.ok(&format!("{line} --preprocess standard"));
}
