//! What the targets share: inputs that say how they are to be read, and model files whose checksums are right.

pub mod container;
pub mod training;

use chainrule_data::{CsvOptions, Decimal, Encoding, Header, Infinite, Names, OnBad, Quote};

/// Bytes that are used one after the other.
#[derive(Clone, Copy)]
pub struct Input<'a>(pub &'a [u8]);

impl<'a> Input<'a> {
    /// The next byte; 0 after the end.
    pub fn byte(&mut self) -> u8 {
        self.take(1).first().copied().unwrap_or_default()
    }

    /// The next bytes, as many as are left at most.
    pub fn take(&mut self, count: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(count.min(self.0.len()));
        self.0 = rest;
        taken
    }

    /// So many bytes as the next two say.
    pub fn sized(&mut self) -> &'a [u8] {
        let count = u16::from_le_bytes([self.byte(), self.byte()]);
        self.take(count.into())
    }

    /// How a table is to be read: three bytes, all zero for the defaults.
    pub fn options(&mut self) -> CsvOptions {
        let [first, second, third] = [self.byte(), self.byte(), self.byte()];
        let words = |from: u8, words: &[&str]| -> Vec<String> {
            let chosen = words
                .iter()
                .enumerate()
                .filter(|(at, _)| from >> at & 1 == 1);
            chosen.map(|(_, word)| (*word).to_owned()).collect()
        };
        CsvOptions {
            header: [
                Header::Detect,
                Header::Present,
                Header::Absent,
                Header::AbsentUnless,
            ][usize::from(first & 3)],
            encoding: [
                None,
                Some(Encoding::Utf8),
                Some(Encoding::Latin1),
                Some(Encoding::Utf16),
            ][usize::from(first >> 2 & 3)],
            decimal: [None, Some(Decimal::Point), Some(Decimal::Comma), None]
                [usize::from(first >> 4 & 3)],
            infinite: if first >> 6 & 1 == 1 {
                Infinite::IsMissing
            } else {
                Infinite::IsInfinite
            },
            names: if first >> 7 == 1 {
                Names::Rename
            } else {
                Names::MustDiffer
            },
            on_bad: [OnBad::Fail, OnBad::Skip, OnBad::Report, OnBad::Report]
                [usize::from(second & 3)],
            quote: match second >> 2 & 7 {
                1 => Quote::Char(b'"'),
                2 => Quote::Char(b'\''),
                3 => Quote::None,
                4 => Quote::Char(b'|'),
                _ => Quote::Detect,
            },
            delimiter: [
                None,
                Some(b','),
                Some(b';'),
                Some(b'\t'),
                Some(b'|'),
                Some(b' '),
                Some(b':'),
                None,
            ][usize::from(second >> 5)],
            missing: words(third, &["x", "-1", "unknown"]),
            expected: words(third >> 3, &["a", "y", "id"]),
        }
    }
}

/// A source that gives its bytes in pieces.
pub struct Pieces<'a> {
    /// What is left.
    pub bytes: &'a [u8],
    /// The most that it gives at once.
    pub size: usize,
}

impl std::io::Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = buffer.len().min(self.size);
        self.bytes.read(&mut buffer[..count])
    }
}
