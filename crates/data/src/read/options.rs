//! What can be said about a CSV file instead of being detected.

use crate::error::{Error, ErrorKind};
use std::fmt;
use std::str::FromStr;

/// How to read a CSV file. Whatever is left as it is by default is detected from the first rows.
///
/// ```
/// use chainrule_data::{CsvOptions, Header, Table};
///
/// let options = CsvOptions { header: Header::Absent, ..CsvOptions::default() };
/// let table = Table::from_csv_with("points", "1;2,5\n3;4,5\n".as_bytes(), &options)?;
/// assert_eq!(table.names(), ["c1", "c2"]);
/// # Ok::<(), chainrule_data::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CsvOptions {
    /// What parts the fields of a row; nothing to detect comma, tab, semicolon or pipe.
    pub delimiter: Option<u8>,
    /// What may stand round a field.
    pub quote: Quote,
    /// Whether the first row names the columns.
    pub header: Header,
    /// How bytes become characters; nothing for UTF-8, or UTF-16 where a byte order mark or its zero bytes say so.
    pub encoding: Option<Encoding>,
    /// What stands before the fraction of a number; nothing to detect it.
    pub decimal: Option<Decimal>,
    /// Words that mean a missing value, beside those of [`Cell::parse`](crate::Cell::parse).
    pub missing: Vec<String>,
    /// What `inf`, and numbers too large for an `f64`, are.
    pub infinite: Infinite,
    /// Whether header names that are empty or occur twice get names of their own instead of being an error.
    pub names: Names,
    /// What to do with rows that can't be read.
    pub on_bad: OnBad,
    /// Columns that will be looked for: a first row with at least half of them is a header, however it looks.
    pub expected: Vec<String>,
}

/// What may stand round a field, so that it can hold delimiters and line breaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Quote {
    /// Double quotes, or single ones where many fields stand in them and none in double ones.
    #[default]
    Detect,
    /// This character; doubled it stands for itself.
    Char(u8),
    /// Nothing: quotes are characters like any other.
    None,
}

/// Whether the first row names the columns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Header {
    /// As it looks.
    #[default]
    Detect,
    /// It does.
    Present,
    /// It does not: the columns are called `c1`, `c2`, ….
    Absent,
    /// It does not, unless it has the [expected](CsvOptions::expected) names.
    AbsentUnless,
}

/// What becomes of names that are empty or occur more than once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Names {
    /// They are an error.
    #[default]
    MustDiffer,
    /// The second `a` becomes `a_2`, an empty name `c` and its position; where such a name is taken, the next one that is free.
    Rename,
}

/// What `inf`, and numbers too large for an `f64`, are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Infinite {
    /// Infinite, which is an error in a feature.
    #[default]
    IsInfinite,
    /// Missing.
    IsMissing,
}

/// How bytes become characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8; bytes that are not are an error.
    Utf8,
    /// Latin-1, with the printable characters that Windows-1252 has in place of control codes.
    Latin1,
    /// UTF-16, in the byte order of its mark, or else as its zero bytes suggest.
    Utf16,
}

/// What stands before the fraction of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decimal {
    /// `1234.5`; commas, apostrophes or blanks may part thousands.
    Point,
    /// `1234,5`; points, apostrophes or blanks may part thousands.
    Comma,
}

/// What to do with rows that can't be read: of another length, with bad quotes, of another encoding.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnBad {
    /// They are an error, which lists the first ten.
    #[default]
    Fail,
    /// They are left out and counted.
    Skip,
    /// They are left out, and the first ten are told.
    Report,
}

impl CsvOptions {
    /// Makes sure that delimiter and quote can be told apart from each other and from text.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let usable = |byte: u8| {
            byte.is_ascii() && !byte.is_ascii_alphanumeric() && !b"\r\n\0".contains(&byte)
        };
        let quote = match self.quote {
            Quote::Char(quote) => Some(quote),
            _ => None,
        };
        let wrong = match (self.delimiter, quote) {
            (Some(delimiter), _) if !usable(delimiter) || b".+-".contains(&delimiter) => {
                Some(delimiter)
            }
            (_, Some(quote)) if !usable(quote) || b" \t.+-".contains(&quote) => Some(quote),
            (Some(delimiter), Some(quote)) if delimiter == quote => Some(quote),
            _ => None,
        };
        match wrong {
            None => Ok(()),
            Some(byte) => Err(ErrorKind::Separator(byte.into()).into()),
        }
    }
}

impl FromStr for Encoding {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name.to_ascii_lowercase().replace(['-', '_'], "").as_str() {
            "utf8" => Ok(Encoding::Utf8),
            "latin1" | "iso88591" | "windows1252" | "cp1252" => Ok(Encoding::Latin1),
            "utf16" | "utf16le" | "utf16be" => Ok(Encoding::Utf16),
            _ => Err("expected utf-8, latin-1 or utf-16".to_owned()),
        }
    }
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.pad(match self {
            Encoding::Utf8 => "utf-8",
            Encoding::Latin1 => "latin-1",
            Encoding::Utf16 => "utf-16",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delimiter_is_no_part_of_numbers_or_lines() {
        let with = |delimiter, quote| {
            CsvOptions {
                delimiter,
                quote,
                ..CsvOptions::default()
            }
            .check()
        };
        assert!(with(Some(b':'), Quote::Detect).is_ok());
        assert!(with(Some(b' '), Quote::Char(b'\'')).is_ok());
        for delimiter in [b'a', b'1', b'.', b'-', b'\n', 0xe9] {
            assert!(with(Some(delimiter), Quote::None).is_err(), "{delimiter}");
        }
        assert!(with(Some(b'\''), Quote::Char(b'\'')).is_err());
        assert!(with(None, Quote::Char(b' ')).is_err());
    }

    #[test]
    fn encodings_have_their_usual_names() {
        for (name, encoding) in [
            ("UTF-8", Encoding::Utf8),
            ("latin1", Encoding::Latin1),
            ("utf-16", Encoding::Utf16),
        ] {
            assert_eq!(name.parse(), Ok(encoding));
        }
        assert!("ebcdic".parse::<Encoding>().is_err());
    }
}
