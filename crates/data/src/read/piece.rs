//! Some whole rows of a file, read into cells. Pieces are read in parallel and put together in their order, so that nothing
//! depends on how many threads there are.

use super::plain::plain_number;
use super::rows::{Dialect, Field, RowEnd, fields, line_breaks, row_end};
use crate::cell::{EXACT_INTEGERS, Spelling};
use crate::column::ColumnStore;
use crate::error::{BadRow, BadRows, ColumnName, RowProblem};
use crate::read::options::{Decimal, Encoding};
use crate::table::Lines;
use memchr::memchr;

/// How the rows of a file are made.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    pub dialect: Dialect,
    pub encoding: Encoding,
    pub spelling: Spelling,
    /// The columns.
    pub width: usize,
    pub trailing: Trailing,
}

impl Default for Layout {
    fn default() -> Self {
        Layout {
            dialect: Dialect {
                delimiter: b',',
                quote: Some(b'"'),
            },
            encoding: Encoding::Utf8,
            spelling: Spelling::default(),
            width: 0,
            trailing: Trailing::No,
        }
    }
}

impl Layout {
    /// What is wrong with a field whose text, as UTF-8, has a byte that it can't have there.
    pub fn no_text(&self, column: ColumnName, byte: u8) -> RowProblem {
        match self.encoding {
            Encoding::Utf16 => RowProblem::Utf16 { column },
            Encoding::Utf8 | Encoding::Latin1 => RowProblem::Utf8 { column, byte },
        }
    }

    /// The decimal mark, if a cell that begins with a number, and ends with it, is that number.
    fn plain_mark(&self) -> Option<u8> {
        let may_be_number =
            |word: &String| word.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c));
        let mark = match self.spelling.numbers.decimal {
            Decimal::Point => b'.',
            Decimal::Comma => b',',
        };
        let is_plain =
            mark != self.dialect.delimiter && !self.spelling.missing.iter().any(may_be_number);
        is_plain.then_some(mark)
    }
}

/// Whether rows end in a delimiter, so that they have an empty field more than there are columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trailing {
    No,
    Yes,
    /// The header does too.
    AndHeader,
}

/// The rows of some bytes.
pub(super) struct Piece {
    /// Row by row.
    pub cells: Vec<f64>,
    pub rows: usize,
    pub columns: Vec<ColumnStore>,
    /// The line of each row, where the first of these bytes is on line 1.
    pub lines: Lines,
    pub line_breaks: u64,
    /// Where each row starts.
    pub starts: Vec<usize>,
    pub bad: BadRows,
}

impl Piece {
    /// Reads whole rows. `bytes` begin where a row does and end with a line end or the file; `columns` are stores for
    /// them, and `cells` is an empty vector whose memory is used.
    pub fn read(
        bytes: &[u8],
        layout: &Layout,
        columns: Vec<ColumnStore>,
        mut cells: Vec<f64>,
    ) -> Piece {
        cells.reserve(bytes.len() / 6);
        let mut piece = Piece {
            cells,
            rows: 0,
            columns,
            lines: Lines::default(),
            line_breaks: 0,
            starts: Vec::new(),
            bad: BadRows::default(),
        };
        let mark = layout.plain_mark();
        let mut scratch = Vec::new();
        let mut at = 0;
        while at < bytes.len() {
            at = piece.read_row(bytes, at, layout, mark, &mut scratch);
        }
        piece
    }

    /// Reads the row that starts at `start` and tells where the next one does.
    fn read_row(
        &mut self,
        bytes: &[u8],
        start: usize,
        layout: &Layout,
        mark: Option<u8>,
        scratch: &mut Vec<u8>,
    ) -> usize {
        let (dialect, width) = (layout.dialect, layout.width);
        let first_cell = self.cells.len();
        let mut at = start;
        let mut column = 0;
        let mut breaks_within = 0;
        let problem = loop {
            let mut field_end = None;
            if let Some(mark) = mark
                && column < width
            {
                (at, column) = self.read_plain(bytes, at, column, width, mark, dialect.delimiter);
                if column < width {
                    field_end = self.read_number(bytes, at, column, mark, dialect);
                } else if let Some(before) = at.checked_sub(1)
                    && bytes[before] != dialect.delimiter
                {
                    // The last field was one of them.
                    break None;
                }
            }
            let end = match field_end {
                Some(end) => end,
                None => {
                    let (field, end) = Field::read(bytes, at, dialect);
                    if let Field::Quoted { inside, .. } = field {
                        breaks_within += line_breaks(inside);
                    }
                    match self.read_field(field, column, layout, scratch) {
                        Ok(()) => end,
                        Err(problem) => break Some(problem),
                    }
                }
            };
            column += 1;
            at = end + 1;
            match bytes.get(end) {
                Some(b'\n') => break None,
                Some(b'\r') => {
                    at += usize::from(bytes.get(at) == Some(&b'\n'));
                    break None;
                }
                None => {
                    at = end;
                    break None;
                }
                Some(_) => {}
            }
        };
        let line = 1 + self.line_breaks;
        let problem = problem.or_else(|| wrong_width(column, width, layout.trailing));
        match problem {
            None => {
                self.line_breaks +=
                    breaks_within + u64::from(at > start && matches!(bytes[at - 1], b'\n' | b'\r'));
                if column == 1 && is_blank(&bytes[start..at], width) {
                    self.cells.truncate(first_cell);
                    return at;
                }
                self.lines.push(self.rows, line);
                self.starts.push(start);
                self.rows += 1;
                at
            }
            Some(problem) => {
                self.cells.truncate(first_cell);
                let (end, next) = match row_end(bytes, start, dialect, true) {
                    RowEnd::At { end, next } => (end, next),
                    RowEnd::Beyond | RowEnd::WithinQuotes => (bytes.len(), bytes.len()),
                };
                self.line_breaks += line_breaks(&bytes[start..next]);
                let row = &bytes[start..end];
                let found = fields(row, dialect).count();
                if found == 1 && is_blank(row, width) {
                    return next;
                }
                let problem = match problem {
                    RowProblem::Ragged { expected, .. } => RowProblem::Ragged { found, expected },
                    RowProblem::Unnamed { .. } if found > width + 1 => RowProblem::Ragged {
                        found,
                        expected: width,
                    },
                    other => other,
                };
                self.bad.push(BadRow { line, problem });
                next
            }
        }
    }

