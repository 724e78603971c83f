//! Products and sums: which kernel, over which operand's rows, in which order.

use super::{Builder, Domain, ItemId, ItemKind, Value, stored};
use crate::graph::NodeId;
use crate::op::OpRef;
use crate::ops::{MatMul, Order, SumAll, SumColumns, SumRows};
use crate::plan::program::{Layout, Over};
use crate::{Dim, Scalar, Shape};

impl<T: Scalar> Builder<'_, T> {
    pub(super) fn product(&mut self, id: NodeId, op: &MatMul, args: &[NodeId]) -> Option<Value> {
        let shape = self.shape(id);
        let operands = op.operands(&[self.shape(args[0]), self.shape(args[1])]);
        let inner = operands.0.cols;
        let left = self.value(args[0]).t(op.transpose_left);
        let right = self.value(args[1]).t(op.transpose_right);
        let bias = args.get(2).map(|&b| self.value(b));
        let (m, n) = (shape.rows, shape.cols);
        if m == Dim::Batch && n == Dim::Batch {
            return None;
        }
        let made = |item| {
            Some(Value {
                item,
                turned: false,
            })
        };
        let made_turned = |item| Some(Value { item, turned: true });
        match (op.order, inner) {
            (Order::Chunks, _) if !shape.has_batch() => {
                if m.is_one() && !n.is_one() {
                    // The one row is the operand whose numbers are repeated, and the result is a line.
                    let a = self.blocks(right.t(true), false, n);
                    made_turned(self.push_product(a, left.t(true), inner, None, (n, m)))
                } else {
                    let a = self.blocks(left, false, m);
                    made(self.push_product(a, right, inner, None, (m, n)))
                }
            }
            (Order::Lanes, Dim::Fixed(k)) if m.is_one() => {
                let weights = self.vectors(left, false);
                let x = self.blocks(right, false, inner);
                Some(self.push_dot(weights, x, k, bias, shape))
            }
            (Order::Lanes, Dim::Fixed(k)) if n.is_one() && bias.is_none() => {
                let weights = self.vectors(right, false);
                let x = self.blocks(left.t(true), false, inner);
                Some(self.push_dot(weights, x, k, None, shape))
            }
            (Order::Chain, Dim::Fixed(_)) if m == Dim::Batch && bias.is_none() => {
                let a = self.blocks(right.t(true), false, n);
                made_turned(self.push_product(a, left.t(true), inner, None, (n, m)))
            }
            (Order::Chain, Dim::Fixed(_)) if m != Dim::Batch => {
                let a = self.blocks(left, false, m);
                made(self.push_product(a, right, inner, bias, (m, n)))
            }
            _ => None,
        }
    }

    pub(super) fn push_product(
        &mut self,
        a: ItemId,
        b: Value,
        inner: Dim,
        bias: Option<Value>,
        (rows, cols): (Dim, Dim),
    ) -> ItemId {
        let mut args = vec![a, b.item];
        if let Some(bias) = bias {
            args.push(self.vectors(bias, false));
        }
        let vector = cols.is_one();
        let layout = if vector {
            Layout::Line
        } else {
            Layout::Blocked
        };
        let domain = if cols == Dim::Batch {
            Domain::Chain
        } else {
            Domain::Unit
        };
        let kind = ItemKind::Product {
            b_turned: b.turned,
            inner,
        };
        self.push(kind, args, (rows, cols), layout, domain)
    }

    pub(super) fn push_dot(
        &mut self,
        weights: ItemId,
        x: ItemId,
        inner: usize,
        bias: Option<Value>,
        shape: Shape,
    ) -> Value {
        let mut args = vec![weights, x];
        if let Some(bias) = bias {
            args.push(self.vectors(bias, false));
        }
        let (rows, cols, turned) = stored(shape);
        let domain = if shape.has_batch() {
            Domain::Chain
        } else {
            Domain::Unit
        };
        let item = self.push(
            ItemKind::Dot { inner },
            args,
            (rows, cols),
            Layout::Line,
            domain,
        );
        Value { item, turned }
    }

    pub(super) fn sum(&mut self, id: NodeId, op: &OpRef, arg: NodeId) -> Option<Value> {
        let (over_rows, order) = if let Some(SumRows(order)) = op.downcast() {
            (true, Some(*order))
        } else if let Some(SumColumns(order)) = op.downcast() {
            (false, Some(*order))
        } else if op.is::<SumAll>() {
            (false, None)
        } else {
            return None;
        };
        let (from_shape, shape) = (self.shape(arg), self.shape(id));
        if from_shape.rows == Dim::Batch && from_shape.cols == Dim::Batch {
            return None;
        }
        let value = self.value(arg);
        let Some(order) = order else {
            let Dim::Fixed(rows) = from_shape.rows else {
                return None;
            };
            let from = self.vectors(value, false);
            return Some(self.push_sum(Over::All, from, rows, from_shape.cols, shape));
        };
        // Sums by lanes run over the rows of the stored matrix, chains over its columns.
        let turn = over_rows != (order == Order::Lanes);
        let turned_shape = if turn {
            from_shape.transposed()
        } else {
            from_shape
        };
        let Dim::Fixed(rows) = turned_shape.rows else {
            return None;
        };
        let over = if order == Order::Lanes {
            Over::Rows
        } else {
            Over::Columns
        };
        let from = if over == Over::Rows {
            self.blocks(value, turn, turned_shape.rows)
        } else {
            self.vectors(value, turn)
        };
        Some(self.push_sum(over, from, rows, turned_shape.cols, shape))
    }

    pub(super) fn push_sum(
        &mut self,
        over: Over,
        from: ItemId,
        rows: usize,
        cols: Dim,
        shape: Shape,
    ) -> Value {
        let (stored_rows, stored_cols, turned) = stored(shape);
        let domain = if shape.has_batch() {
            Domain::Chain
        } else {
            Domain::Unit
        };
        let kind = ItemKind::Sum { over, rows, cols };
        let item = self.push(
            kind,
            vec![from],
            (stored_rows, stored_cols),
            Layout::Line,
            domain,
        );
        Value { item, turned }
    }
}
