//! How steps that are split over their outputs fall into parts.

use std::ops::Range;

use super::PIECE;
use crate::kernel::crew::Worker;

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
        let grains = self.cols.div_ceil(self.grain);
        let largest = |n: usize| n.div_ceil(worker.count);
        let (blocks, cols) = if largest(self.blocks) * grains <= largest(grains) * self.blocks {
            (worker.share(self.blocks, turn), 0..self.cols)
        } else {
            let share = worker.share(grains, turn);
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
