//! How a training ends before its time: divergence, Ctrl-C, an observer.

mod common;
#[path = "common/first.rs"]
mod first;

use std::sync::atomic::{AtomicBool, Ordering};

use chainrule_data::{Table, embedded};
use chainrule_nn::Network;
use chainrule_trainer::{
    Batch, Classifier, Control, Divergence, EpochReport, Observer, Outcome, Samples, Sgd, Silent,
    StepReport, Surroundings, TrainConfig, TrainError, Trained, train,
};

fn wdbc() -> Table {
    let wdbc = embedded::wdbc();
    Table::from_csv(wdbc.name, wdbc.bytes).unwrap()
}

fn diverge(
    hidden: &[usize],
    rate: f64,
    samples: &Samples<f32>,
    batch: usize,
) -> (Trained, Divergence) {
    let network = Network::classifier(samples.features, hidden);
    let config = TrainConfig {
        epochs: 5,
        batch: Batch::Rows(batch),
        learning_rate: rate,
        shuffle: false,
        ..TrainConfig::default()
    };
    let around = Surroundings {
        observer: &mut Silent,
        cancel: None,
    };
    let first = first::first::<f32>(&network, 1);
    let trained = train(&network, &first, &Sgd, samples, None, &config, around).unwrap();
    match trained.outcome.clone() {
        Outcome::Diverged(divergence) => (trained, divergence),
        other => panic!("expected a divergence, found {other:?}"),
    }
}

#[test]
fn the_first_bad_value_is_named_with_its_place() {
    let mut samples = common::samples::<f32>(4, 40, 1);
    // The third batch of 10, its sixth row.
    samples.x[4 * 25] = f32::NAN;
    let (trained, divergence) = diverge(&[3], 0.1, &samples, 10);
    assert!(divergence.value.is_nan());
    assert_eq!(
        divergence.to_string(),
        "epoch 1, batch 3, layer 1: z1[1, 6] is NaN"
    );
    // Nothing of the bad epoch is kept.
    let network = Network::classifier(4, &[3]);
    assert_eq!(
        trained.parameters.to_vec::<f32>(),
        first::first::<f32>(&network, 1)
    );
    assert!(trained.history.is_empty());
}

#[test]
fn parameters_that_overflow_are_named_although_the_loss_is_finite() {
    let mut samples = common::samples::<f32>(4, 10, 1);
    samples.x.iter_mut().for_each(|x| *x *= 1e3);
    let (_, divergence) = diverge(&[], 3e38, &samples, 10);
    assert_eq!((divergence.epoch, divergence.batch), (1, 1));
    assert_eq!(
        (divergence.place.quantity.as_str(), divergence.place.layer),
        ("W1", 1)
    );
    assert!(divergence.value.is_infinite());
}

#[test]
fn the_last_good_model_is_that_of_the_epoch_before() {
    let mut samples = common::samples::<f32>(4, 64, 1);
    samples.x.iter_mut().for_each(|x| *x *= 1e3);
    // The first epoch leaves weights of about 1e36, which are numbers; the second multiplies them by the features.
    let (trained, divergence) = diverge(&[], 1e34, &samples, 64);
    assert_eq!(divergence.epoch, 2);
    assert_eq!(
        (divergence.place.quantity.as_str(), divergence.place.layer),
        ("z1", 1),
        "{divergence}"
    );
    assert_eq!(trained.history.len(), 1);
    assert!(trained.parameters.check_finite().is_ok());
    assert!(
        trained
            .parameters
            .to_vec::<f32>()
            .iter()
            .any(|w| w.abs() > 1e30)
    );
}

#[test]
fn a_classifier_that_diverges_keeps_a_model_that_predicts() {
    let error = Classifier::builder()
        .target("diagnosis")
        .optimizer(Sgd)
        .learning_rate(1e38)
        .fit(&wdbc())
        .unwrap_err();
    let text = error.to_string();
    assert!(text.starts_with("training diverged in epoch "), "{text}");
    assert!(
        text.contains("batch") && text.contains("layer") && text.contains("try learning_rate(0.1)"),
        "{text}"
    );
    let TrainError::Diverged {
        divergence,
        last_good,
    } = error
    else {
        panic!("expected a divergence, found {text}");
    };
    assert_eq!(
        last_good.report().unwrap().outcome,
        Outcome::Diverged(divergence)
    );
    assert!(
        last_good
            .predict_proba(&wdbc())
            .unwrap()
            .iter()
            .all(|p| p.is_finite())
    );
    assert!(last_good.to_bytes().is_ok());
}

/// Sets the flag at a step.
struct CtrlC<'a> {
    flag: &'a AtomicBool,
    at: (usize, usize),
}

impl Observer for CtrlC<'_> {
    fn epoch(&mut self, _: &EpochReport) -> Control {
        Control::Continue
    }

    fn step(&mut self, report: &StepReport) -> Control {
        if (report.epoch, report.batch) == self.at {
            self.flag.store(true, Ordering::Relaxed);
        }
        Control::Continue
    }
}

#[test]
fn a_cancelled_training_finishes_the_step_and_keeps_what_is_there() {
    for (at, steps, epochs) in [((2, 3), 18, 1), ((2, 15), 30, 2), ((1, 1), 1, 0)] {
        let flag = AtomicBool::new(false);
        let model = Classifier::builder()
            .target("diagnosis")
            .observer(&mut CtrlC { flag: &flag, at })
            .cancel(&flag)
            .fit(&wdbc())
            .unwrap();
        let report = model.report().unwrap();
        assert_eq!(report.outcome, Outcome::Interrupted);
        assert_eq!(
            (report.steps, report.history.len()),
            (steps, epochs),
            "{at:?}"
        );
        assert_eq!(model.provenance().training.epochs_finished, epochs as u64);
    }
}

#[test]
fn an_observer_stops_after_an_epoch_and_changes_nothing_before() {
    let fit = |epochs: usize, stop: usize| {
        Classifier::builder()
            .target("diagnosis")
            .epochs(epochs)
            .observer(&mut |report: &EpochReport| {
                if report.epoch == stop {
                    Control::Stop
                } else {
                    Control::Continue
                }
            })
            .fit(&wdbc())
            .unwrap()
    };
    let (stopped, finished) = (fit(10, 4), fit(4, 0));
    assert_eq!(stopped.report().unwrap().outcome, Outcome::Stopped);
    assert_eq!(finished.report().unwrap().outcome, Outcome::Finished);
    assert_eq!(stopped.hash().unwrap(), finished.hash().unwrap());
}
