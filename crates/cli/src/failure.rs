//! Why a command did not succeed, and the exit code that says so.

use crate::terminal;
use chainrule_data::{ErrorKind, Labels, Problem, RowProblem};
use chainrule_trainer::{CheckpointError, PredictError, TrainError};
use std::io;
use std::process::ExitCode;

/// A failure: what it says on stderr and its exit code.
///
/// | code | meaning |
/// |---|---|
/// | 0 | nobody reads the output any more (`\| head`): quiet, not an error |
/// | 1 | bad data, bad model, or the system refused to read or write |
/// | 2 | misuse: an option, a name or a path that the user should change |
/// | 3 | the training diverged |
/// | 130 | interrupted |
#[derive(Debug)]
pub struct Failure {
    kind: Kind,
    message: String,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    ClosedPipe,
    Bad,
    Misuse,
    Usage,
    Diverged,
    Interrupted,
}

impl Failure {
    /// Bad data, a bad model, or an I/O error.
    pub fn bad(message: impl Into<String>) -> Failure {
        Failure::new(Kind::Bad, message)
    }

    /// An option, a name or a path that should be another one.
    pub fn misuse(message: impl Into<String>) -> Failure {
        Failure::new(Kind::Misuse, message)
    }

    /// Misuse that the parser of the command line found; the message is complete.
    pub fn usage(message: impl Into<String>) -> Failure {
        Failure::new(Kind::Usage, message)
    }

    /// The training left the finite numbers.
    pub fn diverged(message: impl Into<String>) -> Failure {
        Failure::new(Kind::Diverged, message)
    }

    /// The user stopped it.
    pub fn interrupted(message: impl Into<String>) -> Failure {
        Failure::new(Kind::Interrupted, message)
    }

    /// Standard output could not be written. A reader that has gone is none of the user's problems.
    pub fn stdout(error: &io::Error) -> Failure {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Failure::new(Kind::ClosedPipe, ""),
            _ => Failure::bad(format!("cannot write to standard output: {error}")),
        }
    }

    /// Says it on stderr.
    pub fn report(self) -> ExitCode {
        let message = terminal::escape_but_newlines(&self.message);
        match self.kind {
            Kind::ClosedPipe => {}
            Kind::Usage => terminal::say(message.trim_end()),
            Kind::Interrupted => terminal::say(&format!("interrupted: {message}")),
            _ => terminal::say(&format!("error: {message}")),
        }
        ExitCode::from(self.code())
    }

    /// The exit code.
    pub fn code(&self) -> u8 {
        match self.kind {
            Kind::ClosedPipe => 0,
            Kind::Bad => 1,
            Kind::Misuse | Kind::Usage => 2,
            Kind::Diverged => 3,
            Kind::Interrupted => 130,
        }
    }

    fn new(kind: Kind, message: impl Into<String>) -> Failure {
        Failure {
            kind,
            message: message.into(),
        }
    }
}

/// A name that was mistyped on the command line is misuse; everything else is about the data.
impl From<chainrule_data::Error> for Failure {
    fn from(error: chainrule_data::Error) -> Failure {
        match error.kind() {
            ErrorKind::UnknownColumn { .. }
            | ErrorKind::AmbiguousColumn { .. }
            | ErrorKind::Declared { .. }
            | ErrorKind::UnknownPositive { .. }
            | ErrorKind::Separator(_)
            | ErrorKind::Shares { .. }
            | ErrorKind::Fraction(_) => Failure::misuse(with_options(&error)),
            _ => Failure::bad(with_options(&error)),
        }
    }
}

/// The message, with the options that help.
fn with_options(error: &chainrule_data::Error) -> String {
    match options_for(error.kind()) {
        Some(options) => format!("{error} ({options})"),
        None => error.to_string(),
    }
}

/// The option for fields that are parted by a character.
pub fn delimiter_option(delimiter: char) -> String {
    let name = match delimiter {
        ',' => "comma".to_owned(),
        ';' => "semicolon".to_owned(),
        '\t' => "tab".to_owned(),
        '|' => "pipe".to_owned(),
        ' ' => "space".to_owned(),
        other => shell(&other.to_string()),
    };
    format!("--delimiter {name}")
}

