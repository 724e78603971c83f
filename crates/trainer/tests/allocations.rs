//! A training step allocates nothing: counted by the allocator, on one thread.

mod common;
#[path = "common/first.rs"]
mod first;

use std::alloc::System;

use chainrule_autodiff::Isa;
use chainrule_nn::Network;
use chainrule_trainer::{
    Adam, Batch, Control, EpochReport, Observer, Optimizer, Samples, Sgd, StepReport, Surroundings,
    Threads, TrainConfig, train,
};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn allocations() -> usize {
    let stats = ALLOCATOR.stats();
    stats.allocations + stats.reallocations
}

/// What the allocator has counted when each step ended, and at the ends of epochs.
struct Counts {
    steps: Vec<(usize, usize)>,
}

impl Observer for Counts {
    fn epoch(&mut self, _: &EpochReport) -> Control {
        Control::Continue
    }

    fn step(&mut self, report: &StepReport) -> Control {
        let count = allocations();
        assert!(
            self.steps.len() < self.steps.capacity(),
            "counting allocates"
        );
        self.steps.push((report.epoch, count));
        Control::Continue
    }
}

fn count(optimizer: &dyn Optimizer, shuffle: bool, weighted: bool, isa: Isa) {
    // With debug assertions the engine checks small states after each step, in memory that it allocates; this one is large
    // enough to be left alone.
    let network = Network::classifier(100, &[200, 20]);
    let mut samples: Samples<f32> = common::samples(100, 100, 1);
    samples.weights = weighted.then(|| vec![2.0; 100]);
    let config = TrainConfig {
        epochs: 4,
        batch: Batch::Rows(16),
        learning_rate: 0.01,
        shuffle,
        threads: Threads::Exactly(1),
        isa,
        ..TrainConfig::default()
    };
    let mut counts = Counts {
        steps: Vec::with_capacity(100),
    };
    let around = Surroundings {
        observer: &mut counts,
        cancel: None,
    };
    let first = first::first::<f32>(&network, 2);
    train(&network, &first, optimizer, &samples, None, &config, around).unwrap();
    assert_eq!(counts.steps.len(), 4 * 7);
    for pair in counts.steps.windows(2) {
        let [(epoch, before), (same, after)] = pair else {
            unreachable!("windows of two");
        };
        if epoch == same {
            assert_eq!(before, after, "a step of epoch {epoch} allocated");
        }
    }
}

#[test]
fn a_step_allocates_nothing() {
    assert!(allocations() > 0, "the allocator counts");
    for isa in Isa::available() {
        for shuffle in [true, false] {
            count(&Sgd, shuffle, false, isa);
            count(&Adam::default(), shuffle, true, isa);
        }
    }
}
