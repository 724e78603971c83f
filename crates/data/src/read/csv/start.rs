//! The start of a file: its first rows are looked at, and its header is used up.

use super::CsvReader;
use crate::error::{BadRow, BadRows, ColumnName, Error, ErrorKind, RowProblem};
use crate::read::detect::{Decision, SAMPLE, detect, likely_delimiter};
use crate::read::feed::Wrapping;
use crate::read::format::{Format, format};
use crate::read::names;
use crate::read::options::{CsvOptions, Encoding, Names};
use crate::read::piece::{Layout, Trailing};
use crate::read::rows::{Field, RowEnd, fields, line_breaks, row_end, texts};
use crate::table::{Note, TableBuilder};
use std::sync::Arc;

impl CsvReader<'_> {
    /// Looks at the first rows, and uses up the header.
    pub(super) fn prepare(
        &mut self,
        wrapping: Wrapping,
        options: &CsvOptions,
    ) -> Result<(), Error> {
        self.feed.fill(SAMPLE)?;
        let asked = self.separator_line(options);
        let options = asked.as_ref().unwrap_or(options);
        let detected = detect(self.feed.bytes(), self.feed.is_last(), options);
        let likely = likely_delimiter(self.feed.bytes(), self.feed.is_last(), detected.dialect);
        self.layout.dialect = detected.dialect;
        self.layout.spelling = detected.spelling;
        self.layout.encoding = wrapping.encoding.unwrap_or(Encoding::Utf8);
        let header = loop {
            let Some(row) = self.first_row()? else {
                return Err(ErrorKind::Empty.into());
            };
            if row.content.trim_ascii().is_empty() {
                self.line += row.breaks;
                self.feed.advance(row.length);
            } else {
                break row;
            }
        };
        let has_header = detected.header.is_header();
        let mut names = check_text(&header.content, self.line, &self.layout)?;
        if has_header {
            let bytes = &self.feed.bytes()[..header.length];
            self.header.extend_from_slice(bytes);
            self.line += header.breaks;
            self.feed.advance(header.length);
            self.layout.trailing = Trailing::No;
            if names.len() > 1 && names.last().is_some_and(String::is_empty) {
                names.pop();
                self.layout.trailing = Trailing::AndHeader;
            } else if self.first_row_is_longer(names.len()) {
                self.layout.trailing = Trailing::Yes;
            }
        } else {
            if names.len() > 1 && self.every_row_ends_empty(names.len()) {
                names.pop();
                self.layout.trailing = Trailing::Yes;
            }
            names = (1..=names.len()).map(|at| format!("c{at}")).collect();
        }
        let renamed = match options.names {
            Names::Rename => names::make_unique(&mut names),
            Names::MustDiffer => Vec::new(),
        };
        if !renamed.is_empty() {
            self.notes.push(Note::Renamed(renamed.clone()));
        }
        self.layout.width = names.len();
        self.names = TableBuilder::new(self.source.as_str(), &names)?.names();
        if self.layout.trailing != Trailing::No {
            self.notes.push(Note::TrailingDelimiter);
        }
        if detected.header == Decision::Years {
            self.notes.push(Note::NumericHeader);
        }
        let (text, is_plain) = format(&self.layout, wrapping, detected.header, &self.names);
        if !is_plain {
            self.notes.push(Note::Format(text.clone()));
        }
        self.format = Arc::new(Format {
            text,
            has_header,
            missing: self.layout.spelling.missing.clone(),
            on_bad: self.on_bad,
            likely_delimiter: likely.map(char::from),
            renamed,
        });
        Ok(())
    }

    /// Uses up a first line such as `sep=;`, which Excel writes and reads: the options with that delimiter, if no other was asked for.
    fn separator_line(&mut self, options: &CsvOptions) -> Option<CsvOptions> {
        let bytes = self.feed.bytes();
        let (line, delimiter) = match bytes.get(..5)? {
            [name @ .., delimiter] if name.eq_ignore_ascii_case(b"sep=") => (5, *delimiter),
            _ => return None,
        };
        let end = match &bytes[line..] {
            [b'\r', b'\n', ..] => line + 2,
            [b'\n' | b'\r', ..] => line + 1,
            _ => return None,
        };
        let with = |delimiter| CsvOptions {
            delimiter: Some(delimiter),
            ..options.clone()
        };
        with(delimiter).check().ok()?;
        self.header = bytes[..end].to_vec();
        self.feed.advance(end);
        self.line += 1;
        Some(with(options.delimiter.unwrap_or(delimiter)))
    }

    /// The next row, not used up yet.
    fn first_row(&mut self) -> Result<Option<Row>, ErrorKind> {
        loop {
            let bytes = self.feed.bytes();
            if bytes.is_empty() && self.feed.is_last() {
                return Ok(None);
            }
            match row_end(bytes, 0, self.layout.dialect, self.feed.is_last()) {
                RowEnd::At { end, next } => {
                    return Ok(Some(Row {
                        content: bytes[..end].to_vec(),
                        length: next,
                        breaks: line_breaks(&bytes[..next]),
                    }));
                }
                end => self.more(0, end)?,
            }
        }
    }

    /// Whether the first row of data has an empty field more than there are names.
    fn first_row_is_longer(&self, width: usize) -> bool {
        let row = self.sampled_rows().find(|row| !row.trim_ascii().is_empty());
        row.is_some_and(|row| {
            let cells = texts(row, self.layout.dialect);
            cells.len() == width + 1 && cells[width].trim().is_empty()
        })
    }

    fn every_row_ends_empty(&self, width: usize) -> bool {
        self.sampled_rows()
            .filter(|row| !row.trim_ascii().is_empty())
            .all(|row| {
                let cells = texts(row, self.layout.dialect);
                cells.len() == width && cells[width - 1].trim().is_empty()
            })
    }

    /// The rows that were read ahead.
    fn sampled_rows(&self) -> impl Iterator<Item = &[u8]> {
        let (bytes, is_last, dialect) =
            (self.feed.bytes(), self.feed.is_last(), self.layout.dialect);
        let mut at = 0;
        std::iter::from_fn(move || match row_end(bytes, at, dialect, is_last) {
            RowEnd::At { end, next } if at < bytes.len() => {
                let row = &bytes[at..end];
                at = next;
                Some(row)
            }
            _ => None,
        })
        .take(100)
    }
}

