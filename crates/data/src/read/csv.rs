//! CSV: commas, a header, double quotes as RFC 4180 has them.

use super::lines::{EndlessRow, Physical, Start};
use super::sniff;
use crate::cell::Cell;
use crate::error::{ColumnName, Error, ErrorKind};
use crate::table::{Note, Table, TableBuilder};
use sha2::{Digest, Sha256};
use std::io::Read;
use std::sync::Arc;

/// A row of more bytes is taken for a quote that was never closed.
const ROW_LIMIT: usize = 16 << 20;

/// Reads CSV row by row, all at once into a [`Table`] or in blocks of constant memory.
///
/// The first line names the columns; fields are parted by commas and may stand in double quotes (doubled within), and may then hold
/// commas and line breaks. Line ends are `\n`, `\r\n` or `\r`; a byte order mark, blank lines, and blanks round cells and names
/// don't count. If each row ends in one comma too many, the empty field after it is dropped, with a [`Note`].
///
/// # Errors
/// Of every constructor and method: [`ErrorKind::Io`]; [`NotCsv`](ErrorKind::NotCsv), [`Empty`](ErrorKind::Empty),
/// [`NoRows`](ErrorKind::NoRows) for content that is no table; [`Header`](ErrorKind::Header), [`NoHeader`](ErrorKind::NoHeader),
/// [`Delimiter`](ErrorKind::Delimiter) for the first line; [`Ragged`](ErrorKind::Ragged), [`Unnamed`](ErrorKind::Unnamed),
/// [`Utf8`](ErrorKind::Utf8), [`Nul`](ErrorKind::Nul), [`TooLarge`](ErrorKind::TooLarge), [`OpenQuote`](ErrorKind::OpenQuote) with the
/// line on which the row starts.
///
/// ```
/// use chainrule_data::CsvReader;
///
/// let csv = "id,x\na,1\nb,2\nc,3\n";
/// let mut reader = CsvReader::new("rows.csv", csv.as_bytes())?.keep_cells();
/// let mut ids = Vec::new();
/// while let Some(block) = reader.next_block(2)? {
///     ids.extend((0..block.table().rows()).map(|row| block.cell(row, 0).to_owned()));
/// }
/// assert_eq!(ids, ["a", "b", "c"]);
/// # Ok::<(), chainrule_data::Error>(())
/// ```
#[derive(Debug)]
pub struct CsvReader<R: Read> {
    parser: csv::Reader<Physical<R>>,
    source: String,
    names: Arc<[String]>,
    trailing: Trailing,
    notes: Vec<Note>,
    row: csv::ByteRecord,
    rows: usize,
    keep_cells: bool,
}

/// Whether rows have an empty field more than the header has names.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Trailing {
    /// The first row will tell.
    Unknown,
    No,
    Yes,
    /// The header has it too.
    AndHeader,
}

impl<R: Read> CsvReader<R> {
    /// Starts to read: looks at the first bytes and reads the header. `source` names the input in errors.
    ///
    /// # Errors
    /// See [`CsvReader`].
    pub fn new(source: impl Into<String>, input: R) -> Result<Self, Error> {
        Self::start(source.into(), input, None)
    }

    /// The same; the table will have a [`sha256`](Table::sha256).
    pub(super) fn hashing(source: impl Into<String>, input: R) -> Result<Self, Error> {
        Self::start(source.into(), input, Some(Sha256::new()))
    }

    /// Keeps the cells of each row as text, for [`Block::cell`].
    pub fn keep_cells(mut self) -> Self {
        self.keep_cells = true;
        self
    }

    /// The names of the columns.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Reads all rows.
    ///
    /// # Errors
    /// See [`CsvReader`].
    pub fn read_table(mut self) -> Result<Table, Error> {
        let (builder, _) = self.read_rows(usize::MAX, false)?;
        let sha256 = self.parser.get_mut().sha256();
        Ok(builder.finish_with(self.notes, sha256))
    }

    /// Reads up to `rows` rows; nothing at the end. A file without any row is an error.
    ///
    /// # Errors
    /// See [`CsvReader`].
    pub fn next_block(&mut self, rows: usize) -> Result<Option<Block>, Error> {
        let (builder, records) = self.read_rows(rows, self.keep_cells)?;
        if builder.rows() == 0 {
            return Ok(None);
        }
        Ok(Some(Block {
            table: builder.finish_with(std::mem::take(&mut self.notes), None),
            records,
        }))
    }

