//! Samples ready for a network: a matrix, labels and weights.

use crate::error::{ColumnName, Error, ErrorKind};
use crate::schema::{Feature, FeatureKind, Levels};
use crate::split::Split;
use crate::table::{Origin, Table};
use nalgebra::DMatrix;
use std::sync::Arc;

/// Samples as columns of a features × samples matrix (column-major, so that each sample is contiguous), with a label and a weight each.
///
/// Features are as they stand in the file; [`Preprocessing`](crate::Preprocessing) scales them. There are no rows of weight zero:
/// [`with_weights`](Dataset::with_weights) takes them out, so they can't shape a scale, a split or a loss.
///
/// ```
/// use chainrule_data::Dataset;
/// use nalgebra::DMatrix;
///
/// let features = DMatrix::from_column_slice(2, 3, &[1.0, 10.0, 2.0, 20.0, 3.0, 30.0]);
/// let data = Dataset::new(features, vec![false, true, true])?.with_weights(vec![1.0, 0.0, 2.0])?;
/// assert_eq!(data.len(), 2);
/// assert_eq!(data.features().column(1).as_slice(), [3.0, 30.0]);
/// assert_eq!(data.row_number(1), 3);
/// # Ok::<(), chainrule_data::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Dataset {
    features: DMatrix<f64>,
    labels: Vec<bool>,
    weights: Option<Vec<f64>>,
    /// The column that the weights are from.
    weight_column: Option<String>,
    rows_of_weight_zero: usize,
    /// Rows of the origin, counted from 0.
    rows: Vec<usize>,
    rows_without_label: usize,
    rows_with_bad_cells: usize,
    /// Why rows were left out.
    left_out: Option<Arc<Error>>,
    origin: Option<Arc<Origin>>,
    /// What the rows of the matrix are; empty if they are numbers without names.
    columns: Arc<[Feature]>,
    /// The levels of categorical features.
    levels: Levels,
}

/// Missing values equal each other.
impl PartialEq for Dataset {
    fn eq(&self, other: &Self) -> bool {
        let are_equal = |(a, b): (&f64, &f64)| a == b || (a.is_nan() && b.is_nan());
        self.features.shape() == other.features.shape()
            && self.features.iter().zip(&other.features).all(are_equal)
            && self.labels == other.labels
            && self.weights == other.weights
            && self.rows == other.rows
            && self.origin == other.origin
            && self.columns == other.columns
            && self.levels == other.levels
    }
}

impl Dataset {
    /// Samples from memory: features × samples, `true` for the positive class.
    ///
    /// # Errors
    /// [`ErrorKind::Shape`] if there is not one label for each column; [`ErrorKind::OutOfRange`] if a feature is not finite.
    pub fn new(features: DMatrix<f64>, labels: Vec<bool>) -> Result<Dataset, Error> {
        if labels.len() != features.ncols() {
            return Err(ErrorKind::Shape {
                what: "labels",
                expected: features.ncols(),
                found: labels.len(),
            }
            .into());
        }
        Ok(Dataset {
            labels,
            ..Dataset::unlabelled(features)?
        })
    }

    /// Samples from memory that have no labels, to predict.
    ///
    /// # Errors
    /// [`ErrorKind::OutOfRange`] if a feature is not finite.
    pub fn unlabelled(features: DMatrix<f64>) -> Result<Dataset, Error> {
        let rows = (0..features.ncols()).collect();
        let data = Dataset {
            features,
            labels: Vec::new(),
            weights: None,
            weight_column: None,
            rows_of_weight_zero: 0,
            rows,
            rows_without_label: 0,
            rows_with_bad_cells: 0,
            left_out: None,
            origin: None,
            columns: Arc::new([]),
            levels: Arc::new([]),
        };
        match data.features.iter().position(|value| !value.is_finite()) {
            Some(at) => {
                let count = data.features.nrows();
                let value = data.features.as_slice()[at];
                Err(data.out_of_range(at / count, at % count, value, "a number"))
            }
            None => Ok(data),
        }
    }

    /// Rows of a table that has been checked.
    pub(crate) fn of_table(
        table: &Table,
        columns: Vec<Feature>,
        features: DMatrix<f64>,
        levels: Levels,
        labels: Vec<bool>,
        rows: Vec<usize>,
    ) -> Dataset {
        Dataset {
            features,
            labels,
            weights: (table.weights())
                .map(|weights| rows.iter().map(|&row| weights[row]).collect()),
            weight_column: table.weight_column().map(str::to_owned),
            rows_of_weight_zero: table.rows_of_weight_zero(),
            rows_without_label: table.rows() - rows.len(),
            rows_with_bad_cells: 0,
            left_out: None,
            rows,
            origin: Some(table.origin().clone()),
            columns: columns.into(),
            levels,
        }
    }

    /// The same, of which so many rows were left out because of their cells and not for want of a label.
    pub(crate) fn leaving_out(mut self, rows_with_bad_cells: usize) -> Dataset {
        self.rows_with_bad_cells = rows_with_bad_cells;
        self.rows_without_label -= rows_with_bad_cells;
        self
    }

