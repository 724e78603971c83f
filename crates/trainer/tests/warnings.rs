//! Trainings that don't go well say so, once, and others are quiet.

use chainrule_autodiff::Isa;
use chainrule_data::{Scaling, Table, embedded};
use chainrule_trainer::{
    Batch, Builder, Checkpoints, Classifier, Control, EpochReport, Every, Evidence, Lbfgs, Metric,
    Observer, Remedy, Sgd, Start, Threads, Warning,
};

fn wdbc() -> Table {
    Table::from_csv("wdbc.csv", embedded::wdbc().bytes).unwrap()
}

#[derive(Default)]
struct Told(Vec<Warning>);

impl Observer for Told {
    fn epoch(&mut self, _: &EpochReport) -> Control {
        Control::Continue
    }

    fn warning(&mut self, warning: &Warning) {
        self.0.push(warning.clone());
    }
}

/// The warnings of a training that is set up so: observers are told them, and the report keeps them.
fn warnings(
    table: &Table,
    set_up: impl for<'a> FnOnce(Builder<'a>) -> Builder<'a>,
) -> Vec<Warning> {
    let mut told = Told::default();
    let target = table.names().last().unwrap();
    let builder = set_up(Classifier::builder().target(target));
    let model = builder.observer(&mut told).fit(table).unwrap();
    assert_eq!(model.report().unwrap().warnings, told.0);
    let mut codes: Vec<&str> = told.0.iter().map(Warning::code).collect();
    let count = codes.len();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), count, "each once: {:?}", told.0);
    told.0
}

fn codes(warnings: &[Warning]) -> Vec<&str> {
    warnings.iter().map(Warning::code).collect()
}

#[test]
fn a_training_that_goes_well_is_quiet() {
    let table = wdbc();
    for seed in 0..5 {
        assert_eq!(warnings(&table, |b| b.seed(seed)), []);
        assert_eq!(warnings(&table, |b| b.seed(seed).epochs(300)), []);
        let by_sgd = warnings(&table, |b| b.seed(seed).optimizer(Sgd).learning_rate(0.5));
        assert_eq!(by_sgd, []);
    }
    assert_eq!(warnings(&table, |b| b.hidden(&[])), []);
    // A model from before the first step is no fault of anything.
    assert_eq!(warnings(&table, |b| b.epochs(0)), []);
}

#[test]
fn features_that_are_not_scaled_saturate_the_first_layer() {
    let found = warnings(&wdbc(), |b| b.scaling(Scaling::None));
    assert_eq!(codes(&found), ["saturated"]);
    let Evidence::Saturated {
        layer: 1, share, ..
    } = found[0].evidence
    else {
        panic!("{:?}", found[0]);
    };
    assert!(share > 0.9, "{share}");
    assert_eq!(found[0].value(), share);
    assert_eq!((found[0].epoch, found[0].remedy), (1, Remedy::Scaling));
    let text = found[0].to_string();
    assert!(
        text.starts_with("epoch 1, layer 1: 100 % of the activations are saturated"),
        "{text}"
    );
}

#[test]
fn gradients_vanish_in_a_deep_network_of_sigmoids() {
    let found = warnings(&wdbc(), |b| {
        b.hidden(&[16; 6]).optimizer(Sgd).learning_rate(0.5)
    });
    let vanishing = found
        .iter()
        .find(|w| w.code() == "vanishing-gradients")
        .unwrap();
    let Evidence::VanishingGradients { rms, .. } = &vanishing.evidence else {
        panic!("{vanishing:?}");
    };
    assert_eq!(rms.len(), 7);
    assert_eq!(vanishing.layer(), Some(1));
    assert!(
        vanishing.value() < 1e-3 && rms[0] < rms[3] && rms[3] < rms[6],
        "{rms:?}"
    );
    assert_eq!(vanishing.remedy, Remedy::HiddenLayers(2));
    assert!(
        found.iter().all(|w| w.code() != "rate-too-low"),
        "{found:?}"
    );
}

#[test]
fn a_rate_that_is_too_low_names_one_that_helps() {
    let table = wdbc();
    let found = warnings(&table, |b| b.learning_rate(1e-6));
    assert_eq!(found[0].code(), "rate-too-low");
    assert!(found[0].value() < 0.01, "{}", found[0]);
    let Remedy::LearningRate(rate) = found[0].remedy else {
        panic!("{found:?}");
    };
    assert!(rate > 1e-5, "{rate}");
    assert_eq!(warnings(&table, |b| b.learning_rate(rate)), []);
    // Who asks for no step at all gets none, and no advice on its length.
    let none = warnings(&table, |b| b.learning_rate(0.0));
    assert!(none.iter().all(|w| w.code() == "one-class"), "{none:?}");
}