    /// Reads plain numbers from a field on, as many as there are up to the end of the row: the place and column of the next field,
    /// or, after the last column, of what is behind the delimiter or `\n` there.
    #[inline(never)]
    fn read_plain(
        &mut self,
        bytes: &[u8],
        start: usize,
        first: usize,
        width: usize,
        mark: u8,
        delimiter: u8,
    ) -> (usize, usize) {
        let (mut at, mut column) = (start, first);
        for store in &mut self.columns[first..width] {
            let Some((value, end)) = plain_number(bytes, at, mark) else {
                break;
            };
            let is_last = column + 1 == width;
            match bytes.get(end) {
                Some(&byte) if byte == delimiter => {}
                Some(b'\n') if is_last => {}
                _ => break,
            }
            store.note(value, &bytes[at..end]);
            self.cells.push(value);
            at = end + 1;
            column += 1;
        }
        (at, column)
    }

    /// Reads a number up to the delimiter or line end behind it, with blanks round it, an exponent, or at the end of the bytes; nothing
    /// if the field is something else.
    fn read_number(
        &mut self,
        bytes: &[u8],
        start: usize,
        column: usize,
        mark: u8,
        dialect: Dialect,
    ) -> Option<usize> {
        let after_blanks = |mut at: usize| {
            while bytes.get(at).is_some_and(|&byte| dialect.is_blank(byte)) {
                at += 1;
            }
            at
        };
        let at = after_blanks(start);
        let (value, end) = match plain_number(bytes, at, mark) {
            Some((value, end)) if ends_field(bytes, after_blanks(end), dialect) => (value, end),
            _ if mark == b'.' => any_number(bytes, at)?,
            _ => return None,
        };
        let field_end = after_blanks(end);
        if !ends_field(bytes, field_end, dialect) {
            return None;
        }
        // Large whole numbers keep their digits.
        if value.abs() >= EXACT_INTEGERS {
            return None;
        }
        self.columns[column].note(value, &bytes[at..end]);
        self.cells.push(value);
        Some(field_end)
    }

    fn read_field(
        &mut self,
        field: Field,
        column: usize,
        layout: &Layout,
        scratch: &mut Vec<u8>,
    ) -> Result<(), RowProblem> {
        let name = || ColumnName::Position(column + 1);
        if let Field::Broken(text) = field {
            let text = String::from_utf8_lossy(text).into_owned();
            return Err(RowProblem::AfterQuote {
                column: name(),
                text,
            });
        }
        let bytes = field.text(layout.dialect, scratch);
        if memchr(0, bytes).is_some() {
            return Err(RowProblem::Nul { column: name() });
        }
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => return Err(layout.no_text(name(), bytes[error.valid_up_to()])),
        };
        if column < layout.width {
            let cell = self.columns[column].push(text, self.rows, &layout.spelling);
            self.cells.push(cell);
            return Ok(());
        }
        match layout.trailing {
            _ if column > layout.width || text.trim().is_empty() => Ok(()),
            Trailing::AndHeader => Err(RowProblem::Unnamed {
                text: text.to_owned(),
            }),
            Trailing::No | Trailing::Yes => Err(RowProblem::Ragged {
                found: column + 1,
                expected: layout.width,
            }),
        }
    }
}

/// A number with a decimal point that may have a sign and an exponent, and where it ends. Words such as inf and nan are not for
/// here, and zeros in front may be part of a name.
fn any_number(bytes: &[u8], at: usize) -> Option<(f64, usize)> {
    let digits = at + usize::from(matches!(bytes.get(at)?, b'-' | b'+'));
    match (bytes.get(digits)?, bytes.get(digits + 1)) {
        (b'0', Some(b'0'..=b'9')) => return None,
        (b'0'..=b'9' | b'.', _) => {}
        _ => return None,
    }
    let (value, length) = fast_float2::parse_partial::<f64, _>(&bytes[at..]).ok()?;
    Some((value, at + length))
}

/// Whether a delimiter, a line end or the end of the bytes is here.
#[inline(always)]
fn ends_field(bytes: &[u8], at: usize, dialect: Dialect) -> bool {
    match bytes.get(at) {
        None | Some(b'\n' | b'\r') => true,
        Some(&byte) => byte == dialect.delimiter,
    }
}

/// The number of fields: as many as there are columns, or in every row one more, which is empty.
fn wrong_width(found: usize, width: usize, trailing: Trailing) -> Option<RowProblem> {
    let (fields, expected) = match trailing {
        Trailing::No => (width, width),
        Trailing::Yes => (width + 1, width),
        Trailing::AndHeader => (width + 1, width + 1),
    };
    (found != fields).then_some(RowProblem::Ragged { found, expected })
}

/// A line of nothing but blanks, which is a row only where a row is one cell, and then only if there is a blank at all.
fn is_blank(row: &[u8], width: usize) -> bool {
    let content = row.strip_suffix(b"\n").unwrap_or(row);
    let content = content.strip_suffix(b"\r").unwrap_or(content);
    match width {
        1 => content.is_empty(),
        _ => std::str::from_utf8(content).is_ok_and(|text| text.trim().is_empty()),
    }
}