    fn start(source: String, mut input: R, mut sha256: Option<Sha256>) -> Result<Self, Error> {
        let mut head = Vec::with_capacity(sniff::HEAD);
        let read = input
            .by_ref()
            .take(sniff::HEAD as u64)
            .read_to_end(&mut head);
        let check = match read {
            Err(error) => Err(ErrorKind::Io(error)),
            Ok(_) if head.is_empty() => Err(ErrorKind::Empty),
            Ok(_) => sniff::not_csv(&head).map_or(Ok(()), Err),
        };
        check.map_err(|kind| Error::from(kind).in_file(&source))?;
        if let Some(rest) = head.strip_prefix(b"\xef\xbb\xbf") {
            if let Some(sha256) = &mut sha256 {
                sha256.update(b"\xef\xbb\xbf");
            }
            head = rest.to_vec();
        }
        let parser = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .buffer_capacity(1 << 16)
            .from_reader(Physical::new(head, input, sha256, ROW_LIMIT));
        let mut reader = CsvReader {
            parser,
            source,
            names: Arc::new([]),
            trailing: Trailing::Unknown,
            notes: Vec::new(),
            row: csv::ByteRecord::new(),
            rows: 0,
            keep_cells: false,
        };
        reader
            .read_header()
            .map_err(|error| error.in_file(&reader.source))?;
        Ok(reader)
    }

    fn read_header(&mut self) -> Result<(), Error> {
        let header = loop {
            match self.read_record(ColumnName::Position)? {
                None => return Err(ErrorKind::Empty.into()),
                Some((_, header)) if is_blank(&header) => {}
                Some((_, header)) => break header,
            }
        };
        let mut names: Vec<String> = header.iter().map(|name| name.trim().to_owned()).collect();
        if let [name] = &names[..]
            && let Some(found) = [';', '\t', '|']
                .into_iter()
                .find(|&other| name.contains(other))
        {
            return Err(ErrorKind::Delimiter { found }.into());
        }
        if names.len() > 1 && names.last().is_some_and(String::is_empty) {
            names.pop();
            self.trailing = Trailing::AndHeader;
            self.notes.push(Note::TrailingDelimiter);
        }
        match looks_like_data(&names) {
            Some(true) => {
                return Err(ErrorKind::NoHeader {
                    first: names.into_iter().take(3).collect(),
                }
                .into());
            }
            Some(false) => self.notes.push(Note::NumericHeader),
            None => {}
        }
        self.names = TableBuilder::new(self.source.as_str(), &names)?.names();
        Ok(())
    }

    /// Up to `limit` rows, with their cells if asked for.
    fn read_rows(
        &mut self,
        limit: usize,
        keep: bool,
    ) -> Result<(TableBuilder, Vec<csv::StringRecord>), Error> {
        let names = self.names.clone();
        let mut builder =
            TableBuilder::with_names(self.source.clone(), names.clone(), self.rows + 1);
        let mut records = Vec::new();
        while builder.rows() < limit {
            let row = self.read_record(|position| match names.get(position - 1) {
                Some(name) => ColumnName::Name(name.clone()),
                None => ColumnName::Position(position),
            });
            let Some((line, record)) = row.map_err(|error| error.in_file(&self.source))? else {
                break;
            };
            let width = names.len();
            if width > 1 && is_blank(&record) {
                self.row = record.into_byte_record();
                continue;
            }
            self.check_width(line, &record, width)
                .map_err(|error| error.in_file(&self.source))?;
            builder.push_row(line, record.iter().take(width))?;
            if keep {
                records.push(record);
            } else {
                self.row = record.into_byte_record();
            }
        }
        self.rows += builder.rows();
        if self.rows == 0 && limit > 0 {
            return Err(Error::from(ErrorKind::NoRows).in_file(&self.source));
        }
        Ok((builder, records))
    }

    /// The number of fields: as many as names, or in every row one more that is empty.
    fn check_width(
        &mut self,
        line: u64,
        record: &csv::StringRecord,
        width: usize,
    ) -> Result<(), Error> {
        let last = record.iter().next_back().unwrap_or_default().trim();
        let one_more = record.len() == width + 1;
        if self.trailing == Trailing::Unknown {
            self.trailing = if one_more && last.is_empty() {
                Trailing::Yes
            } else {
                Trailing::No
            };
            if self.trailing == Trailing::Yes {
                self.notes.push(Note::TrailingDelimiter);
            }
        }
        match self.trailing {
            Trailing::Yes | Trailing::AndHeader if one_more && last.is_empty() => Ok(()),
            Trailing::AndHeader if one_more => Err(ErrorKind::Unnamed {
                line,
                text: last.to_owned(),
            }
            .into()),
            Trailing::No if record.len() == width => Ok(()),
            _ => Err(ErrorKind::Ragged {
                line,
                found: record.len(),
                expected: width,
            }
            .into()),
        }
    }

