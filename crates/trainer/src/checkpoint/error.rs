//! Why a training can't be kept or can't go on.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use chainrule_nn::container::{FileError, FormatError};

/// Why a training can't be kept, or can't go on from where it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// The folder can't be made or used.
    #[error("{}: cannot {action}: {source}; a folder for checkpoints must be one that can be written to", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// What was being done, in words that follow "cannot".
        action: &'static str,
        /// The system's answer.
        source: io::Error,
    },
    /// Another training has the folder.
    #[error(
        "{}: another training keeps its checkpoints here and is running; give each training a folder of its own",
        folder.display()
    )]
    Locked {
        /// The folder.
        folder: PathBuf,
    },
    /// A new training would replace the checkpoints of another one.
    #[error(
        "{} has a checkpoint (step {step}), which a new training would replace; resume it, choose another folder, or remove this one",
        folder.display()
    )]
    Occupied {
        /// The folder.
        folder: PathBuf,
        /// The step of the newest checkpoint.
        step: usize,
    },
    /// The newest checkpoint can't be read.
    #[error("{error}{}", remedy(older.as_deref()))]
    Damaged {
        /// Which file, and what is wrong with it.
        error: Box<FileError>,
        /// The checkpoint before it, if that is good.
        older: Option<PathBuf>,
    },
    /// The file holds something else than this training expects.
    #[error("{}: it is no checkpoint of this version: {problem}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// It is the checkpoint of another training.
    #[error("{} is of another training: {}; resume with what it was started with, or start afresh in another folder", path.display(), listed(differences))]
    Differs {
        /// The file.
        path: PathBuf,
        /// What is not the same, at least one.
        differences: Vec<Difference>,
    },
    /// No file can hold the training.
    #[error("no checkpoint can be written: {0}")]
    Unwritable(String),
    /// The file can't be written. The checkpoint before it is as it was.
    #[error("{error}; {}", left(last.as_deref()))]
    Write {
        /// Which file, and why.
        error: Box<FileError>,
        /// The last checkpoint that was written, if there is one.
        last: Option<PathBuf>,
    },
}

/// A thing in which two trainings differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Its name: `learning rate`.
    pub what: String,
    /// What it is in this training; nothing if it doesn't have it.
    pub here: Option<String>,
    /// What it is in the checkpoint.
    pub there: Option<String>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let short = |text: &Option<String>, skipped: usize| match text {
            None => "none".to_owned(),
            Some(text) => shortened(text, skipped),
        };
        let skipped = match (&self.here, &self.there) {
            (Some(here), Some(there)) => same_beginning(here, there),
            _ => 0,
        };
        let (here, there) = (short(&self.here, skipped), short(&self.there, skipped));
        if here == there {
            // Too long to show where.
            return write!(f, "{} is not the same", self.what);
        }
        write!(f, "{} is {here} here and {there} there", self.what)
    }
}

impl CheckpointError {
    pub(super) fn content(path: &Path, problem: impl fmt::Display) -> CheckpointError {
        CheckpointError::Content {
            path: path.to_owned(),
            problem: problem.to_string(),
        }
    }

    pub(super) fn format(path: &Path, problem: &FormatError) -> CheckpointError {
        CheckpointError::content(path, problem)
    }
}

/// The most characters of a value that are shown.
const SHOWN: usize = 80;

/// What is shown of a value of which so many bytes can be left out at the beginning.
fn shortened(text: &str, skipped: usize) -> String {
    let (mut start, mut rest) = ("", text);
    if text.chars().count() > SHOWN {
        rest = &text[skipped..];
        start = if skipped > 0 { "…" } else { "" };
    }
    let end = rest.char_indices().nth(SHOWN - 1);
    match end {
        Some((end, _)) if rest.chars().count() > SHOWN => format!("{start}{}…", &rest[..end]),
        _ => format!("{start}{rest}"),
    }
}

/// The length of the items, parted by commas, that two lists begin with in common.
fn same_beginning(here: &str, there: &str) -> usize {
    let both = here.split_inclusive(", ").zip(there.split_inclusive(", "));
    let same = both.take_while(|(here, there)| here == there && here.ends_with(", "));
    same.map(|(item, _)| item.len()).sum()
}

fn listed(differences: &[Difference]) -> String {
    let texts: Vec<String> = differences.iter().map(Difference::to_string).collect();
    texts.join("; ")
}

fn left(last: Option<&Path>) -> String {
    match last {
        Some(last) => format!(
            "the last checkpoint, {}, is as it was: resume from it when this is settled",
            last.display()
        ),
        None => "it would have been the first one: start again when this is settled".to_owned(),
    }
}

fn remedy(older: Option<&Path>) -> String {
    match older {
        Some(older) => format!(
            "; the checkpoint before it, {}, is good: remove the damaged file to resume from there",
            older.display()
        ),
        None => "; there is no other checkpoint: remove the file to start afresh".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_names_both_sides() {
        let difference = |here: Option<&str>, there: Option<&str>| {
            let (here, there) = (here.map(str::to_owned), there.map(str::to_owned));
            let what = "learning rate".to_owned();
            Difference { what, here, there }.to_string()
        };
        assert_eq!(
            difference(Some("0.01"), Some("0.003")),
            "learning rate is 0.01 here and 0.003 there"
        );
        assert_eq!(
            difference(None, Some("0.003")),
            "learning rate is none here and 0.003 there"
        );
        let (a, b) = ("x".repeat(100) + "a", "x".repeat(100) + "b");
        assert_eq!(
            difference(Some(&a), Some(&b)),
            "learning rate is not the same"
        );
        // Of long lists, the items in which they begin to differ.
        let columns: Vec<String> = (0..30).map(|at| format!("column {at} (numeric)")).collect();
        let all = columns.join(", ");
        assert_eq!(
            difference(Some(&columns[..29].join(", ")), Some(&all)),
            "learning rate is …column 28 (numeric) here and …column 28 (numeric), column 29 (numeric) there"
        );
        let other = all.replace("column 7 (numeric)", "column 7 (categorical)");
        let said = difference(Some(&other), Some(&all));
        assert!(
            said.contains("is …column 7 (categorical), column 8")
                && said.contains("and …column 7 (numeric), column 8"),
            "{said}"
        );
        assert_eq!(
            difference(Some("a, b, é"), Some(&all.replace(' ', "é"))),
            format!(
                "learning rate is a, b, é here and {}… there",
                all.replace(' ', "é").chars().take(79).collect::<String>()
            )
        );
    }
}
