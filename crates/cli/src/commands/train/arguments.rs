//! The options of `train`, and what each may be.

use chainrule_data::Scaling;
use chainrule_nn::Precision;
use chainrule_trainer::{Batch, NamedOptimizer, Threshold, TrainConfig};
use clap::ValueEnum;
use clap::builder::{OsStringValueParser, TypedValueParser};
use std::ffi::OsString;
use std::path::PathBuf;

use super::ending::Ending;
use super::keeping::Keeping;
use super::optimization::Optimization;
use super::optimizer::{self, Update};
use super::watching::Watching;
use crate::columns::{self, Columns, LabelMap};
use crate::failure::Failure;
use crate::input::Source;
use crate::number::whole;
use crate::reading::Reading;
use crate::weights::Weights;

const EXAMPLES: &str = "\
Examples:
  chainrule train                                        # on the embedded breast cancer data
  chainrule train patients.csv --target ill --seed 7     # on your table; writes patients.chainrule";

/// Train a network on a table and write a model file
///
/// Every column but the target is a feature; what it holds (numbers, names, truth values or dates) is told by its cells. A part of the rows is held out, and the report says how well the model does on
/// them. The same data, options and seed give the same model to the last bit, on every machine and for any number of threads.
#[derive(Debug, clap::Args)]
#[command(before_help = EXAMPLES)]
pub struct Arguments {
    /// A CSV table, or - for standard input [default: the embedded breast cancer data]
    #[arg(value_name = "DATA.csv", value_parser = Source::parser())]
    pub data: Option<Source>,

    /// The column to predict: its name, its number from 1, or last; needed with a DATA.csv that has a header
    #[arg(long, value_name = "COLUMN", allow_hyphen_values = true)]
    pub target: Option<String>,

    /// The label whose probability is predicted, against all others if there are more than two [default: the larger number, else the later in byte order]
    #[arg(long, value_name = "LABEL", allow_hyphen_values = true)]
    pub positive: Option<String>,

    /// Units of each hidden layer, or none for logistic regression [default: 16,8, or those of --init]
    #[arg(long, value_name = "UNITS,…", value_parser = hidden, allow_hyphen_values = true)]
    pub hidden: Option<Hidden>,

    /// Passes over the training rows; 0 writes the initial model [default: 50, or for many rows as many as make 4,000 steps, but 10 at
    /// least]
    #[arg(long, value_name = "N", value_parser = whole::<usize>, allow_negative_numbers = true)]
    pub epochs: Option<usize>,

    /// Rows of a step, or full [default: 32, full with lbfgs]
    #[arg(long, value_name = "N|full", value_parser = batch, allow_negative_numbers = true)]
    pub batch_size: Option<Batch>,

    #[arg(long, help = optimizer::learning_rate_help(), value_name = "X", value_parser = learning_rate, allow_negative_numbers = true)]
    pub learning_rate: Option<f64>,

    #[command(flatten)]
    pub update: Update,

    /// The share of rows to hold out, of each class the same share, or a CSV table of other rows
    #[arg(long, value_name = "SHARE|FILE", default_value = "0.2", value_parser = validation_parser(), allow_negative_numbers = true)]
    pub validation: Held,

    /// The share of rows to set apart before all else and to test the finished model on, or a CSV table of other rows
    #[arg(long, value_name = "SHARE|FILE", default_value = "0", value_parser = validation_parser(), allow_negative_numbers = true)]
    pub test: Held,

    /// The least probability that gives the positive label, or the metric by which the validation rows choose it after the training:
    /// accuracy, balanced-accuracy, f1 or mcc. The model keeps it [default: 0.5, or that of --init]
    #[arg(long, value_name = "X|METRIC", allow_negative_numbers = true)]
    pub threshold: Option<Threshold>,

