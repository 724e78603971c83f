//! What a vector can do: [`Lanes`] for those who write operations, [`Bits`] and [`Vector`] for the kernels.

use std::ops::{Add, BitAnd, BitOr, Div, Mul, Neg, Not, Sub};

use super::functions;
use crate::scalar::Scalar;

/// Several numbers of one type, worked on together, lane by lane.
///
/// An elementwise operation is a function over `V: Lanes`; the engine runs it on vectors of the instruction set that the
/// plan was compiled for. Every method is exactly defined, so that each lane has the same bits on every set: `+ - * /`,
/// [`mul_add`](Lanes::mul_add) and [`sqrt`](Lanes::sqrt) are correctly rounded as IEEE 754 says, nothing is contracted to a fused multiply-add unless
/// it is written so, subnormal numbers are kept, and the elementary functions are one written sequence of operations
/// (`docs/numerics.md` states their errors). Of a NaN, only that it is one is defined: not its sign and payload.
///
/// Mark a function over `V: Lanes`, and every helper that it calls, `#[inline(always)]`: otherwise the compiler may leave a call between
/// instructions, which is many times slower.
///
/// ```
/// use chainrule_autodiff::Lanes;
///
/// /// x σ(x)
/// #[inline(always)]
/// fn swish<V: Lanes>(x: V) -> V {
///     x * x.sigmoid()
/// }
///
/// /// x for x > 0, and 0.01 x otherwise
/// #[inline(always)]
/// fn leaky_relu<V: Lanes>(x: V) -> V {
///     V::select(x.gt(V::splat(0.0)), x, x * V::splat(0.01))
/// }
/// ```
pub trait Lanes:
    Bits
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
{
    /// The type of a lane.
    type Scalar: Scalar;
    /// A truth value for each lane.
    type Mask: Copy
        + BitAnd<Output = Self::Mask>
        + BitOr<Output = Self::Mask>
        + Not<Output = Self::Mask>;

    /// `value`, rounded to the scalar type, in every lane.
    fn splat(value: f64) -> Self;

    /// `self · b + c`, rounded once.
    fn mul_add(self, b: Self, c: Self) -> Self;

    /// The square root, correctly rounded; NaN below zero, −0 of −0.
    fn sqrt(self) -> Self;

    /// The absolute value.
    fn abs(self) -> Self;

    /// The magnitude of `self` with the sign of `sign`.
    fn copysign(self, sign: Self) -> Self;

    /// The smaller one, as IEEE 754-2019 `minimum`: NaN if either is NaN, and −0 is smaller than +0.
    fn min(self, other: Self) -> Self;

    /// The larger one, as IEEE 754-2019 `maximum`: NaN if either is NaN, and +0 is larger than −0.
    fn max(self, other: Self) -> Self;

    /// The largest integer that is not larger.
    fn floor(self) -> Self;

    /// The nearest integer, of two equally near the even one.
    fn round_ties_even(self) -> Self;

    /// `self < other`; false with a NaN.
    fn lt(self, other: Self) -> Self::Mask;

    /// `self <= other`; false with a NaN.
    fn le(self, other: Self) -> Self::Mask;

    /// `self > other`; false with a NaN.
    fn gt(self, other: Self) -> Self::Mask;

    /// `self >= other`; false with a NaN.
    fn ge(self, other: Self) -> Self::Mask;

    /// `self == other`; false with a NaN.
    fn eq(self, other: Self) -> Self::Mask;

    /// `self != other`; true with a NaN, so `x.ne(x)` finds them.
    fn ne(self, other: Self) -> Self::Mask;

    /// `if_true` where the mask is set, `if_false` elsewhere. Both are computed; an infinity or NaN in the one that
    /// is not taken does no harm.
    fn select(mask: Self::Mask, if_true: Self, if_false: Self) -> Self;

    /// eˣ.
    #[inline(always)]
    fn exp(self) -> Self {
        functions::exp(self)
    }

    /// eˣ − 1, accurate for a small x too.
    #[inline(always)]
    fn exp_m1(self) -> Self {
        functions::exp_m1(self)
    }

    /// The natural logarithm; −∞ of ±0, NaN below.
    #[inline(always)]
    fn ln(self) -> Self {
        functions::ln(self)
    }

    /// ln (1 + x), accurate for a small x too; −∞ of −1, NaN below.
    #[inline(always)]
    fn ln_1p(self) -> Self {
        functions::ln_1p(self)
    }

    /// σ(x) = 1 / (1 + e⁻ˣ): exactly 0 at −∞ and 1 at +∞, and never decreasing.
    #[inline(always)]
    fn sigmoid(self) -> Self {
        functions::sigmoid(self)
    }

    /// The hyperbolic tangent.
    #[inline(always)]
    fn tanh(self) -> Self {
        functions::tanh(self)
    }

    /// ln (1 + eˣ), computed so that nothing overflows.
    #[inline(always)]
    fn softplus(self) -> Self {
        functions::softplus(self)
    }

    /// The binary cross-entropy −y ln σ(z) − (1 − y) ln (1 − σ(z)) of the logit z = `self` and the label y; finite for every finite
    /// logit.
    #[inline(always)]
    fn bce_logits(self, label: Self) -> Self {
        functions::bce_logits(self, label)
    }

    /// `self` to the power `exponent`, with the rules of IEEE 754's `pow`: anything to the power 0 is 1, and 1 to any power, NaN included; a
    /// negative number to an integral power has the sign of the parity, to another power it is NaN; 0 to a negative
    /// power is infinite, with the sign of the zero for an odd integer.
    #[inline(always)]
    fn powf(self, exponent: Self) -> Self {
        functions::powf(self, exponent)
    }
}

