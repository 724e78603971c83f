//! What people ran into with other tools.

use chainrule_data::{Dataset, Table};
use chainrule_nn::{Activation, Network, Precision};
use chainrule_trainer::{
    Batch, Classifier, Samples, Sgd, Silent, Surroundings, TrainConfig, TrainError, train,
};
use nalgebra::DMatrix;

fn table(name: &str, csv: &str) -> Table {
    Table::from_csv(name, csv.as_bytes()).unwrap()
}

/// Any two distinct labels work: the first loss is near ln 2 and never negative.
#[test]
fn labels_of_any_spelling() {
    let one_two = "y,x\n1,0\n2,1\n1,0.1\n2,0.9\n";
    let plus_minus = "y,x\n-1,0\n+1,1\n-1,0.1\n+1,0.9\n";
    for (csv, positive, expected) in [
        (one_two, None, "2"),
        (plus_minus, None, "+1"),
        (plus_minus, Some("-1"), "-1"),
    ] {
        let builder = Classifier::builder()
            .target("y")
            .validation_fraction(0.0)
            .epochs(300);
        let builder = match positive {
            None => builder,
            Some(label) => builder.positive(label),
        };
        let table = table("labels.csv", csv);
        let model = builder
            .batch(Batch::Full)
            .learning_rate(0.1)
            .fit(&table)
            .unwrap();
        assert_eq!(model.labels().positive, expected);
        let history = &model.report().unwrap().history;
        assert!(
            (history[0].train_loss - 2f64.ln()).abs() < 0.2,
            "{}",
            history[0].train_loss
        );
        assert!(history.iter().all(|epoch| epoch.train_loss >= 0.0));
        let rows = table.rows();
        let right = model.evaluate(&table, None).unwrap().accuracy * rows as f64;
        assert_eq!(right, rows as f64);
    }
}

/// The loss of one logit, and the epoch's loss of the same rows, in both precisions.
fn loss_at(logits: &[f64], y: &[f64], batch: Batch) -> (f64, f64) {
    fn run<T: chainrule_trainer::Real>(logits: &[f64], y: &[f64], batch: Batch) -> f64 {
        let network = Network::inputs(1).dense(1, Activation::Sigmoid);
        let samples = Samples {
            features: 1,
            x: logits.iter().map(|&z| T::from_f64(z)).collect(),
            y: y.iter().map(|&y| T::from_f64(y)).collect(),
            weights: None,
        };
        let config = TrainConfig {
            epochs: 1,
            batch,
            learning_rate: 0.0,
            shuffle: false,
            ..TrainConfig::default()
        };
        let around = Surroundings {
            observer: &mut Silent,
            cancel: None,
        };
        let weights = [T::ONE, T::ZERO];
        let trained = train(&network, &weights, &Sgd, &samples, None, &config, around).unwrap();
        trained.history[0].train_loss
    }
    (run::<f32>(logits, y, batch), run::<f64>(logits, y, batch))
}

#[test]
fn the_loss_is_finite_where_probabilities_are_0_and_1() {
    for (z, y, expected) in [
        (1000.0, 1.0, 0.0),
        (-1000.0, 1.0, 1000.0),
        (1000.0, 0.0, 1000.0),
        (-1000.0, 0.0, 0.0),
    ] {
        assert_eq!(loss_at(&[z], &[y], Batch::Full), (expected, expected));
    }
    // Training and evaluating use one rule.
    let (logits, y) = ([1000.0, -1000.0, 0.3, -2.0, 1.5], [0.0, 1.0, 1.0, 0.0, 1.0]);
    let labels = y.map(|y| y == 1.0);
    let evaluated = chainrule_metrics::log_loss(&labels, &logits, None).unwrap();
    let (single, double) = loss_at(&logits, &y, Batch::Full);
    assert!((single - evaluated).abs() < 1e-4, "{single} {evaluated}");
    assert!((double - evaluated).abs() < 1e-12, "{double} {evaluated}");
}

/// The epoch's loss is the mean over rows, whatever the batches: the last short batch is neither dropped nor counted as full.
#[test]
fn the_loss_of_an_epoch_does_not_depend_on_the_batches() {
    // Four rows of loss 0.5 and one of 2.5: 0.9, not 1.5.
    let logit = |loss: f64| loss.exp_m1().ln();
    let logits = [0.5, 0.5, 0.5, 0.5, 2.5].map(logit);
    for rows in [1, 2, 4, 5, 1024] {
        let (single, double) = loss_at(&logits, &[0.0; 5], Batch::Rows(rows));
        assert!((single - 0.9).abs() < 1e-6, "{rows}: {single}");
        assert!((double - 0.9).abs() < 1e-12, "{rows}: {double}");
    }
}