struct Row {
    content: Vec<u8>,
    length: usize,
    breaks: u64,
}

/// The fields of the first row as text.
fn check_text(row: &[u8], line: u64, layout: &Layout) -> Result<Vec<String>, Error> {
    let mut scratch = Vec::new();
    let bad = |problem| {
        let mut rows = BadRows::default();
        rows.push(BadRow { line, problem });
        ErrorKind::BadRows(rows)
    };
    let name = |(at, field): (usize, Field)| {
        let column = ColumnName::Position(at + 1);
        let bytes = field.text(layout.dialect, &mut scratch);
        if let Field::Broken(text) = field {
            let text = String::from_utf8_lossy(text).into_owned();
            return Err(bad(RowProblem::AfterQuote { column, text }));
        }
        if bytes.contains(&0) {
            return Err(bad(RowProblem::Nul { column }));
        }
        match std::str::from_utf8(bytes) {
            Ok(text) => Ok(text.trim().to_owned()),
            Err(error) => Err(bad(layout.no_text(column, bytes[error.valid_up_to()]))),
        }
    };
    Ok(fields(row, layout.dialect)
        .enumerate()
        .map(name)
        .collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    use crate::{CsvOptions, CsvReader, Header, Table};

    #[test]
    fn a_line_for_excel_says_what_parts_fields() {
        for (text, line) in [
            ("sep=;\nx;y\n1,5;2\n", 3),
            ("\u{feff}SEP=|\r\nx|y\r\n1,5|2\r\n", 3),
            ("sep=,\nx,y\n\"1,5\",2\n", 3),
        ] {
            let table = Table::from_csv("t", text.as_bytes()).unwrap();
            assert_eq!(table.names(), ["x", "y"], "{text:?}");
            assert_eq!((table.rows(), table.line(0)), (1, line));
            // It is copied with the header.
            let reader = CsvReader::new("t", text.as_bytes()).unwrap();
            let head = String::from_utf8(reader.header_bytes()).unwrap();
            assert!(
                text.starts_with(&head) && head.lines().count() == 2,
                "{head:?}"
            );
        }
        // What is asked for counts more, and these are no such lines.
        let options = CsvOptions {
            delimiter: Some(b','),
            header: Header::Present,
            ..CsvOptions::default()
        };
        let table = Table::from_csv_with("t", "sep=;\nx,y;\n1,2\n".as_bytes(), &options).unwrap();
        assert_eq!(table.names(), ["x", "y;"]);
        for text in ["sep=a\n1\n", "sep=\n1\n", "sep=;,y\n1,2\n"] {
            let table = Table::from_csv_with("t", text.as_bytes(), &options).unwrap();
            assert!(table.names()[0].starts_with("sep="), "{text:?}");
        }
    }
}
