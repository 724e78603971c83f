//! `chainrule split`: the rows of a table into files to train on, validate on and test on.

use crate::failure::Failure;
use crate::input::Source;
use crate::number::{counted, grouped, whole};
use crate::output::TableOutput;
use crate::reading::Reading;
use crate::terminal::{self, shown};
use chainrule_data::escape;
use chainrule_data::split::{By, Copied, FileSplit, Part, Shares};
use serde::Serialize;
use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  chainrule split patients.csv --target ill         # as many ill in each part
  chainrule split visits.csv --target ill --group patient --validation 0 --test 0.25";

/// Split a table into files to train, validate and test on
///
/// Rows are copied byte for byte, quotes, encoding and line ends included, in the order of the file, each part below the header; blank
/// lines between rows are not copied. Of a packed file the parts are unpacked. Rows are drawn at random, of each label of the target the same
/// share; --group keeps rows together that belong together, and --time takes the latest rows to test on. The same seed gives the same
/// files on every machine.
///
/// The table is read twice and not kept in memory; what comes through a pipe is kept in a temporary file meanwhile.
#[derive(Debug, clap::Args)]
#[command(before_help = EXAMPLES)]
pub struct Arguments {
    /// A CSV table, or - for standard input
    #[arg(value_name = "DATA.csv", value_parser = Source::parser())]
    data: Source,

    /// The column to predict: each part gets its share of each label. A name, a number from 1, or last [default: the last column where
    /// there is no header, else none]
    #[arg(long, value_name = "COLUMN", allow_hyphen_values = true)]
    target: Option<String>,

    /// Keep rows with the same value in this column in one part
    #[arg(
        long,
        value_name = "COLUMN",
        allow_hyphen_values = true,
        conflicts_with = "time"
    )]
    group: Option<String>,

    /// Put the latest rows by this column of numbers or dates into the test part, those before them into the validation part
    #[arg(long, value_name = "COLUMN", allow_hyphen_values = true)]
    time: Option<String>,

    /// The share of rows to validate on; 0 for no such file
    #[arg(
        long,
        value_name = "X",
        default_value_t = 0.2,
        allow_negative_numbers = true
    )]
    validation: f64,

    /// The share of rows to test on; 0 for no such file
    #[arg(
        long,
        value_name = "X",
        default_value_t = 0.2,
        allow_negative_numbers = true
    )]
    test: f64,

    /// Where random numbers start from
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = whole::<u64>)]
    seed: u64,

    /// What the files are called: PREFIX.train.csv and so on [default: the name of the data, in the current folder]
    #[arg(short, long, value_name = "PREFIX")]
    output: Option<PathBuf>,

    /// Replace files that exist
    #[arg(long)]
    force: bool,

    /// Print one JSON object
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    reading: Reading,
}

