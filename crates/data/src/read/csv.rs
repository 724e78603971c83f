//! CSV files: from bytes to a table, whole or in blocks.

mod start;

use super::block::{Block, Kept};
use super::compress::Packing;
use super::cut::{Cut, ROW_LIMIT, cut};
use super::feed::{Feed, Wrapping};
use super::format::Format;
use super::options::{CsvOptions, OnBad};
use super::piece::{Layout, Piece};
use super::raw::{self, RawRows};
use super::rows::{RowEnd, line_breaks, row_end};
use crate::error::{BadRows, Error, ErrorKind};
use crate::table::{Note, Table, TableBuilder};
use std::io::Read;
use std::sync::Arc;

/// Bytes that are read at a time.
const BLOCK: usize = 2 << 20;

/// Bytes that are read for a block of rows at first.
const SMALL_BLOCK: usize = 1 << 16;

/// Reads CSV, all at once into a [`Table`] or in blocks of constant memory.
///
/// Delimiter (comma, tab, semicolon or pipe), quotes, header and the way numbers are written are detected from the first rows unless
/// [`CsvOptions`] say them; [`Table::format`] tells what was found. Fields may stand in quotes (doubled within), and may then hold
/// delimiters and line breaks. Line ends are `\n`, `\r\n` or `\r`; a byte order mark, blank lines, and blanks round cells and names
/// don't count. If each row ends in one delimiter too many, the empty field after it is dropped, with a [`Note`]. Files that were
/// packed with gzip or zstd are unpacked; UTF-16 is read where a byte order mark or its zero bytes tell it.
///
/// # Errors
/// Of every constructor and method: [`ErrorKind::Io`] and [`Unpack`](ErrorKind::Unpack); [`NotCsv`](ErrorKind::NotCsv),
/// [`Empty`](ErrorKind::Empty), [`NoRows`](ErrorKind::NoRows) for content that is no table; [`Header`](ErrorKind::Header) for the
/// names; [`BadRows`](ErrorKind::BadRows), [`TooLarge`](ErrorKind::TooLarge), [`OpenQuote`](ErrorKind::OpenQuote) with the line on
/// which the row starts.
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
pub struct CsvReader<'a> {
    feed: Feed<'a>,
    source: String,
    names: Arc<[String]>,
    layout: Layout,
    on_bad: OnBad,
    format: Arc<Format>,
    notes: Vec<Note>,
    bad: BadRows,
    rows: usize,
    /// Of the first byte that was not used.
    line: u64,
    keep_cells: bool,
    keep_rows: bool,
    wrapping: Wrapping,
    /// With its line end, after that of Excel that says what parts fields; empty if there is none.
    header: Vec<u8>,
}

impl<'a> CsvReader<'a> {
    /// Starts to read: looks at the first rows. `source` names the input in errors.
    ///
    /// # Errors
    /// See [`CsvReader`].
    pub fn new(source: impl Into<String>, input: impl Read + 'a) -> Result<Self, Error> {
        Self::with(source, input, &CsvOptions::default())
    }

    /// The same where something is known about the file.
    ///
    /// # Errors
    /// See [`CsvReader`]; [`Separator`](ErrorKind::Separator) if delimiter or quote can't be one.
    pub fn with(
        source: impl Into<String>,
        input: impl Read + 'a,
        options: &CsvOptions,
    ) -> Result<Self, Error> {
        let source = source.into();
        options.check()?;
        let feed = Feed::open(input, options.encoding, false);
        let (feed, wrapping) = feed.map_err(|kind| Error::from(kind).in_file(&source))?;
        Self::start(source, feed, wrapping, options)
    }

    /// The same; the table will have a [`sha256`](Table::sha256).
    pub(super) fn hashing(
        source: String,
        input: impl Read + 'a,
        options: &CsvOptions,
    ) -> Result<Self, Error> {
        options.check()?;
        let feed = Feed::open(input, options.encoding, true);
        let (feed, wrapping) = feed.map_err(|kind| Error::from(kind).in_file(&source))?;
        Self::start(source, feed, wrapping, options)
    }

    /// Keeps the cells of each row as text, for [`Block::cell`].
    #[must_use]
    pub fn keep_cells(mut self) -> Self {
        self.keep_cells = true;
        self
    }

    /// Keeps each row as the bytes that stand in the file (once unpacked), for [`Block::row_bytes`].
    #[must_use]
    pub fn keep_rows(mut self) -> Self {
        self.keep_rows = true;
        self
    }

    /// The name of the file or other source.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The names of the columns.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// How the file is written, in words: see [`Table::format`].
    pub fn format(&self) -> &str {
        &self.format.text
    }

