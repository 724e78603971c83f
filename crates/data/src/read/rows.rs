//! Where rows and fields end: the grammar of CSV, byte by byte.
//!
//! A row ends with `\n`, `\r\n` or a lone `\r`. A field is parted from the next by the delimiter. If its first byte that is no blank
//! is the quote, it goes on to the next quote that is not doubled, delimiters and line ends included, and only blanks may follow.
//! A quote elsewhere in a field is a character like any other.

use std::borrow::Cow;

use memchr::{memchr, memchr_iter, memchr2, memchr2_iter, memchr3};

/// What parts fields, and what may stand round them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Dialect {
    pub delimiter: u8,
    pub quote: Option<u8>,
}

impl Dialect {
    /// A blank that does not part fields.
    pub fn is_blank(self, byte: u8) -> bool {
        (byte == b' ' || byte == b'\t') && byte != self.delimiter
    }
}

/// Where a row ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RowEnd {
    /// The content ends before `end`, and the next row starts at `next`.
    At { end: usize, next: usize },
    /// The bytes end first.
    Beyond,
    /// The bytes end within quotes.
    WithinQuotes,
}

/// The end of the row that starts at `start`. At the end of a file (`is_last`) a row needs no line end.
pub(super) fn row_end(bytes: &[u8], start: usize, dialect: Dialect, is_last: bool) -> RowEnd {
    let mut at = start;
    let mut field_start = start;
    loop {
        let found = match dialect.quote {
            Some(quote) => memchr3(b'\n', b'\r', quote, &bytes[at..]),
            None => memchr2(b'\n', b'\r', &bytes[at..]),
        };
        let Some(offset) = found else {
            return if is_last {
                RowEnd::At {
                    end: bytes.len(),
                    next: bytes.len(),
                }
            } else {
                RowEnd::Beyond
            };
        };
        let end = at + offset;
        match bytes[end] {
            b'\n' => return RowEnd::At { end, next: end + 1 },
            b'\r' => {
                return match bytes.get(end + 1) {
                    Some(b'\n') => RowEnd::At { end, next: end + 2 },
                    None if !is_last => RowEnd::Beyond,
                    _ => RowEnd::At { end, next: end + 1 },
                };
            }
            quote => {
                at = end + 1;
                if opens_field(bytes, field_start, end, dialect) {
                    match closing_quote(bytes, at, quote) {
                        Some(close) => at = close + 1,
                        None => return RowEnd::WithinQuotes,
                    }
                    // What comes before the closing quote does not start a field.
                    field_start = at;
                }
            }
        }
    }
}

/// Whether only blanks lie between a quote and the delimiter or the row's start before it.
fn opens_field(bytes: &[u8], row_start: usize, quote: usize, dialect: Dialect) -> bool {
    let before = &bytes[row_start..quote];
    match before.iter().rposition(|&byte| !dialect.is_blank(byte)) {
        Some(at) => before[at] == dialect.delimiter,
        // After a closing quote only a delimiter opens another field.
        None => row_start == 0 || dialect.quote != Some(bytes[row_start - 1]),
    }
}

/// The quote that closes a field whose content starts at `start`.
fn closing_quote(bytes: &[u8], start: usize, quote: u8) -> Option<usize> {
    let mut at = start;
    loop {
        let close = at + memchr(quote, bytes.get(at..)?)?;
        if bytes.get(close + 1) != Some(&quote) {
            return Some(close);
        }
        at = close + 2;
    }
}

/// The number of line ends in some bytes that don't begin in the middle of `\r\n`.
pub(super) fn line_breaks(bytes: &[u8]) -> u64 {
    if memchr(b'\r', bytes).is_none() {
        return memchr_iter(b'\n', bytes).count() as u64;
    }
    let is_break = |&at: &usize| bytes[at] == b'\n' || bytes.get(at + 1) != Some(&b'\n');
    memchr2_iter(b'\n', b'\r', bytes).filter(is_break).count() as u64
}

