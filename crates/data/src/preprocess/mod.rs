//! What is done to each feature: fitted once, on the training rows, and saved with the model.
//!
//! | what | file |
//! |---|---|
//! | the whole of it, for all features | here |
//! | one feature: scaling, filling in, levels, parts of dates | `encoder.rs` |
//! | means, deviations, medians | `moments.rs` |
//! | in a model file | `stored.rs` |

mod encoder;
mod moments;
mod stored;

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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// One feature, scaled as fitted on itself.
    fn scaled(values: &[f64]) -> Vec<f64> {
        let data = one_feature(values);
        let fitted = Preprocessing::fit(Scaling::Standard, &data).unwrap();
        fitted.transform::<f64>(&data).unwrap().as_slice().to_vec()
    }

    fn one_feature(values: &[f64]) -> Dataset {
        Dataset::unlabelled(DMatrix::from_row_slice(1, values.len(), values)).unwrap()
    }

    #[test]
    fn features_that_are_not_needed_any_more_become_the_same_inputs() {
        let cells = DMatrix::from_fn(3, 5000, |feature, at| (at * (feature + 2) % 977) as f64);
        let data = Dataset::unlabelled(cells).unwrap();
        for scaling in [Scaling::Standard, Scaling::Robust, Scaling::None] {
            let fitted = Preprocessing::fit(scaling, &data).unwrap();
            let mut owned = data.clone();
            let inputs = fitted.transform_owned::<f32>(&mut owned).unwrap();
            assert!(inputs == fitted.transform::<f32>(&data).unwrap());
            assert_eq!((owned.len(), owned.features().nrows()), (5000, 0));
        }
        // The first value that is too large is named, whichever is met first.
        let mut cells = data.features().clone();
        (cells[(1, 70)], cells[(2, 4990)]) = (1e300, -1e300);
        let mut data = Dataset::unlabelled(cells).unwrap();
        let expected = Preprocessing::None.transform::<f32>(&data).unwrap_err();
        assert!(
            expected.to_string().starts_with("row 71, column 2"),
            "{expected}"
        );
        let found = Preprocessing::None
            .transform_owned::<f32>(&mut data)
            .unwrap_err();
        assert_eq!(found.to_string(), expected.to_string());
    }

    #[test]
    fn a_missing_value_is_the_mean_where_none_was_missing_before() {
        let table = |text: &str| crate::Table::from_csv("t", text.as_bytes()).unwrap();
        let train = table("a,b,y\n1,5,0\n2,,1\n6,8,0\n");
        let schema = crate::Schema::infer(&train, "y", None).unwrap();
        let new = schema.encode_features(&table("a,b\n,5\n")).unwrap();
        let fitted =
            Preprocessing::fit(Scaling::Standard, &schema.encode(&train).unwrap()).unwrap();
        assert_eq!(fitted.knows_missing(2), [false, true]);
        // The median, 2, where the column was given an encoder of its own.
        let filled = schema.encode_features(&table("a,b\n2,5\n")).unwrap();
        assert_eq!(
            fitted.transform::<f64>(&new).unwrap(),
            fitted.transform::<f64>(&filled).unwrap()
        );
        let train = table("a,b,y\n1,5,0\n2,7,1\n6,8,0\n");
        let fitted =
            Preprocessing::fit(Scaling::Standard, &schema.encode(&train).unwrap()).unwrap();
        assert_eq!(fitted.knows_missing(2), [false, false]);
        assert_eq!(fitted.transform::<f64>(&new).unwrap()[0], 0.0);
    }

    #[test]
    fn a_constant_feature_is_zero_and_stays_bounded() {
        let data = one_feature(&[14.62; 1000]);
        let fitted = Preprocessing::fit(Scaling::Standard, &data).unwrap();
        assert_eq!(
            fitted,
            Preprocessing::Standard {
                mean: vec![14.62],
                scale: vec![0.0]
            }
        );
        assert!(
            fitted
                .transform::<f64>(&data)
                .unwrap()
                .iter()
                .all(|&x| x == 0.0)
        );
        assert_eq!(
            fitted
                .transform::<f64>(&one_feature(&[15.62]))
                .unwrap()
                .as_slice(),
            [0.0]
        );
        assert_eq!(fitted.constant_features(), [0]);
        // The same but for the rounding of the values.
        assert!(
            scaled(&[0.3, 0.1 + 0.2, 0.3, 0.3])
                .iter()
                .all(|&x| x == 0.0)
        );
        assert!(scaled(&[0.0; 3]).iter().all(|&x| x == 0.0));
    }

    #[test]
    fn any_unit_and_offset_is_scaled_alike() {
        let root = 1.5f64.sqrt();
        for values in [
            [1e-20, 2e-20, 3e-20],
            [1e9, 1e9 + 1.0, 1e9 + 2.0],
            [1e200, 2e200, 3e200],
            [1e-310, 2e-310, 3e-310],
            [1e15, 1e15 + 2.0, 1e15 + 4.0],
            [-1e307, 0.0, 1e307],
        ] {
            let found = scaled(&values);
            for (x, expected) in found.iter().zip([-root, 0.0, root]) {
                assert!((x - expected).abs() < 1e-9, "{values:?}: {found:?}");
            }
        }
    }

    #[test]
    fn values_too_large_to_scale_are_refused() {
        let error =
            Preprocessing::fit(Scaling::Standard, &one_feature(&[1.7e308, -1.7e308])).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Spread { .. }));
        let fitted = Preprocessing::fit(Scaling::Standard, &one_feature(&[1.0, 2.0])).unwrap();
        let error = fitted
            .transform::<f32>(&one_feature(&[5.0, 1e39]))
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "row 2, column 1: 1e39 is, once scaled, too large for f32; correct it or remove the row"
        );
        assert!(
            Preprocessing::None
                .transform::<f32>(&one_feature(&[1e39]))
                .is_err()
        );
    }

    #[test]
    fn a_feature_is_scaled_in_f64_and_rounded_once() {
        let data = one_feature(&[0.1, 0.7, 1.9]);
        let fitted = Preprocessing::fit(Scaling::Standard, &data).unwrap();
        let Preprocessing::Standard { mean, scale } = &fitted else {
            panic!()
        };
        let expected = data.features().map(|x| ((x - mean[0]) / scale[0]) as f32);
        assert_eq!(fitted.transform::<f32>(&data).unwrap(), expected);
        let plain = Preprocessing::fit(Scaling::None, &data).unwrap();
        assert_eq!(
            plain.transform::<f32>(&data).unwrap().as_slice(),
            [0.1f32, 0.7, 1.9]
        );
    }

    #[test]
    fn weights_count_and_rows_of_weight_zero_do_not() {
        let features = |values: &[f64]| DMatrix::from_row_slice(1, values.len(), values);
        let fit = |values: &[f64], weights: &[f64]| {
            let data = Dataset::new(features(values), vec![true; values.len()]).unwrap();
            let data = data.with_weights(weights.to_vec()).unwrap();
            Preprocessing::fit(Scaling::Standard, &data).unwrap()
        };
        let alone = fit(&[1.0, 2.0, 5.0], &[1.0, 1.0, 1.0]);
        assert_eq!(
            fit(&[1e9, 1.0, 2.0, -1e9, 5.0], &[0.0, 1.0, 1.0, 0.0, 1.0]),
            alone
        );
        assert_eq!(
            Preprocessing::fit(Scaling::Standard, &one_feature(&[1.0, 2.0, 5.0])).unwrap(),
            alone
        );
        assert_eq!(
            fit(&[1.0, 2.0, 5.0], &[1.0, 2.0, 1.0]),
            fit(&[1.0, 2.0, 2.0, 5.0], &[1.0; 4])
        );
    }

    #[test]
    fn another_number_of_features_is_an_error() {
        let fitted = Preprocessing::Standard {
            mean: vec![0.0; 2],
            scale: vec![1.0; 2],
        };
        assert!(fitted.transform::<f32>(&one_feature(&[1.0])).is_err());
    }

    #[test]
    fn what_is_stored_is_checked() {
        let fitted = Preprocessing::Standard {
            mean: vec![0.1, 1e-300],
            scale: vec![2.0, 0.0],
        };
        let text = serde_json::to_string(&fitted).unwrap();
        assert_eq!(
            serde_json::from_str::<Preprocessing>(&text).unwrap(),
            fitted
        );
        assert_eq!(
            serde_json::from_str::<Preprocessing>("\"None\"").unwrap(),
            Preprocessing::None
        );
        for wrong in ["[1.0],\"scale\":[]", "[1.0],\"scale\":[-1.0]"] {
            let text = format!("{{\"Standard\":{{\"mean\":{wrong}}}}}");
            assert!(serde_json::from_str::<Preprocessing>(&text).is_err());
        }
    }

    proptest! {
        #[test]
        fn scaled_training_rows_have_mean_zero_and_deviation_one(
            values in prop::collection::vec(-1e3..1e3, 2..200), offset in -1e6..1e6, unit in -300i32..300
        ) {
            let values: Vec<f64> = values.iter().map(|x| libm::scalbn(x + offset, unit)).collect();
            let scaled = scaled(&values);
            let n = scaled.len() as f64;
            let mean = scaled.iter().sum::<f64>() / n;
            let deviation = (scaled.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n).sqrt();
            prop_assert!(mean.abs() < 1e-6 && (deviation - 1.0).abs() < 1e-6, "{mean} {deviation}");
        }

        #[test]
        fn the_plain_formulas_are_agreed_with(values in prop::collection::vec(-1e3..1e3, 2..200)) {
            let n = values.len() as f64;
            let mean = values.iter().sum::<f64>() / n;
            let deviation = (values.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n).sqrt();
            prop_assume!(deviation > 1e-3);
            for (found, x) in scaled(&values).iter().zip(&values) {
                prop_assert!((found - (x - mean) / deviation).abs() < 1e-9);
            }
        }
    }
}
