//! Vectors as plain arrays: what the operations mean, on any processor.

use std::ops::{Add, BitAnd, BitOr, Div, Mul, Neg, Not, Sub};

use super::lanes::{Bits, Lanes, Vector};
use crate::scalar::Scalar;

/// `L` lanes of `T` as an array. With one lane it computes single values with the bits of the vectors.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub struct Portable<T, const L: usize>(pub [T; L]);

/// A truth value for each of `L` lanes.
#[derive(Clone, Copy, Debug)]
pub struct Mask<const L: usize>(pub [bool; L]);

/// A vector or mask whose lane `$i` is `$lane`.
macro_rules! lanes {
    ($i:ident, $start:expr, $lane:expr) => {{
        let mut lanes = $start;
        for $i in 0..L {
            lanes[$i] = $lane;
        }
        lanes
    }};
}

macro_rules! operator {
    ($trait:ident, $method:ident, $operator:tt) => {
        impl<T: Scalar, const L: usize> $trait for Portable<T, L> {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                Portable(lanes!(i, self.0, self.0[i] $operator other.0[i]))
            }
        }
    };
}

operator!(Add, add, +);
operator!(Sub, sub, -);
operator!(Mul, mul, *);
operator!(Div, div, /);

impl<T: Scalar, const L: usize> Neg for Portable<T, L> {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        Portable(lanes!(i, self.0, -self.0[i]))
    }
}

macro_rules! comparison {
    ($method:ident, $operator:tt) => {
        #[inline(always)]
        fn $method(self, other: Self) -> Mask<L> {
            Mask(lanes!(i, [false; L], self.0[i] $operator other.0[i]))
        }
    };
}

impl<T: Scalar, const L: usize> Lanes for Portable<T, L> {
    type Scalar = T;
    type Mask = Mask<L>;

    #[inline(always)]
    fn splat(value: f64) -> Self {
        Portable([T::from_f64(value); L])
    }

    #[inline(always)]
    fn mul_add(self, b: Self, c: Self) -> Self {
        Portable(T::mul_add_lanes(&self.0, &b.0, &c.0))
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        Portable(lanes!(i, self.0, self.0[i].sqrt()))
    }

    #[inline(always)]
    fn abs(self) -> Self {
        Portable(lanes!(i, self.0, self.0[i].abs()))
    }

    #[inline(always)]
    fn copysign(self, sign: Self) -> Self {
        Portable(lanes!(i, self.0, self.0[i].copysign(sign.0[i])))
    }

    #[inline(always)]
    fn min(self, other: Self) -> Self {
        Portable(lanes!(i, self.0, minimum(self.0[i], other.0[i])))
    }

    #[inline(always)]
    fn max(self, other: Self) -> Self {
        Portable(lanes!(i, self.0, maximum(self.0[i], other.0[i])))
    }

    #[inline(always)]
    fn floor(self) -> Self {
        let nearest = self.round_ties_even();
        Lanes::select(nearest.gt(self), nearest - Self::splat(1.0), nearest)
    }

    #[inline(always)]
    fn round_ties_even(self) -> Self {
        // From this number on all are integers; added to a smaller one it rounds it to an integer.
        let large = Portable([T::ONE / T::EPSILON; L]);
        let shift = large.copysign(self);
        let rounded = ((self + shift) - shift).copysign(self);
        Lanes::select(self.abs().lt(large), rounded, self)
    }

    comparison!(lt, <);
    comparison!(le, <=);
    comparison!(gt, >);
    comparison!(ge, >=);
    comparison!(eq, ==);
    comparison!(ne, !=);

    #[inline(always)]
    fn select(mask: Mask<L>, if_true: Self, if_false: Self) -> Self {
        Portable(lanes!(
            i,
            if_false.0,
            if mask.0[i] {
                if_true.0[i]
            } else {
                if_false.0[i]
            }
        ))
    }
}

/// The bits of lane `i`, as an expression of the bits of the lanes `i` of the operands.
macro_rules! bitwise {
    ($method:ident, $a:ident, $b:ident, $bits:expr) => {
        #[inline(always)]
        fn $method(self, other: Self) -> Self {
            Portable(lanes!(i, self.0, {
                let ($a, $b) = (self.0[i].to_bits_u64(), other.0[i].to_bits_u64());
                T::from_bits_u64($bits)
            }))
        }
    };
}

impl<T: Scalar, const L: usize> Bits for Portable<T, L> {
    #[inline(always)]
    fn splat_bits(bits: u64) -> Self {
        Portable([T::from_bits_u64(bits); L])
    }

    bitwise!(and, a, b, a & b);
    bitwise!(or, a, b, a | b);
    bitwise!(xor, a, b, a ^ b);
    bitwise!(integer_add, a, b, a.wrapping_add(b));
    bitwise!(integer_sub, a, b, a.wrapping_sub(b));

    #[inline(always)]
    fn integer_to_exponent(self) -> Self {
        Portable(lanes!(
            i,
            self.0,
            T::from_bits_u64(self.0[i].to_bits_u64() << T::MANTISSA_BITS)
        ))
    }

