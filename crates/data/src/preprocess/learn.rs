//! What is learned of one feature from the training rows.

use super::encoder::Encoder;
use super::moments::{Moments, quantile};
use super::{Scaling, too_large};
use crate::dataset::Dataset;
use crate::error::Error;
use crate::schema::FeatureKind;
use std::collections::BTreeMap;

/// A level in fewer training rows is rare: it shares an input with all that are.
const RARE: f64 = 5.0;

/// The most levels that have an input of their own, the most frequent ones.
const MOST_LEVELS: usize = 100;

impl Encoder {
    /// Learns from one feature of the training rows.
    ///
    /// Numbers are centred and divided by mean and standard deviation (over the rows in which they are not missing), by smallest value and
    /// range, or by median and the distance of the quartiles (or of smallest and largest value, if that is 0), as the scaling says; truth values are not scaled. A level that fewer than five
    /// training rows have shares an input with all such levels, and so do levels beyond the hundred most frequent ones.
    ///
    /// With weights, the sum of the weights takes the place of the number of rows, except that a level of five rows is never rare, however
    /// little they weigh.
    ///
    /// # Errors
    /// [`ErrorKind::Spread`](crate::ErrorKind::Spread) if values are too large for the scaled ones to be computed.
    pub fn fit(scaling: Scaling, data: &Dataset, feature: usize) -> Result<Encoder, Error> {
        let row = data.features().row(feature);
        let present: Vec<usize> = (0..data.len()).filter(|&at| !row[at].is_nan()).collect();
        let indicator = present.len() < data.len();
        let weight = |at: usize| data.weights().map_or(1.0, |weights| weights[at]);
        let mut weighted: Vec<(f64, f64)> =
            present.iter().map(|&at| (row[at], weight(at))).collect();
        let kind = data.kind(feature);
        if *kind == FeatureKind::Categorical {
            return Ok(one_hot(data.levels(feature), &weighted, indicator));
        }
        let median = quantile(&mut weighted, 0.5).unwrap_or(0.0);
        let range = (
            weighted.first().map_or(0.0, |(x, _)| *x),
            weighted.last().map_or(0.0, |(x, _)| *x),
        );
        let weights: Vec<f64> = present.iter().map(|&at| weight(at)).collect();
        let weights = data.weights().map(|_| weights.as_slice());
        let moments = Moments::of(|at| row[present[at]], weights, present.len())
            .ok_or_else(|| too_large(data, feature))?;
        let spread = |from: f64, to: f64| {
            if moments.deviation == 0.0 {
                0.0
            } else {
                to - from
            }
        };
        let (center, scale) = match scaling {
            _ if present.is_empty() => (0.0, 0.0),
            Scaling::Standard => (moments.mean, moments.deviation),
            Scaling::MinMax => (range.0, spread(range.0, range.1)),
            Scaling::Robust => {
                let quartiles =
                    [0.25, 0.75].map(|share| quantile(&mut weighted, share).unwrap_or(0.0));
                let scale = match spread(quartiles[0], quartiles[1]) {
                    0.0 => spread(range.0, range.1),
                    scale => scale,
                };
                (median, scale)
            }
            Scaling::None => (0.0, 1.0),
        };
        Ok(match kind {
            FeatureKind::Date(_) => Encoder::Date {
                // Days are scaled in any case: there are twenty thousand of them.
                center: if scaling == Scaling::None {
                    moments.mean
                } else {
                    center
                },
                scale: if scaling == Scaling::None {
                    moments.deviation
                } else {
                    scale
                },
                has_time: present.iter().any(|&at| row[at].fract() != 0.0),
                fill: median,
                indicator,
            },
            FeatureKind::Boolean => Encoder::Number {
                center: 0.0,
                scale: 1.0,
                fill: if moments.mean > 0.5 { 1.0 } else { 0.0 },
                indicator,
            },
            _ => Encoder::Number {
                center,
                scale,
                fill: median,
                indicator,
            },
        })
    }
}

fn one_hot(table_levels: &[String], values: &[(f64, f64)], indicator: bool) -> Encoder {
    let mut rows: BTreeMap<&str, (usize, f64)> = BTreeMap::new();
    for &(level, weight) in values {
        let (count, sum) = rows.entry(&table_levels[level as usize]).or_default();
        *count += 1;
        *sum += weight;
    }
    let mut frequent: Vec<(&str, (usize, f64))> = rows
        .iter()
        .map(|(&level, &counts)| (level, counts))
        .collect();
    // A row of weight k is as k rows. Weights may also be small everywhere, as those that add up to 1: then rows are counted.
    let frequency = |&(_, (count, weight)): &(&str, (usize, f64))| weight.max(count as f64);
    // The sort is stable: of equally frequent levels the first in byte order stays first.
    frequent.sort_by(|a, b| frequency(b).total_cmp(&frequency(a)));
    let kept = frequent
        .iter()
        .take(MOST_LEVELS)
        .take_while(|level| frequency(level) >= RARE)
        .count();
    let rare: f64 = frequent[kept..].iter().map(|(_, (_, weight))| weight).sum();
    let others = kept < frequent.len() || frequent.is_empty();
    let mut levels: Vec<String> = frequent[..kept]
        .iter()
        .map(|(level, _)| (*level).to_owned())
        .collect();
    levels.sort();
    let weights = levels
        .iter()
        .map(|level| rows[level.as_str()].1)
        .chain(others.then_some(rare));
    let mut fill = (0, f64::NEG_INFINITY);
    for (place, weight) in weights.enumerate() {
        if weight > fill.1 {
            fill = (place, weight);
        }
    }
    Encoder::OneHot {
        levels,
        others,
        fill: fill.0,
        indicator,
    }
}
