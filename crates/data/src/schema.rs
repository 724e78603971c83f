//! What the columns are for, settled once on the training table and kept with the model.

use crate::cell::Cell;
use crate::dataset::Dataset;
use crate::error::{BadColumn, Error, ErrorKind, Problem};
use crate::label::Labels;
use crate::table::Table;
use crate::text::did_you_mean;
use nalgebra::DMatrix;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Which columns are features, in which order, which one is the target, and what its labels mean.
///
/// Columns are matched by name: their order in a table does not matter and further columns are ignored.
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum FeatureKind {
    /// They are numbers: one input of the network.
    Numeric,
}

impl Schema {
    /// Makes every column but the target a numeric feature, in the order of the table, and finds the two labels of the target.
    ///
    /// The positive class is `positive` if given, else the larger label if both are numbers, else the later in byte order (and `true`
    /// rather than `false`), as scikit-learn's `classes_[1]`; see [`Labels`] for when two spellings are one label.
    ///
    /// # Errors
    /// [`UnknownColumn`](ErrorKind::UnknownColumn), [`NoFeatures`](ErrorKind::NoFeatures), [`NoLabels`](ErrorKind::NoLabels),
    /// [`OneLabel`](ErrorKind::OneLabel), [`ManyLabels`](ErrorKind::ManyLabels), [`UnknownPositive`](ErrorKind::UnknownPositive).
    pub fn infer(table: &Table, target: &str, positive: Option<&str>) -> Result<Schema, Error> {
        let column = table.column(target)?;
        let features: Vec<Feature> = table
            .names()
            .iter()
            .filter(|name| *name != target)
            .map(|name| Feature {
                name: name.clone(),
                kind: FeatureKind::Numeric,
            })
            .collect();
        if features.is_empty() {
            return Err(table.error(ErrorKind::NoFeatures {
                target: target.to_owned(),
            }));
        }
        let labels = Labels::infer(target, column, positive).map_err(|kind| table.error(kind))?;
        Ok(Schema {
            features,
            target: target.to_owned(),
            labels,
        })
    }

    /// The features, in the order of the network's inputs.
    pub fn features(&self) -> &[Feature] {
        &self.features
    }

    /// The names of the features, in the order of the network's inputs.
    pub fn feature_names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.features.iter().map(|feature| feature.name.as_str())
    }

    /// The number of inputs that the network has: rows of the matrices that [`encode`](Schema::encode) makes.
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

    /// Features and labels of a table, to train or to evaluate. Rows whose label is missing are left out and counted in
    /// [`Dataset::rows_without_label`].
    ///
    /// # Errors
    /// [`MissingColumns`](ErrorKind::MissingColumns); [`UnknownLabels`](ErrorKind::UnknownLabels) and
    /// [`NoLabels`](ErrorKind::NoLabels) of the target; [`BadCells`](ErrorKind::BadCells) if a feature of a row that is used is text,
    /// missing or infinite.
    pub fn encode(&self, table: &Table) -> Result<Dataset, Error> {
        let columns = table.index();
        self.check_columns(table, &columns, self.feature_names().chain([self.target()]))?;
        let target = table.column_at(columns[self.target()]);
        let classes = self
            .labels
            .encode(&self.target, target, |row| table.line(row));
        let classes = classes.map_err(|kind| table.error(kind))?;
        let rows: Vec<usize> = (0..table.rows())
            .filter(|&row| classes[row].is_some())
            .collect();
        if rows.is_empty() {
            let kind = ErrorKind::NoLabels {
                column: self.target.clone(),
                rows: table.rows(),
            };
            return Err(table.error(kind));
        }
        let labels: Vec<bool> = classes.iter().flatten().copied().collect();
        self.dataset(table, &columns, labels, rows)
    }

    /// Features alone, of every row, to predict: the target need not be there and is not looked at.
    ///
    /// # Errors
    /// [`MissingColumns`](ErrorKind::MissingColumns), [`BadCells`](ErrorKind::BadCells).
    pub fn encode_features(&self, table: &Table) -> Result<Dataset, Error> {
        let columns = table.index();
        self.check_columns(table, &columns, self.feature_names())?;
        self.dataset(table, &columns, Vec::new(), (0..table.rows()).collect())
    }

    fn dataset(
        &self,
        table: &Table,
        columns: &BTreeMap<&str, usize>,
        labels: Vec<bool>,
        rows: Vec<usize>,
    ) -> Result<Dataset, Error> {
        let features: Vec<_> = self
            .feature_names()
            .map(|name| (name, columns[name]))
            .collect();
        let names = self.feature_names().map(str::to_owned).collect();
        Ok(Dataset::of_table(
            table,
            names,
            matrix(table, &features, &rows)?,
            labels,
            rows,
        ))
    }

    fn check_columns<'s>(
        &self,
        table: &Table,
        columns: &BTreeMap<&str, usize>,
        wanted: impl Iterator<Item = &'s str>,
    ) -> Result<(), Error> {
        let missing: Vec<_> = wanted
            .filter(|name| !columns.contains_key(name))
            .map(|name| (name.to_owned(), did_you_mean(name, self.spare_names(table))))
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        Err(table.error(ErrorKind::MissingColumns {
            missing,
            columns: table.names().to_vec(),
        }))
    }

    /// Columns of a table that this schema has no use for, so that they may be one that is missed.
    fn spare_names<'t>(&self, table: &'t Table) -> impl Iterator<Item = &'t str> {
        let used: BTreeSet<String> = self
            .feature_names()
            .chain([self.target()])
            .map(str::to_owned)
            .collect();
        table
            .names()
            .iter()
            .map(String::as_str)
            .filter(move |name| !used.contains(*name))
    }
}

