//! Vectors of one AVX-512 register.

use std::arch::x86_64::*;
use std::ops::{Add, BitAnd, BitOr, Div, Mul, Neg, Not, Sub};

use super::lanes::{Bits, Lanes, Vector};
use crate::scalar::Scalar;

/// Sixteen `f32` in a register.
#[derive(Clone, Copy, Debug)]
#[repr(transparent)]
pub struct F32x16(__m512);

/// Eight `f64` in a register.
#[derive(Clone, Copy, Debug)]
#[repr(transparent)]
pub struct F64x8(__m512d);

// SAFETY of every `unsafe` block in this file that has no comment of its own: the intrinsic asks for nothing but its instruction
// set, and a value of these types, which this crate keeps to itself, exists only inside of a function that
// `dispatch` has entered after it found the set on this machine.
macro_rules! vector {
    (
        $name:ident, $scalar:ident, $raw:ident, $mask:ident, $lanes:literal,
        arithmetic: $set1:ident $zero:ident $add:ident $sub:ident $mul:ident $div:ident $fmadd:ident
            $sqrt:ident $abs:ident $min:ident $max:ident $round:ident $scalef:ident,
        masks: $compare:ident $blend:ident $maskz_mov:ident,
        bits: $and:ident $or:ident $xor:ident $from_bits:ident $to_bits:ident $set1_bits:ident
            $integer_add:ident $integer_sub:ident $shift_left:ident $shift_right:ident,
        memory: $load:ident $store:ident $load_masked:ident $store_masked:ident
    ) => {
        impl Add for $name {
            type Output = Self;
            #[inline(always)]
            fn add(self, other: Self) -> Self {
                $name(unsafe { $add(self.0, other.0) })
            }
        }

        impl Sub for $name {
            type Output = Self;
            #[inline(always)]
            fn sub(self, other: Self) -> Self {
                $name(unsafe { $sub(self.0, other.0) })
            }
        }

        impl Mul for $name {
            type Output = Self;
            #[inline(always)]
            fn mul(self, other: Self) -> Self {
                $name(unsafe { $mul(self.0, other.0) })
            }
        }

        impl Div for $name {
            type Output = Self;
            #[inline(always)]
            fn div(self, other: Self) -> Self {
                $name(unsafe { $div(self.0, other.0) })
            }
        }

        impl Neg for $name {
            type Output = Self;
            #[inline(always)]
            fn neg(self) -> Self {
                self.xor(Self::splat_bits($scalar::SIGN_BIT))
            }
        }

        impl Lanes for $name {
            type Scalar = $scalar;
            type Mask = Mask<$mask>;

            #[inline(always)]
            fn splat(value: f64) -> Self {
                $name(unsafe { $set1(value as $scalar) })
            }

            #[inline(always)]
            fn mul_add(self, b: Self, c: Self) -> Self {
                $name(unsafe { $fmadd(self.0, b.0, c.0) })
            }

            #[inline(always)]
            fn sqrt(self) -> Self {
                $name(unsafe { $sqrt(self.0) })
            }

            #[inline(always)]
            fn abs(self) -> Self {
                $name(unsafe { $abs(self.0) })
            }

            #[inline(always)]
            fn copysign(self, sign: Self) -> Self {
                let bit = Self::splat_bits($scalar::SIGN_BIT);
                self.abs().or(sign.and(bit))
            }

            #[inline(always)]
            fn min(self, other: Self) -> Self {
                // The instruction gives its second operand for equal ones and with a NaN. Both orders, or-ed, give
                // −0 of two different zeros and a NaN of a NaN and anything.
                let (one, two) = unsafe { ($min(self.0, other.0), $min(other.0, self.0)) };
                $name(unsafe { $or(one, two) })
            }

            #[inline(always)]
            fn max(self, other: Self) -> Self {
                // As `min`; and-ed, +0 of two different zeros, but the NaN may get lost.
                let (one, two) = unsafe { ($max(self.0, other.0), $max(other.0, self.0)) };
                let ordered = unsafe { $compare::<_CMP_ORD_Q>(self.0, other.0) };
                $name(unsafe { $blend(ordered, $add(self.0, other.0), $and(one, two)) })
            }

            #[inline(always)]
            fn floor(self) -> Self {
                $name(unsafe { $round::<{ _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC }>(self.0) })
            }

            #[inline(always)]
            fn round_ties_even(self) -> Self {
                $name(unsafe {
                    $round::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(self.0)
                })
            }

            #[inline(always)]
            fn lt(self, other: Self) -> Mask<$mask> {
                Mask(unsafe { $compare::<_CMP_LT_OQ>(self.0, other.0) })
            }

            #[inline(always)]
            fn le(self, other: Self) -> Mask<$mask> {
                Mask(unsafe { $compare::<_CMP_LE_OQ>(self.0, other.0) })
            }

            #[inline(always)]
            fn gt(self, other: Self) -> Mask<$mask> {
                Mask(unsafe { $compare::<_CMP_GT_OQ>(self.0, other.0) })
            }

            #[inline(always)]
            fn ge(self, other: Self) -> Mask<$mask> {
                Mask(unsafe { $compare::<_CMP_GE_OQ>(self.0, other.0) })
            }

            #[inline(always)]
            fn eq(self, other: Self) -> Mask<$mask> {
                Mask(unsafe { $compare::<_CMP_EQ_OQ>(self.0, other.0) })
            }

            #[inline(always)]
            fn ne(self, other: Self) -> Mask<$mask> {
                Mask(unsafe { $compare::<_CMP_NEQ_UQ>(self.0, other.0) })
            }

            #[inline(always)]
            fn select(mask: Mask<$mask>, if_true: Self, if_false: Self) -> Self {
                $name(unsafe { $blend(mask.0, if_false.0, if_true.0) })
            }
        }

        impl Bits for $name {
            #[inline(always)]
            fn splat_bits(bits: u64) -> Self {
                $name(unsafe { $from_bits($set1_bits(bits as _)) })
            }

            #[inline(always)]
            fn and(self, other: Self) -> Self {
                $name(unsafe { $and(self.0, other.0) })
            }

            #[inline(always)]
            fn or(self, other: Self) -> Self {
                $name(unsafe { $or(self.0, other.0) })
            }

            #[inline(always)]
            fn xor(self, other: Self) -> Self {
                $name(unsafe { $xor(self.0, other.0) })
            }

            #[inline(always)]
            fn integer_add(self, other: Self) -> Self {
                $name(unsafe { $from_bits($integer_add($to_bits(self.0), $to_bits(other.0))) })
            }

            #[inline(always)]
            fn integer_sub(self, other: Self) -> Self {
                $name(unsafe { $from_bits($integer_sub($to_bits(self.0), $to_bits(other.0))) })
            }

            #[inline(always)]
            fn integer_to_exponent(self) -> Self {
                $name(unsafe {
                    $from_bits($shift_left::<{ $scalar::MANTISSA_BITS }>($to_bits(self.0)))
                })
            }

            #[inline(always)]
            fn exponent_to_integer(self) -> Self {
                $name(unsafe {
                    $from_bits($shift_right::<{ $scalar::MANTISSA_BITS }>($to_bits(self.0)))
                })
            }

            #[inline(always)]
            fn at_most(self, bound: Self) -> Self {
                // the instruction gives its second operand with a NaN
                $name(unsafe { $min(bound.0, self.0) })
            }

            #[inline(always)]
            fn at_least(self, bound: Self) -> Self {
                $name(unsafe { $max(bound.0, self.0) })
            }

            #[inline(always)]
            fn times_power_of_two(self, n: Self) -> Self {
                $name(unsafe { $scalef(self.0, n.0) })
            }
        }

        impl Vector for $name {
            const COUNT: usize = $lanes;
            const REGISTERS: usize = 32;
            type Array = [$scalar; $lanes];

            #[inline(always)]
            fn splat_scalar(value: $scalar) -> Self {
                $name(unsafe { $set1(value) })
            }

            #[inline(always)]
            unsafe fn load(from: *const $scalar) -> Self {
                // SAFETY: the caller promises COUNT readable numbers.
                $name(unsafe { $load(from) })
            }

            #[inline(always)]
            unsafe fn store(self, to: *mut $scalar) {
                // SAFETY: the caller promises COUNT writable numbers.
                unsafe { $store(to, self.0) }
            }

            #[inline(always)]
            unsafe fn load_first(from: *const $scalar, n: usize) -> Self {
                // SAFETY: the caller promises n readable numbers; masked lanes are not touched.
                $name(unsafe { $load_masked(first(n) as $mask, from) })
            }

            #[inline(always)]
            unsafe fn store_first(self, to: *mut $scalar, n: usize) {
                // SAFETY: the caller promises n writable numbers; masked lanes are not touched.
                unsafe { $store_masked(to, first(n) as $mask, self.0) }
            }

            #[inline(always)]
            fn keep_first(self, n: usize) -> Self {
                $name(unsafe { $maskz_mov(first(n) as $mask, self.0) })
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
                let mut rows = [Self::splat(0.0); $lanes];
                for i in 0..$lanes {
                    // SAFETY: the caller promises COUNT rows of COUNT readable numbers.
                    rows[i] = unsafe { Self::load(from.add(i * from_stride)) };
                }
                let columns = Self::transposed(rows);
                for i in 0..$lanes {
                    // SAFETY: the caller promises COUNT rows of COUNT writable numbers.
                    unsafe { columns[i].store(to.add(i * to_stride)) };
                }
            }
        }
    };
}

