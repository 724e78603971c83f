//! The same data, options and seed give the same bytes.

use crate::harness::{Folder, Run, number};
use chainrule_autodiff::Isa;

#[test]
fn any_number_of_threads_gives_the_same_file() {
    let folder = Folder::new();
    let mut files = Vec::new();
    // Wide enough that more threads are worth it.
    for threads in [
        "--threads 1",
        "--threads 2",
        "--threads 3",
        "--threads 7",
        "",
    ] {
        let json = folder.json(&format!(
            "train --hidden 96,64 --batch-size 128 --epochs 3 --seed 3 --json -o m {threads}"
        ));
        files.push((json["model_hash"].clone(), folder.read("m")));
    }
    assert!(files.windows(2).all(|pair| pair[0] == pair[1]));
    let other =
        folder.json("train --hidden 96,64 --batch-size 128 --epochs 3 --seed 4 --json -o m");
    assert_ne!(other["model_hash"], files[0].0);
}

#[test]
fn any_instruction_set_gives_the_same_file_and_the_same_predictions() {
    let folder = Folder::new();
    folder.write("wdbc.csv", crate::harness::wdbc());
    let mut results = Vec::new();
    for isa in Isa::available() {
        let isa = isa.to_string();
        let run = |line: &str| {
            let mut command = folder.command(line.split(' '));
            crate::harness::Run::of(command.env("CHAINRULE_ISA", &isa).output().unwrap())
        };
        let json = run("train --epochs 2 --json -o m").json();
        assert_eq!(json["isa"], isa.as_str());
        let predicted = run("predict m wdbc.csv").stdout;
        assert_eq!(predicted.lines().count(), 570);
        results.push((json["model_hash"].clone(), folder.read("m"), predicted));
    }
    assert!(results.windows(2).all(|pair| pair[0] == pair[1]));
}

#[test]
fn threads_instruction_sets_terminals_and_interruptions_give_the_same_file() {
    let folder = Folder::new();
    // Wide enough that more threads are worth it.
    let train =
        |epochs: usize| format!("train --hidden 96,64 --batch-size 128 --epochs {epochs} --seed 3");
    folder.ok(&format!("{} -o whole", train(4)));
    let whole = folder.read("whole");
    for isa in Isa::available() {
        let isa = isa.to_string();
        for threads in [1, 2, 3, 7, 16] {
            // Begun with this many threads on this instruction set, ended on another.
            let line = format!("{} -o a --threads {threads} --checkpoint kept", train(1));
            let run = Run::of(
                folder
                    .command(line.split(' '))
                    .env("CHAINRULE_ISA", &isa)
                    .output()
                    .unwrap(),
            );
            assert_eq!(run.code, Some(0), "{}", run.stderr);
            folder.ok(&format!("{} -o a --checkpoint kept --resume", train(4)));
            assert_eq!(folder.read("a"), whole, "{threads} threads, {isa}, resumed");
            std::fs::remove_dir_all(folder.path("kept")).unwrap();

            let line = format!("{} -o b --threads {threads}", train(4));
            let command = format!(
                "CHAINRULE_ISA={isa} {} {line}",
                env!("CARGO_BIN_EXE_chainrule")
            );
            let in_terminal = std::process::Command::new("script")
                .args(["-qec", &command, "/dev/null"])
                .current_dir(folder.path(""))
                .stdin(std::process::Stdio::null())
                .output();
            match in_terminal {
                Ok(output) => {
                    let run = Run::of(output);
                    assert_eq!(run.code, Some(0), "{}{}", run.stdout, run.stderr);
                }
                Err(error) => {
                    eprintln!("NOT TESTED in a terminal, there is no script(1): {error}");
                    folder.ok(&line);
                }
            }
            assert_eq!(folder.read("b"), whole, "{threads} threads, {isa}");
        }
    }
}

#[test]
fn the_same_seed_in_another_process_gives_the_same_file() {
    let folder = Folder::new();
    for precision in ["f32", "f64"] {
        folder.ok(&format!("train --epochs 2 --precision {precision} -o a"));
        folder.ok(&format!("train --epochs 2 --precision {precision} -o b"));
        assert_eq!(folder.read("a"), folder.read("b"));
    }
}

#[test]
fn the_golden_hash_of_a_short_run_stays() {
    let folder = Folder::new();
    let json = folder.json("train --epochs 3 --seed 1 --hidden 5 --batch-size 37 --json");
    assert!(number(&json["train"]["log_loss"]) < 0.7);
    assert_eq!(json["model_hash"], include_str!("golden_hash.txt").trim());
}