/// Chosen cells of numeric columns as features × rows.
fn matrix(table: &Table, columns: &[(&str, usize)], rows: &[usize]) -> Result<DMatrix<f64>, Error> {
    let mut matrix = DMatrix::zeros(columns.len(), rows.len());
    let mut bad = BadCells::default();
    let width = table.names().len();
    let samples = matrix.as_mut_slice().chunks_exact_mut(columns.len());
    let mut are_numbers = true;
    for (sample, &row) in samples.zip(rows) {
        let cells = &table.coded()[row * width..(row + 1) * width];
        for (value, &(_, at)) in sample.iter_mut().zip(columns) {
            *value = cells[at];
            are_numbers &= value.is_finite();
        }
    }
    if are_numbers {
        return Ok(matrix);
    }
    for (feature, &(name, at)) in columns.iter().enumerate() {
        let column = table.column_at(at);
        for (sample, &row) in rows.iter().enumerate() {
            match column.cell(row) {
                Cell::Number(value) => matrix[(feature, sample)] = value,
                other => bad.add(name, table.line(row), column.len(), other),
            }
        }
    }
    if bad.columns.is_empty() {
        Ok(matrix)
    } else {
        Err(table.error(ErrorKind::BadCells(bad.columns)))
    }
}

/// Collects the cells that can't be used: column by column, kind by kind, the first few of each.
#[derive(Default)]
struct BadCells {
    columns: Vec<BadColumn>,
}

impl BadCells {
    fn add(&mut self, name: &str, line: u64, rows: usize, cell: Cell) {
        const KEPT: usize = 10;
        let (problem, text) = match cell {
            Cell::Text(text) => (Problem::Text, text.to_owned()),
            Cell::Missing => (Problem::Missing, String::new()),
            Cell::Infinite(value) | Cell::Number(value) => (Problem::Infinite, value.to_string()),
        };
        let known = self
            .columns
            .iter()
            .rposition(|column| column.name == name && column.problem == problem);
        let at = known.unwrap_or_else(|| {
            self.columns.push(BadColumn {
                name: name.to_owned(),
                problem,
                first: Vec::new(),
                count: 0,
                rows,
            });
            self.columns.len() - 1
        });
        let column = &mut self.columns[at];
        column.count += 1;
        if column.first.len() < KEPT {
            column.first.push((line, text));
        }
    }
}

/// The stored form has its own version, so that schemas with more in them can be told from those written today.
#[derive(Clone, Serialize, Deserialize)]
enum Stored {
    V1 {
        features: Vec<Feature>,
        target: String,
        labels: Labels,
    },
}

