//! A reader that counts lines and quotes, and hashes, while bytes pass through.

use sha2::{Digest, Sha256};
use std::collections::VecDeque;
use std::io::{self, Read};

/// Stands between the file and the CSV parser.
///
/// The parser knows at which byte a row starts but not reliably on which line (with CRLF it lags by one), so lines are counted here:
/// `\n`, `\r\n` and a lone `\r` each end one, within quotes too.
#[derive(Debug)]
pub(super) struct Physical<R> {
    inner: io::Chain<io::Cursor<Vec<u8>>, R>,
    sha256: Option<Sha256>,
    offset: u64,
    line: u64,
    quotes: u64,
    after_return: bool,
    in_line: bool,
    /// Where lines that aren't blank start: that of the current row, and those read ahead.
    starts: VecDeque<Start>,
    row_start: u64,
    row_limit: u64,
    ended: bool,
}

/// A place where a line that is not blank starts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Start {
    offset: u64,
    /// The line, counted from 1.
    pub line: u64,
    /// The double quotes before it.
    quotes: u64,
}

/// The reason of the I/O error that stops a row without end.
#[derive(Debug, thiserror::Error)]
#[error("a row without end")]
pub(super) struct EndlessRow;

impl<R: Read> Physical<R> {
    /// Reads `head`, already taken from `rest`, and then `rest`.
    pub fn new(head: Vec<u8>, rest: R, sha256: Option<Sha256>, row_limit: usize) -> Self {
        Physical {
            inner: io::Cursor::new(head).chain(rest),
            sha256,
            offset: 0,
            line: 1,
            quotes: 0,
            after_return: false,
            in_line: false,
            starts: VecDeque::new(),
            row_start: 0,
            row_limit: row_limit as u64,
            ended: false,
        }
    }

    /// The next row starts at this byte or after the line ends that follow it.
    pub fn begin_row(&mut self, offset: u64) {
        self.row_start = offset;
        while self
            .starts
            .front()
            .is_some_and(|start| start.offset < offset)
        {
            self.starts.pop_front();
        }
    }

    /// Where the row begun last starts; once its first byte has been read.
    pub fn row(&self) -> Start {
        self.starts.front().copied().unwrap_or(Start {
            offset: self.offset,
            line: self.line,
            quotes: self.quotes,
        })
    }

    /// Whether the source has ended, all of it before `offset`, with an odd number of quotes since `start`.
    pub fn ends_within_quotes(&self, start: Start, offset: u64) -> bool {
        self.ended && offset >= self.offset && (self.quotes - start.quotes) % 2 == 1
    }

    /// The hash of what was read.
    pub fn sha256(&mut self) -> Option<String> {
        let digest = self.sha256.take()?.finalize();
        Some(digest.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    fn pass(&mut self, bytes: &[u8]) {
        for (i, &byte) in bytes.iter().enumerate() {
            match byte {
                b'\n' | b'\r' => {
                    if !(byte == b'\n' && self.after_return) {
                        self.line += 1;
                    }
                    self.in_line = false;
                }
                _ => {
                    if !self.in_line {
                        self.in_line = true;
                        let offset = self.offset + i as u64;
                        self.starts.push_back(Start {
                            offset,
                            line: self.line,
                            quotes: self.quotes,
                        });
                    }
                    self.quotes += u64::from(byte == b'"');
                }
            }
            self.after_return = byte == b'\r';
        }
        self.offset += bytes.len() as u64;
    }
}

impl<R: Read> Read for Physical<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.offset - self.row_start > self.row_limit {
            return Err(io::Error::other(EndlessRow));
        }
        // The parser asks for more only within a row: the lines seen since that row started lie inside it.
        self.starts.truncate(1);
        let count = loop {
            match self.inner.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other?,
            }
        };
        self.ended |= count == 0 && !buffer.is_empty();
        let bytes = &buffer[..count];
        if let Some(sha256) = &mut self.sha256 {
            sha256.update(bytes);
        }
        self.pass(bytes);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The line of each row, given where rows start, reading `step` bytes at a time.
    fn lines(text: &str, rows: &[u64], step: usize) -> Vec<u64> {
        let mut physical = Physical::new(Vec::new(), text.as_bytes(), None, 1 << 20);
        let mut buffer = vec![0; step];
        rows.iter()
            .map(|&offset| {
                // As a parser does: it has read the row before to its end, and then reads on to the first byte of this one.
                while physical.offset < offset && physical.read(&mut buffer).unwrap() > 0 {}
                physical.begin_row(offset);
                while physical.starts.is_empty() && physical.read(&mut buffer).unwrap() > 0 {}
                physical.row().line
            })
            .collect()
    }

    #[test]
    fn every_kind_of_line_end_counts_once() {
        // The parser ends a row at the carriage return, so the next one "starts" at the line feed.
        for step in [1, 2, 3, 100] {
            assert_eq!(lines("a\nb\n\nc\n", &[0, 2, 4], step), [1, 2, 4]);
            assert_eq!(lines("a\r\nb\r\n\r\nc", &[0, 2, 5], step), [1, 2, 4]);
            assert_eq!(lines("a\rb\r\rc\r", &[0, 2, 4], step), [1, 2, 4]);
            assert_eq!(lines("\n\na\n", &[0], step), [3]);
        }
    }

    #[test]
    fn lines_within_a_row_are_forgotten() {
        let text = "\"a\n".to_owned() + &"b\n".repeat(1000) + "\"\nlast\n";
        let end = text.len() as u64 - 5;
        for step in [1, 7, 64] {
            let mut physical = Physical::new(Vec::new(), text.as_bytes(), None, 1 << 20);
            let mut buffer = vec![0; step];
            physical.begin_row(0);
            while physical.offset < end {
                assert!(physical.read(&mut buffer).unwrap() > 0);
                assert!(physical.starts.len() <= step + 2);
            }
            assert_eq!(physical.row().line, 1);
            while physical.read(&mut buffer).unwrap() > 0 {}
        }
    }

    #[test]
    fn a_row_without_end_is_stopped() {
        let mut physical = Physical::new(Vec::new(), std::io::repeat(b'x'), None, 1000);
        physical.begin_row(0);
        let mut buffer = [0; 300];
        let error = (0..10)
            .find_map(|_| physical.read(&mut buffer).err())
            .unwrap();
        assert!(error.get_ref().unwrap().is::<EndlessRow>());
    }
}
