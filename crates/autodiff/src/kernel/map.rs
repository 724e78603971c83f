//! Elementwise kernels: one function pointer an operation, run over a piece that sits in L1.

use std::fmt;

use super::dispatch::{Kernel, entry};
use super::lanes::{Lanes, Vector};
use crate::elementwise::{Binary, Map1, Map2, Map3, Ternary, Unary};
use crate::op::OpRef;
use crate::{Isa, Scalar};

/// What an elementwise kernel is called with: raw, because a piece of a shared buffer stands behind each pointer.
pub(crate) struct MapArgs<T> {
    /// The operation's own data, of the type that the kernel was made for.
    pub(crate) op: *const (),
    pub(crate) args: [MapArg<T>; 3],
    pub(crate) out: *mut T,
    /// How many vectors to write.
    pub(crate) vectors: usize,
}

/// The address of an operation's own data. It stands beside a share of the operation, which keeps it alive.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OpData(*const ());

// SAFETY: operations are `Sync`, and this is a shared reference to one.
unsafe impl Send for OpData {}
// SAFETY: as above.
unsafe impl Sync for OpData {}

impl OpData {
    pub(crate) fn of(op: &OpRef) -> Self {
        Self(op.data())
    }

    pub(crate) fn get(self) -> *const () {
        self.0
    }
}

/// One argument of an elementwise kernel.
#[derive(Clone, Copy)]
pub(crate) struct MapArg<T> {
    pub(crate) ptr: *const T,
    pub(crate) read: Read,
}

/// How an argument is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Read {
    /// A vector for each vector written.
    Vectors,
    /// One vector for all: a column repeated over the samples.
    SameVector,
    /// One number for each vector: a row repeated over the features.
    NumberEach,
    /// One number for all.
    SameNumber,
}

pub(crate) type MapFn<T> = unsafe fn(&MapArgs<T>);

/// An elementwise kernel, for each instruction set.
pub struct MapKernel<T: Scalar> {
    pub(crate) arity: usize,
    entry: fn(Isa) -> MapFn<T>,
}

impl<T: Scalar> fmt::Debug for MapKernel<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MapKernel of {} arguments", self.arity)
    }
}

impl<T: Scalar> MapKernel<T> {
    pub(crate) fn unary<U: Unary>() -> Self {
        Self {
            arity: 1,
            entry: entry::<T, Kernel1<U>>,
        }
    }

    pub(crate) fn binary<B: Binary>() -> Self {
        Self {
            arity: 2,
            entry: entry::<T, Kernel2<B>>,
        }
    }

    pub(crate) fn ternary<F: Ternary>() -> Self {
        Self {
            arity: 3,
            entry: entry::<T, Kernel3<F>>,
        }
    }

    pub(crate) fn function(&self, isa: Isa) -> MapFn<T> {
        (self.entry)(isa)
    }
}

/// One element through the portable lanes: the same bits as in a vector.
pub(crate) fn scalar<T: Scalar, const N: usize>(
    value: impl Fn([T::Portable; N]) -> T::Portable,
    args: [T; N],
) -> T {
    value(args.map(T::Portable::splat_scalar))
        .to_array()
        .as_ref()[0]
}

struct Kernel1<U>(std::marker::PhantomData<U>);
struct Kernel2<B>(std::marker::PhantomData<B>);
struct Kernel3<F>(std::marker::PhantomData<F>);

impl<T: Scalar, U: Unary> Kernel<T> for Kernel1<U> {
    type Args = MapArgs<T>;
    #[inline(always)]
    unsafe fn run<V: Vector<Scalar = T>>(a: &MapArgs<T>) {
        // SAFETY: `op` is the data of the `Map1<U>` that this kernel was taken from, alive as long as the plan; the plan
        // gives pieces that lie inside their buffers (checked when it is made) and no other thread writes to.
        unsafe {
            let op = &*a.op.cast::<Map1<U>>();
            each::<T, V, _, 1>(a, op);
        }
    }
}

