//! A threshold that is given, or chosen by the validation rows: it decides labels, and changes nothing else.

use std::path::Path;

use chainrule_autodiff::Isa;
use chainrule_data::Table;
use chainrule_metrics::evaluate;
use chainrule_nn::Initializer;
use chainrule_nn::container::{Container, ContainerWriter};
use chainrule_trainer::{
    Builder, Checkpoints, ClassWeight, Classifier, EarlyStopping, EarlyStoppingRecord, Every,
    Metric, Start, Threads, Threshold, TrainError, ValidationRecord,
};
use serde::Serialize;

/// Every tenth row is positive, and a little to the right of the others.
fn rare(rows: std::ops::Range<u32>) -> Table {
    let mut csv = String::from("x,z,y\n");
    for i in rows {
        let positive = i % 10 == 0;
        let x = f64::from(i * 37 % 101) / 50.0 + if positive { 0.9 } else { 0.0 };
        let z = f64::from(i * 53 % 89) / 50.0;
        csv += &format!("{x},{z},{}\n", if positive { "yes" } else { "no" });
    }
    Table::from_csv("rare.csv", csv.as_bytes()).unwrap()
}

fn builder<'a>() -> Builder<'a> {
    Classifier::builder()
        .target("y")
        .hidden(&[4])
        .epochs(30)
        .learning_rate(0.02)
        .seed(1)
}

#[test]
fn no_bit_of_the_parameters_depends_on_it() {
    let table = rare(0..400);
    let plain = builder().fit(&table).unwrap();
    assert_eq!(plain.threshold(), 0.5);
    let thresholds = Metric::FOR_THRESHOLDS.map(Threshold::Tuned);
    for threshold in thresholds.into_iter().chain([Threshold::Fixed(0.07)]) {
        let model = builder().threshold(threshold).fit(&table).unwrap();
        assert_eq!(model.hash().unwrap(), plain.hash().unwrap());
        let history = |model: &Classifier| -> Vec<(f64, Option<f64>)> {
            let epochs = model.report().unwrap().history.iter();
            epochs.map(|e| (e.train_loss, e.validation_loss)).collect()
        };
        assert_eq!(history(&model), history(&plain));
        let procedure = model.provenance().procedure.as_ref().unwrap();
        assert_eq!(procedure.threshold, Some(threshold.to_string()));
    }
}

#[test]
fn the_chosen_one_is_the_best_of_all_on_the_validation_rows_and_decides_from_then_on() {
    let (table, held) = (rare(0..300), rare(300..450));
    for metric in Metric::FOR_THRESHOLDS {
        let trained = |threads, isa| {
            let builder = builder().validation_rows(&held).test_rows(&table);
            let builder = builder.threads(threads).isa(isa);
            builder.threshold(metric).fit(&table).unwrap()
        };
        let model = trained(Threads::Auto, Isa::detect());
        let report = model.report().unwrap();
        let validation = report.validation.clone().unwrap().unwrap();
        let at = |threshold| model.evaluate(&held, Some(threshold)).unwrap();
        for p in model.predict_proba(&held).unwrap() {
            let there = at(p).value(metric);
            assert!(there.unwrap_or(-1.0) <= validation.value(metric).unwrap());
        }
        let tuned = report.tuned.clone().unwrap();
        assert_eq!(tuned.metric, metric);
        assert_eq!(tuned.score.ok(), validation.value(metric).ok());
        assert_eq!(tuned.from, 0.5);
        assert_eq!(tuned.score_before.ok(), at(0.5).value(metric).ok());

        // All reports are at it, and so is what comes later.
        assert_eq!(validation, model.evaluate(&held, None).unwrap());
        let [train, test] = [&report.train, report.test.as_ref().unwrap()];
        assert_eq!(train.clone().unwrap(), test.clone().unwrap());
        assert_eq!(train.as_ref().unwrap().threshold, model.threshold());
        let loaded = Classifier::from_bytes(&model.to_bytes().unwrap(), Isa::detect()).unwrap();
        assert_eq!(loaded.threshold(), model.threshold());
        assert_eq!(loaded.provenance(), model.provenance());
        let p = loaded.predict_proba(&held).unwrap();
        let labels = loaded.predict(&held).unwrap();
        for (p, label) in p.iter().zip(labels) {
            assert_eq!(label == "yes", *p >= model.threshold());
        }

        // The same for any number of threads, on any CPU.
        let threads = trained(Threads::Exactly(3), Isa::detect());
        let portable = trained(Threads::Auto, Isa::Portable);
        assert_eq!(threads.to_bytes().unwrap(), model.to_bytes().unwrap());
        assert_eq!(portable.to_bytes().unwrap(), model.to_bytes().unwrap());
    }
}

