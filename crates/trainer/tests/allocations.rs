//! A training step allocates nothing: counted by the allocator, on one thread.

mod common;
#[path = "common/first.rs"]
mod first;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use chainrule_autodiff::Isa;
use chainrule_nn::Network;
use chainrule_trainer::{
    Adam, Batch, Control, EpochReport, Observer, Optimizer, Samples, Sgd, StepReport, Surroundings,
    Threads, TrainConfig, train,
};

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: all work is the system allocator's; counting allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// What the allocator has counted when each step ended, and at the ends of epochs.
struct Counts {
    steps: Vec<(usize, usize)>,
}

impl Observer for Counts {
    fn epoch(&mut self, _: &EpochReport) -> Control {
        Control::Continue
    }

    fn step(&mut self, report: &StepReport) -> Control {
        let count = ALLOCATIONS.with(Cell::get);
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
    assert!(ALLOCATIONS.with(Cell::get) > 0, "the allocator counts");
    for isa in Isa::available() {
        for shuffle in [true, false] {
            count(&Sgd, shuffle, false, isa);
            count(&Adam::default(), shuffle, true, isa);
        }
    }
}
