//! Weights of rows and classes: zero is absent, one is none, k is k times.

use chainrule_autodiff::Isa;
use chainrule_data::{Dataset, Scaling, Table};
use chainrule_nn::{Initializer, Network, Precision};
use chainrule_trainer::{
    Adam, Batch, Builder, CheckpointError, Checkpoints, ClassWeight, Classifier, Every, Metric,
    Outcome, Samples, Sgd, Silent, Start, Surroundings, TrainConfig, TrainError, Trained, train,
};
use nalgebra::DMatrix;

fn table(csv: &str) -> Table {
    Table::from_csv("t.csv", csv.as_bytes()).unwrap()
}

/// Rows of two numbers, a name and a label, with weights by the row.
fn csv(rows: usize, weight: impl Fn(usize) -> String, between: impl Fn(usize) -> String) -> String {
    let row = |at: usize| {
        let (a, b) = ((at * 7 % 11) as f64 * 0.5, (at * 5 % 13) as f64 - 4.0);
        let name = ["red", "green", "blue"][at * 3 % 7 % 3];
        let label = if a + b + (at % 3) as f64 > 3.0 {
            "yes"
        } else {
            "no"
        };
        format!("{},{a},{b},{name},{label}\n{}", weight(at), between(at))
    };
    format!("w,a,b,name,y\n{}", (0..rows).map(row).collect::<String>())
}

fn one(_: usize) -> String {
    "1".to_owned()
}

fn nothing(_: usize) -> String {
    String::new()
}

fn builder<'a>() -> Builder<'a> {
    Classifier::builder()
        .target("y")
        .hidden(&[4])
        .epochs(6)
        .batch(Batch::Rows(8))
        .seed(3)
}

fn hash(model: &Classifier) -> String {
    model.hash().unwrap()
}

#[test]
fn rows_of_weight_zero_are_absent_from_scaling_levels_labels_splits_losses_and_metrics() {
    let absurd = |at: usize| match at % 4 {
        0 => "0,1e9,text,purple,perhaps\n".to_owned(),
        1 => "0.0,,inf,red,no\n".to_owned(),
        _ => String::new(),
    };
    let alone = table(&csv(60, one, nothing)).weighted_by("w").unwrap();
    let with = table(&csv(60, one, absurd)).weighted_by("w").unwrap();
    assert_eq!((with.rows(), with.rows_of_weight_zero()), (60, 30));
    for batch in [Batch::Rows(8), Batch::Full] {
        let fit = |table: &Table| {
            builder()
                .batch(batch)
                .test_fraction(0.2)
                .fit(table)
                .unwrap()
        };
        let (one, other) = (fit(&alone), fit(&with));
        assert_eq!(hash(&one), hash(&other));
        assert_eq!(
            (one.schema(), one.preprocessing()),
            (other.schema(), other.preprocessing())
        );
        let (one, other) = (one.report().unwrap(), other.report().unwrap());
        assert_eq!(
            one.history.last().unwrap().validation_loss,
            other.history.last().unwrap().validation_loss
        );
        assert_eq!(
            (&one.train, &one.validation, &one.test),
            (&other.train, &other.validation, &other.test)
        );
        assert_eq!(
            (one.rows_of_weight_zero, other.rows_of_weight_zero),
            (0, 30)
        );
    }
}

#[test]
fn weights_of_one_are_no_weights() {
    let text = csv(60, one, nothing);
    // The same table without the column, which would be a feature.
    let without: String = text
        .lines()
        .map(|line| format!("{}\n", &line[2..]))
        .collect();
    let plain = builder().fit(&table(&without)).unwrap();
    let ones = builder()
        .fit(&table(&text).weighted_by("w").unwrap())
        .unwrap();
    let classes = ClassWeight::Of {
        negative: 3.0,
        positive: 3.0,
    };
    let classes = builder()
        .class_weight(classes)
        .fit(&table(&without))
        .unwrap();
    // No power of two changes a bit.
    let large = table(&csv(60, |_| "1024".to_owned(), nothing));
    let large = builder().fit(&large.weighted_by("w").unwrap()).unwrap();
    for other in [&ones, &classes, &large] {
        assert_eq!(hash(other), hash(&plain));
        assert_eq!(other.preprocessing(), plain.preprocessing());
    }
    assert_eq!(plain.provenance().weighting, None);
    let weighting = ones.provenance().weighting.as_ref().unwrap();
    assert_eq!(
        (weighting.column.as_deref(), weighting.odds_factor()),
        (Some("w"), 1.0)
    );
}

