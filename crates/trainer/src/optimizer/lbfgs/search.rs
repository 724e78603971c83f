//! A line search for the strong Wolfe conditions.

/// A point on the line: how far, the value there, and the slope along the line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Point {
    pub(super) t: f64,
    pub(super) value: f64,
    pub(super) slope: f64,
}

impl Point {
    fn or_too_high(self) -> Point {
        let value = if self.value.is_nan() {
            f64::INFINITY
        } else {
            self.value
        };
        Point { value, ..self }
    }
}

/// `c₁`: what part of the decrease that the first slope promises is enough.
const ENOUGH: f64 = 1e-4;
/// `c₂`: what part of the first slope may be left.
const FLAT: f64 = 0.9;
/// A bracket in which no parameter changes by as much is not divided any more.
const NARROW: f64 = 1e-9;

/// Finds how far to go from `start`, whose slope is negative, with `first` tried first: Nocedal and Wright, algorithms 3.5 and 3.6.
///
/// `reach` is the largest change of a parameter for t = 1. A value that is not finite is as good as infinitely high. If the conditions can't be met with `most` evaluations
/// after the first one, the lowest point that was bracketed is returned; it may be the start.
pub(super) fn strong_wolfe<E>(
    start: Point,
    first: f64,
    reach: f64,
    most: usize,
    mut evaluate: impl FnMut(f64) -> Result<Point, E>,
) -> Result<Point, E> {
    let mut evaluate = |t| evaluate(t).map(Point::or_too_high);
    let line = Line { start };
    let (mut before, mut here) = (start, evaluate(first)?);
    let mut evaluated = 0;
    let bracket = loop {
        if evaluated == most {
            // Nothing was bracketed: it goes down all the way.
            return Ok(lower(start, here));
        }
        if line.is_too_high(here) || (evaluated > 1 && here.value >= before.value) {
            break [before, here];
        }
        if line.is_flat(here) {
            return Ok(here);
        }
        if here.slope >= 0.0 {
            break [before, here];
        }
        let bounds = (here.t + 0.01 * (here.t - before.t), here.t * 10.0);
        let t = lowest_of_cubic(before, here, bounds);
        before = here;
        here = evaluate(t)?;
        evaluated += 1;
    };
    zoom(line, bracket, reach, most - evaluated, evaluate)
}

/// The conditions, as seen from the start.
#[derive(Clone, Copy)]
struct Line {
    start: Point,
}

impl Line {
    fn is_too_high(self, point: Point) -> bool {
        point.value > self.start.value + ENOUGH * point.t * self.start.slope
    }

    fn is_flat(self, point: Point) -> bool {
        point.slope.abs() <= -FLAT * self.start.slope
    }
}

/// Makes a bracket smaller until its lower end meets the conditions.
fn zoom<E>(
    line: Line,
    mut bracket: [Point; 2],
    reach: f64,
    most: usize,
    mut evaluate: impl FnMut(f64) -> Result<Point, E>,
) -> Result<Point, E> {
    let lower_of = |bracket: &[Point; 2]| usize::from(bracket[0].value > bracket[1].value);
    let mut low = lower_of(&bracket);
    let mut was_near_an_end = false;
    for _ in 0..most {
        let [a, b] = bracket;
        if (b.t - a.t).abs() * reach < NARROW {
            break;
        }
        let (left, right) = (a.t.min(b.t), a.t.max(b.t));
        let mut t = lowest_of_cubic(a, b, (left, right));
        // A trial that hugs an end makes the bracket hardly smaller: twice in a row is once too often.
        let margin = 0.1 * (right - left);
        let is_near_an_end = (right - t).min(t - left) < margin;
        if is_near_an_end && (was_near_an_end || t >= right || t <= left) {
            t = if (t - right).abs() < (t - left).abs() {
                right - margin
            } else {
                left + margin
            };
            was_near_an_end = false;
        } else {
            was_near_an_end = is_near_an_end;
        }
        let here = evaluate(t)?;
        let high = 1 - low;
        if line.is_too_high(here) || here.value >= bracket[low].value {
            bracket[high] = here;
            low = lower_of(&bracket);
            continue;
        }
        let is_flat = line.is_flat(here);
        if !is_flat && here.slope * (bracket[high].t - bracket[low].t) >= 0.0 {
            bracket[high] = bracket[low];
        }
        bracket[low] = here;
        if is_flat {
            break;
        }
    }
    Ok(bracket[low])
}

