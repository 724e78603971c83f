//! Cuts bytes into pieces of whole rows, to be read in parallel.

use super::rows::{Dialect, RowEnd, row_end};
use memchr::{memchr, memchr2, memrchr2};

/// A row of more bytes is taken for a quote that was never closed.
pub(super) const ROW_LIMIT: usize = 16 << 20;

/// About how many bytes a piece has: of few a second thread does not help, and of many the numbers leave the cache.
const PIECE: usize = 1 << 18;

/// Where pieces end, and why the last row is in none of them.
pub(super) struct Cut {
    /// Each after a whole row.
    pub ends: Vec<usize>,
    /// Of the row behind the last end, which is not whole; nothing if there is none.
    pub left: Option<RowEnd>,
}

/// Cuts bytes that begin where a row does.
pub(super) fn cut(bytes: &[u8], dialect: Dialect, is_last: bool) -> Cut {
    match dialect.quote {
        Some(quote) if memchr(quote, bytes).is_some() => cut_rows(bytes, dialect, is_last),
        _ => cut_lines(bytes, is_last),
    }
}

/// Where there may be line ends within quotes, rows are gone through one by one.
fn cut_rows(bytes: &[u8], dialect: Dialect, is_last: bool) -> Cut {
    let (mut ends, mut piece, mut at) = (Vec::new(), 0, 0);
    let left = loop {
        if at == bytes.len() {
            break None;
        }
        match row_end(bytes, at, dialect, is_last) {
            RowEnd::At { next, .. } => at = next,
            end => break Some(end),
        }
        if at - piece >= PIECE {
            ends.push(at);
            piece = at;
        }
    };
    if at > piece {
        ends.push(at);
    }
    Cut { ends, left }
}

/// Where there are no quotes, a row ends with its line.
fn cut_lines(bytes: &[u8], is_last: bool) -> Cut {
    // A return at the very end may be half of a line end.
    let known = match bytes {
        [known @ .., b'\r'] if !is_last => known,
        _ => bytes,
    };
    let end = if is_last {
        bytes.len()
    } else {
        memrchr2(b'\n', b'\r', known).map_or(0, |at| at + 1)
    };
    let (mut ends, mut piece) = (Vec::new(), 0);
    while end - piece > PIECE {
        let Some(offset) = memchr2(b'\n', b'\r', &bytes[piece + PIECE..end]) else {
            break;
        };
        let at = piece + PIECE + offset;
        piece = if bytes[at..end].starts_with(b"\r\n") {
            at + 2
        } else {
            at + 1
        };
        ends.push(piece);
    }
    if end > piece {
        ends.push(end);
    }
    Cut {
        ends,
        left: (end < bytes.len()).then_some(RowEnd::Beyond),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMAS: Dialect = Dialect {
        delimiter: b',',
        quote: Some(b'"'),
    };

    #[test]
    fn pieces_are_whole_rows() {
        for end in ["\n", "\r\n", "\r"] {
            for quoted in ["1.5", "\"1\n5\""] {
                let text = format!("{quoted},2.5{end}").repeat(100_000);
                for is_last in [true, false] {
                    let Cut { ends, left } = cut(text.as_bytes(), COMMAS, is_last);
                    assert!(ends.len() > 2);
                    for &at in &ends {
                        assert!(
                            text[..at].ends_with(end)
                                && text[at..].is_empty() | text[at..].starts_with(quoted)
                        );
                    }
                    let is_half = end == "\r" && !is_last;
                    assert_eq!(left.is_some(), is_half);
                    assert_eq!(*ends.last().unwrap() < text.len(), is_half);
                }
            }
        }
    }

    #[test]
    fn a_row_that_is_not_whole_is_left() {
        let ends = |text: &str| cut(text.as_bytes(), COMMAS, false);
        assert_eq!(ends("1,2\n3").ends, [4]);
        assert!(ends("1,2").ends.is_empty());
        assert_eq!(ends("1,\"2\n3\n4,5").left, Some(RowEnd::WithinQuotes));
        assert!(ends("").left.is_none());
    }
}
