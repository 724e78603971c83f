//! Numbers as programs write them, eight digits at a time: `-12.75`, `3`, `.5`. Whatever is written otherwise (with an exponent, a
//! plus, twenty digits) is left to a slower reader, so that this one can be short.

/// From here on, 2^53, an `f64` does not hold each whole number.
const EXACT: u64 = 1 << 53;

/// So many bytes must follow, that a number can be read without looking for the end of the bytes.
const WINDOW: usize = 8;

/// Reads a number that starts at `start`, and tells where its last character ends; nothing if it is not of the plain kind, or too near
/// the end of the bytes. What follows the number is for the caller to judge. Zeros in front, as in `007`, are not plain.
///
/// The value is the `f64` nearest to the number, ties to even. Whole numbers from 2^53 on are left out: not all of them are held.
#[inline(always)]
pub(super) fn plain_number(bytes: &[u8], start: usize, mark: u8) -> Option<(f64, usize)> {
    let is_negative = *bytes.get(start)? == b'-';
    let first = start + usize::from(is_negative);
    let word = eight_bytes(bytes, first)?;
    let others = not_digits(word);
    let whole = places(others);
    // A zero in front of other digits, or no digit in front at all. (`.5` is rare enough.)
    // Which numbers begin with a zero can't be predicted; that few have another digit behind it can.
    if (whole == 0) | ((word as u8 == b'0') & (whole > 1)) {
        return None;
    }
    if whole < 8 {
        let next = (word >> (8 * whole)) as u8;
        if next != mark {
            let value = digits(word, whole) as i64 as f64;
            return Some((with_sign(value, is_negative), first + whole));
        }
        // Take the mark out from between the digits.
        let end = places(others & (others - 1));
        let before = (1_u64 << (8 * whole)) - 1;
        let joined = (word & before) | ((word >> 8) & !before);
        let value = digits(joined, end - 1);
        let fraction = end - 1 - whole;
        if end == 8 {
            // There may be more of them.
            let (value, end) = long_fraction(bytes, first + 8, value, fraction)?;
            return Some((with_sign(value, is_negative), end));
        }
        if fraction == 0 {
            return None;
        }
        // Both are exact, and a quotient is rounded once: Clinger's way.
        let value = value as i64 as f64 / POWERS[fraction];
        return Some((with_sign(value, is_negative), first + end));
    }
    let (value, end) = long_number(bytes, first, mark)?;
    Some((with_sign(value, is_negative), end))
}

/// The same for eight digits and more before the mark, or without one.
#[inline(never)]
fn long_number(bytes: &[u8], start: usize, mark: u8) -> Option<(f64, usize)> {
    let (whole, end) = all_digits(bytes, start, 0)?;
    if *bytes.get(end)? == mark {
        long_fraction(bytes, end + 1, whole, 0)
    } else {
        (whole < EXACT).then_some((whole as i64 as f64, end))
    }
}

/// What follows behind so many digits of a fraction, where `before` are all digits up to there.
#[inline(never)]
fn long_fraction(bytes: &[u8], at: usize, before: u64, digits: usize) -> Option<(f64, usize)> {
    let (mantissa, end) = all_digits(bytes, at, before)?;
    let places = digits + end - at;
    if places == 0 {
        return None;
    }
    Some((divided(mantissa, places)?, end))
}

/// `before` with the digits that follow behind it; nothing if that is too large.
#[inline]
fn all_digits(bytes: &[u8], start: usize, before: u64) -> Option<(u64, usize)> {
    let (mut number, mut at) = (before, start);
    loop {
        let word = eight_bytes(bytes, at)?;
        let count = places(not_digits(word));
        if count == 8 {
            number = number
                .checked_mul(100_000_000)?
                .checked_add(eight_digits(word))?;
            at += 8;
        } else {
            number = number
                .checked_mul(TENS[count])?
                .checked_add(digits(word, count))?;
            return Some((number, at + count));
        }
    }
}

/// Eight bytes, the first one lowest.
#[inline]
fn eight_bytes(bytes: &[u8], at: usize) -> Option<u64> {
    let window = bytes.get(at..at + WINDOW)?;
    Some(u64::from_le_bytes(window.try_into().ok()?))
}

