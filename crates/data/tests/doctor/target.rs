//! The labels, and columns that tell them.

use super::*;

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
fn the_auc_of_a_column_is_the_share_of_pairs_in_order() {
    // 1 to 20 without and 11 to 30 with: of 400 pairs 345 are in order and 10 are ties, 0.875 in all.
    let rows: String = (1..=20)
        .map(|x| format!("{x},no\n"))
        .chain((11..=30).map(|x| format!("{x},yes\n")))
        .collect();
    let found = look(&format!("x,ill\n{rows}"), None, &for_target("ill"));
    let strong = |finding: &&Finding| finding.code == Code::StrongColumn;
    let aucs: Vec<_> = found
        .findings
        .iter()
        .filter(strong)
        .map(|finding| finding.auc)
        .collect();
    assert_eq!(aucs, [Some(0.875)]);
}

#[test]
fn a_label_to_set_against_the_others_must_occur() {
    let look_for = |positive: &str, table: &str, test: Option<&str>| {
        let options = Options {
            positive: Some(positive.into()),
            ..for_target("ill")
        };
        let reader = CsvReader::new("t.csv", table.as_bytes()).unwrap();
        let test = test.map(|test| CsvReader::new("test.csv", test.as_bytes()).unwrap());
        examine(reader, test, &options)
    };
    let table = csv(HEADER, &clean());
    assert!(look_for("yes", &table, None).unwrap().findings.is_empty());
    assert_eq!(
        look_for("ys", &table, None).unwrap_err().to_string(),
        "t.csv: the positive class \"ys\" does not occur; the labels are \"yes\" and \"no\"; choose one of these"
    );
    // Against the rest: what the test table has besides is of the rest, and rows of two others are in no conflict.
    let mut rows = clean();
    let label = |at: usize| ["well", "ill", "hurt"][at % 3].to_owned();
    (0..400).for_each(|at| rows[at][3] = label(at));
    let test = csv(HEADER, &rows[300..]).replace("hurt", "lost");
    rows.truncate(300);
    let mut again = rows[0].clone();
    again[3] = "hurt".into();
    rows.push(again);
    let found = look_for("ill", &csv(HEADER, &rows), Some(&test)).unwrap();
    assert_eq!(codes(&found.findings), [Code::DuplicateRows]);
    let found = look(&csv(HEADER, &rows), Some(&test), &for_target("ill"));
    assert_eq!(
        codes(&found.findings),
        [Code::ManyLabels, Code::ConflictingRows, Code::TestLabels]
    );
}
