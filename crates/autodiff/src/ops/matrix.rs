//! Products, sums, transposes and repetition. `eval` is each operation's definition: the written order of the numbers
//! contract, element by element. The kernels give the same bits.

use std::borrow::Cow;

use crate::op::{Cotangent, Op, View, ViewMut};
use crate::reference;
use crate::{Dim, Expr, Scalar, Shape, ShapeError};

/// In which order a sum is taken (the numbers contract, `docs/reproducibility.md`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// One ascending chain.
    Chain,
    /// Lane `k mod L`, then a halving tree.
    Lanes,
    /// Over samples: chains of 256 samples, joined by a tree.
    Chunks,
}

/// The matrix product of two operands, each perhaps read as its transpose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MatMul {
    pub(crate) transpose_left: bool,
    pub(crate) transpose_right: bool,
    pub(crate) order: Order,
}

/// A product plus a bias repeated over the columns: chains start at the bias, and a sum by lanes ends with it.
#[derive(Debug, Clone)]
pub(crate) struct Affine(pub(crate) MatMul);

/// The transpose.
#[derive(Debug)]
pub(crate) struct Transpose;

/// The argument repeated along its dimensions of size 1.
#[derive(Debug)]
pub(crate) struct Broadcast(pub(crate) Shape);

/// The rows added up.
#[derive(Debug)]
pub(crate) struct SumRows(pub(crate) Order);

/// The columns added up.
#[derive(Debug)]
pub(crate) struct SumColumns(pub(crate) Order);

/// All elements of a fixed matrix added up.
#[derive(Debug)]
pub(crate) struct SumAll;

impl MatMul {
    /// The product of two operands of these shapes, with the order that the contract gives it.
    pub(crate) fn for_shapes(left: Shape, right: Shape) -> Self {
        let outputs = if left.rows == Dim::Batch {
            right.cols
        } else {
            left.rows
        };
        let order = if left.cols == Dim::Batch {
            Order::Chunks
        } else if outputs.is_one() {
            Order::Lanes
        } else {
            Order::Chain
        };
        Self {
            transpose_left: false,
            transpose_right: false,
            order,
        }
    }

    pub(crate) fn operands(&self, args: &[Shape]) -> (Shape, Shape) {
        let turned = |s: Shape, turn: bool| if turn { s.transposed() } else { s };
        (
            turned(args[0], self.transpose_left),
            turned(args[1], self.transpose_right),
        )
    }

    fn bits(&self) -> u64 {
        u64::from(self.transpose_left)
            | u64::from(self.transpose_right) << 1
            | (self.order as u64) << 2
    }

    fn product<T: Scalar>(
        &self,
        args: &[View<'_, T>],
        bias: Option<&View<'_, T>>,
        out: &mut ViewMut<'_, T>,
    ) {
        let read = |m: &View<'_, T>, turn: bool, i, j| if turn { m[(j, i)] } else { m[(i, j)] };
        let inner = if self.transpose_left {
            args[0].nrows()
        } else {
            args[0].ncols()
        };
        for j in 0..out.ncols() {
            for i in 0..out.nrows() {
                let terms = (0..inner).map(|k| {
                    (
                        read(&args[0], self.transpose_left, i, k),
                        read(&args[1], self.transpose_right, k, j),
                    )
                });
                out[(i, j)] = reference::sum_of_products(self.order, terms, bias.map(|b| b[i]));
            }
        }
    }

    /// The cotangents of the two operands.
    fn pull_back<'g>(&self, args: &[Expr<'g>], ct: Expr<'g>) -> [Expr<'g>; 2] {
        let turned = |e: Expr<'g>, turn: bool| if turn { e.t() } else { e };
        let left = turned(args[0], self.transpose_left);
        let right = turned(args[1], self.transpose_right);
        [
            turned(ct.matmul(right.t()), self.transpose_left),
            turned(left.t().matmul(ct), self.transpose_right),
        ]
    }
}

impl Op for MatMul {
    fn name(&self) -> Cow<'static, str> {
        "matmul".into()
    }
    fn shape(&self, args: &[Shape]) -> Result<Shape, ShapeError> {
        let (left, right) = self.operands(args);
        if left.cols == right.rows {
            Ok(Shape::new(left.rows, right.cols))
        } else {
            Err(ShapeError::expected(format!(
                "the left operand's columns ({}) must be the right operand's rows ({})",
                left.cols, right.rows
            )))
        }
    }
    fn eval<T: Scalar>(&self, args: &[View<'_, T>], out: &mut ViewMut<'_, T>) {
        self.product(args, None, out);
    }
    fn vjp<'g>(&self, args: &[Expr<'g>], _: Expr<'g>, ct: Expr<'g>) -> Vec<Cotangent<'g>> {
        self.pull_back(args, ct).map(Cotangent::Of).to_vec()
    }
    fn key(&self) -> Option<Vec<u64>> {
        Some(vec![self.bits()])
    }
}

impl Op for Affine {
    fn name(&self) -> Cow<'static, str> {
        "affine".into()
    }
    fn shape(&self, args: &[Shape]) -> Result<Shape, ShapeError> {
        let shape = self.0.shape(&args[..2])?;
        if args[2] == Shape::new(shape.rows, 1) {
            Ok(shape)
        } else {
            Err(ShapeError::expected(
                "the bias has one value for each row of the product",
            ))
        }
    }
    fn eval<T: Scalar>(&self, args: &[View<'_, T>], out: &mut ViewMut<'_, T>) {
        self.0.product(args, Some(&args[2]), out);
    }
    fn vjp<'g>(&self, args: &[Expr<'g>], _: Expr<'g>, ct: Expr<'g>) -> Vec<Cotangent<'g>> {
        let [left, right] = self.0.pull_back(args, ct);
        vec![left.into(), right.into(), ct.sum_columns().into()]
    }
    fn key(&self) -> Option<Vec<u64>> {
        Some(vec![self.0.bits()])
    }
}

