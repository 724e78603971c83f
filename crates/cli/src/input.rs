//! Files to read, and `-` for standard input.

use crate::failure::Failure;
use crate::terminal::shown;
use chainrule_data::{CsvOptions, CsvReader, Table};
use clap::builder::{OsStringValueParser, TypedValueParser};
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Where a table or a model comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    /// `-`.
    Stdin,
    /// A file, a pipe or whatever else has a path.
    Path(PathBuf),
}

impl Source {
    /// The parser of an argument.
    pub fn parser() -> impl TypedValueParser<Value = Source> {
        OsStringValueParser::new().map(Source::from)
    }
}

impl From<OsString> for Source {
    fn from(argument: OsString) -> Source {
        if argument == "-" {
            Source::Stdin
        } else {
            Source::Path(argument.into())
        }
    }
}

impl Source {
    /// The name for messages, not escaped.
    pub fn name(&self) -> String {
        match self {
            Source::Stdin => "standard input".to_owned(),
            Source::Path(path) => path.display().to_string(),
        }
    }

    /// The file name without its extension, and without that of a packed file, to name what is made of it; nothing for a path that has no file name, as `..`.
    pub fn stem(&self) -> Option<&OsStr> {
        match self {
            Source::Stdin => Some(OsStr::new("stdin")),
            Source::Path(path) => {
                let is_packed = path.extension().is_some_and(|extension| {
                    ["gz", "zst", "zstd"]
                        .iter()
                        .any(|packed| extension == *packed)
                });
                let stem = path.file_stem()?;
                match Path::new(stem).file_stem() {
                    Some(inner) if is_packed => Some(inner),
                    _ => Some(stem),
                }
            }
        }
    }

    /// Starts to read.
    ///
    /// # Errors
    /// If the file can't be opened.
    pub fn open(&self) -> Result<Box<dyn Read>, Failure> {
        match self {
            Source::Stdin => Ok(Box::new(io::stdin().lock())),
            // Some systems open a folder and fail when it is read.
            Source::Path(path) if path.is_dir() => Err(Failure::bad(format!(
                "{}: is a folder, not a file; name a file in it",
                shown(path)
            ))),
            Source::Path(path) => match File::open(path) {
                Ok(file) => Ok(Box::new(file)),
                Err(error) => Err(self.error(&error)),
            },
        }
    }

    /// Reads a whole CSV table.
    ///
    /// # Errors
    /// If it can't be read or is no table.
    pub fn table(&self, options: &CsvOptions) -> Result<Table, Failure> {
        Ok(Table::from_csv_with(self.name(), self.open()?, options)?)
    }

    /// Starts to read a CSV table in blocks.
    ///
    /// # Errors
    /// If it can't be read or its first rows are none of a table.
    pub fn csv(&self, options: &CsvOptions) -> Result<CsvReader<'static>, Failure> {
        Ok(CsvReader::with(self.name(), self.open()?, options)?)
    }

    /// What the system said about this source.
    pub fn error(&self, error: &io::Error) -> Failure {
        let name = chainrule_data::escape(&self.name());
        match error.kind() {
            io::ErrorKind::NotFound => {
                Failure::bad(format!("{name}: no such file; check the path"))
            }
            _ => Failure::bad(format!("{name}: cannot read it: {error}")),
        }
    }
}

/// Standard input can be read once.
///
/// # Errors
/// Misuse if more than one source is `-`.
pub fn check_stdin_once(sources: &[&Source]) -> Result<(), Failure> {
    match sources
        .iter()
        .filter(|&&source| *source == Source::Stdin)
        .count()
    {
        0 | 1 => Ok(()),
        _ => Err(Failure::misuse(
            "standard input (-) can be read once only; give one of the two as a file",
        )),
    }
}
