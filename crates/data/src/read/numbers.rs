//! How numbers are written: decimal commas and separators of thousands.

use super::options::Decimal;
use crate::cell;
use std::fmt;

/// How the numbers of a file are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NumberStyle {
    /// What stands before the fraction.
    pub decimal: Decimal,
    /// Whether thousands may be parted.
    pub groups: Groups,
}

/// Whether thousands may be parted, by what the decimal mark leaves free: a comma or a point, a blank or an apostrophe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Groups {
    No,
    Yes,
}

impl NumberStyle {
    /// As programs write them.
    pub const PLAIN: NumberStyle = NumberStyle {
        decimal: Decimal::Point,
        groups: Groups::No,
    };

    /// The style that was asked for.
    pub fn asked(decimal: Decimal) -> NumberStyle {
        NumberStyle {
            decimal,
            groups: Groups::Yes,
        }
    }

    /// The style of some cells: that of the cells which can be read in one style only, or which have one value in both, as `1 234`.
    /// Cells such as `1,234`, where a mark stands before three digits, say nothing by themselves. They count as grouped once other
    /// cells have a point before a fraction, or where commas part the fields and no cell has one before a fraction: people who write
    /// decimal commas part fields by something else.
    pub fn detect<'a>(delimiter: u8, cells: impl Iterator<Item = &'a str>) -> NumberStyle {
        let (mut points, mut commas, mut groups, mut unclear) = (0, 0, 0, 0);
        for cell in cells {
            let cell = cell.trim();
            match Sight::of(cell) {
                Sight::NoNumber | Sight::Either => continue,
                Sight::Point => {
                    points += 1;
                    continue;
                }
                Sight::Unclear => {}
            }
            let as_point = NumberStyle::asked(Decimal::Point).number(cell);
            let as_comma = NumberStyle::asked(Decimal::Comma).number(cell);
            let is_plain = cell::number(cell).is_some();
            match (as_point, as_comma) {
                (Some(_), None) => points += 1,
                (None, Some(_)) => commas += 1,
                (Some(one), Some(other)) if one != other && !is_plain => unclear += 1,
                _ => {}
            }
            groups += usize::from(as_point.is_some() && !is_plain);
        }
        let are_groups = points > 0 || unclear == 0 || (delimiter == b',' && commas == 0);
        match () {
            () if commas > points => NumberStyle::asked(Decimal::Comma),
            () if groups > 0 && are_groups => NumberStyle::asked(Decimal::Point),
            () => NumberStyle::PLAIN,
        }
    }

    /// The value of a cell without blanks round it.
    pub fn number(&self, text: &str) -> Option<f64> {
        if self.groups == Groups::No {
            return cell::number(text);
        }
        let (sign, digits) = match text.strip_prefix(['+', '-']) {
            Some(digits) => (&text[..1], digits),
            None => ("", text),
        };
        let mark = match self.decimal {
            Decimal::Point => '.',
            Decimal::Comma => ',',
        };
        let end = digits.find(['e', 'E']).unwrap_or(digits.len());
        let (number, exponent) = digits.split_at(end);
        let (whole, fraction) = match number.split_once(mark) {
            // `.5` is common, and `,5` more likely a slip.
            Some(("", _)) if mark == ',' => return None,
            Some((whole, fraction)) => (whole, fraction),
            None => (number, ""),
        };
        let is_plain = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
        if mark == '.' && is_plain(whole) && is_plain(fraction) {
            return cell::number(text);
        }
        let whole = self.ungrouped(whole)?;
        if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        cell::number(&format!("{sign}{whole}.{fraction}{exponent}"))
    }

    /// The digits of a whole number: `1.234.567` is 1234567, and `1.23` is none.
    fn ungrouped(&self, whole: &str) -> Option<String> {
        let is_digit = |c: char| c.is_ascii_digit();
        let Some(separator) = whole.chars().find(|&c| !is_digit(c)) else {
            return Some(whole.to_owned());
        };
        let other_mark = match self.decimal {
            Decimal::Point => ',',
            Decimal::Comma => '.',
        };
        if separator != other_mark && !matches!(separator, ' ' | '\u{a0}' | '\u{202f}' | '\'' | '’')
        {
            return None;
        }
        let mut groups = whole.split(separator);
        let first = groups.next()?;
        let right = (1..=3).contains(&first.len())
            && first.chars().all(is_digit)
            && !first.starts_with('0')
            && groups.all(|group| group.len() == 3 && group.chars().all(is_digit));
        right.then(|| whole.split(separator).collect())
    }
}

