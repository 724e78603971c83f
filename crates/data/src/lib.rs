//! Tables for binary classification: CSV to typed table to matrix, with preprocessing that is fitted once and saved.
//!
//! ```
//! use chainrule_data::{Preprocessing, Scaling, Schema, Table, split};
//!
//! let csv = "age,pulse,ill\n31,60,no\n58,82,yes\n44,71,no\n70,90,yes\n";
//! let table = Table::from_csv("patients.csv", csv.as_bytes())?;
//! let schema = Schema::infer(&table, "ill", None)?; // "yes" is the positive class: it is later in byte order
//! let data = schema.encode(&table)?; //                2 features × 4 samples, and a label for each
//!
//! let parts = split::stratified(data.labels(), 0.5, 7)?;
//! let (train, validation) = (data.select(&parts.train), data.select(&parts.validation));
//! let preprocessing = Preprocessing::fit(Scaling::Standard, &train)?;
//! let x = preprocessing.transform::<f32>(&validation)?;
//! assert_eq!(x.shape(), (2, 2));
//! # Ok::<(), chainrule_data::Error>(())
//! ```
//!
//! The path of the data, and where to change what:
//!
//! | step | type | file |
//! |---|---|---|
//! | bytes to rows of text | [`CsvReader`], or another reader beside it | `read/` |
//! | rows to typed columns | [`TableBuilder`], [`Table`], [`Column`], [`Cell`] | `table.rs`, `column.rs`, `cell.rs` |
//! | which column is what | [`Schema`], [`Labels`] | `schema/`, `label.rs` |
//! | what each row counts | [`Table::weighted_by`] | `weights.rs` |
//! | columns to a matrix | [`Schema::encode`], [`Dataset`] | `schema/`, `dataset.rs` |
//! | the network's inputs: scaling, filling in, levels | [`Preprocessing`] | `preprocess/` |
//!
//! [`doctor::examine`] looks for what may be wrong with a table before any of that, and [`split::FileSplit`] parts a file into files.
//!
//! Everything that can be wrong is an [`Error`] whose message names file, line, column and text, and says what to do. Nothing panics on any
//! bytes, and nothing depends on the order of a hash map, the number of threads or the machine.

#![cfg_attr(
    not(test),
    deny(clippy::print_stdout, clippy::print_stderr, clippy::dbg_macro)
)]

mod cell;
mod column;
mod dataset;
pub mod doctor;
pub mod embedded;
mod error;
mod label;
mod preprocess;
mod read;
mod schema;
pub mod split;
mod table;
mod text;
mod weights;

/// Matrices: features × samples.
pub use nalgebra;

pub use cell::Cell;
pub use column::Column;
pub use dataset::Dataset;
pub use error::{BadColumn, BadRow, BadRows, ColumnName, Error, ErrorKind, Problem, RowProblem};
pub use label::{Labels, Others};
pub use preprocess::{Encoder, Float, Preprocessing, Scaling};
pub use read::{
    Block, CsvOptions, CsvReader, Decimal, Encoding, Header, Infinite, Names, OnBad, Quote,
};
pub use schema::{
    ColumnNote, DateOrder, Feature, FeatureKind, Inferred, Schema, SchemaColumn, SchemaFile,
    SchemaOptions,
};
pub use table::{Note, Table, TableBuilder};
pub use text::{counted, escape, grouped};

/// The README's example runs too.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
