//! What it costs to look at the layers now and then: the workload *small*, 100 features, layers of 64, 32 and 1, batches of 128.
//!
//! `cargo run --release -p chainrule-trainer --example observing [THREADS]`
//!
//! With 16,000 rows an epoch has 125 steps, so every other epoch ends with a look. What passes between the last step of an epoch and its report is
//! measured in both kinds of epochs; the difference is a look. *Small* has 32,000 rows, which is 250 steps for a look.

use std::error::Error;
use std::time::{Duration, Instant};

use chainrule_nn::random::{Purpose, Stream};
use chainrule_nn::{Initializer, Network, Precision};
use chainrule_trainer::{
    Batch, Control, EpochReport, LayersReport, Observer, Samples, Sgd, StepReport, Surroundings,
    Threads, TrainConfig, train,
};

const ROWS: usize = 16_000;
const FEATURES: usize = 100;
const EPOCHS: usize = 101;

/// Times the ends of epochs.
struct Clock {
    epoch_began: Instant,
    step_ended: Instant,
    has_looked: bool,
    steps: Vec<Duration>,
    with_look: Vec<Duration>,
    without: Vec<Duration>,
}

impl Observer for Clock {
    fn step(&mut self, _: &StepReport) -> Control {
        self.step_ended = Instant::now();
        Control::Continue
    }

    fn layers(&mut self, _: &LayersReport<'_>) {
        self.has_looked = true;
    }

    fn epoch(&mut self, _: &EpochReport) -> Control {
        let now = Instant::now();
        let gap = now - self.step_ended;
        match self.has_looked {
            true => self.with_look.push(gap),
            false => self.without.push(gap),
        }
        self.steps.push(self.step_ended - self.epoch_began);
        self.has_looked = false;
        self.epoch_began = Instant::now();
        Control::Continue
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let threads = match std::env::args().nth(1) {
        None => Threads::Auto,
        Some(threads) => Threads::Exactly(threads.parse()?),
    };
    let network = Network::classifier(FEATURES, &[64, 32]);
    let first = network.initial_parameters(Initializer::default(), 7, Precision::F32);
    let mut numbers = Stream::new(7, Purpose::Shuffling, 0);
    let x: Vec<f32> = (0..ROWS * FEATURES)
        .map(|_| numbers.symmetric(1.0) as f32)
        .collect();
    let label = |row: &[f32]| {
        if row[0] + row[1] * row[2] > 0.0 {
            1.0
        } else {
            0.0
        }
    };
    let samples = Samples {
        features: FEATURES,
        y: x.chunks(FEATURES).map(label).collect(),
        x,
        weights: None,
    };
    let config = TrainConfig {
        epochs: EPOCHS,
        batch: Batch::Rows(128),
        learning_rate: 0.5,
        threads,
        ..TrainConfig::default()
    };
    let now = Instant::now();
    let mut clock = Clock {
        epoch_began: now,
        step_ended: now,
        has_looked: false,
        steps: Vec::new(),
        with_look: Vec::new(),
        without: Vec::new(),
    };
    let around = Surroundings {
        observer: &mut clock,
        cancel: None,
    };
    let trained = train::<f32>(
        &network,
        &first.to_vec(),
        &Sgd,
        &samples,
        None,
        &config,
        around,
    )?;
    // The first look makes its memory.
    clock.with_look.remove(0);
    let looks = (clock.with_look.len(), clock.without.len());
    let (with_look, without) = (median(clock.with_look), median(clock.without));
    let steps = 2.0 * median(clock.steps);
    let look = with_look - without;
    println!(
        "{} on {} threads: 250 steps take {steps:.0} µs; the end of an epoch {with_look:.0} µs with a look and {without:.0} µs without \
         (medians of {} and {}); a look takes {look:.0} µs, {:.2} % of training",
        config.isa,
        trained.info.threads,
        looks.0,
        looks.1,
        100.0 * look / steps,
    );
    Ok(())
}

/// In microseconds.
fn median(mut all: Vec<Duration>) -> f64 {
    all.sort_unstable();
    all[all.len() / 2].as_secs_f64() * 1e6
}