vector!(
    F32x16, f32, __m512, __mmask16, 16,
    arithmetic: _mm512_set1_ps _mm512_setzero_ps _mm512_add_ps _mm512_sub_ps _mm512_mul_ps _mm512_div_ps _mm512_fmadd_ps
        _mm512_sqrt_ps _mm512_abs_ps _mm512_min_ps _mm512_max_ps _mm512_roundscale_ps _mm512_scalef_ps,
    masks: _mm512_cmp_ps_mask _mm512_mask_blend_ps _mm512_maskz_mov_ps,
    bits: _mm512_and_ps _mm512_or_ps _mm512_xor_ps _mm512_castsi512_ps _mm512_castps_si512 _mm512_set1_epi32
        _mm512_add_epi32 _mm512_sub_epi32 _mm512_slli_epi32 _mm512_srli_epi32,
    memory: _mm512_loadu_ps _mm512_storeu_ps _mm512_maskz_loadu_ps _mm512_mask_storeu_ps
);

vector!(
    F64x8, f64, __m512d, __mmask8, 8,
    arithmetic: _mm512_set1_pd _mm512_setzero_pd _mm512_add_pd _mm512_sub_pd _mm512_mul_pd _mm512_div_pd _mm512_fmadd_pd
        _mm512_sqrt_pd _mm512_abs_pd _mm512_min_pd _mm512_max_pd _mm512_roundscale_pd _mm512_scalef_pd,
    masks: _mm512_cmp_pd_mask _mm512_mask_blend_pd _mm512_maskz_mov_pd,
    bits: _mm512_and_pd _mm512_or_pd _mm512_xor_pd _mm512_castsi512_pd _mm512_castpd_si512 _mm512_set1_epi64
        _mm512_add_epi64 _mm512_sub_epi64 _mm512_slli_epi64 _mm512_srli_epi64,
    memory: _mm512_loadu_pd _mm512_storeu_pd _mm512_maskz_loadu_pd _mm512_mask_storeu_pd
);

