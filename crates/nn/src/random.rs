//! Random numbers that depend on a seed, a purpose and a position, and on nothing else.
//!
//! Numbers are counter-based (ChaCha with 8 rounds): there is no generator whose state could be lost or shared. Bits become
//! numbers by the code below, on every machine alike.

use std::f64::consts::PI;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// What random numbers are drawn for. No two purposes share a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Purpose {
    /// The first weights; a stream for each layer.
    InitialWeights,
    /// The order of the samples; a stream for each epoch.
    Shuffling,
}

impl Purpose {
    fn key(self) -> [u8; 16] {
        match self {
            Purpose::InitialWeights => *b"initial weights\0",
            Purpose::Shuffling => *b"shuffling\0\0\0\0\0\0\0",
        }
    }
}

/// A stream of random numbers.
///
/// ```
/// use chainrule_nn::random::{Purpose, Stream};
///
/// let mut first = Stream::new(7, Purpose::Shuffling, 1);
/// let mut again = Stream::new(7, Purpose::Shuffling, 1);
/// let mut other = Stream::new(7, Purpose::Shuffling, 2);
/// let bits = first.bits();
/// assert_eq!(bits, again.bits());
/// assert_ne!(bits, other.bits());
/// ```
#[derive(Clone, Debug)]
pub struct Stream(ChaCha8Rng);

impl Stream {
    /// The stream `index` (a layer, an epoch) of a purpose.
    pub fn new(seed: u64, purpose: Purpose, index: u64) -> Stream {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8..24].copy_from_slice(&purpose.key());
        let mut generator = ChaCha8Rng::from_seed(key);
        generator.set_stream(index);
        Stream(generator)
    }

    /// The next 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A multiple of 2⁻⁵³ in [0, 1), each equally likely.
    pub fn unit(&mut self) -> f64 {
        // Both the integer (below 2⁵³) and the product are exact.
        (self.bits() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// A number in [−limit, limit), evenly distributed.
    pub fn symmetric(&mut self, limit: f64) -> f64 {
        (2.0 * self.unit() - 1.0) * limit
    }

    /// A standard normal number, by the method of Box and Muller, "A Note on the Generation of Random Normal Deviates"
    /// (1958). Two draws give one number, so that the k-th does not depend on how the ones before were used.
    pub fn normal(&mut self) -> f64 {
        // 1 − unit is in (0, 1]: the logarithm is finite.
        let radius = (-2.0 * libm::log(1.0 - self.unit())).sqrt();
        radius * libm::cos(2.0 * PI * self.unit())
    }

    /// A whole number below `bound`, each equally likely (Lemire, "Fast Random Integer Generation in an Interval", 2019).
    ///
    /// # Panics
    /// If `bound` is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        assert!(bound > 0, "there is no whole number below 0");
        let excess = bound.wrapping_neg() % bound;
        loop {
            let product = u128::from(self.bits()) * u128::from(bound);
            if product as u64 >= excess {
                return (product >> 64) as u64;
            }
        }
    }

    /// Puts items in a random order, each equally likely (Fisher and Yates; Durstenfeld, Algorithm 235, 1964).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for at in (1..items.len()).rev() {
            items.swap(at, self.below(at as u64 + 1) as usize);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream() -> Stream {
        Stream::new(1, Purpose::InitialWeights, 1)
    }

    /// Every model depends on these: they must never change. A ChaCha of a dozen lines in Python, written from Bernstein's
    /// paper, gave the same.
    #[test]
    fn the_first_numbers_are_the_committed_ones() {
        let mut s = stream();
        let found = [s.bits(), s.bits(), s.unit().to_bits(), s.below(1000)];
        let expected = [
            9716974901337126493,
            5266619194897181201,
            4604022294544090106,
            506,
        ];
        assert_eq!(found, expected);
        assert_eq!(stream().normal().to_bits(), 13821918693731312642);
        let mut order = [0, 1, 2, 3, 4, 5, 6, 7];
        Stream::new(1, Purpose::Shuffling, 1).shuffle(&mut order);
        assert_eq!(order, [1, 4, 2, 7, 5, 3, 6, 0]);
    }

    #[test]
    fn purposes_seeds_and_indices_share_nothing() {
        let first = |seed, purpose, index| Stream::new(seed, purpose, index).bits();
        let all = [
            first(1, Purpose::InitialWeights, 1),
            first(1, Purpose::InitialWeights, 2),
            first(2, Purpose::InitialWeights, 1),
            first(1, Purpose::Shuffling, 1),
        ];
        for (i, bits) in all.iter().enumerate() {
            assert!(!all[..i].contains(bits));
        }
    }

    #[test]
    fn numbers_have_the_moments_of_their_distributions() {
        let n = 100_000;
        let mut s = stream();
        let moments = |draw: &mut dyn FnMut() -> f64| {
            let (mut sum, mut squares) = (0.0, 0.0);
            for _ in 0..n {
                let x = draw();
                sum += x;
                squares += x * x;
            }
            (sum / f64::from(n), squares / f64::from(n))
        };
        let (mean, square) = moments(&mut || s.symmetric(3.0));
        assert!(
            mean.abs() < 0.03 && (square - 3.0).abs() < 0.05,
            "{mean} {square}"
        );
        let (mean, square) = moments(&mut || s.normal());
        assert!(
            mean.abs() < 0.02 && (square - 1.0).abs() < 0.02,
            "{mean} {square}"
        );
    }

    #[test]
    fn every_order_is_equally_likely() {
        let mut counts = [0u32; 6];
        let mut s = stream();
        for _ in 0..60_000 {
            let mut order = [0, 1, 2];
            s.shuffle(&mut order);
            counts[order[0] * 2 + usize::from(order[1] > order[2])] += 1;
        }
        assert!(
            counts.iter().all(|n| n.abs_diff(10_000) < 500),
            "{counts:?}"
        );
    }
}
