//! Puts sections together.

use serde::Serialize;

use super::error::FormatError;
use super::header::{self, MAX_SECTIONS, SectionKind, name_fault};
use super::metadata;
use super::reader::MAX_FILE_LEN;
use super::tensor::{self, TensorRef};

/// Collects sections in order and turns them into the bytes of a file.
///
/// The bytes depend on the sections and their order alone. A writer refuses what a reader would refuse, at the call that
/// adds it, so that no training ends with a model that can't be saved.
#[derive(Debug, Default)]
pub struct ContainerWriter {
    sections: Vec<(String, SectionKind, Vec<u8>)>,
    len: u64,
}

impl ContainerWriter {
    /// A container without sections.
    pub fn new() -> ContainerWriter {
        ContainerWriter::default()
    }

    /// Adds a section with one small value.
    ///
    /// The encoding is not self-describing: a struct is its fields in order. So a section's type, once released, is
    /// frozen: a changed type gets a new section name, or is a new variant of an enum that was stored. Serde attributes
    /// that need names in the data (`flatten`, `tag`, `untagged`, `skip_serializing_if`) don't work, and maps must have
    /// an order (`BTreeMap`) for the bytes to be the same each time. A sequence of zero-sized elements is not for
    /// untrusted files: its length costs nothing there.
    ///
    /// # Errors
    /// [`FormatError::BadName`], [`FormatError::DuplicateName`], [`FormatError::TooManySections`],
    /// [`FormatError::Encode`], [`FormatError::MetadataTooLarge`] (limit: [`MAX_METADATA_LEN`](super::MAX_METADATA_LEN)),
    /// [`FormatError::TooLarge`].
    pub fn metadata<T: Serialize + ?Sized>(
        self,
        name: &str,
        value: &T,
    ) -> Result<ContainerWriter, FormatError> {
        let payload = metadata::encode(name, value)?;
        self.check(name, payload.len() as u64)?
            .push(name, SectionKind::Metadata, payload)
    }

    /// Adds a section with named matrices, in the given order.
    ///
    /// # Errors
    /// [`FormatError::BadName`], [`FormatError::DuplicateName`], [`FormatError::TooManySections`],
    /// [`FormatError::ShapeMismatch`], [`FormatError::TooLarge`].
    pub fn tensors(
        self,
        name: &str,
        tensors: &[TensorRef<'_>],
    ) -> Result<ContainerWriter, FormatError> {
        tensor::check(name, tensors)?;
        let len = tensor::encoded_len(tensors);
        let writer = self.check(name, len)?;
        let mut payload = Vec::with_capacity(len as usize);
        tensor::encode(tensors, |bytes| payload.extend_from_slice(bytes));
        writer.push(name, SectionKind::Tensors, payload)
    }

    /// The bytes of the file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = header::write(&self.sections);
        bytes.reserve_exact(
            self.sections
                .iter()
                .map(|(_, _, payload)| payload.len())
                .sum(),
        );
        for (_, _, payload) in &self.sections {
            bytes.extend_from_slice(payload);
        }
        bytes
    }

    fn check(self, name: &str, len: u64) -> Result<ContainerWriter, FormatError> {
        let nth = self.sections.len() + 1;
        name_fault(name.as_bytes()).map_err(|reason| FormatError::BadName {
            what: format!("section {nth}"),
            reason,
        })?;
        if self.sections.iter().any(|(earlier, _, _)| earlier == name) {
            return Err(FormatError::DuplicateName {
                what: "section".to_owned(),
                name: name.to_owned(),
            });
        }
        if nth > MAX_SECTIONS {
            return Err(FormatError::TooManySections { found: nth as u64 });
        }
        // The longest header is counted in, so that a later section can't push an earlier one over the limit.
        if self.len.saturating_add(len) > MAX_FILE_LEN - header::MAX_HEADER_LEN as u64 {
            return Err(FormatError::TooLarge);
        }
        Ok(self)
    }

    fn push(
        mut self,
        name: &str,
        kind: SectionKind,
        payload: Vec<u8>,
    ) -> Result<ContainerWriter, FormatError> {
        self.len += payload.len() as u64;
        self.sections.push((name.to_owned(), kind, payload));
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tensor::ValuesRef;
    use super::*;

    fn tensor<'a>(name: &'a str, rows: usize, cols: usize, values: &'a [f32]) -> TensorRef<'a> {
        TensorRef {
            name,
            rows,
            cols,
            values: ValuesRef::F32(values),
        }
    }

    #[test]
    fn names_are_checked_when_a_section_is_added() {
        for name in ["", "a\nb", "a\0", &"x".repeat(65), "\u{85}"] {
            let error = ContainerWriter::new().metadata(name, &1).unwrap_err();
            assert!(
                matches!(error, FormatError::BadName { .. }),
                "{name:?}: {error}"
            );
        }
        assert!(ContainerWriter::new().metadata(&"ü".repeat(32), &1).is_ok());

        let twice = ContainerWriter::new()
            .metadata("a", &1)
            .unwrap()
            .tensors("a", &[]);
        assert!(matches!(twice, Err(FormatError::DuplicateName { .. })));
    }

    #[test]
    fn there_is_a_largest_number_of_sections() {
        let full = (0..MAX_SECTIONS)
            .try_fold(ContainerWriter::new(), |writer, i| {
                writer.metadata(&format!("s{i}"), &i)
            })
            .unwrap();
        assert!(super::super::Container::from_bytes(&full.to_bytes()).is_ok());
        assert!(matches!(
            full.metadata("one more", &0),
            Err(FormatError::TooManySections { .. })
        ));
    }

    #[test]
    fn tensors_are_checked_when_they_are_added() {
        let add = |tensors: &[TensorRef<'_>]| {
            ContainerWriter::new()
                .tensors("parameters", tensors)
                .map(|_| ())
        };
        assert!(add(&[]).is_ok());
        assert!(add(&[tensor("W1", 2, 1, &[1.0, 2.0])]).is_ok());
        for (rows, cols, values) in [
            (2, 2, &[1.0, 2.0][..]),
            (0, 0, &[]),
            (0, 7, &[]),
            (1 << 63, 2, &[]),
            (1, 1, &[]),
        ] {
            let error = add(&[tensor("W1", rows, cols, values)]).unwrap_err();
            assert!(
                matches!(error, FormatError::ShapeMismatch { .. }),
                "{rows} × {cols}: {error}"
            );
        }
        let one = tensor("W1", 1, 1, &[1.0]);
        assert!(matches!(
            add(&[one, one]),
            Err(FormatError::DuplicateName { .. })
        ));
        assert!(matches!(
            add(&[TensorRef { name: "\t", ..one }]),
            Err(FormatError::BadName { .. })
        ));
    }
}
