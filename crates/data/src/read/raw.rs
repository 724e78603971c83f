//! Rows as the bytes that stand in the file, for copying them.

use super::encoding::{ByteOrder, encode};
use super::feed::Wrapping;
use super::options::Encoding;
use super::piece::{Layout, Piece};
use super::rows::{RowEnd, row_end};

/// Rows with their line ends, one after the other.
#[derive(Clone, Debug, Default)]
pub(super) struct RawRows {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl RawRows {
    /// Adds the rows of a piece, of which `text` is the text.
    pub fn add(&mut self, text: &[u8], piece: &Piece, layout: &Layout, wrapping: Wrapping) {
        for &start in &piece.starts {
            let next = match row_end(text, start, layout.dialect, true) {
                RowEnd::At { next, .. } => next,
                RowEnd::Beyond | RowEnd::WithinQuotes => text.len(),
            };
            raw(&text[start..next], wrapping, &mut self.bytes);
            self.ends.push(self.bytes.len());
        }
    }

    /// A row, counted from 0.
    pub fn row(&self, at: usize) -> &[u8] {
        let start = if at == 0 { 0 } else { self.ends[at - 1] };
        &self.bytes[start..self.ends[at]]
    }
}

/// The mark at the start of the file, if it has one, and the header.
pub(super) fn head(header: &[u8], wrapping: Wrapping) -> Vec<u8> {
    let mut bytes = match (wrapping.has_mark, wrapping.encoding) {
        (false, _) => Vec::new(),
        (true, Some(Encoding::Utf16)) if wrapping.order == ByteOrder::Big => vec![0xfe, 0xff],
        (true, Some(Encoding::Utf16)) => vec![0xff, 0xfe],
        (true, _) => vec![0xef, 0xbb, 0xbf],
    };
    raw(header, wrapping, &mut bytes);
    bytes
}

/// The bytes of some text in the file.
fn raw(text: &[u8], wrapping: Wrapping, out: &mut Vec<u8>) {
    match wrapping.encoding {
        None | Some(Encoding::Utf8) => out.extend_from_slice(text),
        // Rows that are no text were found by the reader.
        Some(encoding) => encode(
            &String::from_utf8_lossy(text),
            encoding,
            wrapping.order,
            out,
        ),
    }
}
