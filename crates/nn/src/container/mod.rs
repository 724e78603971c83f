//! The model file: named, checksummed sections.
//!
//! A container knows nothing of networks. It keeps two kinds of sections under names: *metadata* (any serde type, small)
//! and *tensor bundles* (named matrices of `f32` or `f64`, raw bits). Whoever owns a section gives it its name and its
//! type: the network and its parameters come from this crate, schema, preprocessing and checkpoints from others.
//! `docs/file-format.md` describes every byte.
//!
//! What a reader can rely on:
//! - **Checked before used.** Every length is compared with the size of the file before anything is allocated or sliced,
//!   and every byte is under a checksum or a comparison. A damaged, truncated, foreign, newer or hostile file gives a
//!   [`FormatError`] that says what is wrong, where, and what to do; it never panics.
//! - **The same bits.** Values are kept by their bits (`-0.0`, subnormals and NaN payloads included), little-endian on
//!   every machine. The same content always gives the same bytes, so save, load, save gives the same file.
//! - **Old or new, never half.** [`write_atomically`] leaves either the old file or the whole new one.
//!
//! ```
//! use chainrule_nn::container::{Container, ContainerWriter, TensorRef, Values, ValuesRef};
//!
//! let weights = [0.5_f32, -0.25];
//! let bytes = ContainerWriter::new()
//!     .metadata("network", &("sigmoid", 2_u32))?
//!     .tensors("parameters", &[TensorRef { name: "W1", rows: 1, cols: 2, values: ValuesRef::F32(&weights) }])?
//!     .to_bytes();
//!
//! let container = Container::from_bytes(&bytes)?;
//! let (activation, inputs): (String, u32) = container.metadata("network")?;
//! assert_eq!((activation.as_str(), inputs), ("sigmoid", 2));
//! assert_eq!(container.tensors("parameters")?[0].values, Values::F32(weights.to_vec()));
//! # Ok::<(), chainrule_nn::container::FormatError>(())
//! ```

mod atomic;
mod error;
mod foreign;
mod hash;
mod header;
mod metadata;
mod reader;
mod tensor;
mod writer;

#[cfg(test)]
mod hostile_tests;
#[cfg(test)]
mod round_trip_tests;

pub use atomic::{check_writable, write_atomically, write_atomically_through};
pub use error::{FileError, FileProblem, FormatError};
pub use foreign::Foreign;
pub use hash::content_hash;
pub use header::{FORMAT_VERSION, MAX_NAME_LEN, MAX_SECTIONS, Section, SectionKind};
pub use metadata::MAX_METADATA_LEN;
pub use reader::{Container, MAX_FILE_LEN};
pub use tensor::{Tensor, TensorRef, Values, ValuesRef};
pub use writer::ContainerWriter;
