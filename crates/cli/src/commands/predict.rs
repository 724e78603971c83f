//! `chainrule predict`: a probability and a label for each row of a table.

use crate::columns;
use crate::failure::Failure;
use crate::input::{Source, check_stdin_once};
use crate::number::{counted, exact};
use crate::output::TableOutput;
use crate::reading::Reading;
use crate::{model, terminal, weights};
use chainrule_autodiff::Isa;
use chainrule_data::{Block, Dataset, escape};
use chainrule_trainer::Classifier;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  chainrule predict patients.chainrule new.csv > predictions.csv
  chainrule predict patients.chainrule new.csv --keep id,age --threshold 0.3 -o predictions.csv";

/// Predict a probability and a label for each row of a table
///
/// Writes CSV with the columns row (the number of the data row, from 1), probability (of the positive label, in the fewest digits that
/// read back to the same bits) and label (the positive one where the probability is at least the threshold), then the columns of
/// --keep. Columns of the table are matched by name; the target need not be there. Rows are read and written as a stream.
#[derive(Debug, clap::Args)]
#[command(before_help = EXAMPLES)]
pub struct Arguments {
    /// The model file, or - for standard input
    #[arg(value_name = "MODEL", value_parser = Source::parser())]
    model: Source,

    /// A CSV table, or - for standard input
    #[arg(value_name = "DATA.csv", value_parser = Source::parser())]
    data: Source,

    /// The file to write, or - for standard output [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// The least probability, from 0 to 1, that gives the positive label [default: the model's]
    #[arg(long, value_name = "X", value_parser = threshold, allow_negative_numbers = true)]
    threshold: Option<f64>,

    /// Columns of the table to copy, parted by commas, or all
    #[arg(long, value_name = "COLUMN,…|all", allow_hyphen_values = true)]
    keep: Option<String>,

    #[command(flatten)]
    reading: Reading,
}

/// Reads a threshold: a probability.
pub fn threshold(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(threshold) if (0.0..=1.0).contains(&threshold) => Ok(threshold),
        _ => Err("expected a number from 0 to 1".to_owned()),
    }
}

/// Rows that are in memory at a time.
const BLOCK: usize = 4096;

/// Predicts.
///
/// # Errors
/// Misuse if a column to keep is not there or the output is an input; otherwise if model or data can't be used or the output can't
/// be written.
pub fn run(arguments: Arguments, isa: Isa) -> Result<(), Failure> {
    let inputs = [&arguments.model, &arguments.data];
    check_stdin_once(&inputs)?;
    let model = model::load(&arguments.model, isa)?;
    let threshold = arguments.threshold.unwrap_or(model.threshold());
    let weighting = model.provenance().weighting.as_ref();
    let effect = weighting.and_then(|weighting| weights::effect(weighting, threshold));
    let mut output = TableOutput::open(arguments.output.as_deref(), &inputs)?;
    let mut reader = arguments
        .data
        .csv(&arguments.reading.options_for(&model))?
        .keep_cells();
    let kept = match &arguments.keep {
        None => Vec::new(),
        Some(keep) => columns_to_keep(keep, reader.names(), &arguments.data)?,
    };
    let mut is_first = true;
    let mut unusual = Unusual::default();
    let mut block = reader.next_block(BLOCK)?;
    while let Some(current) = block.take() {
        let mut printed = None;
        // The next rows are read while these are predicted and printed.
        let next = rayon::in_place_scope(|scope| {
            scope.spawn(|_| printed = Some(print(&current, &model, threshold, &kept)));
            reader.next_block(BLOCK)
        });
        // The scope has waited for it.
        let Some(printed) = printed else { break };
        let (samples, text) = printed?;
        unusual.add(&samples, &model);
        // Only now, so that there is no output at all for a table that can't be used.
        if std::mem::take(&mut is_first) {
            current
                .table()
                .notes()
                .iter()
                .for_each(|note| terminal::note(&note.to_string()));
            effect.iter().for_each(|effect| terminal::note(effect));
            let header = header(reader.names(), &kept);
            write(&mut output, &records(|csv| csv.write_record(&header))?)?;
        }
        write(&mut output, &text)?;
        block = next?;
    }
    // Rows that were left out are known now.
    reader
        .notes()
        .iter()
        .for_each(|note| terminal::note(&note.to_string()));
    unusual.tell(&arguments.reading);
    output.finish()
}

/// What is told at the end, since rows are read as a stream.
#[derive(Default)]
struct Unusual {
    /// Rows that were left out because of their cells, and what the first of them have.
    rows_left_out: usize,
    first_left_out: Option<String>,
    /// For each feature, how many values are missing where none was in training.
    missing: BTreeMap<String, usize>,
}

