//! Where models go: what is replaced, what is refused, and when.

use crate::harness::{Folder, table, wdbc};

fn with_table() -> Folder {
    let folder = Folder::new();
    folder.write("t.csv", table(40, "no", "yes"));
    folder
}

#[test]
fn the_default_is_the_stem_of_the_data_in_the_current_folder() {
    let folder = with_table();
    std::fs::create_dir(folder.path("sub")).unwrap();
    for (data, model) in [
        ("t.csv", "t.chainrule"),
        ("sub/a.b.csv", "a.b.chainrule"),
        ("sub/noext", "noext.chainrule"),
    ] {
        folder.write(data, table(40, "no", "yes"));
        folder.ok(&format!("train {data} --target y --epochs 0"));
        assert!(folder.path(model).exists(), "{model}");
    }
    let run = folder.with_input(
        "train - --target y --epochs 0 --json",
        table(40, "no", "yes").as_bytes(),
    );
    assert_eq!(run.json()["model_path"], "stdin.chainrule");
    assert!(folder.path("stdin.chainrule").exists() && !folder.path("-").exists());
}

#[test]
fn a_model_is_replaced_and_another_file_only_by_force() {
    let folder = with_table();
    folder.ok("train t.csv --target y --epochs 0 -o m");
    let first = folder.read("m");
    folder.ok("train t.csv --target y --epochs 1 -o m");
    assert_ne!(folder.read("m"), first);

    for content in ["my notes", ""] {
        folder.write("notes", content);
        let error = folder.fails(2, "train t.csv --target y --epochs 0 -o notes --json");
        assert!(
            error.contains("notes: this file exists and is not a chainrule model"),
            "{error}"
        );
        assert_eq!(folder.read("notes"), content.as_bytes());
    }
    folder.ok("train t.csv --target y --epochs 0 -o notes --force");
    assert_eq!(folder.read("notes"), first);
}

#[test]
fn the_input_is_never_overwritten() {
    let folder = with_table();
    folder.write("v.csv", table(20, "no", "yes"));
    std::os::unix::fs::symlink("t.csv", folder.path("link")).unwrap();
    std::fs::hard_link(folder.path("t.csv"), folder.path("hard")).unwrap();
    for output in ["t.csv", "./t.csv", "link", "hard", "v.csv"] {
        for force in ["", "--force"] {
            let error = folder.fails(
                2,
                &format!("train t.csv --target y --validation v.csv -o {output} {force}"),
            );
            assert!(error.contains(output), "{error}");
        }
    }
    assert_eq!(folder.read("t.csv"), table(40, "no", "yes").as_bytes());
    // Data that is called as its model would be.
    folder.write("d.chainrule", table(40, "no", "yes"));
    folder.fails(2, "train d.chainrule --target y --force");
    // Data that the shell opens.
    let file = std::fs::File::open(folder.path("t.csv")).unwrap();
    let mut command = folder.command("train - --target y --force -o t.csv".split(' '));
    assert_eq!(command.stdin(file).output().unwrap().status.code(), Some(2));
    assert_eq!(folder.read("t.csv"), table(40, "no", "yes").as_bytes());
}

#[test]
fn what_cannot_be_written_is_refused_before_the_first_epoch() {
    let folder = with_table();
    std::fs::create_dir(folder.path("dir")).unwrap();
    for output in [
        "/proc/m",
        "dir",
        "dir/",
        "nosuch/m",
        "t.csv/m",
        "/dev/full",
        "..",
    ] {
        let started = std::time::Instant::now();
        let error = folder.fails(
            1,
            &format!("train t.csv --target y --epochs 100000000 --force -o {output}"),
        );
        assert!(started.elapsed().as_secs() < 5, "{output}");
        assert!(!error.contains("epoch "), "{error}");
    }
    folder.fails(2, "train t.csv --target y -o");
    let error = folder.run(["train", "t.csv", "--target", "y", "-o", ""]);
    assert!(matches!(error.code, Some(1 | 2)), "{}", error.stderr);
    assert_eq!(folder.names(), ["dir", "t.csv"]);
}

#[test]
fn a_model_goes_to_standard_output_for_a_dash() {
    let folder = with_table();
    folder.ok("train t.csv --target y --epochs 2 -o m");
    let run = folder.ok("train t.csv --target y --epochs 2 -o -");
    assert_eq!(run.bytes, folder.read("m"));
    assert!(
        run.stderr.contains("log loss"),
        "the report is on stderr: {}",
        run.stderr
    );
    assert!(!folder.path("-").exists());
    let error = folder.fails(2, "train t.csv --target y --epochs 2 -o - --json");
    assert!(error.contains("standard output"), "{error}");
}

#[test]
fn nothing_is_written_that_was_not_asked_for() {
    let folder = Folder::new();
    folder.write("wdbc.csv", wdbc());
    folder.ok("train wdbc.csv --target diagnosis --epochs 1 -o m");
    folder.ok("predict m wdbc.csv");
    folder.ok("evaluate m wdbc.csv --json");
    folder.ok("inspect m");
    assert_eq!(folder.names(), ["m", "wdbc.csv"]);
}

#[test]
fn a_model_holds_no_path_no_user_and_no_row() {
    let folder = with_table();
    let data = folder.path("t.csv");
    let user = std::env::var("HOME").unwrap_or_default();
    let run = folder.run([
        "train".as_ref(),
        data.as_os_str(),
        "--target".as_ref(),
        "y".as_ref(),
        "-o".as_ref(),
        folder.path("m").as_os_str(),
    ]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let model = folder.read("m");
    let holds = |text: &str| {
        model
            .windows(text.len().max(1))
            .any(|part| part == text.as_bytes())
    };
    assert!(!holds(folder.path("").to_str().unwrap()));
    assert!(!holds("t.csv"));
    assert!(user.len() < 4 || !holds(&user));
}
