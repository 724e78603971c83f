//! The fused multiply-add for the portable path: in software where the build target lacks the instruction.
//!
//! `f32::mul_add` would call the platform's C library there, so it is used only where it is one instruction.

/// Whether every processor of the build target has the instruction.
const HAS_INSTRUCTION: bool = cfg!(any(target_feature = "fma", target_arch = "aarch64"));

/// `a · b + c` rounded once to `f32`.
#[inline(always)]
pub fn fma_f32(a: f32, b: f32, c: f32) -> f32 {
    if HAS_INSTRUCTION {
        return a.mul_add(b, c);
    }
    software_f32(a, b, c)
}

/// `a · b + c` rounded once to `f64`.
#[inline(always)]
pub fn fma_f64(a: f64, b: f64, c: f64) -> f64 {
    if HAS_INSTRUCTION {
        return a.mul_add(b, c);
    }
    libm::fma(a, b, c)
}

/// [`fma_f32`] of every lane.
#[inline(always)]
pub fn fma_lanes_f32<const L: usize>(a: &[f32; L], b: &[f32; L], c: &[f32; L]) -> [f32; L] {
    let mut lanes = [0.0; L];
    for i in 0..L {
        lanes[i] = fma_f32(a[i], b[i], c[i]);
    }
    lanes
}

/// [`fma_f64`] of every lane.
#[inline(always)]
pub fn fma_lanes_f64<const L: usize>(a: &[f64; L], b: &[f64; L], c: &[f64; L]) -> [f64; L] {
    let mut lanes = [0.0; L];
    for i in 0..L {
        lanes[i] = fma_f64(a[i], b[i], c[i]);
    }
    lanes
}

