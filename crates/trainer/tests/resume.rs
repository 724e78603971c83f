//! A training that was broken off and goes on is the one that was not.

use std::cell::Cell;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use chainrule_autodiff::Isa;
use chainrule_data::{Table, embedded};
use chainrule_nn::Precision;
use chainrule_trainer::{
    Adam, Batch, Builder, CheckpointError, Checkpoints, Classifier, Control, EarlyStopping,
    EpochReport, Every, Metric, Momentum, Observer, Outcome, Sgd, Start, StepReport, Target,
    Threads, TrainError, TrainingInfo,
};

fn wdbc() -> Table {
    let wdbc = embedded::wdbc();
    Table::from_csv(wdbc.name, wdbc.bytes).unwrap()
}

/// A training that is described again and again.
type Way<'w> = &'w dyn for<'a> Fn(Builder<'a>) -> Builder<'a>;

/// Four steps an epoch, in another order each time, and a rule that fires before the epochs are over.
fn stops_early(builder: Builder<'_>) -> Builder<'_> {
    builder
        .target("diagnosis")
        .hidden(&[5, 3])
        .optimizer(Adam::default())
        .batch(Batch::Rows(128))
        .learning_rate(0.05)
        .epochs(40)
        .seed(3)
        .early_stopping(EarlyStopping {
            metric: Metric::LogLoss,
            patience: 3,
            min_delta: 1e-3,
        })
}

fn kept(folder: &Path, every: Every) -> Checkpoints {
    Checkpoints {
        folder: folder.to_owned(),
        every,
        start: Start::Resume,
    }
}

/// Says stop when so many steps are done in this process.
struct After<'a> {
    steps: usize,
    seen: Cell<usize>,
    flag: &'a AtomicBool,
    resumed: Option<usize>,
}

impl Observer for After<'_> {
    fn epoch(&mut self, _: &EpochReport) -> Control {
        Control::Continue
    }

    fn start(&mut self, info: &TrainingInfo) {
        self.resumed = info.resumed_from_step;
    }

    fn step(&mut self, _: &StepReport) -> Control {
        self.seen.set(self.seen.get() + 1);
        if self.seen.get() == self.steps {
            self.flag.store(true, Ordering::Relaxed);
        }
        Control::Continue
    }
}

/// Trains so many steps more, and says how that ended and how many steps there were.
fn go_on(way: Way, steps: usize, folder: &Path, every: Every) -> (Classifier, usize) {
    let flag = AtomicBool::new(false);
    let mut after = After {
        steps,
        seen: Cell::new(0),
        flag: &flag,
        resumed: None,
    };
    let model = way(Classifier::builder())
        .checkpoints(kept(folder, every))
        .cancel(&flag)
        .observer(&mut after)
        .fit(&wdbc())
        .unwrap();
    (model, after.seen.get())
}

/// The history without its times.
fn history(model: &Classifier) -> String {
    let history = &model.report().unwrap().history;
    let timeless = history.iter().map(|&report| EpochReport {
        seconds: 0.0,
        ..report
    });
    format!("{:?}", timeless.collect::<Vec<_>>())
}

fn assert_same(one: &Classifier, other: &Classifier) {
    assert_eq!(one.to_bytes().unwrap(), other.to_bytes().unwrap());
    assert_eq!(history(one), history(other));
    let (one, other) = (one.report().unwrap(), other.report().unwrap());
    assert_eq!(one.outcome, other.outcome);
    assert_eq!(one.best_epoch, other.best_epoch);
    assert_eq!(one.steps, other.steps);
    assert_eq!(
        (&one.train, &one.validation, &one.test),
        (&other.train, &other.validation, &other.test)
    );
}

