//! Bytes of other encodings made UTF-8 as they are read.

use super::options::Encoding;
use std::borrow::Cow;
use std::io::{self, Read};

/// The bytes of a mark at the start of a file, and the encoding that it tells.
pub(super) fn mark(head: &[u8]) -> Option<(usize, Encoding)> {
    match head {
        [0xef, 0xbb, 0xbf, ..] => Some((3, Encoding::Utf8)),
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => Some((2, Encoding::Utf16)),
        _ => None,
    }
}

/// The byte order of UTF-16, by its mark, else by where the zero bytes of plain characters are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum ByteOrder {
    #[default]
    Little,
    Big,
}

impl ByteOrder {
    pub fn of(head: &[u8]) -> ByteOrder {
        let zeros = |first: usize| {
            head.iter()
                .skip(first)
                .step_by(2)
                .filter(|&&byte| byte == 0)
                .count()
        };
        match head {
            [0xfe, 0xff, ..] => ByteOrder::Big,
            [0xff, 0xfe, ..] => ByteOrder::Little,
            _ if zeros(0) > zeros(1) => ByteOrder::Big,
            _ => ByteOrder::Little,
        }
    }
}

/// Whether the start of a file without a mark can hardly be anything but text in UTF-16: one byte of each two is zero for most
/// characters and the other never is, and what they make is text.
pub(super) fn is_utf16(head: &[u8]) -> bool {
    let pairs = head.chunks_exact(2);
    let zeros = |at: usize| pairs.clone().filter(|pair| pair[at] == 0).count();
    let (low, high) = (zeros(0).min(zeros(1)), zeros(0).max(zeros(1)));
    let is_text = |bytes: &[u8]| {
        let is_control = |byte: &u8| *byte < b' ' && !b"\t\n\r".contains(byte);
        std::str::from_utf8(bytes).is_ok() && !bytes.iter().any(is_control)
    };
    pairs.len() > 3
        && low == 0
        && high * 10 >= pairs.len() * 7
        && is_text(&start_of_utf16(head, ByteOrder::of(head)))
}

/// The start of a text in UTF-16, without a mark, as UTF-8.
pub(super) fn start_of_utf16(head: &[u8], order: ByteOrder) -> Cow<'static, [u8]> {
    let mut text = Vec::new();
    utf16(head, order, false, &mut text);
    text.into()
}

/// Whether the start of a file is text in UTF-32: by its mark, or by the three zeros of each plain character.
pub(super) fn is_utf32(head: &[u8]) -> bool {
    let is_plain = |at: usize| {
        let mut characters = head.chunks_exact(4);
        head.len() > 7
            && characters
                .all(|bytes| (0..4).all(|byte| byte == at || bytes[byte] == 0) && (bytes[at] > 0))
    };
    head.starts_with(&[0xff, 0xfe, 0, 0])
        || head.starts_with(&[0, 0, 0xfe, 0xff])
        || is_plain(0)
        || is_plain(3)
}

/// Text in UTF-8 from Latin-1 or UTF-16.
pub(super) struct Transcoder<R> {
    input: R,
    from: From,
    /// Bytes that are not decoded yet: an odd one, or half of a pair.
    rest: Vec<u8>,
    ready: Vec<u8>,
    at: usize,
    ended: bool,
}

#[derive(Clone, Copy)]
enum From {
    Latin1,
    Utf16(ByteOrder),
}

impl<R: Read> Transcoder<R> {
    /// From Latin-1; 0x80 to 0x9F are those of Windows-1252 where it has characters.
    pub fn latin1(input: R) -> Self {
        Transcoder::new(input, From::Latin1)
    }

    /// From UTF-16 without a mark. Halves of pairs that are alone become a byte that no text in UTF-8 has: the cell is then named
    /// as not being UTF-16.
    pub fn utf16(input: R, order: ByteOrder) -> Self {
        Transcoder::new(input, From::Utf16(order))
    }

    fn new(input: R, from: From) -> Self {
        Transcoder {
            input,
            from,
            rest: Vec::new(),
            ready: Vec::new(),
            at: 0,
            ended: false,
        }
    }

    /// Decodes the next bytes.
    fn fill(&mut self) -> io::Result<()> {
        let mut bytes = std::mem::take(&mut self.rest);
        let kept = bytes.len();
        bytes.resize(kept + (1 << 15), 0);
        let read = loop {
            match self.input.read(&mut bytes[kept..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other?,
            }
        };
        bytes.truncate(kept + read);
        self.ended = read == 0;
        self.ready.clear();
        self.at = 0;
        match self.from {
            From::Latin1 => bytes
                .iter()
                .for_each(|&byte| push(&mut self.ready, windows_1252(byte))),
            From::Utf16(order) => self.rest = utf16(&bytes, order, self.ended, &mut self.ready),
        }
        Ok(())
    }
}

impl<R: Read> Read for Transcoder<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.at == self.ready.len() && !self.ended {
            self.fill()?;
        }
        let count = buffer.len().min(self.ready.len() - self.at);
        buffer[..count].copy_from_slice(&self.ready[self.at..self.at + count]);
        self.at += count;
        Ok(count)
    }
}

fn push(out: &mut Vec<u8>, c: char) {
    let mut bytes = [0; 4];
    out.extend_from_slice(c.encode_utf8(&mut bytes).as_bytes());
}

