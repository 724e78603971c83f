//! How a training goes: plain data.

use std::fmt;

use chainrule_autodiff::Isa;
use serde::{Deserialize, Serialize};

/// How a training goes. With data, network, optimiser and first parameters it settles every bit of the result, except for
/// `threads` and `isa`, which settle nothing but the time it takes.
///
/// ```
/// use chainrule_trainer::{Batch, TrainConfig};
///
/// let config = TrainConfig { epochs: 10, batch: Batch::Full, ..TrainConfig::default() };
/// assert_eq!(config.batch.rows(569), 569);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TrainConfig {
    /// Passes over the data; 0 leaves the first parameters as they are.
    pub epochs: usize,
    /// Rows of a step.
    pub batch: Batch,
    /// `α`, the length of a step.
    pub learning_rate: f64,
    /// Whether each epoch takes the rows in a new random order, or all in the order given.
    pub shuffle: bool,
    /// Where random numbers start from: first weights, order of the rows, validation split, each from a stream of its own.
    pub seed: u64,
    /// How many threads.
    pub threads: Threads,
    /// The vector instructions.
    pub isa: Isa,
}

impl Default for TrainConfig {
    fn default() -> TrainConfig {
        TrainConfig {
            epochs: 200,
            batch: Batch::Rows(32),
            learning_rate: 0.001,
            shuffle: true,
            seed: 0,
            threads: Threads::Auto,
            isa: Isa::detect(),
        }
    }
}

/// How many rows a step of gradient descent sees.
// Model files hold the position of a variant: new ones go to the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Batch {
    /// So many, the last step of an epoch with what is left. More than there are is all.
    Rows(usize),
    /// All.
    Full,
}

impl Batch {
    /// The rows of a step when there are so many in all.
    pub fn rows(self, available: usize) -> usize {
        match self {
            Batch::Rows(rows) => rows.clamp(1, available.max(1)),
            Batch::Full => available.max(1),
        }
    }
}

impl fmt::Display for Batch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Batch::Rows(rows) => write!(f, "{rows}"),
            Batch::Full => f.write_str("full"),
        }
    }
}

/// How many threads train. The result is the same bit for bit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Threads {
    /// As many as are worth it: 1 for small steps, else one for each processor.
    #[default]
    Auto,
    /// As [`Auto`](Threads::Auto), but no more than this.
    AtMost(usize),
    /// This many, worth it or not.
    Exactly(usize),
}

impl Threads {
    /// Multiply-adds of a piece of work from which a second thread pays.
    const WORTH_SHARING: f64 = 1e6;

    /// The number for a piece of work of so many multiply-adds.
    pub(crate) fn for_work(self, multiply_adds: f64) -> usize {
        // No processor tells its number: then one is safe.
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        let auto = if multiply_adds < Threads::WORTH_SHARING {
            1
        } else {
            processors
        };
        match self {
            Threads::Auto => auto,
            Threads::AtMost(limit) => auto.min(limit.max(1)),
            Threads::Exactly(threads) => threads.max(1),
        }
    }
}
