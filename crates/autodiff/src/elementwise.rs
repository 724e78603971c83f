//! The easy door: elementwise operations from a scalar function and its derivative.

use std::borrow::Cow;
use std::fmt;

use crate::kernel::map::{self, MapKernel};
use crate::op::{Cotangent, Kernels, Op, View, ViewMut};
use crate::{Expr, Lanes, Scalar, Shape, ShapeError};

/// An elementwise operation of one argument.
///
/// `value`, and every helper that it calls, must be marked `#[inline(always)]`: unmarked, it becomes a call in the
/// middle of vector code, many times slower.
///
/// ```
/// use chainrule_autodiff::{Expr, Lanes, Unary, check_gradient};
///
/// struct Swish;
/// impl Unary for Swish {
///     const NAME: &'static str = "swish";
///     #[inline(always)]
///     fn value<V: Lanes>(&self, x: V) -> V {
///         x * x.sigmoid()
///     }
///     fn derivative<'g>(&self, x: Expr<'g>, y: Expr<'g>) -> Expr<'g> {
///         let s = x.sigmoid();
///         s + y * (1.0 - s)
///     }
/// }
/// check_gradient(|x| x.map(Swish), (3, 4))?;
/// # Ok::<(), chainrule_autodiff::CheckError>(())
/// ```
pub trait Unary: Send + Sync + 'static {
    /// The name that prints, draws and errors show.
    const NAME: &'static str;

    /// Whether the derivative is finite for every argument, infinities too. Where it is not (the default), a cotangent
    /// of exactly zero passes on zero, so that a branch that was not taken can't turn a gradient into NaN.
    const BOUNDED: bool = false;

    /// The result, for all lanes at once.
    fn value<V: Lanes>(&self, x: V) -> V;

    /// The derivative of the result `y` in `x`. A constant 0 says that nothing is passed back at all.
    fn derivative<'g>(&self, x: Expr<'g>, y: Expr<'g>) -> Expr<'g>;

    /// The bits of the operation's own data: see [`Op::key`].
    fn key(&self) -> Option<Vec<u64>> {
        (std::mem::size_of_val(self) == 0).then(Vec::new)
    }
}

/// An elementwise operation of two arguments of one shape (see [`Expr::zip_map`], which repeats the smaller).
///
/// As for [`Unary`], `value` must be marked `#[inline(always)]`.
pub trait Binary: Send + Sync + 'static {
    /// The name that prints, draws and errors show.
    const NAME: &'static str;

    /// The result, for all lanes at once.
    fn value<V: Lanes>(&self, a: V, b: V) -> V;

    /// The cotangents of the two arguments, given that of the result. Where a derivative may be infinite, use
    /// [`Expr::chain`] instead of a product.
    fn vjp<'g>(
        &self,
        a: Expr<'g>,
        b: Expr<'g>,
        result: Expr<'g>,
        cotangent: Expr<'g>,
    ) -> [Cotangent<'g>; 2];

    /// The bits of the operation's own data: see [`Op::key`].
    fn key(&self) -> Option<Vec<u64>> {
        (std::mem::size_of_val(self) == 0).then(Vec::new)
    }
}

/// An elementwise operation of three arguments of one shape.
pub trait Ternary: Send + Sync + 'static {
    /// The name that prints, draws and errors show.
    const NAME: &'static str;

    /// The result, for all lanes at once.
    fn value<V: Lanes>(&self, a: V, b: V, c: V) -> V;

    /// The cotangents of the three arguments, given that of the result.
    fn vjp<'g>(
        &self,
        args: [Expr<'g>; 3],
        result: Expr<'g>,
        cotangent: Expr<'g>,
    ) -> [Cotangent<'g>; 3];

    /// The bits of the operation's own data: see [`Op::key`].
    fn key(&self) -> Option<Vec<u64>> {
        (std::mem::size_of_val(self) == 0).then(Vec::new)
    }
}

/// A [`Unary`] as a full operation.
pub struct Map1<U>(pub U);

/// A [`Binary`] as a full operation.
pub struct Map2<B>(pub B);

/// A [`Ternary`] as a full operation.
pub struct Map3<F>(pub F);

macro_rules! named {
    ($wrapper:ident, $bound:ident) => {
        impl<F: $bound> fmt::Debug for $wrapper<F> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(F::NAME)
            }
        }
    };
}
named!(Map1, Unary);
named!(Map2, Binary);
named!(Map3, Ternary);

