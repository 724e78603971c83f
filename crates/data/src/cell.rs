//! What one cell of a table holds.

use crate::read::{Infinite, NumberStyle};

/// A cell, read without knowing what its column is for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cell<'a> {
    /// A finite number.
    Number(f64),
    /// Nothing: an empty cell or one of the usual words for it (see [`Cell::parse`]).
    Missing,
    /// `inf`, or a number beyond the largest finite `f64`; the value is the infinity of its sign.
    Infinite(f64),
    /// Anything else, without the blanks round it.
    Text(&'a str),
}

impl<'a> Cell<'a> {
    /// Reads a cell; blanks (of any kind that Unicode knows) round the text don't count.
    ///
    /// A number is `[+-] digits [. digits] [e [+-] digits]`, where one side of the point may be without digits. It is
    /// rounded correctly to the nearest `f64`. `NaN` is missing, not a number, and `1_000`, `0x10` or `1,5` are text.
    ///
    /// Missing are the empty cell, `?`, and what pandas takes for missing: `NA`, `N/A`, `n/a`, `<NA>`, `#N/A`, `#N/A N/A`, `#NA`,
    /// `NaN`, `nan`, `-NaN`, `-nan`, `NULL`, `null`, `None`, `1.#IND`, `-1.#IND`, `1.#QNAN`, `-1.#QNAN`.
    ///
    /// ```
    /// use chainrule_data::Cell;
    /// assert_eq!(Cell::parse(" +1.5e3 "), Cell::Number(1500.0));
    /// assert_eq!(Cell::parse(".5"), Cell::Number(0.5));
    /// assert_eq!(Cell::parse("?"), Cell::Missing);
    /// assert_eq!(Cell::parse("1e999"), Cell::Infinite(f64::INFINITY));
    /// assert_eq!(Cell::parse(" 12 kg "), Cell::Text("12 kg"));
    /// ```
    pub fn parse(text: &'a str) -> Cell<'a> {
        Cell::parse_as(text, &Spelling::default())
    }

    /// Whether [`parse_as`](Cell::parse_as) says missing, without reading numbers.
    pub(crate) fn is_missing_as(text: &str, spelling: &Spelling) -> bool {
        let text = text.trim();
        spelling.missing.iter().any(|word| word == text) || is_missing(text)
    }

    /// The same where further words are missing values, or numbers are written with commas.
    pub(crate) fn parse_as(text: &'a str, spelling: &Spelling) -> Cell<'a> {
        let text = text.trim();
        if spelling.missing.iter().any(|word| word == text) {
            return Cell::Missing;
        }
        let number = if spelling.numbers == NumberStyle::PLAIN {
            number(text)
        } else {
            spelling.numbers.number(text)
        };
        match number {
            Some(value) if value.is_finite() => Cell::Number(value),
            Some(value) => Cell::Infinite(value),
            None if is_missing(text) => Cell::Missing,
            None => match infinity(text) {
                Some(value) => Cell::Infinite(value),
                None => Cell::Text(text),
            },
        }
    }
}

/// How the cells of a file are spelled.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Spelling {
    /// Words that mean a missing value, beside those of [`Cell::parse`].
    pub missing: Vec<String>,
    /// How numbers are written.
    pub numbers: NumberStyle,
    /// What infinities are.
    pub infinite: Infinite,
}

/// Whole numbers from here on, 2^53, are not all told apart by an `f64`.
pub(crate) const EXACT_INTEGERS: f64 = 9_007_199_254_740_992.0;

/// Whether `text`, a number that reads as `value`, is written as a whole number that an `f64` may not hold.
pub(crate) fn loses_digits(text: &str, value: f64) -> bool {
    value.abs() >= EXACT_INTEGERS
        && without_sign(text).bytes().all(|byte| byte.is_ascii_digit())
        // 2^53 itself is held; it is also what 2^53 + 1 reads as.
        && without_sign(text) != "9007199254740992"
}

/// Whether `text` is a number written with a zero too many in front: a code such as `007` rather than a quantity.
pub(crate) fn has_leading_zero(text: &str) -> bool {
    let digits = without_sign(text).as_bytes();
    digits.len() > 1 && digits[0] == b'0' && digits[1].is_ascii_digit()
}

fn without_sign(text: &str) -> &str {
    text.strip_prefix(['+', '-']).unwrap_or(text)
}

/// The value of a number, rounded correctly; infinite if it is too large.
pub(crate) fn number(text: &str) -> Option<f64> {
    is_number(text).then(|| text.parse().ok()).flatten()
}

/// The grammar of [`Cell::parse`]. Rust's own also takes `inf`, `infinity` and `nan` for numbers.
fn is_number(text: &str) -> bool {
    let bytes = without_sign(text).as_bytes();
    let whole = digits(bytes);
    let mut rest = &bytes[whole..];
    let mut fraction = 0;
    if let Some(after) = rest.strip_prefix(b".") {
        fraction = digits(after);
        rest = &after[fraction..];
    }
    if whole + fraction == 0 {
        return false;
    }
    match rest {
        [] => true,
        [b'e' | b'E', exponent @ ..] => {
            let exponent = match exponent {
                [b'+' | b'-', unsigned @ ..] => unsigned,
                unsigned => unsigned,
            };
            !exponent.is_empty() && digits(exponent) == exponent.len()
        }
        _ => false,
    }
}

fn digits(bytes: &[u8]) -> usize {
    bytes
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count()
}

fn is_missing(text: &str) -> bool {
    matches!(
        text,
        "" | "?"
            | "NA"
            | "N/A"
            | "n/a"
            | "<NA>"
            | "#N/A"
            | "#N/A N/A"
            | "#NA"
            | "NaN"
            | "nan"
            | "-NaN"
            | "-nan"
            | "NULL"
            | "null"
            | "None"
            | "1.#IND"
            | "-1.#IND"
            | "1.#QNAN"
            | "-1.#QNAN"
    )
}

fn infinity(text: &str) -> Option<f64> {
    let word = without_sign(text);
    let infinite = word.eq_ignore_ascii_case("inf") || word.eq_ignore_ascii_case("infinity");
    infinite.then_some(if text.starts_with('-') {
        f64::NEG_INFINITY
    } else {
        f64::INFINITY
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_usual_spellings_are_numbers() {
        for (text, value) in [
            ("1", 1.0),
            ("-1.", -1.0),
            ("+.5", 0.5),
            ("1e-3", 0.001),
            ("1E+05", 100_000.0),
            ("\t0.9\u{a0}", 0.9),
            ("007", 7.0),
            ("5e-324", 5e-324),
            ("1.7976931348623157e308", f64::MAX),
        ] {
            assert_eq!(Cell::parse(text), Cell::Number(value), "{text}");
        }
        assert_eq!(Cell::parse("1e-999"), Cell::Number(0.0));
    }

    #[test]
    fn other_spellings_are_not() {
        for text in [
            "1_000", "0x10", "1,5", "1e", "1e+", ".", "+", "--1", "1.2.3", "1 2", "e5", "١", "1f",
            "infinit", "1e5.0",
        ] {
            assert_eq!(Cell::parse(text), Cell::Text(text), "{text}");
        }
    }

    #[test]
    fn infinities_and_missing_values_are_told_from_numbers() {
        for text in ["inf", "+Inf", "INFINITY", "1e309"] {
            assert_eq!(Cell::parse(text), Cell::Infinite(f64::INFINITY), "{text}");
        }
        for text in ["-inf", "-1e400"] {
            assert_eq!(
                Cell::parse(text),
                Cell::Infinite(f64::NEG_INFINITY),
                "{text}"
            );
        }
        for text in ["", "   ", "?", "NA", "NaN", "nan", "null", "#N/A", "None"] {
            assert_eq!(Cell::parse(text), Cell::Missing, "{text}");
        }
    }

    #[test]
    fn whole_numbers_above_two_to_the_53_are_noticed() {
        let lost = |text: &str| matches!(Cell::parse(text), Cell::Number(value) if loses_digits(text, value));
        assert!(lost("9007199254740993") && lost("-10000000000000000"));
        assert!(!lost("9007199254740992") && !lost("9007199254740991") && !lost("1e20"));
    }

    proptest! {
        #[test]
        fn every_finite_number_reads_back_to_its_bits(bits in any::<u64>()) {
            let value = f64::from_bits(bits);
            prop_assume!(value.is_finite());
            for text in [format!("{value}"), format!("{value:e}"), format!("{value:?}")] {
                let Cell::Number(read) = Cell::parse(&text) else { panic!("{text}") };
                prop_assert_eq!(read.to_bits(), bits);
            }
        }

        #[test]
        fn any_text_is_some_cell(text in any::<String>()) {
            if let Cell::Text(kept) = Cell::parse(&text) {
                prop_assert_eq!(kept, text.trim());
            }
        }
    }
}