/// One field of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field<'a> {
    /// As it stands, with the blanks round it.
    Plain(&'a [u8]),
    /// What is between quotes; if `doubled`, quotes in it are written twice.
    Quoted { inside: &'a [u8], doubled: bool },
    /// Text after the closing quote, which should not be there.
    Broken(&'a [u8]),
}

impl<'a> Field<'a> {
    /// The field that starts at `start`, and where its delimiter, its line end or the end of the bytes is.
    pub fn read(bytes: &'a [u8], start: usize, dialect: Dialect) -> (Field<'a>, usize) {
        let ends = |byte: &u8| *byte == dialect.delimiter || *byte == b'\n' || *byte == b'\r';
        let end_from = |from: usize| {
            bytes[from..]
                .iter()
                .position(ends)
                .map_or(bytes.len(), |at| from + at)
        };
        let Some(quote) = dialect.quote else {
            let end = end_from(start);
            return (Field::Plain(&bytes[start..end]), end);
        };
        let mut open = start;
        while open < bytes.len() && dialect.is_blank(bytes[open]) {
            open += 1;
        }
        if bytes.get(open) != Some(&quote) {
            let end = end_from(open);
            return (Field::Plain(&bytes[start..end]), end);
        }
        let Some(close) = closing_quote(bytes, open + 1, quote) else {
            return (Field::Broken(&bytes[open..]), bytes.len());
        };
        let end = end_from(close + 1);
        if !bytes[close + 1..end]
            .iter()
            .all(|&byte| dialect.is_blank(byte))
        {
            return (Field::Broken(&bytes[open..end]), end);
        }
        let inside = &bytes[open + 1..close];
        let doubled = memchr(quote, inside).is_some();
        (Field::Quoted { inside, doubled }, end)
    }

    /// The bytes of the field, with doubled quotes made single in `scratch`.
    pub fn text<'s>(self, dialect: Dialect, scratch: &'s mut Vec<u8>) -> &'s [u8]
    where
        'a: 's,
    {
        match self {
            Field::Plain(text) | Field::Broken(text) => text,
            Field::Quoted {
                inside,
                doubled: false,
            } => inside,
            Field::Quoted {
                inside,
                doubled: true,
            } => {
                scratch.clear();
                let mut previous_is_half = false;
                for &byte in inside {
                    let is_quote = Some(byte) == dialect.quote;
                    previous_is_half = is_quote && !previous_is_half;
                    if !is_quote || previous_is_half {
                        scratch.push(byte);
                    }
                }
                scratch
            }
        }
    }
}

/// The fields of one row, without its line end.
pub(super) fn fields(row: &[u8], dialect: Dialect) -> impl Iterator<Item = Field<'_>> {
    let mut next = Some(0);
    std::iter::from_fn(move || {
        let start = next?;
        let (field, end) = Field::read(row, start, dialect);
        next = (end < row.len()).then_some(end + 1);
        Some(field)
    })
}

/// The fields of one row as text, whatever is wrong with them: for looking at, not for reading.
pub(super) fn texts(row: &[u8], dialect: Dialect) -> Vec<Cow<'_, str>> {
    let text = |field| match field {
        Field::Plain(text)
        | Field::Broken(text)
        | Field::Quoted {
            inside: text,
            doubled: false,
        } => String::from_utf8_lossy(text),
        Field::Quoted { doubled: true, .. } => {
            let mut scratch = Vec::new();
            let text = String::from_utf8_lossy(field.text(dialect, &mut scratch));
            Cow::Owned(text.into_owned())
        }
    };
    fields(row, dialect).map(text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMAS: Dialect = Dialect {
        delimiter: b',',
        quote: Some(b'"'),
    };
    const SINGLE: Dialect = Dialect {
        delimiter: b';',
        quote: Some(b'\''),
    };

    fn rows(text: &str, dialect: Dialect) -> Vec<Vec<Cow<'_, str>>> {
        let (mut at, mut rows) = (0, Vec::new());
        while at < text.len() {
            let RowEnd::At { end, next } = row_end(text.as_bytes(), at, dialect, true) else {
                panic!("{text:?}")
            };
            rows.push(texts(&text.as_bytes()[at..end], dialect));
            at = next;
        }
        rows
    }

    #[test]
    fn quotes_hold_delimiters_and_line_ends() {
        assert_eq!(
            rows("a,\"b,\n\"\"c\",d\r\ne", COMMAS),
            [vec!["a", "b,\n\"c", "d"], vec!["e"]]
        );
        assert_eq!(
            rows("'a;b' ;\t'c'\r'd'", SINGLE),
            [vec!["a;b", "c"], vec!["d"]]
        );
        assert_eq!(rows("\"\",\"\"\"\"\n", COMMAS), [vec!["", "\""]]);
        assert_eq!(rows(",\n", COMMAS), [vec!["", ""]]);
    }

    #[test]
    fn a_quote_within_a_field_is_a_character() {
        assert_eq!(
            rows("5\" pipe,it\"s\nx", COMMAS),
            [vec!["5\" pipe", "it\"s"], vec!["x"]]
        );
        assert_eq!(
            rows("\"a\"b\",c\nd", COMMAS),
            [vec!["\"a\"b\"", "c"], vec!["d"]]
        );
    }

    #[test]
    fn bytes_may_end_early() {
        let end = |text: &str, is_last| row_end(text.as_bytes(), 0, COMMAS, is_last);
        assert_eq!(end("a,b", false), RowEnd::Beyond);
        assert_eq!(end("a,b\r", false), RowEnd::Beyond);
        assert_eq!(end("a,b\r", true), RowEnd::At { end: 3, next: 4 });
        assert_eq!(end("a,\"b\n", true), RowEnd::WithinQuotes);
    }

    #[test]
    fn every_kind_of_line_end_counts_once() {
        assert_eq!(line_breaks(b"a\nb\r\nc\rd\r\r\n\n"), 6);
        assert_eq!(line_breaks(b"a\n\nb"), 2);
    }
}
