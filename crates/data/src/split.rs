//! Parting rows into those to train on and those to validate on.

use crate::error::{Error, ErrorKind};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// Places of samples, counted from 0 and ascending, each in one of the two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split {
    /// To train on.
    pub train: Vec<usize>,
    /// To validate on; empty if the share is 0.
    pub validation: Vec<usize>,
}

/// Draws a share of the samples of each class for validation, the same for the same seed on every machine.
///
/// Of a class of n samples, `fraction · n` rounded half up are drawn, but at least one and at most n − 1.
///
/// # Errors
/// [`ErrorKind::Fraction`] if the share is not in [0, 1); [`ErrorKind::TooFewToSplit`] if a class has fewer than two samples.
///
/// ```
/// use chainrule_data::split;
///
/// let labels = [false, false, false, false, true, true];
/// let parts = split::stratified(&labels, 0.25, 7)?;
/// assert_eq!((parts.train.len(), parts.validation.len()), (4, 2));
/// assert_eq!(parts.validation.iter().filter(|&&at| labels[at]).count(), 1);
/// # Ok::<(), chainrule_data::Error>(())
/// ```
pub fn stratified(labels: &[bool], fraction: f64, seed: u64) -> Result<Split, Error> {
    if !(0.0..1.0).contains(&fraction) {
        return Err(ErrorKind::Fraction(fraction).into());
    }
    if fraction == 0.0 {
        return Ok(Split {
            train: (0..labels.len()).collect(),
            validation: Vec::new(),
        });
    }
    let of_class = |class: bool| {
        (0..labels.len())
            .filter(|&at| labels[at] == class)
            .collect::<Vec<_>>()
    };
    let [negatives, positives] = [false, true].map(of_class);
    if negatives.len() < 2 || positives.len() < 2 {
        let (negatives, positives) = (negatives.len(), positives.len());
        return Err(ErrorKind::TooFewToSplit {
            negatives,
            positives,
        }
        .into());
    }
    let mut random = generator(seed);
    let mut validates = vec![false; labels.len()];
    for mut class in [negatives, positives] {
        let share = (fraction * class.len() as f64 + 0.5).floor() as usize;
        let share = share.clamp(1, class.len() - 1);
        // The first steps of a Fisher-Yates shuffle.
        for at in 0..share {
            let other = at + below((class.len() - at) as u64, || random.next_u64()) as usize;
            class.swap(at, other);
            validates[class[at]] = true;
        }
    }
    let (validation, train) = (0..labels.len()).partition(|&at| validates[at]);
    Ok(Split { train, validation })
}

/// A generator for this one purpose: the key is the seed and the purpose's name, so that no other draw shares its numbers.
fn generator(seed: u64) -> ChaCha8Rng {
    let mut key = [0; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    key[8..24].copy_from_slice(b"validation split");
    ChaCha8Rng::from_seed(key)
}

/// A whole number below `bound`, each equally likely (Lemire, "Fast random integer generation in an interval", 2019).
fn below(bound: u64, mut bits: impl FnMut() -> u64) -> u64 {
    let excess = bound.wrapping_neg() % bound;
    loop {
        let product = u128::from(bits()) * u128::from(bound);
        if product as u64 >= excess {
            return (product >> 64) as u64;
        }
    }
}
