//! Dates and times as cells have them.

use serde::{Deserialize, Serialize};

/// In which order day, month and year are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DateOrder {
    /// `2024-12-31` or `2024/12/31`
    YearFirst,
    /// `31.12.2024`, `31/12/2024` or `31-12-2024`
    DayFirst,
    /// `12/31/2024` or `12-31-2024`
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
    /// A date is three numbers parted by `-`, `/` or `.`, the year in four digits. `T` or a blank may part it from a time, `23:59`,
    /// `23:59:59` or `23:59:59.5`, and that may have a zone, `Z` or `+01:00`.
    pub fn days(self, cell: &str) -> Option<f64> {
        let cell = cell.trim();
        let (date, time) = match cell.find(['T', ' ']) {
            Some(at) => (&cell[..at], Some(&cell[at + 1..])),
            None => (cell, None),
        };
        let separator = date.chars().find(|c| !c.is_ascii_digit())?;
        if !matches!(separator, '-' | '/' | '.') {
            return None;
        }
        let mut parts = date.split(separator);
        let parts = [
            parts.next()?,
            parts.next()?,
            parts.next()?,
            parts.next().map_or("", |_| "x"),
        ];
        if !parts[3].is_empty() {
            return None;
        }
        let [year, month, day] = match self {
            DateOrder::YearFirst => [parts[0], parts[1], parts[2]],
            DateOrder::DayFirst => [parts[2], parts[1], parts[0]],
            DateOrder::MonthFirst => [parts[2], parts[0], parts[1]],
        };
        let year = number(year, 4..=4)?;
        let (month, day) = (number(month, 1..=2)?, number(day, 1..=2)?);
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

fn number(text: &str, digits: std::ops::RangeInclusive<usize>) -> Option<i64> {
    let right = digits.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    right.then(|| text.parse().ok()).flatten()
}

/// Seconds since midnight, in UTC if there is a zone.
fn seconds(time: &str) -> Option<f64> {
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
