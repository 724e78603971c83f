//! Real tables.

use super::*;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// Tables that people have: the codes, and the columns of some.
#[test]
fn real_tables_have_the_findings_that_they_deserve() {
    let folder: PathBuf = [env!("CARGO_MANIFEST_DIR"), "../../../shared/data/csv"]
        .iter()
        .collect();
    if !folder.is_dir() {
        eprintln!("SKIPPED: {} is not there", folder.display());
        return;
    }
    let expectations = std::fs::read_to_string(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/doctor/real.txt"
    ))
    .unwrap();
    let mut seen = BTreeSet::new();
    let mut told = String::new();
    for line in expectations.lines().filter(|line| line.starts_with("# ")) {
        let (file, target) = line[2..].split_once(' ').unwrap();
        seen.insert(file.to_owned());
        let read = |file: &str| {
            let options = CsvOptions {
                on_bad: OnBad::Report,
                ..CsvOptions::default()
            };
            CsvReader::with(
                file,
                std::fs::File::open(folder.join(file)).unwrap(),
                &options,
            )
            .unwrap()
        };
        let test = (file == "adult-train.csv").then(|| read("adult-test.csv"));
        let found = examine(read(file), test, &for_target(target)).unwrap();
        assert!(found.is_exact);
        told += &format!("{line}\n");
        for finding in &found.findings {
            let count = finding
                .count
                .map(|count| format!(" {count}"))
                .unwrap_or_default();
            let auc = finding
                .auc
                .map(|auc| format!(" auc {auc:.3}"))
                .unwrap_or_default();
            told += &format!(
                "{}{count}{auc} {}\n",
                finding.code,
                finding.columns.join(",")
            );
        }
    }
    let all: BTreeSet<String> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(seen, all);
    let expected: String = expectations
        .lines()
        .filter(|line| !line.is_empty())
        .map(|line| format!("{line}\n"))
        .collect();
    assert!(
        told.lines()
            .map(str::trim_end)
            .eq(expected.lines().map(str::trim_end)),
        "{told}"
    );
}