#[test]
fn broken_off_at_every_step_it_is_the_same_training() {
    let whole = stops_early(Classifier::builder()).fit(&wdbc()).unwrap();
    let report = whole.report().unwrap();
    assert_eq!(report.outcome, Outcome::NoImprovement);
    assert_eq!(report.best_epoch, Some(report.history.len() - 3));
    // In one process after the other, with strides that break off in the middle of epochs and at their ends.
    for stride in [1, 3, 4, 7, 16] {
        let folder = tempfile::tempdir().unwrap();
        let mut parts = 0;
        let resumed = loop {
            let (model, _) = go_on(&stops_early, stride, folder.path(), Every::Epochs(1));
            parts += 1;
            if model.report().unwrap().outcome != Outcome::Interrupted {
                break model;
            }
        };
        assert!(parts >= report.steps / stride, "{parts} parts of {stride}");
        assert_same(&whole, &resumed);
    }
}

#[test]
fn a_kill_goes_back_to_the_last_checkpoint() {
    let whole = stops_early(Classifier::builder()).fit(&wdbc()).unwrap();
    for every in [Every::Steps(3), Every::Epochs(2)] {
        let folder = tempfile::tempdir().unwrap();
        for _ in 0..2 {
            // What was written before an end that is not polite.
            let copy = tempfile::tempdir().unwrap();
            let flag = AtomicBool::new(false);
            let mut copies = |report: &EpochReport| {
                if report.epoch == report.epochs.min(5) {
                    for entry in std::fs::read_dir(folder.path()).unwrap() {
                        let path = entry.unwrap().path();
                        let to = copy.path().join(path.file_name().unwrap());
                        std::fs::copy(path, to).unwrap();
                    }
                }
                Control::Continue
            };
            stops_early(Classifier::builder())
                .checkpoints(kept(folder.path(), every))
                .cancel(&flag)
                .observer(&mut copies)
                .fit(&wdbc())
                .unwrap();
            let (resumed, steps) = go_on(&stops_early, 0, copy.path(), every);
            assert_same(&whole, &resumed);
            let from = resumed.report().unwrap().info.resumed_from_step;
            assert_eq!(from.unwrap_or(0) + steps, whole.report().unwrap().steps);
            std::fs::remove_dir_all(folder.path()).unwrap();
        }
    }
}

