//! Everything that can be wrong with a table.

mod message;

use crate::label::Labels;

/// What was wrong, and in which file.
///
/// The message is made to be read by the person who has the file: what was found, where, what was expected, and what to do next.
/// Programs look at [`kind`](Error::kind).
#[derive(Debug, thiserror::Error)]
#[error("{}{kind}", .file.as_ref().map(|file| format!("{}: ", crate::escape(file))).unwrap_or_default())]
pub struct Error {
    file: Option<String>,
    kind: Box<ErrorKind>,
}

impl Error {
    /// What was wrong.
    pub fn kind(&self) -> &ErrorKind {
        &self.kind
    }

    /// The name of the file or other source, as it was given to the reader.
    pub fn file(&self) -> Option<&str> {
        self.file.as_deref()
    }

    /// The same error, said of `file` if it does not name one yet.
    pub(crate) fn in_file(mut self, file: &str) -> Self {
        self.file.get_or_insert_with(|| file.to_owned());
        self
    }
}

impl From<ErrorKind> for Error {
    fn from(kind: ErrorKind) -> Self {
        Error {
            file: None,
            kind: Box::new(kind),
        }
    }
}

/// The kinds of [`Error`]. Lines are physical lines of the file, counted from 1: the line on which a row starts.
#[derive(Debug)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The file could not be opened or read.
    Io(std::io::Error),
    /// The content is something else, named by `what` with its article: "a ZIP archive".
    NotCsv {
        /// What the first bytes say it is.
        what: &'static str,
        /// What to do about it.
        help: &'static str,
    },
    /// The file was said to be in UTF-16 and is not.
    NotUtf16,
    /// The file has no content.
    Empty,
    /// There is a header and nothing below it.
    NoRows,
    /// Header names that are empty or occur more than once.
    Header {
        /// The names that occur more than once, each named once.
        duplicates: Vec<String>,
        /// The positions of empty names, counted from 1.
        empty: Vec<usize>,
    },
    /// Rows that can't be read.
    BadRows(BadRows),
    /// Data that was compressed and can't be unpacked: why, where, and what to do.
    Unpack(String),
    /// A character that can't part fields or stand round them.
    Separator(char),
    /// A row or cell so large that a quote is probably missing.
    TooLarge {
        /// Where the row starts.
        line: u64,
        /// The limit in bytes.
        limit: usize,
        /// Whether it ends within quotes.
        is_quoted: bool,
    },
    /// A quote that is opened and not closed before the end of the file.
    OpenQuote {
        /// Where the row starts.
        line: u64,
    },
    /// There is no column of that name.
    UnknownColumn {
        /// The name that was asked for.
        name: String,
        /// The columns that there are.
        columns: Vec<String>,
        /// The one that may have been meant.
        suggestion: Option<String>,
        /// What may part the fields rather than what was taken for it.
        likely_delimiter: Option<char>,
    },
    /// More than one column of the file has the name that was asked for.
    AmbiguousColumn {
        /// The name.
        name: String,
        /// What these columns are called now, with their positions, counted from 1.
        columns: Vec<(usize, String)>,
    },
    /// Columns that the schema needs and the table lacks.
    MissingColumns {
        /// Each with the column of the table that may have been meant.
        missing: Vec<(String, Option<String>)>,
        /// The columns that there are.
        columns: Vec<String>,
    },
    /// The target is the only column.
    NoFeatures {
        /// The target.
        target: String,
        /// What may part the fields rather than what was taken for it.
        likely_delimiter: Option<char>,
    },
    /// No column can be a feature.
    NothingLeft {
        /// The target.
        target: String,
        /// Why the others can't.
        reasons: Vec<String>,
    },
    /// A column can't be what it was declared to be.
    Declared {
        /// The column.
        column: String,
        /// Why, and what to do.
        problem: String,
    },
    /// Cells of feature columns that can't be used, column by column.
    BadCells(Vec<BadColumn>),
    /// The target has one label only.
    OneLabel {
        /// The target.
        column: String,
        /// Its only label.
        label: String,
        /// The rows that have it.
        rows: usize,
        /// The rows that have none.
        missing: usize,
    },
    /// The target has more than two labels.
    ManyLabels {
        /// The target.
        column: String,
        /// Up to ten labels with their counts, the most frequent first.
        labels: Vec<(String, usize)>,
        /// How many there are; a lower bound if the column has very many spellings.
        distinct: usize,
    },
    /// The label that was to be the positive class does not occur.
    UnknownPositive {
        /// What was asked for.
        positive: String,
        /// The labels that there are, the most frequent first, up to ten.
        labels: Vec<String>,
    },
    /// Labels other than the two that the schema knows.
    UnknownLabels {
        /// The target.
        column: String,
        /// Up to ten unknown labels with their counts, the most frequent first.
        unknown: Vec<(String, usize)>,
        /// How many unknown labels there are.
        distinct: usize,
        /// Where the first of them is.
        line: u64,
        /// The two known ones.
        known: Labels,
    },
    /// No row has a label.
    NoLabels {
        /// The target.
        column: String,
        /// The rows.
        rows: usize,
    },
    /// Sample weights that can't be used.
    Weights(String),
    /// Cells of a column of weights that are none.
    BadWeights {
        /// The column.
        column: String,
        /// Up to ten of them, the first ones, with the line on which their row starts and what is wrong.
        first: Vec<(u64, String)>,
        /// How many there are.
        count: usize,
    },
    /// A value that is too large for the network's numbers once it is scaled.
    OutOfRange {
        /// The line, if the data came from a file.
        line: Option<u64>,
        /// The row, counted from 1 without the header.
        row: usize,
        /// The feature.
        column: ColumnName,
        /// The value as it stands in the data.
        value: f64,
        /// The type that can't hold it.
        element: &'static str,
    },
    /// A column whose values are too large to take their mean and standard deviation.
    Spread {
        /// The feature.
        column: ColumnName,
    },
    /// Sizes that don't belong together.
    Shape {
        /// What was counted.
        what: &'static str,
        /// How many there should be.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// A share of validation rows that is not in [0, 1).
    Fraction(f64),
    /// Shares of validation and test rows that are negative, both 0, or leave nothing to train on.
    Shares {
        /// To validate on.
        validation: f64,
        /// To test on.
        test: f64,
    },
    /// The rows of a file can't be parted as asked: why, and what to do.
    Parts(String),
    /// Too few rows of a class to have one on both sides of a split.
    TooFewToSplit {
        /// The rows of the negative class.
        negatives: usize,
        /// The rows of the positive class.
        positives: usize,
    },
}

