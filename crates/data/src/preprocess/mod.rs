//! What is done to each feature: fitted once, on the training rows, and saved with the model.
//!
//! | what | file |
//! |---|---|
//! | the whole of it, for all features | here |
//! | one feature: scaling, filling in, levels, parts of dates | `encoder.rs` |
//! | what is learned of one feature | `learn.rs` |
//! | means, deviations, medians | `moments.rs` |
//! | in a model file | `stored.rs` |

mod encoder;
mod learn;
mod moments;
mod stored;
#[cfg(test)]
mod tests;

pub use encoder::Encoder;

use crate::dataset::Dataset;
use crate::error::{Error, ErrorKind};
use crate::schema::FeatureKind;
use moments::Moments;
use nalgebra::DMatrix;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use stored::Stored;

/// What is done to each feature before the network sees it.
///
/// ```
/// use chainrule_data::{Dataset, Preprocessing, Scaling};
/// use nalgebra::DMatrix;
///
/// let data = Dataset::unlabelled(DMatrix::from_row_slice(2, 3, &[1e9, 1e9 + 1.0, 1e9 + 2.0, 5.0, 5.0, 5.0]))?;
/// let preprocessing = Preprocessing::fit(Scaling::Standard, &data)?;
/// let x = preprocessing.transform::<f32>(&data)?;
/// assert_eq!(x.row(0).iter().copied().collect::<Vec<_>>(), [-1.2247449, 0.0, 1.2247449]);
/// assert_eq!(x.row(1).iter().copied().collect::<Vec<_>>(), [0.0, 0.0, 0.0]);
/// # Ok::<(), chainrule_data::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(into = "Stored", try_from = "Stored")]
#[non_exhaustive]
pub enum Preprocessing {
    /// Features are used as they are, rounded to the network's numbers.
    None,
    /// `(x − mean) / scale`, with a mean and a scale for each feature.
    ///
    /// The scale is the population standard deviation, or 0 for a constant feature, which becomes 0 whatever its value: nothing
    /// was learned of what another value means.
    ///
    /// All features are numbers, and none was missing where this was fitted: a value that is missing later counts as the mean.
    Standard {
        /// For each feature.
        mean: Vec<f64>,
        /// For each feature.
        scale: Vec<f64>,
    },
    /// Each feature has an encoding of its own, which may give the network several inputs.
    Columns(Vec<Encoder>),
}

/// Which scaling of numbers to fit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Scaling {
    /// To mean 0 and standard deviation 1.
    #[default]
    Standard,
    /// From the smallest and largest training value to 0 and 1.
    MinMax,
    /// To median 0 and a distance of 1 between the quartiles: outliers don't count.
    Robust,
    /// Not at all.
    None,
}

impl fmt::Display for Scaling {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.pad(match self {
            Scaling::Standard => "standard",
            Scaling::MinMax => "min-max",
            Scaling::Robust => "robust",
            Scaling::None => "none",
        })
    }
}

impl FromStr for Scaling {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "standard" => Ok(Scaling::Standard),
            "min-max" => Ok(Scaling::MinMax),
            "robust" => Ok(Scaling::Robust),
            "none" => Ok(Scaling::None),
            _ => Err(format!(
                "expected standard, min-max, robust or none, found {}",
                crate::escape(name)
            )),
        }
    }
}

impl Preprocessing {
    /// Fits to the samples given: the training rows, never the ones to validate or test on.
    ///
    /// The statistics are taken in f64 in two passes over the samples in ascending order, one running sum each:
    /// `mean = x₀ + Σ w (x − x₀) / Σ w`, where x₀ is the feature of the first sample, and `scale = √(Σ w (d − Σ w d / Σ w)² / Σ w)`,
    /// where `d = x − x₀`; w is 1 without weights. Taking x₀ off first is exact for values that lie close together, so that
    /// neither a large offset nor a constant column loses digits, and the exponent of the largest value is taken off before
    /// squaring, so that tiny and huge units work alike.
    ///
    /// A feature counts as constant if its standard deviation is at most 4 ε times its largest absolute value
    /// (ε = 2⁻⁵²): that is the size of the rounding of the values themselves.
    ///
    /// Where a feature is no number, or was missing in one of the samples, or the scaling is another one, [`Encoder::fit`] says what
    /// is learned of each feature.
    ///
    /// # Errors
    /// [`ErrorKind::Spread`] if values are too large for the scaled ones to be computed (above 2^1021, 2.2e307).
    pub fn fit(scaling: Scaling, data: &Dataset) -> Result<Preprocessing, Error> {
        let fitted = Preprocessing::fitted(scaling, data)?;
        let features = data.features().nrows();
        tracing::debug!(
            %scaling,
            samples = data.len(),
            features,
            inputs = fitted.outputs(features),
            "preprocessing fitted"
        );
        Ok(fitted)
    }

