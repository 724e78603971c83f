//! Fused elementwise operations, piece by piece, and what follows when a piece of a slot was written.

use super::{PIECE, Piece, Scratch, Shared};
use crate::Scalar;
use crate::kernel::convert::TransposeArgs;
use crate::kernel::map::{MapArg, MapArgs, Read};
use crate::plan::program::{Group, Place, Spot};

impl<T: Scalar> Shared<'_, T> {
    /// A group over vectors of a line.
    pub(super) unsafe fn line(
        &self,
        group: &Group<T>,
        first: usize,
        vectors: usize,
        produced: *mut T,
        scratch: Scratch<T>,
    ) {
        let piece = |done, vectors| Piece::Line {
            first: first + done,
            vectors,
        };
        // SAFETY: vectors of the group's space.
        unsafe { self.pieces(group, vectors, &piece, produced, scratch) }
    }

    /// A group over columns of a block of rows.
    pub(super) unsafe fn block(
        &self,
        group: &Group<T>,
        block: usize,
        first: usize,
        cols: usize,
        produced: *mut T,
        scratch: Scratch<T>,
    ) {
        let piece = |done, vectors| Piece::Block {
            block,
            first: first + done,
            vectors,
        };
        // SAFETY: columns of the group's space.
        unsafe { self.pieces(group, cols, &piece, produced, scratch) }
    }

    /// A group over so many vectors, piece by piece: `piece` says which, from how many are done and how many come next.
    #[inline]
    unsafe fn pieces(
        &self,
        group: &Group<T>,
        vectors: usize,
        piece: &impl Fn(usize, usize) -> Piece,
        produced: *mut T,
        scratch: Scratch<T>,
    ) {
        if group.maps.is_empty() {
            return;
        }
        for done in (0..vectors).step_by(PIECE) {
            let next = piece(done, (vectors - done).min(PIECE));
            // What was produced lies piece after piece.
            let produced = produced.wrapping_add(done * T::LANES);
            // SAFETY: a piece of the group's space.
            unsafe { self.group(group, next, produced, scratch) };
        }
    }

    /// The elementwise operations of a group on one piece.
    pub(super) unsafe fn group(
        &self,
        group: &Group<T>,
        piece: Piece,
        produced: *mut T,
        scratch: Scratch<T>,
    ) {
        let (Piece::Line { vectors, .. } | Piece::Block { vectors, .. }) = piece;
        for map in &group.maps {
            let mut args = [MapArg {
                ptr: std::ptr::null(),
                read: Read::SameNumber,
            }; 3];
            for (arg, operand) in args.iter_mut().zip(&map.args) {
                *arg = MapArg {
                    ptr: self
                        .locate(operand.spot, operand.read, piece, produced, scratch)
                        .cast_const(),
                    read: operand.read,
                };
            }
            let out = self.locate(map.out, Read::Vectors, piece, produced, scratch);
            // SAFETY: the plan gave each operand the space of the group, or a repetition of it.
            unsafe {
                (map.function)(&MapArgs {
                    op: map.data.get(),
                    args,
                    out,
                    vectors,
                });
                if let Spot::Buffer(id) = map.out
                    && let Place::Slot(slot) = self.run.program.buffers[id.0 as usize].place
                {
                    self.settle(slot, piece, out);
                }
            }
        }
    }

    pub(super) fn locate(
        &self,
        spot: Spot,
        read: Read,
        piece: Piece,
        produced: *mut T,
        scratch: Scratch<T>,
    ) -> *mut T {
        match spot {
            Spot::Temp(index) => scratch.temps.wrapping_add(index * PIECE * T::LANES),
            Spot::Produced => produced,
            Spot::Buffer(id) => {
                let buffer = self.at(id);
                let offset = match (piece, read) {
                    (_, Read::SameNumber) => 0,
                    (Piece::Line { first, .. }, _) => first * T::LANES,
                    (Piece::Block { block, first, .. }, Read::Vectors) => {
                        block * buffer.block + first * T::LANES
                    }
                    (Piece::Block { block, .. }, Read::SameVector) => block * T::LANES,
                    (Piece::Block { first, .. }, Read::NumberEach) => first,
                };
                buffer.ptr.wrapping_add(offset)
            }
        }
    }

    /// After a piece of a slot was written: its padding is zero again, and its transposed copy agrees.
    pub(super) unsafe fn settle(&self, slot: usize, piece: Piece, out: *mut T) {
        let spec = &self.run.layout.slots[slot];
        let lanes = T::LANES;
        // SAFETY: the piece lies inside the slot, its padding included; the copy has room for whole blocks.
        unsafe {
            match piece {
                Piece::Line { first, vectors } => {
                    let end = (first + vectors) * lanes;
                    for index in spec.rows.max(first * lanes)..end {
                        *out.add(index - first * lanes) = T::ZERO;
                    }
                }
                Piece::Block {
                    block,
                    first,
                    vectors,
                } => {
                    let rows = (spec.rows - block * lanes).min(lanes);
                    for col in 0..vectors {
                        for row in rows..lanes {
                            *out.add(col * lanes + row) = T::ZERO;
                        }
                    }
                    if let Some(copy) = spec.transposed {
                        let to_block = spec.transposed_block_stride(lanes);
                        let to = self
                            .state
                            .add(copy + first / lanes * to_block + block * lanes * lanes);
                        (self.run.program.kernels.transpose)(&TransposeArgs {
                            from: out.cast_const(),
                            to,
                            to_block,
                            blocks: vectors.div_ceil(lanes),
                        });
                    }
                }
            }
        }
    }
}