/// A truth value for each lane, in a mask register.
#[derive(Clone, Copy, Debug)]
pub struct Mask<M>(M);

impl<M: BitAnd<Output = M>> BitAnd for Mask<M> {
    type Output = Self;
    #[inline(always)]
    fn bitand(self, other: Self) -> Self {
        Mask(self.0 & other.0)
    }
}

impl<M: BitOr<Output = M>> BitOr for Mask<M> {
    type Output = Self;
    #[inline(always)]
    fn bitor(self, other: Self) -> Self {
        Mask(self.0 | other.0)
    }
}

impl<M: Not<Output = M>> Not for Mask<M> {
    type Output = Self;
    #[inline(always)]
    fn not(self) -> Self {
        Mask(!self.0)
    }
}

/// The lowest `n` bits, for n ≤ 16.
#[inline(always)]
fn first(n: usize) -> u32 {
    (1 << n) - 1
}

impl F32x16 {
    #[inline(always)]
    fn halve(self) -> f32 {
        unsafe {
            let high = _mm512_extractf32x8_ps::<1>(self.0);
            let eight = _mm256_add_ps(_mm512_castps512_ps256(self.0), high);
            let high = _mm256_extractf128_ps::<1>(eight);
            let four = _mm_add_ps(_mm256_castps256_ps128(eight), high);
            let two = _mm_add_ps(four, _mm_movehl_ps(four, four));
            _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)))
        }
    }

    /// The transpose, by four rounds that exchange neighbours at a distance of 1, 2, 4 and 8 lanes.
    #[inline(always)]
    fn transposed(rows: [Self; 16]) -> [Self; 16] {
        let mut a = rows;
        unsafe {
            let mut b = a;
            for i in (0..16).step_by(2) {
                b[i].0 = _mm512_unpacklo_ps(a[i].0, a[i + 1].0);
                b[i + 1].0 = _mm512_unpackhi_ps(a[i].0, a[i + 1].0);
            }
            for i in (0..16).step_by(4) {
                let pairs = [
                    _mm512_castps_pd(b[i].0),
                    _mm512_castps_pd(b[i + 1].0),
                    _mm512_castps_pd(b[i + 2].0),
                    _mm512_castps_pd(b[i + 3].0),
                ];
                a[i].0 = _mm512_castpd_ps(_mm512_unpacklo_pd(pairs[0], pairs[2]));
                a[i + 1].0 = _mm512_castpd_ps(_mm512_unpackhi_pd(pairs[0], pairs[2]));
                a[i + 2].0 = _mm512_castpd_ps(_mm512_unpacklo_pd(pairs[1], pairs[3]));
                a[i + 3].0 = _mm512_castpd_ps(_mm512_unpackhi_pd(pairs[1], pairs[3]));
            }
            // now a[4 r + c], quarter q, holds rows 4 r .. 4 r + 4 of column 4 q + c
            for c in 0..4 {
                let low = _mm512_shuffle_f32x4::<0x88>(a[c].0, a[c + 4].0);
                let high = _mm512_shuffle_f32x4::<0xdd>(a[c].0, a[c + 4].0);
                let low2 = _mm512_shuffle_f32x4::<0x88>(a[c + 8].0, a[c + 12].0);
                let high2 = _mm512_shuffle_f32x4::<0xdd>(a[c + 8].0, a[c + 12].0);
                b[c].0 = _mm512_shuffle_f32x4::<0x88>(low, low2);
                b[c + 8].0 = _mm512_shuffle_f32x4::<0xdd>(low, low2);
                b[c + 4].0 = _mm512_shuffle_f32x4::<0x88>(high, high2);
                b[c + 12].0 = _mm512_shuffle_f32x4::<0xdd>(high, high2);
            }
            b
        }
    }
}

