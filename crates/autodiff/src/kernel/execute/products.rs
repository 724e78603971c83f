//! Products, and the chunks of a product over samples.

use super::call::{Call, Sink};
use super::{BLOCKS, PIECE, Scratch, Shared};
use crate::kernel::product::{JoinArgs, ProductArgs, Start, Walk};
use crate::plan::program::{Group, Layout, Product, Spot};
use crate::reference::CHUNK;
use crate::{Dim, Scalar};

/// Bytes that the nearest cache of a processor holds: an input that is no larger may still be there from the epoch before. Fetching larger ones brought
/// small 15 % on AVX-512 (Emerald Rapids).
const NEAR: usize = 32 << 10;

impl<T: Scalar> Shared<'_, T> {
    /// Columns of some blocks of a product, then its group. `cols` are columns (of a line: the one).
    pub(super) unsafe fn product(
        &self,
        p: &Product,
        group: &Group<T>,
        blocks: (usize, usize),
        cols: (usize, usize),
        scratch: Scratch<'_, T, impl Sink<T>>,
    ) {
        let program = self.run.program;
        let (a, b) = (self.at(p.a), self.at(p.b));
        let inner = p.inner.at(self.run.batch);
        let walk = self.walk(p, b.block);
        let (first, count) = blocks;
        let line = p.cols.is_one();
        let kernel = program.kernels.product;
        let mut col = cols.0;
        while col < cols.1 {
            let width = (cols.1 - col).min(PIECE);
            let piece = PIECE * T::LANES;
            // SAFETY: all offsets lie inside the buffers by the shapes that the plan was made with.
            unsafe {
                let (c, c_block) = match p.out {
                    Spot::Buffer(id) if line => (self.at(id).ptr.add(first * T::LANES), T::LANES),
                    Spot::Buffer(id) => {
                        let out = self.at(id);
                        (out.ptr.add(first * out.block + col * T::LANES), out.block)
                    }
                    _ => (scratch.tiles, piece),
                };
                let start = p.bias.map_or(Start::Zero, |bias| {
                    Start::Bias(self.at(bias).ptr.add(first * T::LANES).cast_const())
                });
                let tile = ProductArgs {
                    a: a.ptr.add(first * a.block).cast_const(),
                    a_block: a.block,
                    blocks: count,
                    rows: p.rows - first * T::LANES,
                    b: b.ptr.cast_const(),
                    walk,
                    first_col: col,
                    cols: width,
                    inner,
                    start,
                    c,
                    c_block,
                };
                if p.inner == Dim::Batch && inner > CHUNK {
                    self.chunks(kernel, tile, scratch);
                } else {
                    scratch.sink.call(Call::Product(kernel, tile));
                }
                for block in 0..count {
                    let produced = c.add(block * c_block);
                    if line {
                        self.line(group, first + block, 1, produced, scratch);
                    } else {
                        self.block(group, first + block, col, width, produced, scratch);
                    }
                }
            }
            col += width;
        }
    }

    /// A tile of a product over samples: a chain for each chunk, joined by the tree.
    pub(super) unsafe fn chunks(
        &self,
        kernel: unsafe fn(&ProductArgs<T>),
        tile: ProductArgs<T>,
        scratch: Scratch<'_, T, impl Sink<T>>,
    ) {
        let join = self.run.program.kernels.join;
        let piece = PIECE * T::LANES;
        // The first tile of the scratch may hold the result: finished subtrees come after it.
        let level = |depth: usize| {
            // SAFETY: the scratch has a tile for each digit of the number of chunks.
            unsafe { scratch.tiles.add((1 + depth) * BLOCKS * piece) }
        };
        let merge = |left: *mut T, right: *mut T| {
            let args = JoinArgs {
                left,
                right: right.cast_const(),
                block_stride: piece,
                blocks: tile.blocks,
                vectors: tile.cols,
            };
            // SAFETY: both are tiles of the worker's own scratch.
            unsafe { scratch.sink.call(Call::Join(join, args)) }
        };
        let mut depth = 0;
        for (chunk, from) in (0..tile.inner).step_by(CHUNK).enumerate() {
            // SAFETY: a chunk of the samples of the whole tile.
            unsafe {
                let chunk = ProductArgs {
                    a: tile.a.add(from * T::LANES),
                    b: tile.b.add(tile.walk.k_offset(from)),
                    inner: CHUNK.min(tile.inner - from),
                    c: level(depth),
                    c_block: piece,
                    ..tile
                };
                scratch.sink.call(Call::Product(kernel, chunk));
            }
            depth += 1;
            for _ in 0..(chunk + 1).trailing_zeros() {
                depth -= 1;
                merge(level(depth - 1), level(depth));
            }
        }
        while depth > 1 {
            depth -= 1;
            merge(level(depth - 1), level(depth));
        }
        for block in 0..tile.blocks {
            // SAFETY: the finished tile and the result do not overlap.
            unsafe {
                scratch.sink.call(Call::Copy {
                    from: level(0).add(block * piece).cast_const(),
                    to: tile.c.add(block * tile.c_block),
                    len: tile.cols * T::LANES,
                });
            }
        }
    }

    /// How the numbers of a product's right operand lie.
    pub(super) fn walk(&self, p: &Product, block: usize) -> Walk {
        let buffer = self.run.program.buffers[p.b.0 as usize];
        let rows = buffer.rows.at(self.run.batch);
        let vector = buffer.rows.is_one() || buffer.cols.is_one();
        let whole = usize::MAX;
        let bytes = rows * buffer.cols.at(self.run.batch) * T::BYTES;
        let is_far = buffer.layout == Layout::Plain && !vector && !p.b_turned && bytes > NEAR;
        // (between neighbours in a row group, group, jump) of the rows and of the columns
        let (row, col) = match buffer.layout {
            Layout::Blocked => ((1, T::LANES, block), (T::LANES, whole, 0)),
            _ if vector => ((1, whole, 0), (1, whole, 0)),
            _ => ((1, whole, 0), (rows, whole, 0)),
        };
        let (k, j) = if p.b_turned { (col, row) } else { (row, col) };
        Walk {
            k_stride: k.0,
            k_segment: k.1,
            k_jump: k.2,
            j_stride: j.0,
            // Groups are blocks of L, a power of two; what is whole is one group.
            j_shift: if j.1 == whole {
                usize::BITS - 1
            } else {
                j.1.ilog2()
            },
            j_jump: j.2,
            is_far,
        }
    }
}
