//! Vectors of two AVX registers, with AVX2 and FMA.

use std::arch::x86_64::*;
use std::ops::{Add, BitAnd, BitOr, Div, Mul, Neg, Not, Sub};

use super::lanes::{Bits, Lanes, Vector};
use super::portable;
use crate::scalar::Scalar;

mod exchange;

/// Sixteen `f32` in two registers: the first eight, then the last.
#[derive(Clone, Copy, Debug)]
pub struct F32x16(__m256, __m256);

/// Eight `f64` in two registers: the first four, then the last.
#[derive(Clone, Copy, Debug)]
pub struct F64x8(__m256d, __m256d);

// SAFETY of every `unsafe` block in this file that has no comment of its own: the intrinsic asks for nothing but its instruction
// set, and a value of these types, which this crate keeps to itself, exists only inside of a function that
// `dispatch` has entered after it found the set on this machine.
macro_rules! vector {
    (
        $name:ident, $mask:ident, $scalar:ident, $raw:ident, $lanes:literal,
        arithmetic: $set1:ident $add:ident $sub:ident $mul:ident $div:ident $fmadd:ident
            $sqrt:ident $min:ident $max:ident $round:ident,
        masks: $compare:ident $blend:ident,
        bits: $and:ident $andnot:ident $or:ident $xor:ident $from_bits:ident $to_bits:ident $set1_bits:ident
            $integer_add:ident $integer_sub:ident $shift_left:ident $shift_right:ident,
        memory: $load:ident $store:ident $load_masked:ident $store_masked:ident
    ) => {
        impl Add for $name {
            type Output = Self;
            #[inline(always)]
            fn add(self, other: Self) -> Self {
                unsafe { $name($add(self.0, other.0), $add(self.1, other.1)) }
            }
        }

        impl Sub for $name {
            type Output = Self;
            #[inline(always)]
            fn sub(self, other: Self) -> Self {
                unsafe { $name($sub(self.0, other.0), $sub(self.1, other.1)) }
            }
        }

        impl Mul for $name {
            type Output = Self;
            #[inline(always)]
            fn mul(self, other: Self) -> Self {
                unsafe { $name($mul(self.0, other.0), $mul(self.1, other.1)) }
            }
        }

        impl Div for $name {
            type Output = Self;
            #[inline(always)]
            fn div(self, other: Self) -> Self {
                unsafe { $name($div(self.0, other.0), $div(self.1, other.1)) }
            }
        }

        impl Neg for $name {
            type Output = Self;
            #[inline(always)]
            fn neg(self) -> Self {
                self.xor(Self::splat_bits($scalar::SIGN_BIT))
            }
        }

        impl $name {
            #[inline(always)]
            fn compare<const PREDICATE: i32>(self, other: Self) -> $mask {
                unsafe {
                    let first = $compare::<PREDICATE>(self.0, other.0);
                    $mask(first, $compare::<PREDICATE>(self.1, other.1))
                }
            }

            /// The bits of the first `n` lanes all set.
            #[inline(always)]
            fn first(n: usize) -> ($raw, $raw) {
                const COUNT: usize = $lanes;
                // a window of COUNT on COUNT ones and COUNT zeros
                const ONES: [i64; 16] = [-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0];
                let at = (COUNT - n.min(COUNT)) * size_of::<$scalar>();
                unsafe {
                    // SAFETY: `at` is at most 64 bytes, so that 64 bytes follow it in the table.
                    let window = ONES.as_ptr().cast::<u8>().add(at).cast::<$scalar>();
                    ($load(window), $load(window.add(COUNT / 2)))
                }
            }
        }

        impl Lanes for $name {
            type Scalar = $scalar;
            type Mask = $mask;

            #[inline(always)]
            fn splat(value: f64) -> Self {
                Self::splat_scalar(value as $scalar)
            }

            #[inline(always)]
            fn mul_add(self, b: Self, c: Self) -> Self {
                unsafe { $name($fmadd(self.0, b.0, c.0), $fmadd(self.1, b.1, c.1)) }
            }

            #[inline(always)]
            fn sqrt(self) -> Self {
                unsafe { $name($sqrt(self.0), $sqrt(self.1)) }
            }

            #[inline(always)]
            fn abs(self) -> Self {
                self.and(Self::splat_bits(!$scalar::SIGN_BIT))
            }

            #[inline(always)]
            fn copysign(self, sign: Self) -> Self {
                self.abs().or(sign.and(Self::splat_bits($scalar::SIGN_BIT)))
            }

            #[inline(always)]
            fn min(self, other: Self) -> Self {
                // The instruction gives its second operand for equal ones and with a NaN. Both orders, or-ed, give
                // −0 of two different zeros and a NaN of a NaN and anything.
                other.at_most(self).or(self.at_most(other))
            }

            #[inline(always)]
            fn max(self, other: Self) -> Self {
                // As `min`; and-ed, +0 of two different zeros, but the NaN may get lost: so all bits are set there.
                let larger = other.at_least(self).and(self.at_least(other));
                let unordered = self.compare::<_CMP_UNORD_Q>(other);
                larger.or($name(unordered.0, unordered.1))
            }

            #[inline(always)]
            fn floor(self) -> Self {
                const DOWN: i32 = _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC;
                unsafe { $name($round::<DOWN>(self.0), $round::<DOWN>(self.1)) }
            }

            #[inline(always)]
            fn round_ties_even(self) -> Self {
                const NEAREST: i32 = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC;
                unsafe { $name($round::<NEAREST>(self.0), $round::<NEAREST>(self.1)) }
            }

            #[inline(always)]
            fn lt(self, other: Self) -> $mask {
                self.compare::<_CMP_LT_OQ>(other)
            }

            #[inline(always)]
            fn le(self, other: Self) -> $mask {
                self.compare::<_CMP_LE_OQ>(other)
            }

            #[inline(always)]
            fn gt(self, other: Self) -> $mask {
                self.compare::<_CMP_GT_OQ>(other)
            }

            #[inline(always)]
            fn ge(self, other: Self) -> $mask {
                self.compare::<_CMP_GE_OQ>(other)
            }

            #[inline(always)]
            fn eq(self, other: Self) -> $mask {
                self.compare::<_CMP_EQ_OQ>(other)
            }

            #[inline(always)]
            fn ne(self, other: Self) -> $mask {
                self.compare::<_CMP_NEQ_UQ>(other)
            }

            #[inline(always)]
            fn select(mask: $mask, if_true: Self, if_false: Self) -> Self {
                unsafe {
                    let first = $blend(if_false.0, if_true.0, mask.0);
                    $name(first, $blend(if_false.1, if_true.1, mask.1))
                }
            }
        }

        impl Bits for $name {
            #[inline(always)]
            fn splat_bits(bits: u64) -> Self {
                Self::splat_scalar($scalar::from_bits_u64(bits))
            }

            #[inline(always)]
            fn and(self, other: Self) -> Self {
                unsafe { $name($and(self.0, other.0), $and(self.1, other.1)) }
            }

            #[inline(always)]
            fn or(self, other: Self) -> Self {
                unsafe { $name($or(self.0, other.0), $or(self.1, other.1)) }
            }

            #[inline(always)]
            fn xor(self, other: Self) -> Self {
                unsafe { $name($xor(self.0, other.0), $xor(self.1, other.1)) }
            }

            #[inline(always)]
            fn integer_add(self, other: Self) -> Self {
                unsafe {
                    let first = $integer_add($to_bits(self.0), $to_bits(other.0));
                    let last = $integer_add($to_bits(self.1), $to_bits(other.1));
                    $name($from_bits(first), $from_bits(last))
                }
            }

            #[inline(always)]
            fn integer_sub(self, other: Self) -> Self {
                unsafe {
                    let first = $integer_sub($to_bits(self.0), $to_bits(other.0));
                    let last = $integer_sub($to_bits(self.1), $to_bits(other.1));
                    $name($from_bits(first), $from_bits(last))
                }
            }

            #[inline(always)]
            fn integer_to_exponent(self) -> Self {
                const BITS: i32 = $scalar::MANTISSA_BITS as i32;
                unsafe {
                    let first = $shift_left::<BITS>($to_bits(self.0));
                    $name(
                        $from_bits(first),
                        $from_bits($shift_left::<BITS>($to_bits(self.1))),
                    )
                }
            }

            #[inline(always)]
            fn exponent_to_integer(self) -> Self {
                const BITS: i32 = $scalar::MANTISSA_BITS as i32;
                unsafe {
                    let first = $shift_right::<BITS>($to_bits(self.0));
                    $name(
                        $from_bits(first),
                        $from_bits($shift_right::<BITS>($to_bits(self.1))),
                    )
                }
            }

            #[inline(always)]
            fn at_most(self, bound: Self) -> Self {
                // the instruction gives its second operand with a NaN
                unsafe { $name($min(bound.0, self.0), $min(bound.1, self.1)) }
            }

            #[inline(always)]
            fn at_least(self, bound: Self) -> Self {
                unsafe { $name($max(bound.0, self.0), $max(bound.1, self.1)) }
            }

            #[inline(always)]
            fn times_power_of_two(self, n: Self) -> Self {
                portable::times_power_of_two(self, n)
            }
        }

        impl Vector for $name {
            const COUNT: usize = $lanes;
            const REGISTERS: usize = 8;
            type Array = [$scalar; $lanes];

            #[inline(always)]
            fn splat_scalar(value: $scalar) -> Self {
                unsafe { $name($set1(value), $set1(value)) }
            }

            #[inline(always)]
            unsafe fn load(from: *const $scalar) -> Self {
                // SAFETY: the caller promises COUNT readable numbers.
                unsafe { $name($load(from), $load(from.add($lanes / 2))) }
            }

            #[inline(always)]
            unsafe fn load_half(from: *const $scalar) -> Self {
                // SAFETY: the caller promises COUNT readable numbers.
                unsafe { $name($load(from), $set1(0.0)) }
            }

            #[inline(always)]
            fn mul_add_half(self, b: Self, c: Self) -> Self {
                unsafe { $name($fmadd(self.0, b.0, c.0), c.1) }
            }

            #[inline(always)]
            unsafe fn store(self, to: *mut $scalar) {
                // SAFETY: the caller promises COUNT writable numbers.
                unsafe {
                    $store(to, self.0);
                    $store(to.add($lanes / 2), self.1);
                }
            }

            #[inline(always)]
            unsafe fn load_first(from: *const $scalar, n: usize) -> Self {
                let mask = Self::first(n);
                // SAFETY: the caller promises n readable numbers; masked lanes are not touched.
                unsafe {
                    let first = $load_masked(from, $to_bits(mask.0));
                    $name(
                        first,
                        $load_masked(from.wrapping_add($lanes / 2), $to_bits(mask.1)),
                    )
                }
            }

            #[inline(always)]
            unsafe fn store_first(self, to: *mut $scalar, n: usize) {
                let mask = Self::first(n);
                // SAFETY: the caller promises n writable numbers; masked lanes are not touched.
                unsafe {
                    $store_masked(to, $to_bits(mask.0), self.0);
                    $store_masked(to.wrapping_add($lanes / 2), $to_bits(mask.1), self.1);
                }
            }

            #[inline(always)]
            fn keep_first(self, n: usize) -> Self {
                let mask = Self::first(n);
                self.and($name(mask.0, mask.1))
            }

            #[inline(always)]
            fn reduce_tree(self) -> $scalar {
                self.halve()
            }

            #[inline(always)]
            fn to_array(self) -> [$scalar; $lanes] {
                let mut lanes = [0.0; $lanes];
                // SAFETY: the array has COUNT numbers.
                unsafe { self.store(lanes.as_mut_ptr()) };
                lanes
            }

            #[inline(always)]
            fn from_array(lanes: [$scalar; $lanes]) -> Self {
                // SAFETY: the array has COUNT numbers.
                unsafe { Self::load(lanes.as_ptr()) }
            }

            #[inline(always)]
            unsafe fn transpose(
                from: *const $scalar,
                from_stride: usize,
                to: *mut $scalar,
                to_stride: usize,
            ) {
                const HALF: usize = $lanes / 2;
                for (i, j) in [(0, 0), (0, HALF), (HALF, 0), (HALF, HALF)] {
                    // SAFETY: a quarter of the block that the caller promises: rows from i, columns from j.
                    unsafe {
                        let from = from.add(i * from_stride + j);
                        Self::transpose_quarter(
                            from,
                            from_stride,
                            to.add(j * to_stride + i),
                            to_stride,
                        );
                    }
                }
            }
        }

        /// A truth value for each lane: all bits set or none.
        #[derive(Clone, Copy, Debug)]
        pub struct $mask($raw, $raw);

        impl BitAnd for $mask {
            type Output = Self;
            #[inline(always)]
            fn bitand(self, other: Self) -> Self {
                unsafe { $mask($and(self.0, other.0), $and(self.1, other.1)) }
            }
        }

        impl BitOr for $mask {
            type Output = Self;
            #[inline(always)]
            fn bitor(self, other: Self) -> Self {
                unsafe { $mask($or(self.0, other.0), $or(self.1, other.1)) }
            }
        }

        impl Not for $mask {
            type Output = Self;
            #[inline(always)]
            fn not(self) -> Self {
                unsafe {
                    let ones = $from_bits(_mm256_set1_epi32(-1));
                    $mask($andnot(self.0, ones), $andnot(self.1, ones))
                }
            }
        }
    };
}

