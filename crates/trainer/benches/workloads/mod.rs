//! The four workloads of `docs/benchmarks.md`, ragged shapes beside them, their data, and how they are run: by [`train()`], as everybody runs it.
#![allow(
    dead_code,
    reason = "the benchmark and the example use different parts of it"
)]

use std::time::Instant;

use chainrule_autodiff::{Isa, elementary};
use chainrule_nn::Network;
use chainrule_trainer::{
    AdamW, Batch, Control, EpochReport, Observer, Optimizer, Real, Samples, Sgd, Surroundings,
    Threads, TrainConfig, TrainError, train,
};

/// A network, its data and how it is trained.
#[derive(Clone, Copy, Debug)]
pub struct Workload {
    pub name: &'static str,
    pub rows: usize,
    /// Inputs, hidden layers, the output.
    pub sizes: &'static [usize],
    pub batch: Batch,
    pub rate: f64,
    pub rule: Rule,
    pub order: Order,
    pub precision: Precision,
}

/// What turns gradients into updates.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rule {
    Sgd,
    AdamW,
}

/// In which order the rows come.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Order {
    File,
    Shuffled,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Precision {
    F32,
    F64,
}

const PLAIN: Workload = Workload {
    name: "",
    rows: 0,
    sizes: &[],
    batch: Batch::Full,
    rate: 0.5,
    rule: Rule::Sgd,
    order: Order::File,
    precision: Precision::F32,
};

/// What peers are compared on.
pub const FOUR: [Workload; 4] = [
    Workload {
        name: "tiny",
        rows: 569,
        sizes: &[30, 16, 8, 1],
        batch: Batch::Rows(32),
        ..PLAIN
    },
    Workload {
        name: "small",
        rows: 32_000,
        sizes: &[100, 64, 32, 1],
        batch: Batch::Rows(128),
        ..PLAIN
    },
    Workload {
        name: "medium",
        rows: 100_000,
        sizes: &[28, 256, 256, 1],
        batch: Batch::Rows(1024),
        ..PLAIN
    },
    Workload {
        name: "wide",
        rows: 10_000,
        sizes: &[784, 1024, 1024, 1],
        batch: Batch::Rows(256),
        rate: 0.1,
        ..PLAIN
    },
];

const RAGGED: Workload = Workload {
    rows: 4_000,
    rate: 0.003,
    batch: Batch::Rows(100),
    rule: Rule::AdamW,
    order: Order::Shuffled,
    ..PLAIN
};

/// Widths, batches and depths that no tile was made for, with Adam, weight decay and shuffled rows.
pub const ODD: [Workload; 19] = [
    Workload {
        name: "one layer of 7",
        sizes: &[50, 7, 1],
        ..RAGGED
    },
    Workload {
        name: "one layer of 33",
        sizes: &[50, 33, 1],
        ..RAGGED
    },
    Workload {
        name: "one layer of 100",
        sizes: &[50, 100, 1],
        ..RAGGED
    },
    Workload {
        name: "one layer of 500",
        sizes: &[50, 500, 1],
        ..RAGGED
    },
    Workload {
        name: "two layers of 33",
        sizes: &[50, 33, 33, 1],
        ..RAGGED
    },
    Workload {
        name: "three of 100, 33, 7",
        sizes: &[50, 100, 33, 7, 1],
        ..RAGGED
    },
    Workload {
        name: "four of 100",
        sizes: &[50, 100, 100, 100, 100, 1],
        ..RAGGED
    },
    Workload {
        name: "five of 33",
        sizes: &[50, 33, 33, 33, 33, 33, 1],
        ..RAGGED
    },
    Workload {
        name: "two of 500",
        sizes: &[50, 500, 500, 1],
        ..RAGGED
    },
    Workload {
        name: "7 inputs, 100, 33",
        sizes: &[7, 100, 33, 1],
        ..RAGGED
    },
    Workload {
        name: "100, 33, batch 20",
        sizes: &[50, 100, 33, 1],
        batch: Batch::Rows(20),
        ..RAGGED
    },
    Workload {
        name: "100, 33, batch 100",
        sizes: &[50, 100, 33, 1],
        ..RAGGED
    },
    Workload {
        name: "100, 33, batch 1000",
        sizes: &[50, 100, 33, 1],
        batch: Batch::Rows(1000),
        ..RAGGED
    },
    Workload {
        name: "100, 33, full batch",
        sizes: &[50, 100, 33, 1],
        batch: Batch::Full,
        ..RAGGED
    },
    Workload {
        name: "100, 33, SGD",
        sizes: &[50, 100, 33, 1],
        rule: Rule::Sgd,
        ..RAGGED
    },
    Workload {
        name: "100, 33, file order",
        sizes: &[50, 100, 33, 1],
        order: Order::File,
        ..RAGGED
    },
    Workload {
        name: "100, 33, f64",
        sizes: &[50, 100, 33, 1],
        precision: Precision::F64,
        ..RAGGED
    },
    Workload {
        name: "two of 500, f64",
        sizes: &[50, 500, 500, 1],
        precision: Precision::F64,
        ..RAGGED
    },
    Workload {
        name: "500, batch 20",
        sizes: &[50, 500, 1],
        batch: Batch::Rows(20),
        ..RAGGED
    },
];

impl Workload {
    pub fn network(&self) -> Network {
        let hidden = &self.sizes[1..self.sizes.len() - 1];
        Network::classifier(self.sizes[0], hidden)
    }

    pub fn optimizer(&self) -> Box<dyn Optimizer> {
        match self.rule {
            Rule::Sgd => Box::new(Sgd),
            Rule::AdamW => Box::new(AdamW::default()),
        }
    }

