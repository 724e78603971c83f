//! Reads containers from bytes and from files.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use serde::de::DeserializeOwned;

use super::error::{FileError, FileProblem, FormatError};
use super::header::{self, MAX_HEADER_LEN, Section, SectionKind};
use super::metadata;
use super::tensor::{self, Tensor};

/// The most bytes that a container may have: 4 GiB, half a billion `f64` parameters.
pub const MAX_FILE_LEN: u64 = 1 << 32;

/// A container in memory, every byte of which was checked.
///
/// Sections that nobody asks for do no harm: a program reads what it knows.
#[derive(Clone)]
pub struct Container {
    bytes: Vec<u8>,
    sections: Vec<Section>,
}

impl Container {
    /// Checks some bytes, which are a whole file.
    ///
    /// # Errors
    /// A [`FormatError`] that says what is wrong with them.
    pub fn from_bytes(bytes: &[u8]) -> Result<Container, FormatError> {
        let len = bytes.len() as u64;
        if len > MAX_FILE_LEN {
            return Err(FormatError::TooLarge);
        }
        let sections = header::parse(bytes, len)?;
        check_sections(bytes, &sections)?;
        Ok(Container {
            bytes: bytes.to_vec(),
            sections,
        })
    }

    /// Reads and checks a regular file (a symbolic link to one is followed).
    ///
    /// The header is read and believed first; only then is there memory for the rest: as much as the file has bytes.
    ///
    /// # Errors
    /// A [`FileError`] with the path: the file is missing, is no regular file (a folder, `/dev/zero`, a pipe: refused
    /// without reading), can't be read, is over [`MAX_FILE_LEN`], or is not a good container
    /// ([`FileProblem::Format`]).
    pub fn open(path: impl AsRef<Path>) -> Result<Container, FileError> {
        let path = path.as_ref();
        let container = read_file(path).map_err(|problem| FileError::new(path, problem))?;
        tracing::debug!(
            path = %path.display(),
            bytes = container.byte_len(),
            sections = container.sections().len(),
            "file read"
        );
        Ok(container)
    }

    /// The sections, in file order.
    pub fn sections(&self) -> &[Section] {
        &self.sections
    }

    /// The section of a name, if there is one.
    pub fn section(&self, name: &str) -> Option<&Section> {
        self.sections.iter().find(|section| section.name() == name)
    }

    /// The length of the file in bytes.
    pub fn byte_len(&self) -> u64 {
        self.bytes.len() as u64
    }

    /// The value of a metadata section. `T` must be the type that was written (see
    /// [`ContainerWriter::metadata`](super::ContainerWriter::metadata)).
    ///
    /// # Errors
    /// [`FormatError::MissingSection`], [`FormatError::WrongKind`], [`FormatError::MetadataTooLarge`],
    /// [`FormatError::Metadata`], [`FormatError::MetadataLeftOver`].
    pub fn metadata<T: DeserializeOwned>(&self, name: &str) -> Result<T, FormatError> {
        metadata::decode(name, self.payload(name, SectionKind::Metadata)?)
    }

    /// The matrices of a tensor bundle, in the order in which they were written.
    ///
    /// # Errors
    /// [`FormatError::MissingSection`], [`FormatError::WrongKind`], and what is said of the tensors themselves:
    /// [`FormatError::BundleTruncated`], [`FormatError::BundleLeftOver`], [`FormatError::UnknownElementType`],
    /// [`FormatError::ShapeMismatch`], [`FormatError::BadName`], [`FormatError::DuplicateName`].
    pub fn tensors(&self, name: &str) -> Result<Vec<Tensor>, FormatError> {
        tensor::decode(name, self.payload(name, SectionKind::Tensors)?)
    }

    fn payload(&self, name: &str, expected: SectionKind) -> Result<&[u8], FormatError> {
        let Some(section) = self.section(name) else {
            let present = self
                .sections
                .iter()
                .map(|section| section.name().to_owned())
                .collect();
            return Err(FormatError::MissingSection {
                section: name.to_owned(),
                present,
            });
        };
        if section.kind() != expected {
            return Err(FormatError::WrongKind {
                section: name.to_owned(),
                expected,
                found: section.kind(),
            });
        }
        Ok(&self.bytes[section.range()])
    }
}

impl fmt::Debug for Container {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The table, not megabytes of values.
        f.debug_struct("Container")
            .field("byte_len", &self.byte_len())
            .field("sections", &self.sections)
            .finish()
    }
}

fn check_sections(bytes: &[u8], sections: &[Section]) -> Result<(), FormatError> {
    sections
        .iter()
        .try_for_each(|section| section.check(&bytes[section.range()]))
}

