//! Items of work: what is made, by which kernel, from which operands, and how it lies in memory.

use crate::graph::NodeId;
use crate::kernel::map::{MapKernel, Read};
use crate::op::OpRef;
use crate::plan::program::{InputSpec, Layout, Over, Place, Space};
use crate::{Dim, Scalar, Shape};

/// The index of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ItemId(pub(crate) u32);

impl ItemId {
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

/// A piece of work and the matrix that it makes, or a leaf.
#[derive(Debug)]
pub(crate) struct Item<T: Scalar> {
    /// The node whose value, or whose transpose or copy, this is.
    pub(crate) node: NodeId,
    pub(crate) kind: ItemKind<T>,
    pub(crate) args: Vec<ItemId>,
    /// As stored: vectors of a fixed size are columns, and a batch has its samples in columns.
    pub(crate) rows: Dim,
    pub(crate) cols: Dim,
    pub(crate) layout: Layout,
    pub(crate) domain: Domain,
    /// The second computation of a value, which would be kept in memory if it ran as early as it can.
    pub(crate) late: bool,
}

/// When an item can be computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Domain {
    /// It is there before the run.
    Leaf,
    /// Sample by sample: tile by tile along the chain of a stage.
    Chain,
    /// As a whole, split over its outputs.
    Unit,
}

#[derive(Debug)]
pub(crate) enum ItemKind<T: Scalar> {
    Leaf(Place),
    Map {
        op: OpRef,
        kernel: MapKernel<T>,
        reads: Vec<Read>,
    },
    Product {
        b_turned: bool,
        inner: Dim,
    },
    Dot {
        inner: usize,
    },
    Sum {
        over: Over,
        rows: usize,
        cols: Dim,
    },
    Convert {
        turn: bool,
    },
    Eval {
        op: OpRef,
        shapes: Vec<Shape>,
        shape: Shape,
    },
}

impl<T: Scalar> Item<T> {
    pub(crate) fn is_map(&self) -> bool {
        matches!(self.kind, ItemKind::Map { .. })
    }

    /// What a group of elementwise operations on this item runs over.
    pub(crate) fn space(&self) -> Option<Space> {
        match (self.rows, self.layout) {
            (Dim::Fixed(rows), Layout::Line | Layout::Blocked) => Some(Space {
                rows,
                cols: self.cols,
            }),
            _ => None,
        }
    }
}

/// A node's matrix: an item that stores it, or stores its transpose.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Value {
    pub(crate) item: ItemId,
    pub(crate) turned: bool,
}

impl Value {
    pub(super) fn t(self, turn: bool) -> Self {
        Self {
            turned: self.turned != turn,
            ..self
        }
    }
}

/// The items of a module and which of them its results are.
pub(crate) struct Items<T: Scalar> {
    pub(crate) items: Vec<Item<T>>,
    pub(crate) constants: Vec<T>,
    pub(crate) inputs: Vec<InputSpec>,
    pub(crate) outputs: Vec<(ItemId, Shape)>,
    /// Slots and the items of their new values, stored as the slot is.
    pub(crate) updates: Vec<(usize, ItemId)>,
}

/// How a node of a shape is stored: rows, columns, and whether that is its transpose. Fixed vectors are columns, samples are columns.
pub(crate) fn stored(shape: Shape) -> (Dim, Dim, bool) {
    let one = Dim::Fixed(1);
    match (shape.rows, shape.cols) {
        (rows, cols) if rows.is_one() && cols.is_one() => (one, one, false),
        (rows, Dim::Batch) if rows.is_one() => (one, Dim::Batch, false),
        (Dim::Batch, cols) if cols.is_one() => (one, Dim::Batch, true),
        (rows, cols) if rows.is_one() => (cols, one, true),
        (Dim::Batch, cols) if cols != Dim::Batch => (cols, Dim::Batch, true),
        (rows, cols) => (rows, cols, false),
    }
}
