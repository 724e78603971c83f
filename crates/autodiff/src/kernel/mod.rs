//! Vectors, and the kernels that are written over them.

#[cfg(test)]
mod agreement;
#[cfg(target_arch = "x86_64")]
pub mod avx2;
#[cfg(target_arch = "x86_64")]
pub mod avx512;
pub mod buffer;
pub mod convert;
pub mod crew;
pub mod dispatch;
pub mod execute;
pub mod fma;
pub mod functions;
pub mod gather;
pub mod isa;
pub mod lanes;
pub mod map;
pub mod peak;
pub mod portable;
pub mod product;
pub mod sum;
pub mod table;
#[cfg(test)]
mod tests;
