//! Calls of kernels with their arguments settled, and where they go: to the processor at once, or onto a tape.

use crate::Scalar;
use crate::kernel::convert::{ConvertArgs, TransposeArgs, convert};
use crate::kernel::map::{MapArgs, MapFn};
use crate::kernel::product::{JoinArgs, ProductArgs, Start};
use crate::kernel::sum::{AllArgs, ColumnsArgs, DotArgs, LineArgs, sum_of_line};

/// One call.
pub(super) enum Call<T: Scalar> {
    Product(unsafe fn(&ProductArgs<T>), ProductArgs<T>),
    Join(unsafe fn(&JoinArgs<T>), JoinArgs<T>),
    Map(MapFn<T>, MapArgs<T>),
    Dot(unsafe fn(&DotArgs<T>), DotArgs<T>),
    Columns(unsafe fn(&ColumnsArgs<T>), ColumnsArgs<T>),
    All(unsafe fn(&AllArgs<T>), AllArgs<T>),
    Line(LineArgs<T>),
    Convert(ConvertArgs<T>),
    Transpose(unsafe fn(&TransposeArgs<T>), TransposeArgs<T>),
    /// Values that follow each other.
    Copy {
        from: *const T,
        to: *mut T,
        len: usize,
    },
    /// The padding of a line.
    ZeroRest {
        ptr: *mut T,
        len: usize,
    },
    /// The padding of vectors of a block that has so many rows.
    ZeroRows {
        ptr: *mut T,
        rows: usize,
        vectors: usize,
    },
}

impl<T: Scalar> Call<T> {
    /// # Safety
    /// All that the call reads and writes lies inside of its buffers, and no other thread writes there.
    #[inline(always)]
    pub(super) unsafe fn run(&self) {
        // SAFETY: promised by the caller.
        unsafe {
            match self {
                Self::Product(kernel, args) => kernel(args),
                Self::Join(kernel, args) => kernel(args),
                Self::Map(kernel, args) => kernel(args),
                Self::Dot(kernel, args) => kernel(args),
                Self::Columns(kernel, args) => kernel(args),
                Self::All(kernel, args) => kernel(args),
                Self::Line(args) => sum_of_line(args),
                Self::Convert(args) => convert(args),
                Self::Transpose(kernel, args) => kernel(args),
                &Self::Copy { from, to, len } => std::ptr::copy_nonoverlapping(from, to, len),
                &Self::ZeroRest { ptr, len } => zero(ptr, len),
                &Self::ZeroRows { ptr, rows, vectors } => {
                    for vector in 0..vectors {
                        zero(ptr.add(vector * T::LANES + rows), T::LANES - rows);
                    }
                }
            }
        }
    }

    /// What the call reads and does not write.
    pub(super) fn reads(&mut self) -> [Option<&mut *const T>; 4] {
        match self {
            Self::Product(_, args) => {
                let start = match &mut args.start {
                    Start::Bias(bias) => Some(bias),
                    Start::Zero => None,
                };
                [Some(&mut args.a), Some(&mut args.b), start, None]
            }
            Self::Join(_, args) => [Some(&mut args.right), None, None, None],
            Self::Map(_, args) => {
                let [x, y, z] = &mut args.args;
                [Some(&mut x.ptr), Some(&mut y.ptr), Some(&mut z.ptr), None]
            }
            Self::Dot(_, args) => [
                Some(&mut args.weights),
                Some(&mut args.x),
                Some(&mut args.bias),
                None,
            ],
            Self::Columns(_, args) => [Some(&mut args.x), None, None, None],
            Self::All(_, args) => [Some(&mut args.x), None, None, None],
            Self::Line(args) => [Some(&mut args.line), None, None, None],
            Self::Convert(args) => [Some(&mut args.from.ptr), None, None, None],
            Self::Transpose(_, args) => [Some(&mut args.from), None, None, None],
            Self::Copy { from, .. } => [Some(from), None, None, None],
            Self::ZeroRest { .. } | Self::ZeroRows { .. } => [None, None, None, None],
        }
    }
}

/// # Safety
/// There are so many values.
unsafe fn zero<T: Scalar>(ptr: *mut T, len: usize) {
    for index in 0..len {
        // SAFETY: promised by the caller.
        unsafe { *ptr.add(index) = T::ZERO };
    }
}

/// Where the calls of a run go.
pub(super) trait Sink<T: Scalar> {
    /// # Safety
    /// As for [`Call::run`].
    unsafe fn call(&self, call: Call<T>);

    /// An operation without a kernel: `run` is the call.
    fn eval(&self, run: impl FnOnce());
}

/// To the processor, at once.
pub(super) struct Now;

impl<T: Scalar> Sink<T> for Now {
    #[inline(always)]
    unsafe fn call(&self, call: Call<T>) {
        // SAFETY: promised by the caller.
        unsafe { call.run() }
    }

    fn eval(&self, run: impl FnOnce()) {
        run();
    }
}
