//! The same data, options and seed give the same bytes.

use crate::harness::{Folder, number};
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