/// Decodes whole characters, and gives back the bytes of one that is not complete.
fn utf16(bytes: &[u8], order: ByteOrder, is_last: bool, out: &mut Vec<u8>) -> Vec<u8> {
    /// Never part of UTF-8: whoever reads the cell finds it.
    const WRONG: u8 = 0xff;
    let unit = |pair: &[u8]| match order {
        ByteOrder::Little => u16::from_le_bytes([pair[0], pair[1]]),
        ByteOrder::Big => u16::from_be_bytes([pair[0], pair[1]]),
    };
    let mut whole = bytes.len() / 2 * 2;
    // The first half of a pair waits for the second.
    if !is_last && whole >= 2 && (0xd800..0xdc00).contains(&unit(&bytes[whole - 2..])) {
        whole -= 2;
    }
    for decoded in char::decode_utf16(bytes[..whole].chunks_exact(2).map(unit)) {
        match decoded {
            Ok(c) => push(out, c),
            Err(_) => out.push(WRONG),
        }
    }
    if is_last && whole < bytes.len() {
        out.push(WRONG);
        return Vec::new();
    }
    bytes[whole..].to_vec()
}

/// The bytes that [`Transcoder`] made this text from.
pub(super) fn encode(text: &str, encoding: Encoding, order: ByteOrder, out: &mut Vec<u8>) {
    match encoding {
        Encoding::Utf8 => out.extend_from_slice(text.as_bytes()),
        Encoding::Latin1 => out.extend(text.chars().map(|c| {
            let among = FROM_80.iter().position(|&other| other == c);
            among.map_or(c as u8, |at| 0x80 + at as u8)
        })),
        Encoding::Utf16 => out.extend(text.encode_utf16().flat_map(|unit| match order {
            ByteOrder::Little => unit.to_le_bytes(),
            ByteOrder::Big => unit.to_be_bytes(),
        })),
    }
}

/// The characters of the bytes 0x80 to 0x9F in Windows-1252; the five that have none stay control codes, as in Latin-1
/// (WHATWG Encoding Standard, index windows-1252).
const FROM_80: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}',
    '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

/// The character of a byte in Windows-1252.
fn windows_1252(byte: u8) -> char {
    match byte {
        0x80..=0x9f => FROM_80[usize::from(byte - 0x80)],
        _ => char::from(byte),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(mut reader: impl Read) -> Vec<u8> {
        let mut text = Vec::new();
        reader.read_to_end(&mut text).unwrap();
        text
    }

    #[test]
    fn latin_1_has_a_character_for_each_byte() {
        assert_eq!(
            all(Transcoder::latin1(&b"p\xe9re \x80\x81"[..])),
            "père €\u{81}".replace('è', "é").into_bytes()
        );
        let bytes: Vec<u8> = (0..=255).collect();
        let text = String::from_utf8(all(Transcoder::latin1(&bytes[..]))).unwrap();
        assert_eq!(text.chars().count(), 256);
        let mut back = Vec::new();
        encode(&text, Encoding::Latin1, ByteOrder::Little, &mut back);
        assert_eq!(back, bytes);
    }

    #[test]
    fn utf_16_is_read_in_both_orders_across_any_pieces() {
        let text = "y,größe\n1,𝄞\n".repeat(9000);
        for order in [ByteOrder::Little, ByteOrder::Big] {
            let bytes: Vec<u8> = text
                .encode_utf16()
                .flat_map(|unit| {
                    if order == ByteOrder::Little {
                        unit.to_le_bytes()
                    } else {
                        unit.to_be_bytes()
                    }
                })
                .collect();
            assert_eq!(ByteOrder::of(&bytes), order);
            let mut back = Vec::new();
            encode(&text, Encoding::Utf16, order, &mut back);
            assert_eq!(back, bytes);
            assert_eq!(all(Transcoder::utf16(&bytes[..], order)), text.as_bytes());
            assert_eq!(
                all(Transcoder::utf16((&bytes[..7]).chain(&bytes[7..]), order)),
                text.as_bytes()
            );
        }
    }

    #[test]
    fn text_in_utf_16_and_32_needs_no_mark() {
        let units = |text: &str, bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
            text.encode_utf16().flat_map(bytes).collect()
        };
        for text in ["y,x\n1,2\n", "größe\tπ\r\n1\t2\r\n"] {
            assert!(is_utf16(&units(text, u16::to_le_bytes)), "{text}");
            assert!(is_utf16(&units(text, u16::to_be_bytes)), "{text}");
            let wide = |bytes: fn(u32) -> [u8; 4]| -> Vec<u8> {
                text.chars().flat_map(|c| bytes(c.into())).collect()
            };
            assert!(!is_utf16(&wide(u32::to_le_bytes)) && !is_utf16(text.as_bytes()));
            let marked = [&[0xff, 0xfe, 0, 0], &wide(u32::to_le_bytes)[..]].concat();
            assert!(is_utf32(&marked) && !is_utf32(text.as_bytes()));
        }
        let wide: Vec<u8> = "y,x\n"
            .chars()
            .flat_map(|c| (c as u32).to_be_bytes())
            .collect();
        assert!(is_utf32(&wide));
        // Counts of 16 bits, an IDX file, zeros.
        for bytes in [
            &[1, 0, 2, 0, 3, 0, 4, 0, 5, 0][..],
            b"\0\0\x08\x01\0\0\x27\x10",
            &[0; 64],
        ] {
            assert!(!is_utf16(bytes) && !is_utf32(bytes), "{bytes:?}");
        }
    }

    #[test]
    fn what_is_no_utf_16_is_no_text() {
        for bytes in [&b"a\0\0\xd8b\0"[..], b"a\0b", b"\0\xdc"] {
            assert!(String::from_utf8(all(Transcoder::utf16(bytes, ByteOrder::Little))).is_err());
        }
    }
}