/// The highest bit of each byte that is no digit.
#[inline]
fn not_digits(word: u64) -> u64 {
    // Digits become 0 to 9. No sum carries into the next byte.
    let values = word ^ 0x3030_3030_3030_3030;
    let above_nine = (values & 0x7f7f_7f7f_7f7f_7f7f) + 0x7676_7676_7676_7676;
    (above_nine | values) & 0x8080_8080_8080_8080
}

/// The number of bytes before the first marked one; 8 if there is none.
#[inline]
fn places(marks: u64) -> usize {
    (marks.trailing_zeros() / 8) as usize
}

/// The value of the first digits, fewer than eight, of a word.
#[inline]
fn digits(word: u64, count: usize) -> u64 {
    // Zeros in front make them eight. In two steps, since no shift is as long as the word.
    eight_digits((word << (56 - 8 * count)) << 8)
}

/// The value of eight digits: neighbours are joined to two, four, eight of them (Johnny Lee's way). Zero bytes count as the digit 0.
#[inline]
fn eight_digits(word: u64) -> u64 {
    let pairs = (word & 0x0f0f_0f0f_0f0f_0f0f).wrapping_mul(10 * 256 + 1) >> 8;
    let fours = (pairs & 0x00ff_00ff_00ff_00ff).wrapping_mul(100 * (1 << 16) + 1) >> 16;
    (fours & 0x0000_ffff_0000_ffff).wrapping_mul(10_000 * (1 << 32) + 1) >> 32
}

#[inline]
fn with_sign(value: f64, is_negative: bool) -> f64 {
    f64::from_bits(value.to_bits() | (u64::from(is_negative) << 63))
}

const TENS: [u64; 8] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000];

/// The powers of ten that an `f64` holds exactly.
const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];

/// `mantissa / 10^places`, rounded to the nearest `f64`, ties to even; nothing for more than 27 places.
///
/// The algorithm of Eisel and Lemire (D. Lemire, Number parsing at a gigabyte per second, 2021; N. Mushtak and D. Lemire, Fast
/// number parsing without fallback, 2023): the mantissa times a 128-bit reciprocal of 5^places. As far as 5^27 is below 2^64
/// the product's upper half decides, with a second word of the reciprocal where the first leaves doubt.
fn divided(mantissa: u64, places: usize) -> Option<f64> {
    let &(high, low) = RECIPROCALS.get(places)?;
    if mantissa == 0 {
        return Some(0.0);
    }
    let zeros = mantissa.leading_zeros();
    let normal = u128::from(mantissa << zeros);
    let mut product = normal * u128::from(high);
    // Nine bits more than a mantissa has: if they are all ones, what is below may carry into it.
    const DOUBT: u64 = 0x1ff;
    if (product >> 64) as u64 & DOUBT == DOUBT {
        product = product.wrapping_add((normal * u128::from(low)) >> 64);
    }
    let (upper, lower) = ((product >> 64) as u64, product as u64);
    let is_upper = (upper >> 63) as u32;
    // 53 bits, and one to round by.
    let shift = is_upper + 64 - 52 - 3;
    let mut bits = upper >> shift;
    // Half-way between two floats, exactly: only where 5^places is small enough to divide a mantissa of 64 bits.
    if lower <= 1 && places <= 4 && bits & 3 == 1 && bits << shift == upper {
        bits &= !1;
    }
    bits = (bits + (bits & 1)) >> 1;
    let mut exponent = binary_exponent(places) + is_upper as i32 - zeros as i32 + 1023;
    if bits >= 1 << 53 {
        bits = 1 << 52;
        exponent += 1;
    }
    // At most 27 places of a number from 1 on: far from the smallest and largest floats.
    Some(f64::from_bits(
        (bits & !(1 << 52)) | ((exponent as u64) << 52),
    ))
}

/// ⌊log2(10^-places)⌋ + 63.
fn binary_exponent(places: usize) -> i32 {
    ((-(places as i32) * 217_706) >> 16) + 63
}

