//! What is in a column.

use super::*;

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
fn numbers_of_any_size_have_a_mean_and_a_deviation() {
    for (numbers, mean, deviation) in [
        (["1e308", "-1e308"], 0.0, 1e308),
        (["1.7e308", "1.5e308"], 1.6e308, 1e307),
        (["1e-200", "3e-200"], 2e-200, 1e-200),
        (["1e200", "3e200"], 2e200, 1e200),
    ] {
        let rows: String = (0..60)
            .map(|i| format!("{},{}\n", numbers[i % 2], i % 3 % 2))
            .collect();
        let found = look(&format!("x,ill\n{rows}"), None, &for_target("ill"));
        let found = found.columns[0].numbers.unwrap();
        assert!(
            (found.mean - mean).abs() <= 1e-12 * deviation,
            "{numbers:?}: {found:?}"
        );
        assert!(
            (found.deviation / deviation - 1.0).abs() < 1e-12,
            "{numbers:?}: {found:?}"
        );
    }
}

#[test]
fn identifiers_have_names_of_several_forms() {
    let numbers = |at: usize, _: &[String]| format!("{}", 500 + at * 7919 % 400);
    for name in ["id", "PassengerId", "customerID", "case number"] {
        only(&with_column(name, numbers), Code::Identifier);
    }
    for name in ["weight", "paid", "Idle"] {
        assert_eq!(findings(&with_column(name, numbers)), []);
    }
}

/// The text of a number with so many digits after the point, or of all digits in scientific form; every twentieth is missing.
fn dose(at: usize, row: &[String], of: impl Fn(f64) -> f64, digits: usize) -> String {
    let number = of(row[0].parse::<f64>().unwrap() + (at % 97) as f64 / 10.0);
    match (at % 20, digits) {
        (0, _) => String::new(),
        (_, 0) => format!("{number:e}"),
        _ => format!("{number:.digits$}"),
    }
}

/// What stands in a row, by its number and its other cells.
type Cells<'a> = &'a dyn Fn(usize, &[String]) -> String;

/// The clean table with two columns more.
fn with_columns(values: [Cells; 2]) -> Vec<Finding> {
    let mut rows = clean();
    for (at, row) in rows.iter_mut().enumerate() {
        let values = values.map(|value| value(at, row));
        row.splice(3..3, values);
    }
    let found = findings(&csv("age,dose,site,p,q,ill", &rows));
    let is_about_gaps = |finding: &Finding| finding.code == Code::MissingValues;
    found
        .into_iter()
        .filter(|finding| !is_about_gaps(finding))
        .collect()
}

#[test]
fn columns_of_another_scale_are_found() {
    let plain = |at: usize, row: &[String]| dose(at, row, |x| x, 1);
    for (of, digits) in [
        // Another unit, another zero, another sign; and the same with digits that were rounded away.
        ((|x| 2.5 * x) as fn(f64) -> f64, 17),
        (|x| x - 1000.0, 1),
        (|x| 3.0 - x / 7.0, 17),
        (|x| x * 1e200, 0),
        (|x| 1.8 * x + 32.0, 1),
        (|x| -x / 2.54, 1),
    ] {
        let found = with_columns([&plain, &|at, row| dose(at, row, of, digits)]);
        assert_eq!(codes(&found), [Code::RescaledColumns], "{found:?}");
        assert_eq!(found[0].columns, ["p", "q"]);
    }
    for of in [(|x| x * x) as fn(f64) -> f64, f64::ln, |x| {
        x + (x * 7.0).sin() * 2.0
    }] {
        assert_eq!(with_columns([&plain, &|at, row| dose(at, row, of, 6)]), []);
    }
    // One row that differs, by a little or for want of a value.
    let but = |changed: &'static str| {
        move |at: usize, row: &[String]| match at {
            301 => changed.to_owned(),
            _ => dose(at, row, |x| 2.0 * x, 1),
        }
    };
    assert_eq!(with_columns([&plain, &but("77.7")]), []);
    assert_eq!(with_columns([&plain, &but("")]), []);
    // Two values are the same up to scale if they change together, and few steps are no rounded digits.
    let old = |_: usize, row: &[String]| u8::from(row[0].as_str() > "50").to_string();
    let young = |_: usize, row: &[String]| (2 - 2 * u8::from(row[0].as_str() > "50")).to_string();
    assert_eq!(
        codes(&with_columns([&old, &young])),
        [Code::RescaledColumns]
    );
    let steps = |by: usize| move |at: usize, _: &[String]| (at * by % 7).to_string();
    assert_eq!(with_columns([&steps(1), &steps(3)]), []);
}

#[test]
fn columns_of_other_names_are_found() {
    let site = |_: usize, row: &[String]| row[2].clone();
    let short = |_: usize, row: &[String]| row[2].replace("site ", "S");
    let number = |_: usize, row: &[String]| {
        ["7", "1", "30", "4"][usize::from(row[2].as_bytes()[5] - b'0')].to_owned()
    };
    let found = with_columns([&short, &number]);
    assert_eq!(codes(&found), [Code::RenamedLevels]);
    assert_eq!(found[0].columns, ["site", "p", "q"]);
    // Where a name is missing, or two are one, they are not the same.
    let gap = |at: usize, row: &[String]| {
        if at == 7 {
            String::new()
        } else {
            site(at, row)
        }
    };
    let joined = |at: usize, row: &[String]| site(at, row).replace("site 3", "site 2");
    assert_eq!(with_columns([&gap, &joined]), []);
    // Names of rows agree with each other, and say nothing.
    let found = with_columns([&|at, _| format!("a{at}"), &|at, _| format!("b{at}")]);
    assert_eq!(codes(&found), [Code::Identifier, Code::Identifier]);
    let found = with_columns([&|at, _| format!("a{}", at / 2), &|at, _| {
        format!("b{}", at / 2)
    }]);
    assert!(!codes(&found).contains(&Code::RenamedLevels));
}
