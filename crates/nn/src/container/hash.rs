//! The content hash: what a model is, in 64 digits.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use super::error::FormatError;
use super::tensor::{self, TensorRef};

/// The SHA-256 of the bits of some tensors, as 64 lower-case hexadecimal digits: the `model_hash` of a network's
/// parameters.
///
/// It covers names, shapes, element types and every bit of every value, in the given order, and nothing else (no date,
/// no version, no path). It is defined as the SHA-256 of the tensors' bytes in a bundle of format version 1, for ever: so
/// it equals the checksum of the section that holds them, and is the same on every machine.
///
/// # Errors
/// [`FormatError::ShapeMismatch`], [`FormatError::BadName`] or [`FormatError::DuplicateName`] when the tensors could not
/// be put into a container.
///
/// ```
/// use chainrule_nn::container::{TensorRef, ValuesRef, content_hash};
///
/// let plus = TensorRef { name: "b1", rows: 1, cols: 1, values: ValuesRef::F64(&[0.0]) };
/// let minus = TensorRef { name: "b1", rows: 1, cols: 1, values: ValuesRef::F64(&[-0.0]) };
/// assert_ne!(content_hash(&[plus])?, content_hash(&[minus])?);
/// # Ok::<(), chainrule_nn::container::FormatError>(())
/// ```
pub fn content_hash(tensors: &[TensorRef<'_>]) -> Result<String, FormatError> {
    tensor::check("", tensors)?;
    let mut hasher = Sha256::new();
    tensor::encode(tensors, |bytes| hasher.update(bytes));
    Ok(hex(&hasher.finalize()))
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(
        String::with_capacity(2 * bytes.len()),
        |mut digits, byte| {
            // Writing to a String can't fail.
            let _ = write!(digits, "{byte:02x}");
            digits
        },
    )
}

#[cfg(test)]
mod tests {
    use super::super::tensor::ValuesRef;
    use super::*;

    /// The digits were computed by `sha256sum` over bytes written by hand from `docs/file-format.md`.
    #[test]
    fn the_hash_is_the_documented_one() {
        let tensor = TensorRef {
            name: "W1",
            rows: 1,
            cols: 2,
            values: ValuesRef::F32(&[1.0, -0.0]),
        };
        assert_eq!(
            content_hash(&[tensor]).unwrap(),
            "ff971b764daba48eb732f647823cbcab5d0fbbeb841b28256959ce8cab8af7c5"
        );
    }

    #[test]
    fn everything_that_matters_changes_the_hash() {
        let values = [1.0_f32, 2.0];
        let base = TensorRef {
            name: "W1",
            rows: 1,
            cols: 2,
            values: ValuesRef::F32(&values),
        };
        let other = TensorRef { name: "W2", ..base };
        let hashes = [
            content_hash(&[]),
            content_hash(&[base]),
            content_hash(&[other]),
            content_hash(&[TensorRef {
                rows: 2,
                cols: 1,
                ..base
            }]),
            content_hash(&[TensorRef {
                values: ValuesRef::F64(&[1.0, 2.0]),
                ..base
            }]),
            content_hash(&[TensorRef {
                values: ValuesRef::F32(&[2.0, 1.0]),
                ..base
            }]),
            content_hash(&[base, other]),
            content_hash(&[other, base]),
        ]
        .map(|hash| hash.unwrap());
        for (i, hash) in hashes.iter().enumerate() {
            assert!(
                !hashes[..i].contains(hash),
                "case {i} has the hash of another"
            );
        }
    }

    #[test]
    fn tensors_that_no_container_holds_have_no_hash() {
        let wrong = TensorRef {
            name: "W1",
            rows: 2,
            cols: 2,
            values: ValuesRef::F32(&[1.0]),
        };
        assert!(matches!(
            content_hash(&[wrong]),
            Err(FormatError::ShapeMismatch { .. })
        ));
    }
}
