//! Schemas in model files. Bytes that were written keep their meaning: what is new is a new variant.

use super::{Feature, Schema};
use crate::label::{Labels, Others};
use serde::{Deserialize, Serialize};

#[derive(Clone, Serialize, Deserialize)]
pub(super) enum Stored {
    /// Numeric features of a table with a header.
    V1 {
        features: Vec<Feature>,
        target: String,
        labels: TwoLabels,
    },
    V2 {
        features: Vec<Feature>,
        target: String,
        labels: TwoLabels,
        /// Whether all labels but the positive one are the negative one.
        against_the_rest: bool,
        columns: Vec<String>,
        has_header: bool,
        missing: Vec<String>,
    },
}

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct TwoLabels {
    negative: String,
    positive: String,
}

impl From<Schema> for Stored {
    fn from(schema: Schema) -> Self {
        let Labels {
            negative,
            positive,
            others,
        } = schema.labels;
        Stored::V2 {
            features: schema.features,
            target: schema.target,
            labels: TwoLabels { negative, positive },
            against_the_rest: others == Others::AreNegative,
            columns: schema.columns,
            has_header: schema.has_header,
            missing: schema.missing,
        }
    }
}

impl TryFrom<Stored> for Schema {
    type Error = &'static str;

    fn try_from(stored: Stored) -> Result<Self, Self::Error> {
        let schema = match stored {
            Stored::V1 {
                features,
                target,
                labels,
            } => Schema {
                columns: Vec::new(),
                has_header: true,
                missing: Vec::new(),
                labels: labels.with(Others::AreUnknown),
                features,
                target,
            },
            Stored::V2 {
                features,
                target,
                labels,
                against_the_rest,
                columns,
                has_header,
                missing,
            } => Schema {
                labels: labels.with(if against_the_rest {
                    Others::AreNegative
                } else {
                    Others::AreUnknown
                }),
                features,
                target,
                columns,
                has_header,
                missing,
            },
        };
        schema.check()?;
        Ok(schema)
    }
}

impl TwoLabels {
    fn with(self, others: Others) -> Labels {
        Labels {
            negative: self.negative,
            positive: self.positive,
            others,
        }
    }
}
