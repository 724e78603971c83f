//! `chainrule train`: from a table to a model file and a report.

mod arguments;
mod optimization;
mod progress;
mod report;

pub use arguments::Arguments;

use crate::failure::Failure;
use crate::input::{Source, check_stdin_once};
use crate::interrupt::Interrupt;
use crate::number::counted;
use crate::output::ModelOutput;
use crate::{model, terminal};
use arguments::{Hidden, Validation};
use chainrule_autodiff::Isa;
use chainrule_data::{
    Header, Inferred, Note, Preprocessing, Scaling, Schema, SchemaFile, Table, embedded, escape,
};
use chainrule_trainer::{
    Builder, Classifier, Observer, Outcome, Threads, TrainError, TrainingReport,
};
use progress::Progress;
use report::{Finished, Held};
use std::path::PathBuf;
use std::time::Instant;

/// Trains, writes the model and prints the report.
///
/// # Errors
/// Misuse of options, names or paths before the first epoch; bad data; divergence and interruption, which leave the output as it was
/// and the best so far beside it.
pub fn run(arguments: Arguments, isa: Isa) -> Result<(), Failure> {
    let started = Instant::now();
    let data = Data::of(&arguments);
    let inputs = inputs(&arguments);
    check_stdin_once(&inputs)?;
    let output = output(&arguments, &data, &inputs)?;
    let init = match &arguments.init {
        None => None,
        Some(source) => Some(model::load(source, isa)?),
    };
    if let Some(init) = &init {
        check_agrees(&arguments, init)?;
    }
    let file = arguments.columns.file()?;
    let reading = Instant::now();
    let mut table = data.table(&arguments, init.as_ref(), file.as_ref())?;
    let target = data.target(&arguments, init.as_ref(), file.as_ref(), &table)?;
    if let Some(init) = &init {
        check_target(&target, init, &table)?;
    }
    let mut validation = match &arguments.validation {
        Validation::Table(source) => {
            let mut options = match &init {
                Some(init) => arguments.reading.options_for(init),
                None => arguments.reading.options(),
            };
            options.missing.extend(missing_words(file.as_ref()));
            options.expected = table.names().to_vec();
            if !table.has_header() && options.header == Header::Detect {
                options.header = Header::AbsentUnless;
            }
            Some(source.table(&options)?)
        }
        Validation::Share(_) => None,
    };
    let seconds_reading = reading.elapsed().as_secs_f64();
    arguments
        .labels
        .apply(&target, std::iter::once(&mut table).chain(&mut validation))?;
    let inferred = match &init {
        Some(_) => None,
        None => {
            let options = arguments
                .columns
                .options(arguments.positive.as_deref(), file, &table)?;
            Some(Schema::infer_with(&table, &target, &options)?)
        }
    };
    if arguments.print_schema {
        return print_schema(inferred.as_ref(), &table);
    }
    let interrupt = Interrupt::listen()?;
    if !arguments.quiet {
        data.introduce();
        let tables = std::iter::once(&table).chain(&validation);
        // The report says how the table is written.
        let is_told = |note: &&Note| !matches!(note, Note::Format(_));
        for note in tables.flat_map(Table::notes).filter(is_told) {
            terminal::note(&note.to_string());
        }
        for note in inferred.iter().flat_map(|inferred| &inferred.notes) {
            terminal::note(&note.to_string());
        }
    }

    let mut progress = Progress::new(arguments.epochs, arguments.quiet);
    let builder = builder(&arguments, isa, init.as_ref())?;
    let builder = match inferred {
        None => builder,
        Some(inferred) => builder.schema(inferred.schema),
    };
    let builder = match &validation {
        None => builder,
        Some(table) => builder.validation_rows(table),
    };
    let trained = builder
        .cancel(interrupt.flag())
        .observer(&mut progress as &mut dyn Observer)
        .fit(&table);
    progress.finish();
    let classifier = trained.map_err(|error| stopped_by(error, &output))?;
    let training = classifier
        .report()
        .ok_or_else(|| Failure::bad("the trainer gave no report; please report this as a bug"))?;
    if training.outcome == Outcome::Interrupted {
        return Err(interrupted(&classifier, training, &output));
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

    let finished = Finished {
        classifier: &classifier,
        training,
        data: &data.name(),
        held: match &arguments.validation {
            Validation::Share(_) => Held::Share,
            Validation::Table(source) => Held::Table(source.name()),
        },
        chosen: report::chosen(&classifier, arguments.positive.is_some(), init.is_some()),
        preprocess: match (
            init.as_ref().map(Classifier::preprocessing),
            arguments.preprocess,
        ) {
            (Some(Preprocessing::None), _) => "none".to_owned(),
            (Some(Preprocessing::Standard { .. }), _) => "standard".to_owned(),
            (Some(_), _) => "as in the model of --init".to_owned(),
            (None, name) => name.map_or(Scaling::default(), Scaling::from).to_string(),
        },
        output: output.path(),
        format: table.format().filter(|_| arguments.data.is_some()),
        seconds_reading,
        seconds_total: started.elapsed().as_secs_f64(),
    };
    if arguments.json {
        terminal::print_json(&finished.json()?)
    } else if arguments.quiet {
        Ok(())
    } else if output.path().is_none() {
        terminal::say(finished.text()?.trim_end());
        Ok(())
    } else {
        terminal::print(finished.text()?)
    }
}

/// What is trained on.
enum Data<'a> {
    Embedded(embedded::Embedded),
    Table(&'a Source),
}

impl<'a> Data<'a> {
    fn of(arguments: &'a Arguments) -> Data<'a> {
        match &arguments.data {
            None => Data::Embedded(embedded::wdbc()),
            Some(source) => Data::Table(source),
        }
    }

    fn name(&self) -> String {
        match self {
            Data::Embedded(embedded) => format!("{} (embedded)", embedded.name),
            Data::Table(source) => source.name(),
        }
    }

    /// Gives credit for data that is not the user's.
    fn introduce(&self) {
        if let Data::Embedded(embedded) = self {
            terminal::say(&format!(
                "Training on the embedded data: {}",
                embedded.credit
            ));
        }
    }

    /// The data's name with `.chainrule`, in the current folder.
    fn default_output(&self) -> Result<PathBuf, Failure> {
        let stem = match self {
            Data::Embedded(embedded) => Some(embedded.name.as_ref()),
            Data::Table(source) => source.stem(),
        };
        let stem = stem.ok_or_else(|| {
            Failure::misuse(format!(
                "{}: this is not the name of a file",
                escape(&self.name())
            ))
        })?;
        let mut name = stem.to_owned();
        name.push(".chainrule");
        Ok(name.into())
    }

    /// The column to predict.
    fn target(
        &self,
        arguments: &Arguments,
        init: Option<&Classifier>,
        file: Option<&SchemaFile>,
        table: &Table,
    ) -> Result<String, Failure> {
        if let (None, Some(init)) = (&arguments.target, init) {
            return Ok(init.schema().target_in(table)?);
        }
        let default = match self {
            Data::Embedded(embedded) => Some(embedded.target),
            Data::Table(_) => file.map(|file| file.target.as_str()),
        };
        let asked = arguments.target.as_deref().or(default);
        if let Some(target) = table.target(asked)? {
            return Ok(target.to_owned());
        }
        let names: Vec<_> = table
            .names()
            .iter()
            .map(|name| format!("\n  {}", escape(name)))
            .collect();
        Err(Failure::misuse(format!(
            "which column is to be predicted? name it with --target COLUMN; the columns of {} are{}",
            escape(table.source()),
            names.concat()
        )))
    }

    fn table(
        &self,
        arguments: &Arguments,
        init: Option<&Classifier>,
        file: Option<&SchemaFile>,
    ) -> Result<Table, Failure> {
        match self {
            Data::Embedded(embedded) => {
                arguments.reading.check_unused()?;
                Ok(Table::from_csv(embedded.name, embedded.bytes)?)
            }
            Data::Table(source) => {
                let mut options = match init {
                    Some(init) => arguments.reading.options_for(init),
                    None => arguments.reading.options(),
                };
                options.missing.extend(missing_words(file));
                source.table(&options)
            }
        }
    }
}

fn missing_words(file: Option<&SchemaFile>) -> Vec<String> {
    file.map(|file| file.missing.clone()).unwrap_or_default()
}

/// The target of a model to start from is not another one.
fn check_target(target: &str, init: &Classifier, table: &Table) -> Result<(), Failure> {
    let has = init.schema().target_in(table)?;
    if has == target {
        return Ok(());
    }
    let quoted = |name: &str| format!("{:?}", escape(name));
    Err(differs(
        "--target",
        quoted(target),
        quoted(init.schema().target()),
    ))
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

/// What is read as a table, so that it is never written to. The model of `--init` may be: it is replaced by its successor.
fn inputs(arguments: &Arguments) -> Vec<&Source> {
    let validation = match &arguments.validation {
        Validation::Table(source) => Some(source),
        Validation::Share(_) => None,
    };
    let stdin = arguments
        .init
        .as_ref()
        .filter(|init| **init == Source::Stdin);
    arguments
        .data
        .iter()
        .chain(validation)
        .chain(stdin)
        .collect()
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

/// A model to start from settles columns, labels, preprocessing and layers: options may repeat it, not change it.
fn check_agrees(arguments: &Arguments, init: &Classifier) -> Result<(), Failure> {
    if let Some(positive) = &arguments.positive
        && init.labels().classify(positive) != Some(true)
    {
        let has = format!("{:?}", escape(&init.labels().positive));
        return Err(differs(
            "--positive",
            format!("{:?}", escape(positive)),
            has,
        ));
    }
    if let Some(hidden) = &arguments.hidden {
        let layers = &init.network().layers;
        let has: Vec<usize> = layers
            .iter()
            .rev()
            .skip(1)
            .rev()
            .map(|layer| layer.units)
            .collect();
        if hidden.0 != has {
            return Err(differs(
                "--hidden",
                report::sizes(&hidden.0),
                report::sizes(&has),
            ));
        }
    }
    if let Some(asked) = arguments.preprocess.map(Scaling::from) {
        // Of a model with an encoding for each column it is not known which scaling they are from.
        let has = match init.preprocessing() {
            Preprocessing::None => Some(Scaling::None),
            Preprocessing::Standard { .. } => Some(Scaling::Standard),
            _ => None,
        };
        if Some(asked) != has {
            let has = has.map_or("its own".to_owned(), |has| has.to_string());
            return Err(differs("--preprocess", asked.to_string(), has));
        }
    }
    if !arguments.columns.is_empty() {
        return Err(Failure::misuse(
            "what the columns are is settled by the model of --init; leave --ignore, --categorical, --numeric and --schema out, or train without --init",
        ));
    }
    Ok(())
}

fn differs(option: &str, asked: String, has: String) -> Failure {
    Failure::misuse(format!(
        "{option} is {asked}, and the model of --init has {has}; leave {option} out, or train without --init"
    ))
}

fn builder<'a>(
    arguments: &Arguments,
    isa: Isa,
    init: Option<&'a Classifier>,
) -> Result<Builder<'a>, Failure> {
    let rate = arguments
        .learning_rate
        .unwrap_or_else(|| arguments.optimizer.learning_rate());
    let mut builder = Classifier::builder()
        .epochs(arguments.epochs)
        .batch(arguments.batch_size)
        .learning_rate(rate)
        .shuffle(!arguments.no_shuffle)
        .seed(arguments.seed)
        .threads(arguments.threads.map_or(Threads::Auto, Threads::AtMost))
        .isa(isa);
    builder = builder.optimizer(arguments.optimizer()?);
    match &arguments.hidden {
        Some(hidden) => builder = builder.hidden(&hidden.0),
        None if init.is_none() => builder = builder.hidden(&Hidden::DEFAULT),
        None => {}
    }
    if let Some(precision) = arguments.precision {
        builder = builder.precision(precision.into());
    }
    if let Some(name) = arguments.preprocess {
        builder = builder.scaling(name.into());
    }
    if let Validation::Share(share) = arguments.validation {
        builder = builder.validation_fraction(share);
    }
    Ok(match init {
        None => builder,
        Some(init) => builder.init(init),
    })
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
            "training diverged in {divergence}; try a lower --learning-rate; {}",
            keep(&last_good, output)
        )),
        other => other.into(),
    }
}
