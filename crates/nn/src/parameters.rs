//! Parameters: one flat vector, seen as named matrices.

use std::fmt;
use std::str::FromStr;

use chainrule_autodiff::Scalar;
use serde::{Deserialize, Serialize};

use crate::container::{FormatError, Tensor, TensorRef, Values, ValuesRef, content_hash};
use crate::network::ParameterShape;
use crate::{ModelError, Network};

/// The numbers that a network computes with.
// Model files hold the position of a variant: new ones go to the end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Precision {
    /// Single precision, 24 bits of significand.
    #[default]
    F32,
    /// Double precision, 53 bits of significand.
    F64,
}

impl fmt::Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Precision::F32 => "f32",
            Precision::F64 => "f64",
        })
    }
}

/// No precision has this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown precision {0:?}: expected f32 or f64")]
pub struct UnknownPrecision(pub String);

impl FromStr for Precision {
    type Err = UnknownPrecision;

    fn from_str(name: &str) -> Result<Precision, UnknownPrecision> {
        match name {
            "f32" => Ok(Precision::F32),
            "f64" => Ok(Precision::F64),
            _ => Err(UnknownPrecision(name.to_owned())),
        }
    }
}

/// The parameters of a network: one flat vector, tensor after tensor (`W1`, `b1`, `W2`, …), each column by column, with
/// named views.
///
/// ```
/// use chainrule_nn::{Network, Parameters};
/// use chainrule_nn::container::ValuesRef;
///
/// let network = Network::classifier(2, &[]);
/// let parameters = Parameters::of(&network, &[0.5f32, -0.5, 0.25]);
/// let w = parameters.view("W1").unwrap();
/// assert_eq!((w.rows, w.cols, w.values), (1, 2, ValuesRef::F32(&[0.5, -0.5])));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Parameters {
    values: Values,
    shapes: Vec<ParameterShape>,
}

impl Parameters {
    /// The parameters of a network from a flat vector, of either precision.
    ///
    /// # Panics
    /// If the vector has another length than [`Network::parameter_count`].
    pub fn of<T: Scalar>(network: &Network, values: &[T]) -> Parameters {
        let shapes = network.parameters();
        assert_eq!(
            values.len(),
            shapes.iter().map(ParameterShape::len).sum::<usize>(),
            "parameters of {network}"
        );
        let values = if T::BYTES == size_of::<f32>() {
            // Exact: the values are f32 already.
            Values::F32(values.iter().map(|v| v.to_f64() as f32).collect())
        } else {
            Values::F64(values.iter().map(|v| v.to_f64()).collect())
        };
        Parameters { values, shapes }
    }

    /// The parameters of a network from tensors that were read from somewhere.
    ///
    /// # Errors
    /// [`ModelError::Tensors`] if their names and order are not those of the network, [`ModelError::Shape`] if a shape is
    /// not, [`ModelError::MixedPrecision`] if they are not all of one precision, and [`ModelError::NotFinite`] if a value
    /// is infinite or NaN.
    pub fn from_tensors(network: &Network, tensors: &[Tensor]) -> Result<Parameters, ModelError> {
        network.check()?;
        let shapes = network.parameters();
        if !shapes
            .iter()
            .map(|s| &s.name)
            .eq(tensors.iter().map(|t| &t.name))
        {
            return Err(ModelError::Tensors {
                expected: list(shapes.iter().map(|s| s.name.as_str())),
                found: list(tensors.iter().map(|t| t.name.as_str())),
            });
        }
        let (mut singles, mut doubles) = (Vec::new(), Vec::new());
        for (shape, tensor) in shapes.iter().zip(tensors) {
            if (tensor.rows, tensor.cols) != (shape.rows, shape.cols) {
                return Err(ModelError::Shape {
                    tensor: tensor.name.clone(),
                    expected: (shape.rows, shape.cols),
                    found: (tensor.rows, tensor.cols),
                });
            }
            match &tensor.values {
                Values::F32(values) => singles.extend_from_slice(values),
                Values::F64(values) => doubles.extend_from_slice(values),
            }
        }
        let values = match (singles.is_empty(), doubles.is_empty()) {
            (false, false) => return Err(ModelError::MixedPrecision),
            (_, true) => Values::F32(singles),
            (true, _) => Values::F64(doubles),
        };
        let parameters = Parameters { values, shapes };
        parameters.check_finite()?;
        Ok(parameters)
    }