#[test]
fn it_is_chosen_for_the_weights_of_the_best_epoch() {
    let table = rare(0..400);
    let rule = EarlyStopping {
        patience: 1000,
        ..EarlyStopping::default()
    };
    let longer = |builder: Builder<'static>| {
        let builder = builder.learning_rate(0.2).epochs(60);
        builder.early_stopping(rule).threshold(Metric::F1)
    };
    let model = longer(builder()).fit(&table).unwrap();
    let best = model.report().unwrap().best_epoch.unwrap();
    assert!(best < 60, "the validation loss rises at this rate");
    let short = builder().learning_rate(0.2).epochs(best);
    let short = short.threshold(Metric::F1).fit(&table).unwrap();
    assert_eq!(model.threshold(), short.threshold());
    assert_ne!(model.threshold(), 0.5);
}

#[test]
fn what_is_watched_is_decided_at_the_threshold_that_is_given() {
    let table = rare(0..400);
    let rule = EarlyStopping {
        metric: Metric::F1,
        ..EarlyStopping::default()
    };
    let watched = |threshold: f64| {
        let builder = builder().threshold(threshold).early_stopping(rule);
        let model = builder.fit(&table).unwrap();
        let report = model.report().unwrap();
        let best = report.best_epoch.unwrap();
        let kept = report.validation.clone().unwrap().unwrap();
        assert_eq!(report.history[best - 1].score, kept.f1.ok());
    };
    watched(0.1);
    watched(0.5);
}

#[test]
fn weights_of_rows_count_and_those_of_classes_do_not() {
    let rows = |rows: std::ops::Range<u32>, are_copied: bool| {
        let mut csv = String::from("x,n,y\n");
        for i in rows {
            let positive = i % 3 == 0;
            let x = f64::from(i * 37 % 101) / 50.0 + if positive { 0.7 } else { 0.0 };
            let line = |n| format!("{x},{n},{}\n", if positive { "yes" } else { "no" });
            csv += &match are_copied {
                true => line(1).repeat(i as usize % 4),
                false => line(i % 4),
            };
        }
        let table = Table::from_csv("t.csv", csv.as_bytes()).unwrap();
        table.weighted_by("n").unwrap()
    };
    let (train, weighted, copied) = (rows(60..300, true), rows(0..60, false), rows(0..60, true));
    for metric in Metric::FOR_THRESHOLDS {
        for class_weight in [None, Some(ClassWeight::Balanced)] {
            let fit = |validation: &Table| {
                let mut builder = builder().validation_rows(validation).threshold(metric);
                if let Some(weight) = class_weight {
                    builder = builder.class_weight(weight);
                }
                builder.fit(&train).unwrap()
            };
            let (one, other) = (fit(&weighted), fit(&copied));
            assert_eq!(one.threshold(), other.threshold(), "{metric}");
            let report = one.report().unwrap().validation.clone().unwrap().unwrap();
            let tuned = one.report().unwrap().tuned.clone().unwrap();
            assert_eq!(tuned.score.ok(), report.value(metric).ok());
        }
    }
}

