//! Trainings that don't end well: divergence, Ctrl-C, an instruction set that isn't there.

use crate::harness::{Folder, Run, table};
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

#[test]
fn a_divergence_names_its_place_and_keeps_the_last_good_model() {
    let folder = Folder::new();
    folder.write("t.csv", table(40, "no", "yes"));
    folder.ok("train t.csv --target y --epochs 1 -o m");
    let before = folder.read("m");
    let error = folder.fails(
        3,
        "train t.csv --target y --optimizer sgd --learning-rate 1e38 --epochs 50 -o m --json",
    );
    assert!(
        error.contains("diverged in epoch ")
            && error.contains("batch ")
            && error.contains("layer "),
        "{error}"
    );
    assert!(
        error.contains("m.partial") && error.contains("--learning-rate"),
        "{error}"
    );
    assert_eq!(folder.read("m"), before);
    let kept = folder.json("inspect m.partial --json");
    assert_eq!(kept["schema"]["target"], "y");
    assert_eq!(folder.names(), ["m", "m.partial", "t.csv"]);
}

/// Trains until a line on stderr says that signals are listened for, sends signals, and waits.
fn interrupt(folder: &Folder, line: &str, signals: &[&str]) -> Run {
    let mut child = folder
        .command(line.split(' '))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut first = String::new();
    stderr.read_line(&mut first).unwrap();
    for signal in signals {
        // Two signals at once are one to a process that has to wait for a processor.
        std::thread::sleep(std::time::Duration::from_millis(200));
        let id = child.id().to_string();
        Command::new("kill")
            .args([signal, id.as_str()])
            .status()
            .unwrap();
    }
    let mut rest = String::new();
    std::io::Read::read_to_string(&mut stderr, &mut rest).unwrap();
    let mut run = Run::of(child.wait_with_output().unwrap());
    run.stderr = first + &rest;
    run
}

#[test]
fn ctrl_c_keeps_the_best_so_far_beside_the_output() {
    let folder = Folder::new();
    folder.ok("train --epochs 0 -o m");
    let before = folder.read("m");
    for signal in ["-INT", "-TERM"] {
        let run = interrupt(&folder, "train --epochs 1000000000 --json -o m", &[signal]);
        assert_eq!(run.code, Some(130), "{}", run.stderr);
        assert_eq!(run.stdout, "");
        assert!(
            run.stderr.contains("interrupted: stopped after epoch "),
            "{}",
            run.stderr
        );
        assert!(
            run.stderr.contains("the best so far is in m.partial"),
            "{}",
            run.stderr
        );
        assert_eq!(folder.read("m"), before);
        let kept = folder.json("inspect m.partial --json");
        assert!(
            kept["provenance"]["training"]["steps"].as_u64() > Some(0),
            "{kept}"
        );
        std::fs::remove_file(folder.path("m.partial")).unwrap();
    }
}

#[test]
fn a_second_ctrl_c_stops_at_once() {
    let folder = Folder::new();
    // Steps so long that the first is still running.
    let line = "train --hidden 4000,4000 --batch-size full --epochs 1000 -o m";
    let run = interrupt(&folder, line, &["-INT", "-INT"]);
    assert_eq!(run.code, Some(130), "{}", run.stderr);
    assert!(!folder.path("m").exists());
}

#[test]
fn an_instruction_set_must_be_known_and_there() {
    let folder = Folder::new();
    for (name, says) in [
        ("sse9", "unknown instruction set"),
        ("AVX2", "unknown instruction set"),
    ] {
        let mut command = folder.command(["train", "--json"]);
        let run = Run::of(command.env("CHAINRULE_ISA", name).output().unwrap());
        assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""));
        assert!(
            run.stderr.contains(says) && run.stderr.contains("CHAINRULE_ISA"),
            "{}",
            run.stderr
        );
    }
    for isa in chainrule_autodiff::Isa::ALL {
        let mut command = folder.command(["train", "--epochs", "0"]);
        let run = Run::of(
            command
                .env("CHAINRULE_ISA", isa.to_string())
                .output()
                .unwrap(),
        );
        let expected = if isa.is_available() { 0 } else { 2 };
        assert_eq!(run.code, Some(expected), "{isa}: {}", run.stderr);
    }
}
