//! Derivatives of every kind through the public interface: one crate, so that it is linked once.

mod cases;
mod recompute;
mod support;
mod transform;
