//! How a training goes: plain data.

use std::fmt;

use chainrule_autodiff::Isa;
use serde::{Deserialize, Serialize};

use crate::{Schedule, Stopping};

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
    /// How it changes while the training runs.
    pub schedule: Schedule,
    /// Whether each epoch takes the rows in a new random order, or all in the order given.
    pub shuffle: bool,
    /// Where random numbers start from: first weights, order of the rows, validation split, each from a stream of its own.
    pub seed: u64,
    /// What ends it before the epochs are over.
    pub stopping: Stopping,
    /// How many threads.
    pub threads: Threads,
    /// The vector instructions.
    pub isa: Isa,
}

impl Default for TrainConfig {
    /// 50 epochs, batches of 32 rows in a new order each epoch, a learning rate of 0.003 (for [`Adam`](crate::Adam)), seed 0.
    ///
    /// Chosen by measuring hidden layers of 16 and 8 on six tables, means of 40 splits, ROC AUC / log loss / accuracy on a
    /// fifth held out. Fewer steps leave `banknote` unlearned, more of them make the small noisy tables overconfident:
    ///
    /// | rate, epochs | wdbc | banknote | ionosphere | pima | haberman | oil-spill |
    /// |---|---|---|---|---|---|---|
    /// | 0.003, 40 | .995 / .092 / .973 | 1.000 / .024 / .991 | .931 / .313 / .875 | .835 / .479 / .767 | .689 / .538 / .740 | .934 / .107 / .968 |
    /// | **0.003, 50** | .995 / .096 / .972 | 1.000 / .019 / .993 | .933 / .308 / .881 | .836 / .477 / .766 | .693 / .534 / .748 | .929 / .109 / .967 |
    /// | 0.003, 100 | .992 / .118 / .966 | 1.000 / .007 / .998 | .933 / .307 / .904 | .836 / .478 / .763 | .697 / .529 / .756 | .915 / .139 / .964 |
    /// | 0.01, 20 | .994 / .101 / .970 | 1.000 / .016 / .995 | .932 / .305 / .887 | .836 / .478 / .766 | .695 / .532 / .754 | .927 / .112 / .966 |
    /// | 0.02, 15 | .994 / .103 / .971 | 1.000 / .009 / .998 | .932 / .305 / .894 | .834 / .482 / .765 | .696 / .531 / .757 | .928 / .120 / .966 |
    ///
    /// `cargo run --release -p chainrule-trainer --example defaults` measures it again.
    fn default() -> TrainConfig {
        TrainConfig {
            epochs: 50,
            batch: Batch::Rows(32),
            learning_rate: 0.003,
            schedule: Schedule::default(),
            shuffle: true,
            seed: 0,
            stopping: Stopping::default(),
            threads: Threads::Auto,
            isa: Isa::detect(),
        }
    }
}

impl TrainConfig {
    /// The epochs that suit so many rows: 50, as in [`default`](TrainConfig::default), but of many rows fewer, so that they are no more
    /// than 4,000 steps, and never fewer than 10.
    ///
    /// Passes over many rows are many steps, and what small tables need makes a network learn large ones by heart. Means of two splits,
    /// ROC AUC / log loss / accuracy on a fifth held out:
    ///
    /// | epochs | bank_marketing (8,237 rows) | adult-train (32,561 rows) |
    /// |---|---|---|
    /// | 5 | .931 / .202 / .907 | .915 / .308 / .858 |
    /// | 10 | .932 / .198 / .907 | .917 / .303 / .862 |
    /// | 15 | .932 / .196 / .908 | .917 / .302 / .862 |
    /// | 20 | .932 / .203 / .905 | |
    /// | 30 | .932 / .204 / .901 | |
    /// | 50 | .927 / .227 / .902 | .914 / .310 / .861 |
    ///
    /// `scripts/datasets.sh` measures it again.
    ///
    /// ```
    /// use chainrule_trainer::{Batch, TrainConfig};
    /// let epochs = [569, 2_500, 8_000, 1_000_000].map(|rows| TrainConfig::epochs_for(rows, Batch::Rows(32)));
    /// assert_eq!(epochs, [50, 50, 16, 10]);
    /// assert_eq!(TrainConfig::epochs_for(1_000_000, Batch::Full), 50);
    /// ```
    pub fn epochs_for(rows: usize, batch: Batch) -> usize {
        const STEPS: usize = 4000;
        let steps = rows.div_ceil(batch.rows(rows)).max(1);
        (STEPS / steps).clamp(10, TrainConfig::default().epochs)
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
    /// As many as are worth it: one for small steps, one for each processor for long ones. For those between, both are measured while the training
    /// runs, and the faster one is taken.
    #[default]
    Auto,
    /// As [`Auto`](Threads::Auto), but no more than this.
    AtMost(usize),
    /// This many, worth it or not.
    Exactly(usize),
}

impl Threads {
    /// The number for steps of so many multiply-adds, and whether they should be measured against one thread.
    pub(crate) fn for_steps(self, multiply_adds: f64) -> (usize, bool) {
        if let Threads::Exactly(threads) = self {
            return (threads.max(1), false);
        }
        let is_open = Threads::WORTH_MEASURING.contains(&multiply_adds);
        let threads = match is_open {
            true => self.for_work(f64::INFINITY),
            false => self.for_work(multiply_adds),
        };
        (threads, is_open && threads > 1)
    }

    /// Multiply-adds of a piece of work from which a second thread pays.
    const WORTH_SHARING: f64 = 1e6;

    /// Multiply-adds of a step from which a second thread may pay, and from which it does: then a step takes a thousand times as long as its joins. Between
    /// them it depends on the machine and on who else works on it.
    const WORTH_MEASURING: std::ops::Range<f64> = 3e5..3e7;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_never_empty_nor_more_than_there_is() {
        assert_eq!(Batch::Rows(32).rows(10), 10);
        assert_eq!(Batch::Rows(32).rows(100), 32);
        assert_eq!(Batch::Rows(0).rows(100), 1);
        assert_eq!((Batch::Full.rows(7), Batch::Full.rows(0)), (7, 1));
        assert_eq!(
            (Batch::Rows(32).to_string(), Batch::Full.to_string()),
            ("32".into(), "full".into())
        );
    }

    #[test]
    fn a_limit_of_threads_is_a_limit_and_small_work_has_one() {
        let processors = Threads::Auto.for_work(1e9);
        assert!(processors >= 1);
        assert_eq!(Threads::Auto.for_work(1e5), 1);
        assert_eq!(Threads::AtMost(1).for_work(1e9), 1);
        assert_eq!(Threads::AtMost(0).for_work(1e9), 1);
        assert_eq!(Threads::AtMost(1000).for_work(1e9), processors);
        assert_eq!(Threads::AtMost(1000).for_work(1e5), 1);
        assert_eq!(Threads::Auto.for_steps(1e5), (1, false));
        assert_eq!(Threads::Auto.for_steps(1e6), (processors, processors > 1));
        assert_eq!(Threads::Auto.for_steps(1e9), (processors, false));
        assert_eq!(Threads::AtMost(1).for_steps(1e6), (1, false));
        assert_eq!(Threads::Exactly(2).for_steps(1e6), (2, false));
        assert_eq!(
            (
                Threads::Exactly(7).for_work(0.0),
                Threads::Exactly(0).for_work(0.0)
            ),
            (7, 1)
        );
    }
}
