//! A schema as people write it: which column is what, to be read from a file and edited.

use super::{FeatureKind, Schema, SchemaOptions};
use crate::error::{Error, ErrorKind};
use crate::table::Table;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Which column is what, in a form to edit: what `train --print-schema` writes and `--schema` reads, as JSON.
///
/// ```
/// use chainrule_data::{Schema, SchemaFile, SchemaOptions, Table};
///
/// let table = Table::from_csv("t.csv", "grade,age,ill\nlow,31,no\nhigh,58,yes\nlow,44,no\n".as_bytes())?;
/// let mut file = SchemaFile::of(&Schema::infer(&table, "ill", None)?, &table);
/// file.columns[0].kind = "ordinal".to_owned();
/// file.columns[0].levels = vec!["low".to_owned(), "high".to_owned()];
/// let options = SchemaOptions { file: Some(file), ..SchemaOptions::default() };
/// let schema = Schema::infer_with(&table, "ill", &options)?.schema;
/// assert_eq!(schema.encode(&table)?.features().row(0).iter().copied().collect::<Vec<_>>(), [0.0, 1.0, 0.0]);
/// # Ok::<(), chainrule_data::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SchemaFile {
    /// The column to predict.
    pub target: String,
    /// The label whose probability is predicted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub positive: Option<String>,
    /// Words that mean a missing value, beside the usual ones.
    #[serde(default)]
    pub missing: Vec<String>,
    /// The columns but the target; those that are not listed are what they look like.
    pub columns: Vec<SchemaColumn>,
}

/// What a column is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SchemaColumn {
    /// Its name.
    pub name: String,
    /// `numeric`, `boolean`, `categorical`, `ordinal`, `date` or `ignore`.
    pub kind: String,
    /// The levels of an ordinal column, from low to high.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub levels: Vec<String>,
}

impl SchemaFile {
    /// The schema of a table: columns that are not used are to be ignored.
    pub fn of(schema: &Schema, table: &Table) -> SchemaFile {
        let column = |name: &String| {
            let feature = schema
                .features()
                .iter()
                .find(|feature| feature.name == *name);
            let levels = match feature.map(|feature| &feature.kind) {
                Some(FeatureKind::Ordinal(levels)) => levels.clone(),
                _ => Vec::new(),
            };
            SchemaColumn {
                name: name.clone(),
                kind: feature
                    .map_or("ignore", |feature| feature.kind.name())
                    .to_owned(),
                levels,
            }
        };
        SchemaFile {
            target: schema.target().to_owned(),
            positive: Some(schema.labels().positive.clone()),
            missing: schema.missing_words().to_vec(),
            columns: table
                .names()
                .iter()
                .filter(|name| *name != schema.target())
                .map(column)
                .collect(),
        }
    }

    /// Makes sure that each column that is listed is one of the table's, once, and has levels only if it is ordinal.
    pub(super) fn check(&self, table: &Table) -> Result<(), Error> {
        let mut seen = BTreeSet::new();
        for SchemaColumn { name, kind, levels } in &self.columns {
            table.column(name)?;
            let problem = if !seen.insert(name) {
                "the schema has it twice; remove one of the two"
            } else if kind != "ordinal" && !levels.is_empty() {
                "the schema gives it levels, which only an ordinal column has; remove them, or make it ordinal"
            } else {
                continue;
            };
            return Err(table.error(ErrorKind::Declared {
                column: name.clone(),
                problem: problem.to_owned(),
            }));
        }
        Ok(())
    }

    /// What is said about a column.
    pub(super) fn declared(&self, name: &str) -> Option<&SchemaColumn> {
        self.columns.iter().find(|column| column.name == name)
    }
}

/// Options take precedence over the file.
pub(super) fn declared_kind(options: &SchemaOptions, name: &str) -> Option<Declared> {
    let among = |names: &[String]| names.iter().any(|other| other == name);
    if among(&options.ignore) {
        return Some(Declared::Ignore);
    }
    if among(&options.categorical) {
        return Some(Declared::Categorical);
    }
    if among(&options.numeric) {
        return Some(Declared::Numeric);
    }
    let column = options.file.as_ref()?.declared(name)?;
    Some(match column.kind.as_str() {
        "ignore" => Declared::Ignore,
        "numeric" => Declared::Numeric,
        "categorical" => Declared::Categorical,
        "boolean" => Declared::Boolean,
        "date" => Declared::Date,
        "ordinal" => Declared::Ordinal(column.levels.clone()),
        other => Declared::Unknown(other.to_owned()),
    })
}

/// What a column was said to be.
pub(super) enum Declared {
    Ignore,
    Numeric,
    Categorical,
    Boolean,
    Date,
    Ordinal(Vec<String>),
    Unknown(String),
}