#[test]
fn a_model_to_start_from_gives_its_own_and_takes_another() {
    let table = rare(0..400);
    let first = builder().threshold(0.2).fit(&table).unwrap();
    let again = |threshold: Option<Threshold>| {
        let mut builder = builder().epochs(0).init(&first);
        if let Some(threshold) = threshold {
            builder = builder.threshold(threshold);
        }
        builder.fit(&table).unwrap()
    };
    let same = again(None);
    assert_eq!(same.threshold(), 0.2);
    assert_eq!(
        same.provenance().procedure.as_ref().unwrap().threshold,
        None
    );
    assert_eq!(again(Some(Threshold::Fixed(0.3))).threshold(), 0.3);
    // Without an epoch, a model that is there gets another threshold.
    let tuned = again(Some(Threshold::Tuned(Metric::Mcc)));
    assert_eq!(tuned.hash().unwrap(), first.hash().unwrap());
    let how = tuned.report().unwrap().tuned.clone().unwrap();
    assert_eq!(how.from, 0.2);
    assert!(how.score.unwrap() > how.score_before.unwrap());
}

#[test]
fn what_cannot_be_chosen_is_told_before_the_training() {
    let table = rare(0..100);
    let fails = |builder: Builder| builder.fit(&table).unwrap_err();
    let error = fails(builder().validation_fraction(0.0).threshold(Metric::F1));
    assert!(
        matches!(error, TrainError::NothingToTuneOn { .. }),
        "{error}"
    );
    let one_class = Table::from_csv("v.csv", "x,z,y\n1,2,no\n2,3,no\n".as_bytes()).unwrap();
    for metric in Metric::FOR_THRESHOLDS {
        let error = fails(builder().validation_rows(&one_class).threshold(metric));
        assert!(matches!(error, TrainError::Untunable { .. }), "{error}");
        let text = error.to_string();
        assert!(text.contains("no row is of the positive class"), "{text}");
    }
    for threshold in [0.0, 1.0, -0.1, f64::NAN, f64::INFINITY] {
        let error = fails(builder().threshold(threshold));
        assert!(matches!(error, TrainError::Setting { .. }), "{error}");
    }
    for metric in [Metric::Recall, Metric::Precision, Metric::RocAuc] {
        let text = fails(builder().threshold(metric)).to_string();
        assert!(text.contains("no threshold can be chosen by"), "{text}");
    }
    // A number needs no rows.
    let fixed = builder().validation_fraction(0.0).threshold(0.3);
    assert_eq!(fixed.fit(&table).unwrap().threshold(), 0.3);
}

#[test]
fn where_no_threshold_has_a_value_it_stays() {
    let table = rare(0..100);
    // All rows have the probability ½.
    let flat = |metric: Metric| {
        let builder = builder().epochs(0).initializer(Initializer::Zeros);
        let model = builder.threshold(metric).fit(&table).unwrap();
        let tuned = model.report().unwrap().tuned.clone().unwrap();
        (model.threshold(), tuned.score)
    };
    let (threshold, score) = flat(Metric::Mcc);
    assert_eq!(threshold, 0.5);
    let reason = score.unwrap_err().to_string();
    assert_eq!(reason, "no row is predicted negative");
    // Always no is right for nine of ten.
    assert_eq!(flat(Metric::Accuracy), (0.75, Ok(0.9)));
}

fn kept(folder: &Path) -> Checkpoints {
    Checkpoints {
        folder: folder.to_owned(),
        every: Every::Steps(7),
        start: Start::Resume,
    }
}