    #[inline(always)]
    fn exponent_to_integer(self) -> Self {
        Portable(lanes!(
            i,
            self.0,
            T::from_bits_u64(self.0[i].to_bits_u64() >> T::MANTISSA_BITS)
        ))
    }

    #[inline(always)]
    fn at_most(self, bound: Self) -> Self {
        Portable(lanes!(
            i,
            self.0,
            if bound.0[i] < self.0[i] {
                bound.0[i]
            } else {
                self.0[i]
            }
        ))
    }

    #[inline(always)]
    fn at_least(self, bound: Self) -> Self {
        Portable(lanes!(
            i,
            self.0,
            if bound.0[i] > self.0[i] {
                bound.0[i]
            } else {
                self.0[i]
            }
        ))
    }

    #[inline(always)]
    fn times_power_of_two(self, n: Self) -> Self {
        times_power_of_two(self, n)
    }
}

impl<T: Scalar, const L: usize> Vector for Portable<T, L> {
    const COUNT: usize = L;
    const REGISTERS: usize = 4;
    type Array = [T; L];

    #[inline(always)]
    fn splat_scalar(value: T) -> Self {
        Portable([value; L])
    }

    #[inline(always)]
    unsafe fn load(from: *const T) -> Self {
        // SAFETY: the caller promises L readable numbers; an array has no larger alignment than its elements.
        Portable(unsafe { from.cast::<[T; L]>().read() })
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut T) {
        // SAFETY: the caller promises L writable numbers; an array has no larger alignment than its elements.
        unsafe { to.cast::<[T; L]>().write(self.0) }
    }

    #[inline(always)]
    unsafe fn load_first(from: *const T, n: usize) -> Self {
        let mut lanes = [T::ZERO; L];
        // SAFETY: the caller promises n readable numbers and n ≤ L; `lanes` is a local.
        unsafe { std::ptr::copy_nonoverlapping(from, lanes.as_mut_ptr(), n) };
        Portable(lanes)
    }

    #[inline(always)]
    unsafe fn store_first(self, to: *mut T, n: usize) {
        // SAFETY: the caller promises n writable numbers and n ≤ L; `self` is a local.
        unsafe { std::ptr::copy_nonoverlapping(self.0.as_ptr(), to, n) }
    }

    #[inline(always)]
    fn keep_first(self, n: usize) -> Self {
        Portable(lanes!(i, self.0, if i < n { self.0[i] } else { T::ZERO }))
    }

    #[inline(always)]
    fn reduce_tree(self) -> T {
        let mut lanes = self.0;
        let mut half = L / 2;
        while half > 0 {
            for i in 0..half {
                lanes[i] += lanes[i + half];
            }
            half /= 2;
        }
        lanes[0]
    }

    #[inline(always)]
    fn to_array(self) -> [T; L] {
        self.0
    }

    #[inline(always)]
    fn from_array(lanes: [T; L]) -> Self {
        Portable(lanes)
    }

    #[inline(always)]
    unsafe fn transpose(from: *const T, from_stride: usize, to: *mut T, to_stride: usize) {
        for i in 0..L {
            for j in 0..L {
                // SAFETY: i and j are below L, so these are elements of the rows that the caller promises.
                unsafe { *to.add(j * to_stride + i) = *from.add(i * from_stride + j) }
            }
        }
    }
}

impl<const L: usize> BitAnd for Mask<L> {
    type Output = Self;
    #[inline(always)]
    fn bitand(self, other: Self) -> Self {
        Mask(lanes!(i, self.0, self.0[i] & other.0[i]))
    }
}

impl<const L: usize> BitOr for Mask<L> {
    type Output = Self;
    #[inline(always)]
    fn bitor(self, other: Self) -> Self {
        Mask(lanes!(i, self.0, self.0[i] | other.0[i]))
    }
}

impl<const L: usize> Not for Mask<L> {
    type Output = Self;
    #[inline(always)]
    fn not(self) -> Self {
        Mask(lanes!(i, self.0, !self.0[i]))
    }
}

/// `v · 2ⁿ` rounded once, by two multiplications: the first, by 2^(n/2), stays far from both ends of the range and is exact.
#[inline(always)]
pub fn times_power_of_two<V: Lanes>(v: V, n: V) -> V {
    let two = 2.0 / V::Scalar::EPSILON.to_f64();
    // 1.5 · 2²³ (or 1.5 · 2⁵²) plus the bias: the low bits of a sum with it are a stored exponent.
    let magic = V::splat(0.75 * two + V::Scalar::EXPONENT_BIAS as f64);
    let first = n.mul_add(V::splat(0.5), magic);
    let second = (n - (first - magic)) + magic;
    v * first.integer_to_exponent() * second.integer_to_exponent()
}

#[inline(always)]
fn minimum<T: Scalar>(a: T, b: T) -> T {
    if a < b || a.is_nan() || (a == b && a.to_bits_u64() & T::SIGN_BIT != 0) {
        a
    } else {
        b
    }
}

#[inline(always)]
fn maximum<T: Scalar>(a: T, b: T) -> T {
    if a > b || a.is_nan() || (a == b && a.to_bits_u64() & T::SIGN_BIT == 0) {
        a
    } else {
        b
    }
}
