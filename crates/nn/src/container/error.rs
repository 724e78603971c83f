//! What can be wrong with a model file, in words that say what, where and what to do.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use super::foreign::Foreign;
use super::header::{FORMAT_VERSION, MAX_NAME_LEN, MAX_SECTIONS, SectionKind};
use super::metadata::MAX_METADATA_LEN;
use super::reader::MAX_FILE_LEN;

/// What is wrong with the bytes of a container, or with the content that one was asked to hold.
///
/// Offsets and lengths are in bytes, counted from the start of the file unless the message says otherwise.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FormatError {
    /// The file has no bytes at all.
    #[error(
        "the file is empty, not a chainrule model; was its writing interrupted, or is this another file?"
    )]
    Empty,

    /// The file does not begin with the eight magic bytes.
    #[error("not a chainrule model: {found}")]
    NotAModel {
        /// What the first bytes look like.
        found: Foreign,
    },

    /// The file ends before its content does.
    #[error(
        "the model is cut off: it ends after {found} bytes and needs {needed} or more; \
         copy or download it again, or train again"
    )]
    Truncated {
        /// The least length that the file must have, as far as could be read.
        needed: u64,
        /// The length that it has.
        found: u64,
    },

    /// There are bytes after the end that the header states.
    #[error(
        "the model has {} bytes too many: its header says {expected}, the file has {found}; \
         something was appended to it, or its header is damaged",
        found - expected
    )]
    TrailingBytes {
        /// The length that the header states.
        expected: u64,
        /// The length that the file has.
        found: u64,
    },

    /// The file was written by a later version of the format.
    #[error(
        "made by a newer version ({found}) of the format, and this program reads version {FORMAT_VERSION}; \
         update chainrule (or, if the file was never that new, it is damaged)"
    )]
    NewerVersion {
        /// The format version in the file.
        found: u32,
    },

    /// The format version is one that never existed.
    #[error(
        "format version {found} never existed: the file is damaged at byte 8; copy it again, or train again"
    )]
    UnknownVersion {
        /// The format version in the file.
        found: u32,
    },

    /// The header is not the one that was written.
    #[error(
        "the header (bytes 0 to {header_len}) does not match its checksum: the file is damaged; copy it again, or train again"
    )]
    HeaderChecksum {
        /// The length of the header with its checksum.
        header_len: u64,
    },

    /// The header states more sections than any container may have, or more were added than fit.
    #[error("{found} sections, and a model has {MAX_SECTIONS} at most")]
    TooManySections {
        /// The number of sections.
        found: u64,
    },

    /// A name of a section or tensor is empty, too long, not UTF-8, or has control characters.
    #[error(
        "{what} has no valid name: {reason} (a name is 1 to {MAX_NAME_LEN} bytes of UTF-8 without control characters)"
    )]
    BadName {
        /// Which section or tensor, by position.
        what: String,
        /// What is wrong with the name.
        reason: &'static str,
    },

    /// Two sections, or two tensors of one bundle, have the same name.
    #[error("{what} {name:?} is there twice; names are unique")]
    DuplicateName {
        /// `"section"`, or `"tensor of section …"`.
        what: String,
        /// The name.
        name: String,
    },

    /// A section is of a kind that this version of the format does not have.
    #[error(
        "section {section:?} is of kind {kind}, which format version {FORMAT_VERSION} does not have: the file is damaged or forged"
    )]
    UnknownKind {
        /// The section's name.
        section: String,
        /// The number of the kind.
        kind: u32,
    },

    /// A field that is reserved for later versions is not zero.
    #[error(
        "section {section:?} has {found} in a field that is zero in format version {FORMAT_VERSION}: the file is damaged or forged"
    )]
    ReservedField {
        /// The section's name.
        section: String,
        /// The number in the field.
        found: u32,
    },

    /// A section does not begin where the one before it ends, or ends beyond the file.
    #[error(
        "section {section:?} says it has {len} bytes from byte {offset} on; it must begin at byte {expected_offset} \
         and end by byte {file_len}: the file is damaged or forged"
    )]
    MisplacedSection {
        /// The section's name.
        section: String,
        /// Where it says it begins.
        offset: u64,
        /// How long it says it is.
        len: u64,
        /// Where the section before it ends.
        expected_offset: u64,
        /// The length of the file.
        file_len: u64,
    },

    /// The sections end before the file does, although the header knows its length.
    #[error(
        "the sections end at byte {end}, and the header says the file ends at byte {file_len}: the file is damaged or forged"
    )]
    UnclaimedBytes {
        /// Where the last section ends.
        end: u64,
        /// The length of the file.
        file_len: u64,
    },

    /// The bytes of a section are not the ones that were written.
    #[error(
        "section {section:?} (bytes {offset} to {end}) does not match its checksum: the file is damaged; \
         copy it again, or train again"
    )]
    SectionChecksum {
        /// The section's name.
        section: String,
        /// Where it begins.
        offset: u64,
        /// Where it ends.
        end: u64,
    },

    /// A section that was asked for is not in the file.
    #[error(
        "no section {section:?} in this file, which has {present:?}; it was made by another program or for another purpose"
    )]
    MissingSection {
        /// The section that was asked for.
        section: String,
        /// The sections that are there, in file order.
        present: Vec<String>,
    },

    /// A section holds the other kind of content.
    #[error("section {section:?} holds {found}, not {expected}")]
    WrongKind {
        /// The section's name.
        section: String,
        /// The kind that was asked for.
        expected: SectionKind,
        /// The kind that it is.
        found: SectionKind,
    },

    /// A metadata section does not decode as the type that was asked for.
    #[error(
        "section {section:?} does not hold what this program expects there ({reason}): it is damaged, or was made by another program"
    )]
    Metadata {
        /// The section's name.
        section: String,
        /// The decoder's words.
        reason: Box<dyn Error + Send + Sync>,
    },

    /// A metadata section has bytes after its value.
    #[error(
        "section {section:?} has {left} bytes after its content: it is damaged, or was made by another program"
    )]
    MetadataLeftOver {
        /// The section's name.
        section: String,
        /// How many bytes were not used.
        left: u64,
    },

    /// A metadata section is over its limit; large things belong in tensors.
    #[error("section {section:?} has {len} bytes of metadata, and the limit is {MAX_METADATA_LEN}")]
    MetadataTooLarge {
        /// The section's name.
        section: String,
        /// Its length.
        len: u64,
    },

    /// A value could not be turned into metadata.
    #[error("section {section:?} cannot be written: {reason}")]
    Encode {
        /// The section's name.
        section: String,
        /// The encoder's words.
        reason: Box<dyn Error + Send + Sync>,
    },

    /// A tensor bundle ends inside a tensor.
    #[error(
        "section {section:?} ends inside {what} (at byte {at} of the section): it is damaged or forged"
    )]
    BundleTruncated {
        /// The section's name.
        section: String,
        /// What was being read.
        what: String,
        /// Where in the section.
        at: u64,
    },

    /// A tensor bundle has bytes after its last tensor.
    #[error("section {section:?} has {left} bytes after its last tensor: it is damaged or forged")]
    BundleLeftOver {
        /// The section's name.
        section: String,
        /// How many bytes were not used.
        left: u64,
    },

    /// A tensor has an element type that this version of the format does not have.
    #[error(
        "tensor {tensor:?} of section {section:?} has the element type {found}; known are 1 (f32) and 2 (f64)"
    )]
    UnknownElementType {
        /// The section's name.
        section: String,
        /// The tensor's name.
        tensor: String,
        /// The number of the type.
        found: u32,
    },

    /// The shape of a tensor does not fit the number of its values.
    #[error(
        "tensor {tensor:?} of section {section:?} has the shape {rows} × {cols} and {values}; each side is 1 or more, and rows × columns is the number of values"
    )]
    ShapeMismatch {
        /// The section's name.
        section: String,
        /// The tensor's name.
        tensor: String,
        /// Its rows.
        rows: u64,
        /// Its columns.
        cols: u64,
        /// What there is of values, in words.
        values: String,
    },

    /// The whole would be larger than a container may be.
    #[error("the model would have more than {MAX_FILE_LEN} bytes, the limit of the format")]
    TooLarge,
}

