//! From an instruction set chosen at run time to a kernel that was compiled for it.

use super::isa::Isa;
use super::lanes::Vector;
use crate::scalar::Scalar;

/// A kernel whose source is written once and compiled for each instruction set.
///
/// [`entry`] gives the function to call. `run`, and all that it calls with vectors, must be `#[inline(always)]`: only what is inlined in the
/// entry is compiled with the instructions of the set.
pub trait Kernel<T: Scalar> {
    /// What the kernel works on; usually a struct of raw pointers and lengths.
    type Args: ?Sized;

    /// Does the work with vectors of type `V`.
    ///
    /// # Safety
    /// The machine has the instruction set of `V`, the function is inlined in a function with that set enabled, and `args` keeps the promises
    /// that the kernel states.
    unsafe fn run<V: Vector<Scalar = T>>(args: &Self::Args);
}

/// The kernel compiled for an instruction set.
///
/// A set that this machine lacks gives the portable function, which has the same results (plans check the set when they are
/// compiled, so that the user hears of it).
///
/// # Safety of the function
/// It may be called with `args` that keep the promises that the kernel states.
pub fn entry<T: Scalar, K: Kernel<T>>(isa: Isa) -> unsafe fn(&K::Args) {
    #[cfg(target_arch = "x86_64")]
    match isa {
        Isa::Avx512 if isa.is_available() => return avx512::<T, K>,
        Isa::Avx2 if isa.is_available() => return avx2::<T, K>,
        _ => {}
    }
    let _ = isa;
    portable::<T, K>
}

unsafe fn portable<T: Scalar, K: Kernel<T>>(args: &K::Args) {
    // SAFETY: the portable vectors need no instructions; the caller answers for the arguments.
    unsafe { K::run::<T::Portable>(args) }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn avx2<T: Scalar, K: Kernel<T>>(args: &K::Args) {
    // SAFETY: `entry` has checked that the machine has the set; the caller answers for the arguments.
    unsafe { K::run::<T::Avx2>(args) }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx2,fma")]
unsafe fn avx512<T: Scalar, K: Kernel<T>>(args: &K::Args) {
    // SAFETY: `entry` has checked that the machine has the set; the caller answers for the arguments.
    unsafe { K::run::<T::Avx512>(args) }
}
