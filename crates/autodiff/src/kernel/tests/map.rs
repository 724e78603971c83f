//! Elementwise kernels.

use proptest::prelude::*;

use super::{CASES, Guarded, assert_bits, everywhere, noise};
use crate::elementwise::{Binary, Map1, Map2, Map3, Ternary, Unary};
use crate::kernel::map::{MapArg, MapArgs, MapKernel, Read, scalar};
use crate::ops::arithmetic::{Clamp, Select, Sub};
use crate::ops::functions::Exp;
use crate::ops::pairs::AddProduct;
use crate::random::Random;
use crate::{Isa, Scalar};

/// The ways of reading of three arguments, by a number.
fn reads(kind: u8) -> [Read; 3] {
    let ways = [
        Read::Vectors,
        Read::SameVector,
        Read::NumberEach,
        Read::SameNumber,
    ];
    [kind, kind / 4, kind / 16].map(|n| ways[usize::from(n % 4)])
}

/// An elementwise kernel of `N` arguments on `vectors` vectors; in place of the first if that is read by vectors.
fn map<T: Scalar, const N: usize>(
    isa: Isa,
    guard: usize,
    (vectors, reads, seed): (usize, [Read; 3], u64),
    kernel: &MapKernel<T>,
    op: *const (),
    value: impl Fn([T; N]) -> T,
) {
    let lanes = T::LANES;
    let mut random = Random(seed);
    let len = |read: Read| match read {
        Read::Vectors => vectors * lanes,
        Read::SameVector => lanes,
        Read::NumberEach => vectors,
        Read::SameNumber => 1,
    };
    let args: [Vec<T>; N] = std::array::from_fn(|n| noise::<T>(&mut random, len(reads[n])));
    let expected: Vec<T> = (0..vectors * lanes)
        .map(|i| {
            value(std::array::from_fn(|n| match reads[n] {
                Read::Vectors => args[n][i],
                Read::SameVector => args[n][i % lanes],
                Read::NumberEach => args[n][i / lanes],
                Read::SameNumber => args[n][0],
            }))
        })
        .collect();
    let mut args = args.map(|values| Guarded::new(values, guard));
    let mut out = Guarded::new(vec![T::ONE; vectors * lanes], guard);
    for in_place in [false, true] {
        if in_place && reads[0] != Read::Vectors {
            continue;
        }
        let target = if in_place {
            args[0].ptr_mut()
        } else {
            out.ptr_mut()
        };
        let unused = MapArg {
            ptr: std::ptr::null(),
            read: Read::SameNumber,
        };
        let mut given = [unused; 3];
        for n in 0..N {
            let ptr = if in_place && n == 0 {
                target.cast_const()
            } else {
                args[n].ptr()
            };
            given[n] = MapArg {
                ptr,
                read: reads[n],
            };
        }
        let call = MapArgs {
            op,
            args: given,
            out: target,
            vectors,
        };
        // SAFETY: as for products; `op` is of the type that the kernel was made for.
        unsafe { kernel.function(isa)(&call) };
        let result = if in_place { &args[0] } else { &out };
        assert_bits(result.values(), &expected, isa);
        for arg in &args {
            arg.values();
        }
    }
}

fn maps<T: Scalar>(isa: Isa, guard: usize, sizes: (usize, [Read; 3], u64)) {
    fn unary<T: Scalar, U: Unary>(isa: Isa, guard: usize, sizes: (usize, [Read; 3], u64), op: U) {
        let op = Map1(op);
        let value = |x: [T; 1]| scalar(|v: [T::Portable; 1]| op.0.value(v[0]), x);
        let kernel = MapKernel::unary::<U>();
        map(
            isa,
            guard,
            sizes,
            &kernel,
            std::ptr::from_ref(&op).cast(),
            value,
        );
    }
    fn binary<T: Scalar, B: Binary>(isa: Isa, guard: usize, sizes: (usize, [Read; 3], u64), op: B) {
        let op = Map2(op);
        let value = |x: [T; 2]| scalar(|v: [T::Portable; 2]| op.0.value(v[0], v[1]), x);
        let kernel = MapKernel::binary::<B>();
        map(
            isa,
            guard,
            sizes,
            &kernel,
            std::ptr::from_ref(&op).cast(),
            value,
        );
    }
    fn ternary<T: Scalar, F: Ternary>(
        isa: Isa,
        guard: usize,
        sizes: (usize, [Read; 3], u64),
        op: F,
    ) {
        let op = Map3(op);
        let value = |x: [T; 3]| scalar(|v: [T::Portable; 3]| op.0.value(v[0], v[1], v[2]), x);
        let kernel = MapKernel::ternary::<F>();
        map(
            isa,
            guard,
            sizes,
            &kernel,
            std::ptr::from_ref(&op).cast(),
            value,
        );
    }
    unary::<T, _>(isa, guard, sizes, Exp);
    unary::<T, _>(
        isa,
        guard,
        sizes,
        Clamp {
            low: -0.5,
            high: 1.25,
        },
    );
    binary::<T, _>(isa, guard, sizes, Sub);
    ternary::<T, _>(isa, guard, sizes, Select);
    ternary::<T, _>(isa, guard, sizes, AddProduct);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(CASES))]

    #[test]
    fn elementwise_kernels_are_their_functions(vectors in 0usize..9, kind: u8, seed: u64) {
        everywhere!(maps((vectors, reads(kind), seed)));
    }
}
