//! `chainrule doctor`: what may be wrong with a table before anything is trained on it.

use crate::failure::Failure;
use crate::input::{Source, check_stdin_once};
use crate::number::{counted, grouped};
use crate::reading::Reading;
use crate::terminal;
use chainrule_data::doctor::{self, Code, Examination, Finding, Kind, Severity};
use chainrule_data::{Header, OnBad, escape};
use serde::Serialize;
use std::fmt::Write;

const EXAMPLES: &str = "\
Examples:
  chainrule doctor patients.csv --target ill
  chainrule doctor train.csv --target ill --test test.csv --strict --json";

/// Look for what may be wrong with a table
///
/// Repeated rows and columns, leaks of the target, missing values and words that mean them, identifiers, outliers, rare classes, rows of the
/// test table that are trained on, and more: docs/guide/doctor.md lists the codes. Each finding says what to do next. A clean table gets one line.
///
/// The table is read once, in memory that does not grow with it. Of a large one some findings are estimates, the same ones each time.
#[derive(Debug, clap::Args)]
#[command(before_help = EXAMPLES)]
pub struct Arguments {
    /// A CSV table, or - for standard input
    #[arg(value_name = "DATA.csv", value_parser = Source::parser())]
    data: Source,

    /// The column to predict: a name, a number from 1, or last [default: the last column where there is no header, else none]
    #[arg(long, value_name = "COLUMN", allow_hyphen_values = true)]
    target: Option<String>,

    /// The label to set against all others, where there are more than two
    #[arg(long, value_name = "LABEL", allow_hyphen_values = true)]
    positive: Option<String>,

    /// A table of rows to test on: looks for rows that are in both, and for labels and names that training would not know
    #[arg(long, value_name = "FILE", value_parser = Source::parser())]
    test: Option<Source>,

    /// Codes of findings that are no surprise, parted by commas; they are not told
    #[arg(long, value_name = "CODE,…", value_parser = code, value_delimiter = ',', action = clap::ArgAction::Append)]
    allow: Vec<Code>,

    /// Exit with 1 if anything is found
    #[arg(long)]
    strict: bool,

    /// Print one JSON object
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    reading: Reading,
}

fn code(name: &str) -> Result<Code, String> {
    Code::from_name(name).ok_or_else(|| {
        let names: Vec<&str> = Code::ALL.iter().map(|code| code.name()).collect();
        format!("there is no such code; the codes are {}", names.join(", "))
    })
}

/// Looks at the table and prints what was found.
///
/// # Errors
/// If a table can't be read, or there is no column of the name; with `--strict` if there are findings.
pub fn run(arguments: Arguments) -> Result<(), Failure> {
    let sources: Vec<&Source> = std::iter::once(&arguments.data)
        .chain(&arguments.test)
        .collect();
    check_stdin_once(&sources)?;
    let mut options = arguments.reading.options();
    if options.on_bad == OnBad::Fail {
        options.on_bad = OnBad::Report;
    }
    let reader = arguments.data.csv(&options)?;
    let test = match &arguments.test {
        None => None,
        Some(source) => {
            options.expected = reader.names().to_vec();
            if !reader.has_header() && options.header == Header::Detect {
                options.header = Header::AbsentUnless;
            }
            Some(source.csv(&options)?)
        }
    };
    let mut found = doctor::examine(
        reader,
        test,
        &doctor::Options {
            target: arguments.target.clone(),
            positive: arguments.positive.clone(),
        },
    )?;
    found
        .findings
        .retain(|finding| !arguments.allow.contains(&finding.code));
    if arguments.json {
        terminal::print_json(&json(&found))?;
    } else {
        terminal::print(text(&found))?;
    }
    match (arguments.strict, found.findings.len()) {
        (false, _) | (_, 0) => Ok(()),
        (true, count) => Err(Failure::bad(format!(
            "{} in {}",
            counted(count, "finding"),
            found.source
        ))),
    }
}

#[derive(Serialize)]
struct Json<'a> {
    data: &'a str,
    format: &'a str,
    rows: usize,
    is_exact: bool,
    columns: Vec<JsonColumn<'a>>,
    target: Option<JsonTarget<'a>>,
    findings: Vec<JsonFinding<'a>>,
}

#[derive(Serialize)]
struct JsonColumn<'a> {
    name: &'a str,
    kind: &'static str,
    missing: usize,
    distinct: usize,
    distinct_is_exact: bool,
    min: Option<f64>,
    mean: Option<f64>,
    deviation: Option<f64>,
    max: Option<f64>,
}