fn read_file(path: &Path) -> Result<Container, FileProblem> {
    // Before opening: to open a pipe is to wait for its writer.
    let metadata = fs::metadata(path).map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => FileProblem::NotFound,
        _ => FileProblem::Io {
            action: "look at it",
            source,
        },
    })?;
    if metadata.is_dir() {
        return Err(FileProblem::IsFolder);
    }
    if !metadata.is_file() {
        return Err(FileProblem::NotRegular);
    }
    let mut file = File::open(path).map_err(|source| FileProblem::Io {
        action: "open it",
        source,
    })?;
    // Of the file that was opened, should another have taken its place.
    let len = file
        .metadata()
        .map_err(|source| FileProblem::Io {
            action: "look at it",
            source,
        })?
        .len();
    let fits = usize::try_from(len).ok().filter(|_| len <= MAX_FILE_LEN);
    let Some(size) = fits else {
        return Err(FileProblem::TooLarge { len });
    };

    let mut bytes = Vec::with_capacity(size.min(MAX_HEADER_LEN));
    read_up_to(&mut file, size.min(MAX_HEADER_LEN), &mut bytes)?;
    let sections = header::parse(&bytes, len)?;

    bytes
        .try_reserve_exact(size - bytes.len())
        .map_err(|_| FileProblem::OutOfMemory { len })?;
    let rest = size - bytes.len();
    read_up_to(&mut file, rest, &mut bytes)?;
    check_sections(&bytes, &sections)?;
    Ok(Container { bytes, sections })
}

/// Appends exactly `len` bytes. A file that shrinks meanwhile is a truncated one.
fn read_up_to(file: &mut File, len: usize, bytes: &mut Vec<u8>) -> Result<(), FileProblem> {
    let needed = bytes.len() + len;
    file.take(len as u64)
        .read_to_end(bytes)
        .map_err(|source| FileProblem::Io {
            action: "read it",
            source,
        })?;
    if bytes.len() < needed {
        return Err(FormatError::Truncated {
            needed: needed as u64,
            found: bytes.len() as u64,
        }
        .into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::ContainerWriter;
    use super::*;

    fn problem(path: impl AsRef<Path>) -> FileProblem {
        Container::open(path).unwrap_err().problem
    }

    #[test]
    fn a_file_is_read_as_its_bytes_are() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("m.chainrule");
        // Longer than the longest header, so that the second read has something to do.
        let notes = "x".repeat(2 * MAX_HEADER_LEN);
        let bytes = ContainerWriter::new()
            .metadata("notes", &notes)
            .unwrap()
            .to_bytes();
        fs::write(&path, &bytes).unwrap();
        let container = Container::open(&path).unwrap();
        assert_eq!(container.metadata::<String>("notes").unwrap(), notes);
        assert_eq!(container.byte_len(), bytes.len() as u64);
    }

    #[test]
    fn what_is_missing_or_of_the_other_kind_is_named() {
        let bytes = ContainerWriter::new()
            .metadata("schema", &1)
            .unwrap()
            .to_bytes();
        let container = Container::from_bytes(&bytes).unwrap();
        let error = container.tensors("parameters").unwrap_err();
        assert!(
            error
                .to_string()
                .contains(r#"no section "parameters" in this file, which has ["schema"]"#),
            "{error}"
        );
        let error = container.tensors("schema").unwrap_err();
        assert_eq!(
            error.to_string(),
            r#"section "schema" holds metadata, not tensors"#
        );
    }

    #[test]
    fn only_regular_files_are_read() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(problem(folder.path()), FileProblem::IsFolder));
        assert!(matches!(
            problem(folder.path().join("none")),
            FileProblem::NotFound
        ));
        let empty = folder.path().join("empty");
        fs::write(&empty, "").unwrap();
        assert!(matches!(
            problem(&empty),
            FileProblem::Format(FormatError::Empty)
        ));
    }

    #[cfg(unix)]
    #[test]
    fn devices_and_pipes_are_refused_at_once() {
        assert!(matches!(problem("/dev/zero"), FileProblem::NotRegular));
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        if made.is_ok_and(|status| status.success()) {
            assert!(matches!(problem(&pipe), FileProblem::NotRegular));
        }
    }

    #[test]
    fn a_file_over_the_limit_is_refused_by_its_length() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sparse");
        let file = File::create(&path).unwrap();
        // Sparse: it takes no room on the disk.
        file.set_len(MAX_FILE_LEN + 1).unwrap();
        assert!(matches!(problem(&path), FileProblem::TooLarge { len } if len == MAX_FILE_LEN + 1));
        // Just within the limit, its header is read and nothing more.
        file.set_len(MAX_FILE_LEN).unwrap();
        assert!(matches!(
            problem(&path),
            FileProblem::Format(FormatError::NotAModel { .. })
        ));
    }
}