    pub fn batch_rows(&self) -> usize {
        self.batch.rows(self.rows)
    }

    pub fn steps_per_epoch(&self) -> usize {
        self.rows.div_ceil(self.batch_rows())
    }

    /// Floating-point operations of the products of an epoch, those of padded lanes counted: forward, with respect to the activations, with respect to
    /// the weights.
    pub fn padded_flops(&self) -> f64 {
        let lanes = match self.precision {
            Precision::F32 => 16,
            Precision::F64 => 8,
        };
        let layers = self.sizes.windows(2).enumerate().map(|(at, pair)| {
            let (inputs, outputs) = (pair[0], pair[1]);
            // The lanes of a product with one output run over its inputs.
            let forward = if outputs == 1 {
                inputs.next_multiple_of(lanes)
            } else {
                inputs * outputs.next_multiple_of(lanes)
            };
            let backward = if at == 0 {
                0
            } else {
                inputs.next_multiple_of(lanes) * outputs
            };
            2 * forward + backward
        });
        2.0 * layers.sum::<usize>() as f64 * self.rows as f64
    }

    /// Bytes that an epoch must move: weights and the optimiser's state read and written each step, and the rows read.
    pub fn moved_bytes(&self) -> f64 {
        let bytes = match self.precision {
            Precision::F32 => 4.0,
            Precision::F64 => 8.0,
        };
        let copies = match self.rule {
            Rule::Sgd => 1.0,
            Rule::AdamW => 3.0,
        };
        let parameters: usize = self
            .sizes
            .windows(2)
            .map(|pair| (pair[0] + 1) * pair[1])
            .sum();
        let steps = self.steps_per_epoch() as f64;
        let state = 2.0 * copies * parameters as f64 * steps;
        bytes * (state + (self.rows * (self.sizes[0] + 1)) as f64)
    }

    pub fn config(&self, threads: Threads, isa: Isa) -> TrainConfig {
        TrainConfig {
            batch: self.batch,
            learning_rate: self.rate,
            shuffle: self.order == Order::Shuffled,
            threads,
            isa,
            ..TrainConfig::default()
        }
    }

    /// First parameters and rows.
    pub fn prepared<T: Real>(&self) -> (Vec<T>, Samples<T>) {
        let mut random = Random(42);
        let first = first(self.sizes, &mut random);
        (first, data(self.rows, self.sizes[0], &mut random))
    }
}

/// What a training took and where it ended.
pub struct Timed {
    /// Of each epoch, in order.
    pub seconds: Vec<f64>,
    /// The mean loss of the last epoch.
    pub loss: f64,
}

/// Trains for a number of epochs, or less if the time is up: then at least three.
pub fn timed<T: Real>(
    workload: &Workload,
    (first, samples): &(Vec<T>, Samples<T>),
    config: &TrainConfig,
    seconds: f64,
) -> Result<Timed, TrainError> {
    let mut watch = Watch {
        until: seconds,
        begun: Instant::now(),
        ends: Vec::new(),
    };
    let around = Surroundings {
        observer: &mut watch,
        cancel: None,
    };
    let (network, optimizer) = (workload.network(), workload.optimizer());
    let trained = train(&network, first, &*optimizer, samples, None, config, around)?;
    let starts = [0.0].into_iter().chain(watch.ends.iter().copied());
    Ok(Timed {
        seconds: watch
            .ends
            .iter()
            .zip(starts)
            .map(|(end, start)| end - start)
            .collect(),
        loss: trained.history.last().map_or(f64::NAN, |e| e.train_loss),
    })
}

struct Watch {
    until: f64,
    begun: Instant,
    ends: Vec<f64>,
}

impl Observer for Watch {
    fn epoch(&mut self, report: &EpochReport) -> Control {
        self.ends.push(report.seconds);
        if self.ends.len() >= 4 && self.begun.elapsed().as_secs_f64() > self.until {
            Control::Stop
        } else {
            Control::Continue
        }
    }
}

/// The middle one.
pub fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Xavier-uniform weights, biases of zero.
fn first<T: Real>(sizes: &[usize], random: &mut Random) -> Vec<T> {
    let mut parameters = Vec::new();
    for pair in sizes.windows(2) {
        let limit = (6.0 / (pair[0] + pair[1]) as f64).sqrt();
        let weights = (0..pair[0] * pair[1]).map(|_| (random.uniform() * 2.0 - 1.0) * limit);
        parameters.extend(weights.map(T::from_f64));
        parameters.extend((0..pair[1]).map(|_| T::ZERO));
    }
    parameters
}

/// Standard-normal features and a smooth nonlinear rule for the labels.
fn data<T: Real>(rows: usize, features: usize, random: &mut Random) -> Samples<T> {
    let x: Vec<f32> = (0..rows * features)
        .map(|_| random.normal() as f32)
        .collect();
    let y = x.chunks(features).map(|s| {
        let z = s[0] * s[1] + (2.0 * s[2]).sin() + 0.5 * s[3] - 0.3 * s[4] * s[4];
        let positive = random.uniform() < f64::from(elementary::sigmoid(3.0 * z));
        T::from_f64(f64::from(u8::from(positive)))
    });
    let y = y.collect();
    Samples {
        features,
        x: x.iter().map(|&x| T::from_f64(f64::from(x))).collect(),
        y,
        weights: None,
    }
}

/// SplitMix64: enough randomness to time with, and the same in the peers' scripts.
struct Random(u64);

impl Random {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }
}
