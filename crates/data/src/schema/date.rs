//! Dates and times as cells have them.

use serde::{Deserialize, Serialize};

/// In which order day, month and year are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DateOrder {
    /// `2024-12-31`, `2024/12/31` or `2024-Dec-31`
    YearFirst,
    /// `31.12.2024`, `31/12/2024`, `31-12-24` or `31 Dec 2024`
    DayFirst,
    /// `12/31/2024`, `12-31-24` or `Dec 31, 2024`
    MonthFirst,
}

impl DateOrder {
    /// The order in which all cells are dates; nothing if there is none, or there are no cells. Where day and month could be either
    /// throughout, points mean that the day is first, and anything else that the month is.
    pub(crate) fn of<'a>(cells: impl Iterator<Item = &'a str> + Clone) -> Option<DateOrder> {
        let count = |order: DateOrder| {
            cells
                .clone()
                .filter(|cell| order.days(cell).is_some())
                .count()
        };
        let order = DateOrder::of_most(cells.clone(), count)?;
        (count(order) == cells.count()).then_some(order)
    }

    /// The order in which the most cells are dates, as `count` tells, with the same preferences; nothing if none is.
    pub(crate) fn of_most<'a>(
        mut cells: impl Iterator<Item = &'a str>,
        count: impl Fn(DateOrder) -> usize,
    ) -> Option<DateOrder> {
        let (year, day, month) = (
            DateOrder::YearFirst,
            DateOrder::DayFirst,
            DateOrder::MonthFirst,
        );
        let orders = match cells.next()?.contains('.') {
            true => [year, day, month],
            false => [year, month, day],
        };
        let counts = orders.map(&count);
        let most = *counts.iter().max()?;
        let at = counts.iter().position(|&count| count == most)?;
        (most > 0).then_some(orders[at])
    }

    /// Days since the start of 1970, with the time of the day as a fraction: UTC, or local time if the cell has no zone.
    ///
    /// A date is three numbers parted by `-`, `/` or `.`, the year in four digits, or in two if it is last (and day and month in two
    /// where points part them): 69 to 99 are of the last century, as in POSIX. Its month may also be an English name, and its parts then be parted by blanks: `31-Dec-2024`,
    /// `31 December 2024`, `Dec 31, 2024`. `T` or a blank may part it from a time, `23:59`, `23:59:59`, `23:59:59.5` or `11:59 PM`,
    /// and that may have a zone, `Z` or `+01:00`.
    pub fn days(self, cell: &str) -> Option<f64> {
        let cell = cell.trim();
        let ([first, second, third], time) = parts(cell)?;
        let [year, month, day] = match self {
            DateOrder::YearFirst => [first, second, third],
            DateOrder::DayFirst => [third, second, first],
            DateOrder::MonthFirst => [third, first, second],
        };
        // 1.10.12 is rather a version than a date.
        let may_be_version = cell[first.len()..].starts_with('.') && first.len() + second.len() < 4;
        let year = match (self, year.len()) {
            (DateOrder::DayFirst | DateOrder::MonthFirst, 2) if !may_be_version => {
                match number(year, 2..=2)? {
                    year @ 69.. => 1900 + year,
                    year => 2000 + year,
                }
            }
            _ => number(year, 4..=4)?,
        };
        let month = month_of(month)?;
        let day = number(day, 1..=2)?;
        if !(1..=12).contains(&month) || !(1..=days_in_month(year, month)).contains(&day) {
            return None;
        }
        let days = days_since_1970(year, month, day) as f64;
        match time {
            None => Some(days),
            Some(time) => Some(days + seconds(time)? / 86_400.0),
        }
    }
}

