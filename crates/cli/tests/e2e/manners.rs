//! Help, version, pipes, full disks, odd paths, control characters.

use crate::harness::{Folder, Run, table, wdbc};
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::process::Stdio;

const COMMANDS: [&str; 6] = [
    "train",
    "predict",
    "evaluate",
    "inspect",
    "completions",
    "man",
];

#[test]
fn every_help_opens_with_two_examples() {
    let folder = Folder::new();
    let mut lines = vec!["--help".to_owned(), "-h".to_owned(), "help".to_owned()];
    for command in COMMANDS {
        lines.extend([
            format!("{command} --help"),
            format!("{command} -h"),
            format!("help {command}"),
        ]);
    }
    for line in lines {
        let run = folder.ok(&line);
        assert_eq!(run.stderr, "");
        let help: Vec<&str> = run.stdout.lines().collect();
        assert_eq!(help[0], "Examples:", "{line}");
        assert!(
            help[1].starts_with("  chainrule ") && help[2].starts_with("  chainrule "),
            "{line}"
        );
        assert!(run.stdout.contains("Usage: chainrule"), "{line}");
    }
}

#[test]
fn the_version_shows_the_commit() {
    let run = Folder::new().ok("--version");
    let version = run.stdout.trim_end();
    let name = concat!("chainrule ", env!("CARGO_PKG_VERSION"));
    let commit = version.strip_prefix(name).unwrap();
    // Outside of a checkout there is none.
    let hexadecimal = |c: char| c.is_ascii_hexdigit();
    let is_commit = |text: &str| text.len() >= 7 && text.chars().all(hexadecimal);
    let inner = commit
        .strip_prefix(" (")
        .and_then(|rest| rest.strip_suffix(')'));
    assert!(
        commit.is_empty() || inner.is_some_and(is_commit),
        "{version}"
    );
}

#[test]
fn completions_and_manual_pages_name_the_options() {
    let folder = Folder::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        assert!(
            folder
                .ok(&format!("completions {shell}"))
                .stdout
                .contains("learning-rate"),
            "{shell}"
        );
    }
    folder.fails(2, "completions tcsh");
    assert!(folder.ok("man").stdout.contains(".TH chainrule 1"));
    assert!(folder.ok("man train").stdout.contains("learning\\-rate"));
    folder.fails(2, "man tarin");
}

/// Lines that succeed and write to stdout, in a folder with a model `m` and a table `t.csv`.
const LINES: [&str; 10] = [
    "--help",
    "--version",
    "train --help",
    "predict m t.csv",
    "evaluate m t.csv",
    "evaluate m t.csv --json",
    "inspect m --weights --json",
    "train t.csv --target y --epochs 1 --json -o m2",
    "completions bash",
    "man",
];

fn with_model() -> Folder {
    let folder = Folder::new();
    folder.write("t.csv", table(40, "no", "yes"));
    folder.ok("train t.csv --target y --epochs 1 -o m");
    folder
}

#[test]
fn a_full_disk_is_an_error_of_one_line() {
    let folder = with_model();
    for line in LINES.iter().chain(&[
        "train t.csv --target y --epochs 1 -o -",
        "train t.csv --target y --epochs 1 --quiet -o m3 --json",
    ]) {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let run = Run::of(
            folder
                .command(line.split(' '))
                .stdout(full)
                .output()
                .unwrap(),
        );
        assert_eq!(run.code, Some(1), "{line}: {}", run.stderr);
        let errors: Vec<_> = run
            .stderr
            .lines()
            .filter(|line| line.starts_with("error:"))
            .collect();
        assert_eq!(errors.len(), 1, "{line}: {}", run.stderr);
        assert!(
            errors[0].contains("cannot write to standard output"),
            "{}",
            errors[0]
        );
        assert!(!run.stderr.contains("panicked"));
    }
    let error = folder.fails(1, "predict m t.csv -o /dev/full");
    assert!(error.contains("/dev/full: cannot write it"), "{error}");
}

