//! A training that was killed and goes on is the one that was not.

use crate::harness::{Folder, Run, table};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

/// Numbers for delays: the same ones each time.
struct Delays(u64);

impl Delays {
    /// Below a limit, in microseconds.
    fn next(&mut self, limit: u64) -> Duration {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        Duration::from_micros((self.0 >> 33) % limit)
    }
}

/// What a training prints that is the same each time: all but its times, and where it went on from.
fn timeless(run: &Run) -> Value {
    let mut json = run.json();
    let object = json.as_object_mut().unwrap();
    for name in [
        "seconds_total",
        "seconds_reading",
        "seconds_training",
        "samples_per_second",
        "resumed_from_step",
    ] {
        assert!(object.remove(name).is_some(), "{name}");
    }
    json
}

fn start(folder: &Folder, line: &str) -> Child {
    let mut command = folder.command(line.split_whitespace());
    let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

/// Kills a training with SIGKILL, and gives how it ended if it was faster.
fn kill(mut child: Child) -> Option<Run> {
    let is_over = child.try_wait().unwrap().is_some();
    // On Unix this is SIGKILL.
    let _ = child.kill();
    let run = Run::of(child.wait_with_output().unwrap());
    match run.code {
        None if !is_over => None,
        _ => Some(run),
    }
}

/// Waits until a checkpoint is being written, or the training is over.
fn wait_for_a_write(child: &mut Child, kept: &Path) {
    let half = kept.join("checkpoint.tmp");
    wait(child, || {
        std::fs::metadata(&half).is_ok_and(|half| half.len() > 0)
    });
}

/// Waits until there is a whole checkpoint, or the training is over.
fn wait_for_a_checkpoint(child: &mut Child, kept: &Path) {
    wait(child, || {
        let files = std::fs::read_dir(kept).into_iter().flatten().flatten();
        files.into_iter().any(|file| {
            file.path()
                .extension()
                .is_some_and(|end| end == "chainrule")
        })
    });
}

fn wait(child: &mut Child, is_there: impl Fn() -> bool) {
    let started = Instant::now();
    while child.try_wait().unwrap().is_none() && started.elapsed() < Duration::from_secs(30) {
        if is_there() {
            return;
        }
        std::hint::spin_loop();
    }
}

/// Kills at random points until there were so many kills, each time going on from what was there; then lets it come to its end, and
/// compares with the training that was not killed. Some kills are aimed at the write of a checkpoint. Gives the number that hit one.
fn killed_again_and_again(options: &str, every: &str, kills: usize, seed: u64) -> usize {
    let folder = Folder::new();
    folder.write("t.csv", table(120, "no", "yes"));
    let whole = folder.ok(&format!("train t.csv --target y {options} -o whole --json"));
    let line = format!(
        "train t.csv --target y {options} -o m --json --checkpoint kept --checkpoint-every {every} --resume"
    );
    let (mut delays, mut killed, mut in_a_write, mut resumed) = (Delays(seed), 0, 0, 0);
    while killed < kills {
        let mut child = start(&folder, &line);
        let kept = folder.path("kept");
        if killed % 3 == 2 {
            // Into the first write or a later one.
            std::thread::sleep(delays.next(20_000));
            wait_for_a_write(&mut child, &kept);
        } else {
            // However slow the machine is, some are killed after a checkpoint, so that others go on from there.
            if killed % 3 == 1 {
                wait_for_a_checkpoint(&mut child, &kept);
            }
            std::thread::sleep(delays.next(40_000));
        }
        match kill(child) {
            None => {
                killed += 1;
                in_a_write += usize::from(kept.join("checkpoint.tmp").exists());
                assert!(!folder.path("m").exists());
            }
            Some(run) => {
                assert_eq!(run.code, Some(0), "{}", run.stderr);
                assert_same(&folder, &whole, &run);
                resumed += usize::from(!run.json()["resumed_from_step"].is_null());
                std::fs::remove_dir_all(kept).unwrap();
                std::fs::remove_file(folder.path("m")).unwrap();
            }
        }
    }
    let run = folder.ok(&line);
    assert_same(&folder, &whole, &run);
    resumed += usize::from(!run.json()["resumed_from_step"].is_null());
    assert!(resumed > 0, "no training went on from a checkpoint");
    // And once more, when it is finished: it trains nothing, and all is the same.
    let again = folder.ok(&line);
    assert_same(&folder, &whole, &again);
    assert_eq!(again.json()["resumed_from_step"], again.json()["steps"]);
    eprintln!(
        "{killed} kills, {in_a_write} of them in the write of a checkpoint, {resumed} times to the end"
    );
    in_a_write
}

fn assert_same(folder: &Folder, whole: &Run, resumed: &Run) {
    let (mut whole, mut resumed) = (timeless(whole), timeless(resumed));
    for json in [&mut whole, &mut resumed] {
        json.as_object_mut().unwrap().remove("model_path");
    }
    assert_eq!(whole, resumed);
    assert_eq!(folder.read("whole"), folder.read("m"));
}

#[test]
fn killed_at_random_points_it_is_the_same_training() {
    // Large checkpoints, so that there is something to hit.
    let large = "--hidden 200,100 --epochs 12 --batch-size 16 --early-stopping --patience 8";
    let hits = killed_again_and_again(large, "1steps", 24, 1);
    assert!(hits > 0, "no kill hit the write of a checkpoint");
    let small = "--epochs 60 --batch-size 8 --optimizer momentum --learning-rate 0.01 --test 0.2 --precision f64";
    killed_again_and_again(small, "3steps", 16, 2);
}

/// Trains until it says from where, and sends a signal.
fn interrupt(folder: &Folder, line: &str, signal: &str) -> Run {
    let mut child = start(folder, line);
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut said = String::new();
    while !said.contains("starting afresh") && !said.contains("resuming from") {
        assert_ne!(
            stderr.read_line(&mut said).unwrap(),
            0,
            "it ended by itself: {said}"
        );
    }
    let id = child.id().to_string();
    let sent = std::process::Command::new("kill")
        .args([signal, id.as_str()])
        .status();
    assert!(sent.unwrap().success());
    stderr.read_to_string(&mut said).unwrap();
    let mut run = Run::of(child.wait_with_output().unwrap());
    run.stderr = said;
    run
}

#[test]
fn ctrl_c_keeps_the_training_and_says_how_to_go_on() {
    let folder = Folder::new();
    let line = |epochs: usize| {
        format!(
            "train --epochs {epochs} --json -o m --checkpoint kept --checkpoint-every 2s --resume"
        )
    };
    let run = interrupt(&folder, &line(1_000_000_000), "-INT");
    assert_eq!(
        (run.code, run.stdout.as_str()),
        (Some(130), ""),
        "{}",
        run.stderr
    );
    assert!(
        run.stderr
            .contains("kept has no checkpoint yet: starting afresh")
            && run
                .stderr
                .contains("which is kept in kept; to go on: the same command with --resume"),
        "{}",
        run.stderr
    );
    // What is kept is the step that was running, and nothing else is written.
    let step: u64 = run
        .stderr
        .split("stopped after step ")
        .nth(1)
        .unwrap()
        .split(' ')
        .next()
        .unwrap()
        .parse()
        .unwrap();
    assert!(
        folder
            .path(format!("kept/checkpoint-{step:010}.chainrule"))
            .exists()
    );
    assert_eq!(folder.names(), ["kept"]);
    let short = interrupt(&folder, &line(1_000_000_000), "-TERM");
    assert_eq!(short.code, Some(130), "{}", short.stderr);
    assert!(
        short
            .stderr
            .contains(&format!("resuming from kept, step {step} of ")),
        "{}",
        short.stderr
    );
}

#[test]
fn epochs_may_grow_and_threads_and_output_may_differ() {
    let folder = Folder::new();
    folder.ok("train --epochs 3 -o a --checkpoint kept");
    let run = folder.ok(
        "train --epochs 5 -o b --checkpoint kept --checkpoint-every 2epochs --resume --threads 2",
    );
    assert!(
        run.stderr.contains("resuming from kept, step 45 of 75"),
        "{}",
        run.stderr
    );
    folder.ok("train --epochs 5 -o c");
    assert_eq!(folder.read("b"), folder.read("c"));
    let quiet = folder.ok("train --epochs 6 -o d --checkpoint kept --resume --quiet");
    assert_eq!((quiet.stdout.as_str(), quiet.stderr.as_str()), ("", ""));
}

#[test]
fn what_differs_is_refused_by_name() {
    let folder = Folder::new();
    folder.write("t.csv", table(60, "no", "yes"));
    folder.write("u.csv", table(61, "no", "yes"));
    let line = "train t.csv --target y --epochs 2 -o m --checkpoint kept";
    folder.ok(line);
    for (more, says) in [
        (
            "--learning-rate 0.5",
            "learning rate is 0.5 here and 0.003 there",
        ),
        ("--hidden 3", "network is 2 → 3 sigmoid → 1 sigmoid here"),
        ("--seed 9", "seed is 9 here and 0 there"),
        (
            "--early-stopping brier",
            "early stopping is brier, patience 10, min-delta 0 here and none there",
        ),
        ("--test 0.3", "test is a share of 0.3 here and none there"),
        (
            "--ignore a",
            "columns is b (numeric) here and a (numeric), b (numeric) there",
        ),
        (
            "--epochs 1",
            "epochs (which may grow, not shrink) is 1 here and 2 there",
        ),
    ] {
        let error = folder.fails(2, &format!("{line} --resume {more}"));
        assert!(error.contains(says), "{more}: {error}");
    }
    let error = folder.fails(
        2,
        &line
            .replace("t.csv", "u.csv")
            .replace(" -o", " --resume -o"),
    );
    assert!(error.contains("data is 61 rows"), "{error}");
    // Without --resume nothing is replaced.
    let error = folder.fails(2, line);
    assert!(
        error.contains("--resume") && error.contains("(step 4)"),
        "{error}"
    );
    let again = folder.json(&format!("{line} --resume --json"));
    assert_eq!(again["resumed_from_step"], 4);
    for (line, says) in [
        ("train --resume", "--checkpoint <DIR>"),
        (
            "train --checkpoint kept --checkpoint-every 5",
            "epochs, steps, s, min or h",
        ),
        (
            "train --checkpoint kept --checkpoint-every -1s",
            "epochs, steps, s, min or h",
        ),
    ] {
        let error = folder.fails(2, line);
        assert!(error.contains(says), "{line}: {error}");
    }
}

#[test]
fn one_training_at_a_time_has_the_folder() {
    let folder = Folder::new();
    let mut child = start(&folder, "train --epochs 1000000000 --checkpoint kept -o a");
    while !folder.path("kept/lock").exists() {
        std::thread::sleep(Duration::from_millis(1));
    }
    // The file is there before the lock is: wait for a checkpoint, which is written with the lock.
    while std::fs::read_dir(folder.path("kept")).unwrap().count() < 2 {
        std::thread::sleep(Duration::from_millis(1));
    }
    let error = folder.fails(2, "train --checkpoint kept --resume -o b");
    assert!(
        error.contains("another training") && error.contains("is running"),
        "{error}"
    );
    child.kill().unwrap();
    child.wait().unwrap();
    // A kill leaves no lock.
    let error = folder.fails(2, "train --checkpoint kept --resume -o b");
    assert!(
        error.contains("epochs (which may grow, not shrink)"),
        "{error}"
    );
}

#[test]
fn a_damaged_checkpoint_is_named_and_so_is_the_good_one_before_it() {
    let folder = Folder::new();
    let line = "train --epochs 3 --checkpoint kept -o m";
    folder.ok(line);
    let whole = folder.read("m");
    let newest = "kept/checkpoint-0000000045.chainrule";
    let mut bytes = folder.read(newest);
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    folder.write(newest, &bytes);
    let error = folder.fails(1, &format!("{line} --resume"));
    assert!(
        error.contains("checkpoint-0000000045.chainrule")
            && error.contains("damaged")
            && error.contains("checkpoint-0000000030.chainrule, is good"),
        "{error}"
    );
    // Half a file is never read.
    folder.write("kept/checkpoint.tmp", &bytes[..middle]);
    std::fs::remove_file(folder.path(newest)).unwrap();
    let json = folder.json(&format!("{line} --resume --json"));
    assert_eq!(json["resumed_from_step"], 30);
    assert_eq!(folder.read("m"), whole);
}

#[test]
fn a_folder_that_cannot_be_written_is_an_error_before_the_first_epoch() {
    let folder = Folder::new();
    folder.write("notes", "mine");
    let error = folder.fails(1, "train --checkpoint notes/deeper -o m");
    assert!(
        error.contains("notes/deeper") && error.contains("a folder for checkpoints"),
        "{error}"
    );
    // Another place is asked for where there can be no folder, or no other file.
    for (line, says) in [
        (
            "--checkpoint notes -o m",
            "notes: this is not a folder; choose another --checkpoint",
        ),
        (
            "--checkpoint - -o m",
            "-: this is no folder; one of this name is ./-",
        ),
        (
            "--tensorboard - -o m",
            "-: this is no folder; one of this name is ./-",
        ),
        (
            "--log - -o m",
            "-: a log is a file; one of this name is ./-",
        ),
        (
            "--checkpoint m -o ./m",
            "m: this is the model file; choose another --checkpoint",
        ),
        (
            "--tensorboard m -o m",
            "m: this is the model file; choose another --tensorboard",
        ),
        (
            "--checkpoint k -o k/lock",
            "k/lock: this is the place of a checkpoint; choose another -o",
        ),
        (
            "--checkpoint . -o checkpoint-0000000015.chainrule",
            "checkpoint-0000000015.chainrule: this is the place of a checkpoint; choose another -o",
        ),
    ] {
        if line.contains("k/lock") {
            std::fs::create_dir(folder.path("k")).unwrap();
        }
        let error = folder.fails(2, &format!("train {line}"));
        assert!(error.contains(says), "{line}: {error}");
    }
    std::fs::remove_dir(folder.path("k")).unwrap();
    assert_eq!(folder.names(), ["notes"]);
}

/// The limit of the shell on the size of a file stands for a full disk: the write fails in its middle. (The signal that comes with it must not end the program without a word.)
#[cfg(unix)]
#[test]
fn a_full_disk_leaves_the_last_good_checkpoint() {
    let folder = Folder::new();
    let line = "train --hidden 64,64 --epochs 2 --checkpoint kept -o m";
    folder.ok(line);
    let longer = "train --hidden 64,64 --epochs 4 --checkpoint kept --resume -o m";
    let binary = env!("CARGO_BIN_EXE_chainrule");
    let full = std::process::Command::new("sh")
        .args(["-c", &format!("ulimit -f 8; exec {binary} {longer}")])
        .current_dir(folder.path(""))
        .output()
        .unwrap();
    let run = Run::of(full);
    assert_eq!(run.code, Some(1), "{}", run.stderr);
    assert!(
        run.stderr
            .contains("checkpoint-0000000045.chainrule: cannot write it")
            && run
                .stderr
                .contains("checkpoint-0000000030.chainrule, is as it was"),
        "{}",
        run.stderr
    );
    assert!(!folder.path("kept/checkpoint.tmp").exists());
    let resumed = folder.json(&format!("{longer} --json"));
    assert_eq!(resumed["resumed_from_step"], 30);
    folder.ok("train --hidden 64,64 --epochs 4 -o whole");
    assert_eq!(folder.read("m"), folder.read("whole"));
}
