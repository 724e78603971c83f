//! Rows in the form and precision that a plan reads.

use chainrule_autodiff::Scalar;
use chainrule_data::{Dataset, Error, Float, Preprocessing};

use crate::TrainError;

/// Rows ready for training or validation, in the precision of a plan.
#[derive(Clone, Debug, PartialEq)]
pub struct Samples<T> {
    /// Features of a row.
    pub features: usize,
    /// Features × rows, column-major: each row's features lie together.
    pub x: Vec<T>,
    /// 1 for each row of the positive class, 0 for the others.
    pub y: Vec<T>,
    /// The weight of each row, all positive; nothing if all weigh the same.
    pub weights: Option<Vec<T>>,
}

impl<T: Scalar + Float> Samples<T> {
    /// The rows of a data set, scaled.
    ///
    /// # Errors
    /// Those of [`Preprocessing::transform`].
    pub fn of(data: &Dataset, preprocessing: &Preprocessing) -> Result<Samples<T>, Error> {
        let x = preprocessing.transform::<T>(data)?;
        let target = |&positive: &bool| if positive { T::ONE } else { T::ZERO };
        Ok(Samples {
            features: x.nrows(),
            x: x.as_slice().to_vec(),
            y: data.labels().iter().map(target).collect(),
            weights: data
                .weights()
                .map(|weights| weights.iter().map(|&w| T::from_f64(w)).collect()),
        })
    }
}

impl<T: Scalar> Samples<T> {
    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.y.len()
    }

    /// Makes sure that the lengths agree, and with a network's inputs.
    pub(crate) fn check(&self, inputs: usize) -> Result<(), TrainError> {
        let wrong = |what, expected, found| {
            Err(TrainError::Length {
                what,
                expected,
                found,
            })
        };
        if self.features != inputs {
            return wrong("features of a row", inputs, self.features);
        }
        let expected = self.rows() * self.features;
        if self.x.len() != expected {
            return wrong("features in all", expected, self.x.len());
        }
        match &self.weights {
            Some(weights) if weights.len() != self.rows() => {
                wrong("weights", self.rows(), weights.len())
            }
            _ => Ok(()),
        }
    }

    /// The classes.
    pub(crate) fn labels(&self) -> Vec<bool> {
        self.y.iter().map(|&y| y == T::ONE).collect()
    }

    /// The weights in f64.
    pub(crate) fn weights_f64(&self) -> Option<Vec<f64>> {
        let weights = self.weights.as_ref()?;
        Some(weights.iter().map(|w| w.to_f64()).collect())
    }
}
