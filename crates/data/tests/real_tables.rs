//! Real tables, against what pandas and scikit-learn's `StandardScaler` make of them.

use chainrule_data::{Preprocessing, Scaling, Schema, Table, embedded};
use std::fs::File;
use std::io::Read;
use std::path::PathBuf;

struct Expected {
    file: &'static str,
    columns: usize,
    positives: (&'static str, usize),
    negatives: (&'static str, usize),
    constant: &'static [usize],
    sum_of_means: f64,
    sum_of_deviations: f64,
}

const TABLES: [Expected; 5] = [
    Expected {
        file: "banknote_authentication.csv",
        columns: 5,
        positives: ("1", 610),
        negatives: ("0", 762),
        constant: &[],
        sum_of_means: 2.5620589749323615,
        sum_of_deviations: 15.117340309195402,
    },
    Expected {
        file: "ionosphere.csv",
        columns: 35,
        positives: ("g", 225),
        negatives: ("b", 126),
        constant: &[1],
        sum_of_means: 8.42169792022792,
        sum_of_deviations: 17.329558187804004,
    },
    Expected {
        file: "pima-indians-diabetes.csv",
        columns: 9,
        positives: ("1", 268),
        negatives: ("0", 500),
        constant: &[],
        sum_of_means: 359.8863294270833,
        sum_of_deviations: 205.7358702343259,
    },
    Expected {
        file: "haberman.csv",
        columns: 4,
        positives: ("2", 81),
        negatives: ("1", 225),
        constant: &[],
        sum_of_means: 119.33660130718954,
        sum_of_deviations: 21.20777213000622,
    },
    Expected {
        file: "oil-spill.csv",
        columns: 50,
        positives: ("1", 41),
        negatives: ("0", 896),
        constant: &[22],
        sum_of_means: 789071.8163180365,
        sum_of_deviations: 3856250.685898291,
    },
];

/// A file of the shared data beside the checkout, which not every machine has.
fn shared(file: &str) -> Option<File> {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "../../../shared/data/csv", file]
        .iter()
        .collect();
    let found = File::open(&path).ok();
    if found.is_none() {
        eprintln!("SKIPPED: {} is not there", path.display());
    }
    found
}

fn near(found: f64, expected: f64) -> bool {
    (found - expected).abs() <= 1e-11 * expected.abs()
}

fn check(table: &Table, target: &str, expected: &Expected) {
    let schema = Schema::infer(table, target, None).unwrap();
    let data = schema.encode(table).unwrap();
    assert_eq!(schema.inputs(), expected.columns - 1);
    assert_eq!(schema.labels().positive, expected.positives.0);
    assert_eq!(schema.labels().negative, expected.negatives.0);
    let positives = data.labels().iter().filter(|label| **label).count();
    assert_eq!(
        (positives, data.len() - positives),
        (expected.positives.1, expected.negatives.1)
    );
    let fitted = Preprocessing::fit(Scaling::Standard, &data).unwrap();
    assert_eq!(fitted.constant_features(), expected.constant);
    let Preprocessing::Standard { mean, scale } = fitted else {
        panic!()
    };
    assert!(
        near(mean.iter().sum(), expected.sum_of_means),
        "{}",
        expected.file
    );
    assert!(
        near(scale.iter().sum(), expected.sum_of_deviations),
        "{}",
        expected.file
    );
}

#[test]
fn the_embedded_table_is_what_it_says() {
    let wdbc = embedded::wdbc();
    let table = Table::from_csv(wdbc.name, wdbc.bytes).unwrap();
    assert!(table.notes().is_empty());
    let expected = Expected {
        file: "wdbc",
        columns: 31,
        positives: ("malignant", 212),
        negatives: ("benign", 357),
        constant: &[],
        sum_of_means: 1856.721370185589,
        sum_of_deviations: 1046.2209939120346,
    };
    check(&table, wdbc.target, &expected);
    if let Some(mut file) = shared("wdbc.csv") {
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        assert!(bytes == wdbc.bytes);
    }
}

#[test]
fn numeric_tables_agree_with_pandas() {
    for expected in &TABLES {
        let Some(file) = shared(expected.file) else {
            continue;
        };
        let names: Vec<_> = (1..=expected.columns).map(|at| format!("c{at}")).collect();
        let header = names.join(",") + "\n";
        let table = Table::from_csv(expected.file, header.as_bytes().chain(file)).unwrap();
        check(&table, &names[expected.columns - 1], expected);
    }
}

#[test]
fn tables_of_words_are_read_as_they_come() {
    for (file, rows, target, positive, numeric, categorical) in [
        ("bank_marketing.csv", 8237, "y", "yes", 10, 10),
        ("german_credit_named.csv", 1000, "credit_risk", "1", 7, 11),
        ("adult-train.csv", 32561, "c15", ">50K", 6, 8),
        ("breast-cancer.csv", 286, "c10", "recurrence-events", 1, 6),
        ("german.csv", 1000, "c21", "2", 7, 13),
    ] {
        let Some(input) = shared(file) else { continue };
        let table = Table::from_csv(file, input).unwrap();
        assert_eq!(table.rows(), rows, "{file}");
        let schema = Schema::infer(&table, target, None).unwrap();
        assert_eq!(schema.labels().positive, positive, "{file}");
        let of_kind = |kind: &str| {
            let features = schema.features().iter();
            features
                .filter(|feature| feature.kind.name() == kind)
                .count()
        };
        assert_eq!(
            (of_kind("numeric"), of_kind("categorical")),
            (numeric, categorical),
            "{file}"
        );
        let data = schema.encode(&table).unwrap();
        assert_eq!(data.len(), rows, "{file}");
        Preprocessing::fit(Scaling::Standard, &data)
            .unwrap()
            .transform::<f32>(&data)
            .unwrap();
    }
}