    /// Where random numbers start from, for the first weights, the order of the rows and the choice of rows to hold out
    #[arg(
        long,
        value_name = "N",
        default_value_t = 0,
        value_parser = whole::<u64>,
        allow_negative_numbers = true
    )]
    pub seed: u64,

    /// The most threads to use; they change the time, not the result [default: one for each processor]
    #[arg(long, value_name = "N", value_parser = threads, allow_negative_numbers = true)]
    pub threads: Option<usize>,

    /// Numbers to compute with [default: f32, or those of --init]
    #[arg(long, value_name = "TYPE")]
    pub precision: Option<PrecisionName>,

    /// Take the rows in the order of the file in every epoch
    #[arg(long)]
    pub no_shuffle: bool,

    /// How numbers are scaled [default: standard]
    #[arg(long, value_name = "NAME")]
    pub preprocess: Option<PreprocessName>,

    /// Start from a saved model: its columns, labels, preprocessing, layers and weights
    #[arg(long, value_name = "MODEL", value_parser = Source::parser())]
    pub init: Option<Source>,

    /// The model file to write, or - for standard output [default: the data's name with .chainrule, in the current folder]
    #[arg(short, long, value_name = "MODEL")]
    pub output: Option<PathBuf>,

    /// Replace a file that is not a model
    #[arg(long)]
    pub force: bool,

    /// Print the report as one JSON object
    #[arg(long)]
    pub json: bool,

    /// Print neither progress, warnings, notes nor report, only errors
    #[arg(long, short)]
    pub quiet: bool,

    #[command(flatten)]
    pub optimization: Optimization,

    #[command(flatten)]
    pub ending: Ending,

    #[command(flatten)]
    pub keeping: Keeping,

    #[command(flatten)]
    pub weights: Weights,

    #[command(flatten)]
    pub watching: Watching,

    #[command(flatten, next_help_heading = columns::HEADING)]
    pub labels: LabelMap,

    #[command(flatten)]
    pub columns: Columns,

    /// Print what each column is, as a file for --schema, and do nothing else
    #[arg(long, help_heading = columns::HEADING)]
    pub print_schema: bool,

    #[command(flatten)]
    pub reading: Reading,

    /// The options that decide the bits, as the model keeps them.
    #[arg(skip)]
    pub recorded: Vec<String>,
}

/// The sizes of the hidden layers.
#[derive(Clone, Debug, PartialEq)]
pub struct Hidden(pub Vec<usize>);

impl Hidden {
    /// Where neither the option nor a model says it.
    pub const DEFAULT: [usize; 2] = [16, 8];
}

/// What to validate or to test on.
#[derive(Clone, Debug, PartialEq)]
pub enum Held {
    /// A share of the rows, in [0, 1).
    Share(f64),
    /// Rows of another table.
    Table(Source),
}

impl Held {
    /// The name of the other table, if there is one.
    pub fn table_name(&self) -> Option<String> {
        match self {
            Held::Share(_) => None,
            Held::Table(source) => Some(source.name()),
        }
    }
}

/// The name of a precision.
#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
pub enum PrecisionName {
    /// Single precision
    F32,
    /// Double precision
    F64,
}

impl From<PrecisionName> for Precision {
    fn from(name: PrecisionName) -> Precision {
        match name {
            PrecisionName::F32 => Precision::F32,
            PrecisionName::F64 => Precision::F64,
        }
    }
}

/// The name of a preprocessing.
#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
pub enum PreprocessName {
    /// To mean 0 and standard deviation 1 over the training rows
    Standard,
    /// To 0 and 1 for the smallest and the largest value of the training rows
    MinMax,
    /// To median 0 and a distance of 1 between the quartiles of the training rows
    Robust,
    /// Numbers as they are
    None,
}

impl From<PreprocessName> for Scaling {
    fn from(name: PreprocessName) -> Scaling {
        match name {
            PreprocessName::Standard => Scaling::Standard,
            PreprocessName::MinMax => Scaling::MinMax,
            PreprocessName::Robust => Scaling::Robust,
            PreprocessName::None => Scaling::None,
        }
    }
}

impl Arguments {
    /// The rows of a step.
    pub fn batch(&self) -> Batch {
        let usual = match self.update.named() {
            NamedOptimizer::Lbfgs(_) => Batch::Full,
            _ => TrainConfig::default().batch,
        };
        self.batch_size.unwrap_or(usual)
    }

    /// The passes over the training rows, for a table of so many rows.
    pub fn epochs(&self, rows: usize) -> usize {
        self.epochs
            .unwrap_or_else(|| TrainConfig::epochs_for(rows, self.batch()))
    }

