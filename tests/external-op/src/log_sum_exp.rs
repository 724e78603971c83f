//! A full operation, with a rule in matrices.

use std::borrow::Cow;

use chainrule_autodiff::{
    Cotangent, Expr, Kernels, Op, Scalar, Shape, ShapeError, View, ViewMut, elementary,
};

/// `ln Σ e^x` over the rows of each sample: of rows × columns, 1 × columns. What overflows is kept out by the largest of each column.
///
/// Minus the logit of a sample's class it is the cross-entropy of a softmax.
#[derive(Debug)]
pub struct LogSumExp;

impl Op for LogSumExp {
    fn name(&self) -> Cow<'static, str> {
        "log_sum_exp".into()
    }

    fn shape(&self, args: &[Shape]) -> Result<Shape, ShapeError> {
        match args {
            [x] => Ok(Shape::new(1, x.cols)),
            _ => Err(ShapeError::expected("it takes one matrix")),
        }
    }

    fn eval<T: Scalar>(&self, args: &[View<'_, T>], out: &mut ViewMut<'_, T>) {
        for (column, result) in args[0].column_iter().zip(out.iter_mut()) {
            let larger = |a: T, b: T| if b > a { b } else { a };
            let largest = column.iter().copied().fold(-T::INFINITY, larger);
            let shift = if largest.is_finite() {
                largest
            } else {
                T::ZERO
            };
            // One written order, ascending: the bits of a sum are part of the definition.
            let sum = column
                .iter()
                .fold(T::ZERO, |sum, &x| sum + elementary::exp(x - shift));
            *result = shift + elementary::ln(sum);
        }
    }

    /// The softmax of each column, times the column's cotangent.
    fn vjp<'g>(
        &self,
        args: &[Expr<'g>],
        result: Expr<'g>,
        cotangent: Expr<'g>,
    ) -> Vec<Cotangent<'g>> {
        let softmax = (args[0] - result).exp();
        vec![(softmax * cotangent).into()]
    }

    /// Each column of the result comes of the same column of the argument, so that samples can be shared among threads.
    fn kernels<T: Scalar>(&self) -> Kernels<T> {
        Kernels::columnwise()
    }
}
