//! What each value was in a run.

use nalgebra::DMatrix;

use crate::graph::Leaf;
use crate::interpret::interpret_all;
use crate::passes::Module;
use crate::{Dim, RunError};

/// The value of every node, by index.
pub(super) fn values(
    module: &Module,
    given: &[(&str, &[f64])],
) -> Result<Vec<Option<DMatrix<f64>>>, RunError> {
    let arena = module.graph.arena();
    let find = |name: &str| {
        given
            .iter()
            .find(|(n, _)| *n == name)
            .map(|(_, values)| *values)
    };
    let mut batch: Option<(usize, String)> = None;
    for id in module.live() {
        let node = arena.node(id);
        if !matches!(node.leaf(), Some(Leaf::Input | Leaf::Param | Leaf::State)) {
            continue;
        }
        let name = arena.name(id).unwrap_or_default();
        let values = find(name).ok_or_else(|| RunError::NoValue {
            name: name.to_owned(),
        })?;
        let fixed = |dim: Dim| if let Dim::Fixed(n) = dim { n } else { 1 };
        let fixed = fixed(node.shape.rows) * fixed(node.shape.cols);
        let samples = match (node.shape.rows, node.shape.cols) {
            (Dim::Batch, Dim::Batch) => values.len().isqrt(),
            _ => values.len().checked_div(fixed).unwrap_or(0),
        };
        if node.shape.len_at(samples) != values.len() {
            return Err(RunError::InputLength {
                name: name.to_owned(),
                shape: node.shape,
                found: values.len(),
            });
        }
        if node.shape.has_batch() {
            match &batch {
                Some((first, first_name)) if *first != samples => {
                    return Err(RunError::BatchMismatch {
                        name: name.to_owned(),
                        found: samples,
                        first: first_name.clone(),
                        batch: *first,
                    });
                }
                _ => batch = Some((samples, name.to_owned())),
            }
        }
    }
    let batch = batch.map_or(0, |(samples, _)| samples);
    let leaf = |name: &str| {
        let id = arena
            .ids()
            .find(|&id| arena.name(id) == Some(name) && arena.node(id).leaf().is_some());
        let shape = id.map(|id| arena.node(id).shape);
        let (rows, cols) = shape.map_or((0, 0), |s| (s.rows.at(batch), s.cols.at(batch)));
        DMatrix::from_column_slice(rows, cols, find(name).unwrap_or_default())
    };
    Ok(interpret_all::<f64>(module, batch, leaf))
}

/// Up to three numbers, or the least, the mean and the greatest of more.
pub(super) fn summary(value: &DMatrix<f64>) -> String {
    let all = value.as_slice();
    if all.len() <= 3 {
        return all
            .iter()
            .map(|&v| number(v))
            .collect::<Vec<_>>()
            .join(", ");
    }
    let mean = all.iter().sum::<f64>() / all.len() as f64;
    let (mut least, mut greatest) = (f64::INFINITY, f64::NEG_INFINITY);
    for &v in all {
        // A NaN among them is what is told.
        least = if v.is_nan() || v < least { v } else { least };
        greatest = if v.is_nan() || v > greatest {
            v
        } else {
            greatest
        };
    }
    format!(
        "{} … {}, mean {}",
        number(least),
        number(greatest),
        number(mean)
    )
}

/// Four significant digits.
fn number(value: f64) -> String {
    let magnitude = value.abs();
    let text = if value == 0.0 || !value.is_finite() {
        format!("{value}")
    } else if (1e-3..1e5).contains(&magnitude) {
        let places = (3 - libm::log10(magnitude).floor() as i32).clamp(0, 6);
        let long = format!("{value:.*}", places as usize);
        if long.contains('.') {
            long.trim_end_matches('0').trim_end_matches('.').to_owned()
        } else {
            long
        }
    } else {
        format!("{value:.3e}")
    };
    text.replace('-', "−")
}
