//! An operation that has no derivative in one of its arguments.

use std::borrow::Cow;

use chainrule_autodiff::{
    Cotangent, Dim, Expr, Kernels, Op, Scalar, Shape, ShapeError, View, ViewMut,
};

/// One element of each column: of values, rows × columns, and of row numbers from 0, 1 × columns, the values there. A number
/// that is no row gives NaN.
///
/// It is differentiable in the values, and not in the row numbers: a gradient in them is refused.
#[derive(Debug)]
pub struct Pick;

/// The transpose of [`Pick`]: a matrix of `rows` that holds each number in its column at the row that is told, and 0 elsewhere.
#[derive(Debug)]
pub struct Place {
    /// Rows of the result.
    pub rows: usize,
}

impl Op for Pick {
    fn name(&self) -> Cow<'static, str> {
        "pick".into()
    }

    fn shape(&self, args: &[Shape]) -> Result<Shape, ShapeError> {
        match args {
            [values, rows] if values.rows != Dim::Batch && *rows == Shape::new(1, values.cols) => {
                Ok(*rows)
            }
            _ => Err(ShapeError::expected(
                "it takes a matrix and the number of a row for each of its columns",
            )),
        }
    }

    fn eval<T: Scalar>(&self, args: &[View<'_, T>], out: &mut ViewMut<'_, T>) {
        for (j, picked) in out.iter_mut().enumerate() {
            let row = row_at(args[1][j], args[0].nrows());
            *picked = row.map_or(T::NAN, |row| args[0][(row, j)]);
        }
    }

    fn vjp<'g>(&self, args: &[Expr<'g>], _: Expr<'g>, cotangent: Expr<'g>) -> Vec<Cotangent<'g>> {
        let rows = args[0].shape().rows.at(0);
        let placed = cotangent.apply_with(Place { rows }, &[args[1]]);
        vec![placed.into(), Cotangent::Undefined]
    }

    fn kernels<T: Scalar>(&self) -> Kernels<T> {
        Kernels::columnwise()
    }
}

impl Op for Place {
    fn name(&self) -> Cow<'static, str> {
        "place".into()
    }

    fn shape(&self, args: &[Shape]) -> Result<Shape, ShapeError> {
        match args {
            [values, rows] if values == rows && values.rows == Dim::Fixed(1) => {
                Ok(Shape::new(self.rows, values.cols))
            }
            _ => Err(ShapeError::expected(
                "it takes a row of numbers and the number of a row for each",
            )),
        }
    }

    fn eval<T: Scalar>(&self, args: &[View<'_, T>], out: &mut ViewMut<'_, T>) {
        out.fill(T::ZERO);
        for j in 0..out.ncols() {
            if let Some(row) = row_at(args[1][j], self.rows) {
                out[(row, j)] = args[0][j];
            }
        }
    }

    fn vjp<'g>(&self, args: &[Expr<'g>], _: Expr<'g>, cotangent: Expr<'g>) -> Vec<Cotangent<'g>> {
        vec![
            cotangent.apply_with(Pick, &[args[1]]).into(),
            Cotangent::Undefined,
        ]
    }

    fn key(&self) -> Option<Vec<u64>> {
        Some(vec![self.rows as u64])
    }

    fn kernels<T: Scalar>(&self) -> Kernels<T> {
        Kernels::columnwise()
    }
}

/// The row that a number tells, rounded down.
fn row_at<T: Scalar>(number: T, rows: usize) -> Option<usize> {
    let number = number.to_f64();
    (number >= 0.0 && number < rows as f64).then_some(number as usize)
}
