//! The open door to the engine: what an operation is.

use std::any::{Any, TypeId};
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use nalgebra::{DMatrixView, DMatrixViewMut};

use crate::kernel::map::MapKernel;
use crate::{Expr, Scalar, Shape, ShapeError};

/// An operation of the graph. Built-in operations come through this door too.
///
/// Four methods are required; a zero-sized operation needs no more. For an elementwise operation,
/// [`Unary`](crate::Unary) and [`Binary`](crate::Binary) are shorter and are vectorised and fused.
///
/// ```
/// use chainrule_autodiff::{Cotangent, Expr, Op, Scalar, Shape, ShapeError, View, ViewMut};
///
/// /// Reverses the order of the rows.
/// #[derive(Debug)]
/// struct Flip;
///
/// impl Op for Flip {
///     fn name(&self) -> std::borrow::Cow<'static, str> {
///         "flip".into()
///     }
///     fn shape(&self, args: &[Shape]) -> Result<Shape, ShapeError> {
///         Ok(args[0])
///     }
///     fn eval<T: Scalar>(&self, args: &[View<'_, T>], out: &mut ViewMut<'_, T>) {
///         let last = args[0].nrows() - 1;
///         for (i, j) in (0..=last).flat_map(|i| (0..args[0].ncols()).map(move |j| (i, j))) {
///             out[(i, j)] = args[0][(last - i, j)];
///         }
///     }
///     fn vjp<'g>(&self, _: &[Expr<'g>], _: Expr<'g>, cotangent: Expr<'g>) -> Vec<Cotangent<'g>> {
///         vec![cotangent.apply(Flip).into()]
///     }
/// }
/// chainrule_autodiff::check_gradient(|x| x.apply(Flip), (3, 4))?;
/// # Ok::<(), chainrule_autodiff::CheckError>(())
/// ```
pub trait Op: fmt::Debug + Send + Sync + 'static {
    /// The name that prints, draws and errors show.
    fn name(&self) -> Cow<'static, str>;

    /// The shape of the result.
    ///
    /// # Errors
    /// Says in words what the operation takes, where the arguments do not fit. The engine adds the operation's name,
    /// the shapes and the caller's place in the source.
    fn shape(&self, args: &[Shape]) -> Result<Shape, ShapeError>;

    /// Writes the result. `out` has the shape that [`Op::shape`] gave; its content before is unspecified.
    fn eval<T: Scalar>(&self, args: &[View<'_, T>], out: &mut ViewMut<'_, T>);

    /// The vector-Jacobian product: for each argument, the cotangent that it receives when the result has `cotangent`,
    /// as expressions, so that it can be differentiated again.
    fn vjp<'g>(
        &self,
        args: &[Expr<'g>],
        result: Expr<'g>,
        cotangent: Expr<'g>,
    ) -> Vec<Cotangent<'g>>;

    /// The bits of the operation's own data. Two operations of one type with equal keys and equal arguments are the same
    /// node. `None` (the default for types with data) means never.
    fn key(&self) -> Option<Vec<u64>> {
        (std::mem::size_of_val(self) == 0).then(Vec::new)
    }

    /// How the operation runs. By default, by [`Op::eval`] on whole matrices.
    fn kernels<T: Scalar>(&self) -> Kernels<T> {
        Kernels::eval()
    }
}

/// A matrix that an operation reads, column-major: each sample is a column.
pub type View<'a, T> = DMatrixView<'a, T>;

/// A matrix that an operation writes, column-major.
pub type ViewMut<'a, T> = DMatrixViewMut<'a, T>;

/// What a vector-Jacobian product says of one argument.
#[derive(Debug, Clone, Copy)]
pub enum Cotangent<'g> {
    /// The argument receives this.
    Of(Expr<'g>),
    /// The result does not vary with the argument.
    Zero,
    /// The operation has no derivative in this argument: asking for it is an error that names both.
    Undefined,
}

impl<'g> From<Expr<'g>> for Cotangent<'g> {
    fn from(expr: Expr<'g>) -> Self {
        Self::Of(expr)
    }
}

/// How an operation runs, in one precision.
#[derive(Debug)]
pub struct Kernels<T: Scalar> {
    pub(crate) kind: KernelKind<T>,
}

#[derive(Debug)]
pub(crate) enum KernelKind<T: Scalar> {
    Eval,
    Columnwise,
    Map(MapKernel<T>),
}

