//! Runs a program: stage by stage, each worker its share.

use nalgebra::{DMatrixView, DMatrixViewMut};

use super::buffer::AlignedVec;
use super::convert::{Lie, TransposeArgs, convert};
use super::crew::{Panicked, Team, Worker};
use super::map::{MapArg, MapArgs, Read};
use super::product::{JoinArgs, ProductArgs, Walk};
use super::sum::{AllArgs, ColumnsArgs, DotArgs, sum_of_line};
use crate::op::{DynOp, View, ViewMut};
use crate::plan::program::{
    BufferId, Dot, Group, Layout, Over, Place, Product, Program, Space, Spot, Stage, Step, Sum,
    Work,
};
use crate::plan::state::StateLayout;
use crate::reference::CHUNK;
use crate::{Dim, Scalar, Shape};

/// Vectors in a piece: what a group of elementwise operations does at a time, so that its scratch memory stays in L1 (64 × 64 bytes).
const PIECE: usize = 64;

/// Blocks of rows that a product computes together.
const BLOCKS: usize = 3;

/// The memory of a run beside the state.
pub(crate) struct Memory<T: Scalar> {
    capacity: usize,
    arena: AlignedVec<T>,
    /// The offset of each buffer that lies in the arena.
    offsets: Vec<usize>,
    /// From one block of rows to the next, for each buffer.
    blocks: Vec<usize>,
    scratch: Vec<AlignedVec<T>>,
    resolved: Vec<Resolved<T>>,
}

/// Where a buffer is in this run.
#[derive(Clone, Copy)]
struct Resolved<T> {
    ptr: *mut T,
    block: usize,
}

// SAFETY: the pointers are written at the start of a run and used only during it, by the threads that the run lends them to.
unsafe impl<T: Scalar> Send for Memory<T> {}
// SAFETY: shared access reads outputs only.
unsafe impl<T: Scalar> Sync for Memory<T> {}

/// How much memory a run takes, and where in it the buffers lie.
pub(crate) struct Sizes {
    /// The offset of each buffer that lies in the arena.
    offsets: Vec<usize>,
    /// From one block of rows to the next, for each buffer.
    blocks: Vec<usize>,
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
            resolved: vec![
                Resolved {
                    ptr: std::ptr::null_mut(),
                    block: 0
                };
                program.buffers.len()
            ],
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
        (self.arena.len() + self.scratch.iter().map(|s| s.len()).sum::<usize>()) * T::BYTES
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

/// Where the state of a run is: borrowed for writing when the program has updates, else for reading.
pub(crate) enum StateRef<'a, T: Scalar> {
    Read(&'a AlignedVec<T>),
    Write(&'a mut AlignedVec<T>),
}

/// What a run is given.
pub(crate) struct Run<'a, T: Scalar> {
    pub(crate) program: &'a Program<T>,
    pub(crate) layout: &'a StateLayout,
    /// Checked against the program: their number, their lengths.
    pub(crate) inputs: &'a [&'a [T]],
    /// At most the memory's capacity.
    pub(crate) batch: usize,
}

impl<T: Scalar> Run<'_, T> {
    /// Runs the program. The caller has checked the inputs, and that state and memory belong to the program.
    pub(crate) fn on(
        &self,
        state: StateRef<'_, T>,
        memory: &mut Memory<T>,
        team: &Team,
    ) -> Result<(), Panicked> {
        let state = match state {
            // A program without updates never writes to a slot.
            StateRef::Read(values) => {
                assert!(
                    !self.program.has_updates,
                    "a program with updates is given the state for writing"
                );
                values.as_ptr().cast_mut()
            }
            StateRef::Write(values) => values.as_mut_ptr(),
        };
        let arena = memory.arena.as_mut_ptr();
        for (index, buffer) in self.program.buffers.iter().enumerate() {
            // SAFETY: offsets lie inside the allocations that they were computed for.
            let ptr = unsafe {
                match buffer.place {
                    Place::Input(input) => self.inputs[input].as_ptr().cast_mut(),
                    Place::Slot(slot) => state.add(self.layout.slots[slot].offset),
                    Place::SlotTransposed(slot) => {
                        let copy = self.layout.slots[slot].transposed;
                        state.add(copy.expect("a plan that reads the copy has asked for it"))
                    }
                    Place::Constant(_) | Place::Workspace => arena.add(memory.offsets[index]),
                    Place::BatchSize => {
                        let ptr = arena.add(memory.offsets[index]);
                        *ptr = T::from_f64(self.batch as f64);
                        ptr
                    }
                }
            };
            memory.resolved[index] = Resolved {
                ptr,
                block: memory.blocks[index],
            };
        }
        let threads = memory.scratch.len();
        let shared = Shared {
            run: self,
            state,
            resolved: &memory.resolved,
            scratch: memory.scratch.as_mut_ptr(),
        };
        let work = |worker: Worker<'_>| {
            // SAFETY: each worker has a scratch of its own; shares of work do not overlap, and joins order what depends.
            unsafe { shared.work(worker) }
        };
        if threads < team.limit() {
            Team::solo().run(&work)
        } else {
            team.run(&work)
        }
    }
}