/// `a · b + c` rounded once to `f32`.
///
/// The product of two `f32` is exact in `f64`. Their sum with `c` is rounded to odd: to the neighbour with an odd
/// last bit whenever it is inexact. With 53 bits, more than 24 + 2, the rounding to `f32` that follows then gives what one
/// rounding of the exact sum would give (Boldo and Melquiond, "Emulation of FMA and correctly rounded sums: proved
/// algorithms using rounding to odd", IEEE Transactions on Computers 57(4), 2008).
#[inline(always)]
fn software_f32(a: f32, b: f32, c: f32) -> f32 {
    let product = f64::from(a) * f64::from(b);
    let addend = f64::from(c);
    let sum = product + addend;
    // the exact error of the sum (Knuth's two-sum); NaN where the sum is not finite
    let back = sum - product;
    let error = (product - (sum - back)) + (addend - back);
    let bits = sum.to_bits();
    // towards the exact value: up in magnitude when the error has the sign of the sum
    let same_sign = (error.to_bits() ^ bits) >> 63 == 0;
    let inexact = error.abs() > 0.0;
    let odd = if same_sign {
        bits | 1
    } else {
        bits.wrapping_sub(!bits & 1)
    };
    f64::from_bits(if inexact { odd } else { bits }) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By exact integers: every finite `f32` is a multiple of 2⁻¹⁴⁹, every product one of 2⁻²⁹⁸.
    fn exact_f32(a: f32, b: f32, c: f32) -> f32 {
        let (a, b, c) = (parts(a), parts(b), parts(c));
        // cut off what a far smaller term adds beyond a sticky bit, so that 128 bits are enough
        let product = (a.0 * b.0, a.1 + b.1);
        let (large, small) = if magnitude(product) >= magnitude(c) {
            (product, c)
        } else {
            (c, product)
        };
        let shift = large.1 - small.1;
        let (sum, power) = if shift > 70 {
            ((large.0 << 70) + small.0.signum(), large.1 - 70)
        } else if shift >= 0 {
            ((large.0 << shift) + small.0, small.1)
        } else if shift > -70 {
            (large.0 + (small.0 << -shift), large.1)
        } else {
            assert!(
                small.0 == 0,
                "the larger magnitude has the larger exponent, or nearly"
            );
            (large.0, large.1)
        };
        round_f32(sum, power)
    }

    /// The number as an integer times a power of two.
    fn parts(x: f32) -> (i128, i32) {
        let field = (x.to_bits() >> 23 & 0xff) as i32;
        let fraction = i128::from(x.to_bits() & 0x7f_ffff);
        let (m, e) = if field == 0 {
            (fraction, -149)
        } else {
            (fraction | 1 << 23, field - 150)
        };
        (if x.is_sign_negative() { -m } else { m }, e)
    }

    fn magnitude(x: (i128, i32)) -> i32 {
        if x.0 == 0 {
            i32::MIN
        } else {
            128 - x.0.unsigned_abs().leading_zeros() as i32 + x.1
        }
    }

    fn round_f32(value: i128, power: i32) -> f32 {
        let m = value.unsigned_abs();
        let bits = 128 - m.leading_zeros() as i32;
        let drop = (bits - 24).max(-149 - power).max(0);
        let kept = if drop >= 128 { 0 } else { m >> drop };
        let rest = if drop >= 128 {
            m
        } else {
            m & ((1 << drop) - 1)
        };
        let half = if drop == 0 || drop > 127 {
            u128::MAX
        } else {
            1 << (drop - 1)
        };
        let up = rest > half || (rest == half && kept & 1 == 1);
        let rounded = (kept + u128::from(up)) as f64 * libm::scalbn(1.0, power + drop);
        if value < 0 {
            -rounded as f32
        } else {
            rounded as f32
        }
    }

    #[test]
    fn software_rounds_the_exact_value_once() {
        let mut state = 1u64;
        let mut random = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 32) as u32
        };
        let mut double_roundings = 0;
        for round in 0..400_000 {
            let [mut a, mut b, mut c] = [random(), random(), random()].map(|bits| {
                // exponents around 1 in half of the rounds, so that the terms meet
                let bits = if round % 2 == 0 {
                    bits & 0x83ff_ffff | 0x3e00_0000
                } else {
                    bits
                };
                f32::from_bits(bits)
            });
            let product = a * b;
            match round % 8 {
                // nearly cancelling, and just beside the middle between two results
                1 | 2 => c = -f32::from_bits(product.to_bits() ^ (random() & 3)),
                3 => c = product * f32::from_bits(0x3300_0000 | random() & 0x80ff_ffff),
                4 => c = product * f32::from_bits(0x4b00_0000 | random() & 0x80ff_ffff),
                5 => {
                    // a product of about 25 bits, often in the middle between two results, and far below it a sign
                    (a, b) = (
                        (random() >> 19 | 1) as f32,
                        (random() >> 19 | 0x1001) as f32,
                    );
                    c = f32::from_bits(random() & 0x8fff_ffff | 0x2000_0000);
                }
                _ => {}
            }
            if !(a.is_finite() && b.is_finite() && c.is_finite()) {
                continue;
            }
            let (found, expected) = (software_f32(a, b, c), exact_f32(a, b, c));
            assert!(
                found.to_bits() == expected.to_bits() || (found == 0.0 && expected == 0.0),
                "{a:e} · {b:e} + {c:e}: {found:e}, exactly {expected:e}"
            );
            double_roundings +=
                u32::from(found != (f64::from(a) * f64::from(b) + f64::from(c)) as f32);
        }
        assert!(
            double_roundings > 100,
            "only {double_roundings} inputs tell it from two roundings"
        );
    }

    #[test]
    fn software_keeps_the_rules_of_zeros_infinities_and_nans() {
        let (inf, nan) = (f32::INFINITY, f32::NAN);
        assert_eq!(software_f32(1.0, 1.0, -1.0).to_bits(), 0.0f32.to_bits());
        assert_eq!(software_f32(-0.0, 1.0, -0.0).to_bits(), (-0.0f32).to_bits());
        assert_eq!(software_f32(-0.0, 1.0, 0.0).to_bits(), 0.0f32.to_bits());
        assert_eq!(software_f32(f32::MAX, 2.0, f32::MIN), f32::MAX);
        assert_eq!(software_f32(f32::MAX, 2.0, 1.0), inf);
        assert_eq!(software_f32(inf, 1.0, f32::MIN), inf);
        assert!(software_f32(inf, 1.0, -inf).is_nan());
        assert!(software_f32(inf, 0.0, 1.0).is_nan());
        assert!(software_f32(nan, 0.0, 1.0).is_nan() && software_f32(0.0, 0.0, nan).is_nan());
        // the smallest number, half of it (a tie, to even) and a little more
        let tiny = f32::from_bits(1);
        assert_eq!(software_f32(tiny, 0.5, 0.0), 0.0);
        assert_eq!(software_f32(tiny, 0.5, tiny), f32::from_bits(2));
        assert_eq!(software_f32(tiny, 0.500_000_1, 0.0), tiny);
    }
}
