//! Small trainings, each with other parts of the loop that have something to remember.

use chainrule_data::Table;
use chainrule_nn::Precision;
use chainrule_trainer::{
    Adam, AdamW, Batch, Builder, Checkpoints, ClassWeight, Classifier, ClipByNorm, EarlyStopping,
    Every, Lbfgs, Momentum, OneCycle, ReduceOnPlateau, RmsProp, Schedule, Start, Threads,
};
use std::path::Path;

/// How many there are.
pub const TRAININGS: u8 = 5;

/// A table with a column of each kind, and missing values in some.
pub fn table() -> Table {
    let mut csv = String::from("number,name,truth,date,gap,y\n");
    for row in 0..24 {
        let gap = if row % 5 == 0 {
            String::new()
        } else {
            (row % 7).to_string()
        };
        let name = ["red", "green", "blue"][row % 3];
        let truth = ["yes", "no"][row % 2];
        let label = ["bad", "good"][usize::from(row % 4 < 2)];
        csv += &format!(
            "{}.5,{name},{truth},2024-03-{:02},{gap},{label}\n",
            row * 7 % 24,
            row + 1
        );
    }
    Table::from_csv("t.csv", csv.as_bytes()).expect("a good table")
}

/// A training that keeps checkpoints in a folder and goes on from what is there.
pub fn training(which: u8, folder: &Path) -> Builder<'static> {
    let builder = Classifier::builder()
        .target("y")
        .hidden(&[2])
        .epochs(4)
        .batch(Batch::Rows(8))
        .validation_fraction(0.25)
        .threads(Threads::AtMost(1))
        .checkpoints(Checkpoints {
            folder: folder.to_owned(),
            every: Every::Steps(2),
            start: Start::Resume,
        });
    let early = EarlyStopping {
        patience: 2,
        ..EarlyStopping::default()
    };
    match which % TRAININGS {
        0 => builder.optimizer(Adam::default()).early_stopping(early),
        1 => builder
            .optimizer(Momentum { momentum: 0.5 })
            .precision(Precision::F64)
            .schedule(Schedule::from(ReduceOnPlateau {
                patience: 1,
                ..ReduceOnPlateau::default()
            }))
            .early_stopping(early),
        2 => builder.optimizer(Lbfgs::default()).batch(Batch::Full),
        3 => builder
            .optimizer(ClipByNorm {
                limit: 0.5,
                then: AdamW::default(),
            })
            .schedule(Schedule::from(OneCycle::default()))
            .class_weight(ClassWeight::Balanced),
        _ => builder
            .optimizer(RmsProp::default())
            .validation_fraction(0.0),
    }
}
