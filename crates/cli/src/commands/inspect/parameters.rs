//! The parameters of a model, as JSON and as text.

use chainrule_nn::container::{TensorRef, ValuesRef};
use serde::Serialize;

/// A weight matrix as rows of outputs × inputs, a bias as a flat list.
#[derive(Serialize)]
pub struct Parameter<'a> {
    name: &'a str,
    shape: Vec<usize>,
    values: Nested,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Nested {
    Matrix(Vec<Vec<f64>>),
    Vector(Vec<f64>),
}

impl<'a> Parameter<'a> {
    /// Of a tensor.
    pub fn of(tensor: &TensorRef<'a>) -> Parameter<'a> {
        // f32 values are written as the f64 that they are equal to: they read back to the same bits as either.
        let values: Vec<f64> = match tensor.values {
            ValuesRef::F32(values) => values.iter().map(|&value| f64::from(value)).collect(),
            ValuesRef::F64(values) => values.to_vec(),
            _ => Vec::new(),
        };
        let row = |row: usize| {
            values
                .iter()
                .skip(row)
                .step_by(tensor.rows)
                .copied()
                .collect()
        };
        // By name: a layer of one input has a weight matrix of one column.
        if tensor.name.starts_with('b') {
            Parameter {
                name: tensor.name,
                shape: vec![tensor.rows],
                values: Nested::Vector(values),
            }
        } else {
            Parameter {
                name: tensor.name,
                shape: vec![tensor.rows, tensor.cols],
                values: Nested::Matrix((0..tensor.rows).map(row).collect()),
            }
        }
    }

    /// A line with name and shape, then the rows.
    pub fn text(&self) -> Vec<String> {
        let line = |values: &[f64]| {
            values
                .iter()
                .map(f64::to_string)
                .collect::<Vec<_>>()
                .join(" ")
        };
        let shape = self
            .shape
            .iter()
            .map(usize::to_string)
            .collect::<Vec<_>>()
            .join(" × ");
        let mut lines = vec![format!("{} ({shape})", self.name)];
        match &self.values {
            Nested::Matrix(rows) => lines.extend(rows.iter().map(|row| line(row))),
            Nested::Vector(values) => lines.push(line(values)),
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_weight_matrix_is_rows_of_outputs_by_inputs() {
        let column_major = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        let tensor = |name, rows, cols| TensorRef {
            name,
            rows,
            cols,
            values: ValuesRef::F64(&column_major),
        };
        let json = |tensor| serde_json::to_value(Parameter::of(&tensor)).unwrap();
        assert_eq!(
            json(tensor("W1", 2, 3)),
            json!({ "name": "W1", "shape": [2, 3], "values": [[1.0, 3.0, 5.0], [2.0, 4.0, 6.0]] })
        );
        assert_eq!(json(tensor("W1", 6, 1))["values"][5], json!([6.0]));
        assert_eq!(json(tensor("b1", 6, 1))["shape"], json!([6]));
        assert_eq!(json(tensor("b1", 6, 1))["values"][5], json!(6.0));
    }
}