impl Unusual {
    fn add(&mut self, samples: &Dataset, model: &Classifier) {
        self.rows_left_out += samples.rows_with_bad_cells();
        if let (None, Some(error)) = (&self.first_left_out, samples.left_out()) {
            self.first_left_out = Some(error.to_string());
        }
        let features = samples.features();
        let knows_missing = model.preprocessing().knows_missing(features.nrows());
        for (at, name) in model.schema().feature_names().enumerate() {
            let is_missing = |value: &&f64| value.is_nan();
            let count = match knows_missing[at] {
                true => 0,
                false => features.row(at).iter().filter(is_missing).count(),
            };
            if count > 0 {
                *self.missing.entry(name.to_owned()).or_default() += count;
            }
        }
    }

    fn tell(&self, reading: &Reading) {
        if self.rows_left_out > 0 {
            let count = counted(self.rows_left_out, "row");
            let mut note = format!("{count} with a value that can't be used left out");
            if let (true, Some(error)) = (reading.reports_bad_rows(), &self.first_left_out) {
                note += &format!(": {error}");
            }
            terminal::note(&note);
        }
        if !self.missing.is_empty() {
            let count = counted(self.missing.values().sum(), "value");
            let names: Vec<String> = self
                .missing
                .keys()
                .take(10)
                .map(|name| format!("{:?}", escape(name)))
                .collect();
            let more = match self.missing.len() - names.len() {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            terminal::note(&format!(
                "{count} missing where the training rows had none, taken for an ordinary one (the mean, the median or the most frequent): {}{more}",
                names.join(", ")
            ));
        }
    }
}

/// The rows of a block that could be used, and what is printed of them.
fn print(
    block: &Block,
    model: &Classifier,
    threshold: f64,
    kept: &[usize],
) -> Result<(Dataset, Vec<u8>), Failure> {
    let samples = model.schema().encode_features(block.table())?;
    let probabilities = model.predict_proba(&samples)?;
    let text = records(|csv| rows(csv, block, &samples, &probabilities, model, threshold, kept))?;
    Ok((samples, text))
}

/// Some records as CSV.
fn records(
    write: impl FnOnce(&mut csv::Writer<&mut Vec<u8>>) -> csv::Result<()>,
) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let mut writer = csv::Writer::from_writer(&mut bytes);
    write(&mut writer)
        .and_then(|()| Ok(writer.flush()?))
        .map_err(|error| Failure::bad(format!("cannot write CSV: {error}")))?;
    drop(writer);
    Ok(bytes)
}

fn write(output: &mut TableOutput, text: &[u8]) -> Result<(), Failure> {
    output.write_all(text).map_err(|error| output.error(&error))
}

fn rows(
    csv: &mut csv::Writer<&mut Vec<u8>>,
    block: &Block,
    samples: &Dataset,
    probabilities: &[f64],
    model: &Classifier,
    threshold: f64,
    kept: &[usize],
) -> csv::Result<()> {
    let mut probability_text = String::new();
    for (sample, &probability) in probabilities.iter().enumerate() {
        let row = samples.place(sample);
        exact(&mut probability_text, probability);
        csv.write_field(block.table().row_number(row).to_string())?;
        csv.write_field(&probability_text)?;
        csv.write_field(model.labels().of(probability >= threshold))?;
        for &column in kept {
            csv.write_field(block.cell(row, column))?;
        }
        csv.write_record(None::<&[u8]>)?;
    }
    Ok(())
}

/// The places of the columns to keep: `all`, the name of one, or a line of CSV with names.
fn columns_to_keep(keep: &str, names: &[String], data: &Source) -> Result<Vec<usize>, Failure> {
    match keep {
        "all" => Ok((0..names.len()).collect()),
        _ => columns::places("--keep", keep, &data.name(), names),
    }
}

/// The names of the output's columns. One that is kept and called as one of ours gets a prefix, so that no name occurs twice.
fn header(names: &[String], kept: &[usize]) -> Vec<String> {
    let mut header: Vec<String> = ["row", "probability", "label"].map(str::to_owned).to_vec();
    for &column in kept {
        let mut name = names[column].clone();
        while header.contains(&name) || (name != names[column] && names.contains(&name)) {
            name.insert_str(0, "input_");
        }
        if name != names[column] {
            terminal::note(&format!(
                "the column {:?} of the table is called {:?} in the output",
                escape(&names[column]),
                escape(&name)
            ));
        }
        header.push(name);
    }
    header
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_occurs_twice() {
        let names: Vec<String> = ["label", "x", "input_label", "row"]
            .map(str::to_owned)
            .to_vec();
        assert_eq!(
            header(&names, &[0, 1, 2, 3]),
            [
                "row",
                "probability",
                "label",
                "input_input_label",
                "x",
                "input_label",
                "input_row"
            ]
        );
    }

    #[test]
    fn a_threshold_is_a_probability() {
        assert_eq!(threshold("0.3"), Ok(0.3));
        assert!(
            ["-0.1", "1.5", "nan", "x", ""]
                .iter()
                .all(|text| threshold(text).is_err())
        );
    }
}