    /// Makes sure that there are rows for what is asked of validation rows.
    ///
    /// # Errors
    /// Misuse if something is and none are held out.
    pub fn check_validation(&self) -> Result<(), Failure> {
        if self.validation != Held::Share(0.0) {
            return Ok(());
        }
        self.ending.check_without_validation()?;
        match self.threshold {
            Some(Threshold::Tuned(metric)) => Err(Failure::misuse(format!(
                "--threshold {metric} is chosen on validation rows, and --validation 0 holds none out; hold some out, as --validation 0.2, or give a number, as --threshold 0.3"
            ))),
            _ => Ok(()),
        }
    }
}

fn validation_parser() -> impl TypedValueParser<Value = Held> {
    OsStringValueParser::new().try_map(validation)
}

fn hidden(text: &str) -> Result<Hidden, String> {
    if matches!(text.trim(), "" | "none") {
        return Ok(Hidden(Vec::new()));
    }
    let units = |part: &str| match part.trim().parse() {
        Ok(0) => Err("a layer needs a unit or more; for no hidden layer say none".to_owned()),
        Ok(units) => Ok(units),
        Err(_) => Err("expected whole numbers parted by commas, such as 16,8, or none".to_owned()),
    };
    text.split(',')
        .map(units)
        .collect::<Result<_, _>>()
        .map(Hidden)
}

fn batch(text: &str) -> Result<Batch, String> {
    match text.parse() {
        _ if text == "full" => Ok(Batch::Full),
        Ok(0) | Err(_) => Err("expected 1 or more rows, or full".to_owned()),
        Ok(rows) => Ok(Batch::Rows(rows)),
    }
}

pub(super) fn learning_rate(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(rate) if rate.is_finite() && rate >= 0.0 => Ok(rate),
        _ => Err("expected 0 or a positive number".to_owned()),
    }
}

/// The parser of a number of threads.
///
/// # Errors
/// If it is not 1 or more.
pub fn threads(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) | Err(_) => Err("expected 1 or more".to_owned()),
        Ok(threads) => Ok(threads),
    }
}

/// A number is a share, anything else a file.
fn validation(argument: OsString) -> Result<Held, String> {
    if let Some(number) = argument.to_str().and_then(|text| text.strip_suffix('%'))
        && number.trim().parse::<f64>().is_ok()
    {
        return Err("expected a share of the rows from 0 to below 1, such as 0.2".to_owned());
    }
    match argument
        .to_str()
        .map(|text| (text, text.trim().parse::<f64>()))
    {
        Some((_, Ok(share))) if (0.0..1.0).contains(&share) => Ok(Held::Share(share)),
        Some((text, Ok(_))) => Err(format!(
            "expected a share of the rows from 0 to below 1, such as 0.2; a file of this name is ./{text}"
        )),
        Some(("", _)) => Err("expected a share of the rows, such as 0.2, or a file".to_owned()),
        _ => Ok(Held::Table(argument.into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_layers() {
        let layers = |text| hidden(text).map(|hidden| hidden.0);
        assert_eq!(layers("16,8"), Ok(vec![16, 8]));
        assert_eq!(layers(" 4 , 2 "), Ok(vec![4, 2]));
        assert_eq!(layers("none"), Ok(vec![]));
        assert_eq!(layers(""), Ok(vec![]));
        for wrong in ["0", "16,0", "16,,8", "-3", "1.5", "x", "16,8,"] {
            assert!(layers(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn shares_and_files() {
        let read = |text: &str| validation(text.into());
        assert_eq!(read("0.2"), Ok(Held::Share(0.2)));
        assert_eq!(read("0"), Ok(Held::Share(0.0)));
        assert_eq!(read("-"), Ok(Held::Table(Source::Stdin)));
        assert_eq!(
            read("test.csv"),
            Ok(Held::Table(Source::Path("test.csv".into())))
        );
        for wrong in ["1", "1.5", "-0.1", "nan", "inf", "", "20%"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn numbers_out_of_range_are_refused() {
        assert_eq!(batch("full"), Ok(Batch::Full));
        assert_eq!(batch("32"), Ok(Batch::Rows(32)));
        assert!(
            ["0", "-1", "FULL", "1.5"]
                .iter()
                .all(|text| batch(text).is_err())
        );
        assert_eq!(learning_rate("0"), Ok(0.0));
        assert!(
            ["-1", "nan", "inf", "x"]
                .iter()
                .all(|text| learning_rate(text).is_err())
        );
        assert!(["0", "-1", "x"].iter().all(|text| threads(text).is_err()));
    }
}