#[test]
fn a_weight_of_k_is_k_copies() {
    let weighted = csv(40, |at| (1 + at % 3).to_string(), nothing);
    let mut lines = weighted.lines();
    let mut copied = format!("{}\n", lines.next().unwrap());
    for line in lines {
        let (weight, rest) = line.split_once(',').unwrap();
        copied += &format!("1,{rest}\n").repeat(weight.parse().unwrap());
    }
    let fit = |text: &str| {
        builder()
            .precision(Precision::F64)
            .batch(Batch::Full)
            .shuffle(false)
            .validation_fraction(0.0)
            .class_weight(ClassWeight::Balanced)
            .epochs(50)
            .fit(&table(text).weighted_by("w").unwrap())
            .unwrap()
    };
    let (weighted, copied) = (fit(&weighted), fit(&copied));
    let parameters = |model: &Classifier| model.model().parameters().to_vec::<f64>();
    for (a, b) in parameters(&weighted).iter().zip(parameters(&copied)) {
        assert!((a - b).abs() < 1e-11, "{a} {b}");
    }
    let report = |model: &Classifier| model.report().unwrap().train.clone().unwrap();
    let (weighted, copied) = (report(&weighted), report(&copied));
    assert_eq!(weighted.total_weight, copied.rows as f64);
    for metric in Metric::ALL {
        match (weighted.value(metric), copied.value(metric)) {
            (Ok(a), Ok(b)) => assert!((a - b).abs() < 1e-11, "{metric}: {a} {b}"),
            (a, b) => assert_eq!(a, b, "{metric}"),
        }
    }
}

#[test]
fn class_weights_are_weights_of_the_rows_in_the_loss_alone() {
    let labels: Vec<bool> = (0..64).map(|at| at % 7 == 0).collect();
    let x: Vec<f64> = (0..64).map(|at| (at * 5 % 17) as f64 * 0.1).collect();
    let data = Dataset::new(DMatrix::from_row_slice(1, 64, &x), labels.clone()).unwrap();
    let weights = labels.iter().map(|&y| if y { 4.0 } else { 1.0 }).collect();
    let rows = data.clone().with_weights(weights).unwrap();
    let builder = || {
        builder()
            .scaling(Scaling::None)
            .shuffle(false)
            .batch(Batch::Rows(10))
    };
    let by_rows = builder().fit(&rows).unwrap();
    let classes = ClassWeight::Of {
        negative: 1.0,
        positive: 4.0,
    };
    let by_class = builder().class_weight(classes).fit(&data).unwrap();
    assert_eq!(hash(&by_rows), hash(&by_class));
    let losses = |model: &Classifier| -> Vec<_> {
        let history = &model.report().unwrap().history;
        history
            .iter()
            .map(|epoch| (epoch.train_loss, epoch.validation_loss))
            .collect()
    };
    assert_eq!(losses(&by_rows), losses(&by_class));
    // The finished model is measured on rows that count the same.
    let validation = by_class
        .report()
        .unwrap()
        .validation
        .clone()
        .unwrap()
        .unwrap();
    assert_eq!(validation.total_weight, validation.rows as f64);
    let weighted = by_rows
        .report()
        .unwrap()
        .validation
        .clone()
        .unwrap()
        .unwrap();
    assert_ne!(weighted.log_loss, validation.log_loss);
    assert_eq!(Some(weighted.log_loss), losses(&by_class).last().unwrap().1);
}