    /// The same, with the error that the rows which were left out would have been.
    pub(crate) fn because(mut self, error: Error) -> Dataset {
        self.left_out = Some(Arc::new(error));
        self
    }

    /// What was wrong in the rows that were left out because of their cells, of data to predict.
    pub fn left_out(&self) -> Option<&Error> {
        self.left_out.as_deref()
    }

    /// The row of the table, counted from 0, that a sample was made of.
    pub fn place(&self, sample: usize) -> usize {
        self.rows[sample]
    }

    /// Gives each sample a weight, instead of those that it had, and takes out the samples of weight zero.
    ///
    /// # Errors
    /// [`ErrorKind::Weights`] if one is negative or not finite or none is positive; [`ErrorKind::Shape`] if there is not one for each sample.
    pub fn with_weights(self, weights: Vec<f64>) -> Result<Dataset, Error> {
        if weights.len() != self.len() {
            return Err(ErrorKind::Shape {
                what: "weights",
                expected: self.len(),
                found: weights.len(),
            }
            .into());
        }
        if let Some(at) = weights
            .iter()
            .position(|weight| !(weight.is_finite() && *weight >= 0.0))
        {
            let problem = format!("row {} has {}", self.row_number(at), weights[at]);
            return Err(ErrorKind::Weights(problem).into());
        }
        let present: Vec<usize> = (0..weights.len()).filter(|&at| weights[at] > 0.0).collect();
        if present.is_empty() {
            return Err(ErrorKind::Weights("all are 0".to_owned()).into());
        }
        let total: f64 = weights.iter().sum();
        if total > f64::MAX / 2.0 {
            let problem =
                format!("they add up to {total}, which is more than can be computed with");
            return Err(ErrorKind::Weights(problem).into());
        }
        Ok(Dataset {
            rows_of_weight_zero: self.rows_of_weight_zero + weights.len() - present.len(),
            weights: Some(weights),
            weight_column: None,
            ..self
        }
        .select(&present))
    }

    /// The samples at the given places (counted from 0, in the order given), copied.
    ///
    /// # Panics
    /// If a place is not below [`len`](Dataset::len).
    pub fn select(&self, samples: &[usize]) -> Dataset {
        Dataset {
            features: self.features.select_columns(samples),
            labels: if self.labels.is_empty() {
                Vec::new()
            } else {
                samples.iter().map(|&at| self.labels[at]).collect()
            },
            weights: self
                .weights
                .as_ref()
                .map(|weights| samples.iter().map(|&at| weights[at]).collect()),
            weight_column: self.weight_column.clone(),
            rows_of_weight_zero: self.rows_of_weight_zero,
            rows: samples.iter().map(|&at| self.rows[at]).collect(),
            rows_without_label: self.rows_without_label,
            rows_with_bad_cells: self.rows_with_bad_cells,
            left_out: self.left_out.clone(),
            origin: self.origin.clone(),
            columns: self.columns.clone(),
            levels: self.levels.clone(),
        }
    }

    /// Parts the samples as a split says. Those to train on stay in the memory of all, so that no more than those to validate on is copied.
    ///
    /// # Panics
    /// If a place is not below [`len`](Dataset::len).
    #[must_use]
    pub fn part(mut self, split: &Split) -> (Dataset, Dataset) {
        let validation = self.select(&split.validation);
        let (features, train) = (self.features.nrows(), &split.train);
        let mut cells = self.take_features();
        for (to, &from) in train.iter().enumerate() {
            // Places ascend, so what is written over has moved.
            cells.copy_within(from * features..(from + 1) * features, to * features);
        }
        cells.truncate(train.len() * features);
        cells.shrink_to_fit();
        self.features = DMatrix::from_vec(features, train.len(), cells);
        if !self.labels.is_empty() {
            self.labels = train.iter().map(|&at| self.labels[at]).collect();
        }
        if let Some(weights) = &mut self.weights {
            *weights = train.iter().map(|&at| weights[at]).collect();
        }
        self.rows = train.iter().map(|&at| self.rows[at]).collect();
        (self, validation)
    }

    /// Takes the features out, sample by sample: what is left has as many samples, without a feature.
    pub(crate) fn take_features(&mut self) -> Vec<f64> {
        let none = DMatrix::from_vec(0, self.features.ncols(), Vec::new());
        std::mem::replace(&mut self.features, none).data.into()
    }

    /// The number of samples.
    pub fn len(&self) -> usize {
        self.features.ncols()
    }

    /// Whether there are no samples.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The features, as they stand in the file: features × samples. A missing value is NaN, a name the place of its level in
    /// [`levels`](Dataset::levels), a date days since 1970.
    pub fn features(&self) -> &DMatrix<f64> {
        &self.features
    }

    /// `true` for each sample of the positive class. Empty if the data was read without labels.
    pub fn labels(&self) -> &[bool] {
        &self.labels
    }

    /// The weights, all positive, if there are any.
    pub fn weights(&self) -> Option<&[f64]> {
        self.weights.as_deref()
    }

