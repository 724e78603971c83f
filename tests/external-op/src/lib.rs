//! Operations for chainrule's autodiff engine, written outside of it and with its published API alone.
//!
//! `docs/guide/extend.md` walks through them:
//!
//! | what | door | file |
//! |---|---|---|
//! | [`squared_error`] | a function of expressions | `squared_error.rs` |
//! | [`Swish`], an activation | [`Unary`](chainrule_autodiff::Unary) | `swish.rs` |
//! | [`Gate`], of two arguments | [`Binary`](chainrule_autodiff::Binary) | `gate.rs` |
//! | [`FocalLoss`], a loss with data of its own | [`Binary`](chainrule_autodiff::Binary) | `focal_loss.rs` |
//! | [`LogSumExp`], over the rows of each sample | [`Op`](chainrule_autodiff::Op) | `log_sum_exp.rs` |
//! | [`Pick`], not differentiable in its second argument | [`Op`](chainrule_autodiff::Op) | `pick.rs` |
//!
//! Each trains inside of a network (`tests/trains.rs`), is fused like a built-in (`tests/fused.rs`), and is checked by one
//! call (`tests/checked.rs`).
#![forbid(unsafe_code)]

mod focal_loss;
mod gate;
mod log_sum_exp;
mod pick;
mod squared_error;
mod swish;

pub use focal_loss::FocalLoss;
pub use gate::Gate;
pub use log_sum_exp::LogSumExp;
pub use pick::{Pick, Place};
pub use squared_error::squared_error;
pub use swish::Swish;

#[cfg(doctest)]
#[doc = include_str!("../../../docs/guide/extend.md")]
struct Guide;