#[test]
fn threads_and_instruction_sets_may_change_on_the_way() {
    fn wide(builder: Builder<'_>) -> Builder<'_> {
        stops_early(builder).hidden(&[96, 64]).epochs(3)
    }
    let whole = wide(Classifier::builder()).fit(&wdbc()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut ways = [1, 2, 3, 7, 16]
        .into_iter()
        .flat_map(|threads| Isa::available().into_iter().map(move |isa| (threads, isa)))
        .cycle();
    let resumed = loop {
        let (threads, isa) = ways.next().unwrap();
        let way: Way = &|builder| wide(builder).threads(Threads::Exactly(threads)).isa(isa);
        let (model, _) = go_on(way, 1, folder.path(), Every::Steps(1));
        if model.report().unwrap().outcome != Outcome::Interrupted {
            break model;
        }
    };
    assert_same(&whole, &resumed);
}

#[test]
fn ten_resumes_of_one_epoch_are_ten_epochs() {
    fn momentum(builder: Builder<'_>) -> Builder<'_> {
        builder
            .target("diagnosis")
            .optimizer(Momentum::default())
            .learning_rate(0.02)
            .precision(Precision::F64)
            .test_fraction(0.2)
            .epochs(10)
    }
    let whole = momentum(Classifier::builder()).fit(&wdbc()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut resumed = None;
    for epochs in 1..=10 {
        let way: Way = &|builder| momentum(builder).epochs(epochs);
        let (model, steps) = go_on(way, 0, folder.path(), Every::Epochs(1));
        assert_eq!(steps, whole.report().unwrap().info.steps_per_epoch);
        resumed = Some(model);
    }
    assert_same(&whole, &resumed.unwrap());
}

#[test]
fn a_finished_training_trains_nothing_and_is_the_same() {
    for target in [None, Some(0.95)] {
        let fit: Way = &|builder| match target {
            None => stops_early(builder),
            Some(value) => stops_early(builder).stopping(chainrule_trainer::Stopping {
                target: Some(Target {
                    metric: Metric::RocAuc,
                    value,
                }),
                ..Default::default()
            }),
        };
        let folder = tempfile::tempdir().unwrap();
        let (whole, _) = go_on(fit, 0, folder.path(), Every::Epochs(1));
        assert_ne!(whole.report().unwrap().outcome, Outcome::Finished);
        // What ended it for good ends it for more epochs too.
        for epochs in [40, 60] {
            let way: Way = &|builder| fit(builder).epochs(epochs);
            let (again, steps) = go_on(way, 0, folder.path(), Every::Epochs(1));
            assert_eq!(steps, 0);
            assert_eq!(again.hash().unwrap(), whole.hash().unwrap());
            assert_eq!(
                again.report().unwrap().outcome,
                whole.report().unwrap().outcome
            );
            assert_eq!(
                again.report().unwrap().seconds,
                whole.report().unwrap().seconds
            );
        }
    }
}

#[test]
fn a_checkpoint_is_a_model() {
    let folder = tempfile::tempdir().unwrap();
    let way: Way = &|builder| builder.target("diagnosis").epochs(2);
    let (model, _) = go_on(way, 0, folder.path(), Every::Epochs(1));
    let files = std::fs::read_dir(folder.path()).unwrap();
    let mut files: Vec<_> = files.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let loaded = Classifier::load(&files[1]).unwrap();
    assert_eq!(loaded.hash().unwrap(), model.hash().unwrap());
    assert_eq!(loaded.provenance(), model.provenance());
}

#[test]
fn whatever_decides_the_bits_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    fn small(builder: Builder<'_>) -> Builder<'_> {
        builder
            .target("diagnosis")
            .hidden(&[4])
            .epochs(2)
            .learning_rate(0.01)
    }
    go_on(&small, 0, folder.path(), Every::Epochs(1));
    let ways: [(Way, &str); 14] = [
        (
            &|b| b.learning_rate(0.02),
            "learning rate is 0.02 here and 0.01 there",
        ),
        (&|b| b.hidden(&[4, 2]), "network is "),
        (&|b| b.seed(1), "seed is 1 here and 0 there"),
        (
            &|b| b.batch(Batch::Full),
            "batch size is full here and 32 there",
        ),
        (
            &|b| b.optimizer(Sgd),
            "optimizer is sgd here and adam (beta1",
        ),
        (
            &|b| {
                b.optimizer(Adam {
                    beta1: 0.8,
                    ..Adam::default()
                })
            },
            "optimizer is adam (beta1 0.8",
        ),
        (
            &|b| b.shuffle(false),
            "shuffle is false here and true there",
        ),
        (
            &|b| b.precision(Precision::F64),
            "precision is f64 here and f32 there",
        ),
        (
            &|b| b.validation_fraction(0.3),
            "validation is a share of 0.3 here and a share of 0.2 there",
        ),
        (
            &|b| b.test_fraction(0.1),
            "test is a share of 0.1 here and none there",
        ),
        (
            &|b| b.early_stopping(EarlyStopping::default()),
            "early stopping is log-loss, patience 10, min-delta 0 here and none there",
        ),
        (
            &|b| b.scaling(chainrule_data::Scaling::None),
            "preprocessing is none here and standard there",
        ),
        (&|b| b.positive("benign"), "positive label is "),
        (
            &|b| b.epochs(1),
            "epochs (which may grow, not shrink) is 1 here and 2 there",
        ),
    ];
    for (way, says) in ways {
        let error = way(small(Classifier::builder()))
            .checkpoints(kept(folder.path(), Every::Epochs(1)))
            .fit(&wdbc())
            .unwrap_err();
        assert!(matches!(error, TrainError::Checkpoint(_)), "{error}");
        let error = error.to_string();
        assert!(error.contains(says), "{error}");
        assert!(error.contains("start afresh in another folder"), "{error}");
    }

    // Other data: a row less, a column less, a number more.
    let text = String::from_utf8(embedded::wdbc().bytes.to_vec()).unwrap();
    let rows: Vec<&str> = text.lines().collect();
    let less = rows[..rows.len() - 1].join("\n");
    let columns: Vec<String> = rows
        .iter()
        .map(|row| row.rsplit_once(',').unwrap())
        .map(|(rest, last)| format!("{},{last}", rest.rsplit_once(',').unwrap().0))
        .collect();
    let columns = columns.join("\n");
    for (csv, says) in [(&less, "data is 568 rows"), (&columns, "columns ")] {
        let table = Table::from_csv("wdbc.csv", csv.as_bytes()).unwrap();
        let target = table.names().last().unwrap().clone();
        let error = small(Classifier::builder())
            .target(if table.names().contains(&"diagnosis".to_owned()) {
                "diagnosis"
            } else {
                &target
            })
            .checkpoints(kept(folder.path(), Every::Epochs(1)))
            .fit(&table)
            .unwrap_err()
            .to_string();
        assert!(error.contains(says), "{error}");
    }
    // And nothing was lost by it.
    let (_, steps) = go_on(&small, 0, folder.path(), Every::Epochs(1));
    assert_eq!(steps, 0);
}

#[test]
fn a_new_training_does_not_replace_an_old_one() {
    let folder = tempfile::tempdir().unwrap();
    let fit = || Classifier::builder().target("diagnosis").epochs(1);
    let afresh = || Checkpoints {
        start: Start::Afresh,
        ..kept(folder.path(), Every::Epochs(1))
    };
    fit().checkpoints(afresh()).fit(&wdbc()).unwrap();
    let error = fit().checkpoints(afresh()).fit(&wdbc()).unwrap_err();
    assert!(
        matches!(
            error,
            TrainError::Checkpoint(CheckpointError::Occupied { step: 15, .. })
        ),
        "{error}"
    );
}

#[test]
fn a_divergence_after_a_resume_is_the_same_divergence() {
    fn diverges(builder: Builder<'_>) -> Builder<'_> {
        builder
            .target("diagnosis")
            .hidden(&[])
            .optimizer(Sgd)
            .scaling(chainrule_data::Scaling::None)
            .learning_rate(1e33)
            .epochs(5)
    }
    let diverged = |builder: Builder| match builder.fit(&wdbc()) {
        Err(TrainError::Diverged {
            divergence,
            last_good,
        }) => (divergence, last_good.to_bytes().unwrap()),
        other => panic!("expected a divergence, found {other:?}"),
    };
    let expected = diverged(diverges(Classifier::builder()));
    for steps in 1.. {
        let folder = tempfile::tempdir().unwrap();
        let flag = AtomicBool::new(false);
        let mut after = After {
            steps,
            seen: Cell::new(0),
            flag: &flag,
            resumed: None,
        };
        let first = diverges(Classifier::builder())
            .checkpoints(kept(folder.path(), Every::Steps(1)))
            .cancel(&flag)
            .observer(&mut after)
            .fit(&wdbc());
        if first.is_err() {
            assert!(steps > 1, "it diverges at once");
            break;
        }
        let found = diverged(
            diverges(Classifier::builder()).checkpoints(kept(folder.path(), Every::Steps(1))),
        );
        assert_eq!(found, expected, "after {steps} steps");
    }
}

/// A look at the layers in the last epoch of a training is none of the longer training that it becomes.
#[test]
fn a_training_that_grows_has_the_warnings_of_one_that_was_long_from_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let table = wdbc();
    let deep = |epochs: usize| {
        Classifier::builder()
            .target("diagnosis")
            .hidden(&[8, 8, 8, 8, 8, 8])
            .optimizer(Sgd)
            .learning_rate(0.01)
            .epochs(epochs)
    };
    let kept = || kept(folder.path(), Every::Epochs(1));
    let codes = |model: &Classifier| -> Vec<(&str, usize)> {
        let warnings = model.report().unwrap().warnings.iter();
        warnings.map(|w| (w.code(), w.epoch)).collect()
    };
    let short = deep(5).checkpoints(kept()).fit(&table).unwrap();
    assert!(
        codes(&short).contains(&("vanishing-gradients", 5)),
        "{:?}",
        codes(&short)
    );
    let grown = deep(40).checkpoints(kept()).fit(&table).unwrap();
    let whole = deep(40).fit(&table).unwrap();
    assert!(codes(&whole).iter().any(|w| w.0 == "vanishing-gradients"));
    assert_eq!(codes(&grown), codes(&whole));
    assert_same(&grown, &whole);
}
