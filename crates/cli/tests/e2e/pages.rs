//! What the pages show: each command line is run, and what stands below one is what it prints.

use crate::harness::{Folder, Run, number, tables};
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn page(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap()
}

/// A folder with the tables of the guide.
fn guide_data() -> Folder {
    let folder = Folder::new();
    copy(&root().join("docs/guide/data"), &folder);
    folder
}

fn copy(from: &Path, to: &Folder) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        to.write(entry.file_name(), std::fs::read(entry.path()).unwrap());
    }
}

/// A fenced block: its language, its lines, and whether only blank lines part it from the one before.
struct Block {
    language: String,
    lines: Vec<String>,
    follows: bool,
}

fn blocks(text: &str) -> Vec<Block> {
    let (mut all, mut open, mut follows) = (Vec::new(), None::<Block>, false);
    for line in text.lines() {
        match (line.trim_start().strip_prefix("```"), &mut open) {
            (Some(language), None) => {
                open = Some(Block {
                    language: language.to_owned(),
                    lines: Vec::new(),
                    follows,
                });
            }
            (Some(_), Some(_)) => {
                all.extend(open.take());
                follows = true;
            }
            (None, Some(block)) => block.lines.push(line.to_owned()),
            (None, None) => follows &= line.trim().is_empty(),
        }
    }
    all
}

/// A command line of a page.
#[derive(Debug)]
struct Line {
    arguments: Vec<String>,
    /// The file that it prints to.
    into: Option<String>,
    /// What stands below it as printed.
    printed: Vec<String>,
}

/// The lines of a page that call the command, in a checkout or installed.
fn lines(text: &str) -> Vec<Line> {
    let mut found: Vec<Line> = Vec::new();
    let mut last = 0;
    for block in blocks(text) {
        match block.language.as_str() {
            "sh" => {
                let calls = block.lines.iter().filter_map(|line| call(line));
                let before = found.len();
                found.extend(calls);
                last = found.len() - before;
            }
            // Below several commands nobody could tell whose it is.
            "text" if block.follows && last == 1 => {
                found.last_mut().unwrap().printed = block.lines;
                last = 0;
            }
            _ => last = 0,
        }
    }
    found
}

/// `chainrule … > FILE | …  # …`, the words as a shell parts them.
fn call(line: &str) -> Option<Line> {
    let mut words: Vec<String> = Vec::new();
    let (mut word, mut is_quoted, mut is_word) = (String::new(), false, false);
    for c in line.chars() {
        match c {
            '\'' => (is_quoted, is_word) = (!is_quoted, true),
            '#' if !is_quoted && !is_word => break,
            c if c.is_whitespace() && !is_quoted => {
                if is_word {
                    words.push(std::mem::take(&mut word));
                }
                is_word = false;
            }
            c => {
                word.push(c);
                is_word = true;
            }
        }
    }
    if is_word {
        words.push(word);
    }
    // The environment before, the pipe behind.
    let words: Vec<String> = words
        .into_iter()
        .skip_while(|word| word.contains('='))
        .take_while(|word| word != "|")
        .collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let arguments = match &words[..] {
        ["cargo", "run", "--release", "--", arguments @ ..] => arguments,
        ["chainrule", arguments @ ..] => arguments,
        _ => return None,
    };
    let mut parts = arguments.splitn(2, |word| *word == ">");
    let arguments = parts.next()?.iter().map(|&word| word.to_owned()).collect();
    let into = parts.next().map(|rest| rest[0].to_owned());
    Some(Line {
        arguments,
        into,
        printed: Vec::new(),
    })
}

/// Runs the lines of a page with further options for `train`, and compares what they print with what the page shows.
fn run(folder: &Folder, text: &str, options: &[&str]) -> usize {
    let lines = lines(text);
    for line in &lines {
        let mut arguments = line.arguments.clone();
        if arguments[0] == "train" {
            arguments.extend(options.iter().map(|&option| option.to_owned()));
        }
        let run = folder.run(&arguments);
        assert_eq!(run.code, Some(0), "{arguments:?}: {}", run.stderr);
        if let Some(name) = &line.into {
            folder.write(name, &run.bytes);
        }
        if !line.printed.is_empty() {
            compare(&line.printed, &run, &arguments);
        }
    }
    lines.len()
}

/// The lines of a page are those that were printed, but for times; or some of them, if they do not begin with the first.
fn compare(shown: &[String], run: &Run, arguments: &[String]) {
    let printed: Vec<&str> = run.stdout.lines().collect();
    let timeless = |line: &str| match line.strip_prefix("time  ") {
        Some(_) => "time".to_owned(),
        None => line.trim_end().to_owned(),
    };
    if shown[0] == printed[0] {
        let both = [shown.len(), printed.len()];
        for (at, (shown, printed)) in shown.iter().zip(&printed).enumerate() {
            assert_eq!(
                timeless(shown),
                timeless(printed),
                "{arguments:?}: line {at}"
            );
        }
        assert_eq!(both[0], both[1], "{arguments:?}: {}", run.stdout);
        return;
    }
    let mut rest = printed.iter();
    for shown in shown {
        let is_there = rest.any(|printed| timeless(printed) == timeless(shown));
        assert!(
            is_there,
            "{arguments:?}: no line\n{shown}\nin\n{}",
            run.stdout
        );
    }
}