fn run(samples: &Samples<f32>, validation: Option<&Samples<f32>>) -> Result<Trained, TrainError> {
    let network = Network::classifier(1, &[2]);
    let first = network.initial_parameters(Initializer::default(), 1, Precision::F32);
    let config = TrainConfig {
        epochs: 5,
        batch: Batch::Rows(2),
        shuffle: false,
        isa: Isa::detect(),
        ..TrainConfig::default()
    };
    let around = Surroundings {
        observer: &mut Silent,
        cancel: None,
    };
    train(
        &network,
        &first.to_vec(),
        &Adam::default(),
        samples,
        validation,
        &config,
        around,
    )
}

fn samples(x: &[f32], y: &[f32], weights: Option<&[f32]>) -> Samples<f32> {
    Samples {
        features: 1,
        x: x.to_vec(),
        y: y.to_vec(),
        weights: weights.map(<[f32]>::to_vec),
    }
}

/// Batches of two rows, one of them without any weight if rows of weight zero were left in.
#[test]
fn a_batch_is_never_without_weight() {
    let x = [0.1, 1e30, -1e30, 0.4, f32::NAN, 0.9, 0.7];
    let with = samples(
        &x,
        &[0.0, 1.0, 1.0, 1.0, 0.0, 1.0, 0.0],
        Some(&[1.0, 0.0, 0.0, 1.0, 0.0, 1.0, 1.0]),
    );
    let alone = samples(&[0.1, 0.4, 0.9, 0.7], &[0.0, 1.0, 1.0, 0.0], None);
    let (with, alone) = (run(&with, None).unwrap(), run(&alone, None).unwrap());
    assert_eq!(with.outcome, Outcome::Finished);
    assert_eq!(with.parameters, alone.parameters);
    assert_eq!((with.info.rows, with.steps), (4, alone.steps));
    // The least weights that there may be are no zeros, and lose a few digits.
    let least = samples(
        &[0.1, 0.4, 0.9, 0.7],
        &[0.0, 1.0, 1.0, 0.0],
        Some(&[f32::MIN_POSITIVE; 4]),
    );
    let least = run(&least, Some(&least))
        .unwrap()
        .parameters
        .to_vec::<f32>();
    for (a, b) in least.iter().zip(alone.parameters.to_vec::<f32>()) {
        assert!((a - b).abs() < 1e-6, "{a} {b}");
    }
}

#[test]
fn weights_that_mean_nothing_are_refused() {
    for (weights, said) in [
        ([1.0, -1.0], "the weight of row 2 (counted from 1) is -1"),
        (
            [f32::NAN, 1.0],
            "the weight of row 1 (counted from 1) is NaN",
        ),
        (
            [1.0, f32::INFINITY],
            "the weight of row 2 (counted from 1) is inf",
        ),
        ([1.0, 1e-40], "the weight of row 2"),
        ([0.0, 0.0], "the sum of the weights is 0"),
        ([3e38, 3e38], "the sum of the weights is"),
    ] {
        let bad = samples(&[0.0, 1.0], &[0.0, 1.0], Some(&weights));
        let good = samples(&[0.0, 1.0], &[0.0, 1.0], None);
        for result in [run(&bad, None), run(&good, Some(&bad))] {
            let error = result.unwrap_err().to_string();
            assert!(error.starts_with(said), "{error}");
        }
    }
}

