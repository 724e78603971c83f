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
    pub(super) seconds: &'a mut [f64],
}

impl Clock for Stopwatch<'_> {
    fn lap(&mut self, index: usize) {
        let now = Instant::now();
        self.seconds[index] += now.duration_since(self.since).as_secs_f64();
        self.since = now;
    }
}