#[test]
fn a_training_that_goes_on_chooses_the_same() {
    let table = rare(0..400);
    let rule = EarlyStopping {
        metric: Metric::Brier,
        patience: 4,
        min_delta: 0.0,
    };
    for threshold in [Threshold::Tuned(Metric::F1), Threshold::Fixed(0.1)] {
        let folder = tempfile::tempdir().unwrap();
        let fit = |epochs, threshold: Option<Threshold>, is_kept: bool| {
            let mut builder = builder()
                .learning_rate(0.1)
                .early_stopping(rule)
                .epochs(epochs);
            if let Some(threshold) = threshold {
                builder = builder.threshold(threshold);
            }
            if is_kept {
                builder = builder.checkpoints(kept(folder.path()));
            }
            builder.fit(&table)
        };
        let bytes = |model: Classifier| model.to_bytes().unwrap();
        fit(3, Some(threshold), true).unwrap();
        // A checkpoint is a model that predicts; what is chosen at the end is not chosen yet.
        let newest = std::fs::read_dir(folder.path()).unwrap();
        let newest = newest.map(|file| file.unwrap().path());
        let newest = newest.filter(|path| path.extension().is_some()).max();
        let checkpoint = Classifier::load(newest.unwrap()).unwrap();
        let asked = checkpoint.provenance().procedure.clone().unwrap().threshold;
        match threshold {
            Threshold::Fixed(number) => {
                assert_eq!(
                    (checkpoint.threshold(), asked),
                    (number, Some("0.1".into()))
                );
            }
            Threshold::Tuned(_) => assert_eq!((checkpoint.threshold(), asked), (0.5, None)),
        }
        let resumed = bytes(fit(60, Some(threshold), true).unwrap());
        assert_eq!(resumed, bytes(fit(60, Some(threshold), false).unwrap()));
        // Resuming a finished training gives it again.
        assert_eq!(resumed, bytes(fit(60, Some(threshold), true).unwrap()));
        for other in [None, Some(Metric::Mcc.into()), Some(Threshold::Fixed(0.4))] {
            let error = fit(60, other, true).unwrap_err();
            assert!(matches!(error, TrainError::Checkpoint(_)), "{error}");
            let text = error.to_string();
            assert!(text.contains("threshold is "), "{text}");
        }
    }
}

/// The section `procedure` as the first versions have it.
#[derive(Serialize)]
enum First {
    V1 {
        schedule: String,
        scaling: String,
        early_stopping: Option<EarlyStoppingRecord>,
        target: Option<(String, f64)>,
        best_epoch: Option<u64>,
        test: ValidationRecord,
        recorded: Vec<String>,
    },
}

#[test]
fn without_a_threshold_the_file_is_as_before() {
    let table = rare(0..100);
    let model = builder().fit(&table).unwrap();
    let procedure = model.provenance().procedure.clone().unwrap();
    let first = First::V1 {
        schedule: procedure.schedule,
        scaling: procedure.scaling,
        early_stopping: procedure.early_stopping,
        target: procedure.target,
        best_epoch: procedure.best_epoch,
        test: procedure.test,
        recorded: procedure.recorded,
    };
    let written = ContainerWriter::new().metadata("procedure", &first);
    let hash = |bytes: &[u8]| {
        let container = Container::from_bytes(bytes).unwrap();
        container.section("procedure").unwrap().sha256().to_owned()
    };
    let expected = hash(&written.unwrap().to_bytes());
    assert_eq!(hash(&model.to_bytes().unwrap()), expected);
    let other = builder().threshold(0.5).fit(&table).unwrap();
    assert_ne!(hash(&other.to_bytes().unwrap()), expected);
}

#[test]
fn the_figures_of_the_report_are_those_of_the_logits() {
    let (table, held) = (rare(0..300), rare(300..450));
    let model = builder().validation_rows(&held).threshold(Metric::F1);
    let model = model.fit(&table).unwrap();
    let data = model.schema().encode(&held).unwrap();
    let logits = model.logits(&held).unwrap();
    let expected = evaluate(data.labels(), &logits, None, model.threshold()).unwrap();
    let report = model.report().unwrap().validation.clone().unwrap();
    assert_eq!(report.unwrap(), expected);
}
