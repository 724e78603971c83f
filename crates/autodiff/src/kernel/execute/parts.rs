//! How steps that are split over their outputs fall into parts.

use std::ops::Range;

use super::{BLOCKS, PIECE};
use crate::kernel::crew::{self, Worker};
use crate::plan::program::{Over, Program, Space, Step, Work};
use crate::{Dim, Scalar};

/// The outputs of a step: blocks of rows × columns, or one block and the vectors of a line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Outputs {
    blocks: usize,
    /// Blocks that are computed together.
    height: usize,
    cols: usize,
    /// Workers' shares of the columns begin at multiples of this.
    grain: usize,
}

impl Outputs {
    /// What a step that is split over its outputs makes.
    pub(super) fn of<T: Scalar>(program: &Program<T>, step: &Step<T>, batch: usize) -> Outputs {
        let lanes = T::LANES;
        // Copies of parameters are transposed by whole blocks.
        let grain = lanes;
        let cols = |d: Dim| d.at(batch);
        match &step.work {
            Work::None => {
                let Space { rows, cols: c } = step.group.space;
                if step.group.space.is_line() {
                    Outputs::line((rows * cols(c)).div_ceil(lanes))
                } else {
                    Outputs::blocked(rows.div_ceil(lanes), 1, cols(c), grain)
                }
            }
            Work::Product(p) => {
                Outputs::blocked(p.rows.div_ceil(lanes), BLOCKS, cols(p.cols), grain)
            }
            Work::Dot(dot) => Outputs::line(cols(dot.cols).div_ceil(lanes)),
            Work::Sum(sum) => match sum.over {
                Over::Rows => Outputs::line(cols(sum.cols).div_ceil(lanes)),
                Over::Columns if sum.rows > 1 => {
                    Outputs::blocked(sum.rows.div_ceil(lanes), BLOCKS, 1, 1)
                }
                Over::Columns | Over::All => Outputs::one(),
            },
            Work::Convert { to, .. } => {
                Outputs::blocked(1, 1, cols(program.buffers[to.0 as usize].cols), grain)
            }
            Work::Eval { .. } => Outputs::one(),
        }
    }

    pub(super) fn one() -> Self {
        Self::blocked(1, 1, 1, 1)
    }

    /// Vectors of a line.
    pub(super) fn line(vectors: usize) -> Self {
        Self::blocked(1, 1, vectors, 1)
    }

    pub(super) fn blocked(blocks: usize, height: usize, cols: usize, grain: usize) -> Self {
        Self {
            blocks,
            height,
            cols,
            grain,
        }
    }

    /// A worker's share: of the blocks or of the columns, whichever can be shared more evenly.
    pub(super) fn share(self, worker: Worker<'_>, turn: usize) -> Share {
        self.share_of(worker.index, worker.count, turn)
    }

    fn share_of(self, index: usize, count: usize, turn: usize) -> Share {
        let grains = self.cols.div_ceil(self.grain);
        let largest = |n: usize| n.div_ceil(count);
        let part = |n: usize| crew::share(n, index + turn, count);
        let (blocks, cols) = if largest(self.blocks) * grains <= largest(grains) * self.blocks {
            (part(self.blocks), 0..self.cols)
        } else {
            let share = part(grains);
            let end = self.cols.min(share.end * self.grain);
            (0..self.blocks, share.start * self.grain..end)
        };
        Share {
            blocks,
            cols,
            height: self.height,
        }
    }
}

/// A rectangle of outputs.
pub(super) struct Share {
    blocks: Range<usize>,
    cols: Range<usize>,
    height: usize,
}

impl Share {
    /// The blocks and columns of each tile: along the blocks first, so that neighbours share the columns of the right
    /// operand, and as high as can be at even heights: four blocks are two and two.
    pub(super) fn tiles(self) -> impl Iterator<Item = (Range<usize>, Range<usize>)> {
        let (first, count) = (self.blocks.start, self.blocks.len());
        let parts = count.div_ceil(self.height);
        let cols = self.cols;
        cols.clone().step_by(PIECE).flat_map(move |col| {
            let cols = col..cols.end.min(col + PIECE);
            (0..parts).map(move |part| {
                let blocks = first + count * part / parts..first + count * (part + 1) / parts;
                (blocks, cols.clone())
            })
        })
    }
}

/// How much of a unit's blocks and of its columns is one worker's.
pub(crate) fn unit_fraction<T: Scalar>(
    program: &Program<T>,
    step: &Step<T>,
    batch: usize,
    (index, count): (usize, usize),
    turn: usize,
) -> (f64, f64) {
    let outputs = Outputs::of(program, step, batch);
    let share = outputs.share_of(index, count, turn);
    (
        share.blocks.len() as f64 / outputs.blocks.max(1) as f64,
        share.cols.len() as f64 / outputs.cols.max(1) as f64,
    )
}

/// How much of a chain's samples is one worker's.
pub(crate) fn chain_fraction<T: Scalar>(batch: usize, (index, count): (usize, usize)) -> f64 {
    let vectors = crew::share(batch.div_ceil(T::LANES), index, count);
    let samples = batch.min(vectors.end * T::LANES) - batch.min(vectors.start * T::LANES);
    samples as f64 / batch.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Team;

    /// Every output is computed by one worker, in one tile, and no worker has much more than its share.
    #[test]
    fn shares_cover_the_outputs_once_and_are_even() {
        for (blocks, height, cols, grain) in [
            (1, 1, 1, 1),
            (1, 1, 300, 1),
            (4, 3, 100, 16),
            (3, 3, 30, 16),
            (1, 3, 30, 16),
            (64, 3, 1024, 16),
            (2, 3, 0, 16),
            (7, 3, 1, 1),
        ] {
            let outputs = Outputs::blocked(blocks, height, cols, grain);
            let team = Team::solo();
            for count in [1, 2, 3, 7] {
                let mut seen = vec![0; blocks * cols];
                let mut largest = 0;
                for index in 0..count {
                    let mut size = 0;
                    let worker = Worker::of(&team, index, count);
                    for (b, c) in outputs.share(worker, 1).tiles() {
                        assert!(b.len() <= height && c.len() <= PIECE && !b.is_empty());
                        size += b.len() * c.len();
                        for at in b.flat_map(|b| c.clone().map(move |c| b * cols + c)) {
                            seen[at] += 1;
                        }
                    }
                    largest = largest.max(size);
                }
                assert!(seen.iter().all(|&n| n == 1), "{outputs:?} of {count}");
                let even = (blocks * cols).div_ceil(count);
                // One block more, or one grain of columns more.
                let slack = cols.min(blocks * grain).max(1);
                assert!(
                    largest <= even + slack,
                    "{largest} of {outputs:?} by {count}"
                );
            }
        }
    }
}