impl<T: Scalar> Kernels<T> {
    /// By [`Op::eval`], on whole matrices.
    #[must_use]
    pub fn eval() -> Self {
        Self {
            kind: KernelKind::Eval,
        }
    }

    /// By [`Op::eval`], on any range of columns: a promise that each column of the result depends on the same column of
    /// the arguments alone, so that samples can be shared among threads.
    #[must_use]
    pub fn columnwise() -> Self {
        Self {
            kind: KernelKind::Columnwise,
        }
    }

    pub(crate) fn map(kernel: MapKernel<T>) -> Self {
        Self {
            kind: KernelKind::Map(kernel),
        }
    }
}

/// A shared operation, as nodes hold it.
pub(crate) type OpRef = Arc<dyn DynOp>;

/// The object-safe twin of [`Op`].
pub trait DynOp: fmt::Debug + Send + Sync {
    fn name(&self) -> Cow<'static, str>;
    fn shape(&self, args: &[Shape]) -> Result<Shape, ShapeError>;
    fn vjp<'g>(
        &self,
        args: &[Expr<'g>],
        result: Expr<'g>,
        cotangent: Expr<'g>,
    ) -> Vec<Cotangent<'g>>;
    fn key(&self) -> Option<Vec<u64>>;
    fn eval_f32(&self, args: &[View<'_, f32>], out: &mut ViewMut<'_, f32>);
    fn eval_f64(&self, args: &[View<'_, f64>], out: &mut ViewMut<'_, f64>);
    fn kernels_f32(&self) -> Kernels<f32>;
    fn kernels_f64(&self) -> Kernels<f64>;
    fn type_id(&self) -> TypeId;
    fn as_any(&self) -> &dyn Any;
    /// The address of the operation's own data, which its kernels receive.
    fn data(&self) -> *const ();
}

impl<O: Op> DynOp for O {
    fn name(&self) -> Cow<'static, str> {
        Op::name(self)
    }
    fn shape(&self, args: &[Shape]) -> Result<Shape, ShapeError> {
        Op::shape(self, args)
    }
    fn vjp<'g>(
        &self,
        args: &[Expr<'g>],
        result: Expr<'g>,
        cotangent: Expr<'g>,
    ) -> Vec<Cotangent<'g>> {
        Op::vjp(self, args, result, cotangent)
    }
    fn key(&self) -> Option<Vec<u64>> {
        Op::key(self)
    }
    fn eval_f32(&self, args: &[View<'_, f32>], out: &mut ViewMut<'_, f32>) {
        Op::eval(self, args, out);
    }
    fn eval_f64(&self, args: &[View<'_, f64>], out: &mut ViewMut<'_, f64>) {
        Op::eval(self, args, out);
    }
    fn kernels_f32(&self) -> Kernels<f32> {
        Op::kernels(self)
    }
    fn kernels_f64(&self) -> Kernels<f64> {
        Op::kernels(self)
    }
    fn type_id(&self) -> TypeId {
        TypeId::of::<O>()
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn data(&self) -> *const () {
        std::ptr::from_ref(self).cast()
    }
}

impl dyn DynOp + '_ {
    /// Whether this is an operation of type `O`.
    pub(crate) fn is<O: Op>(&self) -> bool {
        self.as_any().is::<O>()
    }

    /// The operation as `O`, if it is one.
    pub(crate) fn downcast<O: Op>(&self) -> Option<&O> {
        self.as_any().downcast_ref()
    }
}

/// Which of an operation's two instances a scalar type uses.
pub trait Precision: Sized {
    #[doc(hidden)]
    fn eval(op: &dyn DynOp, args: &[View<'_, Self>], out: &mut ViewMut<'_, Self>);
    #[doc(hidden)]
    fn kernels(op: &dyn DynOp) -> Kernels<Self>
    where
        Self: Scalar;
}

impl Precision for f32 {
    fn eval(op: &dyn DynOp, args: &[View<'_, f32>], out: &mut ViewMut<'_, f32>) {
        op.eval_f32(args, out);
    }
    fn kernels(op: &dyn DynOp) -> Kernels<f32> {
        op.kernels_f32()
    }
}

impl Precision for f64 {
    fn eval(op: &dyn DynOp, args: &[View<'_, f64>], out: &mut ViewMut<'_, f64>) {
        op.eval_f64(args, out);
    }
    fn kernels(op: &dyn DynOp) -> Kernels<f64> {
        op.kernels_f64()
    }
}