impl F64x8 {
    #[inline(always)]
    fn halve(self) -> f64 {
        unsafe {
            let high = _mm512_extractf64x4_pd::<1>(self.0);
            let four = _mm256_add_pd(_mm512_castpd512_pd256(self.0), high);
            let two = _mm_add_pd(
                _mm256_castpd256_pd128(four),
                _mm256_extractf128_pd::<1>(four),
            );
            _mm_cvtsd_f64(_mm_add_sd(two, _mm_unpackhi_pd(two, two)))
        }
    }

    /// The transpose, by three rounds that exchange neighbours at a distance of 1, 2 and 4 lanes.
    #[inline(always)]
    fn transposed(rows: [Self; 8]) -> [Self; 8] {
        let mut a = rows;
        let mut b = rows;
        unsafe {
            for i in (0..8).step_by(2) {
                a[i].0 = _mm512_unpacklo_pd(rows[i].0, rows[i + 1].0);
                a[i + 1].0 = _mm512_unpackhi_pd(rows[i].0, rows[i + 1].0);
            }
            // now a[2 r + c], quarter q, holds rows 2 r and 2 r + 1 of column 2 q + c
            for c in 0..2 {
                let low = _mm512_shuffle_f64x2::<0x88>(a[c].0, a[c + 2].0);
                let high = _mm512_shuffle_f64x2::<0xdd>(a[c].0, a[c + 2].0);
                let low2 = _mm512_shuffle_f64x2::<0x88>(a[c + 4].0, a[c + 6].0);
                let high2 = _mm512_shuffle_f64x2::<0xdd>(a[c + 4].0, a[c + 6].0);
                b[c].0 = _mm512_shuffle_f64x2::<0x88>(low, low2);
                b[c + 4].0 = _mm512_shuffle_f64x2::<0xdd>(low, low2);
                b[c + 2].0 = _mm512_shuffle_f64x2::<0x88>(high, high2);
                b[c + 6].0 = _mm512_shuffle_f64x2::<0xdd>(high, high2);
            }
        }
        b
    }
}
