//! Where a trained model goes.

use super::{Existing, refuse_inputs};
use crate::failure::Failure;
use crate::input::Source;
use crate::terminal::{self, shown};
use chainrule_nn::container::{check_writable, write_atomically};
use std::path::{Path, PathBuf};

/// A place for a model that has been found writable.
#[derive(Clone, Debug)]
pub enum ModelOutput {
    /// `-`.
    Stdout,
    /// A file.
    File(PathBuf),
}

impl ModelOutput {
    /// Checks a path for a model, and the one beside it for the best so far of a training that does not end well.
    ///
    /// # Errors
    /// Misuse if it is an input, or (unless forced) a file that is no model; otherwise if it can't be written.
    pub fn check(path: PathBuf, inputs: &[&Source], force: bool) -> Result<ModelOutput, Failure> {
        if path.as_os_str() == "-" {
            if terminal::stdout_is_terminal() {
                return Err(Failure::misuse(
                    "-o -: a model is not for a terminal; redirect standard output, or name a file",
                ));
            }
            return Ok(ModelOutput::Stdout);
        }
        let partial = partial(&path);
        for path in [&path, &partial] {
            refuse_inputs(path, inputs)?;
            if Existing::at(path) == Existing::OtherFile && !force {
                return Err(Failure::misuse(format!(
                    "{}: this file exists and is not a chainrule model; choose another -o, or replace it with --force",
                    shown(path)
                )));
            }
            check_writable(path)?;
        }
        Ok(ModelOutput::File(path))
    }

    /// The path as it was given, unless it is standard output.
    pub fn path(&self) -> Option<&Path> {
        match self {
            ModelOutput::Stdout => None,
            ModelOutput::File(path) => Some(path),
        }
    }

    /// Writes the model, replacing an old one when the new one is whole.
    ///
    /// # Errors
    /// If it can't be written.
    pub fn save(&self, bytes: &[u8]) -> Result<(), Failure> {
        match self {
            ModelOutput::Stdout => terminal::print(bytes),
            ModelOutput::File(path) => Ok(write_atomically(path, bytes)?),
        }
    }

    /// Writes the best so far to `<output>.partial`, and says in a sentence where it is. Standard output gets nothing: whoever
    /// reads it expects a finished model.
    pub fn save_partial(&self, bytes: &[u8]) -> String {
        let Some(path) = self.path().map(partial) else {
            return "the model so far is not kept, because standard output is for a finished one"
                .to_owned();
        };
        match write_atomically(&path, bytes) {
            Ok(()) => format!("the best so far is in {}", shown(&path)),
            Err(error) => format!("the best so far could not be kept: {error}"),
        }
    }
}

/// The path with `.partial` behind it, whatever its name.
fn partial(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".partial");
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn check(path: &Path, force: bool) -> Result<ModelOutput, Failure> {
        ModelOutput::check(path.to_owned(), &[], force)
    }

    #[test]
    fn a_model_is_replaced_and_another_file_only_by_force() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("m");
        let output = check(&path, false).unwrap();
        let model = chainrule_nn::container::ContainerWriter::new().to_bytes();
        output.save(&model).unwrap();
        assert!(check(&path, false).is_ok());

        fs::write(&path, "my notes").unwrap();
        assert_eq!(check(&path, false).unwrap_err().code(), 2);
        assert!(check(&path, true).is_ok());
        assert_eq!(fs::read(&path).unwrap(), b"my notes");
    }

    #[test]
    fn the_file_beside_it_is_respected_too() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("m");
        fs::write(partial(&path), "my notes").unwrap();
        assert_eq!(check(&path, false).unwrap_err().code(), 2);
        assert!(check(&path, true).is_ok());
    }

    #[test]
    fn what_cannot_be_written_is_found_out_at_once() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(check(folder.path(), true).unwrap_err().code(), 1);
        assert_eq!(
            check(&folder.path().join("none/m"), true)
                .unwrap_err()
                .code(),
            1
        );
    }
}
