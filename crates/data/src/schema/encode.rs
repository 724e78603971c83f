//! The cells of a table as features and labels.

use super::{Feature, FeatureKind, Schema, boolean};
use crate::cell::Cell;
use crate::column::place;
use crate::dataset::Dataset;
use crate::error::{BadColumn, Error, ErrorKind, Problem};
use crate::read::NearNumber;
use crate::table::Table;
use crate::text::did_you_mean;
use nalgebra::DMatrix;
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

impl Schema {
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
        // Texts, infinite values and spellings such as 007 are left to the other way.
        let is_plain = |&at: &usize| table.column_at(at).store().is_plain();
        if classes.iter().all(Option::is_none) || !places.features.iter().all(is_plain) {
            return self.encode(&table);
        }
        let width = table.names().len();
        let rows: Vec<usize> = (0..table.rows())
            .filter(|&row| classes[row].is_some())
            .collect();
        let labels: Vec<bool> = classes.iter().flatten().copied().collect();
        let mut cells = table.take_cells();
        let count = places.features.len();
        let runs = runs(&places.features);
        let mut end = 0;
        for &row in &rows {
            // Places ascend, so each value moves to the front, over one that has moved.
            for run in &runs {
                cells.copy_within(row * width + run.start..row * width + run.end, end);
                end += run.len();
            }
        }
        cells.truncate(end);
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

    /// Features alone, to predict: the target need not be there and is not looked at. Every row is there, except that rows with a cell
    /// that can't be used are left out, and counted in [`Dataset::rows_with_bad_cells`], if the table was read with
    /// [`OnBad`](crate::OnBad)`::Skip` or `Report`; [`Dataset::place`] tells which row a sample is, and
    /// [`Dataset::left_out`] what was wrong.
    ///
    /// # Errors
    /// [`MissingColumns`](ErrorKind::MissingColumns), [`BadCells`](ErrorKind::BadCells).
    pub fn encode_features(&self, table: &Table) -> Result<Dataset, Error> {
        let places = self.places(table, Wanted::Features)?.features;
        let mut rows: Vec<usize> = (0..table.rows()).collect();
        let mut left_out = None;
        let encoded = match self.matrix(table, &places, &rows) {
            Err(bad) if table.leaves_out_bad_rows() => {
                rows.retain(|row| !bad.rows.contains(row));
                left_out = Some((
                    bad.rows.len(),
                    table.error(ErrorKind::BadCells(bad.columns)),
                ));
                self.matrix(table, &places, &rows)
            }
            other => other,
        };
        let (matrix, levels) =
            encoded.map_err(|bad| table.error(ErrorKind::BadCells(bad.columns)))?;
        let features = self.features.clone();
        let data = Dataset::of_table(table, features, matrix, levels, Vec::new(), rows);
        Ok(match left_out {
            None => data,
            Some((count, error)) => data.leaving_out(count).because(error),
        })
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
        // The training table had as many of the name, and the target was chosen among them.
        if wanted == Wanted::All && *self.columns != *table.names() {
            table.check_one(self.target())?;
        }
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
}

/// Ascending places as ranges of neighbours.
fn runs(places: &[usize]) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    for &at in places {
        match runs.last_mut() {
            Some(run) if run.end == at => run.end += 1,
            _ => runs.push(at..at + 1),
        }
    }
    runs
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
                None => Err(no_number(text)),
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

/// Why a text is no number.
fn no_number(text: &str) -> Problem {
    match NearNumber::of(text) {
        None => Problem::Text,
        Some(NearNumber::OtherMarks) => Problem::OtherMarks,
        Some(NearNumber::Sign) => Problem::Sign,
    }
}

/// Collects the cells that can't be used: column by column, kind by kind, the first few of each.
#[derive(Default)]
pub(super) struct BadCells {
    pub columns: Vec<BadColumn>,
    rows: BTreeSet<usize>,
}

impl BadCells {
    pub fn add(&mut self, name: &str, line: u64, rows: usize, cell: Cell) {
        let problem = match cell {
            Cell::Infinite(_) => Problem::Infinite,
            Cell::Text(text) => no_number(text),
            _ => Problem::Text,
        };
        self.add_problem(name, line, rows, cell, problem);
    }

    pub fn add_problem(
        &mut self,
        name: &str,
        line: u64,
        rows: usize,
        cell: Cell,
        problem: Problem,
    ) {
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
