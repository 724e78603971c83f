//! `chainrule train`: from a table to a model file and a report.

mod arguments;
mod ending;
mod inputs;
mod keeping;
mod optimization;
mod optimizer;
mod progress;
mod recorded;
mod report;
mod table;
mod warnings;
mod watching;

pub use arguments::{Arguments, Held, threads};
pub use inputs::{Data, Inputs};
pub use recorded::{read as read_recorded, recorded};

use crate::failure::Failure;
use crate::input::{Source, check_stdin_once};
use crate::interrupt::Interrupt;
use crate::number::counted;
use crate::output::ModelOutput;
use crate::{terminal, weights};
use chainrule_autodiff::Isa;
use chainrule_data::{Inferred, Preprocessing, Scaling, SchemaFile, Table};
use chainrule_trainer::{Classifier, Observer, Outcome, TrainError, TrainingReport};
use inputs::sources;
use report::Finished;
use std::time::Instant;

/// Trains, writes the model and prints the report.
///
/// # Errors
/// Misuse of options, names or paths before the first epoch; bad data; divergence and interruption, which leave the output as it was
/// and the best so far beside it.
pub fn run(arguments: Arguments, isa: Isa) -> Result<(), Failure> {
    let started = Instant::now();
    let data = Data::of(&arguments);
    let sources = sources(&arguments);
    check_stdin_once(&sources)?;
    let output = output(&arguments, &data, &sources)?;
    arguments
        .watching
        .check(&sources, output.path(), arguments.force)?;
    arguments.keeping.check(output.path())?;
    let stopping = arguments.ending.stopping();
    arguments.check_validation()?;
    let reading = Instant::now();
    let rows = Inputs::read(&arguments, &data, None, isa)?;
    let seconds_reading = reading.elapsed().as_secs_f64();
    if arguments.print_schema {
        return print_schema(rows.around.inferred.as_ref(), &rows.table);
    }
    let interrupt = Interrupt::listen()?;
    if !arguments.quiet {
        data.introduce();
        rows.introduce();
    }

    let mut watchers = arguments
        .watching
        .open(arguments.epochs(rows.table.rows()), arguments.quiet)?;
    let mut watching = (
        arguments.keeping.announcer(arguments.quiet),
        watchers.observers(),
    );
    let format = rows.table.format().map(str::to_owned);
    let mut builder = (rows.around)
        .builder(&arguments, isa, rows.table.rows())?
        .stopping(stopping)
        .recorded_as(&arguments.recorded)
        .cancel(interrupt.flag());
    if let Some(checkpoints) = arguments.keeping.checkpoints() {
        builder = builder.checkpoints(checkpoints);
    }
    let trained = builder
        .observer(&mut watching as &mut dyn Observer)
        .fit_table(rows.table);
    drop(watching);
    watchers.clear();
    let classifier = trained.map_err(|error| stopped_by(error, &output))?;
    let training = classifier
        .report()
        .ok_or_else(|| Failure::bad("the trainer gave no report; please report this as a bug"))?;
    if training.outcome == Outcome::Interrupted {
        return Err(match arguments.keeping.interrupted(training) {
            Some(kept) => kept,
            None => interrupted(&classifier, training, &output),
        });
    }
    if let Some(left_out) = weights::left_out(training.rows_of_weight_zero)
        && !arguments.quiet
    {
        terminal::note(&left_out);
    }
    if training.rows_without_label > 0 && !arguments.quiet {
        let count = counted(training.rows_without_label, "row");
        terminal::note(&format!("{count} without a label left out"));
    }
    if training.rows_with_bad_cells > 0 && !arguments.quiet {
        let count = counted(training.rows_with_bad_cells, "row");
        terminal::note(&format!("{count} with a value that can't be used left out"));
    }
    output.save(&bytes(&classifier)?)?;

    let init = rows.around.init.as_ref();
    let finished = Finished {
        classifier: &classifier,
        training,
        data: &data.name(),
        validation: arguments.validation.table_name(),
        test: arguments.test.table_name(),
        stopping,
        chosen: report::chosen(&classifier, arguments.positive.is_some(), init.is_some()),
        preprocess: match (init.map(Classifier::preprocessing), arguments.preprocess) {
            (Some(Preprocessing::None), _) => "none".to_owned(),
            (Some(Preprocessing::Standard { .. }), _) => "standard".to_owned(),
            (Some(_), _) => "as in the model of --init".to_owned(),
            (None, name) => name.map_or(Scaling::default(), Scaling::from).to_string(),
        },
        output: output.path(),
        format: format.as_deref().filter(|_| arguments.data.is_some()),
        seconds_reading,
        seconds_total: started.elapsed().as_secs_f64(),
    };
    if arguments.json {
        terminal::print_json(&finished.json()?)?;
    } else if arguments.quiet {
    } else if output.path().is_none() {
        terminal::say(finished.text()?.trim_end());
    } else {
        terminal::print(finished.text()?)?;
    }
    watchers.finish()
}

/// Writes what each column is, to be edited.
fn print_schema(inferred: Option<&Inferred>, table: &Table) -> Result<(), Failure> {
    let inferred = inferred
        .ok_or_else(|| Failure::misuse("--print-schema: with --init the schema is the model's"))?;
    for note in &inferred.notes {
        terminal::note(&note.to_string());
    }
    let file = SchemaFile::of(&inferred.schema, table);
    let mut text = serde_json::to_string_pretty(&file)
        .map_err(|error| Failure::bad(format!("cannot write JSON: {error}")))?;
    text.push('\n');
    terminal::print(text)
}

fn output(arguments: &Arguments, data: &Data, inputs: &[&Source]) -> Result<ModelOutput, Failure> {
    let path = match &arguments.output {
        Some(path) => path.clone(),
        None => data.default_output()?,
    };
    let output = ModelOutput::check(path, inputs, arguments.force)?;
    if arguments.json && output.path().is_none() {
        return Err(Failure::misuse(
            "-o - and --json both want standard output; write the model to a file",
        ));
    }
    Ok(output)
}

fn bytes(classifier: &Classifier) -> Result<Vec<u8>, Failure> {
    classifier
        .to_bytes()
        .map_err(|error| Failure::bad(error.to_string()))
}

/// Keeps what can be kept, and says so.
fn keep(classifier: &Classifier, output: &ModelOutput) -> String {
    match classifier.to_bytes() {
        Ok(bytes) => output.save_partial(&bytes),
        Err(error) => format!("the best so far could not be kept: {error}"),
    }
}

fn interrupted(
    classifier: &Classifier,
    training: &TrainingReport,
    output: &ModelOutput,
) -> Failure {
    Failure::interrupted(format!(
        "stopped after epoch {} of {}; {}",
        training.history.len(),
        training.info.epochs,
        keep(classifier, output)
    ))
}

fn stopped_by(error: TrainError, output: &ModelOutput) -> Failure {
    match error {
        TrainError::Diverged {
            divergence,
            last_good,
        } => Failure::diverged(format!(
            "training diverged in {divergence}; try {}; {}",
            warnings::option(&divergence.remedy),
            keep(&last_good, output)
        )),
        other => other.into(),
    }
}
