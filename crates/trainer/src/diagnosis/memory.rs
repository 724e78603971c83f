//! Warnings in a checkpoint, so that a training that goes on neither forgets nor repeats them.

use super::{Diagnosis, Evidence, Remedy, Warning};
use crate::checkpoint::{Remembers, Unexpected, whole};
use crate::train::Real;

impl<T: Real> Remembers for Diagnosis<T> {
    fn name(&self) -> &'static str {
        "warnings"
    }

    fn remember(&self) -> Vec<f64> {
        let warnings = self.warnings.iter().flat_map(numbers);
        std::iter::once(self.warnings.len() as f64)
            .chain(warnings)
            .collect()
    }

    fn recall(&mut self, values: &[f64]) -> Result<(), Unexpected> {
        let (&count, mut rest) = values.split_first().ok_or(Unexpected)?;
        self.warnings = (0..whole(count)?)
            .map(|_| read(&mut rest))
            .collect::<Result<_, _>>()?;
        match rest {
            [] => Ok(()),
            _ => Err(Unexpected),
        }
    }
}

/// Epoch, remedy and its number, kind of evidence, its numbers.
fn numbers(warning: &Warning) -> Vec<f64> {
    let (remedy, with) = match warning.remedy {
        Remedy::LearningRate(rate) => (0, rate),
        Remedy::Scaling => (1, 0.0),
        Remedy::HiddenLayers(layers) => (2, layers as f64),
        Remedy::ClassWeights => (3, 0.0),
        Remedy::Epochs(epochs) => (4, epochs as f64),
    };
    let mut numbers = vec![warning.epoch as f64, f64::from(remedy), with];
    match &warning.evidence {
        Evidence::Saturated {
            layer,
            share,
            loss,
            constant_loss,
        } => numbers.extend([0.0, *layer as f64, *share, *loss, *constant_loss]),
        Evidence::VanishingGradients {
            rms,
            loss,
            constant_loss,
        } => {
            numbers.extend([1.0, *loss, *constant_loss, rms.len() as f64]);
            numbers.extend(rms);
        }
        Evidence::RateTooLow {
            moved,
            first_loss,
            last_loss,
            constant_loss,
        } => numbers.extend([2.0, *moved, *first_loss, *last_loss, *constant_loss]),
        Evidence::RateTooHigh {
            loss,
            best_loss,
            constant_loss,
        } => numbers.extend([3.0, *loss, *best_loss, *constant_loss]),
        // Of a finished model: it is found again.
        Evidence::OneClass { .. } => numbers.clear(),
    }
    numbers
}

fn read(values: &mut &[f64]) -> Result<Warning, Unexpected> {
    let mut next = || {
        let (&value, rest) = values.split_first().ok_or(Unexpected)?;
        *values = rest;
        Ok(value)
    };
    let epoch = whole(next()?)?;
    let (remedy, with) = (next()?, next()?);
    let remedy = match remedy as u8 {
        0 => Remedy::LearningRate(with),
        1 => Remedy::Scaling,
        2 => Remedy::HiddenLayers(whole(with)?),
        3 => Remedy::ClassWeights,
        4 => Remedy::Epochs(whole(with)?),
        _ => return Err(Unexpected),
    };
    let evidence = match next()? as u8 {
        0 => Evidence::Saturated {
            layer: whole(next()?)?,
            share: next()?,
            loss: next()?,
            constant_loss: next()?,
        },
        1 => {
            let (loss, constant_loss, layers) = (next()?, next()?, whole(next()?)?);
            Evidence::VanishingGradients {
                rms: (0..layers).map(|_| next()).collect::<Result<_, _>>()?,
                loss,
                constant_loss,
            }
        }
        2 => Evidence::RateTooLow {
            moved: next()?,
            first_loss: next()?,
            last_loss: next()?,
            constant_loss: next()?,
        },
        3 => Evidence::RateTooHigh {
            loss: next()?,
            best_loss: next()?,
            constant_loss: next()?,
        },
        _ => return Err(Unexpected),
    };
    Ok(Warning {
        epoch,
        evidence,
        remedy,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_come_back() {
        let warnings = [
            Warning {
                epoch: 1,
                evidence: Evidence::Saturated {
                    layer: 2,
                    share: 0.9,
                    loss: 0.7,
                    constant_loss: 0.69,
                },
                remedy: Remedy::Scaling,
            },
            Warning {
                epoch: 17,
                evidence: Evidence::VanishingGradients {
                    rms: vec![1e-9, 1e-5, 0.1],
                    loss: 0.7,
                    constant_loss: 0.69,
                },
                remedy: Remedy::HiddenLayers(2),
            },
            Warning {
                epoch: 18,
                evidence: Evidence::RateTooHigh {
                    loss: 3.0,
                    best_loss: 0.8,
                    constant_loss: 0.69,
                },
                remedy: Remedy::LearningRate(0.1),
            },
        ];
        let numbers: Vec<f64> = warnings.iter().flat_map(numbers).collect();
        let mut rest = &numbers[..];
        let read_back: Vec<Warning> = warnings.iter().map(|_| read(&mut rest).unwrap()).collect();
        assert_eq!((&read_back[..], rest), (&warnings[..], &[][..]));
        for cut in 1..numbers.len() {
            let mut rest = &numbers[cut..];
            while !rest.is_empty() {
                if read(&mut rest).is_err() {
                    break;
                }
            }
        }
        assert!(read(&mut &[1.0, 9.0][..]).is_err());
    }
}