/// The options that help with what is wrong with a table.
fn options_for(kind: &ErrorKind) -> Option<String> {
    let options = match kind {
        ErrorKind::UnknownColumn {
            likely_delimiter: Some(delimiter),
            ..
        }
        | ErrorKind::NoFeatures {
            likely_delimiter: Some(delimiter),
            ..
        } => return Some(delimiter_option(*delimiter)),
        ErrorKind::NotUtf16 => "--encoding utf-8 or latin-1",
        ErrorKind::TooFewToSplit { .. } => "--validation 0",
        ErrorKind::Header { .. } => "--rename-duplicates, or --no-header for a row of data",
        ErrorKind::NoRows => "--no-header if line 1 is a row of data",
        ErrorKind::OpenQuote { .. }
        | ErrorKind::TooLarge {
            is_quoted: true, ..
        } => "--quote none takes quotes as they stand",
        ErrorKind::ManyLabels { .. } => "--positive LABEL sets one against the rest",
        ErrorKind::BadCells(columns) => {
            let has = |problem: Problem| columns.iter().any(|column| column.problem == problem);
            let options = [
                (Problem::Infinite, "--allow-infinite"),
                (Problem::OtherMarks, "--decimal point or comma"),
                (Problem::Text, "--missing WORD"),
            ];
            let options = options.iter().filter(|(problem, _)| has(*problem));
            let mut options: Vec<&str> = options.map(|(_, option)| *option).collect();
            if columns
                .iter()
                .any(|column| column.problem != Problem::Infinite)
            {
                options.push("--categorical COLUMN");
            }
            options.push("--on-bad skip");
            return Some(options.join(", "));
        }
        ErrorKind::UnknownLabels { unknown, known, .. } => {
            let flags: Vec<String> = unknown
                .iter()
                .take(2)
                .map(|(label, _)| {
                    format!(
                        "--map-label {} {}",
                        shell(label),
                        shell(nearest(label, known))
                    )
                })
                .collect();
            return Some(flags.join(" "));
        }
        ErrorKind::BadRows(rows) => {
            let has = |is: fn(&RowProblem) -> bool| rows.first.iter().any(|row| is(&row.problem));
            if let Some(delimiter) = rows.likely_delimiter {
                return Some(delimiter_option(delimiter));
            }
            if has(|problem| matches!(problem, RowProblem::Utf8 { .. } | RowProblem::Nul { .. })) {
                "--encoding latin-1 or utf-16, --on-bad skip"
            } else if has(|problem| matches!(problem, RowProblem::AfterQuote { .. })) {
                "--quote none takes quotes as they stand, --on-bad skip"
            } else if has(|problem| matches!(problem, RowProblem::Utf16 { .. })) {
                "--on-bad skip"
            } else {
                "--delimiter, --on-bad skip"
            }
        }
        _ => return None,
    };
    Some(options.to_owned())
}

/// The known label that is most like one that is not.
fn nearest<'k>(label: &str, known: &'k Labels) -> &'k str {
    let common = |other: &str| {
        let pairs = label.chars().zip(other.chars());
        pairs.take_while(|(a, b)| a.eq_ignore_ascii_case(b)).count()
    };
    if common(&known.positive) > common(&known.negative) {
        &known.positive
    } else {
        &known.negative
    }
}

/// A word for a shell: in quotes unless it is plain.
pub fn shell(word: &str) -> String {
    let is_plain = !word.is_empty()
        && word
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "._-+=".contains(c));
    if is_plain {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

impl From<chainrule_nn::container::FileError> for Failure {
    fn from(error: chainrule_nn::container::FileError) -> Failure {
        Failure::bad(error.to_string())
    }
}

impl From<chainrule_metrics::Error> for Failure {
    fn from(error: chainrule_metrics::Error) -> Failure {
        Failure::bad(error.to_string())
    }
}

impl From<PredictError> for Failure {
    fn from(error: PredictError) -> Failure {
        match error {
            PredictError::Data(error) => error.into(),
            other => Failure::bad(other.to_string()),
        }
    }
}

/// Settings that no training can have are misuse.
impl From<TrainError> for Failure {
    fn from(error: TrainError) -> Failure {
        match error {
            TrainError::Data(error) => error.into(),
            TrainError::Network(_)
            | TrainError::Setting { .. }
            | TrainError::Together(_)
            | TrainError::OtherLayers { .. }
            | TrainError::NothingToWatch { .. }
            | TrainError::Unwatchable { .. }
            | TrainError::NothingToTuneOn { .. }
            | TrainError::Untunable { .. } => Failure::misuse(error.to_string()),
            TrainError::Checkpoint(error) => error.into(),
            other => Failure::bad(other.to_string()),
        }
    }
}

/// A folder that is another training's is misuse.
impl From<CheckpointError> for Failure {
    fn from(error: CheckpointError) -> Failure {
        let text = error.to_string();
        match error {
            CheckpointError::Occupied { .. } => {
                Failure::misuse(format!("{text} (--resume, --checkpoint DIR)"))
            }
            CheckpointError::Locked { .. } | CheckpointError::Differs { .. } => {
                Failure::misuse(text)
            }
            _ => Failure::bad(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chainrule_data::{Schema, Table};

    #[test]
    fn codes_are_the_contract() {
        let codes = [
            Failure::bad(""),
            Failure::misuse(""),
            Failure::usage(""),
            Failure::diverged(""),
            Failure::interrupted(""),
        ]
        .map(|failure| failure.code());
        assert_eq!(codes, [1, 2, 2, 3, 130]);
    }

    #[test]
    fn a_closed_pipe_is_quiet_and_a_full_disk_is_not() {
        let closed = Failure::stdout(&io::ErrorKind::BrokenPipe.into());
        assert_eq!((closed.code(), closed.message.as_str()), (0, ""));
        assert_eq!(
            Failure::stdout(&io::ErrorKind::StorageFull.into()).code(),
            1
        );
    }

    #[test]
    fn a_mistyped_name_is_misuse_and_a_bad_cell_is_bad_data() {
        let table = Table::from_csv("t.csv", "a,y\n1,0\nx,1\n".as_bytes()).unwrap();
        let code = |target, positive| {
            Schema::infer(&table, target, positive)
                .and_then(|schema| schema.encode(&table))
                .map_err(Failure::from)
                .unwrap_err()
                .code()
        };
        assert_eq!(code("z", None), 2);
        assert_eq!(code("y", Some("2")), 2);
        assert_eq!(code("y", None), 1);
    }
}
