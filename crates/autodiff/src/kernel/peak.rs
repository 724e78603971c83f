//! Fused multiply-adds in registers: the peak that the rates of kernels are shares of.

use super::dispatch::Kernel;
use super::lanes::Vector;
use crate::Scalar;

/// Independent chains: the two units of a processor times a latency of 4 or 5 cycles are 10 vectors in flight, and 12 are 6 tiles of a pair of
/// AVX2 registers, as in the widest tile of the product.
const CHAINS: usize = 12;

/// How often each chain is lengthened, and where the sum goes so that it is computed.
pub(crate) struct PeakArgs<T> {
    pub(crate) rounds: usize,
    pub(crate) out: T,
}

/// Floating-point operations of a run, each lane counted.
pub(crate) fn flops<T: Scalar>(isa: crate::Isa, rounds: usize) -> u64 {
    (2 * chains(isa) * T::LANES * rounds) as u64
}

fn chains(isa: crate::Isa) -> usize {
    // A vector of 16 lanes is one register of AVX-512, a pair of AVX2.
    if isa == crate::Isa::Avx512 {
        CHAINS
    } else {
        CHAINS / 2
    }
}

/// Runs the kernel.
pub(crate) fn run<T: Scalar>(isa: crate::Isa, args: &std::cell::Cell<PeakArgs<T>>) {
    let kernel = super::dispatch::entry::<T, PeakKernel>(isa);
    // SAFETY: it touches nothing but its argument.
    unsafe { kernel(args) }
}

/// The kernel.
struct PeakKernel;

impl<T: Scalar> Kernel<T> for PeakKernel {
    type Args = std::cell::Cell<PeakArgs<T>>;

    #[inline(always)]
    unsafe fn run<V: Vector<Scalar = T>>(args: &Self::Args) {
        let PeakArgs { rounds, out } = args.replace(PeakArgs {
            rounds: 0,
            out: T::ZERO,
        });
        let sum = if V::REGISTERS == 32 {
            chain::<T, V, CHAINS>(rounds, out)
        } else {
            chain::<T, V, { CHAINS / 2 }>(rounds, out)
        };
        args.set(PeakArgs { rounds, out: sum });
    }
}

#[inline(always)]
fn chain<T: Scalar, V: Vector<Scalar = T>, const N: usize>(rounds: usize, start: T) -> T {
    let (half, one) = (V::splat(0.5), V::splat(1.0));
    let mut sums = [V::splat_scalar(start); N];
    for _ in 0..rounds {
        for sum in &mut sums {
            *sum = sum.mul_add(half, one);
        }
    }
    let [first, rest @ ..] = sums.as_slice() else {
        return start;
    };
    rest.iter()
        .fold(*first, |total, &sum| total + sum)
        .reduce_tree()
}
