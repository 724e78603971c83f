//! One thread or all of them: which is faster is measured while the training runs, since no rule knows it.
//!
//! Between two processors of a machine a short step may take half the time of one thread, or more than all of it: where they are far apart, where they are
//! two faces of one core, where somebody else works on one of them. The bits are the same, so a training may change at any step.

use std::time::Instant;

use chainrule_autodiff::Team;

/// Steps of each kind that are compared, by their median: what a neighbour disturbs is then left out.
const COMPARED: usize = 15;

/// Seconds that a change takes to settle: lent threads wake, or go to sleep.
const SETTLING: f64 = 1e-3;

/// Seconds from one comparison to the next, at first and at last; the time doubles. A comparison is some forty steps, of which half take the slower way.
const RESTS: (f64, f64) = (0.05, 1.0);

/// Steps between looks at the clock while it rests.
const LOOK_EVERY: u32 = 16;

/// What the other way must be below, as a part of the time of the present one.
const WORTH_CHANGING: f64 = 0.97;

/// How many times as slow as the present way the other one may be before it is given up.
const HOPELESS: f64 = 4.0;

/// Chooses the team of each step.
pub(crate) struct Pace {
    alone: Team,
    choice: Choice,
    /// When the steps began that have not been told to the choice.
    since: Instant,
    steps: u32,
}

impl Pace {
    pub(crate) fn new() -> Pace {
        Pace {
            alone: Team::solo(),
            choice: Choice::new(),
            since: Instant::now(),
            steps: 0,
        }
    }

    /// Who takes the next step.
    pub(crate) fn team<'t>(&'t self, all: &'t Team) -> &'t Team {
        match self.choice.next() {
            Way::Alone => &self.alone,
            Way::Together => all,
        }
    }

    /// Before a step.
    pub(crate) fn begin(&mut self) {
        if self.choice.is_comparing() {
            self.since = Instant::now();
        }
    }