#[test]
fn the_guide_to_the_command_line() {
    let folder = guide_data();
    let count = run(&folder, &page("docs/guide/train.md"), &[]);
    assert!(count >= 12, "only {count} lines were found");
}

#[test]
fn the_readmes() {
    let readme = page("README.md").replace("docs/guide/data/", "");
    let folder = guide_data();
    let count = run(&folder, &readme, &[]);
    assert!(count >= 4, "only {count} lines were found");

    let report = blocks(&readme).into_iter().find(|block| {
        block
            .lines
            .first()
            .is_some_and(|line| line.starts_with("data  "))
    });
    let train = ["train".to_owned()];
    compare(&report.unwrap().lines, &folder.run(&train), &train);

    let count = run(&guide_data(), &page("crates/cli/README.md"), &[]);
    assert!(count >= 6, "only {count} lines were found");
}

#[test]
fn the_page_of_weights() {
    let folder = guide_data();
    if let Some(tables) = tables() {
        let oil = std::fs::read(tables.join("oil-spill.csv")).unwrap();
        folder.write("oil-spill.csv", oil);
        let count = run(&folder, &page("docs/guide/weights.md"), &[]);
        assert!(count >= 4, "only {count} lines were found");
    }
}

#[test]
fn the_page_of_the_doctor() {
    let folder = guide_data();
    for part in ["train", "test"] {
        let from = folder.read(if part == "train" {
            "patients.csv"
        } else {
            "test.csv"
        });
        folder.write(format!("{part}.csv"), from);
    }
    let count = run(&folder, &page("docs/guide/doctor.md"), &[]);
    assert!(count >= 3, "only {count} lines were found");
}

/// One epoch is enough to see that the lines are accepted.
#[test]
fn the_page_of_data_sets() {
    let Some(tables) = tables() else { return };
    let folder = Folder::new();
    copy(&tables, &folder);
    let count = run(&folder, &page("docs/datasets.md"), &["--epochs", "1"]);
    assert!(count >= 13, "only {count} lines were found");
}

/// A row of the table of `docs/datasets.md` for each of these: the cheap ones. What they tell is a function of data and seed, so the figures are
/// these on every machine.
#[test]
fn figures_of_the_data_sets() {
    let text = page("docs/datasets.md");
    let mut known = vec![("wdbc", "--target diagnosis")];
    let folder = Folder::new();
    folder.write("wdbc.csv", crate::harness::wdbc());
    if let Some(tables) = tables() {
        for name in ["haberman", "breast-cancer"] {
            let csv = std::fs::read(tables.join(format!("{name}.csv"))).unwrap();
            folder.write(format!("{name}.csv"), csv);
            known.push((name, ""));
        }
    }
    for (name, target) in known {
        let (mut majority, mut scores) = (Vec::new(), [const { Vec::new() }; 3]);
        let mut rows = 0.0;
        for seed in 0..10 {
            let split = folder.json(&format!(
                "split {name}.csv {target} --validation 0 --test 0.2 --seed {seed} -o part --force --json"
            ));
            rows = number(&split["rows"]);
            let json = folder.json(&format!(
                "train part.train.csv {target} --validation part.test.csv --seed {seed} --quiet --json -o model"
            ));
            majority.push(number(&json["baseline"]["accuracy"]));
            for (scores, metric) in scores.iter_mut().zip(["roc_auc", "log_loss", "accuracy"]) {
                scores.push(number(&json["validation"][metric]));
            }
        }
        let scores: Vec<String> = scores
            .iter()
            .map(|scores| mean_and_spread(scores))
            .collect();
        let row = format!(
            "| `{name}` | {rows} | {} | {} |",
            short(mean(&majority)),
            scores.join(" / ")
        );
        assert!(text.contains(&row), "docs/datasets.md does not show\n{row}");
    }
}

/// The last table of `docs/guide/weights.md`.
#[test]
fn figures_of_class_weights_in_batches() {
    let text = page("docs/guide/weights.md");
    let folder = Folder::new();
    for (share, every) in [("10 %", 10), ("5 %", 20)] {
        let mut csv = "x,y\n".to_owned();
        for i in 0..1000 {
            csv += &format!("{},{}\n", 7 * i % 19, u8::from(i % every == 0));
        }
        folder.write("t.csv", csv);
        let means = ["8", "32", "128", "512", "full"].map(|batch| {
            let json = folder.json(&format!(
                "train t.csv --target y --class-weight balanced --validation 0 --hidden none --optimizer sgd --schedule cosine \
                 --epochs 500 --batch-size {batch} --quiet --json -o model"
            ));
            format!("{:.3}", number(&json["train"]["mean_probability"]))
        });
        let row = format!("| {share} of 1,000 rows | {} |", means.join(" | "));
        assert!(
            text.contains(&row),
            "docs/guide/weights.md does not show\n{row}"
        );
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The mean, and in brackets the standard deviation.
fn mean_and_spread(values: &[f64]) -> String {
    let mean = mean(values);
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    let spread = (squares / (values.len() - 1) as f64).sqrt();
    format!("{} ({})", short(mean), short(spread))
}

/// Three decimals, without a zero before the point.
fn short(value: f64) -> String {
    let text = format!("{value:.3}");
    text.strip_prefix('0').unwrap_or(&text).to_owned()
}