    fn fitted(scaling: Scaling, data: &Dataset) -> Result<Preprocessing, Error> {
        let features = data.features().nrows();
        let are_numbers = (0..features).all(|feature| *data.kind(feature) == FeatureKind::Numeric)
            && !data.features().iter().any(|value| value.is_nan());
        match scaling {
            Scaling::None if are_numbers => Ok(Preprocessing::None),
            Scaling::Standard if are_numbers => {
                let (mut mean, mut scale) =
                    (Vec::with_capacity(features), Vec::with_capacity(features));
                for feature in 0..features {
                    let values = data.features().row(feature);
                    let column = Moments::of(|at| values[at], data.weights(), data.len());
                    let column = column.ok_or_else(|| too_large(data, feature))?;
                    mean.push(column.mean);
                    scale.push(column.deviation);
                }
                Ok(Preprocessing::Standard { mean, scale })
            }
            _ => {
                let encoders = (0..features).map(|feature| Encoder::fit(scaling, data, feature));
                Ok(Preprocessing::Columns(encoders.collect::<Result<_, _>>()?))
            }
        }
    }

    /// The number of inputs that so many features become.
    pub fn outputs(&self, features: usize) -> usize {
        match self {
            Preprocessing::None | Preprocessing::Standard { .. } => features,
            Preprocessing::Columns(encoders) => encoders.iter().map(Encoder::outputs).sum(),
        }
    }

    /// The number of features that this was fitted to; nothing if any number will do.
    pub fn features(&self) -> Option<usize> {
        match self {
            Preprocessing::None => None,
            Preprocessing::Standard { mean, .. } => Some(mean.len()),
            Preprocessing::Columns(encoders) => Some(encoders.len()),
        }
    }

    /// Makes the network's inputs of samples: inputs × samples. Each value is computed in f64 and then rounded once.
    ///
    /// # Errors
    /// [`ErrorKind::Shape`] if the number of features is another one than that of the fit; [`ErrorKind::OutOfRange`], naming the place,
    /// if a scaled value is too large for `T`, and for a missing value if nothing was fitted to fill it in.
    pub fn transform<T: Float>(&self, data: &Dataset) -> Result<DMatrix<T>, Error> {
        let (outputs, samples) = (self.check_outputs(data)?, data.len());
        let mut inputs = vec![T::round(0.0); outputs * samples];
        let raw = data.features().as_slice();
        let shape = (data.features().nrows(), outputs);
        self.fill(data, 0, shape, raw, &self.places(data), &mut inputs)?;
        Ok(DMatrix::from_vec(outputs, samples, inputs))
    }

    /// The same where the features are not needed any more: their memory is given back piece by piece as the inputs are made, so that there
    /// are never both in whole. What is left of the data has its samples, without a feature.
    ///
    /// # Errors
    /// As [`transform`](Preprocessing::transform).
    pub fn transform_owned<T: Float>(&self, data: &mut Dataset) -> Result<DMatrix<T>, Error> {
        /// In so many pieces.
        const PIECES: usize = 16;
        let (outputs, samples) = (self.check_outputs(data)?, data.len());
        let places = self.places(data);
        let features = data.features().nrows();
        let shape = (features, outputs);
        let mut raw = data.take_features();
        // Memory of zeros is taken from the system as it is written.
        let mut inputs = vec![T::round(0.0); outputs * samples];
        let mut result = Ok(());
        // From the last to the first, since a vector gives back its end.
        for piece in (0..PIECES).rev() {
            let first = samples * piece / PIECES;
            let end = raw.len() / features.max(1);
            let range = first * outputs..end * outputs;
            let cells = &raw[first * features..];
            if let Err(error) = self.fill(data, first, shape, cells, &places, &mut inputs[range]) {
                // The first one counts, which is met last.
                result = Err(error);
            }
            raw.truncate(first * features);
            raw.shrink_to_fit();
        }
        result?;
        Ok(DMatrix::from_vec(outputs, samples, inputs))
    }

    /// The number of inputs, if the features are those of the fit.
    fn check_outputs(&self, data: &Dataset) -> Result<usize, Error> {
        let features = data.features().nrows();
        let fitted = self.features().map(|fitted| (fitted, "features"));
        let scales = match self {
            Preprocessing::Standard { scale, .. } => Some((scale.len(), "scales")),
            _ => None,
        };
        for (expected, what) in fitted.into_iter().chain(scales) {
            if expected != features {
                let found = features;
                return Err(ErrorKind::Shape {
                    what,
                    expected,
                    found,
                }
                .into());
            }
        }
        Ok(self.outputs(features))
    }

    /// For each categorical feature, where the levels of the data are in its encoder: looked up once.
    fn places(&self, data: &Dataset) -> Vec<Vec<Option<usize>>> {
        let Preprocessing::Columns(encoders) = self else {
            return Vec::new();
        };
        (encoders.iter().enumerate())
            .map(|(feature, encoder)| encoder.places_of(data.levels(feature)))
            .collect()
    }