    /// The next row that is not blank, checked to be text, with the line on which it starts; `name` names a position (from 1).
    fn read_record(
        &mut self,
        name: impl Fn(usize) -> ColumnName,
    ) -> Result<Option<(u64, csv::StringRecord)>, Error> {
        let offset = self.parser.position().byte();
        self.parser.get_mut().begin_row(offset);
        let mut record = std::mem::take(&mut self.row);
        let read = self.parser.read_byte_record(&mut record);
        let start: Start = self.parser.get_ref().row();
        let line = start.line;
        match read {
            Err(error) => return Err(read_error(error, line).into()),
            Ok(false) => return Ok(None),
            Ok(true) => {}
        }
        let end = self.parser.position().byte();
        if self.parser.get_ref().ends_within_quotes(start, end)
            && record.as_slice().iter().any(|byte| b"\r\n".contains(byte))
        {
            return Err(ErrorKind::OpenQuote { line }.into());
        }
        let position =
            |wanted: &dyn Fn(&[u8]) -> bool| record.iter().position(wanted).map_or(1, |at| at + 1);
        if record.as_slice().contains(&0) {
            let column = name(position(&|cell| cell.contains(&0)));
            return Err(ErrorKind::Nul { line, column }.into());
        }
        match csv::StringRecord::from_byte_record(record) {
            Ok(record) => Ok(Some((line, record))),
            Err(error) => {
                let (at, valid) = (error.utf8_error().field(), error.utf8_error().valid_up_to());
                let byte = error
                    .into_byte_record()
                    .get(at)
                    .and_then(|cell| cell.get(valid).copied())
                    .unwrap_or_default();
                Err(ErrorKind::Utf8 {
                    line,
                    column: name(at + 1),
                    byte,
                }
                .into())
            }
        }
    }
}

/// Some rows of a larger file: a [`Table`] whose row numbers and lines are those of the file, and, if
/// [kept](CsvReader::keep_cells), the cells as they were written.
#[derive(Clone, Debug)]
pub struct Block {
    table: Table,
    records: Vec<csv::StringRecord>,
}

impl Block {
    /// The rows as a table.
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// A cell as it was written, without its quotes but with the blanks round it; row and column count from 0.
    ///
    /// # Panics
    /// If there is no such cell, or the reader was not told to [keep](CsvReader::keep_cells) them.
    pub fn cell(&self, row: usize, column: usize) -> &str {
        &self.records[row][column]
    }
}

/// A line of nothing but blanks. (The parser itself leaves out empty lines.)
fn is_blank(record: &csv::StringRecord) -> bool {
    record.len() == 1 && record[0].trim().is_empty()
}

/// Whether a header of nothing but numbers is surely a row (`Some(true)`) or may be one (`Some(false)`). Years or counted columns
/// are whole numbers that differ; measured rows have fractions or repeat themselves.
fn looks_like_data(names: &[String]) -> Option<bool> {
    let numbers: Option<Vec<f64>> = names
        .iter()
        .map(|name| {
            if let Cell::Number(value) = Cell::parse(name) {
                Some(value)
            } else {
                None
            }
        })
        .collect();
    let mut numbers = numbers.filter(|numbers| !numbers.is_empty())?;
    numbers.sort_by(f64::total_cmp);
    let repeats = numbers.windows(2).any(|pair| pair[0] == pair[1]);
    Some(repeats || numbers.iter().any(|value| value.fract() != 0.0))
}

fn read_error(error: csv::Error, line: u64) -> ErrorKind {
    match error.into_kind() {
        csv::ErrorKind::Io(error)
            if error
                .get_ref()
                .is_some_and(|inner| inner.is::<EndlessRow>()) =>
        {
            ErrorKind::TooLarge {
                line,
                limit: ROW_LIMIT,
            }
        }
        csv::ErrorKind::Io(error) => ErrorKind::Io(error),
        // With `flexible` and bytes the parser has no other complaints.
        other => ErrorKind::Io(std::io::Error::other(format!("{other:?}"))),
    }
}
