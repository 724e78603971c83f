//! The constants of the functions, for each type.
//!
//! The polynomials minimise the largest weighted error (Remez exchange at 200 bits); for `f32` the coefficients were rounded one
//! after the other from the lowest power, the others fitted anew each time.

use crate::kernel::lanes::Lanes;

/// A polynomial with the coefficients c₀, c₁, …, by Estrin's scheme: the terms are paired, then the pairs, and so on. The chain of dependent
/// operations is shorter than Horner's, and it is the chain that limits the speed.
macro_rules! estrin {
    ($x:expr; $($c:expr),+) => {{
        let x = $x;
        estrin!(@pairs x, []; $($c),+)
    }};
    (@pairs $x:ident, [$($pair:expr),*]; $c0:expr, $c1:expr, $($rest:expr),+) => {
        estrin!(@pairs $x, [$($pair,)* V::splat($c1).mul_add($x, V::splat($c0))]; $($rest),+)
    };
    (@pairs $x:ident, [$($pair:expr),*]; $c0:expr, $c1:expr) => {
        estrin!(@join $x, [$($pair,)* V::splat($c1).mul_add($x, V::splat($c0))])
    };
    (@pairs $x:ident, [$($pair:expr),*]; $c0:expr) => {
        estrin!(@join $x, [$($pair,)* V::splat($c0)])
    };
    (@join $x:ident, [$a:expr, $b:expr]) => {{
        let square = $x * $x;
        $b.mul_add(square, $a)
    }};
    (@join $x:ident, [$a:expr, $b:expr, $c:expr]) => {{
        let square = $x * $x;
        $c.mul_add(square, $b).mul_add(square, $a)
    }};
    (@join $x:ident, [$a:expr, $b:expr, $c:expr, $d:expr]) => {{
        let square = $x * $x;
        $d.mul_add(square, $c).mul_add(square * square, $b.mul_add(square, $a))
    }};
    (@join $x:ident, [$a:expr, $b:expr, $c:expr, $d:expr, $e:expr]) => {{
        let square = $x * $x;
        let fourth = square * square;
        let high = $e.mul_add(fourth, $d.mul_add(square, $c));
        high.mul_add(fourth, $b.mul_add(square, $a))
    }};
}

/// What differs between the types.
///
/// Part of the bound of [`Scalar`](crate::Scalar), so visible, but of no use outside of this crate and subject to change.
pub trait Coefficients: Sized {
    /// ln 2, rounded.
    const LN_2: f64;
    /// ln 2 − [`LN_2`](Coefficients::LN_2), rounded.
    const LN_2_LOW: f64;
    /// log₂ e, rounded.
    const LOG2_E: f64;
    /// 1.5 · 2²³ or 1.5 · 2⁵²: a number from −2²¹ to 2²¹ (or 2⁵⁰) that is added to it gets rounded to an integer, which then is
    /// in the low bits of the sum.
    const ROUNDER: f64;
    /// From here on eˣ is infinite.
    const EXP_OVERFLOWS: f64;
    /// Down from here eˣ is zero.
    const EXP_VANISHES: f64;

    /// ⅔, rounded, and ⅔ less that.
    const TWO_THIRDS: (f64, f64);

    /// `(eʳ − 1 − r) / r²` for |r| ≤ ln 2 / 2.
    fn exp_tail<V: Lanes<Scalar = Self>>(r: V) -> V;

    /// `(2 artanh(s)/s − 2) / s²` as a function of z = s², for |s| ≤ 3 − 2√2.
    fn ln_tail<V: Lanes<Scalar = Self>>(z: V) -> V;

    /// `(2 artanh(s)/s − 2 − ⅔ s²) / s⁴` as a function of z = s², for |s| ≤ 3 − 2√2: what is left beside two exact terms.
    fn ln_far_tail<V: Lanes<Scalar = Self>>(z: V) -> V;
}

