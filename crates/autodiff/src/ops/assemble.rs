//! What the transformations are put together from: constant matrices, and rows of a matrix.

use std::borrow::Cow;

use crate::op::{Cotangent, Op, View, ViewMut};
use crate::{Expr, Lanes, Scalar, Shape, ShapeError, Unary};

/// The argument, of which gradients see a constant.
pub(crate) struct StopGradient;

/// What a linear function is linear in. Its derivative does not depend on it, so that it is never computed; if an operation's rule is not linear, it
/// is zero.
#[derive(Debug)]
pub(crate) struct Placeholder {
    pub(crate) shape: Shape,
}

/// One element is 1, the others are 0.
#[derive(Debug)]
pub(crate) struct OneHot {
    pub(crate) shape: Shape,
    /// Counted in column-major order.
    pub(crate) element: usize,
}

/// Matrices of one shape as the rows of a matrix, each with its elements in column-major order.
#[derive(Debug)]
pub(crate) struct Stack;

/// One row of such a matrix, in its shape before.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) index: usize,
    pub(crate) shape: Shape,
}

impl Unary for StopGradient {
    const NAME: &'static str = "stop_gradient";
    const BOUNDED: bool = true;
    #[inline(always)]
    fn value<V: Lanes>(&self, x: V) -> V {
        x
    }
    fn derivative<'g>(&self, x: Expr<'g>, _: Expr<'g>) -> Expr<'g> {
        x.graph().constant(0.0)
    }
}

impl Op for Placeholder {
    fn name(&self) -> Cow<'static, str> {
        "placeholder".into()
    }
    fn shape(&self, _: &[Shape]) -> Result<Shape, ShapeError> {
        Ok(self.shape)
    }
    fn eval<T: Scalar>(&self, _: &[View<'_, T>], out: &mut ViewMut<'_, T>) {
        out.fill(T::ZERO);
    }
    fn vjp<'g>(&self, _: &[Expr<'g>], _: Expr<'g>, _: Expr<'g>) -> Vec<Cotangent<'g>> {
        Vec::new()
    }
}

impl Op for OneHot {
    fn name(&self) -> Cow<'static, str> {
        "one_hot".into()
    }
    fn shape(&self, _: &[Shape]) -> Result<Shape, ShapeError> {
        Ok(self.shape)
    }
    fn eval<T: Scalar>(&self, _: &[View<'_, T>], out: &mut ViewMut<'_, T>) {
        out.fill(T::ZERO);
        out[self.element] = T::ONE;
    }
    fn vjp<'g>(&self, _: &[Expr<'g>], _: Expr<'g>, _: Expr<'g>) -> Vec<Cotangent<'g>> {
        Vec::new()
    }
    fn key(&self) -> Option<Vec<u64>> {
        let [rows, cols] = self.shape.bits();
        Some(vec![rows, cols, self.element as u64])
    }
}

impl Op for Stack {
    fn name(&self) -> Cow<'static, str> {
        "stack".into()
    }
    fn shape(&self, args: &[Shape]) -> Result<Shape, ShapeError> {
        let first = args.first().filter(|s| !s.has_batch());
        match first {
            Some(first) if args.iter().all(|s| s == first) => {
                Ok(Shape::new(args.len(), first.len_at(0)))
            }
            _ => Err(ShapeError::expected("it takes matrices of one fixed shape")),
        }
    }
    fn eval<T: Scalar>(&self, args: &[View<'_, T>], out: &mut ViewMut<'_, T>) {
        for (row, arg) in args.iter().enumerate() {
            for (col, &value) in arg.iter().enumerate() {
                out[(row, col)] = value;
            }
        }
    }
    fn vjp<'g>(&self, args: &[Expr<'g>], _: Expr<'g>, ct: Expr<'g>) -> Vec<Cotangent<'g>> {
        let row = |index: usize| {
            let shape = args[index].shape();
            ct.apply(Row { index, shape }).into()
        };
        (0..args.len()).map(row).collect()
    }
}

impl Op for Row {
    fn name(&self) -> Cow<'static, str> {
        "row".into()
    }
    fn shape(&self, args: &[Shape]) -> Result<Shape, ShapeError> {
        let elements = self.shape.len_at(0);
        let fits = args[0].cols == elements.into() && self.index < args[0].rows.at(0);
        if fits && !self.shape.has_batch() {
            Ok(self.shape)
        } else {
            Err(ShapeError::expected(format!(
                "it takes a matrix with a row {} of {elements} elements",
                self.index
            )))
        }
    }
    fn eval<T: Scalar>(&self, args: &[View<'_, T>], out: &mut ViewMut<'_, T>) {
        for (col, value) in out.iter_mut().enumerate() {
            *value = args[0][(self.index, col)];
        }
    }
    fn vjp<'g>(&self, args: &[Expr<'g>], _: Expr<'g>, ct: Expr<'g>) -> Vec<Cotangent<'g>> {
        let zero = ct.graph().constant(0.0).broadcast_to(self.shape);
        let rows = args[0].shape().rows.at(0);
        let all: Vec<Expr<'g>> = (0..rows)
            .map(|row| if row == self.index { ct } else { zero })
            .collect();
        vec![all[0].apply_with(Stack, &all[1..]).into()]
    }
    fn key(&self) -> Option<Vec<u64>> {
        let [rows, cols] = self.shape.bits();
        Some(vec![self.index as u64, rows, cols])
    }
}

#[cfg(test)]
mod tests {
    use super::{Row, Stack};
    use crate::{Expr, GradientCheck, Shape};

    fn stacked_and_taken_apart<'g>(args: &[Expr<'g>]) -> Expr<'g> {
        let stacked = args[0].apply_with(Stack, &[args[1], args[0] * args[1]]);
        let shape = Shape::from((2, 3));
        let row = stacked.apply(Row { index: 1, shape });
        row.exp() * args[0] * stacked.sum()
    }

    #[test]
    fn rows_stack_and_come_apart() {
        let shapes = [(2, 3).into(), (2, 3).into()];
        let found = GradientCheck::default().function(stacked_and_taken_apart, &shapes);
        assert!(found.is_ok(), "{found:?}");
    }
}
