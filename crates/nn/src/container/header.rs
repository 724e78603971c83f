//! The header: magic bytes, version, table of sections, checksum. The only place that knows its layout.

use std::fmt;
use std::ops::Range;

use sha2::{Digest, Sha256};

use super::error::FormatError;
use super::foreign::Foreign;
use super::hash::hex;

/// The version of the format that this crate writes, and the newest that it reads.
pub const FORMAT_VERSION: u32 = 1;

/// The longest name of a section or tensor, in bytes of UTF-8.
pub const MAX_NAME_LEN: usize = 64;

/// The most sections that a container may have.
pub const MAX_SECTIONS: usize = 256;

/// The first byte is not ASCII, so no text file begins like this; CR LF, SUB and LF show a transfer that changed line
/// endings or stopped at a DOS end of file (the same thought as in PNG's signature).
pub(super) const MAGIC: [u8; 8] = *b"\x89CHN\r\n\x1a\n";

/// Magic, version, number of sections, length of the file.
const FIXED_LEN: usize = 24;
/// Name, kind, reserved, offset, length, SHA-256.
const ENTRY_LEN: usize = 120;
const CHECKSUM_LEN: usize = 32;

/// The longest possible header: what is read of a file before anything else is believed.
pub(super) const MAX_HEADER_LEN: usize = header_len(MAX_SECTIONS);

/// What a section holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SectionKind {
    /// One small value, encoded through serde.
    Metadata,
    /// Named matrices of `f32` or `f64`.
    Tensors,
}

impl SectionKind {
    fn code(self) -> u32 {
        match self {
            SectionKind::Metadata => 1,
            SectionKind::Tensors => 2,
        }
    }

    fn from_code(code: u32) -> Option<SectionKind> {
        [SectionKind::Metadata, SectionKind::Tensors]
            .into_iter()
            .find(|kind| kind.code() == code)
    }
}

impl fmt::Display for SectionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SectionKind::Metadata => "metadata",
            SectionKind::Tensors => "tensors",
        })
    }
}

/// An entry of the table of sections.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    name: String,
    kind: SectionKind,
    offset: u64,
    len: u64,
    checksum: [u8; CHECKSUM_LEN],
}

impl Section {
    /// The name, unique in its file.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it holds.
    pub fn kind(&self) -> SectionKind {
        self.kind
    }

    /// Its length in bytes.
    pub fn byte_len(&self) -> u64 {
        self.len
    }

    /// The SHA-256 of its bytes, as 64 hexadecimal digits. Of a tensor bundle this is its
    /// [`content_hash`](super::content_hash).
    pub fn sha256(&self) -> String {
        hex(&self.checksum)
    }

    pub(super) fn check(&self, payload: &[u8]) -> Result<(), FormatError> {
        if Sha256::digest(payload).as_slice() == self.checksum {
            return Ok(());
        }
        Err(FormatError::SectionChecksum {
            section: self.name.clone(),
            offset: self.offset,
            end: self.offset + self.len,
        })
    }

    /// Where its bytes are. The header was parsed, so this is within the file.
    pub(super) fn range(&self) -> Range<usize> {
        self.offset as usize..(self.offset + self.len) as usize
    }
}

/// The header of sections that follow each other in this order.
pub(super) fn write(sections: &[(String, SectionKind, Vec<u8>)]) -> Vec<u8> {
    let len = header_len(sections.len());
    let mut offset = len as u64;
    let mut table = Vec::with_capacity(sections.len() * ENTRY_LEN);
    for (name, kind, payload) in sections {
        let mut padded = [0; MAX_NAME_LEN];
        padded[..name.len()].copy_from_slice(name.as_bytes());
        table.extend_from_slice(&padded);
        table.extend_from_slice(&kind.code().to_le_bytes());
        table.extend_from_slice(&0_u32.to_le_bytes());
        table.extend_from_slice(&offset.to_le_bytes());
        table.extend_from_slice(&(payload.len() as u64).to_le_bytes());
        table.extend_from_slice(&Sha256::digest(payload));
        offset += payload.len() as u64;
    }

    let mut header = Vec::with_capacity(len);
    header.extend_from_slice(&MAGIC);
    header.extend_from_slice(&FORMAT_VERSION.to_le_bytes());
    header.extend_from_slice(&(sections.len() as u32).to_le_bytes());
    header.extend_from_slice(&offset.to_le_bytes());
    header.extend_from_slice(&table);
    let checksum = Sha256::digest(&header);
    header.extend_from_slice(&checksum);
    header
}

