//! Vectors, and the kernels that are written over them.

#[cfg(target_arch = "x86_64")]
pub mod avx2;
#[cfg(target_arch = "x86_64")]
pub mod avx512;
pub mod dispatch;
pub mod fma;
pub mod functions;
pub mod isa;
pub mod lanes;
pub mod portable;
