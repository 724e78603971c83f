//! Rows in the form and precision that a plan reads.

use std::borrow::Cow;

use chainrule_autodiff::Scalar;
use chainrule_data::{Dataset, Error, Float, Preprocessing};

use crate::{ClassFactors, TrainError};

/// Rows ready for training or validation, in the precision of a plan.
#[derive(Clone, Debug, PartialEq)]
pub struct Samples<T> {
    /// Features of a row.
    pub features: usize,
    /// Features × rows, column-major: each row's features lie together.
    pub x: Vec<T>,
    /// 1 for each row of the positive class, 0 for the others.
    pub y: Vec<T>,
    /// The weight of each row; nothing if all weigh the same. A row of weight zero is as if it were absent; the others are from
    /// [`LIGHTEST`](Samples::LIGHTEST) on.
    pub weights: Option<Vec<T>>,
}

impl<T: Scalar + Float> Samples<T> {
    /// The rows of a data set, scaled.
    ///
    /// Weights are divided by the power of two that brings the largest into [1, 2), which changes no other bit of the result, and rounded
    /// once. Rows of less than [`LIGHTEST`](Samples::LIGHTEST) then get the weight 0.
    ///
    /// # Errors
    /// Those of [`Preprocessing::transform`].
    pub fn of(data: &Dataset, preprocessing: &Preprocessing) -> Result<Samples<T>, Error> {
        let x = preprocessing.transform::<T>(data)?;
        Ok(Samples::with_inputs(x.nrows(), x.data.into(), data, None))
    }

    /// The same, where rows weigh by their class too, and features that are owned are not needed any more: the data is left without them.
    pub(crate) fn taking(
        data: &mut Cow<Dataset>,
        preprocessing: &Preprocessing,
        factors: Option<ClassFactors>,
    ) -> Result<Samples<T>, Error> {
        let x = match data {
            Cow::Borrowed(data) => preprocessing.transform::<T>(data)?,
            Cow::Owned(data) => preprocessing.transform_owned::<T>(data)?,
        };
        Ok(Samples::with_inputs(
            x.nrows(),
            x.data.into(),
            data,
            factors,
        ))
    }

    fn with_inputs(
        features: usize,
        x: Vec<T>,
        data: &Dataset,
        factors: Option<ClassFactors>,
    ) -> Samples<T> {
        let target = |&positive: &bool| if positive { T::ONE } else { T::ZERO };
        Samples {
            features,
            x,
            y: data.labels().iter().map(target).collect(),
            weights: weights(data, factors)
                .map(|weights| weights.into_iter().map(T::from_f64).collect()),
        }
    }
}

/// What each row of a data set weighs, the largest weight in [1, 2).
fn weights(data: &Dataset, factors: Option<ClassFactors>) -> Option<Vec<f64>> {
    // Class weights are brought to 1 or less, so that no product overflows.
    let factor = |positive: bool| {
        factors.map_or(1.0, |factors| {
            factors.of(positive) / factors.negative.max(factors.positive)
        })
    };
    let classes = data.labels().iter();
    let weights: Vec<f64> = match (data.weights(), factors) {
        (None, None) => return None,
        (None, Some(_)) => classes.map(|&class| factor(class)).collect(),
        (Some(weights), None) => weights.to_vec(),
        (Some(weights), Some(_)) => (weights.iter().zip(classes))
            .map(|(weight, &class)| weight * factor(class))
            .collect(),
    };
    let largest = weights.iter().fold(0.0, |a: f64, &b| a.max(b));
    let exponent = libm::frexp(largest).1 - 1;
    let scaled = |weight: f64| {
        let scaled = libm::scalbn(weight, -exponent);
        if scaled < LIGHTEST { 0.0 } else { scaled }
    };
    Some(weights.into_iter().map(scaled).collect())
}

/// 2⁻¹²⁶.
const LIGHTEST: f64 = f32::MIN_POSITIVE as f64;

impl<T: Scalar> Samples<T> {
    /// The least weight but zero, 2⁻¹²⁶ (1.2e-38): the reciprocals of sums of weights stay finite.
    pub const LIGHTEST: f64 = LIGHTEST;

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
        let Some(weights) = &self.weights else {
            return Ok(());
        };
        if weights.len() != self.rows() {
            return wrong("weights", self.rows(), weights.len());
        }
        let setting = |what: String, found, expected| {
            Err(TrainError::Setting {
                what,
                found,
                expected,
            })
        };
        let mut total = 0.0;
        for (row, weight) in weights.iter().map(|weight| weight.to_f64()).enumerate() {
            if !(weight == 0.0 || (weight >= LIGHTEST && weight.is_finite())) {
                let what = format!("the weight of row {} (counted from 1)", row + 1);
                return setting(what, weight, "0 or a number from 1.2e-38 on");
            }
            total += weight;
        }
        if total > f64::from(f32::MAX) / 2.0 || (total == 0.0 && self.rows() > 0) {
            let what = "the sum of the weights".to_owned();
            return setting(what, total, "a positive number below 1.7e38");
        }
        Ok(())
    }

    /// The rows that weigh something: all of them, or a copy.
    pub(crate) fn present(&self) -> Cow<'_, Samples<T>> {
        let Some(weights) = &self.weights else {
            return Cow::Borrowed(self);
        };
        if !weights.contains(&T::ZERO) {
            return Cow::Borrowed(self);
        }
        let rows = (0..self.rows()).filter(|&row| weights[row] != T::ZERO);
        let mut present = Samples {
            features: self.features,
            x: Vec::new(),
            y: Vec::new(),
            weights: None,
        };
        let mut left = Vec::new();
        for row in rows {
            let at = row * self.features;
            present.x.extend_from_slice(&self.x[at..at + self.features]);
            present.y.push(self.y[row]);
            left.push(weights[row]);
        }
        present.weights = Some(left);
        Cow::Owned(present)
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