impl Coefficients for f32 {
    const LN_2: f64 = 0.693_147_182_464_599_6;
    const LN_2_LOW: f64 = -1.904_654_212_125_933_6e-9;
    const LOG2_E: f64 = std::f64::consts::LOG2_E;
    const ROUNDER: f64 = 12_582_912.0;
    const EXP_OVERFLOWS: f64 = 89.0;
    const EXP_VANISHES: f64 = -104.0;
    const TWO_THIRDS: (f64, f64) = (0.666_666_686_534_881_6, -1.986_821_551_724_915e-8);

    /// Error of eʳ below 2⁻²⁸·².
    #[inline(always)]
    fn exp_tail<V: Lanes<Scalar = f32>>(r: V) -> V {
        estrin!(r;
            0.499_999_940_395_355_2,
            0.166_665_166_616_439_82,
            0.041_668_105_870_485_306,
            0.008_369_140_326_976_776,
            0.001_383_671_420_626_342_3
        )
    }

    /// Error of the logarithm below 2⁻³⁰ of it.
    #[inline(always)]
    fn ln_tail<V: Lanes<Scalar = f32>>(z: V) -> V {
        estrin!(z; 0.666_667_759_418_487_5, 0.399_775_683_879_852_3, 0.298_714_607_954_025_27)
    }

    /// Error of the logarithm below 2⁻³⁶ of it.
    #[inline(always)]
    fn ln_far_tail<V: Lanes<Scalar = f32>>(z: V) -> V {
        estrin!(z; 0.400_001_525_878_906_25, 0.285_470_843_315_124_5, 0.234_198_182_821_273_8)
    }
}

impl Coefficients for f64 {
    const LN_2: f64 = std::f64::consts::LN_2;
    const LN_2_LOW: f64 = 2.319_046_813_846_299_6e-17;
    const LOG2_E: f64 = std::f64::consts::LOG2_E;
    const ROUNDER: f64 = 6_755_399_441_055_744.0;
    const EXP_OVERFLOWS: f64 = 710.0;
    const EXP_VANISHES: f64 = -745.2;
    const TWO_THIRDS: (f64, f64) = (2.0 / 3.0, 3.700_743_415_417_188e-17);

    /// Error of eʳ below 2⁻⁵⁶·⁵.
    #[inline(always)]
    fn exp_tail<V: Lanes<Scalar = f64>>(r: V) -> V {
        estrin!(r;
            0.500_000_000_000_001_1,
            0.166_666_666_666_664_1,
            0.041_666_666_666_529_19,
            0.008_333_333_333_495_627,
            0.001_388_888_894_392_235_4,
            0.000_198_412_695_047_570_2,
            0.000_024_801_492_763_043_502,
            0.000_002_755_758_735_152_763_5,
            0.000_000_276_303_785_476_596_1,
            0.000_000_024_999_961_934_860_01
        )
    }

    /// Error of the logarithm below 2⁻⁵⁹ of it.
    #[inline(always)]
    fn ln_tail<V: Lanes<Scalar = f64>>(z: V) -> V {
        estrin!(z;
            0.666_666_666_666_673_5,
            0.399_999_999_994_093_5,
            0.285_714_287_436_867_4,
            0.222_221_984_289_299_5,
            0.181_835_723_583_917_17,
            0.153_138_320_544_454_03,
            0.147_982_600_936_053_53
        )
    }

    /// Error of the logarithm below 2⁻⁶⁵ of it.
    #[inline(always)]
    fn ln_far_tail<V: Lanes<Scalar = f64>>(z: V) -> V {
        estrin!(z;
            0.400_000_000_000_022_7,
            0.285_714_285_700_919,
            0.222_222_225_213_543_2,
            0.181_817_842_370_417_65,
            0.153_867_635_306_350_92,
            0.132_566_688_782_634_4,
            0.131_977_496_618_892_63
        )
    }
}
