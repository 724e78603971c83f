//! Elementwise kernels: one function pointer an operation, run over a piece that sits in L1.

use std::fmt;

use super::dispatch::{Kernel, entry};
use super::lanes::Vector;
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
            if a.args[0].read == Read::Vectors {
                for i in 0..a.vectors {
                    let x = V::load(a.args[0].ptr.add(i * T::LANES));
                    op.0.value(x).store(a.out.add(i * T::LANES));
                }
            } else {
                for i in 0..a.vectors {
                    op.0.value(read::<T, V>(&a.args[0], i))
                        .store(a.out.add(i * T::LANES));
                }
            }
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
            match (a.args[0].read, a.args[1].read) {
                (Read::Vectors, Read::Vectors) => {
                    for i in 0..a.vectors {
                        let x = V::load(a.args[0].ptr.add(i * T::LANES));
                        let y = V::load(a.args[1].ptr.add(i * T::LANES));
                        op.0.value(x, y).store(a.out.add(i * T::LANES));
                    }
                }
                (Read::SameNumber, Read::Vectors) => {
                    let x = V::splat_scalar(*a.args[0].ptr);
                    for i in 0..a.vectors {
                        let y = V::load(a.args[1].ptr.add(i * T::LANES));
                        op.0.value(x, y).store(a.out.add(i * T::LANES));
                    }
                }
                _ => {
                    for i in 0..a.vectors {
                        let (x, y) = (read::<T, V>(&a.args[0], i), read::<T, V>(&a.args[1], i));
                        op.0.value(x, y).store(a.out.add(i * T::LANES));
                    }
                }
            }
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
            for i in 0..a.vectors {
                let (x, y) = (read::<T, V>(&a.args[0], i), read::<T, V>(&a.args[1], i));
                let z = read::<T, V>(&a.args[2], i);
                op.0.value(x, y, z).store(a.out.add(i * T::LANES));
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
