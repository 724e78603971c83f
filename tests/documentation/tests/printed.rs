//! What the pages show as printed is what is printed, and their numbers are computed.

use std::fs;
use std::path::Path;

use chainrule_autodiff::{BATCH, Graph, Step};
use chainrule_data::Table;
use chainrule_nn::Network;
use chainrule_trainer::{Classifier, Metric, Sgd, explain_step};

fn page(path: &str) -> String {
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[track_caller]
fn shows(path: &str, text: &str) {
    assert!(page(path).contains(text), "{path} does not show\n{text}");
}

#[test]
fn the_step_of_the_readme() {
    let g = Graph::new();
    let (x, y) = (g.input("x", (2, BATCH)), g.input("y", (1, BATCH)));
    let (w, b, alpha) = (g.param("W", (1, 2)), g.param("b", 1), g.scalar("α"));
    let a = (w.matmul(x) + b).sigmoid();
    let loss = a.binary_cross_entropy(y).mean();
    let [dw, db] = g.grad(loss, [w, b]);
    let step = Step::returns(loss)
        .set(w, w - alpha * dw)
        .set(b, b - alpha * db);
    shows("README.md", &step.to_string());
}

#[test]
fn the_step_of_the_mathematics() {
    let step = explain_step(&Network::classifier(2, &[2]), &Sgd).unwrap();
    shows("docs/mathematics.md", &step);
}

#[test]
fn the_hash_of_the_contract() {
    let wdbc = chainrule_data::embedded::wdbc();
    let table = Table::from_csv(wdbc.name, wdbc.bytes).unwrap();
    let model = Classifier::builder()
        .target(wdbc.target)
        .seed(7)
        .fit(&table)
        .unwrap();
    shows("docs/reproducibility.md", &model.hash().unwrap());
}

/// The guide's run, with the command's defaults. These are bits: whoever follows the guide gets them on any machine.
#[test]
fn the_numbers_of_the_guide() {
    const GUIDE: &str = "docs/guide/train.md";
    let open = |name: &str| {
        Table::from_csv(name, page(&format!("docs/guide/data/{name}")).as_bytes()).unwrap()
    };
    let table = open("patients.csv");
    let model = Classifier::builder()
        .target("ill")
        .hidden(&[16, 8])
        .seed(7)
        .fit(&table)
        .unwrap();
    shows(GUIDE, &model.hash().unwrap());

    let report = model.report().unwrap();
    let (train, validation) = (
        report.train.clone().unwrap(),
        report.validation.clone().unwrap().unwrap(),
    );
    for (name, metric) in [
        ("log loss", Metric::LogLoss),
        ("Brier score", Metric::Brier),
        ("accuracy", Metric::Accuracy),
        ("MCC", Metric::Mcc),
        ("ROC AUC", Metric::RocAuc),
        ("calibration error", Metric::CalibrationError),
    ] {
        let [a, b] = [train, validation].map(|part| part.value(metric).unwrap());
        shows(GUIDE, &format!("\n{name:<18}  {a:>10.4}  {b:>10.4}"));
    }

    let new = open("new.csv");
    for (row, (p, label)) in model
        .predict_proba(&new)
        .unwrap()
        .iter()
        .zip(model.predict(&new).unwrap())
        .enumerate()
    {
        shows(
            GUIDE,
            &format!("\n{},{p},{label},P{}\n", row + 1, 201 + row),
        );
    }

    let evaluated = model.evaluate(&open("test.csv"), None).unwrap();
    for (name, value) in [
        ("log loss", evaluated.log_loss),
        ("Brier score", evaluated.brier),
        ("accuracy", evaluated.accuracy),
        ("recall", evaluated.recall.unwrap()),
        ("ROC AUC", evaluated.roc_auc.unwrap()),
        ("calibration error", evaluated.calibration_error),
        ("mean probability", evaluated.mean_probability),
    ] {
        shows(GUIDE, &format!("\n{name:<18} {value:>8.4}"));
    }
}