    /// The column of the table that the weights are from.
    pub fn weight_column(&self) -> Option<&str> {
        self.weight_column.as_deref()
    }

    /// How many rows have a weight of zero and are therefore not there.
    pub fn rows_of_weight_zero(&self) -> usize {
        self.rows_of_weight_zero
    }

    /// How many rows of the table had no label and were left out.
    pub fn rows_without_label(&self) -> usize {
        self.rows_without_label
    }

    /// How many rows of the table had a cell that can't be used and were left out, as the table's reader was told.
    pub fn rows_with_bad_cells(&self) -> usize {
        self.rows_with_bad_cells
    }

    /// The levels of a categorical feature, in order of first appearance in the table; empty for any other.
    pub fn levels(&self, feature: usize) -> &[String] {
        self.levels.get(feature).map_or(&[], Vec::as_slice)
    }

    /// What a feature is.
    pub(crate) fn kind(&self, feature: usize) -> &FeatureKind {
        self.columns
            .get(feature)
            .map_or(&FeatureKind::Numeric, |column| &column.kind)
    }

    /// The number of a sample's row in its file, counted from 1 without the header.
    pub fn row_number(&self, sample: usize) -> usize {
        let row = self.rows[sample];
        (self.origin.as_ref()).map_or(row + 1, |origin| origin.row_number(row))
    }

    /// The line of its file on which a sample's row starts, if it came from a file.
    pub fn line(&self, sample: usize) -> Option<u64> {
        self.origin
            .as_ref()
            .map(|origin| origin.lines.line(self.rows[sample]))
    }

    /// The error for a feature of a sample that, scaled, `element` can't hold.
    pub(crate) fn out_of_range(
        &self,
        sample: usize,
        feature: usize,
        value: f64,
        element: &'static str,
    ) -> Error {
        let error = Error::from(ErrorKind::OutOfRange {
            line: self.line(sample),
            row: self.row_number(sample),
            column: self.feature_name(feature),
            value,
            element,
        });
        self.in_file(error)
    }

    /// An error of this data, with the name of its file.
    pub(crate) fn in_file(&self, error: Error) -> Error {
        match &self.origin {
            Some(origin) => error.in_file(&origin.source),
            None => error,
        }
    }

    /// The name of a feature, or its position counted from 1.
    pub(crate) fn feature_name(&self, feature: usize) -> ColumnName {
        match self.columns.get(feature) {
            Some(column) => ColumnName::Name(column.name.clone()),
            None => ColumnName::Position(feature + 1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data() -> Dataset {
        let features = DMatrix::from_column_slice(2, 3, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        Dataset::new(features, vec![true, false, true]).unwrap()
    }

    #[test]
    fn samples_are_selected_in_the_order_given() {
        let chosen = data()
            .with_weights(vec![1.0, 2.0, 3.0])
            .unwrap()
            .select(&[2, 0]);
        assert_eq!(chosen.features().as_slice(), [5.0, 6.0, 1.0, 2.0]);
        assert_eq!(
            (chosen.labels(), chosen.weights()),
            (&[true, true][..], Some(&[3.0, 1.0][..]))
        );
        assert_eq!((chosen.row_number(0), chosen.line(0)), (3, None));
        assert!(data().select(&[]).is_empty());
    }

    #[test]
    fn parts_are_as_selected() {
        let data = data().with_weights(vec![1.0, 2.0, 3.0]).unwrap();
        for (train, validation) in [
            (vec![0, 2], vec![1]),
            (vec![0, 1, 2], vec![]),
            (vec![1], vec![0, 2]),
        ] {
            let parts = data.clone().part(&Split {
                train: train.clone(),
                validation: validation.clone(),
            });
            assert!(parts.0 == data.select(&train) && parts.1 == data.select(&validation));
        }
    }

    #[test]
    fn weights_are_checked() {
        let with = |weights: &[f64]| {
            data()
                .with_weights(weights.to_vec())
                .unwrap_err()
                .to_string()
        };
        assert_eq!(with(&[1.0, 2.0]), "expected 3 weights, found 2");
        let each = "each must be 0 or a positive number, not all 0";
        assert_eq!(
            with(&[1.0, -1.0, 1.0]),
            format!("sample weights: row 2 has -1; {each}")
        );
        assert_eq!(
            with(&[1.0, f64::NAN, 1.0]),
            format!("sample weights: row 2 has NaN; {each}")
        );
        assert_eq!(
            with(&[0.0; 3]),
            format!("sample weights: all are 0; {each}")
        );
    }

    #[test]
    fn features_are_checked() {
        let wrong = DMatrix::from_column_slice(2, 2, &[1.0, 2.0, 3.0, f64::NAN]);
        let error = Dataset::unlabelled(wrong).unwrap_err();
        assert!(
            error.to_string().starts_with("row 2, column 2: NaN"),
            "{error}"
        );
        assert!(Dataset::new(DMatrix::zeros(1, 2), vec![true]).is_err());
        assert!(Dataset::unlabelled(DMatrix::zeros(0, 3)).unwrap().len() == 3);
    }
}