impl From<Schema> for Stored {
    fn from(
        Schema {
            features,
            target,
            labels,
        }: Schema,
    ) -> Self {
        Stored::V1 {
            features,
            target,
            labels,
        }
    }
}

impl TryFrom<Stored> for Schema {
    type Error = &'static str;

    fn try_from(
        Stored::V1 {
            features,
            target,
            labels,
        }: Stored,
    ) -> Result<Self, Self::Error> {
        let names: BTreeSet<&str> = features
            .iter()
            .map(|feature| feature.name.as_str())
            .chain([target.as_str()])
            .collect();
        if features.is_empty() || names.len() != features.len() + 1 {
            return Err(
                "the names of the columns in the schema are not distinct, or there are none",
            );
        }
        if !labels.are_two() {
            return Err("the labels in the schema are not two");
        }
        Ok(Schema {
            features,
            target,
            labels,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(text: &str) -> Table {
        Table::from_csv("t.csv", text.as_bytes()).unwrap()
    }

    #[test]
    fn columns_are_matched_by_name() {
        let schema = Schema::infer(&table("a,b,y\n1,2,0\n3,4,1\n"), "y", None).unwrap();
        let other = table("y,b,extra,a\n1,20,text,10\n0,40,,30\n");
        let data = schema.encode(&other).unwrap();
        assert_eq!(data.features().as_slice(), [10.0, 20.0, 30.0, 40.0]);
        assert_eq!(data.labels(), [true, false]);
    }

    #[test]
    fn missing_columns_are_named() {
        let schema = Schema::infer(&table("age,b,y\n1,2,0\n3,4,1\n"), "y", None).unwrap();
        let error = schema.encode(&table("Age,y\n1,0\n")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "t.csv: columns of the model not in the table: \"age\" (did you mean \"Age\"?), \"b\"; the table has \"Age\", \"y\""
        );
        assert!(schema.encode_features(&table("age,b\n1,0\n")).is_ok());
        assert!(schema.encode(&table("age,b\n1,0\n")).is_err());
    }

    #[test]
    fn rows_without_label_are_left_out_with_whatever_is_wrong_in_them() {
        let file = table("x,y\n1,a\nabc,\n3,b\n4,NA\n");
        let schema = Schema::infer(&file, "y", None).unwrap();
        let data = schema.encode(&file).unwrap();
        assert_eq!(data.features().as_slice(), [1.0, 3.0]);
        assert_eq!(
            (data.rows_without_label(), data.row_number(1), data.line(1)),
            (2, 3, Some(4))
        );
        assert!(schema.encode_features(&file).is_err());
        let error = schema.encode(&table("x,y\n1,\n2,\n")).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::NoLabels { rows: 2, .. }));
    }

    #[test]
    fn cells_that_are_no_numbers_are_listed_by_column() {
        let file = table("x,y,z\n1,a,inf\nabc,b,2\ndef,a,\n");
        let schema = Schema::infer(&file, "y", None).unwrap();
        let error = schema.encode(&file).unwrap_err();
        let ErrorKind::BadCells(columns) = error.kind() else {
            panic!("{error}")
        };
        assert_eq!(columns.len(), 3);
        assert_eq!(
            columns[0].first,
            [(3, "abc".to_owned()), (4, "def".to_owned())]
        );
        assert_eq!(
            (columns[1].problem, columns[2].problem),
            (Problem::Infinite, Problem::Missing)
        );
    }

    #[test]
    fn what_is_stored_is_checked() {
        let schema = Schema::infer(&table("a,b,y\n1,2,no\n3,4,yes\n"), "y", None).unwrap();
        let text = serde_json::to_string(&schema).unwrap();
        assert_eq!(serde_json::from_str::<Schema>(&text).unwrap(), schema);
        for (from, to) in [
            ("\"b\"", "\"a\""),
            ("\"target\":\"y\"", "\"target\":\"a\""),
            ("yes", "no"),
        ] {
            let wrong = text.replace(from, to);
            assert_ne!(wrong, text);
            assert!(serde_json::from_str::<Schema>(&wrong).is_err(), "{wrong}");
        }
    }
}
