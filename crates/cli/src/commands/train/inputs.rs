//! What a training reads: the tables, the model to start from, the schema.

use super::arguments::{Arguments, Held, Hidden};
use super::report;
use crate::failure::{Failure, delimiter_option};
use crate::input::Source;
use crate::{model, terminal};
use chainrule_autodiff::Isa;
use chainrule_data::{
    CsvOptions, FeatureKind, Header, Inferred, Note, Preprocessing, Scaling, Schema, SchemaFile,
    Table, embedded, escape,
};
use chainrule_trainer::{Builder, Classifier, Threads};
use std::path::PathBuf;

/// Everything that was read before a training.
pub struct Inputs {
    /// The rows.
    pub table: Table,
    /// All else.
    pub around: Around,
}

/// What stands around the rows to train on.
pub struct Around {
    /// The model to start from.
    pub init: Option<Classifier>,
    /// What the columns are, unless a model has settled it.
    pub inferred: Option<Inferred>,
    /// What the columns are in a model that is to be trained again.
    again: Option<Schema>,
    validation: Option<Table>,
    test: Option<Table>,
}

impl Inputs {
    /// Reads all tables and settles the schema. With a model that is to be trained `again`, columns and labels are its own.
    ///
    /// # Errors
    /// If something can't be read; misuse of names.
    pub fn read(
        arguments: &Arguments,
        data: &Data,
        again: Option<&Classifier>,
        isa: Isa,
    ) -> Result<Inputs, Failure> {
        let init = match &arguments.init {
            None => None,
            Some(source) => Some(model::load(source, isa)?),
        };
        if let Some(init) = &init {
            check_agrees(arguments, init)?;
        }
        let settled = again.or(init.as_ref());
        let file = arguments.columns.file()?;
        let mut table = data.table(arguments, settled, file.as_ref())?;
        let target = data.target(arguments, settled, file.as_ref(), &table)?;
        if let Some(init) = &init {
            check_target(&target, init, &table)?;
        }
        let other = |held: &Held| match held {
            Held::Share(_) => Ok(None),
            Held::Table(source) => {
                let mut options = reading(arguments, settled, file.as_ref());
                options.expected = table.names().to_vec();
                if !table.has_header() && options.header == Header::Detect {
                    options.header = Header::AbsentUnless;
                }
                source.table(&options).map(Some)
            }
        };
        let (mut validation, mut test) = (other(&arguments.validation)?, other(&arguments.test)?);
        let weights = &arguments.weights.column;
        table = weights.apply(table, &target)?;
        validation = validation
            .map(|table| weights.apply(table, &target))
            .transpose()?;
        test = test
            .map(|table| weights.apply(table, &target))
            .transpose()?;
        let tables = std::iter::once(&mut table).chain(&mut validation);
        arguments.labels.apply(&target, tables.chain(&mut test))?;
        let inferred = match settled {
            Some(_) => None,
            None => {
                let columns = &arguments.columns;
                let options = columns.options(arguments.positive.as_deref(), file, &table)?;
                Some(Schema::infer_with(&table, &target, &options)?)
            }
        };
        let around = Around {
            init,
            inferred,
            again: again.map(|model| model.schema().clone()),
            validation,
            test,
        };
        Ok(Inputs { table, around })
    }

    /// The other table to validate on.
    pub fn validation(&self) -> Option<&Table> {
        self.around.validation.as_ref()
    }

    /// The other table to test on.
    pub fn test(&self) -> Option<&Table> {
        self.around.test.as_ref()
    }

    /// Says what may surprise.
    pub fn introduce(&self) {
        let tables = std::iter::once(&self.table).chain(&self.around.validation);
        let is_number = |column: &str| {
            let schema = self
                .around
                .inferred
                .as_ref()
                .map(|inferred| &inferred.schema);
            schema.is_none_or(|schema| {
                let mut features = schema.features().iter();
                features
                    .any(|feature| feature.name == column && feature.kind == FeatureKind::Numeric)
            })
        };
        let is_told = |note: &&Note| match note {
            // The report says how the table is written.
            Note::Format(_) => false,
            // Labels and names keep their digits.
            Note::BigIntegers { column, .. } => is_number(column),
            _ => true,
        };
        for note in tables
            .chain(&self.around.test)
            .flat_map(Table::notes)
            .filter(is_told)
        {
            terminal::note(&note.to_string());
        }
        for note in self
            .around
            .inferred
            .iter()
            .flat_map(|inferred| &inferred.notes)
        {
            terminal::note(&note.to_string());
        }
    }
}