    /// After it.
    pub(crate) fn end(&mut self) {
        self.steps += 1;
        if self.choice.is_comparing() || self.steps >= LOOK_EVERY {
            let now = Instant::now();
            self.choice.took((now - self.since).as_secs_f64());
            (self.since, self.steps) = (now, 0);
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Alone,
    Together,
}

/// Compares both ways of taking a step now and then. It is told how long each step took while it compares, else how long some steps took together.
struct Choice {
    present: Way,
    phase: Phase,
    /// Seconds from the next comparison to the one after it.
    rest: f64,
    seconds: [f64; COMPARED],
    /// The median of the present way.
    present_seconds: f64,
}

enum Phase {
    /// So many seconds until the next comparison.
    Resting { left: f64 },
    /// So many steps of the present way are timed.
    Present { timed: usize },
    /// The other way has begun so many seconds ago, which are not counted.
    Settling { since: f64 },
    /// So many steps of the other way are timed, which took so long together.
    Other { timed: usize, sum: f64 },
}

impl Choice {
    fn new() -> Choice {
        Choice {
            present: Way::Together,
            phase: Phase::Resting { left: SETTLING },
            rest: RESTS.0,
            seconds: [0.0; COMPARED],
            present_seconds: 0.0,
        }
    }

    fn next(&self) -> Way {
        match self.phase {
            Phase::Resting { .. } | Phase::Present { .. } => self.present,
            Phase::Settling { .. } | Phase::Other { .. } => self.present.other(),
        }
    }

    fn is_comparing(&self) -> bool {
        !matches!(self.phase, Phase::Resting { .. })
    }

    fn took(&mut self, seconds: f64) {
        self.phase = match self.phase {
            Phase::Resting { left } if left > seconds => Phase::Resting {
                left: left - seconds,
            },
            Phase::Resting { .. } => Phase::Present { timed: 0 },
            Phase::Present { timed } => match self.median(timed, seconds) {
                None => Phase::Present { timed: timed + 1 },
                Some(median) => {
                    self.present_seconds = median;
                    Phase::Settling { since: 0.0 }
                }
            },
            Phase::Settling { since } if since + seconds < SETTLING => Phase::Settling {
                since: since + seconds,
            },
            Phase::Settling { .. } => Phase::Other { timed: 0, sum: 0.0 },
            Phase::Other { timed, sum } => match self.median(timed, seconds) {
                None => {
                    let (timed, sum) = (timed + 1, sum + seconds);
                    if sum > HOPELESS * COMPARED as f64 * self.present_seconds {
                        self.rested()
                    } else {
                        Phase::Other { timed, sum }
                    }
                }
                Some(median) => {
                    if median < WORTH_CHANGING * self.present_seconds {
                        self.present = self.present.other();
                    }
                    self.rested()
                }
            },
        };
    }

    /// The rest after a comparison.
    fn rested(&mut self) -> Phase {
        let left = self.rest;
        self.rest = (2.0 * self.rest).min(RESTS.1);
        Phase::Resting { left }
    }

    /// Notes the time of a step after so many others; the median with the last one.
    fn median(&mut self, timed: usize, seconds: f64) -> Option<f64> {
        self.seconds[timed] = seconds;
        (timed + 1 == COMPARED).then(|| {
            self.seconds.sort_unstable_by(f64::total_cmp);
            self.seconds[COMPARED / 2]
        })
    }
}

impl Way {
    fn other(self) -> Way {
        match self {
            Way::Alone => Way::Together,
            Way::Together => Way::Alone,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The part of some seconds that the steps take the way together, where a step takes so many microseconds.
    fn together(choice: &mut Choice, seconds: f64, alone: f64, together: f64) -> f64 {
        let (mut all, mut of, mut steps) = (0.0, 0.0, 0);
        while all < seconds {
            let way = choice.next();
            let step = match way {
                Way::Alone => alone,
                Way::Together => together,
            };
            // A neighbour comes by at times.
            let disturbed = if steps % 5 == 0 { 1.5 } else { 1.0 };
            let took = step * disturbed * 1e-6;
            choice.took(took);
            steps += 1;
            all += took;
            of += if way == Way::Together { took } else { 0.0 };
        }
        of / all
    }

    #[test]
    fn the_faster_way_is_taken_nearly_always() {
        let of = together(&mut Choice::new(), 3.0, 60.0, 35.0);
        assert!(of > 0.97, "{of}");
        let of = together(&mut Choice::new(), 3.0, 40.0, 55.0);
        assert!(of < 0.03, "{of}");
    }

    #[test]
    fn what_is_hopeless_costs_little() {
        // As on a machine where each thread waits for its turn: 3 ms instead of 40 µs.
        let of = together(&mut Choice::new(), 3.0, 40.0, 3000.0);
        assert!(of < 0.05, "{of}");
    }

    #[test]
    fn it_changes_with_the_times_and_not_for_a_trifle() {
        let mut choice = Choice::new();
        together(&mut choice, 1.0, 60.0, 35.0);
        together(&mut choice, 3.0, 40.0, 70.0);
        assert_eq!(choice.present, Way::Alone);
        together(&mut choice, 3.0, 60.0, 35.0);
        assert_eq!(choice.present, Way::Together);
        together(&mut choice, 3.0, 34.5, 35.0);
        assert_eq!(choice.present, Way::Together);
    }

    #[test]
    fn a_pace_looks_at_the_clock_of_real_steps() {
        let (mut pace, all) = (Pace::new(), Team::solo());
        let mut ways = [0; 2];
        for _ in 0..20_000 {
            pace.begin();
            ways[usize::from(std::ptr::eq(pace.team(&all), &raw const all))] += 1;
            std::hint::black_box((0..2000).sum::<u64>());
            pace.end();
        }
        assert!(ways.iter().sum::<i32>() == 20_000 && ways[1] > 0);
    }
}
