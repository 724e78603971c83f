//! When rows happened: a column of numbers or of dates, read in whichever way fits all of it.

use crate::cell::Cell;
use crate::schema::DateOrder;

/// The times of the rows so far, in each of the ways that fit all of them.
pub(super) struct Times(Vec<(Clock, Vec<f64>)>);

/// A way to read times.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Clock {
    Number,
    Date(DateOrder),
}

impl Clock {
    /// The time of a cell; dates in days.
    pub fn time(self, cell: Cell) -> Option<f64> {
        match (self, cell) {
            (Clock::Number, Cell::Number(value)) => Some(value),
            (Clock::Date(order), Cell::Text(text)) => order.days(text),
            _ => None,
        }
    }
}

impl Times {
    pub fn new() -> Times {
        let clocks = [
            Clock::Number,
            Clock::Date(DateOrder::YearFirst),
            Clock::Date(DateOrder::MonthFirst),
            Clock::Date(DateOrder::DayFirst),
        ];
        Times(clocks.map(|clock| (clock, Vec::new())).to_vec())
    }

    /// Adds a row; false if its cell fits no way that fits the cells before.
    pub fn push(&mut self, cell: Cell) -> bool {
        let fits = |clock: &Clock| clock.time(cell).is_some();
        if !self.0.iter().any(|(clock, _)| fits(clock)) {
            return false;
        }
        self.0.retain(|(clock, _)| fits(clock));
        for (clock, times) in &mut self.0 {
            times.extend(clock.time(cell));
        }
        true
    }

    /// The times in ascending order, and whether day and month may be the other way round. Points mean that the day comes first, as
    /// in [`DateOrder::of`].
    pub fn sorted(mut self, has_points: bool) -> (Clock, Vec<f64>, bool) {
        let is_either = self.0.len() > 1;
        let day_first = |&(clock, _): &(Clock, _)| clock == Clock::Date(DateOrder::DayFirst);
        let at = self.0.iter().position(day_first);
        let at = at.filter(|_| has_points).unwrap_or_default();
        let (clock, mut times) = self.0.swap_remove(at);
        times.sort_unstable_by(f64::total_cmp);
        (clock, times, is_either)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock(cells: &[&str]) -> Option<(Clock, Vec<f64>, bool)> {
        let mut times = Times::new();
        let fit = cells.iter().all(|cell| times.push(Cell::parse(cell)));
        fit.then(|| times.sorted(cells[0].contains('.')))
    }

    #[test]
    fn the_way_that_fits_all_cells_is_found() {
        assert_eq!(
            clock(&["3", "1.5", "2"]),
            Some((Clock::Number, vec![1.5, 2.0, 3.0], false))
        );
        let read = |cells: &[&str]| clock(cells).map(|(clock, _, either)| (clock, either));
        let date = Clock::Date;
        assert_eq!(
            read(&["2024-01-02"]),
            Some((date(DateOrder::YearFirst), false))
        );
        assert_eq!(
            read(&["1/2/2024", "13/2/2024"]),
            Some((date(DateOrder::DayFirst), false))
        );
        assert_eq!(
            read(&["1/2/2024"]),
            Some((date(DateOrder::MonthFirst), true))
        );
        assert_eq!(read(&["1.2.2024"]), Some((date(DateOrder::DayFirst), true)));
        assert_eq!(read(&["2024-01-02", "5"]), None);
        assert_eq!(read(&["13/2/2024", "2/13/2024"]), None);
        assert_eq!(read(&[""]), None);
    }
}
