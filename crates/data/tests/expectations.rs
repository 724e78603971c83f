//! Real tables, against what pandas and scikit-learn make of them (`expectations.json`, made by `scripts/oracle/tables.py`): each value
//! to its bits, missing ones, levels, labels, means and deviations, one-hot inputs. None of the files is described to our reader: how it is
//! written is found out.

use chainrule_data::{
    Cell, Column, Encoder, FeatureKind, Preprocessing, Scaling, Schema, SchemaOptions, Table,
};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::PathBuf;

fn expectations() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/expectations.json");
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// The numbers of a column, all missing ones and both zeros in one form.
fn sha256(column: Column) -> String {
    let mut hash = Sha256::new();
    for cell in column.cells() {
        let value = match cell {
            Cell::Number(value) => value + 0.0,
            Cell::Missing => f64::NAN,
            other => panic!("{other:?} in a column of numbers"),
        };
        hash.update(value.to_bits().to_le_bytes());
    }
    hash.finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// How often each text of a column occurs; numbers are spelled as pandas spells them.
fn counts(column: Column) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for cell in column.cells() {
        let text = match cell {
            Cell::Missing => continue,
            Cell::Text(text) => text.to_owned(),
            Cell::Number(value) | Cell::Infinite(value) => value.to_string(),
        };
        *counts.entry(text).or_default() += 1;
    }
    counts
}

fn expected_counts(value: &Value) -> BTreeMap<String, usize> {
    let map = value.as_object().unwrap().iter();
    map.map(|(name, count)| (name.clone(), count.as_u64().unwrap() as usize))
        .collect()
}

fn near(found: f64, expected: &Value, what: &str) {
    let expected = expected.as_f64().unwrap();
    let distance = (found - expected).abs();
    assert!(
        distance <= 1e-12 * expected.abs(),
        "{what}: {found}, not {expected}"
    );
}

/// One table, from the file to the network's inputs.
fn check(path: &PathBuf, expected: &Value) {
    let file = expected["file"].as_str().unwrap();
    let table = Table::open(path).unwrap();
    assert_eq!(table.rows(), expected["rows"], "{file}");
    let columns = expected["columns"].as_array().unwrap();
    let names: Vec<&str> = columns
        .iter()
        .map(|column| column["name"].as_str().unwrap())
        .collect();
    assert_eq!(table.names(), names, "{file}");
    let target = expected["target"].as_str().unwrap();
    let labels = counts(table.column(target).unwrap());
    assert_eq!(labels, expected_counts(&expected["labels"]), "{file}");
    for column in columns {
        let name = column["name"].as_str().unwrap();
        let found = table.column(name).unwrap();
        let missing = found.cells().filter(|cell| *cell == Cell::Missing).count();
        assert_eq!(missing, column["missing"], "{file}, {name}");
        if let Some(expected) = column["sha256"].as_str() {
            assert_eq!(sha256(found), expected, "{file}, {name}");
        } else if name != target {
            assert_eq!(
                counts(found),
                expected_counts(&column["levels"]),
                "{file}, {name}"
            );
        }
    }

    let schema = Schema::infer_with(&table, target, &SchemaOptions::default())
        .unwrap()
        .schema;
    let data = schema.encode(&table).unwrap();
    // A missing cell has an encoder of its own, and so Robust scaling gives each column one.
    let encoders = |scaling| match Preprocessing::fit(scaling, &data).unwrap() {
        Preprocessing::Columns(encoders) => encoders,
        Preprocessing::Standard { mean, scale } => mean
            .into_iter()
            .zip(scale)
            .map(|(center, scale)| Encoder::Number {
                center,
                scale,
                fill: f64::NAN,
                indicator: false,
            })
            .collect(),
        other => panic!("{other:?}"),
    };
    let (standard, robust) = (encoders(Scaling::Standard), encoders(Scaling::Robust));
    let inputs = Preprocessing::fit(Scaling::Standard, &data).unwrap();
    let inputs = inputs.transform::<f64>(&data).unwrap();
    let mut first = 0;
    for (at, feature) in schema.features().iter().enumerate() {
        let what = format!("{file}, {}", feature.name);
        let column = columns
            .iter()
            .find(|column| column["name"] == *feature.name)
            .unwrap();
        let sum = |input: usize| inputs.row(first + input).sum();
        match (&feature.kind, &standard[at], &robust[at]) {
            (
                FeatureKind::Numeric,
                &Encoder::Number { center, scale, .. },
                &Encoder::Number { center: median, .. },
            ) => {
                near(center, &column["mean"], &what);
                near(scale, &column["deviation"], &what);
                near(median, &column["median"], &what);
            }
            (FeatureKind::Boolean, ..) => {
                // True is one of two levels: the later one in all words for it.
                let levels = expected_counts(&column["inputs"]);
                let (_, count) = levels.last_key_value().unwrap();
                assert_eq!(sum(0), *count as f64, "{what}");
            }
            (FeatureKind::Categorical, Encoder::OneHot { levels, others, .. }, _) => {
                let mut expected = expected_counts(&column["inputs"]);
                let rare = expected.remove("infrequent_sklearn");
                assert_eq!(*others, rare.is_some(), "{what}");
                // With the missing ones filled in. An input of its own tells them in ours; the levels are the same.
                let sums: BTreeMap<String, usize> = (levels.iter().enumerate())
                    .map(|(input, level)| (level.clone(), sum(input) as usize))
                    .collect();
                assert_eq!(sums, expected, "{what}");
                if let Some(rare) = rare {
                    assert_eq!(sum(levels.len()), rare as f64, "{what}");
                }
            }
            other => panic!("{what}: {other:?}"),
        }
        first += standard[at].outputs();
    }
    assert_eq!(first, inputs.nrows(), "{file}");
}

#[test]
fn real_tables_are_what_pandas_and_scikit_learn_make_of_them() {
    let expectations = expectations();
    let tables = expectations["tables"].as_array().unwrap();
    assert_eq!(tables.len(), 12);
    for expected in tables {
        let file = expected["file"].as_str().unwrap();
        let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "../../../shared/data/csv", file]
            .iter()
            .collect();
        if path.exists() {
            check(&path, expected);
        } else {
            eprintln!("SKIPPED: {} is not there", path.display());
        }
    }
}
