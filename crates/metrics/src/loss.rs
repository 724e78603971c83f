//! Proper scores: log loss and Brier score.

use crate::Error;
use crate::rows::Rows;

/// The clip of scikit-learn: the distance from 1 to the next `f64`, 2⁻⁵² ≈ 2.22e-16.
pub const CLIP: f64 = f64::EPSILON;

/// The mean cross-entropy, in nats, from logits: `softplus(−z)` for a positive row, `softplus(z)` for a negative one.
///
/// Nothing is clipped, so a sure and wrong prediction costs what it should: `z = −1000` for a positive row costs 1000.
///
/// # Errors
/// [`Error`] on slices of different lengths, NaN logits, weights that can't be used, and no rows.
///
/// ```
/// use chainrule_metrics::log_loss;
/// assert_eq!(log_loss(&[true], &[1000.0], None)?, 0.0);
/// assert_eq!(log_loss(&[true], &[-1000.0], None)?, 1000.0);
/// assert_eq!(log_loss(&[true, false], &[0.0, 0.0], None)?, std::f64::consts::LN_2);
/// # Ok::<(), chainrule_metrics::Error>(())
/// ```
pub fn log_loss(labels: &[bool], logits: &[f64], weights: Option<&[f64]>) -> Result<f64, Error> {
    Ok(mean_log_loss(&Rows::new(labels, logits, weights)?))
}

/// The mean cross-entropy, in nats, from probabilities brought into `[clip, 1 − clip]`.
///
/// Prefer [`log_loss`]: a probability near 1 has lost the digits that tell how near. The clip bounds the loss of one row, at 36.04 for
/// [`CLIP`] and 34.54 for 1e-15; with a clip of 0 the loss may be infinite.
///
/// # Errors
/// As [`log_loss`], and [`Error::Probability`] outside [0, 1] and [`Error::Parameter`] for a clip not in [0, 0.5).
///
/// ```
/// use chainrule_metrics::{CLIP, log_loss_from_probabilities};
/// let loss = log_loss_from_probabilities(&[true, false], &[0.9, 1.0], None, CLIP)?;
/// assert!((loss - (0.105361 + 36.043653) / 2.0).abs() < 1e-6);
/// # Ok::<(), chainrule_metrics::Error>(())
/// ```
pub fn log_loss_from_probabilities(
    labels: &[bool],
    probabilities: &[f64],
    weights: Option<&[f64]>,
    clip: f64,
) -> Result<f64, Error> {
    if !(0.0..0.5).contains(&clip) {
        return Err(Error::Parameter {
            what: "clip",
            value: clip,
            expected: "0 or more and less than 0.5",
        });
    }
    let rows = Rows::with_probabilities(labels, probabilities, weights)?;
    Ok(rows.mean(|row| {
        let p = row.score.clamp(clip, 1.0 - clip);
        if row.label {
            -libm::log(p)
        } else {
            -libm::log1p(-p)
        }
    }))
}

/// The mean squared difference between probability and outcome (1 or 0): from 0, the best, to 1.
///
/// # Errors
/// As [`log_loss`], and [`Error::Probability`] outside [0, 1].
///
/// ```
/// use chainrule_metrics::brier;
/// assert_eq!(brier(&[true, false], &[0.5, 0.25], None)?, (0.25 + 0.0625) / 2.0);
/// # Ok::<(), chainrule_metrics::Error>(())
/// ```
pub fn brier(
    labels: &[bool],
    probabilities: &[f64],
    weights: Option<&[f64]>,
) -> Result<f64, Error> {
    Ok(mean_brier(&Rows::with_probabilities(
        labels,
        probabilities,
        weights,
    )?))
}

/// The logistic function `σ(z) = 1 / (1 + e^−z)`, from the side on which the exponential does not overflow.
///
/// ```
/// use chainrule_metrics::sigmoid;
/// assert_eq!((sigmoid(0.0), sigmoid(-800.0), sigmoid(800.0)), (0.5, 0.0, 1.0));
/// ```
pub fn sigmoid(z: f64) -> f64 {
    let e = libm::exp(-z.abs());
    if z >= 0.0 {
        1.0 / (1.0 + e)
    } else {
        e / (1.0 + e)
    }
}

pub(crate) fn mean_log_loss(logits: &Rows) -> f64 {
    logits.mean(|row| softplus(if row.label { -row.score } else { row.score }))
}

pub(crate) fn mean_brier(probabilities: &Rows) -> f64 {
    probabilities.mean(|row| {
        let difference = row.score - f64::from(u8::from(row.label));
        difference * difference
    })
}

