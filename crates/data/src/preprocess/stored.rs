//! Preprocessing in model files. Bytes that were written keep their meaning: what is new is a new variant.

use super::{Encoder, Preprocessing};
use serde::{Deserialize, Serialize};

/// Checked when it is read.
#[derive(Clone, Serialize, Deserialize)]
pub(super) enum Stored {
    None,
    Standard { mean: Vec<f64>, scale: Vec<f64> },
    Columns(Vec<Encoder>),
}

impl From<Preprocessing> for Stored {
    fn from(preprocessing: Preprocessing) -> Self {
        match preprocessing {
            Preprocessing::None => Stored::None,
            Preprocessing::Standard { mean, scale } => Stored::Standard { mean, scale },
            Preprocessing::Columns(encoders) => Stored::Columns(encoders),
        }
    }
}

impl TryFrom<Stored> for Preprocessing {
    type Error = &'static str;

    fn try_from(stored: Stored) -> Result<Self, Self::Error> {
        match stored {
            Stored::None => Ok(Preprocessing::None),
            Stored::Standard { mean, scale } => {
                let right = mean.len() == scale.len()
                    && mean.iter().all(|mean| mean.is_finite())
                    && scale.iter().all(|scale| scale.is_finite() && *scale >= 0.0);
                if right {
                    Ok(Preprocessing::Standard { mean, scale })
                } else {
                    Err("the means and scales are not finite pairs")
                }
            }
            Stored::Columns(encoders) => {
                if encoders.is_empty() {
                    return Err("there are no encoders of features");
                }
                encoders.iter().try_for_each(Encoder::check)?;
                Ok(Preprocessing::Columns(encoders))
            }
        }
    }
}
