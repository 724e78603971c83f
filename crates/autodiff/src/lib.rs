//! chainrule-autodiff

pub mod elementary {
    //! Elementary functions on numbers and slices, with the bits that plans compute.
    pub use crate::kernel::functions::elementary::*;
}
pub mod audit;
mod check;
mod display;
mod elementwise;
mod error;
mod expr;
mod grad;
mod graph;
mod interpret;
mod kernel;
mod op;
mod ops;
mod passes;
mod plan;
mod random;
mod reference;
mod region;
mod rewritten;
mod scalar;
mod shape;
mod step;
mod transform;

pub use check::{CheckError, GradientCheck, GradientReport, check_gradient};
pub use elementwise::{Binary, Map1, Map2, Map3, Ternary, Unary};
pub use error::{CompileError, RunError, ShapeError, StateError};
pub use expr::{Expr, IntoExpr};
pub use graph::Graph;
pub use kernel::crew::Team;
pub use kernel::isa::{Isa, IsaError};
pub use kernel::lanes::Lanes;
pub use op::{Cotangent, Kernels, Op, View, ViewMut};
pub use plan::cost::Count;
pub use plan::describe::PlanDescription;
pub use plan::state::State;
pub use plan::{CompileOptions, Plan, Workspace};
pub use rewritten::{Passes, Rewritten};
pub use scalar::Scalar;
pub use shape::{BATCH, Dim, Shape};
pub use step::Step;