/// `ln(1 + e^z)`.
fn softplus(z: f64) -> f64 {
    z.max(0.0) + libm::log1p(libm::exp(-z.abs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(found: f64, expected: f64) {
        assert!((found - expected).abs() < 5e-7, "{found} is not {expected}");
    }

    #[test]
    fn sure_predictions_cost_what_they_should() {
        let labels = [true, false, true, false];
        let logits = [1000.0, -1000.0, -1000.0, 1000.0];
        assert_eq!(log_loss(&labels, &logits, None), Ok(500.0));
        assert_eq!(log_loss(&[true], &[f64::INFINITY], None), Ok(0.0));
        assert_eq!(
            log_loss(&[true], &[f64::NEG_INFINITY], None),
            Ok(f64::INFINITY)
        );
        // A tiny loss is not lost: 1e-40 is far below the spacing of numbers near 1.
        near(
            log_loss(&[true], &[92.0], None).unwrap() * 1e40,
            libm::exp(-92.0) * 1e40,
        );
    }

    #[test]
    fn the_clip_bounds_the_loss_from_probabilities() {
        let loss = |p, clip| log_loss_from_probabilities(&[true], &[p], None, clip).unwrap();
        near(loss(0.0, CLIP), 36.043653);
        near(loss(0.0, 1e-15), 34.538776);
        near(loss(1.0, CLIP), 0.0);
        assert_eq!(loss(0.0, 0.0), f64::INFINITY);
        // Probabilities that were rounded to f32 are no special case.
        near(
            loss(f64::from(1.0f32 - f32::EPSILON), CLIP),
            f64::from(f32::EPSILON),
        );
        assert!(matches!(
            log_loss_from_probabilities(&[true], &[0.5], None, 0.5),
            Err(Error::Parameter { .. })
        ));
        assert_eq!(
            log_loss_from_probabilities(&[true], &[1.5], None, CLIP),
            Err(Error::Probability { row: 0, value: 1.5 })
        );
    }

    #[test]
    fn one_class_is_not_taken_for_the_other() {
        let (labels, p) = ([true; 3], [0.9, 0.8, 0.7]);
        near(brier(&labels, &p, None).unwrap(), 0.046667);
        near(
            log_loss_from_probabilities(&labels, &p, None, CLIP).unwrap(),
            0.228393,
        );
        near(brier(&[false; 3], &p, None).unwrap(), 0.646667);
        near(
            log_loss_from_probabilities(&[false; 3], &p, None, CLIP).unwrap(),
            1.705332,
        );
    }

    #[test]
    fn a_row_of_weight_zero_is_absent() {
        let loss =
            log_loss_from_probabilities(&[true, false], &[0.9, 0.9], Some(&[1.0, 0.0]), CLIP);
        near(loss.unwrap(), 0.105361);
        assert_eq!(
            log_loss(&[true, false], &[0.0, f64::NAN], Some(&[2.0, 0.0])),
            Ok(std::f64::consts::LN_2)
        );
        assert_eq!(
            brier(&[true, false], &[1.0, 7.0], Some(&[2.0, 0.0])),
            Ok(0.0)
        );
    }

    #[test]
    fn weights_that_mean_nothing_are_errors() {
        let with =
            |weights: &[f64]| log_loss(&[true, false], &[0.0, 0.0], Some(weights)).unwrap_err();
        assert_eq!(with(&[0.0, 0.0]), Error::TotalWeight { total: 0.0 });
        assert_eq!(
            with(&[1.0, -1.0]),
            Error::Weight {
                row: 1,
                value: -1.0
            }
        );
        assert!(matches!(
            with(&[f64::NAN, 1.0]),
            Error::Weight { row: 0, .. }
        ));
        assert!(matches!(
            with(&[f64::INFINITY, 1.0]),
            Error::Weight { row: 0, .. }
        ));
        assert!(matches!(
            with(&[f64::MAX, f64::MAX]),
            Error::TotalWeight { .. }
        ));
        assert_eq!(
            with(&[1.0]),
            Error::Length {
                what: "weights",
                labels: 2,
                found: 1
            }
        );
    }

    #[test]
    fn scores_that_mean_nothing_are_errors() {
        assert_eq!(
            log_loss(&[true, true], &[0.0, f64::NAN], None),
            Err(Error::NotANumber { row: 1 })
        );
        assert_eq!(
            log_loss(&[], &[], None),
            Err(crate::Undefined::Empty.into())
        );
        assert!(matches!(
            brier(&[true], &[], None),
            Err(Error::Length { what: "scores", .. })
        ));
    }
}
