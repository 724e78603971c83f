//! Where a training went wrong.

use std::fmt;

use chainrule_autodiff::{RunError, State, Team};
use chainrule_nn::container::ValuesRef;
use chainrule_nn::{Network, Parameters};

use crate::Remedy;
use crate::batches::BatchView;
use crate::diagnosis::lower;
use crate::plans::Plans;
use crate::train::Real;

/// The first value of a training that is infinite or NaN: when, where, what.
#[derive(Clone, Debug, PartialEq)]
pub struct Divergence {
    /// The epoch, from 1.
    pub epoch: usize,
    /// The batch in the epoch, from 1.
    pub batch: usize,
    /// Where in the network.
    pub place: Place,
    /// The value.
    pub value: f64,
    /// What to try.
    pub remedy: Remedy,
}

/// A value inside of a training step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The layer, from 1.
    pub layer: usize,
    /// What is infinite or NaN, in the words of the method: `z2`, `a2`, `J`, `∂J/∂W2`, or `W2` after the update.
    pub quantity: String,
    /// Row of the matrix, from 1: the neuron.
    pub row: usize,
    /// Column of the matrix, from 1: the sample in its batch, or the input of a weight.
    pub col: usize,
}

impl fmt::Display for Divergence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Divergence {
            epoch,
            batch,
            place,
            value,
            remedy: _,
        } = self;
        let Place {
            layer,
            quantity,
            row,
            col,
        } = place;
        write!(
            f,
            "epoch {epoch}, batch {batch}, layer {layer}: {quantity}[{row}, {col}] is {value}"
        )
    }
}

/// What to try after a divergence in this place.
pub(crate) fn remedy(
    place: &Place,
    is_first_step: bool,
    learning_rate: f64,
    are_features_large: bool,
) -> Remedy {
    // Before the first update the rate is not to blame, and first weights are small: then it is the features.
    let is_before_an_update =
        is_first_step && place.layer == 1 && matches!(place.quantity.as_str(), "z1" | "a1");
    // Of large features the gradients are large, too, and a rate that is not out of the way is none to begin with.
    if is_before_an_update || (are_features_large && learning_rate <= 1.0) {
        Remedy::Scaling
    } else {
        Remedy::LearningRate(lower(learning_rate))
    }
}

/// The first bad value of a step from the state before it, up to the gradients.
pub(crate) fn look<T: Real>(
    plans: &Plans<T>,
    before: &State<T>,
    batch: BatchView<'_, T>,
    team: &Team,
) -> Result<Option<(Place, f64)>, RunError> {
    let mut workspace = plans.observe.workspace(batch.y.len(), 1);
    plans.with_observed_inputs(batch, |inputs| {
        plans.observe.eval(before, inputs, &mut workspace, team)
    })?;
    for (at, observed) in plans.observed.iter().enumerate() {
        let values = workspace.output(at);
        if let Some(bad) = values.iter().position(|v| !v.to_f64().is_finite()) {
            let place = Place {
                layer: observed.layer,
                quantity: observed.name.clone(),
                row: bad % observed.rows + 1,
                col: bad / observed.rows + 1,
            };
            return Ok(Some((place, values[bad].to_f64())));
        }
    }
    Ok(None)
}

/// The first bad parameter.
pub(crate) fn in_parameters(parameters: &Parameters) -> Option<(Place, f64)> {
    for (at, view) in parameters.views().iter().enumerate() {
        let bad = match view.values {
            ValuesRef::F32(values) => first_bad(values.iter().map(|&v| f64::from(v))),
            ValuesRef::F64(values) => first_bad(values.iter().copied()),
            _ => None,
        };
        if let Some((index, value)) = bad {
            let place = Place {
                layer: at / 2 + 1,
                quantity: view.name.to_owned(),
                row: index % view.rows + 1,
                col: index / view.rows + 1,
            };
            return Some((place, value));
        }
    }
    None
}

/// The loss itself, when nothing before it is bad.
pub(crate) fn in_loss(network: &Network, loss: f64) -> (Place, f64) {
    let place = Place {
        layer: network.layers.len(),
        quantity: "J".to_owned(),
        row: 1,
        col: 1,
    };
    (place, loss)
}

fn first_bad(values: impl Iterator<Item = f64>) -> Option<(usize, f64)> {
    values.enumerate().find(|(_, value)| !value.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn before_the_first_update_features_are_to_blame_and_later_the_rate() {
        let place = |layer, quantity: &str| Place {
            layer,
            quantity: quantity.to_owned(),
            row: 1,
            col: 1,
        };
        let small = |place: Place, is_first, rate| remedy(&place, is_first, rate, false);
        assert_eq!(small(place(1, "z1"), true, 0.003), Remedy::Scaling);
        let lower = Remedy::LearningRate(0.0003);
        assert_eq!(small(place(1, "z1"), false, 0.003), lower);
        assert_eq!(small(place(3, "J"), true, 0.003), lower);
        // Of a rate above 1 the tenth says nothing.
        let lowest = Remedy::LearningRate(0.1);
        assert_eq!(small(place(1, "W1"), false, 1e38), lowest);
        // Large features make large gradients, unless the rate is out of all bounds.
        let large = |rate| remedy(&place(1, "z1"), false, rate, true);
        assert_eq!((large(0.5), large(1e38)), (Remedy::Scaling, lowest));
    }
}
