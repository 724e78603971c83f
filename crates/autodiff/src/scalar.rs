//! The two element types, `f32` and `f64`.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Div, DivAssign, Mul, MulAssign, Neg, Sub, SubAssign};

use crate::kernel::fma;
use crate::kernel::functions::Coefficients;
use crate::kernel::lanes::Vector;
use crate::kernel::portable::Portable;
#[cfg(target_arch = "x86_64")]
use crate::kernel::{avx2, avx512};

/// An element type that a plan can be compiled for: `f32` or `f64`, and no other.
///
/// A graph has no element type; `compile::<f32>` or `compile::<f64>` chooses one.
///
/// ```
/// use chainrule_autodiff::Scalar;
/// fn third<T: Scalar>() -> f64 { (T::ONE / T::from_f64(3.0)).to_f64() }
/// assert_eq!(third::<f64>(), 1.0 / 3.0);
/// assert_eq!(third::<f32>(), f64::from(1.0f32 / 3.0));
/// ```
pub trait Scalar:
    sealed::Sealed
    + crate::op::Precision
    + Coefficients
    + nalgebra::Scalar
    + Copy
    + Default
    + Send
    + Sync
    + PartialOrd
    + fmt::Display
    + fmt::LowerExp
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + AddAssign
    + SubAssign
    + MulAssign
    + DivAssign
    + Sum
    + 'static
{
    /// The number of lanes of a vector, the same on every instruction set: 16 for `f32`, 8 for `f64`.
    const LANES: usize;
    /// The name of the type in Rust.
    const NAME: &'static str;
    /// The number of bytes of an element.
    const BYTES: usize;
    /// 0.
    const ZERO: Self;
    /// 1.
    const ONE: Self;
    /// The distance from 1 to the next larger number: 2⁻²³ or 2⁻⁵².
    const EPSILON: Self;
    /// The largest finite number.
    const MAX: Self;
    /// The smallest positive normal number: 2⁻¹²⁶ or 2⁻¹⁰²².
    const MIN_POSITIVE: Self;
    /// +∞.
    const INFINITY: Self;
    /// A quiet NaN.
    const NAN: Self;

    /// The number nearest to `value`, ties to even.
    fn from_f64(value: f64) -> Self;

    /// The same number as an `f64`; always exact.
    fn to_f64(self) -> f64;

    /// `self · b + c`, rounded once. It does not depend on the platform's C library nor on the processor.
    fn mul_add(self, b: Self, c: Self) -> Self;

    /// The square root, correctly rounded.
    fn sqrt(self) -> Self;

    /// The absolute value: clears the sign bit, of a NaN too.
    fn abs(self) -> Self;

    /// The magnitude of `self` with the sign bit of `sign`.
    fn copysign(self, sign: Self) -> Self;

    /// Whether the number is neither infinite nor NaN.
    fn is_finite(self) -> bool;

    /// Whether this is a NaN.
    fn is_nan(self) -> bool;

    /// The bits of the number, in the low bits of a `u64`.
    fn to_bits_u64(self) -> u64;

    /// The number with these bits, taken from the low bits of `bits`.
    fn from_bits_u64(bits: u64) -> Self;

    /// Appends the little-endian bytes of the number.
    fn write_le(self, bytes: &mut Vec<u8>);

    /// The number whose little-endian bytes these are, or nothing when there are not [`BYTES`](Scalar::BYTES) of them.
    fn read_le(bytes: &[u8]) -> Option<Self>;

    /// The number of stored bits of the significand: 23 or 52.
    #[doc(hidden)]
    const MANTISSA_BITS: u32;
    /// What is added to an exponent before it is stored: 127 or 1023.
    #[doc(hidden)]
    const EXPONENT_BIAS: u64;
    /// The sign bit alone.
    #[doc(hidden)]
    const SIGN_BIT: u64;
    /// The vector of the portable path.
    #[doc(hidden)]
    type Portable: Vector<Scalar = Self>;
    /// The vector of AVX2 and FMA.
    #[doc(hidden)]
    type Avx2: Vector<Scalar = Self>;
    /// The vector of AVX-512.
    #[doc(hidden)]
    type Avx512: Vector<Scalar = Self>;
    /// `mul_add` of every lane.
    #[doc(hidden)]
    fn mul_add_lanes<const L: usize>(a: &[Self; L], b: &[Self; L], c: &[Self; L]) -> [Self; L];
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}

