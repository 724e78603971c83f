//! The options that say how a table is written, where it is not to be detected.

use crate::failure::Failure;
use chainrule_data::{CsvOptions, Decimal, Encoding, Header, Infinite, Names, OnBad, Quote};
use chainrule_trainer::Classifier;
use clap::ValueEnum;

/// How the table is written; what is not said is detected.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "How tables are written [default: detected]")]
pub struct Reading {
    /// What separates fields: a character, or comma, tab, semicolon, pipe or space
    #[arg(long, value_name = "CHAR", value_parser = delimiter, allow_hyphen_values = true)]
    delimiter: Option<u8>,

    /// What may enclose fields: a character, or double, single or none
    #[arg(long, value_name = "CHAR", value_parser = quote, allow_hyphen_values = true)]
    quote: Option<Quote>,

    /// The first row names the columns
    #[arg(long, overrides_with = "no_header")]
    header: bool,

    /// The first row is data; columns are called c1, c2, …
    #[arg(long, overrides_with = "header")]
    no_header: bool,

    /// How bytes become characters: utf-8, latin-1 or utf-16
    #[arg(long, value_name = "NAME")]
    encoding: Option<Encoding>,

    /// The decimal separator of numbers; the other of the two may then separate thousands
    #[arg(long, value_name = "NAME")]
    decimal: Option<DecimalName>,

    /// A word that means a missing value, besides the usual ones; may be given several times
    #[arg(long, value_name = "WORD", allow_hyphen_values = true, action = clap::ArgAction::Append)]
    missing: Vec<String>,

    /// Take infinite values for missing ones
    #[arg(long)]
    allow_infinite: bool,

    /// Give columns without a name, or with that of another, names of their own
    #[arg(long)]
    rename_duplicates: bool,

    /// What to do with rows that can't be read
    #[arg(long, value_name = "WHAT", default_value = "fail")]
    on_bad: OnBadName,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum DecimalName {
    /// 1234.5
    Point,
    /// 1234,5
    Comma,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, ValueEnum)]
enum OnBadName {
    /// End with an error that lists the first ten
    #[default]
    Fail,
    /// Leave them out and count them
    Skip,
    /// Leave them out and list the first ten
    Report,
}

impl Reading {
    /// For a table that is looked at for the first time.
    pub fn options(&self) -> CsvOptions {
        CsvOptions {
            delimiter: self.delimiter,
            quote: self.quote.unwrap_or_default(),
            header: match (self.header, self.no_header) {
                (true, _) => Header::Present,
                (_, true) => Header::Absent,
                _ => Header::Detect,
            },
            encoding: self.encoding,
            decimal: self.decimal.map(|name| match name {
                DecimalName::Point => Decimal::Point,
                DecimalName::Comma => Decimal::Comma,
            }),
            missing: self.missing.clone(),
            infinite: if self.allow_infinite {
                Infinite::IsMissing
            } else {
                Infinite::IsInfinite
            },
            names: if self.rename_duplicates {
                Names::Rename
            } else {
                Names::MustDiffer
            },
            on_bad: match self.on_bad {
                OnBadName::Fail => OnBad::Fail,
                OnBadName::Skip => OnBad::Skip,
                OnBadName::Report => OnBad::Report,
            },
            expected: Vec::new(),
        }
    }

    /// Whether rows that are left out are listed.
    pub fn reports_bad_rows(&self) -> bool {
        self.on_bad == OnBadName::Report
    }

    /// For a table with the columns of a model.
    pub fn options_for(&self, model: &Classifier) -> CsvOptions {
        let schema = model.schema();
        let mut options = self.options();
        options.missing.extend_from_slice(schema.missing_words());
        if schema.has_header() {
            options.expected = schema.feature_names().map(str::to_owned).collect();
        } else if options.header == Header::Detect {
            // As in training; a first row of c1, c2, … is a header all the same.
            options.header = Header::AbsentUnless;
            options.expected = schema.feature_names().map(str::to_owned).collect();
        }
        options
    }

    /// Options are of no use without a table.
    ///
    /// # Errors
    /// Misuse.
    pub fn check_unused(&self) -> Result<(), Failure> {
        let unused = CsvOptions::default() == self.options();
        if unused {
            return Ok(());
        }
        Err(Failure::misuse(
            "options that say how a table is written are for a table of yours; name it",
        ))
    }
}

fn delimiter(text: &str) -> Result<u8, String> {
    match text {
        "comma" => Ok(b','),
        "tab" | "\\t" => Ok(b'\t'),
        "semicolon" => Ok(b';'),
        "pipe" => Ok(b'|'),
        "space" => Ok(b' '),
        _ => character(text),
    }
}

fn quote(text: &str) -> Result<Quote, String> {
    match text {
        "none" => Ok(Quote::None),
        "double" => Ok(Quote::Char(b'"')),
        "single" => Ok(Quote::Char(b'\'')),
        _ => character(text).map(Quote::Char),
    }
}

fn character(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        [byte] if byte.is_ascii() => Ok(*byte),
        _ => Err("expected one character of ASCII, or its name".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_have_names() {
        assert_eq!(delimiter("tab"), Ok(b'\t'));
        assert_eq!(delimiter(";"), Ok(b';'));
        assert_eq!(quote("none"), Ok(Quote::None));
        assert_eq!(quote("'"), Ok(Quote::Char(b'\'')));
        assert!(delimiter(";;").is_err() && delimiter("é").is_err() && quote("").is_err());
    }
}
