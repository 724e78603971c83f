//! What the layers do with one batch.

use chainrule_autodiff::{RunError, Scalar, Team, Workspace};
use chainrule_nn::Activation;

use super::View;
use crate::LayerReport;
use crate::train::Real;

/// Nearer than this to an end of its range an activation counts as saturated.
const NEAR: f64 = 0.01;

/// Runs the observing plan over a batch and sums up each layer.
pub(super) fn look<T: Real>(
    view: &View<'_, T>,
    workspace: &mut Workspace<T>,
    team: &Team,
) -> Result<Vec<LayerReport>, RunError> {
    let View {
        network,
        plans,
        state,
        parameters,
        batch,
        features: _,
    } = *view;
    plans.with_observed_inputs(batch, |inputs| {
        plans.observe.eval(state, inputs, workspace, team)
    })?;
    let mut weights = parameters;
    let mut inputs = network.inputs;
    let layers = network.layers.iter().enumerate();
    let reports = layers.map(|(at, layer)| {
        let (own, rest) = weights.split_at(layer.units * inputs);
        weights = &rest[layer.units..];
        inputs = layer.units;
        let activations = workspace.output(plans.activations(at));
        let gradient = workspace.output(plans.weight_gradient(at));
        let (mean, std) = moments(activations);
        let squares = sum(gradient, |g| g * g);
        LayerReport {
            layer: at + 1,
            units: layer.units,
            activation: layer.activation,
            mean,
            std,
            saturated: saturated(layer.activation, activations),
            gradient_norm: squares.sqrt(),
            gradient_rms: (squares / gradient.len() as f64).sqrt(),
            weight_norm: norm(own),
        }
    });
    Ok(reports.collect())
}

/// ‖v‖₂.
pub(super) fn norm<T: Scalar>(values: &[T]) -> f64 {
    sum(values, |v| v * v).sqrt()
}

/// The root of the mean square.
pub(super) fn rms<T: Scalar>(values: &[T]) -> f64 {
    (sum(values, |v| v * v) / values.len().max(1) as f64).sqrt()
}

/// ‖a − b‖₂.
pub(super) fn distance<T: Scalar>(a: &[T], b: &[T]) -> f64 {
    let pairs = a.iter().zip(b).map(|(a, b)| b.to_f64() - a.to_f64());
    pairs.map(|d| d * d).sum::<f64>().sqrt()
}

/// The sum of `f` over the values, in f64: in eight lanes that are added at the end, so that it takes no time to speak of.
fn sum<T: Scalar>(values: &[T], f: impl Fn(f64) -> f64) -> f64 {
    const LANES: usize = 8;
    let mut lanes = [0.0; LANES];
    let mut chunks = values.chunks_exact(LANES);
    for chunk in &mut chunks {
        for (lane, v) in lanes.iter_mut().zip(chunk) {
            *lane += f(v.to_f64());
        }
    }
    for (lane, v) in lanes.iter_mut().zip(chunks.remainder()) {
        *lane += f(v.to_f64());
    }
    lanes.iter().sum()
}

/// Mean and standard deviation, in two passes.
fn moments<T: Scalar>(values: &[T]) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = sum(values, |v| v) / count;
    let variance = sum(values, |v| (v - mean) * (v - mean)) / count;
    (mean, variance.sqrt())
}

fn saturated<T: Scalar>(activation: Activation, values: &[T]) -> Option<f64> {
    let (low, high) = match activation {
        Activation::Sigmoid => (NEAR, 1.0 - NEAR),
        Activation::Tanh => (NEAR - 1.0, 1.0 - NEAR),
        _ => return None,
    };
    let is_near = |v: f64| if v < low || v > high { 1.0 } else { 0.0 };
    Some(sum(values, is_near) / values.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_near_an_end_is_counted() {
        let sigmoid = |values: &[f64]| saturated(Activation::Sigmoid, values);
        assert_eq!(sigmoid(&[0.0, 0.005, 0.5, 0.995]), Some(0.75));
        assert_eq!(sigmoid(&[0.02, 0.98]), Some(0.0));
        assert_eq!(
            saturated(Activation::Tanh, &[-0.995f32, 0.0, 0.5, 1.0]),
            Some(0.5)
        );
        assert_eq!(saturated(Activation::Relu, &[0.0]), None);
    }

    #[test]
    fn moments_and_norms_are_those_of_the_formulas() {
        let values: Vec<f64> = (1..=19).map(f64::from).collect();
        let (mean, std) = moments(&values);
        // Of 1 to n: (n + 1) / 2 and √((n² − 1) / 12).
        assert_eq!((mean, std), (10.0, 30f64.sqrt()));
        // n (n + 1) (2 n + 1) / 6
        assert_eq!(norm(&values), 2470f64.sqrt());
    }
}