vector!(
    F32x16, MaskF32, f32, __m256, 16,
    arithmetic: _mm256_set1_ps _mm256_add_ps _mm256_sub_ps _mm256_mul_ps _mm256_div_ps _mm256_fmadd_ps
        _mm256_sqrt_ps _mm256_min_ps _mm256_max_ps _mm256_round_ps,
    masks: _mm256_cmp_ps _mm256_blendv_ps,
    bits: _mm256_and_ps _mm256_andnot_ps _mm256_or_ps _mm256_xor_ps _mm256_castsi256_ps _mm256_castps_si256 _mm256_set1_epi32
        _mm256_add_epi32 _mm256_sub_epi32 _mm256_slli_epi32 _mm256_srli_epi32,
    memory: _mm256_loadu_ps _mm256_storeu_ps _mm256_maskload_ps _mm256_maskstore_ps
);

vector!(
    F64x8, MaskF64, f64, __m256d, 8,
    arithmetic: _mm256_set1_pd _mm256_add_pd _mm256_sub_pd _mm256_mul_pd _mm256_div_pd _mm256_fmadd_pd
        _mm256_sqrt_pd _mm256_min_pd _mm256_max_pd _mm256_round_pd,
    masks: _mm256_cmp_pd _mm256_blendv_pd,
    bits: _mm256_and_pd _mm256_andnot_pd _mm256_or_pd _mm256_xor_pd _mm256_castsi256_pd _mm256_castpd_si256 _mm256_set1_epi64x
        _mm256_add_epi64 _mm256_sub_epi64 _mm256_slli_epi64 _mm256_srli_epi64,
    memory: _mm256_loadu_pd _mm256_storeu_pd _mm256_maskload_pd _mm256_maskstore_pd
);