#[test]
fn only_ratios_of_weights_count() {
    let fit = |unit: f64| {
        let labels: Vec<bool> = (0..20).map(|at| at % 3 == 0).collect();
        let x: Vec<f64> = (0..20).map(|at| (at * 7 % 10) as f64).collect();
        let data = Dataset::new(DMatrix::from_row_slice(1, 20, &x), labels).unwrap();
        let weights = (0..20).map(|at| unit * (1 + at % 4) as f64).collect();
        let data = data.with_weights(weights).unwrap();
        builder()
            .optimizer(Sgd)
            .learning_rate(0.5)
            .fit(&data)
            .unwrap()
    };
    let plain = fit(1.0);
    for unit in [2f64.powi(-900), 2f64.powi(-130), 2f64.powi(1000)] {
        assert_eq!(hash(&fit(unit)), hash(&plain), "{unit:e}");
    }
    for unit in [1e-300, 1e-40, 1e-3, 1e39, 1e300] {
        let other = fit(unit).model().parameters().to_vec::<f32>();
        for (a, b) in other.iter().zip(plain.model().parameters().to_vec::<f32>()) {
            assert!((a - b).abs() < 1e-5, "{unit:e}: {a} {b}");
        }
    }
    // Beside the heaviest row these are nothing.
    let data = Dataset::new(
        DMatrix::from_row_slice(1, 4, &[1.0, 2.0, 3.0, 4.0]),
        vec![true, false, true, false],
    );
    let data = data
        .unwrap()
        .with_weights(vec![1.0, 1.0, 1e-60, 1e-60])
        .unwrap();
    let model = builder()
        .batch(Batch::Rows(2))
        .shuffle(false)
        .validation_fraction(0.0)
        .fit(&data)
        .unwrap();
    assert_eq!(model.report().unwrap().steps, 6);
    assert!(model.report().unwrap().history[5].train_loss.is_finite());
}

#[test]
fn the_model_file_says_how_rows_and_classes_were_weighted() {
    let table = table(&csv(60, |at| (0.5 + (at % 2) as f64).to_string(), nothing));
    let table = table.weighted_by("w").unwrap();
    let model = builder()
        .class_weight(ClassWeight::Balanced)
        .fit(&table)
        .unwrap();
    let weighting = model.provenance().weighting.clone().unwrap();
    assert_eq!(weighting.column.as_deref(), Some("w"));
    assert_eq!(weighting.class_weight.as_deref(), Some("balanced"));
    assert!((weighting.weighted_positive_rate - 0.5).abs() < 1e-12);
    assert!((weighting.probability(0.5) - weighting.positive_rate).abs() < 1e-12);
    let loaded = Classifier::from_bytes(&model.to_bytes().unwrap(), Isa::detect()).unwrap();
    assert_eq!(loaded.provenance(), model.provenance());
    let one = table_of_one_class();
    let error = builder()
        .class_weight(ClassWeight::Balanced)
        .validation_rows(&table)
        .schema(model.schema().clone())
        .fit(&one)
        .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("no row to train on is of the positive class"),
        "{error}"
    );
}

fn table_of_one_class() -> Table {
    table("w,a,b,name,y\n1,1,2,red,no\n1,2,3,red,no\n")
        .weighted_by("w")
        .unwrap()
}

#[test]
fn a_training_with_other_weights_does_not_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let fit =
        |class_weight: Option<ClassWeight>, weight: &dyn Fn(usize) -> String, start: Start| {
            let table = table(&csv(60, weight, nothing)).weighted_by("w").unwrap();
            let checkpoints = Checkpoints {
                folder: folder.path().to_owned(),
                every: Every::default(),
                start,
            };
            let builder = builder().checkpoints(checkpoints);
            match class_weight {
                None => builder.fit(&table),
                Some(weight) => builder.class_weight(weight).fit(&table),
            }
        };
    let balanced = Some(ClassWeight::Balanced);
    let first = fit(balanced, &one, Start::Afresh).unwrap();
    let again = fit(balanced, &one, Start::Resume).unwrap();
    assert_eq!(hash(&first), hash(&again));
    let differing = |result: Result<Classifier, TrainError>| match result.unwrap_err() {
        TrainError::Checkpoint(CheckpointError::Differs { differences, .. }) => differences
            .into_iter()
            .map(|difference| difference.what)
            .collect::<Vec<_>>(),
        other => panic!("{other}"),
    };
    assert_eq!(differing(fit(None, &one, Start::Resume)), ["class weight"]);
    let two = |_: usize| "2".to_owned();
    assert_eq!(differing(fit(balanced, &two, Start::Resume)), ["data"]);
}