/// Of each power of five up to 27 the reciprocal: ⌊2^b / 5^k⌋ + 1 in 128 bits, the upper half first, where b makes it fill them.
const RECIPROCALS: [(u64, u64); 28] = {
    let mut table = [(1 << 63, 0); 28];
    let (mut power, mut places) = (5_u64, 1);
    while places < 28 {
        // 2^b, b = ⌈log2 5^k⌉ + 127, divided bit by bit.
        let mut rest: u64 = 1 << (63 - (power - 1).leading_zeros());
        let mut quotient: u128 = 0;
        let mut bit = 0;
        while bit < 128 {
            rest *= 2;
            quotient *= 2;
            if rest >= power {
                rest -= power;
                quotient += 1;
            }
            bit += 1;
        }
        quotient += 1;
        table[places] = ((quotient >> 64) as u64, quotient as u64);
        places += 1;
        if places < 28 {
            power *= 5;
        }
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// With a comma and enough bytes behind it.
    fn read(text: &str) -> Option<f64> {
        let bytes = format!("{text},{}", "0".repeat(WINDOW));
        let (value, end) = plain_number(bytes.as_bytes(), 0, b'.')?;
        (end == text.len()).then_some(value)
    }

    fn check(text: &str) {
        let expected: f64 = text.parse().unwrap();
        let found = read(text);
        assert!(
            found.is_some_and(|found| found.to_bits() == expected.to_bits()),
            "{text}: {found:?}, not {expected:?}"
        );
    }

    #[test]
    fn plain_numbers_are_read() {
        for text in [
            "0",
            "-0",
            "7",
            "-12",
            "1234567",
            "12345678",
            "123456789012",
            "0.5",
            "-0.5",
            "3.25",
            "123.456",
            "1234.567",
            "12345.678",
            "0.000001",
            "-1234567.7654321",
            "0.1",
            "12345678901234567.5",
            "0.30000000000000004",
            "9007199254740993.0",
            "9007199254740991",
            "0.00000000000000000001",
            "1844674407370955161.5",
            "123456789012345678.9",
        ] {
            check(text);
        }
    }

    #[test]
    fn others_are_not() {
        for text in [
            "",
            "-",
            "+1",
            ".5",
            "5.",
            "-.5",
            "007",
            "00",
            "-01.5",
            "1e3",
            "1.5e3",
            "inf",
            "nan",
            "x",
            " 1",
            "\"1\"",
            "18446744073709551616",
            "9007199254740992",
            "1.",
            "123456789.",
            "1_000",
            "1.2.3",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
        assert_eq!(plain_number(b"12,5", 0, b'.'), None);
        assert_eq!(plain_number(b"", 0, b'.'), None);
        // A decimal comma.
        assert_eq!(plain_number(b"12,5;00000000", 0, b','), Some((12.5, 4)));
        assert_eq!(plain_number(b"12.5;00000000", 0, b','), Some((12.0, 2)));
    }

    #[test]
    fn halves_are_rounded_to_even() {
        // Odd multiples of half the distance of two floats, exactly and a little beside.
        for exponent in 1..=4_u32 {
            for odd in [1_u64, 3, 5, 7, 99, 1001] {
                let halves = (1 << 53) + odd;
                let half = u128::from(halves) * 10_u128.pow(exponent) / (1 << exponent);
                let whole = half / 10_u128.pow(exponent);
                let fraction = half % 10_u128.pow(exponent);
                let width = exponent as usize;
                for off in [-1_i128, 0, 1] {
                    if let Ok(fraction) = u128::try_from(fraction as i128 + off) {
                        check(&format!("{whole}.{fraction:0width$}"));
                    }
                }
            }
        }
        for text in [
            "9007199254740992.5",
            "9007199254740993.5",
            "4503599627370496.5",
            "4503599627370497.5",
        ] {
            check(text);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]

        #[test]
        fn each_is_the_nearest_float(mantissa in any::<u64>(), drop in 0_u32..64, places in 0_usize..28) {
            let mantissa = mantissa >> drop;
            prop_assume!(places > 0 || mantissa < EXACT);
            let digits = format!("{mantissa:0width$}", width = places + 1);
            let (whole, fraction) = digits.split_at(digits.len() - places);
            check(&if places == 0 { whole.to_owned() } else { format!("{whole}.{fraction}") });
        }

        #[test]
        fn each_float_reads_back(bits in any::<u64>(), exponent in -20_i32..50) {
            let float = f64::from_bits((bits >> 12) | (((1023 + exponent) as u64) << 52));
            let text = format!("{float}");
            if let Some(read) = read(&text) {
                prop_assert_eq!(read.to_bits(), float.to_bits());
            }
        }

        #[test]
        fn any_text_is_read_as_elsewhere_or_not_at_all(text in "[-+.0-9e]{0,24}") {
            if let Some(value) = read(&text) {
                prop_assert_eq!(value.to_bits(), text.parse::<f64>().unwrap().to_bits());
            }
        }
    }
}