impl Around {
    /// The training on a table of so many rows, as far as options and inputs settle it.
    ///
    /// # Errors
    /// Misuse of options.
    pub fn builder(
        &self,
        arguments: &Arguments,
        isa: Isa,
        rows: usize,
    ) -> Result<Builder<'_>, Failure> {
        let epochs = arguments.epochs(rows);
        let mut builder = builder(arguments, isa, self.init.as_ref())?.epochs(epochs);
        if let Some(table) = &self.validation {
            builder = builder.validation_rows(table);
        }
        if let Some(table) = &self.test {
            builder = builder.test_rows(table);
        }
        let inferred = self.inferred.as_ref().map(|inferred| &inferred.schema);
        Ok(match (&self.init, &self.again, inferred) {
            (None, Some(schema), _) | (None, None, Some(schema)) => builder.schema(schema.clone()),
            _ => builder,
        })
    }
}

/// What is read as a table, so that it is never written to. The model of `--init` may be: it is replaced by its successor.
pub fn sources(arguments: &Arguments) -> Vec<&Source> {
    let held = [&arguments.validation, &arguments.test];
    let held = held.into_iter().filter_map(|held| match held {
        Held::Table(source) => Some(source),
        Held::Share(_) => None,
    });
    let stdin = arguments
        .init
        .as_ref()
        .filter(|init| **init == Source::Stdin);
    arguments.data.iter().chain(held).chain(stdin).collect()
}

/// How tables are read.
fn reading(
    arguments: &Arguments,
    settled: Option<&Classifier>,
    file: Option<&SchemaFile>,
) -> CsvOptions {
    let mut options = match settled {
        Some(model) => arguments.reading.options_for(model),
        None => arguments.reading.options(),
    };
    options.missing.extend(missing_words(file));
    options
}

/// What is trained on.
pub enum Data<'a> {
    /// The data that the program has with it.
    Embedded(embedded::Embedded),
    /// A table.
    Table(&'a Source),
}

impl<'a> Data<'a> {
    /// What the arguments name.
    pub fn of(arguments: &'a Arguments) -> Data<'a> {
        match &arguments.data {
            None => Data::Embedded(embedded::wdbc()),
            Some(source) => Data::Table(source),
        }
    }

    /// The name for messages, not escaped.
    pub fn name(&self) -> String {
        match self {
            Data::Embedded(embedded) => format!("{} (embedded)", embedded.name),
            Data::Table(source) => source.name(),
        }
    }

    /// Gives credit for data that is not the user's.
    pub fn introduce(&self) {
        if let Data::Embedded(embedded) = self {
            terminal::say(&format!(
                "Training on the embedded data: {}",
                embedded.credit
            ));
        }
    }

    /// The data's name with `.chainrule`, in the current folder.
    ///
    /// # Errors
    /// If there is no such name.
    pub fn default_output(&self) -> Result<PathBuf, Failure> {
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
        settled: Option<&Classifier>,
        file: Option<&SchemaFile>,
        table: &Table,
    ) -> Result<String, Failure> {
        if let (None, Some(model)) = (&arguments.target, settled) {
            return Ok(model.schema().target_in(table)?);
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
        let likely = table.likely_delimiter().map(|delimiter| {
            format!(
                "\nis that how its fields are parted? {} would part every row alike",
                delimiter_option(delimiter)
            )
        });
        Err(Failure::misuse(format!(
            "which column is to be predicted? name it with --target COLUMN; the columns of {} are{}{}",
            escape(table.source()),
            names.concat(),
            likely.unwrap_or_default()
        )))
    }

    fn table(
        &self,
        arguments: &Arguments,
        settled: Option<&Classifier>,
        file: Option<&SchemaFile>,
    ) -> Result<Table, Failure> {
        match self {
            Data::Embedded(embedded) => {
                arguments.reading.check_unused()?;
                Ok(Table::from_csv(embedded.name, embedded.bytes)?)
            }
            Data::Table(source) => source.table(&reading(arguments, settled, file)),
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
        .unwrap_or_else(|| arguments.update.learning_rate());
    let mut builder = Classifier::builder()
        .batch(arguments.batch())
        .learning_rate(rate)
        .schedule(arguments.optimization.schedule())
        .shuffle(!arguments.no_shuffle)
        .seed(arguments.seed)
        .threads(arguments.threads.map_or(Threads::Auto, Threads::AtMost))
        .isa(isa);
    arguments.optimization.check()?;
    let optimizer = arguments.update.optimizer()?;
    builder = builder.optimizer(arguments.optimization.around(optimizer));
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
    if let Some(weight) = arguments.weights.class_weight {
        builder = builder.class_weight(weight);
    }
    if let Some(threshold) = arguments.threshold {
        builder = builder.threshold(threshold);
    }
    if let Held::Share(share) = arguments.validation {
        builder = builder.validation_fraction(share);
    }
    if let Held::Share(share) = arguments.test {
        builder = builder.test_fraction(share);
    }
    Ok(match init {
        None => builder,
        Some(init) => builder.init(init),
    })
}
