//! The elementary functions: each is one written sequence of operations over [`Lanes`], the same on every instruction set.
//!
//! Errors, sources and rules at the edges are in `docs/numerics.md`.

mod coefficients;
pub mod elementary;
mod exponential;
mod logarithm;
mod power;
mod sigmoid;
mod softplus;
mod tanh;

pub use coefficients::Coefficients;
pub use exponential::{exp, exp_m1};
pub use logarithm::{ln, ln_1p};
pub use power::powf;
pub use sigmoid::sigmoid;
pub use softplus::{bce_logits, softplus};
pub use tanh::tanh;
