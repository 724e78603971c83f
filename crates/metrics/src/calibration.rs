//! Whether probabilities are what they say.

use crate::Error;
use crate::rows::{Row, Rows, ranked};

/// Probabilities in bins, each with the share of positive rows that it should predict.
#[derive(Clone, Debug, PartialEq)]
pub struct Calibration {
    /// As many as were asked for, from low to high; those without rows too.
    pub bins: Vec<Bin>,
    /// The expected calibration error: the mean over the rows of `|positive_rate − mean_probability|` of their bin.
    pub expected_error: f64,
}

/// The rows whose probabilities fall in one bin.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bin {
    /// The number of rows.
    pub rows: usize,
    /// Their weight.
    pub weight: f64,
    /// The mean of their probabilities, if there are rows.
    pub mean_probability: Option<f64>,
    /// The share that is positive, if there are rows.
    pub positive_rate: Option<f64>,
    /// Their lowest and highest probability, if there are rows.
    pub range: Option<(f64, f64)>,
}

/// How probabilities are put in bins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binning {
    /// By value: of n bins, `p` is in bin `⌊n p⌋`, and 1 is in the last.
    EqualWidth,
    /// By rank: about the same weight in each. Rows of equal probability stay together, in the bin in which their middle lies.
    Quantile,
}

/// Puts probabilities in bins and compares each bin with what happened.
///
/// # Errors
/// [`Error`] on slices of different lengths, probabilities outside [0, 1], weights that can't be used, no rows, and no bins.
///
/// ```
/// use chainrule_metrics::{Binning, calibration};
/// let labels = [true, false, true, false];
/// let found = calibration(&labels, &[0.75; 4], None, 10, Binning::EqualWidth)?;
/// assert_eq!(found.expected_error, 0.25);
/// assert_eq!((found.bins[7].rows, found.bins[7].positive_rate), (4, Some(0.5)));
/// # Ok::<(), chainrule_metrics::Error>(())
/// ```
pub fn calibration(
    labels: &[bool],
    probabilities: &[f64],
    weights: Option<&[f64]>,
    bins: usize,
    binning: Binning,
) -> Result<Calibration, Error> {
    if bins == 0 {
        return Err(Error::Parameter {
            what: "number of bins",
            value: 0.0,
            expected: "at least 1",
        });
    }
    let rows = Rows::with_probabilities(labels, probabilities, weights)?;
    Ok(calibration_of(&rows, bins, binning))
}

/// The same for rows that are checked, and one bin or more.
pub(crate) fn calibration_of(rows: &Rows, bins: usize, binning: Binning) -> Calibration {
    let place = |share: f64| ((share * bins as f64) as usize).min(bins - 1);
    let mut sums = vec![Sums::default(); bins];
    match binning {
        Binning::EqualWidth => rows.iter().for_each(|row| sums[place(row.score)].add(row)),
        Binning::Quantile => {
            let mut below = 0.0;
            let mut ranked = ranked(rows.iter());
            ranked.reverse();
            for group in ranked.chunk_by(|a, b| a.score == b.score) {
                let weight: f64 = group.iter().map(|row| row.weight).sum();
                let bin = place((below + weight / 2.0) / rows.total());
                group.iter().for_each(|&row| sums[bin].add(row));
                below += weight;
            }
        }
    }
    let bins: Vec<Bin> = sums.iter().map(Sums::bin).collect();
    let gap = |bin: &Bin| Some(bin.weight * (bin.positive_rate? - bin.mean_probability?).abs());
    let expected_error = bins.iter().filter_map(gap).sum::<f64>() / rows.total();
    Calibration {
        bins,
        expected_error,
    }
}

#[derive(Clone, Copy, Default)]
struct Sums {
    rows: usize,
    weight: f64,
    probability: f64,
    positive: f64,
    range: Option<(f64, f64)>,
}

impl Sums {
    fn add(&mut self, row: Row) {
        let (low, high) = self.range.unwrap_or((row.score, row.score));
        self.rows += 1;
        self.weight += row.weight;
        self.probability += row.weight * row.score;
        self.positive += if row.label { row.weight } else { 0.0 };
        self.range = Some((low.min(row.score), high.max(row.score)));
    }

    fn bin(&self) -> Bin {
        let mean = |sum: f64| (self.rows > 0).then(|| sum / self.weight);
        Bin {
            rows: self.rows,
            weight: self.weight,
            mean_probability: mean(self.probability),
            positive_rate: mean(self.positive),
            range: self.range,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_constant_predictor_fills_one_bin_and_keeps_its_error() {
        let labels = [
            true, false, true, false, true, false, true, false, true, false,
        ];
        for binning in [Binning::EqualWidth, Binning::Quantile] {
            let found = calibration(&labels, &[0.8; 10], None, 10, binning).unwrap();
            assert!((found.expected_error - 0.3).abs() < 1e-15);
            assert_eq!(found.bins.iter().filter(|bin| bin.rows > 0).count(), 1);
            assert_eq!(found.bins.iter().map(|bin| bin.rows).max(), Some(10));
        }
    }

    #[test]
    fn the_ends_are_in_the_end_bins() {
        let found =
            calibration(&[false, true], &[0.0, 1.0], None, 10, Binning::EqualWidth).unwrap();
        assert_eq!((found.bins[0].rows, found.bins[9].rows), (1, 1));
        assert_eq!(found.bins[5], Bin::default());
        assert_eq!(found.expected_error, 0.0);
    }

    #[test]
    fn quantiles_part_distinct_scores_evenly() {
        let p: Vec<f64> = (0..20).rev().map(|i| f64::from(i) / 40.0).collect();
        let found = calibration(&[true; 20], &p, None, 10, Binning::Quantile).unwrap();
        assert!(found.bins.iter().all(|bin| bin.rows == 2));
        assert_eq!(found.bins[0].range, Some((0.0, 0.025)));
    }

    #[test]
    fn no_bins_is_an_error() {
        assert!(calibration(&[true], &[0.5], None, 0, Binning::Quantile).is_err());
    }
}