    /// What the file was packed with: `gzip`, `zstd`, or nothing.
    pub fn packing(&self) -> Option<&'static str> {
        self.wrapping.packing.map(Packing::name)
    }

    /// The bytes of the file before its rows: a byte order mark, a line such as `sep=;`, and the header with its line end. Blank lines
    /// are not among them.
    pub fn header_bytes(&self) -> Vec<u8> {
        raw::head(&self.header, self.wrapping)
    }

    /// The name of the target, as [`Table::target`].
    ///
    /// # Errors
    /// [`ErrorKind::UnknownColumn`].
    pub fn target(&self, asked: Option<&str>) -> Result<Option<String>, Error> {
        let empty = self.builder().finish();
        Ok(empty.target(asked)?.map(str::to_owned))
    }

    /// Whether the first row names the columns.
    pub fn has_header(&self) -> bool {
        self.format.has_header
    }

    /// Reads all rows, on the threads of the current rayon pool; the table does not depend on how many these are.
    ///
    /// # Errors
    /// See [`CsvReader`].
    pub fn read_table(mut self) -> Result<Table, Error> {
        let source = self.source.clone();
        self.read_all()
            .map_err(|kind| Error::from(kind).in_file(&source))
    }

    /// Reads up to `rows` rows; nothing at the end. A file without any row is an error.
    ///
    /// # Errors
    /// See [`CsvReader`].
    pub fn next_block(&mut self, rows: usize) -> Result<Option<Block>, Error> {
        self.read_block(rows)
            .map_err(|kind| Error::from(kind).in_file(&self.source))
    }

    fn start(
        source: String,
        feed: Feed<'a>,
        wrapping: Wrapping,
        options: &CsvOptions,
    ) -> Result<Self, Error> {
        let mut reader = CsvReader {
            feed,
            source,
            names: Arc::new([]),
            layout: Layout::default(),
            on_bad: options.on_bad,
            format: Arc::new(Format {
                text: String::new(),
                has_header: true,
                missing: Vec::new(),
                on_bad: options.on_bad,
                likely_delimiter: None,
                renamed: Vec::new(),
            }),
            notes: Vec::new(),
            bad: BadRows::default(),
            rows: 0,
            line: 1,
            keep_cells: false,
            keep_rows: false,
            wrapping,
            header: Vec::new(),
        };
        let prepared = reader.prepare(wrapping, options);
        prepared.map_err(|error| error.in_file(&reader.source))?;
        Ok(reader)
    }

    /// Reads more, for a row that starts at a byte of the feed and does not end in it.
    fn more(&mut self, row: usize, end: RowEnd) -> Result<(), ErrorKind> {
        let bytes = self.feed.bytes();
        let line = self.line + line_breaks(&bytes[..row]);
        if self.feed.is_last() && end == RowEnd::WithinQuotes {
            return Err(ErrorKind::OpenQuote { line });
        }
        if bytes.len() - row > ROW_LIMIT {
            return Err(ErrorKind::TooLarge {
                line,
                limit: ROW_LIMIT,
                is_quoted: end == RowEnd::WithinQuotes,
            });
        }
        self.feed
            .fill((bytes.len() * 2).clamp(SMALL_BLOCK, row + ROW_LIMIT + 1))
    }

    fn read_all(&mut self) -> Result<Table, ErrorKind> {
        let mut builder = self.builder();
        let layout = self.layout.clone();
        let mut spare = Vec::new();
        // Memory of pieces that are in the table, for others.
        let mut emptied: Vec<Vec<f64>> = Vec::new();
        // Pieces that are read and not in the table yet.
        let mut waiting: Vec<Piece> = Vec::new();
        loop {
            self.feed.fill(BLOCK)?;
            let Cut { ends, left } = cut(self.feed.bytes(), layout.dialect, self.feed.is_last());
            let Some(&length) = ends.last() else {
                // Errors have the line, which is known once all before is in the table.
                self.absorb_all(&mut builder, &mut waiting, &mut emptied);
                match left {
                    None => break,
                    Some(end) => self.more(0, end)?,
                }
                continue;
            };
            let taken = self.feed.take(length, spare);
            let starts = std::iter::once(0).chain(ends.iter().copied());
            let parts = starts
                .zip(&ends)
                .map(|(start, &end)| &taken.bytes()[start..end]);
            let mut pieces: Vec<Option<Piece>> = ends.iter().map(|_| None).collect();
            if let [piece] = &mut pieces[..] {
                // A small file needs no other threads.
                self.absorb_all(&mut builder, &mut waiting, &mut emptied);
                let cells = emptied.pop().unwrap_or_default();
                *piece = Some(Piece::read(
                    &taken.bytes()[..length],
                    &layout,
                    builder.columns_after(),
                    cells,
                ));
                waiting.extend(pieces.into_iter().flatten());
                spare = taken.into_spare();
                continue;
            }
            // While these become numbers, those before go to the table and the next bytes are read.
            let filled = rayon::in_place_scope(|scope| {
                for (piece, part) in pieces.iter_mut().zip(parts) {
                    let cells = emptied.pop().unwrap_or_default();
                    let (layout, columns) = (&layout, builder.columns_after());
                    scope.spawn(move |_| {
                        *piece = Some(Piece::read(part, layout, columns, cells));
                    });
                }
                self.absorb_all(&mut builder, &mut waiting, &mut emptied);
                self.feed.fill(BLOCK)
            });
            waiting.extend(pieces.into_iter().flatten());
            filled?;
            spare = taken.into_spare();
        }
        self.check_end()?;
        let notes = std::mem::take(&mut self.notes);
        Ok(builder.finish_with(notes, self.feed.sha256()))
    }

    fn absorb_all(
        &mut self,
        builder: &mut TableBuilder,
        pieces: &mut Vec<Piece>,
        emptied: &mut Vec<Vec<f64>>,
    ) {
        for mut piece in pieces.drain(..) {
            self.absorb(builder, &mut piece);
            piece.cells.clear();
            emptied.push(piece.cells);
        }
    }

    fn read_block(&mut self, limit: usize) -> Result<Option<Block>, ErrorKind> {
        let mut builder = self.builder();
        let mut kept = Kept::default();
        let mut raw = RawRows::default();
        while builder.rows() < limit {
            let wanted = limit - builder.rows();
            let length = self.length_of_rows(wanted)?;
            if length == 0 {
                break;
            }
            let taken = self.feed.take(length, Vec::new());
            let columns = builder.columns_after();
            let mut piece = Piece::read(taken.bytes(), &self.layout, columns, Vec::new());
            if self.keep_cells {
                kept.add(taken.bytes(), &piece, &self.layout);
            }
            if self.keep_rows {
                raw.add(taken.bytes(), &piece, &self.layout, self.wrapping);
            }
            self.absorb(&mut builder, &mut piece);
            self.check_bad()?;
        }
        if builder.rows() == 0 {
            if limit > 0 {
                self.check_end()?;
            }
            return Ok(None);
        }
        Ok(Some(Block {
            table: builder.finish_with(std::mem::take(&mut self.notes), None),
            kept,
            raw,
        }))
    }

    /// The bytes of so many rows, or of those that are left.
    fn length_of_rows(&mut self, wanted: usize) -> Result<usize, ErrorKind> {
        self.feed.fill(SMALL_BLOCK)?;
        let (mut length, mut rows) = (0, 0);
        while rows < wanted {
            let (bytes, is_last) = (self.feed.bytes(), self.feed.is_last());
            if length == bytes.len() && is_last {
                break;
            }
            match row_end(bytes, length, self.layout.dialect, is_last) {
                RowEnd::At { next, .. } => {
                    length = next;
                    rows += 1;
                }
                end => self.more(length, end)?,
            }
        }
        Ok(length)
    }

    fn builder(&self) -> TableBuilder {
        TableBuilder::with_names(self.source.clone(), self.names.clone(), self.rows + 1)
            .in_format(self.format.clone())
    }

    fn absorb(&mut self, builder: &mut TableBuilder, piece: &mut Piece) {
        self.bad
            .absorb(std::mem::take(&mut piece.bad), self.line - 1, &self.names);
        self.rows += piece.rows;
        builder.absorb(
            &mut piece.cells,
            piece.rows,
            &piece.columns,
            &piece.lines,
            self.line - 1,
        );
        self.line += piece.line_breaks;
    }

    fn check_bad(&mut self) -> Result<(), ErrorKind> {
        if self.bad.count == 0 || self.on_bad != OnBad::Fail {
            return Ok(());
        }
        let mut rows = std::mem::take(&mut self.bad);
        rows.likely_delimiter = self.format.likely_delimiter;
        rows.is_all = self.rows == 0;
        Err(ErrorKind::BadRows(rows))
    }

    /// At the end of the file.
    fn check_end(&mut self) -> Result<(), ErrorKind> {
        self.check_bad()?;
        if self.bad.count > 0 {
            let rows = std::mem::take(&mut self.bad);
            self.notes.push(Note::LeftOut {
                rows,
                is_told: self.on_bad == OnBad::Report,
            });
        }
        match self.rows {
            0 => Err(ErrorKind::NoRows),
            _ => Ok(()),
        }
    }

    /// What may surprise and was not told with a block: rows that were left out are known at the end.
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }
}
