//! Tables that people have, as they come: most without a header.

use crate::harness::{Folder, number, tables};

#[test]
fn numeric_tables_beat_the_baseline_or_are_honest() {
    let Some(tables) = tables() else { return };
    // Rows, features and positive label as documented, and a ROC AUC that logistic regression reaches easily.
    for (name, rows, features, positive, least) in [
        ("banknote_authentication", 1372, 4, "1", 0.99),
        ("ionosphere", 351, 34, "g", 0.80),
        ("pima-indians-diabetes", 768, 8, "1", 0.75),
        ("haberman", 306, 3, "2", 0.45),
        ("oil-spill", 937, 49, "1", 0.75),
    ] {
        let folder = Folder::new();
        folder.write(
            "t.csv",
            std::fs::read(tables.join(format!("{name}.csv"))).unwrap(),
        );
        let json = folder.json("train t.csv --json");
        assert_eq!(json["rows"], rows, "{name}");
        assert_eq!(json["features"], features, "{name}");
        assert_eq!(json["positive"], positive, "{name}");
        let roc_auc = number(&json["validation"]["roc_auc"]);
        assert!(roc_auc > least, "{name}: {roc_auc}");
        let predicted = folder.ok("predict t.chainrule t.csv --keep c1").csv();
        assert_eq!(predicted.len(), 1 + rows, "{name}");
    }
}

#[test]
fn tables_of_words_train_as_they_are() {
    let Some(tables) = tables() else { return };
    let folder = Folder::new();
    for (name, target, least) in [
        ("german.csv", "last", 0.70),
        ("german_credit_named.csv", "credit_risk", 0.70),
        ("breast-cancer.csv", "last", 0.5),
        ("bank_marketing.csv", "y", 0.90),
    ] {
        folder.write(name, std::fs::read(tables.join(name)).unwrap());
        let json = folder.json(&format!(
            "train {name} --target {target} --epochs 10 --json -o m"
        ));
        let roc_auc = number(&json["validation"]["roc_auc"]);
        assert!(roc_auc > least, "{name}: {roc_auc}");
        assert!(number(&json["inputs"]) > number(&json["features"]));
        let predicted = folder.ok(&format!("predict m {name}")).csv();
        assert_eq!(
            predicted.len() as f64,
            1.0 + number(&json["rows"]),
            "{name}"
        );
    }
}

#[test]
fn the_adult_set_goes_from_two_raw_files_to_an_honest_test_score() {
    let Some(tables) = tables() else { return };
    let folder = Folder::new();
    for name in ["adult-train.csv", "adult-test.csv"] {
        folder.write(name, std::fs::read(tables.join(name)).unwrap());
    }
    let json = folder.json("train adult-train.csv --epochs 20 --json");
    assert_eq!(
        (&json["rows"], &json["positive"]),
        (&32561.into(), &">50K".into())
    );
    let error = folder.fails(1, "evaluate adult-train.chainrule adult-test.csv");
    for part in [
        "\"<=50K.\" (12,435 rows)",
        "\">50K.\" (3,846 rows)",
        "\"<=50K\" (negative)",
        "--map-label '>50K.' '>50K'",
    ] {
        assert!(error.contains(part), "{error}");
    }
    let json = folder.json(
        "evaluate adult-train.chainrule adult-test.csv --map-label >50K. >50K --map-label <=50K. <=50K --json",
    );
    assert_eq!(json["rows"], 16281);
    assert!(number(&json["accuracy"]) >= 0.850, "{json}");
    assert!(number(&json["roc_auc"]) >= 0.905, "{json}");
}

#[test]
fn no_table_that_trains_well_is_warned_of() {
    let Some(tables) = tables() else { return };
    let folder = Folder::new();
    for (name, target, epochs) in [
        ("banknote_authentication", "last", 50),
        ("bank_marketing", "y", 50),
        ("breast-cancer", "last", 50),
        ("german", "last", 50),
        ("german_credit_named", "credit_risk", 50),
        ("haberman", "last", 50),
        ("ionosphere", "last", 50),
        ("oil-spill", "last", 50),
        ("pima-indians-diabetes", "last", 50),
        ("wdbc", "diagnosis", 50),
        // With debug assertions this one takes its time.
        ("adult-train", "last", 5),
    ] {
        folder.write(
            "t.csv",
            std::fs::read(tables.join(format!("{name}.csv"))).unwrap(),
        );
        let run = folder.ok(&format!(
            "train t.csv --target {target} --epochs {epochs} --json -o m"
        ));
        assert_eq!(
            run.json()["warnings"].as_array().unwrap().len(),
            0,
            "{name}: {}",
            run.stderr
        );
        assert!(!run.stderr.contains("warning"), "{name}: {}", run.stderr);
    }
}
