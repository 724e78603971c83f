//! What the columns are for, settled once on the training table and kept with the model.
//!
//! | what | file |
//! |---|---|
//! | the schema, and tables read with it | here |
//! | what each column of a training table is | `infer.rs` |
//! | a schema that people edit | `file.rs` |
//! | a schema in a model file | `stored.rs` |
//! | dates | `date.rs` |

mod date;
mod file;
mod infer;
mod stored;

pub use date::DateOrder;
pub use file::{SchemaColumn, SchemaFile};
pub use infer::{ColumnNote, Inferred, SchemaOptions};

use crate::cell::Cell;
use crate::column::place;
use crate::dataset::Dataset;
use crate::error::{BadColumn, Error, ErrorKind, Problem};
use crate::label::Labels;
use crate::table::Table;
use crate::text::did_you_mean;
use nalgebra::DMatrix;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;
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

    /// Features and labels of a table, to train or to evaluate. Rows whose label is missing are left out and counted in
    /// [`Dataset::rows_without_label`], and so are rows with a cell that can't be used, in [`Dataset::rows_with_bad_cells`], if
    /// the table was read with [`OnBad`](crate::OnBad)`::Skip` or `Report`.
    ///
    /// # Errors
    /// [`MissingColumns`](ErrorKind::MissingColumns); [`UnknownLabels`](ErrorKind::UnknownLabels) and
    /// [`NoLabels`](ErrorKind::NoLabels) of the target; [`BadCells`](ErrorKind::BadCells) if a feature of a row that is used is not
    /// what the schema says, or infinite.
    pub fn encode(&self, table: &Table) -> Result<Dataset, Error> {
        let places = self.places(table, Wanted::All)?;
        let (target, features) = (places.target, places.features);
        let classes = self
            .labels
            .encode(&self.target, table.column_at(target), |row| table.line(row));
        let classes = classes.map_err(|kind| table.error(kind))?;
        let mut rows: Vec<usize> = (0..table.rows())
            .filter(|&row| classes[row].is_some())
            .collect();
        if rows.is_empty() {
            let kind = ErrorKind::NoLabels {
                column: self.target.clone(),
                rows: table.rows(),
            };
            return Err(table.error(kind));
        }
        let mut with_bad_cells = 0;
        let encoded = match self.matrix(table, &features, &rows) {
            Err(bad) if table.leaves_out_bad_rows() && bad.rows.len() < rows.len() => {
                with_bad_cells = bad.rows.len();
                rows.retain(|row| !bad.rows.contains(row));
                self.matrix(table, &features, &rows)
            }
            other => other,
        };
        let (matrix, levels) =
            encoded.map_err(|bad| table.error(ErrorKind::BadCells(bad.columns)))?;
        let labels: Vec<bool> = rows.iter().filter_map(|&row| classes[row]).collect();
        Ok(
            Dataset::of_table(table, self.features.clone(), matrix, levels, labels, rows)
                .leaving_out(with_bad_cells),
        )
    }

    /// The same as [`encode`](Schema::encode) for a table that is not needed any more. If all features are numbers, the matrix is
    /// made in the memory of the table, so that there are never two of them.
    ///
    /// # Errors
    /// Those of [`encode`](Schema::encode).
    pub fn encode_owned(&self, mut table: Table) -> Result<Dataset, Error> {
        let places = self.places(&table, Wanted::All)?;
        let is_numeric = |feature: &Feature| feature.kind == FeatureKind::Numeric;
        let ascend = places.features.windows(2).all(|pair| pair[0] < pair[1]);
        if !ascend || !self.features.iter().all(is_numeric) {
            return self.encode(&table);
        }
        let classes = self
            .labels
            .encode(&self.target, table.column_at(places.target), |row| {
                table.line(row)
            });
        let classes = classes.map_err(|kind| table.error(kind))?;
        let width = table.names().len();
        let is_usable = |(row, class): (usize, &Option<bool>)| {
            let cells = &table.coded()[row * width..(row + 1) * width];
            // Codes of spellings, as of 007, are left to the other way.
            class.is_none()
                || places.features.iter().all(|&at| {
                    cells[at].is_finite() || place(cells[at]).is_none() && cells[at].is_nan()
                })
        };
        if classes.iter().all(Option::is_none) || !classes.iter().enumerate().all(is_usable) {
            return self.encode(&table);
        }
        let rows: Vec<usize> = (0..table.rows())
            .filter(|&row| classes[row].is_some())
            .collect();
        let labels: Vec<bool> = classes.iter().flatten().copied().collect();
        let mut cells = table.take_cells();
        let count = places.features.len();
        for (sample, &row) in rows.iter().enumerate() {
            // Places ascend, so each value moves to the front, over one that has moved.
            for (feature, &at) in places.features.iter().enumerate() {
                cells[sample * count + feature] = cells[row * width + at];
            }
        }
        cells.truncate(rows.len() * count);
        let matrix = DMatrix::from_vec(count, rows.len(), cells);
        let levels = vec![Vec::new(); count].into();
        Ok(Dataset::of_table(
            &table,
            self.features.clone(),
            matrix,
            levels,
            labels,
            rows,
        ))
    }

    /// Features alone, of every row, to predict: the target need not be there and is not looked at.
    ///
    /// # Errors
    /// [`MissingColumns`](ErrorKind::MissingColumns), [`BadCells`](ErrorKind::BadCells).
    pub fn encode_features(&self, table: &Table) -> Result<Dataset, Error> {
        let places = self.places(table, Wanted::Features)?.features;
        let rows: Vec<usize> = (0..table.rows()).collect();
        let encoded = self.matrix(table, &places, &rows);
        let (matrix, levels) =
            encoded.map_err(|bad| table.error(ErrorKind::BadCells(bad.columns)))?;
        Ok(Dataset::of_table(
            table,
            self.features.clone(),
            matrix,
            levels,
            Vec::new(),
            rows,
        ))
    }

    /// The name that the target has in a table, which may have it at another position or without a header.
    ///
    /// # Errors
    /// [`MissingColumns`](ErrorKind::MissingColumns).
    pub fn target_in(&self, table: &Table) -> Result<String, Error> {
        let places = self.places(table, Wanted::All)?;
        Ok(table.names()[places.target].clone())
    }

    /// Where the columns are in a table: by name, or by position where one of the two tables has no header.
    fn places(&self, table: &Table, wanted: Wanted) -> Result<Places, Error> {
        if let Some(places) = self.places_by_position(table, wanted) {
            return Ok(places);
        }
        let columns = table.index();
        let needed = match wanted {
            Wanted::All => Some(self.target()),
            Wanted::Features => None,
        };
        let missing: Vec<_> = self
            .feature_names()
            .chain(needed)
            .filter(|name| !columns.contains_key(name))
            .map(|name| (name.to_owned(), did_you_mean(name, self.spare_names(table))))
            .collect();
        if !missing.is_empty() {
            return Err(table.error(ErrorKind::MissingColumns {
                missing,
                columns: table.names().to_vec(),
            }));
        }
        Ok(Places {
            features: self.feature_names().map(|name| columns[name]).collect(),
            target: columns.get(self.target()).copied().unwrap_or_default(),
        })
    }

    /// Without a header, a table has the columns of the training table, or all of them but the target if that is not needed.
    fn places_by_position(&self, table: &Table, wanted: Wanted) -> Option<Places> {
        let has_names = || {
            let columns = table.index();
            self.feature_names().all(|name| columns.contains_key(name))
        };
        if self.columns.is_empty() || (table.has_header() && (self.has_header || has_names())) {
            return None;
        }
        let position = |name: &str| self.columns.iter().position(|column| column == name);
        let target = position(self.target())?;
        let is_without_target = match table.names().len() {
            width if width == self.columns.len() => false,
            width if width + 1 == self.columns.len() && wanted == Wanted::Features => true,
            _ => return None,
        };
        let moved = |at: usize| {
            if is_without_target && at > target {
                at - 1
            } else {
                at
            }
        };
        let features: Option<Vec<usize>> = self
            .feature_names()
            .map(|name| position(name).map(moved))
            .collect();
        Some(Places {
            features: features?,
            target,
        })
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

    /// Chosen cells as features × rows, NaN where they are missing, with the levels of each categorical feature, whose cells are
    /// places among them.
    fn matrix(
        &self,
        table: &Table,
        places: &[usize],
        rows: &[usize],
    ) -> Result<(DMatrix<f64>, Levels), BadCells> {
        let (count, width) = (places.len(), table.names().len());
        let mut matrix = DMatrix::zeros(count, rows.len());
        let mut bad = BadCells::default();
        let mut encoders: Vec<FeatureCells> = self
            .features
            .iter()
            .map(|feature| FeatureCells::of(&feature.kind))
            .collect();
        for (sample, &row) in matrix.as_mut_slice().chunks_exact_mut(count).zip(rows) {
            let cells = &table.coded()[row * width..(row + 1) * width];
            for (feature, (value, &at)) in sample.iter_mut().zip(places).enumerate() {
                let cell = cells[at];
                *value = if cell.is_finite() && encoders[feature].is_numeric {
                    cell
                } else {
                    match encoders[feature].value(table, at, cell, &self.features[feature].kind) {
                        Ok(value) => value,
                        Err(problem) => {
                            bad.add_problem(
                                &self.features[feature].name,
                                table.line(row),
                                table.rows(),
                                table.column_at(at).cell(row),
                                problem,
                            );
                            bad.rows.insert(row);
                            f64::NAN
                        }
                    }
                };
            }
        }
        if bad.columns.is_empty() {
            Ok((
                matrix,
                encoders.into_iter().map(|encoder| encoder.levels).collect(),
            ))
        } else {
            bad.by_column(&self.features);
            Err(bad)
        }
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

/// The levels of each feature, in order of first appearance; empty for those that have none.
pub(crate) type Levels = Arc<[Vec<String>]>;

#[derive(Clone, Copy, PartialEq)]
enum Wanted {
    All,
    Features,
}

struct Places {
    features: Vec<usize>,
    target: usize,
}

/// Turns the coded cells of one feature into its values.
struct FeatureCells {
    is_numeric: bool,
    levels: Vec<String>,
    /// For each spelling of the table, the value if it was met before.
    of_place: Vec<Option<Result<f64, Problem>>>,
    /// The same for numbers, of a categorical feature.
    of_number: std::collections::BTreeMap<u64, f64>,
}

impl FeatureCells {
    fn of(kind: &FeatureKind) -> FeatureCells {
        FeatureCells {
            is_numeric: *kind == FeatureKind::Numeric,
            levels: Vec::new(),
            of_place: Vec::new(),
            of_number: std::collections::BTreeMap::new(),
        }
    }

    fn value(
        &mut self,
        table: &Table,
        column: usize,
        cell: f64,
        kind: &FeatureKind,
    ) -> Result<f64, Problem> {
        let store = table.column_at(column).store();
        if let Some(place) = place(cell) {
            if self.of_place.is_empty() {
                self.of_place = vec![None; store.spelled().len()];
            }
            if let Some(value) = self.of_place[place] {
                return value;
            }
            let spelled = &store.spelled()[place];
            let value = self.value_of(&spelled.text, spelled.value, kind);
            self.of_place[place] = Some(value);
            return value;
        }
        if cell.is_nan() {
            return Ok(f64::NAN);
        }
        if *kind == FeatureKind::Categorical
            && let Some(&value) = self.of_number.get(&cell.to_bits())
        {
            return Ok(value);
        }
        let value = self.value_of(&store.level(cell).unwrap_or_default(), Some(cell), kind)?;
        if *kind == FeatureKind::Categorical {
            self.of_number.insert(cell.to_bits(), value);
        }
        Ok(value)
    }

    fn value_of(
        &mut self,
        text: &str,
        number: Option<f64>,
        kind: &FeatureKind,
    ) -> Result<f64, Problem> {
        match kind {
            FeatureKind::Numeric => match number {
                Some(number) if number.is_finite() => Ok(number),
                Some(_) => Err(Problem::Infinite),
                None => Err(Problem::Text),
            },
            FeatureKind::Categorical => {
                let known = self.levels.iter().position(|level| level == text);
                let at = known.unwrap_or_else(|| {
                    self.levels.push(text.to_owned());
                    self.levels.len() - 1
                });
                Ok(at as f64)
            }
            FeatureKind::Boolean => match number {
                Some(number) if number == 0.0 || number == 1.0 => Ok(number),
                _ => boolean(text)
                    .map(|truth| f64::from(u8::from(truth)))
                    .ok_or(Problem::NotBoolean),
            },
            FeatureKind::Ordinal(levels) => {
                let known = levels.iter().position(|level| level == text);
                known.map(|at| at as f64).ok_or(Problem::UnknownLevel)
            }
            FeatureKind::Date(order) => order.days(text).ok_or(Problem::NotDate),
        }
    }
}

/// Collects the cells that can't be used: column by column, kind by kind, the first few of each.
#[derive(Default)]
struct BadCells {
    columns: Vec<BadColumn>,
    rows: BTreeSet<usize>,
}

impl BadCells {
    fn add(&mut self, name: &str, line: u64, rows: usize, cell: Cell) {
        let problem = match cell {
            Cell::Infinite(_) => Problem::Infinite,
            _ => Problem::Text,
        };
        self.add_problem(name, line, rows, cell, problem);
    }

    fn add_problem(&mut self, name: &str, line: u64, rows: usize, cell: Cell, problem: Problem) {
        const KEPT: usize = 10;
        let text = match cell {
            Cell::Text(text) => text.to_owned(),
            Cell::Missing => String::new(),
            Cell::Infinite(value) | Cell::Number(value) => value.to_string(),
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

    /// In the order of the features, not of the rows.
    fn by_column(&mut self, features: &[Feature]) {
        self.columns
            .sort_by_key(|bad| features.iter().position(|feature| feature.name == bad.name));
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
        let file = table("x,y,z\n1,a,inf\nabc,b,2\ndef,a,\n7,b,3\n");
        let error = Schema::infer(&file, "y", None).unwrap_err();
        let ErrorKind::BadCells(columns) = error.kind() else {
            panic!("{error}")
        };
        assert_eq!(columns.len(), 1);
        assert_eq!(
            columns[0].first,
            [(3, "abc".to_owned()), (4, "def".to_owned())]
        );
        let options = SchemaOptions {
            categorical: vec!["x".into()],
            ..SchemaOptions::default()
        };
        let schema = Schema::infer_with(&file, "y", &options).unwrap().schema;
        let error = schema.encode(&file).unwrap_err();
        let ErrorKind::BadCells(columns) = error.kind() else {
            panic!("{error}")
        };
        assert_eq!(
            (columns[0].problem, &*columns[0].name),
            (Problem::Infinite, "z")
        );
    }

    #[test]
    fn columns_are_what_they_look_like_or_what_is_said() {
        let text = "n,b,c,d,id,e,code,y\n1,yes,red,2024-01-02,u1,,1,0\n2.5,no,blue,2024-02-03,u2,,2,1\n,YES,red,2024-03-04,u3,,1,0\n4,no,green,,u4,,2,1\n";
        let file = table(text);
        let kinds = |options: &SchemaOptions| -> Vec<(String, &'static str)> {
            let schema = Schema::infer_with(&file, "y", options).unwrap().schema;
            schema
                .features()
                .iter()
                .map(|feature| (feature.name.clone(), feature.kind.name()))
                .collect()
        };
        let pair = |name: &str, kind| (name.to_owned(), kind);
        let expected = [
            pair("n", "numeric"),
            pair("b", "boolean"),
            pair("c", "categorical"),
            pair("d", "date"),
            pair("code", "numeric"),
        ];
        assert_eq!(kinds(&SchemaOptions::default()), expected);
        let notes: Vec<String> = Schema::infer_with(&file, "y", &SchemaOptions::default())
            .unwrap()
            .notes
            .iter()
            .map(ToString::to_string)
            .collect();
        assert!(
            notes[0].starts_with("column \"id\" has a text of its own in every row"),
            "{notes:?}"
        );
        assert!(
            notes[1].starts_with("column \"e\" has no value in any row"),
            "{notes:?}"
        );
        assert!(
            notes[2].contains("2 values missing") && notes[2].contains("\"n\", \"d\""),
            "{notes:?}"
        );
        let options = SchemaOptions {
            ignore: vec!["b".into(), "d".into()],
            categorical: vec!["code".into(), "id".into()],
            ..SchemaOptions::default()
        };
        let expected = [
            pair("n", "numeric"),
            pair("c", "categorical"),
            pair("id", "categorical"),
            pair("code", "categorical"),
        ];
        assert_eq!(kinds(&options), expected);
        let data = Schema::infer_with(&file, "y", &options)
            .unwrap()
            .schema
            .encode(&file)
            .unwrap();
        assert_eq!(data.levels(1), ["red", "blue", "green"]);
        assert_eq!(data.levels(3), ["1", "2"]);
        assert!(data.features()[(0, 2)].is_nan());
        let wrong = |options: SchemaOptions| Schema::infer_with(&file, "y", &options).unwrap_err();
        assert!(matches!(
            wrong(SchemaOptions {
                numeric: vec!["x".into()],
                ..SchemaOptions::default()
            })
            .kind(),
            ErrorKind::UnknownColumn { .. }
        ));
        let options = SchemaOptions {
            numeric: vec!["c".into()],
            ..SchemaOptions::default()
        };
        let schema = Schema::infer_with(&file, "y", &options).unwrap().schema;
        assert!(schema.encode(&file).is_err());
    }

    #[test]
    fn a_file_says_what_columns_are() {
        let file = table("g,d,x,y\nlow,1,5,0\nhigh,2,6,1\nlow,1,7,0\nmid,2,8,1\n");
        let declare = |kind: &str, levels: &[&str]| {
            let column = SchemaColumn {
                name: "g".into(),
                kind: kind.into(),
                levels: levels.iter().map(|&level| level.to_owned()).collect(),
            };
            let file = SchemaFile {
                columns: vec![column],
                ..SchemaFile::default()
            };
            SchemaOptions {
                file: Some(file),
                ..SchemaOptions::default()
            }
        };
        let schema =
            |options| Schema::infer_with(&file, "y", &options).map(|inferred| inferred.schema);
        let ordinal = schema(declare("ordinal", &["low", "mid", "high"])).unwrap();
        let row: Vec<f64> = ordinal
            .encode(&file)
            .unwrap()
            .features()
            .row(0)
            .iter()
            .copied()
            .collect();
        assert_eq!(row, [0.0, 2.0, 0.0, 1.0]);
        let unknown = ordinal
            .encode_features(&table("g,d,x\nhuge,1,1\n"))
            .unwrap_err();
        assert!(
            unknown
                .to_string()
                .contains("\"huge\" is none of the levels"),
            "{unknown}"
        );
        let written = SchemaFile::of(&ordinal, &file);
        assert_eq!(
            schema(SchemaOptions {
                file: Some(written),
                ..SchemaOptions::default()
            })
            .unwrap(),
            ordinal
        );
        for wrong in [
            declare("ordinal", &["low"]),
            declare("date", &[]),
            declare("number", &[]),
        ] {
            assert!(matches!(
                schema(wrong).unwrap_err().kind(),
                ErrorKind::Declared { .. }
            ));
        }
        assert!(
            schema(declare("boolean", &[]))
                .unwrap()
                .encode(&file)
                .is_err()
        );
    }

    #[test]
    fn without_a_header_columns_are_matched_by_position() {
        let train = table("1,a,5\n2,b,6\n3,a,7\n4,b,5\n");
        assert!(!train.has_header());
        let schema = Schema::infer(&train, "c2", None).unwrap();
        let features = |text: &str| {
            schema
                .encode_features(&table(text))
                .map(|data| data.features().as_slice().to_vec())
        };
        assert_eq!(features("9,x,8\n9,y,7\n").unwrap(), [9.0, 8.0, 9.0, 7.0]);
        // Without the target, which stood between the two.
        assert_eq!(features("9.5,8\n9.5,7\n").unwrap(), [9.5, 8.0, 9.5, 7.0]);
        assert_eq!(features("p,q,r\n9.5,x,8\n").unwrap(), [9.5, 8.0]);
        assert_eq!(features("c3,c1\n8,9\n").unwrap(), [9.0, 8.0]);
        assert!(features("1.5\n2\n").is_err());
        let named = Schema::infer(&table("u,y,v\n1,a,5\n2,b,6\n"), "y", None).unwrap();
        let bare = table("1.5,a,5\n2,b,6\n");
        assert_eq!(
            named.encode(&bare).unwrap().features().as_slice(),
            [1.5, 5.0, 2.0, 6.0]
        );
        assert_eq!(named.target_in(&bare).unwrap(), "c2");
    }

    #[test]
    fn a_positive_label_can_be_set_against_the_rest() {
        let file = table("x,y\n1,a\n2,b\n3,c\n4,a\n");
        let schema = Schema::infer(&file, "y", Some("a")).unwrap();
        assert_eq!(
            (schema.labels().of(true), schema.labels().of(false)),
            ("a", "not a")
        );
        assert_eq!(
            schema.encode(&file).unwrap().labels(),
            [true, false, false, true]
        );
        assert_eq!(
            schema.encode(&table("x,y\n1,z\n2,a\n")).unwrap().labels(),
            [false, true]
        );
        assert!(matches!(
            Schema::infer(&file, "y", Some("z")).unwrap_err().kind(),
            ErrorKind::UnknownPositive { .. }
        ));
        assert!(matches!(
            Schema::infer(&file, "y", None).unwrap_err().kind(),
            ErrorKind::ManyLabels { .. }
        ));
    }

    #[test]
    fn labels_can_be_mapped() {
        let schema = Schema::infer(&table("x,y\n1,>50K\n2,<=50K\n"), "y", None).unwrap();
        let mut test = table("x,y\n1, >50K.\n2, <=50K.\n3,>50K\n");
        let pairs = [(">50K.", ">50K"), ("<=50K.", "<=50K")]
            .map(|(from, to)| (from.to_owned(), to.to_owned()));
        assert_eq!(test.map_labels("y", &pairs).unwrap(), 2);
        assert_eq!(schema.encode(&test).unwrap().labels(), [true, false, true]);
    }

    #[test]
    fn rows_with_bad_cells_are_left_out_if_asked() {
        let options = crate::CsvOptions {
            on_bad: crate::OnBad::Skip,
            ..Default::default()
        };
        let text = "x,y\n1,a\nabc,b\n3,b\ninf,a\n5,a\n6,\n";
        let file = Table::from_csv_with("t.csv", text.as_bytes(), &options).unwrap();
        let data = Schema::infer(&file, "y", None)
            .unwrap()
            .encode(&file)
            .unwrap();
        assert_eq!(data.features().as_slice(), [1.0, 3.0, 5.0]);
        assert_eq!(
            (
                data.rows_with_bad_cells(),
                data.rows_without_label(),
                data.line(1)
            ),
            (2, 1, Some(4))
        );
    }

    #[test]
    fn a_table_that_is_not_needed_gives_its_memory() {
        for text in [
            "y,a,b\na,1,2\nb,3,4\n,5,6\na,,8\n",
            "a,b,y\n1,007,a\n3,x,b\n1,x,a\n",
            "b,y\n1,a\n2,b\n3,\n",
        ] {
            let file = table(text);
            let schema = Schema::infer(&file, "y", None).unwrap();
            assert_eq!(
                schema.encode_owned(file.clone()).unwrap(),
                schema.encode(&file).unwrap()
            );
        }
    }

    #[test]
    fn old_schemas_are_read() {
        #[derive(Serialize)]
        enum Old {
            V1 {
                features: Vec<Feature>,
                target: String,
                labels: (String, String),
            },
        }
        let features = vec![Feature {
            name: "a".into(),
            kind: FeatureKind::Numeric,
        }];
        let old = Old::V1 {
            features,
            target: "y".into(),
            labels: ("no".into(), "yes".into()),
        };
        let text = serde_json::to_string(&old).unwrap();
        let schema: Schema = serde_json::from_str(&text).unwrap();
        assert_eq!(
            (
                schema.target(),
                schema.labels().of(true),
                schema.has_header()
            ),
            ("y", "yes", true)
        );
        assert_eq!(
            schema.encode(&table("a,y\n1,no\n2,yes\n")).unwrap().len(),
            2
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
