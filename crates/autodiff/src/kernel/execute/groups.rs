//! Fused elementwise operations, piece by piece, and what follows when a piece of a slot was written.

use super::call::{Call, Sink};
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
        scratch: Scratch<'_, T, impl Sink<T>>,
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
        scratch: Scratch<'_, T, impl Sink<T>>,
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
        scratch: Scratch<'_, T, impl Sink<T>>,
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
        scratch: Scratch<'_, T, impl Sink<T>>,
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
            let call = MapArgs {
                op: map.data.get(),
                args,
                out,
                vectors,
            };
            // SAFETY: the plan gave each operand the space of the group, or a repetition of it.
            unsafe {
                scratch.sink.call(Call::Map(map.function, call));
                if let Spot::Buffer(id) = map.out
                    && let Place::Slot(slot) = self.run.program.buffers[id.0 as usize].place
                {
                    self.settle(slot, piece, out, scratch.sink);
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
        scratch: Scratch<'_, T, impl Sink<T>>,
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
    unsafe fn settle(&self, slot: usize, piece: Piece, out: *mut T, sink: &impl Sink<T>) {
        let spec = &self.run.layout.slots[slot];
        let lanes = T::LANES;
        // SAFETY: the piece lies inside the slot, its padding included; the copy has room for whole blocks.
        unsafe {
            match piece {
                Piece::Line { first, vectors } => {
                    let (from, to) = (first * lanes, (first + vectors) * lanes);
                    let end = spec.rows.max(from);
                    if end < to {
                        sink.call(Call::ZeroRest {
                            ptr: out.add(end - from),
                            len: to - end,
                        });
                    }
                }
                Piece::Block {
                    block,
                    first,
                    vectors,
                } => {
                    let rows = (spec.rows - block * lanes).min(lanes);
                    if rows < lanes {
                        sink.call(Call::ZeroRows {
                            ptr: out,
                            rows,
                            vectors,
                        });
                    }
                    if let Some(copy) = spec.transposed {
                        let to_block = spec.transposed_block_stride(lanes);
                        let to = self
                            .state
                            .add(copy + first / lanes * to_block + block * lanes * lanes);
                        let call = TransposeArgs {
                            from: out.cast_const(),
                            to,
                            to_block,
                            blocks: vectors.div_ceil(lanes),
                        };
                        sink.call(Call::Transpose(self.run.program.kernels.transpose, call));
                    }
                }
            }
        }
    }
}