    /// Makes the inputs of some samples, of which `first` is the place of the first in the data; `shape` is the number of features and
    /// of inputs of each.
    fn fill<T: Float>(
        &self,
        data: &Dataset,
        first: usize,
        shape: (usize, usize),
        raw: &[f64],
        places: &[Vec<Option<usize>>],
        inputs: &mut [T],
    ) -> Result<(), Error> {
        /// Samples that a thread makes at a time.
        const SAMPLES: usize = 1 << 10;
        let (features, outputs) = shape;
        if features == 0 || outputs == 0 {
            return Ok(());
        }
        let samples = raw.len() / features;
        let fill = |(raw, inputs): (&[f64], &mut [T])| {
            let pairs = raw
                .chunks_exact(features)
                .zip(inputs.chunks_exact_mut(outputs));
            pairs.for_each(|(sample, inputs)| self.fill_one(sample, places, inputs));
        };
        if samples <= 4 * SAMPLES {
            fill((raw, inputs));
        } else {
            let chunks = inputs.par_chunks_mut(SAMPLES * outputs);
            let raw = raw.par_chunks(SAMPLES * features);
            raw.zip(chunks).for_each(fill);
        }
        match inputs.iter().position(|value| !value.finite()) {
            None => Ok(()),
            Some(at) => {
                let (sample, feature) = (at / outputs, self.feature_of(at % outputs));
                let value = raw[sample * features + feature];
                Err(data.out_of_range(first + sample, feature, value, T::NAME))
            }
        }
    }

    fn fill_one<T: Float>(&self, sample: &[f64], places: &[Vec<Option<usize>>], inputs: &mut [T]) {
        match self {
            Preprocessing::None => {
                for (input, &x) in inputs.iter_mut().zip(sample) {
                    *input = T::round(x);
                }
            }
            Preprocessing::Standard { mean, scale } => {
                let parts = sample.iter().zip(mean).zip(scale);
                for (input, ((&x, &mean), &scale)) in inputs.iter_mut().zip(parts) {
                    *input = T::round(standardise(x, mean, scale));
                }
            }
            Preprocessing::Columns(encoders) => {
                let mut inputs = inputs.iter_mut();
                for ((&x, encoder), places) in sample.iter().zip(encoders).zip(places) {
                    encoder.encode(x, places, |value| {
                        if let Some(input) = inputs.next() {
                            *input = T::round(value);
                        }
                    });
                }
            }
        }
    }

    /// For each feature, whether this was fitted to samples of which it was missing in one: then a missing value is something that was
    /// learned from.
    pub fn knows_missing(&self, features: usize) -> Vec<bool> {
        match self {
            Preprocessing::None | Preprocessing::Standard { .. } => vec![false; features],
            Preprocessing::Columns(encoders) => {
                encoders.iter().map(Encoder::knows_missing).collect()
            }
        }
    }

    /// The feature that an input belongs to.
    fn feature_of(&self, input: usize) -> usize {
        let Preprocessing::Columns(encoders) = self else {
            return input;
        };
        let mut end = 0;
        let ends = encoders.iter().map(|encoder| {
            end += encoder.outputs();
            end
        });
        ends.take_while(|&end| end <= input).count()
    }

    /// The places (from 0) of the features that were constant where this was fitted.
    pub fn constant_features(&self) -> Vec<usize> {
        match self {
            Preprocessing::None => Vec::new(),
            Preprocessing::Standard { scale, .. } => (0..scale.len())
                .filter(|&feature| scale[feature] == 0.0)
                .collect(),
            Preprocessing::Columns(encoders) => (0..encoders.len())
                .filter(|&feature| encoders[feature].is_constant())
                .collect(),
        }
    }
}

fn too_large(data: &Dataset, feature: usize) -> Error {
    let column = data.feature_name(feature);
    data.in_file(ErrorKind::Spread { column }.into())
}

/// The numbers that a network computes with: `f32` and `f64`.
pub trait Float: nalgebra::Scalar + Copy + Send + Sync + private::Sealed {
    /// The name of the type.
    const NAME: &'static str;

    /// The nearest value, by one rounding.
    fn round(value: f64) -> Self;

    /// Whether it is neither infinite nor NaN.
    fn finite(self) -> bool;
}

impl Float for f32 {
    const NAME: &'static str = "f32";

    fn round(value: f64) -> f32 {
        value as f32
    }

    fn finite(self) -> bool {
        self.is_finite()
    }
}

impl Float for f64 {
    const NAME: &'static str = "f64";

    fn round(value: f64) -> f64 {
        value
    }

    fn finite(self) -> bool {
        self.is_finite()
    }
}

mod private {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}

/// A missing value becomes that of the mean.
fn standardise(x: f64, mean: f64, scale: f64) -> f64 {
    if scale == 0.0 || x.is_nan() {
        0.0
    } else {
        (x - mean) / scale
    }
}