impl Op for Transpose {
    fn name(&self) -> Cow<'static, str> {
        "transpose".into()
    }
    fn shape(&self, args: &[Shape]) -> Result<Shape, ShapeError> {
        Ok(args[0].transposed())
    }
    fn eval<T: Scalar>(&self, args: &[View<'_, T>], out: &mut ViewMut<'_, T>) {
        args[0].transpose_to(out);
    }
    fn vjp<'g>(&self, _: &[Expr<'g>], _: Expr<'g>, ct: Expr<'g>) -> Vec<Cotangent<'g>> {
        vec![ct.t().into()]
    }
}

impl Op for Broadcast {
    fn name(&self) -> Cow<'static, str> {
        "broadcast".into()
    }
    fn shape(&self, args: &[Shape]) -> Result<Shape, ShapeError> {
        if args[0].broadcasts_to(self.0) {
            Ok(self.0)
        } else {
            Err(ShapeError::expected(format!(
                "only a dimension of size 1 can be repeated, and the target is {}",
                self.0
            )))
        }
    }
    fn eval<T: Scalar>(&self, args: &[View<'_, T>], out: &mut ViewMut<'_, T>) {
        let (rows, cols) = (args[0].nrows(), args[0].ncols());
        for j in 0..out.ncols() {
            for i in 0..out.nrows() {
                out[(i, j)] =
                    args[0][(if rows == 1 { 0 } else { i }, if cols == 1 { 0 } else { j })];
            }
        }
    }
    fn vjp<'g>(&self, args: &[Expr<'g>], _: Expr<'g>, ct: Expr<'g>) -> Vec<Cotangent<'g>> {
        let shape = args[0].shape();
        let sum = if shape.is_scalar() {
            ct.sum()
        } else if shape.rows == self.0.rows {
            ct.sum_columns()
        } else {
            ct.sum_rows()
        };
        vec![sum.into()]
    }
    fn key(&self) -> Option<Vec<u64>> {
        Some(self.0.bits().to_vec())
    }
}

impl SumRows {
    pub(crate) fn of(shape: Shape) -> Self {
        Self(if shape.rows == Dim::Batch {
            Order::Chunks
        } else {
            Order::Lanes
        })
    }
}

impl Op for SumRows {
    fn name(&self) -> Cow<'static, str> {
        "sum_rows".into()
    }
    fn shape(&self, args: &[Shape]) -> Result<Shape, ShapeError> {
        Ok(Shape::new(1, args[0].cols))
    }
    fn eval<T: Scalar>(&self, args: &[View<'_, T>], out: &mut ViewMut<'_, T>) {
        for j in 0..args[0].ncols() {
            out[(0, j)] = reference::sum(self.0, args[0].column(j).iter().copied());
        }
    }
    fn vjp<'g>(&self, args: &[Expr<'g>], _: Expr<'g>, ct: Expr<'g>) -> Vec<Cotangent<'g>> {
        vec![ct.broadcast_to(args[0].shape()).into()]
    }
    fn key(&self) -> Option<Vec<u64>> {
        Some(vec![self.0 as u64])
    }
}

impl SumColumns {
    pub(crate) fn of(shape: Shape) -> Self {
        Self(match (shape.rows, shape.cols) {
            (_, Dim::Batch) => Order::Chunks,
            // Samples are rows here, so that this is a sum over features.
            (Dim::Batch, _) => Order::Lanes,
            _ => Order::Chain,
        })
    }
}

impl Op for SumColumns {
    fn name(&self) -> Cow<'static, str> {
        "sum_columns".into()
    }
    fn shape(&self, args: &[Shape]) -> Result<Shape, ShapeError> {
        Ok(Shape::new(args[0].rows, 1))
    }
    fn eval<T: Scalar>(&self, args: &[View<'_, T>], out: &mut ViewMut<'_, T>) {
        for i in 0..args[0].nrows() {
            out[(i, 0)] = reference::sum(self.0, args[0].row(i).iter().copied());
        }
    }
    fn vjp<'g>(&self, args: &[Expr<'g>], _: Expr<'g>, ct: Expr<'g>) -> Vec<Cotangent<'g>> {
        vec![ct.broadcast_to(args[0].shape()).into()]
    }
    fn key(&self) -> Option<Vec<u64>> {
        Some(vec![self.0 as u64])
    }
}

impl Op for SumAll {
    fn name(&self) -> Cow<'static, str> {
        "sum".into()
    }
    fn shape(&self, args: &[Shape]) -> Result<Shape, ShapeError> {
        if args[0].has_batch() {
            return Err(ShapeError::expected("it takes a matrix of a fixed size"));
        }
        Ok(Shape::SCALAR)
    }
    fn eval<T: Scalar>(&self, args: &[View<'_, T>], out: &mut ViewMut<'_, T>) {
        out[(0, 0)] =
            reference::sum_of_matrix(args[0].nrows(), args[0].ncols(), |i, j| args[0][(i, j)]);
    }
    fn vjp<'g>(&self, args: &[Expr<'g>], _: Expr<'g>, ct: Expr<'g>) -> Vec<Cotangent<'g>> {
        vec![ct.broadcast_to(args[0].shape()).into()]
    }
}