impl<U: Unary> Op for Map1<U> {
    fn name(&self) -> Cow<'static, str> {
        U::NAME.into()
    }
    fn shape(&self, args: &[Shape]) -> Result<Shape, ShapeError> {
        same_shape(args, 1)
    }
    fn eval<T: Scalar>(&self, args: &[View<'_, T>], out: &mut ViewMut<'_, T>) {
        fill(out, |i| {
            map::scalar(|v: [T::Portable; 1]| self.0.value(v[0]), [args[0][i]])
        });
    }
    fn vjp<'g>(
        &self,
        args: &[Expr<'g>],
        result: Expr<'g>,
        cotangent: Expr<'g>,
    ) -> Vec<Cotangent<'g>> {
        let derivative = self.0.derivative(args[0], result);
        if derivative.is_constant(0.0) {
            return vec![Cotangent::Zero];
        }
        let passed = if U::BOUNDED {
            cotangent * derivative
        } else {
            cotangent.chain(derivative)
        };
        vec![passed.into()]
    }
    fn key(&self) -> Option<Vec<u64>> {
        self.0.key()
    }
    fn kernels<T: Scalar>(&self) -> Kernels<T> {
        Kernels::map(MapKernel::unary::<U>())
    }
}

impl<B: Binary> Op for Map2<B> {
    fn name(&self) -> Cow<'static, str> {
        B::NAME.into()
    }
    fn shape(&self, args: &[Shape]) -> Result<Shape, ShapeError> {
        same_shape(args, 2)
    }
    fn eval<T: Scalar>(&self, args: &[View<'_, T>], out: &mut ViewMut<'_, T>) {
        fill(out, |i| {
            map::scalar(
                |v: [T::Portable; 2]| self.0.value(v[0], v[1]),
                [args[0][i], args[1][i]],
            )
        });
    }
    fn vjp<'g>(
        &self,
        args: &[Expr<'g>],
        result: Expr<'g>,
        cotangent: Expr<'g>,
    ) -> Vec<Cotangent<'g>> {
        self.0.vjp(args[0], args[1], result, cotangent).to_vec()
    }
    fn key(&self) -> Option<Vec<u64>> {
        self.0.key()
    }
    fn kernels<T: Scalar>(&self) -> Kernels<T> {
        Kernels::map(MapKernel::binary::<B>())
    }
}

impl<F: Ternary> Op for Map3<F> {
    fn name(&self) -> Cow<'static, str> {
        F::NAME.into()
    }
    fn shape(&self, args: &[Shape]) -> Result<Shape, ShapeError> {
        same_shape(args, 3)
    }
    fn eval<T: Scalar>(&self, args: &[View<'_, T>], out: &mut ViewMut<'_, T>) {
        fill(out, |i| {
            let lanes = |v: [T::Portable; 3]| self.0.value(v[0], v[1], v[2]);
            map::scalar(lanes, [args[0][i], args[1][i], args[2][i]])
        });
    }
    fn vjp<'g>(
        &self,
        args: &[Expr<'g>],
        result: Expr<'g>,
        cotangent: Expr<'g>,
    ) -> Vec<Cotangent<'g>> {
        self.0
            .vjp([args[0], args[1], args[2]], result, cotangent)
            .to_vec()
    }
    fn key(&self) -> Option<Vec<u64>> {
        self.0.key()
    }
    fn kernels<T: Scalar>(&self) -> Kernels<T> {
        Kernels::map(MapKernel::ternary::<F>())
    }
}

fn fill<T: Scalar>(out: &mut ViewMut<'_, T>, value: impl Fn((usize, usize)) -> T) {
    for j in 0..out.ncols() {
        for i in 0..out.nrows() {
            out[(i, j)] = value((i, j));
        }
    }
}

fn same_shape(args: &[Shape], count: usize) -> Result<Shape, ShapeError> {
    if args.len() == count && args.iter().all(|s| *s == args[0]) {
        Ok(args[0])
    } else {
        let arguments = if count == 1 { "argument" } else { "arguments" };
        Err(ShapeError::expected(format!(
            "it takes {count} {arguments} of one shape, or one repeated along a dimension of size 1"
        )))
    }
}