fn lower(a: Point, b: Point) -> Point {
    if a.value <= b.value { a } else { b }
}

/// Where the cubic through two points and slopes is lowest, within bounds; halfway between these if it isn't anywhere.
/// Nocedal and Wright, equation 3.59.
fn lowest_of_cubic(a: Point, b: Point, (least, most): (f64, f64)) -> f64 {
    let (a, b) = if a.t <= b.t { (a, b) } else { (b, a) };
    let d1 = a.slope + b.slope - 3.0 * (a.value - b.value) / (a.t - b.t);
    let square = d1 * d1 - a.slope * b.slope;
    // Not for a negative square, nor for what is no number.
    if square >= 0.0 {
        let d2 = square.sqrt();
        let t = b.t - (b.t - a.t) * ((b.slope + d2 - d1) / (b.slope - a.slope + 2.0 * d2));
        if !t.is_nan() {
            return t.max(least).min(most);
        }
    }
    (least + most) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Searches along a function given with its derivative; returns the point and the number of evaluations.
    fn search(f: impl Fn(f64) -> (f64, f64), first: f64, most: usize) -> (Point, Point, usize) {
        let point = |t: f64| {
            let (value, slope) = f(t);
            Point { t, value, slope }
        };
        let mut count = 0;
        let evaluate = |t| {
            count += 1;
            Ok::<Point, ()>(point(t))
        };
        let start = point(0.0);
        let found = strong_wolfe(start, first, 1.0, most, evaluate).expect("no error");
        (start, found, count)
    }

    fn meets_the_conditions(start: Point, found: Point) -> bool {
        let line = Line { start };
        !line.is_too_high(found) && line.is_flat(found)
    }

    #[test]
    fn the_conditions_are_met_on_each_kind_of_line() {
        let lines: [fn(f64) -> (f64, f64); 5] = [
            |t| ((t - 3.0) * (t - 3.0), 2.0 * (t - 3.0)),
            |t| {
                (
                    -t / (t * t + 2.0),
                    (t * t - 2.0) / ((t * t + 2.0) * (t * t + 2.0)),
                )
            },
            |t| (libm::cos(t) + 0.1 * t, 0.1 - libm::sin(t)),
            |t| (libm::pow(t - 1.0, 4.0), 4.0 * libm::pow(t - 1.0, 3.0)),
            |t| {
                (
                    (t - 100.0).abs() + 0.01 * t * t,
                    (t - 100.0).signum() + 0.02 * t,
                )
            },
        ];
        // Not at 0 itself, where the third one is as flat as can be.
        for (at, line) in lines.into_iter().enumerate() {
            for first in [1e-3, 0.1, 1.0, 10.0, 1000.0] {
                let shifted = |t: f64| line(t + 0.25);
                let (start, found, count) = search(shifted, first, 25);
                assert!(
                    meets_the_conditions(start, found),
                    "line {at} from {first}: {found:?}"
                );
                assert!(count <= 26);
            }
        }
    }

    #[test]
    fn a_first_trial_that_is_good_is_the_only_one() {
        let (start, found, count) = search(|t| ((t - 1.0) * (t - 1.0), 2.0 * (t - 1.0)), 1.0, 25);
        assert_eq!((found.t, count), (1.0, 1));
        assert!(meets_the_conditions(start, found));
    }

    #[test]
    fn what_is_not_finite_is_too_high() {
        for wall in [f64::INFINITY, f64::NAN] {
            let line = |t: f64| {
                if t > 2.0 {
                    (wall, f64::NAN)
                } else {
                    ((t - 1.5) * (t - 1.5), 2.0 * (t - 1.5))
                }
            };
            let (start, found, _) = search(line, 64.0, 25);
            assert!(
                found.t <= 2.0 && meets_the_conditions(start, found),
                "{found:?}"
            );
        }
    }

    #[test]
    fn evaluations_are_limited() {
        // Down for ever.
        let (_, found, count) = search(|t| (-t, -1.0), 1.0, 4);
        assert_eq!(count, 5);
        assert!(found.t > 1.0);
        // Up from the start, against its slope: nothing is found, and the start is what is left.
        let (_, found, count) = search(|t| (t, -1.0), 1.0, 4);
        assert_eq!((found.t, count), (0.0, 5));
    }
}
