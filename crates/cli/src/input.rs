//! Files to read, and `-` for standard input.

use crate::failure::Failure;
use crate::terminal::shown;
use chainrule_data::{CsvOptions, CsvReader, Table};
use clap::builder::{OsStringValueParser, TypedValueParser};
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read, Seek};
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

    /// The extension of the file once it is unpacked: `csv` if it has none.
    pub fn extension(&self) -> String {
        let Source::Path(path) = self else {
            return "csv".to_owned();
        };
        let extension = |path: &Path| Some(path.extension()?.to_str()?.to_owned());
        let packed = |extension: &String| ["gz", "zst", "zstd"].contains(&extension.as_str());
        match extension(path) {
            Some(outer) if packed(&outer) => {
                path.file_stem().and_then(|stem| extension(Path::new(stem)))
            }
            other => other,
        }
        .unwrap_or_else(|| "csv".to_owned())
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

    /// Makes sure that it can be read more than once: what is no regular file is kept in a temporary one.
    ///
    /// # Errors
    /// If it can't be read, or there is no room for a copy.
    pub fn again(&self) -> Result<Again<'_>, Failure> {
        if let Source::Path(path) = self
            && path.is_file()
        {
            return Ok(Again::File(self));
        }
        let no_copy = |error: io::Error| {
            let name = chainrule_data::escape(&self.name());
            Failure::bad(format!(
                "{name}: it is read twice, and no copy of it could be kept: {error}; save it as a file"
            ))
        };
        let mut input = self.open()?;
        let mut copy = tempfile::tempfile().map_err(no_copy)?;
        io::copy(&mut input, &mut copy).map_err(no_copy)?;
        Ok(Again::Copy(self, copy))
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

/// A source that can be read more than once.
pub enum Again<'a> {
    /// A regular file.
    File(&'a Source),
    /// A copy of what came through a pipe.
    Copy(&'a Source, File),
}

impl Again<'_> {
    /// Starts to read a CSV table in blocks, from its start. One reading ends before the next begins.
    ///
    /// # Errors
    /// If it can't be read or its first rows are none of a table.
    pub fn csv(&mut self, options: &CsvOptions) -> Result<CsvReader<'static>, Failure> {
        match self {
            Again::File(source) => source.csv(options),
            Again::Copy(source, file) => {
                let start = |file: &mut File| {
                    file.seek(io::SeekFrom::Start(0))?;
                    file.try_clone()
                };
                let file = start(file).map_err(|error| source.error(&error))?;
                Ok(CsvReader::with(source.name(), file, options)?)
            }
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
