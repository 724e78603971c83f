//! Columns named on the command line, and what they are said to be.

use crate::failure::Failure;
use chainrule_data::{SchemaFile, SchemaOptions, Table, escape};
use std::fs;
use std::path::PathBuf;

/// The heading of the options that say what columns are.
pub const HEADING: &str = "What columns are [default: what they look like]";

/// What columns are, where that is not to be found out.
#[derive(Clone, Debug, Default, PartialEq, clap::Args)]
#[command(next_help_heading = HEADING)]
pub struct Columns {
    /// Columns that are not features, separated by commas
    #[arg(long, value_name = "COLUMN,…", allow_hyphen_values = true, action = clap::ArgAction::Append)]
    ignore: Vec<String>,

    /// Columns whose values are names, though they may look like numbers
    #[arg(long, value_name = "COLUMN,…", allow_hyphen_values = true, action = clap::ArgAction::Append)]
    categorical: Vec<String>,

    /// Columns of numbers: any other value is an error
    #[arg(long, value_name = "COLUMN,…", allow_hyphen_values = true, action = clap::ArgAction::Append)]
    numeric: Vec<String>,

    /// A file that says what each column is; --print-schema writes one to edit
    #[arg(long, value_name = "FILE")]
    schema: Option<PathBuf>,
}

impl Columns {
    /// The schema of the file, if there is one.
    ///
    /// # Errors
    /// If it can't be read.
    pub fn file(&self) -> Result<Option<SchemaFile>, Failure> {
        let Some(path) = &self.schema else {
            return Ok(None);
        };
        let name = crate::terminal::shown(path).to_string();
        let text = fs::read_to_string(path)
            .map_err(|error| Failure::bad(format!("{name}: cannot read it: {error}")))?;
        let file = serde_json::from_str(&text).map_err(|error| {
            Failure::bad(format!(
                "{name}: this is not a schema: {error}; --print-schema shows how one looks"
            ))
        })?;
        Ok(Some(file))
    }

    /// For the schema of a table.
    ///
    /// # Errors
    /// Misuse if there is no column of a name.
    pub fn options(
        &self,
        positive: Option<&str>,
        file: Option<SchemaFile>,
        table: &Table,
    ) -> Result<SchemaOptions, Failure> {
        Ok(SchemaOptions {
            positive: positive.map(str::to_owned),
            ignore: names("--ignore", &self.ignore, table)?,
            categorical: names("--categorical", &self.categorical, table)?,
            numeric: names("--numeric", &self.numeric, table)?,
            file,
        })
    }

    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        *self == Columns::default()
    }
}

fn names(option: &str, lines: &[String], table: &Table) -> Result<Vec<String>, Failure> {
    let mut found = Vec::new();
    for line in lines {
        let places = places(option, line, table.source(), table.names())?;
        found.extend(places.into_iter().map(|at| table.names()[at].clone()));
    }
    Ok(found)
}

/// The places of columns in a table: the name of one, or a line of CSV with names.
///
/// # Errors
/// Misuse if there is no column of a name.
pub fn places(
    option: &str,
    line: &str,
    source: &str,
    names: &[String],
) -> Result<Vec<usize>, Failure> {
    let place = |wanted: &str| names.iter().position(|name| name == wanted.trim());
    if let Some(column) = place(line) {
        return Ok(vec![column]);
    }
    let mut places = Vec::new();
    let mut parser = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(line.as_bytes());
    let record = parser
        .records()
        .next()
        .transpose()
        .ok()
        .flatten()
        .unwrap_or_default();
    if record.is_empty() {
        return Err(Failure::misuse(format!("{option}: name a column or more")));
    }
    for wanted in &record {
        let column = place(wanted).ok_or_else(|| unknown(option, wanted.trim(), source, names))?;
        if !places.contains(&column) {
            places.push(column);
        }
    }
    Ok(places)
}

fn unknown(option: &str, wanted: &str, source: &str, names: &[String]) -> Failure {
    // The table's own error has the suggestion and the list.
    let table = chainrule_data::TableBuilder::new(source, names).map(|builder| builder.finish());
    match table.and_then(|table| table.column(wanted).map(drop)) {
        Err(error) => Failure::misuse(format!("{option}: {error}")),
        Ok(()) => Failure::misuse(format!("{option}: no column {:?}", escape(wanted))),
    }
}

/// Labels of the target that are spelled otherwise than the model has them.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct LabelMap {
    /// Take the label FROM of the table for TO; may be given several times
    #[arg(long, value_names = ["FROM", "TO"], num_args = 2, allow_hyphen_values = true, action = clap::ArgAction::Append)]
    map_label: Vec<String>,
}

impl LabelMap {
    /// Maps the labels of tables.
    ///
    /// # Errors
    /// If a table has no such column; misuse if none of the tables has a label to be mapped.
    pub fn apply<'t>(
        &self,
        column: &str,
        tables: impl IntoIterator<Item = &'t mut Table>,
    ) -> Result<(), Failure> {
        let pairs: Vec<(String, String)> = self
            .map_label
            .chunks_exact(2)
            .map(|pair| (pair[0].clone(), pair[1].clone()))
            .collect();
        if pairs.is_empty() {
            return Ok(());
        }
        let mut count = 0;
        for table in tables {
            count += table.map_labels(column, &pairs)?;
        }
        if count == 0 {
            return Err(Failure::misuse(format!(
                "--map-label: no row of the column {:?} has the label {:?}",
                escape(column),
                escape(&pairs[0].0)
            )));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(line: &str, names: &[&str]) -> Option<Vec<usize>> {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        places("--keep", line, "t.csv", &names).ok()
    }

    #[test]
    fn columns_are_named_as_in_csv() {
        let names = ["a", "b", "c,d", "e \"f\""];
        assert_eq!(found("b,a", &names), Some(vec![1, 0]));
        assert_eq!(found(" b , a ,b", &names), Some(vec![1, 0]));
        assert_eq!(found("c,d", &names), Some(vec![2]));
        assert_eq!(found("a,\"c,d\"", &names), Some(vec![0, 2]));
        assert_eq!(found("\"e \"\"f\"\"\"", &names), Some(vec![3]));
        assert_eq!(found("z", &names), None);
        assert_eq!(found("", &names), None);
    }
}
