//! Derivatives of every kind through the public interface: one crate, so that it is linked once.

mod recompute;
mod support;
mod transform;