/// Splits and prints where the rows went.
///
/// # Errors
/// Misuse of options, names or paths; a table that can't be read or parted.
pub fn run(arguments: Arguments) -> Result<(), Failure> {
    let options = arguments.reading.options();
    let used = [true, arguments.validation > 0.0, arguments.test > 0.0];
    let paths = Part::ALL.map(|part| used[part as usize].then(|| path(&arguments, part)));
    let paths: Vec<Option<PathBuf>> = paths
        .into_iter()
        .map(Option::transpose)
        .collect::<Result<_, _>>()?;
    let exists = |path: &&PathBuf| path.symlink_metadata().is_ok();
    if let (false, Some(path)) = (arguments.force, paths.iter().flatten().find(exists)) {
        return Err(Failure::misuse(format!(
            "{}: this file exists; choose another -o, or replace it with --force",
            shown(path)
        )));
    }
    let mut input = arguments.data.again()?;
    let reader = input.csv(&options)?;
    let split = FileSplit {
        by: match (&arguments.group, &arguments.time) {
            (Some(group), _) => By::Groups(named(&reader, group)?),
            (_, Some(time)) => By::Time(named(&reader, time)?),
            _ => By::Chance,
        },
        target: reader.target(arguments.target.as_deref())?,
        shares: Shares {
            validation: arguments.validation,
            test: arguments.test,
        },
        seed: arguments.seed,
    };
    let (format, packing) = (reader.format().to_owned(), reader.packing());
    let plan = split.plan(reader)?;
    let open = |path: &Option<PathBuf>| match path {
        None => Ok(None),
        Some(path) => TableOutput::open(Some(path), &[&arguments.data]).map(Some),
    };
    let mut outputs: Vec<Option<TableOutput>> = paths.iter().map(open).collect::<Result<_, _>>()?;
    let copied = plan.copy(input.csv(&options)?, |part, bytes| {
        match &mut outputs[part as usize] {
            None => Ok(()),
            Some(output) => output
                .write_all(bytes)
                .map_err(|error| output.error(&error)),
        }
    })?;
    for output in outputs.into_iter().flatten() {
        output.finish()?;
    }
    plan.notes().iter().for_each(|note| terminal::note(note));
    if copied.left_out > 0 {
        terminal::note(&format!(
            "{} that can't be read left out",
            counted(copied.left_out, "row")
        ));
    }
    let told = Told {
        arguments: &arguments,
        split: &split,
        copied: &copied,
        paths: &paths,
        rows: plan.rows(),
        format: &format,
        packing,
    };
    if arguments.json {
        terminal::print_json(&told.json())
    } else {
        terminal::print(told.text())
    }
}

/// The name of a column that was given by name, number or `last`.
fn named(reader: &chainrule_data::CsvReader, asked: &str) -> Result<String, Failure> {
    Ok(reader
        .target(Some(asked))?
        .unwrap_or_else(|| asked.to_owned()))
}

fn path(arguments: &Arguments, part: Part) -> Result<PathBuf, Failure> {
    let prefix: OsString = match (&arguments.output, arguments.data.stem()) {
        (Some(prefix), _) => prefix.into(),
        (None, Some(stem)) => stem.to_owned(),
        (None, None) => {
            return Err(Failure::misuse(
                "the data has no name to call files by; give -o PREFIX",
            ));
        }
    };
    let mut name = prefix;
    name.push(format!(".{}.{}", part.name(), arguments.data.extension()));
    Ok(name.into())
}

struct Told<'a> {
    arguments: &'a Arguments,
    split: &'a FileSplit,
    copied: &'a Copied,
    /// By part.
    paths: &'a [Option<PathBuf>],
    rows: usize,
    format: &'a str,
    packing: Option<&'static str>,
}

#[derive(Serialize)]
struct Json {
    data: String,
    format: String,
    unpacked_from: Option<&'static str>,
    rows: usize,
    rows_left_out: usize,
    by: &'static str,
    column: Option<String>,
    target: Option<String>,
    seed: Option<u64>,
    parts: Vec<JsonPart>,
}

#[derive(Serialize)]
struct JsonPart {
    part: &'static str,
    path: String,
    rows: usize,
    labels: serde_json::Map<String, serde_json::Value>,
    rows_without_label: usize,
}