    /// The precision of the values.
    pub fn precision(&self) -> Precision {
        match self.values {
            Values::F32(_) => Precision::F32,
            Values::F64(_) => Precision::F64,
        }
    }

    /// The number of parameters.
    pub fn len(&self) -> usize {
        match &self.values {
            Values::F32(values) => values.len(),
            Values::F64(values) => values.len(),
        }
    }

    /// Never, of a checked network.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The flat vector, as it is.
    pub fn values(&self) -> ValuesRef<'_> {
        match &self.values {
            Values::F32(values) => ValuesRef::F32(values),
            Values::F64(values) => ValuesRef::F64(values),
        }
    }

    /// The flat vector in a precision: exact unless it rounds from f64 to f32.
    pub fn to_vec<T: Scalar>(&self) -> Vec<T> {
        match &self.values {
            Values::F32(values) => values.iter().map(|&v| T::from_f64(f64::from(v))).collect(),
            Values::F64(values) => values.iter().map(|&v| T::from_f64(v)).collect(),
        }
    }

    /// The tensors, in order.
    pub fn views(&self) -> Vec<TensorRef<'_>> {
        let mut start = 0;
        let view = |shape| {
            let view = self.view_at(shape, start);
            start += ParameterShape::len(shape);
            view
        };
        self.shapes.iter().map(view).collect()
    }

    /// The tensor of a name, such as `W1`.
    pub fn view(&self, name: &str) -> Option<TensorRef<'_>> {
        self.views().into_iter().find(|view| view.name == name)
    }

    /// The content hash of a model: SHA-256 over the names, shapes, element types and bits of the tensors, as 64
    /// hexadecimal digits.
    ///
    /// # Errors
    /// [`FormatError`] if no file can hold them.
    pub fn hash(&self) -> Result<String, FormatError> {
        content_hash(&self.views())
    }

    /// Makes sure that every value is a number.
    ///
    /// # Errors
    /// [`ModelError::NotFinite`], which names the first that is infinite or NaN.
    pub fn check_finite(&self) -> Result<(), ModelError> {
        for view in self.views() {
            let bad = match view.values {
                ValuesRef::F32(values) => first_bad(values.iter().map(|&v| f64::from(v))),
                ValuesRef::F64(values) => first_bad(values.iter().copied()),
            };
            if let Some((at, value)) = bad {
                return Err(ModelError::NotFinite {
                    tensor: view.name.to_owned(),
                    row: at % view.rows + 1,
                    col: at / view.rows + 1,
                    value,
                });
            }
        }
        Ok(())
    }

    /// Makes sure that these are parameters of the network.
    pub(crate) fn check_fits(&self, network: &Network) -> Result<(), ModelError> {
        let expected = network.parameters();
        if !names(&expected).eq(names(&self.shapes)) {
            return Err(ModelError::Tensors {
                expected: list(names(&expected)),
                found: list(names(&self.shapes)),
            });
        }
        match expected.iter().zip(&self.shapes).find(|(a, b)| a != b) {
            None => Ok(()),
            Some((expected, found)) => Err(ModelError::Shape {
                tensor: found.name.clone(),
                expected: (expected.rows, expected.cols),
                found: (found.rows, found.cols),
            }),
        }
    }

    fn view_at<'a>(&'a self, shape: &'a ParameterShape, start: usize) -> TensorRef<'a> {
        let range = start..start + shape.len();
        TensorRef {
            name: &shape.name,
            rows: shape.rows,
            cols: shape.cols,
            values: match &self.values {
                Values::F32(values) => ValuesRef::F32(&values[range]),
                Values::F64(values) => ValuesRef::F64(&values[range]),
            },
        }
    }
}

fn names(shapes: &[ParameterShape]) -> impl Iterator<Item = &str> {
    shapes.iter().map(|shape| shape.name.as_str())
}

fn first_bad(mut values: impl Iterator<Item = f64>) -> Option<(usize, f64)> {
    values
        .by_ref()
        .enumerate()
        .find(|(_, value)| !value.is_finite())
}

fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    const SHOWN: usize = 8;
    let names: Vec<&str> = names.collect();
    let mut text = names[..names.len().min(SHOWN)].join(", ");
    if names.len() > SHOWN {
        text += &format!(", … ({} in all)", names.len());
    }
    text
}