#[derive(Serialize)]
struct JsonTarget<'a> {
    name: &'a str,
    labels: Vec<JsonLabel<'a>>,
    missing: usize,
}

#[derive(Serialize)]
struct JsonLabel<'a> {
    label: &'a str,
    rows: usize,
}

#[derive(Serialize)]
struct JsonFinding<'a> {
    code: &'static str,
    severity: &'static str,
    columns: &'a [String],
    message: &'a str,
    next: &'a str,
    count: Option<usize>,
    lines: &'a [u64],
    roc_auc: Option<f64>,
}

fn json(found: &Examination) -> Json<'_> {
    Json {
        data: &found.source,
        format: &found.format,
        rows: found.rows,
        is_exact: found.is_exact,
        columns: found
            .columns
            .iter()
            .map(|column| JsonColumn {
                name: &column.name,
                kind: column.kind.name(),
                missing: column.missing,
                distinct: column.distinct,
                distinct_is_exact: column.distinct_is_exact,
                min: column.numbers.map(|numbers| numbers.min),
                mean: column.numbers.map(|numbers| numbers.mean),
                deviation: column.numbers.map(|numbers| numbers.deviation),
                max: column.numbers.map(|numbers| numbers.max),
            })
            .collect(),
        target: found.target.as_ref().map(|target| JsonTarget {
            name: &target.name,
            labels: target
                .labels
                .iter()
                .map(|(label, rows)| JsonLabel { label, rows: *rows })
                .collect(),
            missing: target.missing,
        }),
        findings: found
            .findings
            .iter()
            .map(|finding| JsonFinding {
                code: finding.code.name(),
                severity: finding.code.severity().name(),
                columns: &finding.columns,
                message: &finding.message,
                next: &finding.next,
                count: finding.count,
                lines: &finding.lines,
                roc_auc: finding.auc,
            })
            .collect(),
    }
}

fn text(found: &Examination) -> String {
    let kinds: Vec<String> = Kind::ALL
        .into_iter()
        .map(|kind| {
            (
                kind,
                found
                    .columns
                    .iter()
                    .filter(|column| column.kind == kind)
                    .count(),
            )
        })
        .filter(|(_, count)| *count > 0)
        .map(|(kind, count)| format!("{count} {}", kind.name()))
        .collect();
    let target = found.target.as_ref().map(|target| {
        let labels: Vec<String> = target
            .labels
            .iter()
            .take(4)
            .map(|(label, rows)| format!("{} \"{}\"", grouped(*rows), escape(label)))
            .collect();
        let dots = if target.labels.len() > 4 { ", …" } else { "" };
        format!(
            "; target \"{}\": {}{dots}",
            escape(&target.name),
            labels.join(", ")
        )
    });
    let mut text = format!(
        "{}: {}, {} ({}){}",
        escape(&found.source),
        counted(found.rows, "row"),
        counted(found.columns.len(), "column"),
        kinds.join(", "),
        target.clone().unwrap_or_default()
    );
    if found.findings.is_empty() {
        text += match target {
            Some(_) => ": nothing found\n",
            None => ": nothing found; name the --target to look for leaks and rare classes\n",
        };
        return text;
    }
    let _ = write!(text, "\nread with {}\n", found.format);
    for finding in &found.findings {
        text += &told(finding);
    }
    let counts: Vec<String> = [Severity::Error, Severity::Warning, Severity::Note]
        .into_iter()
        .map(|severity| {
            let of = |finding: &&Finding| finding.code.severity() == severity;
            (severity, found.findings.iter().filter(of).count())
        })
        .filter(|(_, count)| *count > 0)
        .map(|(severity, count)| counted(count, severity.name()))
        .collect();
    let _ = write!(text, "\n{}", counts.join(", "));
    if !found.is_exact {
        text += "; some numbers are estimates, the table is larger than what is kept of it";
    }
    if found.target.is_none() {
        text += "; name the --target to look for leaks and rare classes";
    }
    text.push('\n');
    text
}

/// A finding on two lines.
fn told(finding: &Finding) -> String {
    let merged = matches!(
        finding.code,
        Code::MissingValues
            | Code::MissingWord
            | Code::TestLevels
            | Code::ConstantColumn
            | Code::EmptyColumn
            | Code::DuplicateColumns
            | Code::TestColumns
    );
    let about = match &finding.columns[..] {
        [column] if !merged => format!("\"{}\": ", escape(column)),
        _ => String::new(),
    };
    format!(
        "\n{:<8} {}\n         {about}{}\n         → {}\n",
        finding.code.severity().name(),
        finding.code,
        escape(&finding.message),
        escape(&finding.next)
    )
}