#[test]
fn a_rate_that_is_too_high_names_a_lower_one() {
    let table = wdbc();
    let remedy_of = |found: Vec<Warning>| {
        let high = found.iter().find(|w| w.code() == "rate-too-high");
        high.map(|w| w.remedy)
    };
    let expected = Some(Remedy::LearningRate(0.1));
    assert_eq!(
        remedy_of(warnings(&table, |b| b.learning_rate(10.0))),
        expected
    );
    let by_sgd = warnings(&table, |b| b.optimizer(Sgd).learning_rate(100.0));
    assert_eq!(remedy_of(by_sgd), expected);
    assert_eq!(
        warnings(&table, |b| b.optimizer(Sgd).learning_rate(0.1)),
        []
    );
}

#[test]
fn a_model_that_predicts_one_class_for_all_is_told() {
    // Every twentieth row is positive, and a little to the right of the others.
    let mut csv = String::from("x,y\n");
    for i in 0..400 {
        let positive = i % 20 == 0;
        let x = f64::from(i * 37 % 101) / 50.0 + if positive { 0.8 } else { 0.0 };
        csv += &format!("{x},{}\n", if positive { "yes" } else { "no" });
    }
    let table = Table::from_csv("t.csv", csv.as_bytes()).unwrap();
    let found = warnings(&table, |b| b);
    assert_eq!(codes(&found), ["one-class"]);
    let Evidence::OneClass {
        positive: false,
        rows: 320,
        others: 16,
        roc_auc: Some(auc),
    } = found[0].evidence
    else {
        panic!("{:?}", found[0]);
    };
    assert!(auc > 0.6, "{auc}");
    assert_eq!(found[0].remedy, Remedy::ClassWeights);
    // What is to be tried helps.
    assert_eq!(
        warnings(&table, |b| b.threshold(Metric::BalancedAccuracy)),
        []
    );
}

#[test]
fn a_training_that_converged_is_not_told_to_go_on() {
    // A column that tells nothing: the bias is all there is to learn.
    let table = |positives: usize| {
        let rows = (0..100).map(|at| format!("3,{}\n", usize::from(at < positives)));
        let csv = format!("x,y\n{}", rows.collect::<String>());
        Table::from_csv("t.csv", csv.as_bytes()).unwrap()
    };
    let remedy = |positives| {
        let found = warnings(&table(positives), |b| {
            let b = b.optimizer(Lbfgs::default()).batch(Batch::Full);
            b.learning_rate(1.0).hidden(&[]).validation_fraction(0.0)
        });
        assert_eq!(codes(&found), ["one-class"]);
        found[0].remedy
    };
    assert_eq!(remedy(10), Remedy::ClassWeights);
    assert_eq!(remedy(40), Remedy::HiddenLayers(1));
}

#[test]
fn warnings_depend_on_neither_threads_nor_instructions() {
    let table = wdbc();
    let train = |threads, isa| {
        warnings(&table, |b| {
            let threads = Threads::Exactly(threads);
            b.scaling(Scaling::None)
                .learning_rate(3.0)
                .threads(threads)
                .isa(isa)
        })
    };
    let expected = train(1, Isa::detect());
    assert!(!expected.is_empty());
    assert_eq!(train(3, Isa::detect()), expected);
    for isa in Isa::available() {
        assert_eq!(train(1, isa), expected, "{isa}");
    }
}

#[test]
fn a_training_that_goes_on_keeps_its_warnings_and_does_not_repeat_them() {
    let table = wdbc();
    let folder = tempfile::tempdir().unwrap();
    let train = |epochs, start| {
        let mut told = Told::default();
        let model = Classifier::builder()
            .target("diagnosis")
            .scaling(Scaling::None)
            .epochs(epochs)
            .checkpoints(Checkpoints {
                folder: folder.path().to_owned(),
                every: Every::Epochs(1),
                start,
            })
            .observer(&mut told)
            .fit(&table)
            .unwrap();
        (told.0, model.report().unwrap().warnings.clone())
    };
    // What is said of a finished model is said of each.
    let saturated = |all: &[Warning]| -> Vec<Warning> {
        let all = all.iter().filter(|w| w.code() == "saturated");
        all.cloned().collect()
    };
    let (told, kept) = train(2, Start::Afresh);
    assert_eq!((saturated(&told).len(), &kept), (1, &told));
    let (told_then, kept_then) = train(5, Start::Resume);
    assert_eq!(saturated(&told_then), []);
    assert_eq!(saturated(&kept_then), saturated(&told));
}
