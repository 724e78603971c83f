//! What the columns are for, settled once on the training table and kept with the model.
//!
//! | what | file |
//! |---|---|
//! | the schema | here |
//! | tables read with it | `encode.rs` |
//! | what each column of a training table is | `infer.rs`, with `look.rs` and `tally.rs` |
//! | what is remarkable about columns | `note.rs` |
//! | a schema that people edit | `file.rs` |
//! | a schema in a model file | `stored.rs` |
//! | dates | `date.rs` |

mod date;
mod encode;
mod file;
mod infer;
mod look;
mod note;
mod stored;
mod tally;

pub use date::DateOrder;
use encode::BadCells;
pub(crate) use encode::Levels;
pub use file::{SchemaColumn, SchemaFile};
pub use infer::{Inferred, SchemaOptions};
pub use note::ColumnNote;

use crate::error::Error;
use crate::label::Labels;
use crate::table::Table;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use stored::Stored;

/// Which columns are features, in which order, what they hold, which one is the target, and what its labels mean.
///
/// Columns are matched by name: their order in a table does not matter and further columns are ignored. A table without header is
/// matched by position.
///
/// ```
/// use chainrule_data::{Schema, Table};
///
/// let train = Table::from_csv("train.csv", "a,b,y\n1,2,no\n3,4,yes\n".as_bytes())?;
/// let schema = Schema::infer(&train, "y", None)?;
/// assert_eq!(schema.feature_names().collect::<Vec<_>>(), ["a", "b"]);
/// assert_eq!(schema.labels().positive, "yes");
///
/// let new = Table::from_csv("new.csv", "note,b,a\nx,20,10\n".as_bytes())?;
/// assert_eq!(schema.encode_features(&new)?.features().as_slice(), [10.0, 20.0]);
/// # Ok::<(), chainrule_data::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Stored", try_from = "Stored")]
pub struct Schema {
    features: Vec<Feature>,
    target: String,
    labels: Labels,
    /// All columns of the training table; none in old model files.
    columns: Vec<String>,
    has_header: bool,
    /// Words that mean a missing value, beside the usual ones.
    missing: Vec<String>,
}

/// A column that predictions are made from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Feature {
    /// The name of the column.
    pub name: String,
    /// How its cells become numbers.
    pub kind: FeatureKind,
}

/// How the cells of a column become numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum FeatureKind {
    /// They are numbers.
    Numeric,
    /// They are names: an input for each of the frequent ones.
    Categorical,
    /// They are `true` and `false`, or other words for these: 1 and 0.
    Boolean,
    /// They are names in an order, from low to high: their places in it, from 0.
    Ordinal(Vec<String>),
    /// They are dates: days since 1970, and inputs for the time of the year, the week and the day.
    Date(DateOrder),
}

impl FeatureKind {
    /// The name of the kind.
    pub fn name(&self) -> &'static str {
        match self {
            FeatureKind::Numeric => "numeric",
            FeatureKind::Categorical => "categorical",
            FeatureKind::Boolean => "boolean",
            FeatureKind::Ordinal(_) => "ordinal",
            FeatureKind::Date(_) => "date",
        }
    }
}

/// The truth of a word for it, in capitals or not.
pub(crate) fn boolean(text: &str) -> Option<bool> {
    let is = |words: [&str; 5]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
    if is(["true", "yes", "t", "y", "on"]) {
        Some(true)
    } else if is(["false", "no", "f", "n", "off"]) {
        Some(false)
    } else {
        None
    }
}

impl Schema {
    /// Finds out what the columns are and what the labels mean: [`infer_with`](Schema::infer_with) where nothing is known but the
    /// target, and perhaps the positive label.
    ///
    /// # Errors
    /// Those of [`infer_with`](Schema::infer_with).
    pub fn infer(table: &Table, target: &str, positive: Option<&str>) -> Result<Schema, Error> {
        let options = SchemaOptions {
            positive: positive.map(str::to_owned),
            ..SchemaOptions::default()
        };
        Ok(Schema::infer_with(table, target, &options)?.schema)
    }

    /// The features, in the order of the network's inputs.
    pub fn features(&self) -> &[Feature] {
        &self.features
    }

    /// The names of the features, in the order of the network's inputs.
    pub fn feature_names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.features.iter().map(|feature| feature.name.as_str())
    }

    /// The number of features: rows of the matrices that [`encode`](Schema::encode) makes. A network has as many inputs, or more
    /// where a feature takes several: see [`Preprocessing::outputs`](crate::Preprocessing::outputs).
    pub fn inputs(&self) -> usize {
        self.features.len()
    }

    /// The name of the target column.
    pub fn target(&self) -> &str {
        &self.target
    }

    /// The labels of the target.
    pub fn labels(&self) -> &Labels {
        &self.labels
    }

    /// Whether the training table had a header.
    pub fn has_header(&self) -> bool {
        self.has_header
    }

    /// Words that mean a missing value, beside the usual ones.
    pub fn missing_words(&self) -> &[String] {
        &self.missing
    }

    fn check(&self) -> Result<(), &'static str> {
        let names: BTreeSet<&str> = self.feature_names().chain([self.target()]).collect();
        if self.features.is_empty() || names.len() != self.features.len() + 1 {
            return Err(
                "the names of the columns in the schema are not distinct, or there are none",
            );
        }
        let is_right = |feature: &Feature| match &feature.kind {
            FeatureKind::Ordinal(levels) => {
                levels.len() > 1 && levels.iter().collect::<BTreeSet<_>>().len() == levels.len()
            }
            _ => true,
        };
        if !self.features.iter().all(is_right) {
            return Err("the levels of an ordinal column in the schema are not distinct");
        }
        if !self.labels.are_two() {
            return Err("the labels in the schema are not two");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
