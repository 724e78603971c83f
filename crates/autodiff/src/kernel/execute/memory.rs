//! The memory of a run: where each buffer lies, and the scratch of each thread.

use super::tape::Tapes;
use super::{BLOCKS, PIECE, Run};
use crate::kernel::buffer::AlignedVec;
use crate::plan::program::{BufferId, Layout, Place, Program};
use crate::plan::state::StateLayout;
use crate::reference::CHUNK;
use crate::{Dim, Scalar};

/// The memory of a run beside the state.
pub(crate) struct Memory<T: Scalar> {
    pub(super) capacity: usize,
    pub(super) arena: AlignedVec<T>,
    /// The offset of each buffer that lies in the arena.
    pub(super) offsets: Vec<usize>,
    /// From one block of rows to the next, for each buffer.
    pub(super) blocks: Vec<usize>,
    /// For each thread, as the tapes are.
    pub(super) scratch: Vec<AlignedVec<T>>,
    pub(super) tapes: Vec<Tapes<T>>,
    pub(super) resolved: Vec<Resolved<T>>,
    /// Buffers that are inputs, and which.
    inputs: Vec<(usize, usize)>,
    /// The address of the state and the number of samples for which the buffers were resolved.
    resolved_for: Option<(usize, usize)>,
}

/// Where a buffer is in this run.
#[derive(Clone, Copy)]
pub(super) struct Resolved<T> {
    pub(super) ptr: *mut T,
    pub(super) block: usize,
}

// SAFETY: the pointers are written at the start of a run and used only during it, by the threads that the run lends them to.
unsafe impl<T: Scalar> Send for Memory<T> {}
// SAFETY: shared access reads outputs only.
unsafe impl<T: Scalar> Sync for Memory<T> {}

/// How much memory a run takes, and where in it the buffers lie.
pub(crate) struct Sizes {
    /// The offset of each buffer that lies in the arena.
    pub(super) offsets: Vec<usize>,
    /// From one block of rows to the next, for each buffer.
    pub(super) blocks: Vec<usize>,
    /// Values in the arena.
    pub(crate) arena: usize,
    /// Values of scratch for each thread.
    pub(crate) scratch: usize,
}

impl Sizes {
    /// For at most `capacity` samples.
    pub(crate) fn of<T: Scalar>(
        program: &Program<T>,
        state: &StateLayout,
        capacity: usize,
    ) -> Self {
        let columns = column_capacity(capacity);
        let (mut offsets, mut blocks) = (Vec::new(), Vec::new());
        let mut end = 0;
        for buffer in &program.buffers {
            let cols = match buffer.cols {
                Dim::Fixed(n) => n,
                Dim::Batch => columns,
            };
            let rows = buffer.rows.at(columns);
            let (len, block) = match buffer.layout {
                Layout::Line => ((rows * cols).next_multiple_of(T::LANES), T::LANES),
                Layout::Blocked => (rows.div_ceil(T::LANES) * cols * T::LANES, cols * T::LANES),
                Layout::Plain => (rows * cols, 0),
            };
            let block = match buffer.place {
                Place::Slot(slot) if buffer.layout == Layout::Blocked => {
                    state.slots[slot].block_stride(T::LANES)
                }
                Place::SlotTransposed(slot) => state.slots[slot].transposed_block_stride(T::LANES),
                _ => block,
            };
            offsets.push(end);
            blocks.push(block);
            let in_arena = matches!(
                buffer.place,
                Place::Workspace | Place::Constant(_) | Place::BatchSize
            );
            end += if in_arena {
                len.next_multiple_of(T::LANES)
            } else {
                0
            };
        }
        let chunks = capacity.div_ceil(CHUNK).max(1);
        let levels = chunks.ilog2() as usize + 2;
        let scratch = (program.temps + BLOCKS * levels) * PIECE * T::LANES;
        Self {
            offsets,
            blocks,
            arena: end,
            scratch,
        }
    }
}

impl<T: Scalar> Memory<T> {
    /// Memory for at most `capacity` samples and `threads` threads.
    pub(crate) fn new(
        program: &Program<T>,
        state: &StateLayout,
        capacity: usize,
        threads: usize,
    ) -> Self {
        let sizes = Sizes::of(program, state, capacity);
        let mut arena = AlignedVec::zeros(sizes.arena);
        for (buffer, &offset) in program.buffers.iter().zip(&sizes.offsets) {
            if let Place::Constant(index) = buffer.place {
                arena[offset] = program.constants[index];
            }
        }
        Self {
            capacity,
            arena,
            offsets: sizes.offsets,
            blocks: sizes.blocks,
            scratch: (0..threads.max(1))
                .map(|_| AlignedVec::zeros(sizes.scratch))
                .collect(),
            tapes: (0..threads.max(1))
                .map(|_| Tapes::new(program.stages.len()))
                .collect(),
            inputs: program
                .buffers
                .iter()
                .enumerate()
                .filter_map(|(index, buffer)| match buffer.place {
                    Place::Input(input) => Some((index, input)),
                    _ => None,
                })
                .collect(),
            resolved_for: None,
            resolved: vec![
                Resolved {
                    ptr: std::ptr::null_mut(),
                    block: 0
                };
                program.buffers.len()
            ],
        }
    }

    /// Finds where the buffers of a run lie. From run to run only the inputs move.
    pub(super) fn resolve(&mut self, run: &Run<'_, T>, state: *mut T) {
        let now = Some((state.addr(), run.batch));
        let settled = self.resolved_for == now;
        self.resolved_for = now;
        for &(index, input) in &self.inputs {
            self.resolved[index].ptr = run.inputs[input].as_ptr().cast_mut();
        }
        if settled {
            return;
        }
        let arena = self.arena.as_mut_ptr();
        for (index, buffer) in run.program.buffers.iter().enumerate() {
            // SAFETY: offsets lie inside the allocations that they were computed for.
            let ptr = unsafe {
                match buffer.place {
                    Place::Input(_) => self.resolved[index].ptr,
                    Place::Slot(slot) => state.add(run.layout.slots[slot].offset),
                    Place::SlotTransposed(slot) => {
                        let copy = run.layout.slots[slot].transposed;
                        state.add(copy.expect("a plan that reads the copy has asked for it"))
                    }
                    Place::Constant(_) | Place::Workspace => arena.add(self.offsets[index]),
                    Place::BatchSize => {
                        let ptr = arena.add(self.offsets[index]);
                        *ptr = T::from_f64(run.batch as f64);
                        ptr
                    }
                }
            };
            self.resolved[index] = Resolved {
                ptr,
                block: self.blocks[index],
            };
        }
    }

    pub(crate) fn capacity(&self) -> usize {
        self.capacity
    }

    /// The values of an output of the last run, of `len` elements.
    pub(crate) fn output(&self, buffer: BufferId, len: usize) -> &[T] {
        &self.arena[self.offsets[buffer.0 as usize]..][..len]
    }

    /// Bytes held.
    pub(crate) fn bytes(&self) -> usize {
        let values = self.arena.len() + self.scratch.iter().map(|s| s.len()).sum::<usize>();
        values * T::BYTES + self.tapes.iter().map(Tapes::bytes).sum::<usize>()
    }
}

/// Samples that a workspace has room for: whole vectors, and not a multiple of a page, where all blocks would meet in the same cache sets.
fn column_capacity(capacity: usize) -> usize {
    let columns = capacity.next_multiple_of(16);
    if columns.is_multiple_of(64) {
        columns + 16
    } else {
        columns
    }
}
