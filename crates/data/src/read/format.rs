//! How a file is written, in words.

use super::Encoding;
use super::compress::Packing;
use super::detect::Decision;
use super::feed::Wrapping;
use super::options::OnBad;
use super::piece::Layout;
use std::fmt::Write;

/// How a file is written.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Format {
    /// In words.
    pub text: String,
    /// Whether the first row names the columns.
    pub has_header: bool,
    /// Words that mean a missing value, beside the usual ones.
    pub missing: Vec<String>,
    /// What to do with rows that can't be read or used.
    pub on_bad: OnBad,
    /// What may part the fields rather than what was taken for it.
    pub likely_delimiter: Option<char>,
    /// Names that were given to columns because others had the same, with these.
    pub renamed: Vec<(String, String)>,
}

/// How the file is written, in words, and whether that is the usual way.
pub(super) fn format(
    layout: &Layout,
    wrapping: Wrapping,
    header: Decision,
    names: &[String],
) -> (String, bool) {
    let mut text = match layout.dialect.delimiter {
        _ if names.len() == 1 => "one column".to_owned(),
        b',' => "commas between fields".to_owned(),
        b'\t' => "tabs between fields".to_owned(),
        b';' => "semicolons between fields".to_owned(),
        other => format!("{:?} between fields", char::from(other)),
    };
    if layout.dialect.quote == Some(b'\'') {
        text += ", single quotes";
    }
    if layout.spelling.numbers != super::NumberStyle::PLAIN {
        let _ = write!(text, ", {}", layout.spelling.numbers);
    }
    match wrapping.encoding {
        Some(Encoding::Utf16) => text += ", UTF-16",
        Some(Encoding::Latin1) => text += ", Latin-1",
        _ => {}
    }
    if let Some(packing) = wrapping.packing {
        let _ = write!(text, ", packed with {}", Packing::name(packing));
    }
    let is_plain = (header.is_header() || header == Decision::Expected(false))
        && wrapping.encoding.is_none()
        && layout.dialect.quote != Some(b'\'')
        && layout.spelling.numbers == super::NumberStyle::PLAIN
        && (layout.dialect.delimiter == b',' || names.len() == 1);
    text += match header {
        Decision::Asked(true) => "; the first row is the header, as asked",
        Decision::Asked(false) => "; no header, as asked",
        Decision::Expected(true) => {
            "; the first row is the header: it has the names of columns that are needed"
        }
        Decision::Expected(false) => "; no header, as in the training table",
        Decision::WordsAboveNumbers => "; the first row is the header: words above numbers",
        Decision::Years => "; the first row is the header: whole numbers in ascending order",
        Decision::Words => "; the first row is the header: it looks like no row of data",
        Decision::Recurs => "; no header: each cell of the first row occurs again in its column",
        Decision::Numbers => {
            "; no header: the first row has numbers where the other rows have them"
        }
    };
    if !header.is_header() {
        match names {
            [only] => {
                let _ = write!(text, "; the column is called {only}");
            }
            [first, .., last] => {
                let _ = write!(text, "; columns are called {first} to {last}");
            }
            [] => {}
        }
    }
    (text, is_plain)
}
