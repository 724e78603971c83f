//! Model files to read.

use crate::failure::Failure;
use crate::input::Source;
use chainrule_autodiff::Isa;
use chainrule_nn::container::{Container, FormatError, MAX_FILE_LEN};
use chainrule_trainer::Classifier;
use std::io::{self, Read};

/// Reads a model, to run on an instruction set.
///
/// # Errors
/// If it can't be read, is no model, or is damaged.
pub fn load(source: &Source, isa: Isa) -> Result<Classifier, Failure> {
    let path = match source {
        Source::Path(path) => path,
        Source::Stdin => {
            return from_stdin(isa)
                .map_err(|text| Failure::bad(format!("{}: {text}", source.name())));
        }
    };
    Classifier::load_for(path, isa).map_err(|error| {
        // The system's own errors name the path already.
        let text = error.to_string();
        let name = crate::terminal::shown(path).to_string();
        Failure::bad(if text.starts_with(&name) {
            text
        } else {
            format!("{name}: {text}")
        })
    })
}

/// The hash of a model's parameters.
///
/// # Errors
/// If no file can hold them.
pub fn hash(model: &Classifier) -> Result<String, Failure> {
    model
        .hash()
        .map_err(|error| Failure::bad(error.to_string()))
}

fn from_stdin(isa: Isa) -> Result<Classifier, String> {
    let mut input = io::stdin().lock();
    let mut bytes = Vec::new();
    let mut read = |bytes: &mut Vec<u8>, most| {
        let read = input.by_ref().take(most).read_to_end(bytes);
        read.map(drop)
            .map_err(|error| format!("cannot read it: {error}"))
    };
    // An endless stream of something else is refused by its first bytes.
    read(&mut bytes, 64)?;
    if let Err(error @ (FormatError::Empty | FormatError::NotAModel { .. })) =
        Container::from_bytes(&bytes)
    {
        return Err(error.to_string());
    }
    read(&mut bytes, MAX_FILE_LEN)?;
    Classifier::from_bytes(&bytes, isa).map_err(|error| error.to_string())
}
