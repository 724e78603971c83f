//! Values in the layouts that their readers want: as they lie, or converted once.

use super::{Builder, Domain, ItemId, ItemKind, Value};
use crate::plan::program::{Layout, Place};
use crate::{Dim, Scalar, Shape};

impl<T: Scalar> Builder<'_, T> {
    /// The matrix of a value, or its transpose if `turned`, stored in vectors.
    pub(super) fn vectors(&mut self, value: Value, turned: bool) -> ItemId {
        let item = self.item(value.item);
        match item.layout {
            Layout::Line => value.item,
            Layout::Blocked if value.turned == turned => value.item,
            Layout::Blocked => match item.kind {
                ItemKind::Leaf(Place::Slot(slot)) => self.transposed_slot(slot, value.item),
                _ => self.convert(value.item, true, Layout::Blocked),
            },
            Layout::Plain => {
                let vector = item.rows.is_one() || item.cols.is_one();
                if vector {
                    self.convert(value.item, false, Layout::Line)
                } else {
                    self.convert(value.item, value.turned != turned, Layout::Blocked)
                }
            }
        }
    }

    /// [`vectors`](Self::vectors), in blocks even where the matrix has one row.
    pub(super) fn blocks(&mut self, value: Value, turned: bool, rows: Dim) -> ItemId {
        let item = self.vectors(value, turned);
        let stored = self.item(item);
        if stored.layout == Layout::Line
            && rows.is_one()
            && !(stored.rows.is_one() && stored.cols.is_one())
        {
            let turn = stored.cols.is_one();
            self.convert(item, turn, Layout::Blocked)
        } else {
            item
        }
    }

    pub(super) fn transposed_slot(&mut self, slot: usize, item: ItemId) -> ItemId {
        if let Some(found) = self.conversion(item, true, Layout::Blocked) {
            return found;
        }
        self.state.keep_transposed(slot);
        let (rows, cols) = (self.item(item).rows, self.item(item).cols);
        let kind = ItemKind::Leaf(Place::SlotTransposed(slot));
        let made = self.push(
            kind,
            Vec::new(),
            (cols, rows),
            Layout::Blocked,
            Domain::Leaf,
        );
        self.out.items[made.index()].node = self.item(item).node;
        self.converted.insert((item, true, Layout::Blocked), made);
        made
    }

    pub(super) fn conversion(&self, from: ItemId, turn: bool, layout: Layout) -> Option<ItemId> {
        self.converted.get(&(from, turn, layout)).copied()
    }

    pub(super) fn convert(&mut self, from: ItemId, turn: bool, layout: Layout) -> ItemId {
        if let Some(found) = self.conversion(from, turn, layout) {
            return found;
        }
        let source = self.item(from);
        let (rows, cols) = if turn {
            (source.cols, source.rows)
        } else {
            (source.rows, source.cols)
        };
        let by_samples = cols == Dim::Batch && source.domain != Domain::Unit;
        let domain = if by_samples {
            Domain::Chain
        } else {
            Domain::Unit
        };
        let made = self.push(
            ItemKind::Convert { turn },
            vec![from],
            (rows, cols),
            layout,
            domain,
        );
        self.out.items[made.index()].node = self.item(from).node;
        self.converted.insert((from, turn, layout), made);
        made
    }

    /// The item in the layout that callers and [`Op::eval`](crate::Op::eval) see.
    pub(super) fn plain(&mut self, value: Value, shape: Shape) -> ItemId {
        let item = self.item(value.item);
        match item.layout {
            Layout::Line => value.item,
            Layout::Plain if !value.turned || shape.rows.is_one() || shape.cols.is_one() => {
                value.item
            }
            _ => self.convert(value.item, value.turned, Layout::Plain),
        }
    }
}
