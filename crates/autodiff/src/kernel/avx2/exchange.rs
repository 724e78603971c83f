//! What moves numbers between the lanes of AVX registers: sums of lanes and transposes.

use std::arch::x86_64::*;

use super::{F32x16, F64x8};

// SAFETY of the `unsafe` blocks: the intrinsics ask for nothing but their instruction set, which is there wherever a value of these
// types is (see the parent module), and for memory, which the callers of the `unsafe` functions promise.

impl F32x16 {
    /// The sum of the lanes by the halving tree.
    #[inline(always)]
    pub(super) fn halve(self) -> f32 {
        unsafe {
            let eight = _mm256_add_ps(self.0, self.1);
            let high = _mm256_extractf128_ps::<1>(eight);
            let four = _mm_add_ps(_mm256_castps256_ps128(eight), high);
            let two = _mm_add_ps(four, _mm_movehl_ps(four, four));
            _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)))
        }
    }

    /// An 8 × 8 block, by three rounds that exchange neighbours at a distance of 1, 2 and 4 lanes.
    ///
    /// # Safety
    /// As `transpose`, with 8 instead of `COUNT`.
    #[inline(always)]
    pub(super) unsafe fn transpose_quarter(
        from: *const f32,
        from_stride: usize,
        to: *mut f32,
        to_stride: usize,
    ) {
        unsafe {
            let mut a = [_mm256_setzero_ps(); 8];
            for i in 0..4 {
                // Row i and row i + 4, the first halves in one register and the last in another: the exchange at distance 4 is
                // done by the loads.
                let (low, high) = (from.add(i * from_stride), from.add((i + 4) * from_stride));
                a[i] = _mm256_insertf128_ps::<1>(
                    _mm256_castps128_ps256(_mm_loadu_ps(low)),
                    _mm_loadu_ps(high),
                );
                let (low, high) = (_mm_loadu_ps(low.add(4)), _mm_loadu_ps(high.add(4)));
                a[i + 4] = _mm256_insertf128_ps::<1>(_mm256_castps128_ps256(low), high);
            }
            for half in [0, 4] {
                let low = _mm256_unpacklo_ps(a[half], a[half + 1]);
                let high = _mm256_unpackhi_ps(a[half], a[half + 1]);
                let low2 = _mm256_unpacklo_ps(a[half + 2], a[half + 3]);
                let high2 = _mm256_unpackhi_ps(a[half + 2], a[half + 3]);
                let to = to.add(half * to_stride);
                _mm256_storeu_ps(to, _mm256_shuffle_ps::<0x44>(low, low2));
                _mm256_storeu_ps(to.add(to_stride), _mm256_shuffle_ps::<0xee>(low, low2));
                _mm256_storeu_ps(
                    to.add(2 * to_stride),
                    _mm256_shuffle_ps::<0x44>(high, high2),
                );
                _mm256_storeu_ps(
                    to.add(3 * to_stride),
                    _mm256_shuffle_ps::<0xee>(high, high2),
                );
            }
        }
    }
}

impl F64x8 {
    /// The sum of the lanes by the halving tree.
    #[inline(always)]
    pub(super) fn halve(self) -> f64 {
        unsafe {
            let four = _mm256_add_pd(self.0, self.1);
            let two = _mm_add_pd(
                _mm256_castpd256_pd128(four),
                _mm256_extractf128_pd::<1>(four),
            );
            _mm_cvtsd_f64(_mm_add_sd(two, _mm_unpackhi_pd(two, two)))
        }
    }

    /// A 4 × 4 block, by two rounds that exchange neighbours at a distance of 1 and 2 lanes.
    ///
    /// # Safety
    /// As `transpose`, with 4 instead of `COUNT`.
    #[inline(always)]
    pub(super) unsafe fn transpose_quarter(
        from: *const f64,
        from_stride: usize,
        to: *mut f64,
        to_stride: usize,
    ) {
        unsafe {
            let (a, b) = (
                _mm256_loadu_pd(from),
                _mm256_loadu_pd(from.add(from_stride)),
            );
            let c = _mm256_loadu_pd(from.add(2 * from_stride));
            let d = _mm256_loadu_pd(from.add(3 * from_stride));
            let (ab0, ab1) = (_mm256_unpacklo_pd(a, b), _mm256_unpackhi_pd(a, b));
            let (cd0, cd1) = (_mm256_unpacklo_pd(c, d), _mm256_unpackhi_pd(c, d));
            _mm256_storeu_pd(to, _mm256_permute2f128_pd::<0x20>(ab0, cd0));
            _mm256_storeu_pd(to.add(to_stride), _mm256_permute2f128_pd::<0x20>(ab1, cd1));
            _mm256_storeu_pd(
                to.add(2 * to_stride),
                _mm256_permute2f128_pd::<0x31>(ab0, cd0),
            );
            _mm256_storeu_pd(
                to.add(3 * to_stride),
                _mm256_permute2f128_pd::<0x31>(ab1, cd1),
            );
        }
    }
}
