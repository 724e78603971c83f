//! Statistics of one feature.

/// Mean and population standard deviation of one feature.
pub(super) struct Moments {
    pub mean: f64,
    /// 0 if it is lost in the rounding of the values.
    pub deviation: f64,
}

impl Moments {
    /// Of `count` finite values; nothing if they are too large.
    pub fn of(
        value: impl Fn(usize) -> f64,
        weights: Option<&[f64]>,
        count: usize,
    ) -> Option<Moments> {
        let heaviest = weights
            .into_iter()
            .flatten()
            .fold(1.0, |a: f64, b| a.max(*b));
        // A power of two, so that sums of the largest weights don't overflow and nothing else changes.
        let weight_exponent = libm::frexp(heaviest).1 - 1;
        let weight =
            |at: usize| weights.map_or(1.0, |weights| libm::scalbn(weights[at], -weight_exponent));
        let largest = (0..count).fold(0.0, |largest: f64, at| largest.max(value(at).abs()));
        if largest == 0.0 {
            return Some(Moments {
                mean: 0.0,
                deviation: 0.0,
            });
        }
        let exponent = libm::frexp(largest).1;
        if exponent > f64::MAX_EXP - 3 {
            return None;
        }
        // A power of two: unless a value is so small beside the largest that it does not count, this is exact.
        let unit = |at: usize| libm::scalbn(value(at), -exponent);
        let first = unit(0);
        let (mut sum, mut total) = (0.0, 0.0);
        for at in 0..count {
            sum += weight(at) * (unit(at) - first);
            total += weight(at);
        }
        let shift = sum / total;
        let mut squares = 0.0;
        for at in 0..count {
            let difference = unit(at) - first - shift;
            squares += weight(at) * (difference * difference);
        }
        let deviation = (squares / total).sqrt();
        let largest = libm::scalbn(largest, -exponent);
        let constant = deviation <= 4.0 * f64::EPSILON * largest;
        Some(Moments {
            mean: libm::scalbn(first + shift, exponent),
            deviation: if constant {
                0.0
            } else {
                libm::scalbn(deviation, exponent)
            },
        })
    }
}

/// The value below which a share of the weight lies; where that is between two values, the middle of these. (With equal weights and a half:
/// the median.) Nothing without values.
pub(super) fn quantile(values: &mut [(f64, f64)], share: f64) -> Option<f64> {
    values.sort_by(|a, b| a.0.total_cmp(&b.0));
    let total: f64 = values.iter().map(|(_, weight)| weight).sum();
    let wanted = share * total;
    let mut below = 0.0;
    for (at, &(value, weight)) in values.iter().enumerate() {
        below += weight;
        if below > wanted {
            return Some(value);
        }
        if below == wanted {
            // Halved first: the sum of the two may be too large.
            return Some(
                values
                    .get(at + 1)
                    .map_or(value, |next| value / 2.0 + next.0 / 2.0),
            );
        }
    }
    values.last().map(|(value, _)| *value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[f64], share: f64) -> Option<f64> {
        quantile(
            &mut values.iter().map(|&value| (value, 1.0)).collect::<Vec<_>>(),
            share,
        )
    }

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(of(&[3.0, 1.0, 2.0], 0.5), Some(2.0));
        assert_eq!(of(&[4.0, 1.0, 2.0, 3.0], 0.5), Some(2.5));
        assert_eq!(of(&[7.0], 0.5), Some(7.0));
        assert_eq!(of(&[], 0.5), None);
        assert_eq!(of(&[f64::MAX, f64::MAX], 0.5), Some(f64::MAX));
        assert_eq!(of(&[1.0, 2.0, 3.0, 4.0, 5.0], 0.25), Some(2.0));
    }

    #[test]
    fn a_weight_counts_as_often_as_it_says() {
        assert_eq!(quantile(&mut [(1.0, 3.0), (9.0, 1.0)], 0.5), Some(1.0));
        assert_eq!(quantile(&mut [(1.0, 2.0), (9.0, 2.0)], 0.5), Some(5.0));
    }
}
