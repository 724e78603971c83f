//! Finds out what each column is.

use super::file::{SchemaFile, declared_kind};
use super::look::Look;
use super::note::{ColumnNote, Findings};
use super::tally::Tally;
use super::{BadCells, Feature, Schema};
use crate::column::place;
use crate::error::{Error, ErrorKind};
use crate::label::Labels;
use crate::table::Table;
use std::collections::BTreeMap;

/// What is known about the columns before they are looked at. Without it each is what it looks like.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SchemaOptions {
    /// The label of the positive class. If the target has more than two labels, it is set against all others.
    pub positive: Option<String>,
    /// Columns that are no features.
    pub ignore: Vec<String>,
    /// Columns whose values are names, though they may look like numbers.
    pub categorical: Vec<String>,
    /// Columns of numbers: a cell that is none is an error.
    pub numeric: Vec<String>,
    /// A schema that was written down; the lists above take precedence.
    pub file: Option<SchemaFile>,
}

/// A schema, and what is remarkable about the columns.
#[derive(Clone, Debug, PartialEq)]
pub struct Inferred {
    /// The schema.
    pub schema: Schema,
    /// What may surprise.
    pub notes: Vec<ColumnNote>,
}

impl Schema {
    /// Makes every column but the target a feature, in the order of the table, finds out what it holds, and finds the two
    /// labels of the target.
    ///
    /// A column of numbers is numeric; one of dates a date; one of `true` and `false`, `yes` and `no`, `t` and `f`, `y` and `n` or
    /// `on` and `off` boolean; any other text categorical. A column in which at least half of the values are numbers, and some are text,
    /// is an error that lists these, unless it is declared. Columns with a text of its own in every row, or without any value, are left out.
    /// Only rows with a label are looked at. The column of the weights, if the table [has one](Table::weighted_by), is no feature.
    ///
    /// The positive class is the one asked for, else the larger label if both are numbers, else the later in byte order (and `true`
    /// rather than `false`), as scikit-learn's `classes_[1]`; see [`Labels`] for when two spellings are one label.
    ///
    /// # Errors
    /// [`UnknownColumn`](ErrorKind::UnknownColumn), [`NoFeatures`](ErrorKind::NoFeatures), [`NoLabels`](ErrorKind::NoLabels),
    /// [`OneLabel`](ErrorKind::OneLabel), [`ManyLabels`](ErrorKind::ManyLabels), [`UnknownPositive`](ErrorKind::UnknownPositive),
    /// [`BadCells`](ErrorKind::BadCells), [`Declared`](ErrorKind::Declared).
    pub fn infer_with(
        table: &Table,
        target: &str,
        options: &SchemaOptions,
    ) -> Result<Inferred, Error> {
        let target_column = table.column(target)?;
        check_roles(target, options).map_err(|kind| table.error(kind))?;
        if let Some(weights) = table.weight_column() {
            check_weights(weights, target, options).map_err(|kind| table.error(kind))?;
        }
        for name in options
            .ignore
            .iter()
            .chain(&options.categorical)
            .chain(&options.numeric)
        {
            table.column(name)?;
        }
        if let Some(file) = &options.file {
            file.check(table)?;
        }
        if table.names().len() == 1 {
            return Err(table.error(ErrorKind::NoFeatures {
                target: target.to_owned(),
                likely_delimiter: table.likely_delimiter(),
            }));
        }
        let positive = options.positive.as_deref();
        // The file's label is one of the file's target.
        let file = options.file.as_ref().filter(|file| file.target == target);
        let positive = positive.or(file.and_then(|file| file.positive.as_deref()));
        let labels =
            Labels::infer(target, target_column, positive).map_err(|kind| table.error(kind))?;
        let has_label: Vec<bool> = (target_column.gather().into_iter())
            .map(|cell| !cell.is_nan() || place(cell).is_some())
            .collect();
        let tallies = Tally::of_table(table, &has_label);
        let mut features = Vec::new();
        let mut findings = Findings::default();
        let mut bad = BadCells::default();
        for (at, name) in table
            .names()
            .iter()
            .enumerate()
            .filter(|(_, name)| *name != target && Some(name.as_str()) != table.weight_column())
        {
            let column = Look {
                name,
                column: table.column_at(at),
                tally: &tallies[at],
                has_label: &has_label,
            };
            let kind = match declared_kind(options, name) {
                Some(declared) => column
                    .declared(declared)
                    .map_err(|kind| table.error(kind))?,
                None => column.kind(table, &mut bad, &mut findings),
            };
            if let Some(kind) = kind {
                findings.of_feature(&column, &kind);
                features.push(Feature {
                    name: name.clone(),
                    kind,
                });
            }
        }
        if !bad.columns.is_empty() && !table.leaves_out_bad_rows() {
            return Err(table.error(ErrorKind::BadCells(bad.columns)));
        }
        if features.is_empty() {
            return Err(table.error(ErrorKind::NothingLeft {
                target: target.to_owned(),
                reasons: findings.notes().iter().map(ToString::to_string).collect(),
            }));
        }
        let notes = findings.notes();
        tracing::debug!(
            source = table.source(),
            target_column = target,
            positive = labels.positive,
            negative = labels.negative,
            features = features.len(),
            columns = table.names().len(),
            notes = notes.len(),
            "schema inferred"
        );
        Ok(Inferred {
            notes,
            schema: Schema {
                features,
                target: target.to_owned(),
                labels,
                columns: table.names().to_vec(),
                has_header: table.has_header(),
                missing: table.missing_words().to_vec(),
            },
        })
    }
}

/// A column is declared once, and the target is no feature.
fn check_roles(target: &str, options: &SchemaOptions) -> Result<(), ErrorKind> {
    let lists = [
        ("ignored", &options.ignore),
        ("categorical", &options.categorical),
        ("numeric", &options.numeric),
    ];
    let mut roles = BTreeMap::from([(target, "the target")]);
    for (role, names) in lists {
        for name in names {
            let other = *roles.entry(name).or_insert(role);
            if other != role {
                let problem = format!("it is to be {other} and {role}; it can't be both");
                let column = name.clone();
                return Err(ErrorKind::Declared { column, problem });
            }
        }
    }
    Ok(())
}

/// A column of weights is no target and no feature.
fn check_weights(weights: &str, target: &str, options: &SchemaOptions) -> Result<(), ErrorKind> {
    let is = |role: &str| {
        let problem =
            format!("it is to hold the weights of the rows and to be {role}; it can't be both");
        Err(ErrorKind::Declared {
            column: weights.to_owned(),
            problem,
        })
    };
    if weights == target {
        return is("the target");
    }
    let mut declared = options.categorical.iter().chain(&options.numeric);
    if declared.any(|name| name == weights) {
        return is("a feature");
    }
    Ok(())
}
