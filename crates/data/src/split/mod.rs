//! Parting rows into those to train on and those to validate on; and the rows of a file into files of their own.

mod copy;
mod file;
mod time;

pub use copy::{Copied, FilePlan, PartRows};
pub use file::{By, FileSplit, Part, Shares};

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
    stratified_for(Purpose::Validation, labels, fraction, seed)
}

/// What rows are set apart for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To see how a training goes.
    Validation,
    /// To judge the finished model, and for nothing before.
    Test,
}

/// [`stratified`], with numbers of its own for each purpose.
///
/// # Errors
/// Those of [`stratified`].
pub fn stratified_for(
    purpose: Purpose,
    labels: &[bool],
    fraction: f64,
    seed: u64,
) -> Result<Split, Error> {
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
    let name: &[u8] = match purpose {
        Purpose::Validation => b"validation split",
        Purpose::Test => b"test split",
    };
    let mut random = generator(name, seed);
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
fn generator(purpose: &[u8], seed: u64) -> ChaCha8Rng {
    let mut key = [0; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    key[8..8 + purpose.len()].copy_from_slice(purpose);
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const GOLDEN: [usize; 4] = [2, 11, 12, 14];

    #[test]
    fn a_split_is_the_same_for_ever() {
        let labels: Vec<bool> = (0..20).map(|i| i % 4 == 0).collect();
        let parts = stratified(&labels, 0.2, 1).unwrap();
        assert_eq!(parts.validation, GOLDEN);
        assert_ne!(stratified(&labels, 0.2, 2).unwrap(), parts);
    }

    #[test]
    fn each_class_has_a_row_on_both_sides_or_there_is_a_message() {
        let few = [true, false, false, false, false];
        assert_eq!(
            stratified(&few, 0.1, 0).unwrap_err().to_string(),
            "4 rows of the negative and 1 row of the positive class: too few for one of each on both sides of a validation \
             split; give at least two of each, or train without validation"
        );
        let parts = stratified(&[true, false, true, false, false], 0.1, 0).unwrap();
        assert_eq!(parts.validation.len(), 2);
        let parts = stratified(&[true, false, true, false], 0.99, 0).unwrap();
        assert_eq!(parts.train.len(), 2);
    }

    #[test]
    fn no_share_is_no_validation() {
        let parts = stratified(&[true], 0.0, 0).unwrap();
        assert_eq!((parts.train, parts.validation), (vec![0], vec![]));
        for share in [1.0, -0.1, f64::NAN] {
            assert!(stratified(&[true, false], share, 0).is_err());
        }
    }

    #[test]
    fn every_row_is_as_likely_to_be_drawn() {
        let labels: Vec<bool> = (0..10).map(|i| i < 5).collect();
        let mut drawn = [0; 10];
        for seed in 0..4000 {
            for at in stratified(&labels, 0.4, seed).unwrap().validation {
                drawn[at] += 1;
            }
        }
        // 1600 expected of each, with a standard deviation of 31.
        assert!(
            drawn.iter().all(|count| (1450..1750).contains(count)),
            "{drawn:?}"
        );
    }

    #[test]
    fn bounds_are_kept() {
        let mut bits = [u64::MAX, 0, 1 << 63].into_iter();
        assert_eq!(below(3, || bits.next().unwrap()), 2);
        // The bits 0 are one too many for three equal parts of 2^64, so they are drawn again.
        assert_eq!(below(3, || bits.next().unwrap()), 1);
    }

    proptest! {
        #[test]
        fn every_row_is_on_one_side_and_the_share_is_right(
            labels in prop::collection::vec(any::<bool>(), 0..200), fraction in 0.01..0.99, seed in any::<u64>()
        ) {
            let positives = labels.iter().filter(|label| **label).count();
            let Ok(parts) = stratified(&labels, fraction, seed) else {
                prop_assert!(positives < 2 || labels.len() - positives < 2);
                return Ok(());
            };
            let mut all = [parts.train.clone(), parts.validation.clone()].concat();
            all.sort_unstable();
            prop_assert_eq!(all, (0..labels.len()).collect::<Vec<_>>());
            prop_assert!(parts.train.is_sorted() && parts.validation.is_sorted());
            for (class, rows) in [(true, positives), (false, labels.len() - positives)] {
                let drawn = parts.validation.iter().filter(|&&at| labels[at] == class).count();
                prop_assert!(drawn >= 1 && drawn < rows);
                prop_assert!((drawn as f64 - fraction * rows as f64).abs() <= 1.0);
            }
        }
    }
}
