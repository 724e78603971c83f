//! The doctor: each code on a small table that has what it is about, and none on one that has not.

use chainrule_data::doctor::{Code, Examination, Finding, Options, examine};
use chainrule_data::{CsvOptions, CsvReader, OnBad};
use std::collections::BTreeSet;
use std::path::PathBuf;

/// Two hundred rows of numbers and names that depend on nothing, with a label that depends weakly on both.
fn clean() -> Vec<Vec<String>> {
    let mut bits = 7_u64;
    let mut random = move |below: u64| {
        bits = bits
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (bits >> 33) % below
    };
    (0..400)
        .map(|_| {
            let (age, dose, site) = (20 + random(60), random(10_000), random(4));
            let noise = random(100) + age / 2 + 10 * site;
            let ill = if noise > 85 { "yes" } else { "no" };
            vec![
                age.to_string(),
                format!("{}.{:04}", dose % 7, dose),
                format!("site {site}"),
                ill.to_owned(),
            ]
        })
        .collect()
}

fn csv(header: &str, rows: &[Vec<String>]) -> String {
    let rows: String = rows.iter().map(|row| row.join(",") + "\n").collect();
    format!("{header}\n{rows}")
}

const HEADER: &str = "age,dose,site,ill";

fn look(csv: &str, test: Option<&str>, options: &Options) -> Examination {
    let reading = CsvOptions {
        on_bad: OnBad::Report,
        ..CsvOptions::default()
    };
    let reader = CsvReader::with("t.csv", csv.as_bytes(), &reading).unwrap();
    let test = test.map(|test| CsvReader::with("test.csv", test.as_bytes(), &reading).unwrap());
    examine(reader, test, options).unwrap()
}

fn for_target(target: &str) -> Options {
    Options {
        target: Some(target.to_owned()),
        positive: None,
    }
}

fn findings(csv: &str) -> Vec<Finding> {
    look(csv, None, &for_target("ill")).findings
}

fn codes(findings: &[Finding]) -> Vec<Code> {
    findings.iter().map(|finding| finding.code).collect()
}

/// The clean table with a column put before the target.
fn with_column(name: &str, value: impl Fn(usize, &[String]) -> String) -> String {
    let mut rows = clean();
    for (at, row) in rows.iter_mut().enumerate() {
        let value = value(at, row);
        row.insert(3, value);
    }
    csv(&format!("age,dose,site,{name},ill"), &rows)
}

/// The only finding.
fn only(csv: &str, code: Code) -> Finding {
    let mut found = findings(csv);
    assert_eq!(codes(&found), [code], "{found:?}");
    let finding = found.remove(0);
    assert!(!finding.next.is_empty() && !finding.message.is_empty());
    finding
}

#[test]
fn a_clean_table_has_no_finding() {
    let found = look(&csv(HEADER, &clean()), None, &for_target("ill"));
    assert_eq!(found.findings, []);
    assert!(found.is_exact);
    assert_eq!(found.rows, 400);
    let kinds: Vec<&str> = found
        .columns
        .iter()
        .map(|column| column.kind.name())
        .collect();
    assert_eq!(kinds, ["numeric", "numeric", "categorical", "boolean"]);
    assert_eq!(
        (found.columns[2].distinct, found.columns[2].numbers),
        (4, None)
    );
    let age = found.columns[0].numbers.unwrap();
    assert!(age.min >= 20.0 && age.max < 80.0 && (45.0..55.0).contains(&age.mean));
    assert!((15.0..20.0).contains(&age.deviation));
    assert_eq!(
        look(&csv(HEADER, &clean()), None, &Options::default()).findings,
        []
    );
}

#[test]
fn reading_has_its_findings() {
    let table = csv(HEADER, &clean());
    let bad = only(&(table.clone() + "1,2\n"), Code::BadRows);
    assert_eq!((bad.count, bad.lines), (Some(1), vec![402]));
    let rows: Vec<Vec<String>> = clean()
        .into_iter()
        .map(|row| [row, vec![String::new()]].concat())
        .collect();
    only(&csv("age,dose,site,ill,", &rows), Code::TrailingDelimiter);

    let options = CsvOptions {
        names: chainrule_data::Names::Rename,
        ..CsvOptions::default()
    };
    let renamed = csv("age,age,site,ill", &clean());
    let reader = CsvReader::with("t", renamed.as_bytes(), &options).unwrap();
    let found = examine(reader, None, &for_target("ill")).unwrap();
    assert_eq!(codes(&found.findings), [Code::RenamedColumns]);

    let rows: Vec<Vec<String>> = (0..60)
        .map(|i| [7, 11, 13].map(|k| (i * k % 31).to_string()).to_vec())
        .collect();
    let found = look(&csv("2001,2002,2003", &rows), None, &Options::default());
    assert!(
        codes(&found.findings).contains(&Code::NumericHeader),
        "{:?}",
        found.findings
    );
}