/// Why a text that is no number is nearly one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NearNumber {
    /// It is one in a style that is not the file's.
    OtherMarks,
    /// It has a sign of money, per cent or minus that numbers don't have.
    Sign,
}

impl NearNumber {
    /// Of a text without blanks round it that is not a number in the file's own style.
    pub fn of(text: &str) -> Option<NearNumber> {
        const SIGNS: &[char] = &['$', '€', '£', '¥', '₹', '₩', '₽', '%', '‰', '−', '–'];
        let is_number = |text: &str| {
            [Decimal::Point, Decimal::Comma]
                .iter()
                .any(|&decimal| NumberStyle::asked(decimal).number(text).is_some())
        };
        if !text.bytes().any(|byte| byte.is_ascii_digit()) {
            return None;
        }
        if is_number(text) {
            return Some(NearNumber::OtherMarks);
        }
        let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text).trim();
        let bare = unsigned.trim_start_matches(SIGNS).trim_end_matches(SIGNS);
        (bare.len() < unsigned.len() && is_number(bare.trim())).then_some(NearNumber::Sign)
    }
}

/// What can be said of a cell's number without reading it: most cells of most files are settled so.
enum Sight {
    /// No digits.
    NoNumber,
    /// Digits alone: the same in every style.
    Either,
    /// Digits, a point, and a fraction that is no group of three digits.
    Point,
    /// It has to be read in each style.
    Unclear,
}

impl Sight {
    fn of(cell: &str) -> Sight {
        let bytes = cell.strip_prefix(['+', '-']).unwrap_or(cell).as_bytes();
        let digits = |bytes: &[u8]| bytes.iter().take_while(|b| b.is_ascii_digit()).count();
        let whole = digits(bytes);
        match bytes[whole..] {
            [] if whole > 0 => Sight::Either,
            [b'.', ref fraction @ ..] if whole > 0 => match digits(fraction) {
                3 => Sight::Unclear,
                count if count > 0 && count == fraction.len() => Sight::Point,
                _ => Sight::Unclear,
            },
            _ if bytes.iter().any(u8::is_ascii_digit) => Sight::Unclear,
            _ => Sight::NoNumber,
        }
    }
}

impl Default for NumberStyle {
    fn default() -> Self {
        NumberStyle::PLAIN
    }
}

impl fmt::Display for NumberStyle {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match (self.decimal, self.groups) {
            (Decimal::Point, Groups::No) => "numbers with a decimal point",
            (Decimal::Point, Groups::Yes) => {
                "numbers with a decimal point and separators of thousands (1,234.5)"
            }
            (Decimal::Comma, _) => "numbers with a decimal comma (1.234,5)",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POINT: NumberStyle = NumberStyle {
        decimal: Decimal::Point,
        groups: Groups::Yes,
    };
    const COMMA: NumberStyle = NumberStyle {
        decimal: Decimal::Comma,
        groups: Groups::Yes,
    };

