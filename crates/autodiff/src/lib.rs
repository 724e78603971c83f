//! Automatic differentiation for small dense models on a CPU: graphs, gradients as graphs, compiled plans with the same bits
//! everywhere.
//!
//! A neuron that learns, from the formulas to the last bit of its weights:
//!
//! ```
//! use chainrule_autodiff::{BATCH, Graph, Isa, Step, Team};
//!
//! // A graph of expressions: two features, any number of samples, one target each.
//! let g = Graph::new();
//! let (x, y) = (g.input("x", (2, BATCH)), g.input("y", (1, BATCH)));
//! let (w, b, alpha) = (g.param("W", (1, 2)), g.param("b", 1), g.scalar("α"));
//! let a = (w.matmul(x) + b).sigmoid();
//! let loss = a.binary_cross_entropy(y).mean();
//!
//! // Gradients are expressions too, and the whole step, update included, is one graph.
//! let [dw, db] = g.grad(loss, [w, b]);
//! let step = Step::returns(loss).set(w, w - alpha * dw).set(b, b - alpha * db);
//! assert!(step.to_string().contains("δ"), "a step prints as formulas:\n{step}");
//!
//! // A plan is compiled once, for a precision and an instruction set, and runs without allocating.
//! let plan = g.compile::<f32>(step, Isa::detect())?;
//! let (mut state, mut workspace) = (plan.state(), plan.workspace(4, 1));
//! let (x, y) = ([0., 0., 0., 1., 1., 0., 1., 1.], [0., 1., 1., 1.]); // a sample is a column
//! let mut losses = Vec::new();
//! for _ in 0..200 {
//!     plan.run(&mut state, &[&x, &y, &[0.5]], &mut workspace, &Team::solo())?;
//!     losses.push(workspace.output(0)[0]);
//! }
//! assert!(losses[199] < 0.3 && losses[0] > 0.69);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # From a graph to a run
//!
//! ```text
//! Expr sugar -> Graph --grad--> Graph --passes--> Graph --compile::<T>--> Plan<T>   (immutable, shared by threads)
//!                                                      Plan + State + inputs + &mut Workspace + &Team -> outputs
//! ```
//!
//! 1. **[`Graph`]** holds nodes, which the methods and operators of [`Expr`] make. Equal expressions are one node. Shapes are inferred as
//!    nodes are made; the first mistake is kept with its line in your source, and compiling returns it ([`CompileError`]).
//! 2. **Derivatives** are more nodes: [`Graph::grad`] and [`Graph::vjp`] (reverse), [`Graph::jvp`] (forward), [`Graph::jacobian`],
//!    [`Graph::hessian_vector_product`], [`Graph::hessian`]. Each can be taken of each. [`Expr::stop_gradient`] and [`Graph::recompute`] say what
//!    is left out and what is not kept.
//! 3. **Passes** rewrite the part of the graph that a [`Step`] needs: first those that say what the arithmetic means, then those that keep
//!    bits ([`Step::rewritten`] shows the graph before and after, as text or as a [`Drawing`]; [`CompileOptions`] leaves one of the latter out).
//! 4. **[`Plan`]** is the schedule: stages between joins of the threads, products with what is fused behind them, buffers and their
//!    layouts. It prints ([`Plan::describe`]), counts ([`Plan::flops`], [`Plan::bytes_moved`]) and times itself ([`Plan::profile`]).
//! 5. **A run** takes a [`State`] (parameters, and what optimisers keep), a [`Workspace`] (everything else) and a [`Team`] of lent threads. It
//!    neither allocates nor fails half-way, and its bits depend on none of them.
//!
//! # Operations of your own
//!
//! The built-in operations use the same doors as yours: a function of expressions; [`Unary`], [`Binary`] or [`Ternary`] with a formula
//! over [`Lanes`] (vectorised and fused like a built-in one); or [`Op`]. [`check_gradient`] checks one in a line, and [`audit`] proves a
//! registered one: derivatives to second order, linearity, both directions, precision, and the same bits on every instruction set.
//!
//! # What holds
//!
//! - The order of every sum is written down (`docs/reproducibility.md` of the repository), so the bits do not depend on threads, vector width or
//!   CPU. The elementary functions are the crate's own, with measured errors ([`elementary`], `docs/numerics.md`).
//! - The graph has no element type: `f32` or `f64` is chosen when a plan is compiled.
//! - There is no global state, no thread is started, and `unsafe` is confined to one folder.

#![cfg_attr(
    not(test),
    deny(clippy::print_stdout, clippy::print_stderr, clippy::dbg_macro)
)]

pub mod elementary {
    //! Elementary functions on numbers and slices, with the bits that plans compute.
    pub use crate::kernel::functions::elementary::*;
}
pub mod audit;
mod check;
mod display;
mod draw;
mod elementwise;
mod error;
mod expr;
mod grad;
mod graph;
mod interpret;
mod kernel;
pub mod measure;
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
pub use draw::Drawing;
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
pub use plan::forecast::{Forecast, Machine, StageForecast};
pub use plan::profile::{Profile, ProfiledStep};
pub use plan::state::State;
pub use plan::{CompileOptions, Plan, Workspace};
pub use rewritten::{Passes, Rewritten};
pub use scalar::Scalar;
pub use shape::{BATCH, Dim, Shape};
pub use step::Step;