/// The three parts of a date, and the time behind it.
fn parts(cell: &str) -> Option<([&str; 3], Option<&str>)> {
    let (first, rest) = word(cell)?;
    let separator = rest.chars().next()?;
    let is_name = |word: &str| word.starts_with(|c: char| c.is_ascii_alphabetic());
    let (second, rest) = word(&rest[separator.len_utf8()..])?;
    let may_be_blank = is_name(first) || is_name(second);
    match separator {
        '-' | '/' | '.' => {}
        ' ' if may_be_blank => {}
        _ => return None,
    }
    let rest = match rest.strip_prefix(',') {
        Some(rest) if is_name(first) => rest,
        _ => rest,
    };
    let (third, rest) = word(rest.strip_prefix(separator)?)?;
    let time = match rest.chars().next() {
        None => None,
        Some('T' | ' ') => Some(&rest[1..]),
        Some(_) => return None,
    };
    Some(([first, second, third], time))
}

/// The digits, or the letters, that a text begins with, and what follows.
fn word(text: &str) -> Option<(&str, &str)> {
    let first = text.chars().next()?;
    let end = match first {
        '0'..='9' => text.find(|c: char| !c.is_ascii_digit()),
        'a'..='z' | 'A'..='Z' => text.find(|c: char| !c.is_ascii_alphabetic()),
        _ => return None,
    };
    Some(text.split_at(end.unwrap_or(text.len())))
}

/// A month by its number or its English name, whole or in three letters.
fn month_of(text: &str) -> Option<i64> {
    const NAMES: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return number(text, 1..=2);
    }
    let name = text.to_ascii_lowercase();
    let is = |month: &&str| name == *month || (name.len() == 3 && month.starts_with(&name));
    let at = NAMES.iter().position(is)?;
    Some(at as i64 + 1)
}

fn number(text: &str, digits: std::ops::RangeInclusive<usize>) -> Option<i64> {
    let right = digits.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    right.then(|| text.parse().ok()).flatten()
}