impl Told<'_> {
    fn parts(&self) -> impl Iterator<Item = (Part, &PathBuf)> {
        let parts = Part::ALL.into_iter().zip(self.paths);
        parts.filter_map(|(part, path)| Some((part, path.as_ref()?)))
    }

    /// A split by time draws nothing.
    fn seed(&self) -> Option<u64> {
        (!matches!(self.split.by, By::Time(_))).then_some(self.split.seed)
    }

    fn json(&self) -> Json {
        let (by, column) = match &self.split.by {
            By::Chance => ("chance", None),
            By::Groups(column) => ("group", Some(column.clone())),
            By::Time(column) => ("time", Some(column.clone())),
        };
        let part = |(part, path): (Part, &PathBuf)| {
            let copied = &self.copied.parts[part as usize];
            JsonPart {
                part: part.name(),
                path: path.to_string_lossy().into_owned(),
                rows: copied.rows,
                labels: copied
                    .labels
                    .iter()
                    .map(|(label, count)| (label.clone(), (*count).into()))
                    .collect(),
                rows_without_label: copied.without_label,
            }
        };
        Json {
            data: self.arguments.data.name(),
            format: self.format.to_owned(),
            unpacked_from: self.packing,
            rows: self.rows,
            rows_left_out: self.copied.left_out,
            by,
            column,
            target: self.split.target.clone(),
            seed: self.seed(),
            parts: self.parts().map(part).collect(),
        }
    }

    fn text(&self) -> String {
        let quoted = |name: &str| format!("\"{}\"", escape(name));
        let how = match &self.split.by {
            By::Chance => match &self.split.target {
                Some(target) => format!("each part with its share of each label of {}", quoted(target)),
                None => "by chance; name the column to predict with --target to keep the shares of its labels".to_owned(),
            },
            By::Groups(column) => format!("rows of one {} together", quoted(column)),
            By::Time(column) => format!("by time: the latest {} to test on", quoted(column)),
        };
        let seed = self
            .seed()
            .map(|seed| format!(", seed {seed}"))
            .unwrap_or_default();
        let mut lines = vec![
            format!(
                "data        {}: {}; {}",
                escape(&self.arguments.data.name()),
                counted(self.rows, "row"),
                self.format
            ),
            format!("split       {how}{seed}"),
        ];
        if let Some(packing) = self.packing {
            lines.push(format!(
                "            unpacked: the data is packed with {packing}, the files are not"
            ));
        }
        lines.push(String::new());
        let names: Vec<String> = self
            .parts()
            .map(|(_, path)| shown(path).to_string())
            .collect();
        let width = names
            .iter()
            .map(|name| name.chars().count())
            .max()
            .unwrap_or_default();
        for ((part, _), name) in self.parts().zip(&names) {
            let copied = &self.copied.parts[part as usize];
            let mut labels: Vec<String> = copied
                .labels
                .iter()
                .take(4)
                .map(|(label, count)| format!("{} {}", grouped(*count), quoted(label)))
                .collect();
            match copied.labels.len() {
                0..=4 => {}
                more => labels.push(format!("and {} more labels", more - 4)),
            }
            if copied.without_label > 0 && self.split.target.is_some() {
                labels.push(format!("{} without a label", grouped(copied.without_label)));
            }
            lines.push(format!(
                "{:<11} {name:<width$}  {:>9} ({:.1} %)  {}",
                part.name(),
                grouped(copied.rows),
                100.0 * copied.rows as f64 / self.rows as f64,
                labels.join(", ")
            ));
        }
        lines.push(String::new());
        lines.extend(self.next());
        lines
            .iter()
            .map(|line| format!("{}\n", line.trim_end()))
            .collect()
    }

    /// The commands that go on from here.
    fn next(&self) -> Vec<String> {
        let word = |path: &Option<PathBuf>| {
            path.as_ref()
                .map(|path| crate::failure::shell(&path.to_string_lossy()))
        };
        let [train, validation, test] = [0, 1, 2].map(|part| word(&self.paths[part]));
        let target = match &self.arguments.target {
            Some(target) => format!(" --target {}", crate::failure::shell(target)),
            None if self.split.target.is_some() => String::new(),
            None => " --target COLUMN".to_owned(),
        };
        let validation = validation.map(|file| format!(" --validation {file}"));
        let train = train.unwrap_or_default();
        let mut lines = vec![format!(
            "next        chainrule train {train}{target}{} -o model.chainrule",
            validation.unwrap_or_default()
        )];
        if let Some(test) = test {
            lines.push(format!(
                "            chainrule evaluate model.chainrule {test}"
            ));
        }
        lines
    }
}