#[test]
fn the_target_has_its_findings() {
    let relabelled = |label: &dyn Fn(usize, &str) -> String| {
        let mut rows = clean();
        for (at, row) in rows.iter_mut().enumerate() {
            row[3] = label(at, &row[3]);
        }
        csv(HEADER, &rows)
    };
    only(&relabelled(&|_, _| "no".into()), Code::OneLabel);
    let none = findings(&relabelled(&|_, _| String::new()));
    assert_eq!(codes(&none), [Code::OneLabel, Code::MissingLabels]);
    let many = relabelled(&|at, label| {
        if at.is_multiple_of(3) {
            "maybe".into()
        } else {
            label.to_owned()
        }
    });
    assert_eq!(only(&many, Code::ManyLabels).count, Some(3));
    let positive = Options {
        positive: Some("maybe".into()),
        ..for_target("ill")
    };
    assert_eq!(look(&many, None, &positive).findings, []);
    let dots = relabelled(&|at, label| {
        if at.is_multiple_of(9) {
            format!("{label}.")
        } else {
            label.to_owned()
        }
    });
    assert_eq!(
        codes(&findings(&dots)),
        [Code::ManyLabels, Code::LabelSpellings, Code::LabelSpellings]
    );
    let missing = only(
        &relabelled(&|at, label| {
            if at == 5 {
                "?".into()
            } else {
                label.to_owned()
            }
        }),
        Code::MissingLabels,
    );
    assert_eq!(missing.count, Some(1));
    let rare = relabelled(&|at, _| {
        if at.is_multiple_of(25) {
            "yes".into()
        } else {
            "no".into()
        }
    });
    let yes = rare.matches("yes").count();
    let found = findings(&rare);
    assert_eq!(codes(&found), [Code::RareClass, Code::Imbalance]);
    assert_eq!(found[0].count, Some(yes));
    let rare = relabelled(&|at, _| {
        if at.is_multiple_of(9) {
            "yes".into()
        } else {
            "no".into()
        }
    });
    only(&rare, Code::RareClass);
}

#[test]
fn columns_that_tell_the_target_are_found() {
    let copy = with_column("verdict", |_, row| {
        if row[3] == "yes" {
            "sick".into()
        } else {
            "well".into()
        }
    });
    let leak = only(&copy, Code::Leak);
    assert_eq!(
        (leak.columns, leak.auc),
        (vec!["verdict".to_owned()], Some(1.0))
    );
    let gap = with_column("treatment", |at, row| {
        if row[3] == "yes" {
            format!("{}.5", at % 50)
        } else {
            String::new()
        }
    });
    let codes = codes(&findings(&gap));
    assert!(
        codes.contains(&Code::Leak) && codes.contains(&Code::MostlyMissing)
            || codes.contains(&Code::MissingValues),
        "{codes:?}"
    );
    let strong = with_column("length", |at, row| {
        let noise = (at * 7919 % 400) as f64 / 400.0;
        format!("{:.3}", noise + if row[3] == "yes" { 0.5 } else { 0.0 })
    });
    let strong = only(&strong, Code::StrongColumn);
    assert!(
        strong.auc.is_some_and(|auc| (0.8..0.95).contains(&auc)),
        "{strong:?}"
    );
}

#[test]
fn repeats_are_found() {
    let mut rows = clean();
    rows.push(rows[10].clone());
    let repeat = only(&csv(HEADER, &rows), Code::DuplicateRows);
    assert_eq!((repeat.count, repeat.lines), (Some(1), vec![12, 402]));
    let mut other = rows[10].clone();
    other[3] = if other[3] == "yes" {
        "no".into()
    } else {
        "yes".into()
    };
    rows.pop();
    rows.push(other);
    let conflict = only(&csv(HEADER, &rows), Code::ConflictingRows);
    assert_eq!((conflict.count, conflict.lines), (Some(2), vec![12]));
    let copied = only(
        &with_column("years", |_, row| format!("{}.0", row[0])),
        Code::DuplicateColumns,
    );
    assert_eq!(copied.columns, ["age", "years"]);
}