/// Seconds since midnight, in UTC if there is a zone.
fn seconds(time: &str) -> Option<f64> {
    let half = |word: &str| {
        let at = time.len().checked_sub(2)?;
        let (clock, end) = time.split_at_checked(at)?;
        end.eq_ignore_ascii_case(word).then(|| clock.trim_end())
    };
    if let Some((clock, is_evening)) = half("am")
        .map(|clock| (clock, false))
        .or_else(|| half("pm").map(|clock| (clock, true)))
    {
        let hour = number(clock.split(':').next()?, 1..=2)?;
        if !(1..=12).contains(&hour) || !clock.ends_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
        // Twelve is the first hour of each half.
        let shift = f64::from(12 * (i32::from(is_evening) - i32::from(hour == 12)));
        return Some(seconds(clock)? + shift * 3600.0);
    }
    let zone_at = time.find(['Z', '+', '-']).unwrap_or(time.len());
    let (clock, zone) = time.split_at(zone_at);
    let mut parts = clock.trim().split(':');
    let (hour, minute) = (number(parts.next()?, 1..=2)?, number(parts.next()?, 2..=2)?);
    let second = match parts.next() {
        None => 0.0,
        Some(second) => {
            let (whole, fraction) = second.split_once('.').unwrap_or((second, "0"));
            number(whole, 2..=2)?;
            number(fraction, 1..=9)?;
            second.parse::<f64>().ok()?
        }
    };
    if hour > 23 || minute > 59 || second >= 61.0 || parts.next().is_some() {
        return None;
    }
    let offset = match zone {
        "" | "Z" => 0,
        _ => {
            let digits = zone[1..].replace(':', "");
            let (hours, minutes) = digits.split_at_checked(2)?;
            let offset = number(hours, 2..=2)? * 60
                + if minutes.is_empty() {
                    0
                } else {
                    number(minutes, 2..=2)?
                };
            if zone.starts_with('-') {
                -offset
            } else {
                offset
            }
        }
    };
    Some(((hour * 60 + minute - offset) * 60) as f64 + second)
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// In the Gregorian calendar, counted from March so that the day that is there at times comes last
/// (H. Hinnant, "chrono-compatible low-level date algorithms", days_from_civil).
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_days() {
        let days = |cell: &str| DateOrder::YearFirst.days(cell);
        assert_eq!(days("1970-01-01"), Some(0.0));
        assert_eq!(days("2000/02/29"), Some(11_016.0));
        assert_eq!(days("1969-12-31T12:00"), Some(-0.5));
        assert_eq!(days("2024-12-31 18:00:00.0Z"), Some(20_088.75));
        assert_eq!(days("1970-01-01T01:00:00+01:00"), Some(0.0));
        for wrong in [
            "2023-02-29",
            "2023-13-01",
            "23-01-01",
            "2023-01",
            "2023-01-01-01",
            "2023-01/01",
            "2023-01-01T25:00",
            "2023-01-01T10",
            "x",
            "",
            "2023",
        ] {
            assert_eq!(days(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn months_have_names_and_years_two_digits() {
        let (day, month) = (DateOrder::DayFirst, DateOrder::MonthFirst);
        let last = DateOrder::YearFirst.days("2024-12-31");
        for (order, cell) in [
            (day, "31-Dec-2024"),
            (day, "31-DEC-24"),
            (day, "31 december 2024"),
            (day, "31.12.24"),
            (month, "Dec 31, 2024"),
            (month, "December 31 2024"),
            (month, "12/31/24"),
            (DateOrder::YearFirst, "2024-Dec-31"),
        ] {
            assert_eq!(order.days(cell), last, "{cell}");
        }
        assert_eq!(
            day.days("1-Oct-1969"),
            DateOrder::YearFirst.days("1969-10-01")
        );
        assert_eq!(day.days("01/02/69"), day.days("01/02/1969"));
        assert_eq!(day.days("01/02/68"), day.days("01/02/2068"));
        for (cell, hours) in [
            ("1/1/1970 12:00 AM", 0.0),
            ("1/1/1970 12:30:00 pm", 12.5),
            ("1/1/1970 6:00PM", 18.0),
            ("Jan 1, 1970 11:15 am", 11.25),
        ] {
            assert_eq!(month.days(cell), Some(hours / 24.0), "{cell}");
        }
        for cell in [
            "31 12 2024",
            "31-Dek-2024",
            "31-Dec",
            "24-Dec-31 x",
            "1/1/1970 13:00 PM",
            "1/1/1970 PM",
            "1/1/1970 0:30 AM",
            "1-2-3",
            "May",
            "Mayor 1, 2024",
            "31-Dec/2024",
            "1.10.124",
            "1.10.12",
            "10.1.12",
            "12/31/24é",
        ] {
            for order in [DateOrder::YearFirst, day, month] {
                assert_eq!(order.days(cell), None, "{cell}");
            }
        }
        let order = |cells: &[&str]| DateOrder::of(cells.iter().copied());
        assert_eq!(order(&["1-Jan-2024", "2-Feb-2024"]), Some(day));
        assert_eq!(order(&["Jan 1, 2024"]), Some(month));
        assert_eq!(order(&["01/02/24", "31/01/24"]), Some(day));
    }

    #[test]
    fn the_order_is_what_fits_all_cells() {
        let order = |cells: &[&str]| DateOrder::of(cells.iter().copied());
        assert_eq!(
            order(&["2024-01-02", "2024-12-31"]),
            Some(DateOrder::YearFirst)
        );
        assert_eq!(order(&["01.02.2024"]), Some(DateOrder::DayFirst));
        assert_eq!(
            order(&["01/02/2024", "31/01/2024"]),
            Some(DateOrder::DayFirst)
        );
        assert_eq!(
            order(&["01/02/2024", "01/31/2024"]),
            Some(DateOrder::MonthFirst)
        );
        assert_eq!(order(&["01/31/2024", "31/01/2024"]), None);
        assert_eq!(order(&[]), None);
    }

    #[test]
    fn every_day_follows_the_one_before() {
        let mut last = days_since_1970(1899, 12, 31);
        for year in 1900..2110 {
            for month in 1..=12 {
                for day in 1..=days_in_month(year, month) {
                    let days = days_since_1970(year, month, day);
                    assert_eq!(days, last + 1);
                    last = days;
                }
            }
        }
    }
}
