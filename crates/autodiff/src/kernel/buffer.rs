//! Memory for vectors: aligned to a cache line.

use std::fmt;
use std::ops::{Deref, DerefMut};

use crate::Scalar;

/// Bytes of a cache line, and of a vector of any instruction set.
const LINE: usize = 64;

/// A fixed number of values whose first lies at the start of a cache line.
pub(crate) struct AlignedVec<T: Scalar> {
    lines: Vec<CacheLine>,
    len: usize,
    element: std::marker::PhantomData<T>,
}

#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct CacheLine([u8; LINE]);

impl<T: Scalar> AlignedVec<T> {
    /// `len` zeros.
    pub(crate) fn zeros(len: usize) -> Self {
        let lines = (len * T::BYTES).div_ceil(LINE);
        Self {
            lines: vec![CacheLine([0; LINE]); lines],
            len,
            element: std::marker::PhantomData,
        }
    }
}

impl<T: Scalar> Deref for AlignedVec<T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        // SAFETY: the lines hold at least `len` values of T, for which any bytes are a value, at an alignment above T's.
        unsafe { std::slice::from_raw_parts(self.lines.as_ptr().cast(), self.len) }
    }
}

impl<T: Scalar> DerefMut for AlignedVec<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        // SAFETY: as above, and `self` is borrowed for writing.
        unsafe { std::slice::from_raw_parts_mut(self.lines.as_mut_ptr().cast(), self.len) }
    }
}

impl<T: Scalar> Clone for AlignedVec<T> {
    fn clone(&self) -> Self {
        Self {
            lines: self.lines.clone(),
            len: self.len,
            element: std::marker::PhantomData,
        }
    }
    fn clone_from(&mut self, source: &Self) {
        self.lines.clone_from(&source.lines);
        self.len = source.len;
    }
}

impl<T: Scalar> fmt::Debug for AlignedVec<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} aligned {}", self.len, T::NAME)
    }
}

/// Asks for the line of the cache at an address, which may be any: nothing is read. Where the processor has no instruction for it, nothing happens.
#[inline(always)]
pub(crate) fn fetch<T>(address: *const T) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: every x86-64 has the instruction, and no address makes it fail.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(address.cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = address;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_start_at_a_cache_line() {
        for len in [0, 1, 15, 16, 17, 1000] {
            let mut v = AlignedVec::<f32>::zeros(len);
            assert_eq!(v.as_ptr() as usize % LINE, 0);
            assert_eq!(v.len(), len);
            v.iter_mut().enumerate().for_each(|(i, x)| *x = i as f32);
            assert!(v.clone().iter().enumerate().all(|(i, x)| *x == i as f32));
        }
    }
}
