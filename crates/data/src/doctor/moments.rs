//! Mean and standard deviation of numbers that come one by one.

/// The numbers so far.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moments {
    count: u64,
    /// All else is in units of this power of two, so that squares of the largest and of the smallest numbers are numbers.
    exponent: i32,
    /// The inverse of the unit, and the numbers from which on it is too small.
    inverse: f64,
    limit: f64,
    mean: f64,
    squares: f64,
}

impl Default for Moments {
    fn default() -> Moments {
        let mut moments = Moments {
            count: 0,
            exponent: 0,
            inverse: 1.0,
            limit: 2.0,
            mean: 0.0,
            squares: 0.0,
        };
        // That of the smallest normal number.
        moments.count_in(f64::MIN_EXP - 1);
        moments
    }
}

impl Moments {
    /// Adds a finite number (Welford, "Note on a method for calculating corrected sums of squares and products", 1962).
    pub fn add(&mut self, value: f64) {
        if value.abs() >= self.limit {
            self.count_in(libm::frexp(value).1 - 1);
        }
        self.count += 1;
        let value = value * self.inverse;
        let off = value - self.mean;
        self.mean += off / self.count as f64;
        self.squares += off * (value - self.mean);
    }

    fn count_in(&mut self, exponent: i32) {
        let smaller = self.exponent - exponent;
        self.mean = libm::scalbn(self.mean, smaller);
        self.squares = libm::scalbn(self.squares, 2 * smaller);
        self.exponent = exponent;
        self.inverse = libm::scalbn(1.0, -exponent);
        self.limit = libm::scalbn(2.0, exponent);
    }

    pub fn mean(&self) -> f64 {
        libm::scalbn(self.mean, self.exponent)
    }

    /// The standard deviation, divided by the count.
    pub fn deviation(&self) -> f64 {
        let square = self.squares / self.count.max(1) as f64;
        libm::scalbn(square.sqrt(), self.exponent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[f64]) -> (f64, f64) {
        let mut moments = Moments::default();
        values.iter().for_each(|&value| moments.add(value));
        (moments.mean(), moments.deviation())
    }

    #[test]
    fn units_do_not_matter() {
        // Mean 2.5 and deviation 1.5, in any unit that is a power of two, and where the largest come last.
        for unit in [0, 1020, -1070, 500, -500] {
            let scaled = |values: [f64; 4]| values.map(|value| libm::scalbn(value, unit));
            let expected = (libm::scalbn(2.5, unit), libm::scalbn(1.5, unit));
            assert_eq!(of(&scaled([1.0, 4.0, 1.0, 4.0])), expected, "{unit}");
            assert_eq!(of(&scaled([4.0, 1.0, 4.0, 1.0])), expected, "{unit}");
        }
        assert_eq!(of(&[f64::MAX, -f64::MAX]), (0.0, f64::MAX));
        assert_eq!(of(&[0.0, 0.0]), (0.0, 0.0));
        assert_eq!(of(&[5e-324]), (5e-324, 0.0));
        assert_eq!(of(&[]), (0.0, 0.0));
        let (mean, deviation) = of(&[1e-300, 1e300]);
        assert!((mean / 5e299 - 1.0).abs() < 1e-15 && (deviation / 5e299 - 1.0).abs() < 1e-15);
    }
}
