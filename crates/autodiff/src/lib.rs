//! chainrule-autodiff

mod kernel;
mod scalar;

pub use kernel::isa::{Isa, IsaError};
pub use kernel::lanes::Lanes;
pub use scalar::Scalar;