/// Reads the header of a file of `file_len` bytes from its first bytes.
///
/// `prefix` has the whole file or its first [`MAX_HEADER_LEN`] bytes. What is returned lies within the file without
/// gaps or overlaps; the checksums of the sections are not looked at.
pub(super) fn parse(prefix: &[u8], file_len: u64) -> Result<Vec<Section>, FormatError> {
    if prefix.is_empty() {
        return Err(FormatError::Empty);
    }
    let known = prefix.len().min(MAGIC.len());
    if prefix[..known] != MAGIC[..known] {
        return Err(FormatError::NotAModel {
            found: Foreign::recognise(prefix),
        });
    }
    let shortest = header_len(0) as u64;
    if file_len < shortest {
        return Err(FormatError::Truncated {
            needed: shortest,
            found: file_len,
        });
    }

    // The version comes before all else: a later one may have another layout from here on.
    match u32_at(prefix, 8) {
        FORMAT_VERSION => {}
        0 => return Err(FormatError::UnknownVersion { found: 0 }),
        found => return Err(FormatError::NewerVersion { found }),
    }
    let count = u32_at(prefix, 12) as usize;
    if count > MAX_SECTIONS {
        return Err(FormatError::TooManySections {
            found: count as u64,
        });
    }
    let len = header_len(count);
    if file_len < len as u64 {
        return Err(FormatError::Truncated {
            needed: len as u64,
            found: file_len,
        });
    }
    let (header, checksum) = prefix[..len].split_at(len - CHECKSUM_LEN);
    if Sha256::digest(header).as_slice() != checksum {
        return Err(FormatError::HeaderChecksum {
            header_len: len as u64,
        });
    }

    // From here on the header is what its writer wrote; but the writer may have been hostile.
    let stated = u64_at(header, 16);
    if file_len < stated {
        return Err(FormatError::Truncated {
            needed: stated,
            found: file_len,
        });
    }
    if file_len > stated {
        return Err(FormatError::TrailingBytes {
            expected: stated,
            found: file_len,
        });
    }
    let mut sections: Vec<Section> = Vec::with_capacity(count);
    let mut end = len as u64;
    for (index, entry) in header[FIXED_LEN..].chunks_exact(ENTRY_LEN).enumerate() {
        let section = parse_entry(entry, index, end, file_len)?;
        if sections.iter().any(|earlier| earlier.name == section.name) {
            return Err(FormatError::DuplicateName {
                what: "section".to_owned(),
                name: section.name,
            });
        }
        end += section.len;
        sections.push(section);
    }
    if end != file_len {
        return Err(FormatError::UnclaimedBytes { end, file_len });
    }
    Ok(sections)
}

/// Why a name is refused, if it is.
pub(super) fn name_fault(name: &[u8]) -> Result<&str, &'static str> {
    let name = std::str::from_utf8(name).map_err(|_| "it is not UTF-8")?;
    if name.is_empty() {
        Err("it is empty")
    } else if name.len() > MAX_NAME_LEN {
        Err("it is too long")
    } else if name.chars().any(char::is_control) {
        Err("it has a control character")
    } else {
        Ok(name)
    }
}

const fn header_len(sections: usize) -> usize {
    FIXED_LEN + sections * ENTRY_LEN + CHECKSUM_LEN
}

fn parse_entry(
    entry: &[u8],
    index: usize,
    expected_offset: u64,
    file_len: u64,
) -> Result<Section, FormatError> {
    let padded = &entry[..MAX_NAME_LEN];
    let name_len = padded
        .iter()
        .position(|&byte| byte == 0)
        .unwrap_or(MAX_NAME_LEN);
    let bad_name = |reason| FormatError::BadName {
        what: format!("section {}", index + 1),
        reason,
    };
    if padded[name_len..].iter().any(|&byte| byte != 0) {
        return Err(bad_name("its padding is not zero"));
    }
    let name = name_fault(&padded[..name_len])
        .map_err(bad_name)?
        .to_owned();
    let code = u32_at(entry, 64);
    let Some(kind) = SectionKind::from_code(code) else {
        return Err(FormatError::UnknownKind {
            section: name,
            kind: code,
        });
    };
    let reserved = u32_at(entry, 68);
    if reserved != 0 {
        return Err(FormatError::ReservedField {
            section: name,
            found: reserved,
        });
    }
    let (offset, len) = (u64_at(entry, 72), u64_at(entry, 80));
    let fits =
        offset == expected_offset && offset.checked_add(len).is_some_and(|end| end <= file_len);
    if !fits {
        return Err(FormatError::MisplacedSection {
            section: name,
            offset,
            len,
            expected_offset,
            file_len,
        });
    }
    let mut checksum = [0; CHECKSUM_LEN];
    checksum.copy_from_slice(&entry[88..]);
    Ok(Section {
        name,
        kind,
        offset,
        len,
        checksum,
    })
}

/// The number at a fixed place of a slice whose length was checked.
fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let mut number = [0; 4];
    number.copy_from_slice(&bytes[at..at + 4]);
    u32::from_le_bytes(number)
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    let mut number = [0; 8];
    number.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(number)
}