impl<T: Scalar, B: Binary> Kernel<T> for Kernel2<B> {
    type Args = MapArgs<T>;
    #[inline(always)]
    unsafe fn run<V: Vector<Scalar = T>>(a: &MapArgs<T>) {
        // SAFETY: as for `Kernel1`.
        unsafe {
            let op = &*a.op.cast::<Map2<B>>();
            each::<T, V, _, 2>(a, op);
        }
    }
}

impl<T: Scalar, F: Ternary> Kernel<T> for Kernel3<F> {
    type Args = MapArgs<T>;
    #[inline(always)]
    unsafe fn run<V: Vector<Scalar = T>>(a: &MapArgs<T>) {
        // SAFETY: as for `Kernel1`.
        unsafe {
            let op = &*a.op.cast::<Map3<F>>();
            each::<T, V, _, 3>(a, op);
        }
    }
}

/// The operations by their number of arguments. A trait and not closures: only functions can be marked to be inlined.
trait Each<const N: usize> {
    fn at<V: Lanes>(&self, args: [V; N]) -> V;
}

impl<U: Unary> Each<1> for Map1<U> {
    #[inline(always)]
    fn at<V: Lanes>(&self, [x]: [V; 1]) -> V {
        self.0.value(x)
    }
}

impl<B: Binary> Each<2> for Map2<B> {
    #[inline(always)]
    fn at<V: Lanes>(&self, [x, y]: [V; 2]) -> V {
        self.0.value(x, y)
    }
}

impl<F: Ternary> Each<3> for Map3<F> {
    #[inline(always)]
    fn at<V: Lanes>(&self, [x, y, z]: [V; 3]) -> V {
        self.0.value(x, y, z)
    }
}

/// A vector in memory that starts at a cache line.
#[repr(align(64))]
struct Aligned<A>(A);

/// Calls `value` for every vector of the piece. One loop serves arguments that advance and arguments that stay: the latter are written out
/// once and read with a stride of zero.
///
/// # Safety
/// The arguments and the result hold what they are said to.
#[inline(always)]
unsafe fn each<T: Scalar, V: Vector<Scalar = T>, E: Each<N>, const N: usize>(
    a: &MapArgs<T>,
    op: &E,
) {
    let zero = V::splat_scalar(T::ZERO);
    let mut fixed = [const { None::<Aligned<V>> }; N];
    let mut streams = [(a.args[0].ptr, 0); N];
    let mut numbers = false;
    for (n, stream) in streams.iter_mut().enumerate() {
        let arg = &a.args[n];
        // SAFETY: promised by the caller.
        *stream = unsafe {
            match arg.read {
                Read::Vectors => (arg.ptr, T::LANES),
                Read::SameVector => (arg.ptr, 0),
                Read::SameNumber => {
                    let spread = fixed[n].insert(Aligned(V::splat_scalar(*arg.ptr)));
                    (std::ptr::from_ref(&spread.0).cast(), 0)
                }
                Read::NumberEach => {
                    numbers = true;
                    (arg.ptr, 1)
                }
            }
        };
    }
    // SAFETY: promised by the caller.
    unsafe {
        if numbers {
            for i in 0..a.vectors {
                let mut x = [zero; N];
                for (n, x) in x.iter_mut().enumerate() {
                    *x = read::<T, V>(&a.args[n], i);
                }
                op.at(x).store(a.out.add(i * T::LANES));
            }
        } else {
            for i in 0..a.vectors {
                let mut x = [zero; N];
                for (n, x) in x.iter_mut().enumerate() {
                    *x = V::load(streams[n].0.add(i * streams[n].1));
                }
                op.at(x).store(a.out.add(i * T::LANES));
            }
        }
    }
}

/// # Safety
/// `arg` must point to what `i` reaches in its way of reading.
#[inline(always)]
unsafe fn read<T: Scalar, V: Vector<Scalar = T>>(arg: &MapArg<T>, i: usize) -> V {
    // SAFETY: promised by the caller.
    unsafe {
        match arg.read {
            Read::Vectors => V::load(arg.ptr.add(i * T::LANES)),
            Read::SameVector => V::load(arg.ptr),
            Read::NumberEach => V::splat_scalar(*arg.ptr.add(i)),
            Read::SameNumber => V::splat_scalar(*arg.ptr),
        }
    }
}
