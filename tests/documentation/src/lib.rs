//! Nothing to use: this package tests the pages of the project that belong to no crate.
//!
//! - Every Rust block of the pages below is a doctest of this package. (The READMEs of `data` and `metrics` are tested by their crates.)
//! - `tests/references.rs` follows the links of all pages, and the paths and names in them.
//! - `tests/printed.rs` computes the numbers and the text that pages show as printed.

#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;

#[cfg(doctest)]
#[doc = include_str!("../../../docs/mathematics.md")]
struct Mathematics;

#[cfg(doctest)]
#[doc = include_str!("../../../docs/guide/train.md")]
struct Train;

#[cfg(doctest)]
#[doc = include_str!("../../../docs/guide/weights.md")]
struct Weights;

#[cfg(doctest)]
#[doc = include_str!("../../../crates/autodiff/README.md")]
struct Autodiff;

#[cfg(doctest)]
#[doc = include_str!("../../../crates/nn/README.md")]
struct Nn;

#[cfg(doctest)]
#[doc = include_str!("../../../crates/trainer/README.md")]
struct Trainer;
