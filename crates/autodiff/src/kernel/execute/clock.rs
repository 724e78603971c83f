//! What sees the steps of a stage end: nothing, or a stopwatch.

use std::time::Instant;

/// Sees each step of a stage end.
pub(super) trait Clock {
    /// The step `index` of the stage has done a part of its work: units are counted first, then the chain.
    fn lap(&mut self, index: usize);
}

/// Does not look.
pub(super) struct NoClock;

impl Clock for NoClock {
    #[inline(always)]
    fn lap(&mut self, _: usize) {}
}

/// Adds up the seconds of each step.
pub(super) struct Stopwatch<'a> {
    pub(super) since: Instant,
    /// Seconds of looking at the clock once.
    pub(super) look: f64,
    pub(super) seconds: &'a mut [f64],
}

/// Seconds from one look at the clock to the next with nothing in between, in the middle of many.
pub(crate) fn look() -> f64 {
    let mut looks: Vec<f64> = (0..101)
        .map(|_| {
            let before = Instant::now();
            Instant::now().duration_since(before).as_secs_f64()
        })
        .collect();
    looks.sort_by(f64::total_cmp);
    looks[looks.len() / 2]
}

impl Clock for Stopwatch<'_> {
    fn lap(&mut self, index: usize) {
        let now = Instant::now();
        let seconds = now.duration_since(self.since).as_secs_f64();
        self.seconds[index] += (seconds - self.look).max(0.0);
        self.since = now;
    }
}
