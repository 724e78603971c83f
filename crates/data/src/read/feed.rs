//! The text of a file, as bytes of UTF-8: unpacked, decoded, and hashed on the way.

use super::compress::{Packing, read_error};
use super::encoding::{self, ByteOrder, Transcoder, mark};
use super::options::Encoding;
use super::signature;
use crate::error::ErrorKind;
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::cell::RefCell;
use std::io::{self, Cursor, Read};
use std::rc::Rc;

/// Text that was read and not yet used, and where more comes from.
pub(super) struct Feed<'a> {
    input: Box<dyn Read + 'a>,
    /// Its length is what it was made for; text is in a part of it. (To make it longer or shorter would write zeros each time.)
    buffer: Vec<u8>,
    /// The bytes of the buffer before this one were used.
    used: usize,
    /// The bytes of the buffer from this one on are none of the text.
    filled: usize,
    ended: bool,
    hash: Option<Rc<RefCell<Sha256>>>,
}

/// What a file turned out to be.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Wrapping {
    pub packing: Option<Packing>,
    /// Another one than UTF-8.
    pub encoding: Option<Encoding>,
    /// Whether a byte order mark stands at the start.
    pub has_mark: bool,
    /// Of UTF-16.
    pub order: ByteOrder,
}

impl<'a> Feed<'a> {
    /// Looks at the first bytes of a file, and takes off what is wrapped round its text.
    pub fn open(
        input: impl Read + 'a,
        asked: Option<Encoding>,
        hash: bool,
    ) -> Result<(Feed<'a>, Wrapping), ErrorKind> {
        let hash = hash.then(|| Rc::new(RefCell::new(Sha256::new())));
        let mut input: Box<dyn Read + 'a> = match &hash {
            None => Box::new(input),
            Some(hash) => Box::new(Hashing {
                input,
                hash: hash.clone(),
            }),
        };
        let mut head = head(&mut input)?;
        let packing = Packing::of(&head);
        if let Some(packing) = packing {
            input = packing.unpack(Cursor::new(head).chain(input));
            head = self::head(&mut input)?;
        }
        if head.is_empty() {
            return Err(ErrorKind::Empty);
        }
        if encoding::is_utf32(&head) {
            return Err(ErrorKind::NotCsv {
                what: "text in UTF-32",
                help: "save it as UTF-8",
            });
        }
        let mark = mark(&head);
        let encoding = match (mark, asked) {
            (Some((_, encoding)), _) => encoding,
            // Names, digits and line ends all have a zero byte.
            (None, Some(Encoding::Utf16)) if !head.contains(&0) => return Err(ErrorKind::NotUtf16),
            (None, Some(encoding)) => encoding,
            (None, None) if encoding::is_utf16(&head) => Encoding::Utf16,
            (None, None) => Encoding::Utf8,
        };
        let order = ByteOrder::of(&head);
        if let Some((length, _)) = mark {
            head.drain(..length);
        }
        let looked_at = match encoding {
            Encoding::Utf16 => encoding::start_of_utf16(&head, order),
            Encoding::Utf8 | Encoding::Latin1 => Cow::Borrowed(&head[..]),
        };
        if let Some(kind) = signature::not_csv(&looked_at) {
            return Err(kind);
        }
        let (buffer, input): (_, Box<dyn Read + 'a>) = match encoding {
            Encoding::Utf8 => (head, input),
            Encoding::Latin1 => (
                Vec::new(),
                Box::new(Transcoder::latin1(Cursor::new(head).chain(input))),
            ),
            Encoding::Utf16 => (
                Vec::new(),
                Box::new(Transcoder::utf16(Cursor::new(head).chain(input), order)),
            ),
        };
        let feed = Feed {
            input,
            filled: buffer.len(),
            buffer,
            used: 0,
            ended: false,
            hash,
        };
        let encoding = (encoding != Encoding::Utf8).then_some(encoding);
        let wrapping = Wrapping {
            packing,
            encoding,
            has_mark: mark.is_some(),
            order,
        };
        Ok((feed, wrapping))
    }

    /// What was read and not used.
    pub fn bytes(&self) -> &[u8] {
        &self.buffer[self.used..self.filled]
    }

    /// Whether [`bytes`](Feed::bytes) are all that is left.
    pub fn is_last(&self) -> bool {
        self.ended
    }

    /// Reads until there are so many bytes to use, or all of them.
    pub fn fill(&mut self, wanted: usize) -> Result<(), ErrorKind> {
        if self.ended || self.bytes().len() >= wanted {
            return Ok(());
        }
        self.buffer.copy_within(self.used..self.filled, 0);
        self.filled -= self.used;
        self.used = 0;
        while self.filled < wanted {
            if self.filled == self.buffer.len() {
                // Small files need no large buffer.
                let length = (2 * self.filled).max(signature::HEAD).min(wanted);
                self.buffer.resize(length, 0);
            }
            let end = self.buffer.len().min(wanted);
            let space = &mut self.buffer[self.filled..end];
            let read = read_up_to(&mut self.input, space)?;
            self.ended = read < space.len();
            self.filled += read;
            if self.ended {
                break;
            }
        }
        Ok(())
    }

    /// Marks bytes as used.
    pub fn advance(&mut self, bytes: usize) {
        self.used += bytes;
    }

    /// Takes some bytes out, and leaves the rest.
    pub fn take(&mut self, bytes: usize, spare: Vec<u8>) -> Taken {
        let (start, end) = (self.used, self.used + bytes);
        let mut rest = spare;
        let left = self.filled - end;
        if rest.len() < left {
            rest.resize(left, 0);
        }
        rest[..left].copy_from_slice(&self.buffer[end..self.filled]);
        let buffer = std::mem::replace(&mut self.buffer, rest);
        (self.used, self.filled) = (0, left);
        Taken { buffer, start, end }
    }

    /// The SHA-256 of all bytes of the file, in hexadecimal, once all were read.
    pub fn sha256(&self) -> Option<String> {
        let hash = self.hash.as_ref()?.borrow().clone();
        Some(
            hash.finalize()
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect(),
        )
    }
}

/// Bytes that were taken out of a feed.
pub(super) struct Taken {
    buffer: Vec<u8>,
    start: usize,
    end: usize,
}

impl Taken {
    pub fn bytes(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// The memory, to be used again.
    pub fn into_spare(self) -> Vec<u8> {
        self.buffer
    }
}

fn head(input: &mut dyn Read) -> Result<Vec<u8>, ErrorKind> {
    let mut head = vec![0; signature::HEAD];
    let read = read_up_to(input, &mut head)?;
    head.truncate(read);
    Ok(head)
}

/// Fills a buffer; less than its length at the end of the input.
fn read_up_to(input: &mut dyn Read, buffer: &mut [u8]) -> Result<usize, ErrorKind> {
    let mut filled = 0;
    while filled < buffer.len() {
        match input.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(read_error(error)),
        }
    }
    Ok(filled)
}

struct Hashing<R> {
    input: R,
    hash: Rc<RefCell<Sha256>>,
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(buffer)?;
        self.hash.borrow_mut().update(&buffer[..read]);
        Ok(read)
    }
}