    #[test]
    fn marks_and_groups_are_read_in_their_style() {
        for (text, value) in [
            ("1,234.5", 1234.5),
            ("-12,345,678", -12_345_678.0),
            ("1 234.5", 1234.5),
            ("1'234", 1234.0),
            (".5", 0.5),
            ("1.5e3", 1500.0),
        ] {
            assert_eq!(POINT.number(text), Some(value), "{text}");
        }
        for (text, value) in [
            ("1.234,5", 1234.5),
            ("3,25", 3.25),
            ("1\u{a0}234,5", 1234.5),
            ("+7", 7.0),
            ("2,5E-1", 0.25),
        ] {
            assert_eq!(COMMA.number(text), Some(value), "{text}");
        }
        for text in [
            "1,23.4",
            "12,34",
            "1234,567",
            "1,2345",
            "0,123",
            ",123",
            "1,,234",
            "1,234 567",
            "a",
            "",
            "1.2.3",
            "1,234.",
            "1,234.5,6",
        ] {
            if text != "1,234." {
                assert_eq!(POINT.number(text), None, "{text}");
            }
        }
        for text in ["1.5", "1.23,4", "1,2,3", "1.2345,6"] {
            assert_eq!(COMMA.number(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_said_at_sight_is_what_reading_says() {
        let parts = ["", "0", "12", "123", "1234", ".", ",", " ", "e5", "-", "x"];
        for a in parts {
            for b in parts {
                for c in parts {
                    for d in parts {
                        let cell = format!("{a}{b}{c}{d}");
                        let cell = cell.trim();
                        let point = POINT.number(cell).is_some();
                        let comma = COMMA.number(cell).is_some();
                        match Sight::of(cell) {
                            Sight::NoNumber => assert!(!point && !comma, "{cell}"),
                            Sight::Either => assert!(point && comma, "{cell}"),
                            Sight::Point => assert!(point && !comma, "{cell}"),
                            Sight::Unclear => continue,
                        }
                        // None of them is a number with groups.
                        assert_eq!(point, cell::number(cell).is_some(), "{cell}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_style_needs_evidence() {
        let detect = |cells: &[&str]| NumberStyle::detect(b';', cells.iter().copied());
        assert_eq!(detect(&["1", "2.5", "x,y"]), NumberStyle::PLAIN);
        assert_eq!(detect(&["1,5", "2"]), COMMA);
        assert_eq!(detect(&["1.234,5", "2.000"]), COMMA);
        assert_eq!(detect(&["1,234.5", "2,000"]), POINT);
        assert_eq!(detect(&["1,234", "2.5"]), POINT);
        // 1234 or 1.234? Nobody can say.
        assert_eq!(detect(&["1,234", "5,678"]), NumberStyle::PLAIN);
        assert_eq!(detect(&["12,345,678"]), POINT);
        // Blanks and apostrophes part thousands in every style.
        for cells in [["1 234", "567"], ["1'234", "5"], ["12\u{a0}345", "x"]] {
            assert_eq!(detect(&cells), POINT);
        }
        assert_eq!(detect(&["1 234", "1,5"]), COMMA);
        assert_eq!(detect(&["1 234", "1,234"]), NumberStyle::PLAIN);
        // In a file whose fields commas part, they part thousands, unless a cell says otherwise.
        let detect = |cells: &[&str]| NumberStyle::detect(b',', cells.iter().copied());
        assert_eq!(detect(&["1,234", "567", "x, y"]), POINT);
        assert_eq!(detect(&["1,234", "5,67"]), COMMA);
        assert_eq!(detect(&["0,123", "0,567"]), COMMA);
        assert_eq!(detect(&["12", "5"]), NumberStyle::PLAIN);
    }

    #[test]
    fn texts_that_are_nearly_numbers_are_told() {
        for text in ["1,5", "1.234,5", "1,234.5", "1 234", "-1,5"] {
            assert_eq!(NearNumber::of(text), Some(NearNumber::OtherMarks), "{text}");
        }
        for text in ["$5", "-$1,234.50", "5 %", "12,5%", "€ 7", "7€", "−5", "+3%"] {
            assert_eq!(NearNumber::of(text), Some(NearNumber::Sign), "{text}");
        }
        for text in [
            "",
            "%",
            "a1",
            "5 kg",
            "1,2,3",
            "01.02.2024",
            "10.0.0.1",
            "$",
            "5-6",
        ] {
            assert_eq!(NearNumber::of(text), None, "{text}");
        }
    }
}