#[test]
fn a_reader_that_has_gone_is_no_error() {
    let folder = with_model();
    let (header, body) = table(40, "no", "yes")
        .split_once('\n')
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .unwrap();
    folder.write("big.csv", format!("{header}\n{}", body.repeat(500)));
    for line in LINES.iter().chain(&["predict m big.csv"]) {
        let mut child = folder
            .command(line.split(' '))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let run = Run::of(child.wait_with_output().unwrap());
        assert_eq!(run.code, Some(0), "{line}: {}", run.stderr);
        assert!(
            !run.stderr.contains("error") && !run.stderr.contains("panicked"),
            "{line}: {}",
            run.stderr
        );
    }
}

#[test]
fn a_pipe_may_take_the_first_line_only() {
    let folder = with_model();
    let (header, body) = table(40, "no", "yes")
        .split_once('\n')
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .unwrap();
    folder.write("big.csv", format!("{header}\n{}", body.repeat(1000)));
    for _ in 0..10 {
        let mut child = folder
            .command(["predict", "m", "big.csv"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut first = [0; 10];
        child.stdout.take().unwrap().read_exact(&mut first).unwrap();
        let run = Run::of(child.wait_with_output().unwrap());
        assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
    }
}

#[test]
fn stderr_may_be_closed_too() {
    let folder = with_model();
    for line in [
        "train t.csv --target y --epochs 20 -o m2",
        "train t.csv",
        "inspect t.csv",
    ] {
        let mut child = folder
            .command(line.split(' '))
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stderr.take());
        assert!(
            matches!(child.wait().unwrap().code(), Some(0..=2)),
            "{line}"
        );
    }
}

#[test]
fn odd_paths_work() {
    let folder = with_model();
    let names: [&[u8]; 8] = [
        b"with blank.csv",
        "é.csv".as_bytes(),
        "e\u{301}.csv".as_bytes(),
        b"new\nline.csv",
        b"\xff\xfe.csv",
        b"./-x.csv",
        b"quo\"te'.csv",
        b"esc\x1b[31m.csv",
    ];
    for name in names {
        let name = OsStr::from_bytes(name);
        folder.write(name, table(40, "no", "yes"));
        let run = folder.run([
            OsStr::new("train"),
            name,
            OsStr::new("--target=y"),
            OsStr::new("--epochs=1"),
        ]);
        assert_eq!(run.code, Some(0), "{name:?}: {}", run.stderr);
        let mut model = std::path::Path::new(name).file_stem().unwrap().to_owned();
        model.push(".chainrule");
        assert!(folder.path(&model).exists(), "{model:?}");
        assert!(
            !run.stdout.contains('\x1b') && !run.stderr.contains('\x1b'),
            "{}",
            run.stdout
        );
        let run = folder.run([
            OsStr::new("predict"),
            &OsString::from_iter([OsStr::new("./"), &model]),
            name,
        ]);
        assert_eq!(run.code, Some(0), "{name:?}: {}", run.stderr);
        assert_eq!(
            run.stdout,
            folder
                .run([
                    OsStr::new("predict"),
                    &OsString::from_iter([OsStr::new("./"), &model]),
                    OsStr::new("t.csv")
                ])
                .stdout
        );
    }
    folder.write("-y.csv", table(40, "no", "yes"));
    folder.ok("train --target y --epochs 1 -- -y.csv");
    // What is no text is no option either.
    let wrong = folder.run([
        OsStr::new("train"),
        OsStr::new("--target"),
        OsStr::from_bytes(b"\xff"),
    ]);
    assert_eq!(wrong.code, Some(2), "{}", wrong.stderr);
    let wrong = folder.run([OsStr::from_bytes(b"\xff")]);
    assert_eq!(wrong.code, Some(2), "{}", wrong.stderr);
}

#[test]
fn a_named_pipe_is_read_as_a_file_is() {
    let folder = with_model();
    let made = std::process::Command::new("mkfifo")
        .arg(folder.path("pipe.csv"))
        .status();
    assert!(made.unwrap().success());
    let path = folder.path("pipe.csv");
    let writer = std::thread::spawn(move || std::fs::write(path, table(40, "no", "yes")).unwrap());
    let piped = folder.ok("predict m pipe.csv").stdout;
    writer.join().unwrap();
    assert_eq!(piped, folder.ok("predict m t.csv").stdout);
}

#[test]
fn names_labels_and_cells_are_escaped() {
    let folder = Folder::new();
    let evil = "\x1b]0;pwned\x07";
    folder.write(
        "t.csv",
        table(40, &format!("no{evil}"), &format!("yes{evil}"))
            .replace("a,b,y", &format!("a{evil},b,y{evil}")),
    );
    let target = format!("y{evil}");
    let run = folder.run(["train", "t.csv", "--epochs", "1", "--target", &target]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    folder.write("bad.csv", format!("a{evil},b,y\n{evil}x,2,0\n1,2,1\n"));
    let runs = [
        run,
        folder.line("inspect t.chainrule"),
        folder.line("evaluate t.chainrule t.csv"),
        folder.line("train t.csv"),
        folder.line("train bad.csv --target y"),
        folder.run(["train", "t.csv", "--target", "z\x1b[1m"]),
        folder.run(["train", "--hidden", "\x1b[1m\x07"]),
        folder.run(["train", &format!("none{evil}.csv"), "--target", "y"]),
        folder.run(["predict", "t.chainrule", "t.csv", "--keep", evil]),
        folder.run(["man", evil]),
    ];
    for run in runs {
        for text in [&run.stdout, &run.stderr] {
            let control = text.chars().find(|&c| c.is_control() && c != '\n');
            assert_eq!(control, None, "{text:?}");
        }
    }
    // A CSV is data: there the label is as the user wrote it.
    assert!(folder.ok("predict t.chainrule t.csv").stdout.contains(evil));
}

#[test]
fn a_terminal_gets_a_bar_without_colours_and_a_quiet_one_nothing() {
    // `script` gives a terminal; where there is none of it there is nothing to test with.
    let Ok(found) = std::process::Command::new("script")
        .arg("--version")
        .output()
    else {
        eprintln!("skipped: no script(1) on this machine");
        return;
    };
    assert!(found.status.success());
    let folder = Folder::new();
    let terminal = |line: &str| {
        let command = format!("{} {line}", env!("CARGO_BIN_EXE_chainrule"));
        let mut script = std::process::Command::new("script");
        script
            .args(["-qec", &command, "/dev/null"])
            .current_dir(folder.path(""))
            .env("TERM", "xterm")
            .env("NO_COLOR", "1");
        let output = script.stdin(Stdio::null()).output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let shown = terminal("train --epochs 300");
    assert!(shown.contains("/300  loss "), "{shown:?}");
    assert!(
        !shown.contains("\x1b[3") && !shown.contains("\x1b[1m"),
        "{shown:?}"
    );
    assert_eq!(terminal("train --epochs 3 --quiet"), "");
    let help = terminal("--help");
    assert!(!help.contains('\x1b'), "{help:?}");
    let dash = terminal("train --epochs 1 -o -");
    assert!(dash.contains("not for a terminal"), "{dash:?}");
}

#[test]
fn json_is_one_object_and_all_else_is_on_stderr() {
    let folder = Folder::new();
    folder.write("wdbc.csv", wdbc());
    let run = folder.ok("train wdbc.csv --target diagnosis --epochs 10 --json");
    assert_eq!(run.stdout.lines().count(), 1);
    run.json();
    assert!(run.stderr.contains("epoch 10/10"));
    assert!(
        folder
            .line("evaluate wdbc.chainrule none.csv --json")
            .stdout
            .is_empty()
    );
}
