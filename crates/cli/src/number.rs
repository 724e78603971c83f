//! Numbers as text.

pub use chainrule_data::{counted, grouped};

use std::fmt::Write;
use std::str::FromStr;
use std::time::Duration;

/// The fewest digits that read back, as `f64`, to the same bits: `0.25`, `1e-7`.
///
/// The probability of an f32 model is written as the `f64` that it is equal to, so it reads back to the same bits as `f32` and
/// as `f64`.
pub fn exact(out: &mut String, value: f64) {
    out.clear();
    // The plain form of a tiny or huge number is hundreds of zeros.
    let result = if value == 0.0 || (1e-5..1e16).contains(&value.abs()) {
        write!(out, "{value}")
    } else {
        write!(out, "{value:e}")
    };
    debug_assert!(result.is_ok(), "a string takes everything");
}

/// For people: a metric with four decimals, or where it is out of all bounds by its order of magnitude: `0.6931`, `4.84e29`.
pub fn decimals(value: f64) -> String {
    if value.abs() < 1e6 {
        format!("{value:.4}")
    } else {
        format!("{value:.2e}")
    }
}

/// For people, a setting: [`exact`] in a string of its own.
pub fn setting(value: f64) -> String {
    let mut text = String::new();
    exact(&mut text, value);
    text
}

/// The parser of an option that is a whole number, 0 or more.
///
/// # Errors
/// If it is none, or too large.
pub fn whole<T: FromStr>(text: &str) -> Result<T, String> {
    text.parse()
        .map_err(|_| "expected a whole number, 0 or more".to_owned())
}

/// For people: `0.31 s`, `12 ms`, `3 min 20 s`.
pub fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    match seconds {
        s if s < 9.995e-4 => format!("{:.0} µs", s * 1e6),
        s if s < 0.9995 => format!("{:.0} ms", s * 1e3),
        s if s < 99.95 => format!("{s:.1} s"),
        s => format!("{} min {:02.0} s", (s as u64) / 60, (s % 60.0).floor()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_keep_to_their_columns() {
        assert_eq!(decimals(0.123_456), "0.1235");
        assert_eq!(decimals(-12.0), "-12.0000");
        assert_eq!(decimals(4.835_869e29), "4.84e29");
        assert_eq!(
            [decimals(f64::INFINITY), decimals(f64::NAN)],
            ["inf", "NaN"]
        );
    }

    #[test]
    fn numbers_read_back_to_the_same_bits() {
        let mut text = String::new();
        let mut bits = 1_u64;
        for _ in 0..20_000 {
            bits = bits
                .wrapping_mul(6364136223846793005)
                .wrapping_add(1442695040888963407);
            let value = f64::from_bits(bits >> 2);
            exact(&mut text, value);
            assert_eq!(
                text.parse::<f64>().map(f64::to_bits),
                Ok(value.to_bits()),
                "{text}"
            );

            let single = f32::from_bits((bits >> 34) as u32);
            exact(&mut text, f64::from(single));
            assert_eq!(
                text.parse::<f32>().map(f32::to_bits),
                Ok(single.to_bits()),
                "{text}"
            );
        }
    }

    #[test]
    fn numbers_are_short() {
        let shown = |value| {
            let mut text = String::new();
            exact(&mut text, value);
            text
        };
        assert_eq!(
            [0.0, 1.0, 0.25, 1e-5, 5e-324, 1e15, -1e30].map(shown),
            [
                "0",
                "1",
                "0.25",
                "0.00001",
                "5e-324",
                "1000000000000000",
                "-1e30"
            ]
        );
    }

    #[test]
    fn people_read_these() {
        assert_eq!(
            [0, 999, 1000, 1234567].map(grouped),
            ["0", "999", "1,000", "1,234,567"]
        );
        let seconds = [0.0000012, 0.0123, 0.9999, 3.21, 200.9];
        assert_eq!(
            seconds.map(|s| duration(Duration::from_secs_f64(s))),
            ["1 µs", "12 ms", "1.0 s", "3.2 s", "3 min 20 s"]
        );
        assert_eq!(counted(1, "row"), "1 row");
    }
}
