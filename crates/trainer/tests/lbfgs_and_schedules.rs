//! L-BFGS and schedules in whole trainings: the same bits everywhere, broken off or not, and what they refuse.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use chainrule_autodiff::Isa;
use chainrule_data::{Dataset, Table, embedded};
use chainrule_nn::Precision;
use chainrule_trainer::{
    Batch, Builder, Checkpoints, Classifier, ClipByNorm, ClipByValue, Control, Cosine,
    EarlyStopping, EpochReport, Every, L1, L2, Lbfgs, Metric, Momentum, OneCycle, Optimizer,
    Outcome, Penalised, ReduceOnPlateau, Schedule, Sgd, Start, StepDecay, Threads, Warmup,
};
use nalgebra::DMatrix;

mod common;

fn wdbc() -> Table {
    let wdbc = embedded::wdbc();
    Table::from_csv(wdbc.name, wdbc.bytes).unwrap()
}

/// A training that is described again and again.
type Way<'w> = &'w dyn for<'a> Fn(Builder<'a>) -> Builder<'a>;

fn fit(way: Way) -> Classifier {
    way(Classifier::builder().target("diagnosis"))
        .fit(&wdbc())
        .unwrap()
}

fn searching(builder: Builder<'_>) -> Builder<'_> {
    builder
        .hidden(&[5, 3])
        .optimizer(L2 {
            strength: 1e-3,
            on: Penalised::Weights,
            then: Lbfgs::default(),
        })
        .batch(Batch::Full)
        .learning_rate(1.0)
        .epochs(25)
        .seed(3)
}

fn falling(builder: Builder<'_>) -> Builder<'_> {
    let plateau = ReduceOnPlateau {
        patience: 2,
        min_delta: 0.01,
        ..ReduceOnPlateau::default()
    };
    builder
        .hidden(&[4])
        .optimizer(Momentum::default())
        .batch(Batch::Rows(128))
        .learning_rate(0.2)
        .schedule(Schedule::from(plateau).after(Warmup::Steps(6)))
        .epochs(20)
}

fn kept(folder: &Path) -> Checkpoints {
    Checkpoints {
        folder: folder.to_owned(),
        every: Every::Steps(1),
        start: Start::Resume,
    }
}

fn history(model: &Classifier) -> String {
    let history = &model.report().unwrap().history;
    let timeless = history.iter().map(|&report| EpochReport {
        seconds: 0.0,
        ..report
    });
    format!("{:?}", timeless.collect::<Vec<_>>())
}

/// Trains an epoch at a time, each in a process of its own as it were.
fn in_parts(way: Way) -> Classifier {
    let folder = tempfile::tempdir().unwrap();
    loop {
        let flag = AtomicBool::new(false);
        let mut observer = |_: &EpochReport| {
            flag.store(true, Ordering::Relaxed);
            Control::Continue
        };
        let model = way(Classifier::builder().target("diagnosis"))
            .checkpoints(kept(folder.path()))
            .cancel(&flag)
            .observer(&mut observer)
            .fit(&wdbc())
            .unwrap();
        if model.report().unwrap().outcome != Outcome::Interrupted {
            return model;
        }
    }
}

#[test]
fn broken_off_after_each_epoch_they_are_the_same_trainings() {
    let stopping: Way = &|builder| {
        searching(builder).early_stopping(EarlyStopping {
            metric: Metric::LogLoss,
            patience: 4,
            min_delta: 0.0,
        })
    };
    let ways: [(Way, &[Outcome]); 3] = [
        (&searching, &[Outcome::Finished]),
        (stopping, &[Outcome::NoImprovement]),
        (&falling, &[Outcome::Finished]),
    ];
    for (way, outcomes) in ways {
        let (whole, parts) = (fit(way), in_parts(way));
        let report = whole.report().unwrap();
        assert!(outcomes.contains(&report.outcome), "{:?}", report.outcome);
        assert_eq!(whole.to_bytes().unwrap(), parts.to_bytes().unwrap());
        assert_eq!(history(&whole), history(&parts));
        assert_eq!(report.outcome, parts.report().unwrap().outcome);
    }
}

#[test]
fn what_has_converged_ends_and_stays_ended() {
    let way: Way = &|builder| {
        builder
            .hidden(&[])
            .optimizer(L2 {
                strength: 0.1,
                on: Penalised::All,
                then: Lbfgs::default(),
            })
            .batch(Batch::Full)
            .learning_rate(1.0)
            .precision(Precision::F64)
            .epochs(200)
    };
    let whole = fit(way);
    let report = whole.report().unwrap();
    assert_eq!(report.outcome, Outcome::Converged);
    assert!(report.history.len() < 60, "{}", report.history.len());
    let parts = in_parts(way);
    assert_eq!(parts.report().unwrap().outcome, Outcome::Converged);
    assert_eq!(whole.to_bytes().unwrap(), parts.to_bytes().unwrap());
}

#[test]
fn a_rate_that_falls_is_reported_and_one_that_waits_for_the_loss_does() {
    let model = fit(&falling);
    let rates: Vec<f64> = model
        .report()
        .unwrap()
        .history
        .iter()
        .map(|e| e.learning_rate)
        .collect();
    // Four steps an epoch: the warm-up is in its fourth step, then over.
    assert_eq!(rates[0], 0.2 * (4.0 / 7.0));
    assert_eq!(rates[1], 0.2);
    let last = rates[rates.len() - 1];
    assert!(last < 0.2 && last > 0.0, "{rates:?}");
    assert!(rates[1..].is_sorted_by(|a, b| a >= b), "{rates:?}");
    let constant: Way = &|builder| falling(builder).schedule(Schedule::default());
    assert_ne!(fit(constant).hash().unwrap(), model.hash().unwrap());
}

#[test]
fn more_epochs_are_refused_where_the_schedule_looks_at_the_end() {
    let ways: [(Schedule, bool); 4] = [
        (Cosine::default().into(), true),
        (OneCycle::default().into(), true),
        (StepDecay::default().into(), false),
        (Warmup::Epochs(1).into(), false),
    ];
    for (schedule, is_refused) in ways {
        let folder = tempfile::tempdir().unwrap();
        let train = |epochs| {
            Classifier::builder()
                .target("diagnosis")
                .schedule(schedule)
                .epochs(epochs)
                .checkpoints(kept(folder.path()))
                .fit(&wdbc())
        };
        train(2).unwrap();
        match train(3) {
            Ok(_) => assert!(!is_refused, "{schedule}"),
            Err(error) => {
                let expected = "epochs (on which the schedule depends) is 3 here and 2 there";
                assert!(
                    is_refused && error.to_string().contains(expected),
                    "{error}"
                );
            }
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let train = |schedule: Schedule| {
        Classifier::builder()
            .target("diagnosis")
            .schedule(schedule)
            .epochs(2)
            .checkpoints(kept(folder.path()))
            .fit(&wdbc())
    };
    train(Schedule::default()).unwrap();
    let error = train(StepDecay::default().into()).unwrap_err().to_string();
    let expected = "schedule is step:every=10,factor=0.5 here and constant there";
    assert!(error.contains(expected), "{error}");
}

#[test]
fn what_does_not_go_together_is_refused() {
    let lbfgs = Lbfgs::default();
    let said = |builder: Builder<'_>| {
        let error = builder.target("diagnosis").fit(&wdbc()).unwrap_err();
        error.to_string()
    };
    let search = || Classifier::builder().optimizer(lbfgs);
    assert_eq!(
        said(search()),
        "lbfgs needs all rows in every step, and the batch size is 32: make it full"
    );
    let clipped: [Box<dyn Optimizer>; 2] = [
        Box::new(ClipByNorm {
            limit: 1.0,
            then: lbfgs,
        }),
        Box::new(ClipByValue {
            limit: 1.0,
            then: lbfgs,
        }),
    ];
    for optimizer in clipped {
        let error = said(search().optimizer(optimizer).batch(Batch::Full));
        assert!(error.contains("leave clipping out"), "{error}");
    }
    let error = said(
        search()
            .optimizer(Lbfgs {
                history: 0,
                ..lbfgs
            })
            .batch(Batch::Full),
    );
    assert_eq!(
        error,
        "history of lbfgs is 0; expected a whole number from 1 to 1000"
    );
    let error = said(Classifier::builder().schedule(Cosine { floor: 2.0 }));
    assert_eq!(
        error,
        "floor of the schedule is 2; expected a number from 0 to 1"
    );
    let error = said(Classifier::builder().schedule(Warmup::Epochs(60)));
    assert!(
        error.contains("leaves nothing of a training of 50 epochs"),
        "{error}"
    );
}

/// What must come out on every machine: a hash of the parameters, and the last loss. As in `same_bits.rs`.
const GOLDEN: [(&str, f64); 4] = [
    (
        "c0dc9895f1c7b01d5680eff5dcd3f9dd1849d3ae20a8d17f52dc252ccc8ea11a",
        0.04245474934577942,
    ),
    (
        "c617db885ebbb3fe7bc83839655288120b72c5a8cbd6e835eb960a4160ac50d7",
        0.44103330250687045,
    ),
    (
        "52944a63d58c7ffdb0a8952eaf482733ac50512377ab8ecb8553a47e76ab232f",
        0.24151047489099337,
    ),
    (
        "101fe703ecf342bc52d33b4247fe3124cc0e000bff75805e85b933ae15f5e3bd",
        0.14587101627860152,
    ),
];

fn golden(which: usize, isa: Isa, threads: usize) -> Classifier {
    let base = Classifier::builder()
        .target("diagnosis")
        .isa(isa)
        .threads(Threads::Exactly(threads))
        .seed(42);
    let search = |strength| L2 {
        strength,
        on: Penalised::Weights,
        then: Lbfgs {
            history: 4,
            ..Lbfgs::default()
        },
    };
    let full = |builder: Builder<'static>| builder.batch(Batch::Full).learning_rate(1.0).epochs(12);
    match which {
        0 => full(base).optimizer(search(1e-3)).fit(&wdbc()),
        // Layers on both sides of a block, several chunks, weighted rows, double precision.
        1 => {
            let samples = common::samples::<f64>(13, 700, 9);
            let labels: Vec<bool> = samples.y.iter().map(|&y| y == 1.0).collect();
            let weights = (0..700).map(|row| 0.5 + (row % 3) as f64).collect();
            let data = Dataset::new(DMatrix::from_vec(13, 700, samples.x), labels)
                .and_then(|data| data.with_weights(weights))
                .unwrap();
            full(base)
                .hidden(&[33, 17])
                .precision(Precision::F64)
                .optimizer(search(0.0))
                .fit(&data)
        }
        2 => base
            .optimizer(ClipByNorm {
                limit: 0.1,
                then: Sgd,
            })
            .schedule(Schedule::from(Cosine { floor: 0.1 }).after(Warmup::Epochs(1)))
            .learning_rate(1.0)
            .epochs(4)
            .fit(&wdbc()),
        _ => base
            .hidden(&[20])
            .optimizer(L1 {
                strength: 0.01,
                on: Penalised::All,
                then: Momentum::default(),
            })
            .schedule(OneCycle::default())
            .learning_rate(0.1)
            .epochs(4)
            .fit(&wdbc()),
    }
    .unwrap()
}

#[test]
fn the_bits_are_the_same_for_any_threads_and_instruction_set() {
    for (which, (hash, loss)) in GOLDEN.into_iter().enumerate() {
        for isa in Isa::available() {
            for threads in [1, 2, 3, 7] {
                let model = golden(which, isa, threads);
                let history = &model.report().unwrap().history;
                let found = (model.hash().unwrap(), history[history.len() - 1].train_loss);
                let expected = (hash.to_owned(), loss);
                assert_eq!(
                    found, expected,
                    "training {which}, {isa}, {threads} threads"
                );
            }
        }
    }
}
