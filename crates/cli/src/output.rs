//! Files to write, and which ones are refused before any work is done.
//!
//! The rules:
//! - An input is never written to, not even with `--force`.
//! - `train` replaces a chainrule model; any other file only with `--force`. `predict -o` replaces any file but a chainrule model.
//! - What can't be written is found out at the start. A file is replaced at the end, when the new one is whole and on the disk.

mod model;
mod table;

pub use model::ModelOutput;
pub use table::TableOutput;

use crate::failure::Failure;
use crate::input::Source;
use crate::terminal::shown;
use chainrule_nn::container::{Container, FormatError, check_writable};
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

/// What is at a path now.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Existing {
    Nothing,
    /// By its first bytes: it may be damaged.
    Model,
    OtherFile,
    /// A folder, a device, a pipe.
    NoFile,
}

impl Existing {
    fn at(path: &Path) -> Existing {
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_file() && starts_like_a_model(path) => Existing::Model,
            Ok(metadata) if metadata.is_file() => Existing::OtherFile,
            Ok(_) => Existing::NoFile,
            Err(_) => Existing::Nothing,
        }
    }
}

fn starts_like_a_model(path: &Path) -> bool {
    let mut head = Vec::new();
    let read = File::open(path).and_then(|file| file.take(64).read_to_end(&mut head));
    let found = Container::from_bytes(&head);
    read.is_ok()
        && !matches!(
            found,
            Err(FormatError::Empty | FormatError::NotAModel { .. })
        )
}

/// Checks a path for a log of a training: an old log is replaced or continued, any other file only by force.
///
/// # Errors
/// Misuse if it is an input, the model, or (unless forced) a file that is no log; otherwise if it can't be written.
pub fn check_log(
    path: &Path,
    inputs: &[&Source],
    model: Option<&Path>,
    force: bool,
) -> Result<(), Failure> {
    let misuse = |what: &str| {
        Err(Failure::misuse(format!(
            "{}: {what}; choose another --log",
            shown(path)
        )))
    };
    if path == Path::new("-") {
        return misuse("a log is a file; one of this name is ./-");
    }
    if inputs.iter().any(|input| is_same(path, input)) {
        return misuse("this is the input, which is never overwritten");
    }
    if model.is_some_and(|model| is_same_place(path, model)) {
        return misuse("this is the model file");
    }
    match Existing::at(path) {
        // A pipe or a terminal is written to as a file is.
        Existing::NoFile if path.is_dir() => misuse("this is a folder"),
        Existing::NoFile => Ok(()),
        Existing::Model => misuse("this file is a chainrule model"),
        Existing::OtherFile if !force && !is_log(path) => {
            misuse("this file exists and is not a log of a training (--force replaces it)")
        }
        Existing::Nothing | Existing::OtherFile => Ok(check_writable(path)?),
    }
}

/// Checks a path for a folder that an option names, which may be made later.
///
/// # Errors
/// Misuse if a file is there, or is to be.
pub fn check_folder(path: &Path, option: &str, model: Option<&Path>) -> Result<(), Failure> {
    let misuse = |what: &str| {
        Err(Failure::misuse(format!(
            "{}: {what}; choose another {option}",
            shown(path)
        )))
    };
    if path == Path::new("-") {
        return misuse("this is no folder; one of this name is ./-");
    }
    if model.is_some_and(|model| is_same_place(path, model)) {
        return misuse("this is the model file");
    }
    match fs::metadata(path) {
        Ok(metadata) if !metadata.is_dir() => misuse("this is not a folder"),
        _ => Ok(()),
    }
}

/// Whether two paths to write to are of one place, where something may be or not.
fn is_same_place(one: &Path, other: &Path) -> bool {
    let absolute = |path: &Path| std::path::absolute(path).ok();
    one == other
        || is_same(one, &Source::Path(other.to_owned()))
        || absolute(one).is_some_and(|one| absolute(other) == Some(one))
}

/// Whether a file begins as a log does, or is empty.
fn is_log(path: &Path) -> bool {
    let mut line = String::new();
    let Ok(file) = File::open(path) else {
        return false;
    };
    match BufReader::new(file.take(1 << 16)).read_line(&mut line) {
        Ok(0) => true,
        Ok(_) => line.starts_with("{\"event\":"),
        Err(_) => false,
    }
}

/// Refuses a path that is one of the inputs, under whatever name.
fn refuse_inputs(path: &Path, inputs: &[&Source]) -> Result<(), Failure> {
    if inputs.iter().any(|input| is_same(path, input)) {
        return Err(Failure::misuse(format!(
            "{}: this is the input, which is never overwritten; choose another -o",
            shown(path)
        )));
    }
    Ok(())
}

/// Whether an input is the file at a path, under whatever name.
fn is_same(path: &Path, input: &Source) -> bool {
    let Some(output) = identity(path) else {
        return false;
    };
    match input {
        // Where the system has it, this is the file that the shell redirected.
        Source::Stdin => identity(Path::new("/dev/stdin")) == Some(output),
        Source::Path(path) => identity(path) == Some(output),
    }
}

/// What is equal for two paths of one file, hard links included; nothing if there is no regular file.
#[cfg(unix)]
fn identity(path: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    let metadata = fs::metadata(path).ok()?;
    metadata.is_file().then(|| (metadata.dev(), metadata.ino()))
}

/// What is equal for two paths of one file; nothing if there is no regular file.
#[cfg(not(unix))]
fn identity(path: &Path) -> Option<std::path::PathBuf> {
    let path = fs::canonicalize(path).ok()?;
    path.is_file().then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_is_told_by_its_first_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str, bytes: &[u8]| {
            let path = folder.path().join(name);
            fs::write(&path, bytes).unwrap();
            Existing::at(&path)
        };
        let model = chainrule_nn::container::ContainerWriter::new().to_bytes();
        assert_eq!(at("model", &model), Existing::Model);
        assert_eq!(at("damaged", &model[..model.len() - 1]), Existing::Model);
        assert_eq!(at("empty", b""), Existing::OtherFile);
        assert_eq!(at("csv", b"a,y\n1,2\n"), Existing::OtherFile);
        assert_eq!(Existing::at(folder.path()), Existing::NoFile);
        assert_eq!(Existing::at(&folder.path().join("none")), Existing::Nothing);
    }

    #[test]
    fn the_input_is_known_under_other_names() {
        let folder = tempfile::tempdir().unwrap();
        let (data, link) = (folder.path().join("data.csv"), folder.path().join("link"));
        fs::write(&data, "a,y\n").unwrap();
        fs::hard_link(&data, &link).unwrap();
        let input = Source::Path(folder.path().join(".").join("data.csv"));
        assert!(refuse_inputs(&data, &[&input]).is_err());
        #[cfg(unix)]
        assert!(refuse_inputs(&link, &[&input]).is_err());
        assert!(refuse_inputs(&folder.path().join("new"), &[&input]).is_ok());
    }
}
