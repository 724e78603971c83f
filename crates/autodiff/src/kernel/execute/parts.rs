//! How steps that are split over their outputs fall into parts.

use super::PIECE;

/// How a step that is split over its outputs falls into parts.
#[derive(Clone, Copy)]
pub(super) struct Items {
    blocks: usize,
    /// Blocks in one part.
    block_step: usize,
    cols: usize,
}

impl Items {
    pub(super) fn one() -> Self {
        Self::blocked(1, 1, 1)
    }

    /// Vectors of a line.
    pub(super) fn line(vectors: usize) -> Self {
        Self::blocked(1, 1, vectors)
    }

    pub(super) fn blocked(blocks: usize, block_step: usize, cols: usize) -> Self {
        Self {
            blocks,
            block_step,
            cols,
        }
    }

    pub(super) fn count(self) -> usize {
        let rows = if self.blocks <= self.block_step {
            self.blocks.min(1)
        } else {
            self.blocks.div_ceil(self.block_step)
        };
        rows * self.cols.div_ceil(PIECE)
    }

    /// The blocks and columns of one part: along the blocks first, so that neighbours share the columns of the right operand.
    pub(super) fn part(self, index: usize) -> (std::ops::Range<usize>, std::ops::Range<usize>) {
        if self.blocks <= self.block_step {
            let col = index * PIECE;
            return (0..self.blocks, col..self.cols.min(col + PIECE));
        }
        let parts = self.blocks.div_ceil(self.block_step);
        let (part, col) = (index % parts, index / parts * PIECE);
        (
            self.blocks * part / parts..self.blocks * (part + 1) / parts,
            col..self.cols.min(col + PIECE),
        )
    }
}