/// A column in a message: by its name, or where it has none by its position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ColumnName {
    /// The name.
    Name(String),
    /// The position, counted from 1.
    Position(usize),
}

/// Rows that can't be read: the first ten, and how many there are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BadRows {
    /// The first ten, in the order of the file.
    pub first: Vec<BadRow>,
    /// How many there are.
    pub count: usize,
    /// Whether no row can be read.
    pub is_all: bool,
    /// What may part the fields rather than what was taken for it.
    pub likely_delimiter: Option<char>,
}

/// A row that can't be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadRow {
    /// The line on which it starts, counted from 1.
    pub line: u64,
    /// What is wrong with it.
    pub problem: RowProblem,
}

/// What is wrong with a row.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RowProblem {
    /// It has another number of fields than there are columns.
    Ragged {
        /// Its fields.
        found: usize,
        /// The columns.
        expected: usize,
    },
    /// A value below the delimiter that ends the header, where there is no name.
    Unnamed {
        /// The value.
        text: String,
    },
    /// Text after the quote that closes a field.
    AfterQuote {
        /// The column.
        column: ColumnName,
        /// The field as it stands, quotes included.
        text: String,
    },
    /// Bytes that are not of the file's encoding.
    Utf8 {
        /// The column.
        column: ColumnName,
        /// The first byte that is wrong.
        byte: u8,
    },
    /// Bytes of a file in UTF-16 that are no character: half of one.
    Utf16 {
        /// The column.
        column: ColumnName,
    },
    /// A NUL byte in a cell.
    Nul {
        /// The column.
        column: ColumnName,
    },
}

impl BadRows {
    const KEPT: usize = 10;

    pub(crate) fn push(&mut self, row: BadRow) {
        self.count += 1;
        if self.first.len() < BadRows::KEPT {
            self.first.push(row);
        }
    }

    /// Takes those of rows that follow, which start so many lines later, and names their columns.
    pub(crate) fn absorb(&mut self, other: BadRows, lines: u64, names: &[String]) {
        let left = BadRows::KEPT - self.first.len();
        self.first
            .extend(other.first.into_iter().take(left).map(|row| BadRow {
                line: row.line + lines,
                problem: row.problem.with_names(names),
            }));
        self.count += other.count;
    }
}

impl RowProblem {
    fn with_names(mut self, names: &[String]) -> Self {
        if let RowProblem::AfterQuote { column, .. }
        | RowProblem::Utf8 { column, .. }
        | RowProblem::Utf16 { column }
        | RowProblem::Nul { column } = &mut self
            && let ColumnName::Position(position) = *column
            && let Some(name) = names.get(position - 1)
        {
            *column = ColumnName::Name(name.clone());
        }
        self
    }
}

/// A feature column with cells that can't be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadColumn {
    /// The column.
    pub name: String,
    /// What is wrong with these cells.
    pub problem: Problem,
    /// Up to ten of them, the first ones, with the line on which their row starts and their text (none if missing).
    pub first: Vec<(u64, String)>,
    /// How many there are.
    pub count: usize,
    /// How many cells the column has.
    pub rows: usize,
}

/// What is wrong with a cell of a feature column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// It is text.
    Text,
    /// It is a number written with other marks than those of the file: a decimal comma, or separators of thousands.
    OtherMarks,
    /// It is a number with a sign of money, per cent or the like.
    Sign,
    /// It is missing.
    Missing,
    /// It is infinite.
    Infinite,
    /// It is none of the words for true and false.
    NotBoolean,
    /// It is no date of the column's form.
    NotDate,
    /// It is none of the levels of an ordinal column.
    UnknownLevel,
}
