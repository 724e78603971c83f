//! Every kernel against a naive twin, bit for bit: over odd sizes and strides, empty and thin matrices, on every instruction set.
//!
//! The twins read and write through slices, so that their bounds are checked: a geometry that they accept lies inside of its
//! buffers. The kernels are given the same buffers at their exact lengths (where an address sanitizer sees any step outside),
//! and again between guard zones of NaN: what reads a guard has another result, and what writes to one is told.

mod convert;
mod map;
mod product;
mod sum;

use crate::random::Random;
use crate::{Isa, Scalar};

/// Random geometries of each kernel.
const CASES: u32 = 128;

/// Numbers between two guard zones, or exactly as many as there are.
struct Guarded<T> {
    all: Vec<T>,
    guard: usize,
}

impl<T: Scalar> Guarded<T> {
    /// A NaN that no kernel writes.
    const GUARD: u64 = 0x7ff5_a5a5_7fa5_a5a5;

    fn new(values: Vec<T>, guard: usize) -> Self {
        let zone = vec![T::from_bits_u64(Self::GUARD); guard];
        let all = [zone.clone(), values, zone].concat();
        Self { all, guard }
    }

    fn ptr(&self) -> *const T {
        self.all[self.guard..].as_ptr()
    }

    fn ptr_mut(&mut self) -> *mut T {
        self.all[self.guard..].as_mut_ptr()
    }

    /// The numbers; the guards must be as they were.
    #[track_caller]
    fn values(&self) -> &[T] {
        let end = self.all.len() - self.guard;
        let guards = self.all[..self.guard].iter().chain(&self.all[end..]);
        let pattern = T::from_bits_u64(Self::GUARD).to_bits_u64();
        assert!(
            guards.map(|x| x.to_bits_u64()).all(|bits| bits == pattern),
            "a guard zone was written to"
        );
        &self.all[self.guard..end]
    }
}

fn noise<T: Scalar>(random: &mut Random, len: usize) -> Vec<T> {
    let one = |random: &mut Random| match random.below(16) {
        0 => 0.0,
        1 => -0.0,
        2 => random.between(-1e20, 1e20),
        _ => random.between(-2.0, 2.0),
    };
    (0..len).map(|_| T::from_f64(one(random))).collect()
}

#[track_caller]
fn assert_bits<T: Scalar>(found: &[T], expected: &[T], isa: Isa) {
    let bits = |x: &T| {
        if x.is_nan() {
            u64::MAX
        } else {
            x.to_bits_u64()
        }
    };
    let differs = found
        .iter()
        .zip(expected)
        .position(|(f, e)| bits(f) != bits(e));
    assert!(
        found.len() == expected.len() && differs.is_none(),
        "{} on {isa}, element {differs:?}: {found:?} instead of {expected:?}",
        T::NAME
    );
}

/// Calls `check` for both types on every instruction set, with exact buffers and with guards.
macro_rules! everywhere {
    ($check:ident($($arg:expr),*)) => {
        for isa in Isa::available() {
            for guard in [0, 80] {
                $check::<f32>(isa, guard, $($arg),*);
                $check::<f64>(isa, guard, $($arg),*);
            }
        }
    };
}
use everywhere;
