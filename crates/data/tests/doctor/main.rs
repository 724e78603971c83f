//! The doctor: each code on a small table that has what it is about, and none on one that has not.

use chainrule_data::doctor::{Code, Examination, Finding, Options, examine};
use chainrule_data::{CsvOptions, CsvReader, OnBad};

mod columns;
mod real;
mod rows;
mod target;

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
