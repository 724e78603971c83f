//! Tables that people have, as they come: most without a header.

use crate::harness::{Folder, number};
use std::path::{Path, PathBuf};

/// The tables that lie beside the checkout; nothing where they don't.
fn tables() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/csv");
    if !folder.is_dir() {
        eprintln!("SKIPPED: {} is not there", folder.display());
        return None;
    }
    Some(folder)
}

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
fn tables_as_they_are_get_an_error_that_says_what_to_do() {
    let Some(tables) = tables() else { return };
    let folder = Folder::new();
    for (name, code, says) in [
        ("banknote_authentication.csv", 2, "no column \"y\""),
        ("bank_marketing.csv", 1, "is not a number"),
    ] {
        let path = tables.join(name);
        let run = folder.run(["train".as_ref(), path.as_os_str(), "--target=y".as_ref()]);
        assert_eq!(run.code, Some(code), "{}", run.stderr);
        assert!(run.stderr.contains(says), "{}", run.stderr);
        assert_eq!(run.stdout, "");
    }
    assert!(folder.names().is_empty());
}