#[test]
fn columns_have_their_findings() {
    let of = |name: &str, value: &dyn Fn(usize) -> String, code| {
        only(&with_column(name, |at, _| value(at)), code)
    };
    of("void", &|_| String::new(), Code::EmptyColumn);
    of("unit", &|_| "mg".into(), Code::ConstantColumn);
    let mixed = of(
        "grade",
        &|at| {
            if at == 8 {
                "high".into()
            } else {
                format!("{}", at % 7)
            }
        },
        Code::MixedColumn,
    );
    assert_eq!((mixed.count, mixed.lines), (Some(1), vec![10]));
    let infinite = of(
        "ratio",
        &|at| {
            if at == 8 {
                "inf".into()
            } else {
                format!("{}", at % 7)
            }
        },
        Code::InfiniteValues,
    );
    assert_eq!(infinite.lines, [10]);
    let big = of(
        "account",
        &|at| {
            format!(
                "{}",
                9_007_199_254_740_993 + (at as u64 * 37) % 400 * 1_000_000_000_000
            )
        },
        Code::BigIntegers,
    );
    assert_eq!(big.count, Some(400));
    for (name, value) in [
        (
            "row",
            (&|at: usize| at.to_string()) as &dyn Fn(usize) -> String,
        ),
        ("patient_id", &|at: usize| format!("{}", (at * 7919) % 400)),
        ("name", &|at: usize| format!("p-{at}")),
    ] {
        of(name, value, Code::Identifier);
    }
    // Numbers that merely differ are none.
    assert_eq!(
        findings(&with_column("weight", |at, _| format!(
            "{}",
            (at * 7919) % 400
        ))),
        []
    );
    of(
        "street",
        &|at| format!("street {}", at * 7919 % 130),
        Code::ManyLevels,
    );
    let missing = of(
        "bmi",
        &|at| {
            if !at.is_multiple_of(3) {
                String::new()
            } else {
                format!("{}", at % 70)
            }
        },
        Code::MostlyMissing,
    );
    assert_eq!(missing.count, Some(266));
    let missing = of(
        "bmi",
        &|at| {
            if at.is_multiple_of(8) {
                "NA".into()
            } else {
                format!("{}", at % 70)
            }
        },
        Code::MissingValues,
    );
    assert_eq!(missing.count, Some(50));
    for code in ["0", "-1", "999"] {
        let value = |at: usize| {
            if at.is_multiple_of(20) {
                code.to_owned()
            } else {
                format!("{}", 60 + at % 37)
            }
        };
        assert_eq!(of("pressure", &value, Code::MissingCode).count, Some(20));
    }
    let word = of(
        "job",
        &|at| {
            if at.is_multiple_of(20) {
                "Unknown".into()
            } else {
                format!("job {}", at % 7)
            }
        },
        Code::MissingWord,
    );
    assert_eq!(word.count, Some(20));
    let far = of(
        "price",
        &|at| {
            if at == 30 {
                "1234567".into()
            } else {
                format!("{}", 100 + at % 37)
            }
        },
        Code::Outliers,
    );
    assert_eq!((far.count, far.lines), (Some(1), vec![32]));
    of(
        "time",
        &|at| format!("{}.25", 1_700_000_000_u64 + (at as u64 * 37) % 397),
        Code::NarrowScale,
    );
    of(
        "power",
        &|at| format!("1e{}", (at * 7) % 23),
        Code::WideScale,
    );
    of(
        "since",
        &|at| format!("{:02}/{:02}/2020", 1 + at % 12, 1 + at % 11),
        Code::AmbiguousDates,
    );
}

#[test]
fn a_test_table_is_compared() {
    let rows = clean();
    let table = csv(HEADER, &rows[..300]);
    let test = |test: &str| look(&table, Some(test), &for_target("ill")).findings;
    assert_eq!(test(&csv(HEADER, &rows[300..])), []);
    // In another order of columns, without labels, and with numbers spelled otherwise.
    let mut some: Vec<Vec<String>> = rows[300..].to_vec();
    some.extend_from_slice(&rows[20..25]);
    let turned = some
        .iter()
        .map(|row| vec![row[2].clone(), format!("{}.0", row[0]), row[1].clone()]);
    let found = test(&csv("site,age,dose", &turned.collect::<Vec<_>>()));
    assert_eq!(codes(&found), [Code::TestOverlap]);
    assert_eq!(
        (found[0].count, found[0].lines.as_slice()),
        (Some(5), [102].as_slice())
    );
    let found = test("age,site,ill\n1,2,no\n");
    assert_eq!(codes(&found), [Code::TestColumns]);
    assert_eq!(found[0].columns, ["dose"]);
    let spelled = csv(HEADER, &rows[300..])
        .replace("yes", "Yes")
        .replace("site 2", "Site 2");
    let found = test(&spelled);
    assert_eq!(codes(&found), [Code::TestLabels, Code::TestLevels]);
    assert!(found[0].message.contains("\"Yes\""), "{found:?}");
    assert_eq!(found[1].columns, ["site"]);
}

#[test]
fn a_table_larger_than_what_is_kept_gives_estimates() {
    // Each row twice, in an order that parts them.
    let rows = 480_000_u64;
    let mut text = String::from("a,b,y\n");
    for i in (0..rows).chain(0..rows) {
        let a = i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
        text += &format!("{a},{}.5,{}\n", i % 1000, a % 2);
    }
    let found = look(&text, None, &for_target("y"));
    assert!(!found.is_exact);
    assert_eq!(found.rows as u64, 2 * rows);
    let repeats = found
        .findings
        .iter()
        .find(|finding| finding.code == Code::DuplicateRows)
        .unwrap();
    let error = repeats.count.unwrap() as f64 / rows as f64 - 1.0;
    assert!(error.abs() < 0.02, "{error}");
    assert_eq!(found.columns[1].distinct, 1000);
    assert!(!found.columns[0].distinct_is_exact);
}

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
    let expectations =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doctor.txt")).unwrap();
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

#[test]
fn the_guide_lists_every_code() {
    let guide = std::fs::read_to_string(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../docs/guide/doctor.md"
    ))
    .unwrap();
    for code in Code::ALL {
        let row = format!("| `{code}` | {} |", code.severity());
        assert!(guide.contains(&row), "{row}");
    }
    assert_eq!(guide.matches("\n| `").count(), Code::ALL.len());
}
