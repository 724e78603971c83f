//! `chainrule verify`: trains a model again and compares the bits.

mod again;
mod differences;
mod verdict;

use super::train::{self, Data, Inputs};
use crate::failure::Failure;
use crate::input::{Source, check_stdin_once};
use crate::{model, terminal};
use again::{as_trained, train_again};
use chainrule_autodiff::Isa;
use differences::{bits_that_differ, data_differences, is_same, settings_that_differ, version};
use verdict::Verdict;

const EXAMPLES: &str = "\
Examples:
  chainrule verify wdbc.chainrule                          # a model of the embedded data
  chainrule verify patients.chainrule --data patients.csv";

/// Train a model again from what it says of itself, and compare the bits
///
/// A model keeps the options of its training and the hashes of its data. With the same data and the same version of chainrule every bit
/// is the same again, on any machine and for any number of threads: exit code 0. Else it says what differs: exit code 1.
#[derive(Debug, clap::Args)]
#[command(before_help = EXAMPLES)]
pub struct Arguments {
    /// The model file, or - for standard input
    #[arg(value_name = "MODEL", value_parser = Source::parser())]
    model: Source,

    /// The CSV table that it was trained on, or - for standard input [default: the embedded data, if it was that]
    #[arg(long, value_name = "FILE", value_parser = Source::parser())]
    data: Option<Source>,

    /// The table that was given to train as --validation
    #[arg(long, value_name = "FILE", value_parser = Source::parser())]
    validation: Option<Source>,

    /// The table that was given to train as --test
    #[arg(long, value_name = "FILE", value_parser = Source::parser())]
    test: Option<Source>,

    /// The model that was given to train as --init
    #[arg(long, value_name = "MODEL", value_parser = Source::parser())]
    init: Option<Source>,

    /// The most threads to use [default: one for each processor]
    #[arg(long, value_name = "N", value_parser = train::threads, allow_negative_numbers = true)]
    threads: Option<usize>,

    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Trains again and says whether the bits agree.
///
/// # Errors
/// If they don't; if the model does not say how it was trained; misuse if something that it was trained with is not named.
pub fn run(arguments: Arguments, isa: Isa) -> Result<(), Failure> {
    let sources = [
        Some(&arguments.model),
        arguments.data.as_ref(),
        arguments.validation.as_ref(),
        arguments.test.as_ref(),
        arguments.init.as_ref(),
    ];
    check_stdin_once(&sources.into_iter().flatten().collect::<Vec<_>>())?;
    let model = model::load(&arguments.model, isa)?;
    let procedure = model.provenance().procedure.as_ref().ok_or_else(|| {
        Failure::bad("the model is of a version that did not keep how it was trained: it can't be trained again")
    })?;
    let training = as_trained(&arguments, &model, procedure)?;
    let data = Data::of(&training);
    let inputs = Inputs::read(&training, &data, Some(&model), isa)?;
    let mut differences = version(&model);
    let (rows, of_data) = data_differences(&model, &inputs)?;
    differences.extend(of_data);
    let is_other_data = differences.iter().any(|found| found.what.contains("data"));
    let again = if is_other_data {
        None
    } else {
        let again = train_again(&arguments, &training, &inputs, &model, isa)?;
        differences.extend(settings_that_differ(&again, &model));
        differences.extend(bits_that_differ(&again, &model)?);
        Some(again)
    };
    let verdict = Verdict {
        agrees: again
            .as_ref()
            .is_some_and(|again| is_same(again, &model).unwrap_or(false)),
        rows,
        model_hash: model::hash(&model)?,
        hash_again: again.as_ref().map(model::hash).transpose()?,
        epochs: model.provenance().training.epochs_finished,
        steps: model.provenance().training.steps,
        version: env!("CARGO_PKG_VERSION"),
        version_of_model: model.provenance().version.clone(),
        differences,
    };
    if arguments.json {
        terminal::print_json(&verdict)?;
    } else {
        terminal::print(verdict.text(&arguments, &model, &data.name()))?;
    }
    verdict.result()
}
