//! Nothing to use: this package tests the pages of the project that belong to no crate.
//!
//! - Every Rust block of the pages below is a doctest of this package.
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
