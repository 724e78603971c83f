//! Where rows come from: a table, or a matrix in memory.

use std::borrow::Cow;

use chainrule_data::{Dataset, Error, ErrorKind, Schema, Table};

/// Rows to train on or to predict: a [`Table`], whose columns are matched by name, or a [`Dataset`] in memory, whose
/// features are taken in their order.
pub trait Rows: sealed::Sealed {
    /// Settles which columns are features and what the labels mean.
    ///
    /// # Errors
    /// Those of [`Schema::infer`].
    fn infer_schema(&self, target: &str, positive: Option<&str>) -> Result<Schema, Error>;

    /// Features and labels.
    ///
    /// # Errors
    /// Those of [`Schema::encode`]; of a data set, another number of features or no labels.
    fn labelled(&self, schema: &Schema) -> Result<Cow<'_, Dataset>, Error>;

    /// Features alone, of every row.
    ///
    /// # Errors
    /// Those of [`Schema::encode_features`]; of a data set, another number of features.
    fn features(&self, schema: &Schema) -> Result<Cow<'_, Dataset>, Error>;

    /// The SHA-256 of the file they were read from, if they were.
    fn file_sha256(&self) -> Option<&str>;

    /// The target, where the rows have one that needs no naming.
    fn own_target(&self) -> Option<&str>;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for chainrule_data::Table {}
    impl Sealed for chainrule_data::Dataset {}
}

impl Rows for Table {
    fn infer_schema(&self, target: &str, positive: Option<&str>) -> Result<Schema, Error> {
        Schema::infer(self, target, positive)
    }

    fn labelled(&self, schema: &Schema) -> Result<Cow<'_, Dataset>, Error> {
        schema.encode(self).map(Cow::Owned)
    }

    fn features(&self, schema: &Schema) -> Result<Cow<'_, Dataset>, Error> {
        schema.encode_features(self).map(Cow::Owned)
    }

    fn file_sha256(&self) -> Option<&str> {
        self.sha256()
    }

    fn own_target(&self) -> Option<&str> {
        None
    }
}

/// Features are called `x1`, `x2`, …, the target `y`, and its labels `0` and `1`.
impl Rows for Dataset {
    fn infer_schema(&self, target: &str, positive: Option<&str>) -> Result<Schema, Error> {
        let features = 1..=Dataset::features(self).nrows();
        let names: Vec<String> = features.clone().map(|i| format!("x{i}")).collect();
        let zeros = vec!["0"; features.count()].join(",");
        let csv = format!("{},{target}\n{zeros},0\n{zeros},1\n", names.join(","));
        Schema::infer(
            &Table::from_csv("memory", csv.as_bytes())?,
            target,
            positive,
        )
    }

    fn labelled(&self, schema: &Schema) -> Result<Cow<'_, Dataset>, Error> {
        let (expected, found) = (self.len(), self.labels().len());
        if expected != found {
            let what = "labels";
            return Err(ErrorKind::Shape {
                what,
                expected,
                found,
            }
            .into());
        }
        Rows::features(self, schema)
    }

    fn features(&self, schema: &Schema) -> Result<Cow<'_, Dataset>, Error> {
        let (expected, found) = (schema.inputs(), Dataset::features(self).nrows());
        if expected != found {
            let what = "features";
            return Err(ErrorKind::Shape {
                what,
                expected,
                found,
            }
            .into());
        }
        Ok(Cow::Borrowed(self))
    }

    fn file_sha256(&self) -> Option<&str> {
        None
    }

    fn own_target(&self) -> Option<&str> {
        Some("y")
    }
}