/// What the workers of a run share.
struct Shared<'a, T: Scalar> {
    run: &'a Run<'a, T>,
    state: *mut T,
    resolved: &'a [Resolved<T>],
    scratch: *mut AlignedVec<T>,
}

// SAFETY: the pointers lead to memory that the run borrows exclusively (or only reads); workers write to disjoint parts.
unsafe impl<T: Scalar> Sync for Shared<'_, T> {}

/// A rectangle of a matrix in blocks, or a part of a line.
#[derive(Clone, Copy)]
enum Piece {
    /// Vectors of a line.
    Line { first: usize, vectors: usize },
    /// Columns of one block of rows.
    Block {
        block: usize,
        first: usize,
        vectors: usize,
    },
}

/// The scratch memory of a worker.
#[derive(Clone, Copy)]
struct Scratch<T> {
    temps: *mut T,
    /// Tiles of BLOCKS pieces: the produced one, then finished chunks.
    tiles: *mut T,
}

impl<T: Scalar> Shared<'_, T> {
    /// # Safety
    /// Called once by each worker of a job, with as many scratches as workers.
    unsafe fn work(&self, worker: Worker<'_>) {
        let program = self.run.program;
        // SAFETY: the worker's own scratch.
        let scratch = unsafe {
            let base = (*self.scratch.add(worker.index)).as_mut_ptr();
            Scratch {
                temps: base,
                tiles: base.add(program.temps * PIECE * T::LANES),
            }
        };
        for (index, stage) in program.stages.iter().enumerate() {
            // SAFETY: shares are disjoint, and a stage reads only what earlier stages or the same share have made.
            unsafe { self.stage(stage, worker, scratch) };
            let last = index + 1 == program.stages.len();
            if !last && !worker.join() {
                return;
            }
        }
    }

    unsafe fn stage(&self, stage: &Stage<T>, worker: Worker<'_>, scratch: Scratch<T>) {
        for (turn, step) in stage.units.iter().enumerate() {
            let items = self.unit_items(step);
            for item in worker.share(items.count(), turn) {
                // SAFETY: items of a step write to disjoint parts.
                unsafe { self.unit(step, items, item, scratch) };
            }
        }
        let batch = self.run.batch;
        if stage.chain.is_empty() || batch == 0 {
            return;
        }
        let tile = batch
            .div_ceil(worker.count)
            .next_multiple_of(16)
            .clamp(16, PIECE);
        for index in worker.share(batch.div_ceil(tile), 0) {
            let (from, to) = (index * tile, batch.min((index + 1) * tile));
            for step in &stage.chain {
                // SAFETY: tiles are disjoint ranges of samples.
                unsafe { self.columns(step, from, to, scratch) };
            }
        }
    }

    /// Into how many parts a step that is split over its outputs falls.
    fn unit_items(&self, step: &Step<T>) -> Items {
        let lanes = T::LANES;
        let cols = |d: Dim| d.at(self.run.batch);
        match &step.work {
            Work::None => {
                let Space { rows, cols: c } = step.group.space;
                if step.group.space.is_line() {
                    Items::line((rows * cols(c)).div_ceil(lanes))
                } else {
                    Items::blocked(rows.div_ceil(lanes), 1, cols(c))
                }
            }
            Work::Product(p) => Items::blocked(p.rows.div_ceil(lanes), BLOCKS, cols(p.cols)),
            Work::Dot(dot) => Items::line(cols(dot.cols).div_ceil(lanes)),
            Work::Sum(sum) => match sum.over {
                Over::Rows => Items::line(cols(sum.cols).div_ceil(lanes)),
                Over::Columns if sum.rows > 1 => {
                    Items::blocked(sum.rows.div_ceil(lanes), BLOCKS, 1)
                }
                Over::Columns | Over::All => Items::one(),
            },
            Work::Convert { to, .. } => {
                Items::blocked(1, 1, cols(self.run.program.buffers[to.0 as usize].cols))
            }
            Work::Eval { .. } => Items::one(),
        }
    }

    /// One part of a step that is split over its outputs.
    unsafe fn unit(&self, step: &Step<T>, items: Items, item: usize, scratch: Scratch<T>) {
        let (blocks, cols) = items.part(item);
        let (first_block, block_count) = (blocks.start, blocks.len());
        // SAFETY: the part lies inside the step's space.
        unsafe {
            match &step.work {
                Work::None => {
                    if step.group.space.is_line() {
                        self.line(
                            &step.group,
                            cols.start,
                            cols.len(),
                            std::ptr::null_mut(),
                            scratch,
                        );
                    } else {
                        for block in blocks {
                            self.block(
                                &step.group,
                                block,
                                cols.start,
                                cols.len(),
                                std::ptr::null_mut(),
                                scratch,
                            );
                        }
                    }
                }
                Work::Product(p) => self.product(
                    p,
                    &step.group,
                    (first_block, block_count),
                    (cols.start, cols.end),
                    scratch,
                ),
                Work::Dot(dot) => {
                    let to = dot.cols.at(self.run.batch).min(cols.end * T::LANES);
                    self.dot(dot, &step.group, cols.start * T::LANES, to, scratch);
                }
                Work::Sum(sum) => match sum.over {
                    Over::Rows => {
                        let to = sum.cols.at(self.run.batch).min(cols.end * T::LANES);
                        self.sum_rows(sum, &step.group, cols.start * T::LANES, to, scratch);
                    }
                    Over::Columns => {
                        self.sum_columns(sum, &step.group, (first_block, block_count), scratch)
                    }
                    Over::All => self.sum_all(sum, &step.group, scratch),
                },
                Work::Convert { from, turn, to } => {
                    self.convert(*from, *turn, *to, cols.start, cols.end)
                }
                Work::Eval { op, args, out, .. } => self.eval(&**op, args, *out, None),
            }
        }
    }

    /// The columns `from..to` of a step of a chain.
    unsafe fn columns(&self, step: &Step<T>, from: usize, to: usize, scratch: Scratch<T>) {
        let first_vector = from / T::LANES;
        let vectors = to.div_ceil(T::LANES) - first_vector;
        // SAFETY: the columns lie inside the step's space.
        unsafe {
            match &step.work {
                Work::None if step.group.space.is_line() => {
                    self.line(
                        &step.group,
                        first_vector,
                        vectors,
                        std::ptr::null_mut(),
                        scratch,
                    );
                }
                Work::None => {
                    for block in 0..step.group.space.rows.div_ceil(T::LANES) {
                        self.block(
                            &step.group,
                            block,
                            from,
                            to - from,
                            std::ptr::null_mut(),
                            scratch,
                        );
                    }
                }
                Work::Product(p) => {
                    let all = p.rows.div_ceil(T::LANES);
                    let parts = all.div_ceil(BLOCKS);
                    for part in 0..parts {
                        // Even parts: four blocks are two and two.
                        let (first, end) = (all * part / parts, all * (part + 1) / parts);
                        let count = end - first;
                        self.product(p, &step.group, (first, count), (from, to), scratch);
                    }
                }
                Work::Dot(dot) => self.dot(dot, &step.group, from, to, scratch),
                Work::Sum(sum) => self.sum_rows(sum, &step.group, from, to, scratch),
                Work::Convert {
                    from: source,
                    turn,
                    to: target,
                } => self.convert(*source, *turn, *target, from, to),
                Work::Eval { op, args, out, .. } => self.eval(&**op, args, *out, Some((from, to))),
            }
        }
    }

    fn at(&self, buffer: BufferId) -> Resolved<T> {
        self.resolved[buffer.0 as usize]
    }

    /// Columns of some blocks of a product, then its group. `cols` are columns (of a line: the one).
    unsafe fn product(
        &self,
        p: &Product,
        group: &Group<T>,
        blocks: (usize, usize),
        cols: (usize, usize),
        scratch: Scratch<T>,
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
                let start = p.bias.map_or(std::ptr::null(), |bias| {
                    self.at(bias).ptr.add(first * T::LANES).cast_const()
                });
                let tile = ProductArgs {
                    a: a.ptr.add(first * a.block).cast_const(),
                    a_block: a.block,
                    blocks: count,
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
                    kernel(&tile);
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
    unsafe fn chunks(
        &self,
        kernel: unsafe fn(&ProductArgs<T>),
        tile: ProductArgs<T>,
        scratch: Scratch<T>,
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
            unsafe { join(&args) }
        };
        let mut depth = 0;
        for (chunk, from) in (0..tile.inner).step_by(CHUNK).enumerate() {
            // SAFETY: a chunk of the samples of the whole tile.
            unsafe {
                kernel(&ProductArgs {
                    a: tile.a.add(from * T::LANES),
                    b: tile.b.add(tile.walk.k_offset(from)),
                    inner: CHUNK.min(tile.inner - from),
                    c: level(depth),
                    c_block: piece,
                    ..tile
                });
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
                let (from, to) = (
                    level(0).add(block * piece),
                    tile.c.add(block * tile.c_block),
                );
                std::ptr::copy_nonoverlapping(from, to, tile.cols * T::LANES);
            }
        }
    }

    /// How the numbers of a product's right operand lie.
    fn walk(&self, p: &Product, block: usize) -> Walk {
        let buffer = self.run.program.buffers[p.b.0 as usize];
        let rows = buffer.rows.at(self.run.batch);
        let vector = buffer.rows.is_one() || buffer.cols.is_one();
        let whole = usize::MAX;
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
        }
    }

    unsafe fn dot(&self, dot: &Dot, group: &Group<T>, from: usize, to: usize, scratch: Scratch<T>) {
        let x = self.at(dot.x);
        let args = |out| DotArgs {
            weights: self.at(dot.weights).ptr.cast_const(),
            x: x.ptr.cast_const(),
            x_block: x.block,
            inner: dot.inner,
            bias: dot
                .bias
                .map_or(std::ptr::null(), |b| self.at(b).ptr.cast_const()),
            first_col: from,
            cols: to - from,
            out,
        };
        // SAFETY: the columns lie inside the space of the step.
        unsafe { self.along_line(dot.out, from, to, group, scratch, &args) }
    }

    unsafe fn sum_rows(
        &self,
        sum: &Sum,
        group: &Group<T>,
        from: usize,
        to: usize,
        scratch: Scratch<T>,
    ) {
        let x = self.at(sum.from);
        let args = |out| DotArgs {
            weights: std::ptr::null(),
            x: x.ptr.cast_const(),
            x_block: x.block,
            inner: sum.rows,
            bias: std::ptr::null(),
            first_col: from,
            cols: to - from,
            out,
        };
        // SAFETY: the columns lie inside the space of the step.
        unsafe { self.along_line(sum.out, from, to, group, scratch, &args) }
    }

    /// One number for each column, into a line, and its group.
    unsafe fn along_line(
        &self,
        out: Spot,
        from: usize,
        to: usize,
        group: &Group<T>,
        scratch: Scratch<T>,
        args: &dyn Fn(*mut T) -> DotArgs<T>,
    ) {
        let first = from / T::LANES;
        // SAFETY: lines have room for whole vectors, and a worker's columns start at one.
        unsafe {
            let produced = match out {
                Spot::Buffer(id) => self.at(id).ptr.add(from),
                _ => scratch.tiles,
            };
            (self.run.program.kernels.dot)(&args(produced));
            self.line(
                group,
                first,
                to.div_ceil(T::LANES) - first,
                produced,
                scratch,
            );
        }
    }

    unsafe fn sum_columns(
        &self,
        sum: &Sum,
        group: &Group<T>,
        (first, count): (usize, usize),
        scratch: Scratch<T>,
    ) {
        let x = self.at(sum.from);
        let cols = sum.cols.at(self.run.batch);
        let chunked = sum.cols == Dim::Batch;
        // SAFETY: blocks of the sum's rows.
        unsafe {
            let produced = match sum.out {
                Spot::Buffer(id) => self.at(id).ptr.add(first * T::LANES),
                _ => scratch.tiles,
            };
            if sum.rows == 1 {
                let line = std::slice::from_raw_parts(x.ptr, cols);
                *produced = if chunked {
                    sum_of_line(line)
                } else {
                    line.iter().fold(T::ZERO, |s, &v| s + v)
                };
            } else {
                (self.run.program.kernels.columns)(&ColumnsArgs {
                    x: x.ptr.add(first * x.block).cast_const(),
                    x_block: x.block,
                    blocks: count,
                    cols,
                    chunked,
                    out: produced,
                });
            }
            self.line(group, first, count, produced, scratch);
        }
    }

    unsafe fn sum_all(&self, sum: &Sum, group: &Group<T>, scratch: Scratch<T>) {
        let x = self.at(sum.from);
        // SAFETY: one number.
        unsafe {
            let produced = match sum.out {
                Spot::Buffer(id) => self.at(id).ptr,
                _ => scratch.tiles,
            };
            let is_row = self.run.program.buffers[sum.from.0 as usize].layout == Layout::Line
                && sum.rows == 1;
            if is_row {
                // All of a row is in the first lane.
                let line = std::slice::from_raw_parts(x.ptr, sum.cols.at(self.run.batch));
                *produced = line.iter().fold(T::ZERO, |s, &v| s + v);
            } else {
                (self.run.program.kernels.all)(&AllArgs {
                    x: x.ptr.cast_const(),
                    x_block: x.block,
                    rows: sum.rows,
                    cols: sum.cols.at(self.run.batch),
                    out: produced,
                });
            }
            self.line(group, 0, 1, produced, scratch);
        }
    }

    /// A group over vectors of a line.
    unsafe fn line(
        &self,
        group: &Group<T>,
        first: usize,
        vectors: usize,
        produced: *mut T,
        scratch: Scratch<T>,
    ) {
        if group.maps.is_empty() {
            return;
        }
        let mut done = 0;
        while done < vectors {
            let count = (vectors - done).min(PIECE);
            let piece = Piece::Line {
                first: first + done,
                vectors: count,
            };
            // SAFETY: a piece of the group's space; what was produced lies piece after piece.
            unsafe {
                self.group(
                    group,
                    piece,
                    produced.wrapping_add(done * T::LANES),
                    scratch,
                )
            };
            done += count;
        }
    }

    /// A group over columns of a block of rows.
    unsafe fn block(
        &self,
        group: &Group<T>,
        block: usize,
        first: usize,
        cols: usize,
        produced: *mut T,
        scratch: Scratch<T>,
    ) {
        if group.maps.is_empty() {
            return;
        }
        let mut done = 0;
        while done < cols {
            let count = (cols - done).min(PIECE);
            let piece = Piece::Block {
                block,
                first: first + done,
                vectors: count,
            };
            // SAFETY: as above.
            unsafe {
                self.group(
                    group,
                    piece,
                    produced.wrapping_add(done * T::LANES),
                    scratch,
                )
            };
            done += count;
        }
    }

    /// The elementwise operations of a group on one piece.
    unsafe fn group(&self, group: &Group<T>, piece: Piece, produced: *mut T, scratch: Scratch<T>) {
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

    fn locate(
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
    unsafe fn settle(&self, slot: usize, piece: Piece, out: *mut T) {
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

    unsafe fn convert(
        &self,
        from: BufferId,
        turn: bool,
        to: BufferId,
        from_col: usize,
        to_col: usize,
    ) {
        let rows = self.run.program.buffers[to.0 as usize]
            .rows
            .at(self.run.batch);
        // SAFETY: the columns lie inside both buffers.
        unsafe {
            convert(
                self.lie(from),
                self.lie(to),
                turn && !self.is_vector(to),
                rows,
                from_col,
                to_col,
            )
        }
    }

    fn is_vector(&self, id: BufferId) -> bool {
        let buffer = self.run.program.buffers[id.0 as usize];
        buffer.layout == Layout::Line
    }

    fn lie(&self, id: BufferId) -> Lie<T> {
        let buffer = self.run.program.buffers[id.0 as usize];
        let resolved = self.at(id);
        let rows = buffer.rows.at(self.run.batch);
        let vector = buffer.rows.is_one() || buffer.cols.is_one();
        let (group, group_jump, col_stride) = match buffer.layout {
            Layout::Blocked => (T::LANES, resolved.block, T::LANES),
            _ if vector => (usize::MAX, 0, 1),
            _ => (usize::MAX, 0, rows),
        };
        Lie {
            ptr: resolved.ptr,
            group,
            group_jump,
            col_stride,
        }
    }

    /// An operation without a kernel, on whole matrices or on a range of columns.
    unsafe fn eval(
        &self,
        op: &dyn DynOp,
        args: &[(BufferId, Shape)],
        out: (BufferId, Shape),
        cols: Option<(usize, usize)>,
    ) {
        let batch = self.run.batch;
        let part = |shape: Shape| {
            let (rows, all) = (shape.rows.at(batch), shape.cols.at(batch));
            match cols {
                Some((from, to)) if shape.cols == Dim::Batch => (rows, from, to - from),
                _ => (rows, 0, all),
            }
        };
        let view = |&(id, shape): &(BufferId, Shape)| -> View<'_, T> {
            let (rows, first, count) = part(shape);
            // SAFETY: the matrix lies whole in its buffer.
            let slice = unsafe {
                std::slice::from_raw_parts(self.at(id).ptr.add(rows * first), rows * count)
            };
            DMatrixView::from_slice(slice, rows, count)
        };
        let (rows, first, count) = part(out.1);
        // SAFETY: the result lies whole in its buffer, which no argument shares; ranges of columns are disjoint.
        let slice = unsafe {
            std::slice::from_raw_parts_mut(self.at(out.0).ptr.add(rows * first), rows * count)
        };
        let mut result: ViewMut<'_, T> = DMatrixViewMut::from_slice(slice, rows, count);
        match args {
            [] => T::eval(op, &[], &mut result),
            [a] => T::eval(op, &[view(a)], &mut result),
            [a, b] => T::eval(op, &[view(a), view(b)], &mut result),
            [a, b, c] => T::eval(op, &[view(a), view(b), view(c)], &mut result),
            many => {
                let views: Vec<View<'_, T>> = many.iter().map(view).collect();
                T::eval(op, &views, &mut result);
            }
        }
    }
}

/// How a step that is split over its outputs falls into parts.
#[derive(Clone, Copy)]
struct Items {
    blocks: usize,
    /// Blocks in one part.
    block_step: usize,
    cols: usize,
}

impl Items {
    fn one() -> Self {
        Self::blocked(1, 1, 1)
    }

    /// Vectors of a line.
    fn line(vectors: usize) -> Self {
        Self::blocked(1, 1, vectors)
    }

    fn blocked(blocks: usize, block_step: usize, cols: usize) -> Self {
        Self {
            blocks,
            block_step,
            cols,
        }
    }

    fn count(self) -> usize {
        let rows = if self.blocks <= self.block_step {
            self.blocks.min(1)
        } else {
            self.blocks.div_ceil(self.block_step)
        };
        rows * self.cols.div_ceil(PIECE)
    }

    /// The blocks and columns of one part: along the blocks first, so that neighbours share the columns of the right operand.
    fn part(self, index: usize) -> (std::ops::Range<usize>, std::ops::Range<usize>) {
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