macro_rules! scalar {
    ($type:ident, $bits:ident, $lanes:literal, $avx2:ident, $avx512:ident, $fma:path, $fma_lanes:path) => {
        impl Scalar for $type {
            const LANES: usize = $lanes;
            const NAME: &'static str = stringify!($type);
            const BYTES: usize = size_of::<$type>();
            const ZERO: Self = 0.0;
            const ONE: Self = 1.0;
            const EPSILON: Self = $type::EPSILON;
            const MAX: Self = $type::MAX;
            const MIN_POSITIVE: Self = $type::MIN_POSITIVE;
            const INFINITY: Self = $type::INFINITY;
            const NAN: Self = $type::NAN;
            const MANTISSA_BITS: u32 = $type::MANTISSA_DIGITS - 1;
            const EXPONENT_BIAS: u64 = ($type::MAX_EXP - 1) as u64;
            const SIGN_BIT: u64 = 1 << ($bits::BITS - 1);

            type Portable = Portable<$type, $lanes>;
            #[cfg(target_arch = "x86_64")]
            type Avx2 = avx2::$avx2;
            #[cfg(target_arch = "x86_64")]
            type Avx512 = avx512::$avx512;
            #[cfg(not(target_arch = "x86_64"))]
            type Avx2 = Portable<$type, $lanes>;
            #[cfg(not(target_arch = "x86_64"))]
            type Avx512 = Portable<$type, $lanes>;

            #[inline(always)]
            fn from_f64(value: f64) -> Self {
                value as $type
            }

            #[inline(always)]
            fn to_f64(self) -> f64 {
                f64::from(self)
            }

            #[inline(always)]
            fn mul_add(self, b: Self, c: Self) -> Self {
                $fma(self, b, c)
            }

            #[inline(always)]
            fn mul_add_lanes<const L: usize>(
                a: &[Self; L],
                b: &[Self; L],
                c: &[Self; L],
            ) -> [Self; L] {
                $fma_lanes(a, b, c)
            }

            #[inline(always)]
            fn sqrt(self) -> Self {
                $type::sqrt(self)
            }

            #[inline(always)]
            fn abs(self) -> Self {
                $type::abs(self)
            }

            #[inline(always)]
            fn copysign(self, sign: Self) -> Self {
                $type::copysign(self, sign)
            }

            #[inline(always)]
            fn is_finite(self) -> bool {
                $type::is_finite(self)
            }

            #[inline(always)]
            fn is_nan(self) -> bool {
                $type::is_nan(self)
            }

            #[inline(always)]
            fn to_bits_u64(self) -> u64 {
                u64::from(self.to_bits())
            }

            #[inline(always)]
            fn from_bits_u64(bits: u64) -> Self {
                $type::from_bits(bits as $bits)
            }

            #[inline]
            fn write_le(self, bytes: &mut Vec<u8>) {
                bytes.extend_from_slice(&self.to_le_bytes());
            }

            #[inline]
            fn read_le(bytes: &[u8]) -> Option<Self> {
                bytes.try_into().ok().map($type::from_le_bytes)
            }
        }
    };
}

scalar!(
    f32,
    u32,
    16,
    F32x16,
    F32x16,
    fma::fma_f32,
    fma::fma_lanes_f32
);
scalar!(f64, u64, 8, F64x8, F64x8, fma::fma_f64, fma::fma_lanes_f64);

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes_read_back<T: Scalar>() {
        let mut bytes = Vec::new();
        let values = [
            T::ZERO,
            -T::ZERO,
            T::ONE,
            T::from_f64(-0.1),
            T::MAX,
            T::INFINITY,
            T::MIN_POSITIVE,
        ];
        values.iter().for_each(|v| v.write_le(&mut bytes));
        assert_eq!(bytes.len(), values.len() * T::BYTES);
        for (chunk, value) in bytes.chunks(T::BYTES).zip(values) {
            assert_eq!(
                T::read_le(chunk).map(T::to_bits_u64),
                Some(value.to_bits_u64())
            );
            assert_eq!(
                T::from_bits_u64(value.to_bits_u64()).to_bits_u64(),
                value.to_bits_u64()
            );
        }
        assert_eq!(T::read_le(&bytes[1..T::BYTES]), None);
    }

    #[test]
    fn little_endian_bytes_read_back() {
        bytes_read_back::<f32>();
        bytes_read_back::<f64>();
        assert_eq!(f32::read_le(&[0, 0, 0x80, 0x3f]), Some(1.0));
    }

    #[test]
    fn constants_describe_the_formats() {
        assert_eq!(
            (f32::EXPONENT_BIAS, f32::MANTISSA_BITS, f32::SIGN_BIT),
            (127, 23, 0x8000_0000)
        );
        assert_eq!(
            (f64::EXPONENT_BIAS, f64::MANTISSA_BITS, f64::SIGN_BIT),
            (1023, 52, 1 << 63)
        );
        assert_eq!(
            <f32 as Scalar>::LANES * <f32 as Scalar>::BYTES,
            <f64 as Scalar>::LANES * <f64 as Scalar>::BYTES
        );
    }
}