/// The bits of a vector: what the elementary functions are made of beside arithmetic.
///
/// Part of the bound of [`Lanes`], so visible, but of no use outside of this crate and subject to change.
pub trait Bits: Copy {
    /// These bits in every lane.
    fn splat_bits(bits: u64) -> Self;

    /// Bitwise and.
    fn and(self, other: Self) -> Self;

    /// Bitwise or.
    fn or(self, other: Self) -> Self;

    /// Bitwise exclusive or.
    fn xor(self, other: Self) -> Self;

    /// The lanes as unsigned integers, added with wrap-around.
    fn integer_add(self, other: Self) -> Self;

    /// The lanes as unsigned integers, subtracted with wrap-around.
    fn integer_sub(self, other: Self) -> Self;

    /// Shifts the bits left by the width of the significand field, so that an integer becomes an exponent.
    fn integer_to_exponent(self) -> Self;

    /// Shifts the bits right by the width of the significand field, zeros coming in: sign and exponent as an integer.
    fn exponent_to_integer(self) -> Self;

    /// `min(self, bound)` for a `bound` that is not NaN, where a NaN in `self` stays. Which of two zeros is not defined.
    fn at_most(self, bound: Self) -> Self;

    /// `max(self, bound)` for a `bound` that is not NaN, where a NaN in `self` stays. Which of two zeros is not defined.
    fn at_least(self, bound: Self) -> Self;

    /// `self · 2ⁿ` rounded once, for an integral `n` with |n| < 1.5 · [`EXPONENT_BIAS`](Scalar::EXPONENT_BIAS) and a `self` in [½, 2], or a NaN
    /// in `self` whatever `n` is.
    fn times_power_of_two(self, n: Self) -> Self;
}

/// A vector with [`Scalar::LANES`] lanes, and how it meets memory.
///
/// The types that implement it never leave this crate. Those of an instruction set may only be used inside of a function that [`dispatch`](super::dispatch)
/// has entered for that set.
pub trait Vector: Lanes {
    /// The number of lanes.
    const COUNT: usize;
    /// How many vectors the registers hold: what tiles are chosen by.
    const REGISTERS: usize;
    /// The lanes, in order.
    type Array: Copy + AsRef<[Self::Scalar]> + AsMut<[Self::Scalar]>;

    /// `value` in every lane.
    fn splat_scalar(value: Self::Scalar) -> Self;

    /// Reads `COUNT` numbers. No alignment is needed.
    ///
    /// # Safety
    /// `from` is valid for reads of `COUNT` numbers.
    unsafe fn load(from: *const Self::Scalar) -> Self;

    /// Writes all lanes. No alignment is needed.
    ///
    /// # Safety
    /// `to` is valid for writes of `COUNT` numbers.
    unsafe fn store(self, to: *mut Self::Scalar);

    /// Reads the first half of the lanes, or all; the others hold any number.
    ///
    /// # Safety
    /// As for [`load`](Vector::load).
    #[inline(always)]
    unsafe fn load_half(from: *const Self::Scalar) -> Self {
        // SAFETY: promised by the caller.
        unsafe { Self::load(from) }
    }

    /// [`mul_add`](Lanes::mul_add) in the first half of the lanes, or in all; the others hold any number.
    #[inline(always)]
    fn mul_add_half(self, b: Self, c: Self) -> Self {
        self.mul_add(b, c)
    }

    /// Reads `n` ≤ `COUNT` numbers into the first lanes; zero in the others. Touches no memory beyond the `n`.
    ///
    /// # Safety
    /// `from` is valid for reads of `n` numbers, and `n` ≤ `COUNT`.
    unsafe fn load_first(from: *const Self::Scalar, n: usize) -> Self;

    /// Writes the first `n` ≤ `COUNT` lanes. Touches no memory beyond them.
    ///
    /// # Safety
    /// `to` is valid for writes of `n` numbers, and `n` ≤ `COUNT`.
    unsafe fn store_first(self, to: *mut Self::Scalar, n: usize);

    /// The first `n` lanes, and +0 in the others.
    fn keep_first(self, n: usize) -> Self;

    /// The sum of the lanes by the halving tree: lane i += lane i + COUNT/2 for i < COUNT/2, then with COUNT/4, down to 1.
    fn reduce_tree(self) -> Self::Scalar;

    /// The lanes, in order.
    fn to_array(self) -> Self::Array;

    /// The vector with these lanes.
    fn from_array(lanes: Self::Array) -> Self;

    /// Writes the transpose of a `COUNT` × `COUNT` block: `to[j · to_stride + i] = from[i · from_stride + j]`, strides counted in numbers.
    ///
    /// # Safety
    /// For every i < `COUNT`, `from + i · from_stride` is valid for reads and `to + i · to_stride` for writes of `COUNT` numbers; the
    /// memory that is read and that which is written don't overlap.
    unsafe fn transpose(
        from: *const Self::Scalar,
        from_stride: usize,
        to: *mut Self::Scalar,
        to_stride: usize,
    );
}
