//! The golden classifiers of format version 1: these files must be read for ever, and mean what they meant.

use std::path::PathBuf;

use chainrule_data::{Preprocessing, Table};
use chainrule_nn::Precision;
use chainrule_trainer::{BatchRecord, Classifier, ValidationRecord};

/// What they were trained on.
const CSV: &str = "breite,\"a, b\",größe µ,target\n1,10,5,no\n2,-3,5,\"yes, sir\"\n0.5,8,5,no\n\
                   3,1e3,5,\"yes, sir\"\n2.5,0,5,\"yes, sir\"\n0,7,5,no\n";

#[test]
fn version_1_is_read_and_predicts_what_it_did() {
    let table = Table::from_csv("golden.csv", CSV.as_bytes()).unwrap();
    for (precision, hash, logits, tolerance) in [
        (
            Precision::F32,
            "c570ca8c25813b926ba6fe1dd6f8f67ccc892ed61aae6e54c33fbd4765cba3ac",
            [
                -1.9292289, 2.1897757, -2.1128182, 2.4636812, 2.4275124, -2.1336517,
            ],
            1e-5,
        ),
        (
            Precision::F64,
            "6b7ecf2786cc533c31ad7b059e1f2f2c6d30cf3ab1766585b76f9f770a5c61fb",
            [
                -1.929245226339095,
                2.189788525397118,
                -2.112832902067585,
                2.4636923018842163,
                2.4275235051915782,
                -2.1336661173321474,
            ],
            1e-12,
        ),
    ] {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
            .join(format!("tests/golden/classifier-v1-{precision}.chainrule"));
        let model = Classifier::load(path).unwrap();
        assert_eq!(model.hash().unwrap(), hash);
        assert_eq!(
            model.network().to_string(),
            "3 → 3 sigmoid → 2 sigmoid → 1 sigmoid"
        );
        let names: Vec<&str> = model.schema().feature_names().collect();
        assert_eq!(names, ["breite", "a, b", "größe µ"]);
        assert_eq!(model.schema().target(), "target");
        assert_eq!(
            (
                model.labels().negative.as_str(),
                model.labels().positive.as_str()
            ),
            ("no", "yes, sir")
        );
        assert_eq!(
            *model.preprocessing(),
            Preprocessing::Standard {
                mean: vec![1.5, 170.33333333333334, 5.0],
                scale: vec![1.0801234497346435, 371.06633129700975, 0.0],
            }
        );
        assert_eq!(model.threshold(), 0.5);

        let provenance = model.provenance();
        assert_eq!(provenance.version, "0.1.0");
        assert_eq!(provenance.data.rows, 6);
        assert_eq!(
            provenance.data.samples_sha256,
            "adefca4b972b8958697062e22c056e64cea9b4b210e6e6db852410aa1e6bad9a"
        );
        assert_eq!(
            provenance.data.file_sha256.as_deref(),
            Some("af16d645d4a2786a505a79631eea6f8eee9d1977b7f047e0b68d07debcd146d3")
        );
        assert!(matches!(&provenance.validation, ValidationRecord::Rows(rows) if rows.rows == 2));
        let training = &provenance.training;
        assert_eq!(
            training.optimizer.to_string(),
            "adam (beta1 0.9, beta2 0.999, epsilon 0.00000001)"
        );
        assert_eq!(training.learning_rate, 0.05);
        assert_eq!(
            (training.epochs, training.epochs_finished, training.steps),
            (40, 40, 80)
        );
        assert_eq!(
            (training.batch, training.shuffle),
            (BatchRecord::Rows(4), true)
        );
        assert_eq!((training.seed, training.precision), (u64::MAX, precision));

        // The bits of predictions follow the version of the program; what they say does not.
        for (found, expected) in std::iter::zip(model.logits(&table).unwrap(), logits) {
            assert!((found - expected).abs() < tolerance, "{found} {expected}");
        }
        let labels = ["no", "yes, sir", "no", "yes, sir", "yes, sir", "no"];
        assert_eq!(model.predict(&table).unwrap(), labels);
    }
}