/// A file that could not be read or written: which one, and why.
#[derive(Debug, thiserror::Error)]
#[error("{}: {problem}", shown(path))]
pub struct FileError {
    /// The path as it was given.
    pub path: PathBuf,
    /// What went wrong with it.
    pub problem: FileProblem,
}

impl FileError {
    /// Names the file that a problem is about.
    pub fn new(path: impl Into<PathBuf>, problem: impl Into<FileProblem>) -> FileError {
        FileError {
            path: path.into(),
            problem: problem.into(),
        }
    }
}

/// Why a file could not be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileProblem {
    /// There is no such file to read.
    #[error("no such file; check the path")]
    NotFound,

    /// The path is that of a folder.
    #[error("is a folder, not a file; name a file in it")]
    IsFolder,

    /// The path is empty or ends in `..`.
    #[error("is not the name of a file")]
    NotAFileName,

    /// The path is that of a device, a pipe or a socket.
    #[error(
        "is not a regular file (a device, a pipe or a socket); a model is read from and written to regular files only"
    )]
    NotRegular,

    /// The path goes through more symbolic links than any sensible one does.
    #[error("is a symbolic link that leads in a circle")]
    LinkLoop,

    /// The folder that the file should be in does not exist.
    #[error("the folder {} does not exist; create it first", shown(folder))]
    NoFolder {
        /// The folder.
        folder: PathBuf,
    },

    /// The file is too large to be a model.
    #[error("has {len} bytes, and a model has {MAX_FILE_LEN} at most; is this another file?")]
    TooLarge {
        /// The length of the file.
        len: u64,
    },

    /// There is not enough memory to hold the file.
    #[error("has {len} bytes, more than there is memory for")]
    OutOfMemory {
        /// The length of the file.
        len: u64,
    },

    /// The operating system refused.
    #[error("cannot {action}: {source}")]
    Io {
        /// What was being done, in words that follow "cannot".
        action: &'static str,
        /// The system's answer.
        source: io::Error,
    },

    /// The file was read, and is not a good model.
    #[error(transparent)]
    Format(#[from] FormatError),
}

/// A path for a message: control characters are escaped, so that a file name can't drive the terminal.
fn shown(path: &Path) -> impl fmt::Display {
    path.to_string_lossy()
        .chars()
        .map(|c| {
            if c.is_control() {
                c.escape_default().to_string()
            } else {
                c.to_string()
            }
        })
        .collect::<String>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_in_a_message_cannot_drive_the_terminal() {
        let error = FileError::new("a\u{1b}[31m\nb", FileProblem::NotFound);
        assert_eq!(
            error.to_string(),
            "a\\u{1b}[31m\\nb: no such file; check the path"
        );
    }

    #[test]
    fn a_newer_file_is_said_to_be_newer() {
        let text = FormatError::NewerVersion { found: 2 }.to_string();
        assert!(
            text.starts_with("made by a newer version (2) of the format"),
            "{text}"
        );
        assert!(text.contains("update chainrule"), "{text}");
    }

    #[test]
    fn errors_travel_between_threads() {
        fn travels<E: Error + Send + Sync + 'static>() {}
        travels::<FormatError>();
        travels::<FileError>();
    }
}