#[test]
fn few_rows() {
    let five = table("five.csv", "x,y\n0,a\n1,b\n2,a\n3,b\n4,b\n");
    let fit = |fraction, epochs| {
        Classifier::builder()
            .target("y")
            .batch(Batch::Rows(1024))
            .validation_fraction(fraction)
            .epochs(epochs)
            .fit(&five)
            .unwrap()
    };
    // A batch larger than the data is the data.
    let (before, after) = (fit(0.0, 0), fit(0.0, 1));
    assert_ne!(before.hash().unwrap(), after.hash().unwrap());
    let report = after.report().unwrap();
    assert_eq!(
        (report.steps, report.info.batch_rows, report.info.rows),
        (1, 5, 5)
    );
    assert!(report.history[0].train_loss > 0.1);
    assert!(report.validation.is_none() && report.history[0].validation_loss.is_none());
    // A small share has a row of each class.
    let report = fit(0.1, 1).report().unwrap().clone();
    assert_eq!((report.info.rows, report.info.validation_rows), (3, 2));
    assert!(report.history[0].validation_loss.unwrap() > 0.0);
    // Where a class has too few rows to be split, that is said.
    let lonely = table("lonely.csv", "x,y\n0,a\n1,b\n2,a\n");
    let error = Classifier::builder().target("y").fit(&lonely).unwrap_err();
    assert!(matches!(error, TrainError::Data(_)), "{error}");
}

/// A weight of zero is as if the row were absent, everywhere; a weight of two is as if the row were there twice.
#[test]
fn weights() {
    let x = [0.1, 0.9, 0.4, 0.7, 0.2, 0.8];
    let y = [false, true, false, true, true, false];
    let data = |x: &[f64], y: &[bool], weights: Option<&[f64]>| {
        let data = Dataset::new(DMatrix::from_row_slice(1, x.len(), x), y.to_vec()).unwrap();
        match weights {
            None => data,
            Some(weights) => data.with_weights(weights.to_vec()).unwrap(),
        }
    };
    let fit = |data: &Dataset, batch: Batch| {
        Classifier::builder()
            .hidden(&[3])
            .precision(Precision::F64)
            .batch(batch)
            .shuffle(false)
            .validation_fraction(0.0)
            .epochs(20)
            .fit(data)
            .unwrap()
    };
    let absurd = [x.as_slice(), &[1e9; 4]].concat();
    let wrong = [y.as_slice(), &[true, false, true, false]].concat();
    let weights = [[1.0; 6].as_slice(), &[0.0; 4]].concat();
    for batch in [Batch::Full, Batch::Rows(2)] {
        let alone = fit(&data(&x, &y, None), batch);
        let with_absent = fit(&data(&absurd, &wrong, Some(&weights)), batch);
        // The same bits: weights of one are no weights.
        assert_eq!(alone.hash().unwrap(), with_absent.hash().unwrap());
        let log_loss = |model: &Classifier| model.report().unwrap().train.clone().unwrap().log_loss;
        assert_eq!(log_loss(&alone), log_loss(&with_absent));
    }
    let doubled = fit(
        &data(&x, &y, Some(&[1.0, 2.0, 1.0, 1.0, 1.0, 1.0])),
        Batch::Full,
    );
    let twice = [x.as_slice(), &x[1..2]].concat();
    let copies = fit(
        &data(&twice, &[y.as_slice(), &y[1..2]].concat(), None),
        Batch::Full,
    );
    let parameters = |model: &Classifier| model.model().parameters().to_vec::<f64>();
    for (a, b) in std::iter::zip(parameters(&doubled), parameters(&copies)) {
        assert!((a - b).abs() < 1e-12, "{a} {b}");
    }
}

#[test]
fn settings_out_of_range_are_named() {
    let two = table("two.csv", "x,y\n0,a\n1,b\n");
    let builder = || Classifier::builder().target("y").validation_fraction(0.0);
    let text = |result: Result<Classifier, TrainError>| result.unwrap_err().to_string();
    assert_eq!(
        text(builder().learning_rate(-1.0).fit(&two)),
        "learning rate is -1; expected 0 or a positive number"
    );
    assert!(text(builder().learning_rate(f64::NAN).fit(&two)).starts_with("learning rate is NaN"));
    assert_eq!(
        text(builder().batch(Batch::Rows(0)).fit(&two)),
        "batch size is 0; expected 1 or more"
    );
    assert_eq!(
        text(builder().network(Network::classifier(3, &[2])).fit(&two)),
        "the network takes 3 features, and the table has 1: begin it with Network::inputs(1)"
    );
    assert!(text(Classifier::builder().fit(&two)).contains(".target("));
    let adam = chainrule_trainer::Adam {
        beta1: f64::INFINITY,
        ..Default::default()
    };
    assert_eq!(
        text(builder().optimizer(adam).fit(&two)),
        "beta1 of adam is inf; expected a number"
    );
}
