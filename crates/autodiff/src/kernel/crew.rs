//! A crew of lent threads: parallelism as a value, with joins of a fraction of a microsecond.

use std::cell::UnsafeCell;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

/// Threads that wait for work. A run shares its work among those that have arrived.
///
/// The engine starts no threads: others lend theirs. The bits of a result do not depend on how many there are.
///
/// ```
/// use chainrule_autodiff::Team;
/// let team = Team::new(2);
/// std::thread::scope(|s| {
///     s.spawn(|| team.lend()); // works for the team until it is closed
///     // … plan.run(&mut state, &inputs, &mut workspace, &team) …
///     team.close();
/// });
/// ```
#[derive(Debug)]
pub struct Team {
    limit: usize,
    /// How often to look before giving the processor away: not at all with more threads than processors.
    spins: u32,
    /// The number of jobs so far (upper 48 bits) and of lent threads (lower 16), changed together.
    word: AtomicU64,
    job: UnsafeCell<Option<Job>>,
    busy: AtomicBool,
    finished: AtomicUsize,
    closed: AtomicBool,
    panicked: AtomicBool,
    waiting: AtomicUsize,
    phase: AtomicUsize,
}

#[derive(Debug, Clone, Copy)]
struct Job {
    work: *const (dyn Fn(Worker<'_>) + Sync),
    workers: usize,
}

// SAFETY: `job` is written by the leader alone, while no worker looks at it: workers read it after the job number has changed (release and acquire on
// `word`), and the leader goes on only when all of them have finished (`finished`). The pointer in it is to a `Sync` closure that outlives the job.
unsafe impl Sync for Team {}
// SAFETY: as above; a team without a running job holds no live pointer.
unsafe impl Send for Team {}

/// A share of a job: which of how many.
#[derive(Clone, Copy)]
pub(crate) struct Worker<'a> {
    pub(crate) index: usize,
    pub(crate) count: usize,
    team: &'a Team,
}

/// A thread of the team panicked.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Panicked;

const LENT: u64 = 0xffff;
const NEXT_JOB: u64 = LENT + 1;

impl Team {
    /// The calling thread alone.
    #[must_use]
    pub fn solo() -> Self {
        Self::with(1, 0)
    }

    /// At most `threads` threads, of which the calling one is the first.
    #[must_use]
    pub fn new(threads: usize) -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Self::with(threads.max(1), if threads > processors { 0 } else { 1000 })
    }

    fn with(limit: usize, spins: u32) -> Self {
        Self {
            limit,
            spins,
            word: AtomicU64::new(0),
            job: UnsafeCell::new(None),
            busy: AtomicBool::new(false),
            finished: AtomicUsize::new(0),
            closed: AtomicBool::new(false),
            panicked: AtomicBool::new(false),
            waiting: AtomicUsize::new(0),
            phase: AtomicUsize::new(0),
        }
    }

    /// The most threads that a run uses.
    #[must_use]
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// Lends the calling thread to the team, until it is closed.
    pub fn lend(&self) {
        let Some((index, mut seen)) = self.arrive() else {
            return;
        };
        let mut patience = Patience::new(self.spins);
        loop {
            let word = self.word.load(Ordering::Acquire);
            if word / NEXT_JOB == seen {
                if self.closed.load(Ordering::Acquire) {
                    return;
                }
                patience.wait();
                continue;
            }
            seen = word / NEXT_JOB;
            // SAFETY: see `Sync`.
            if let Some(job) = unsafe { *self.job.get() } {
                let worker = Worker {
                    index,
                    count: job.workers,
                    team: self,
                };
                // SAFETY: the leader keeps the closure alive until this worker has finished.
                let work = unsafe { &*job.work };
                if catch_unwind(AssertUnwindSafe(|| work(worker))).is_err() {
                    self.panicked.store(true, Ordering::Release);
                }
                self.finished.fetch_add(1, Ordering::Release);
            }
            patience = Patience::new(self.spins);
        }
    }

    /// Sends the lent threads home. The team can't be used by several threads after.
    pub fn close(&self) {
        self.closed.store(true, Ordering::Release);
    }

    /// This thread's number and the jobs that were before it.
    fn arrive(&self) -> Option<(usize, u64)> {
        let mut word = self.word.load(Ordering::Acquire);
        loop {
            let lent = (word & LENT) as usize;
            if lent + 1 >= self.limit || self.closed.load(Ordering::Acquire) {
                return None;
            }
            match self.word.compare_exchange_weak(
                word,
                word + 1,
                Ordering::AcqRel,
                Ordering::Acquire,
            ) {
                Ok(_) => return Some((lent + 1, word / NEXT_JOB)),
                Err(now) => word = now,
            }
        }
    }

    /// Runs `work` on the calling thread and on all that have arrived, and returns when all are done.
    pub(crate) fn run(&self, work: &(dyn Fn(Worker<'_>) + Sync)) -> Result<(), Panicked> {
        let lent = self.word.load(Ordering::Acquire) & LENT;
        let open = lent > 0 && !self.closed.load(Ordering::Acquire);
        if !open || self.busy.swap(true, Ordering::Acquire) {
            return self.alone(work);
        }
        let workers = self.publish(work);
        let leader = Worker {
            index: 0,
            count: workers,
            team: self,
        };
        if catch_unwind(AssertUnwindSafe(|| work(leader))).is_err() {
            self.panicked.store(true, Ordering::Release);
        }
        let mut patience = Patience::new(self.spins);
        while self.finished.load(Ordering::Acquire) + 1 < workers {
            patience.wait();
        }
        self.finished.store(0, Ordering::Relaxed);
        self.waiting.store(0, Ordering::Relaxed);
        let panicked = self.panicked.swap(false, Ordering::AcqRel);
        self.busy.store(false, Ordering::Release);
        if panicked { Err(Panicked) } else { Ok(()) }
    }

    /// Waits up to a second until all threads have arrived; how many there are, the calling one included.
    pub(crate) fn assemble(&self) -> usize {
        let begun = std::time::Instant::now();
        loop {
            let threads = (self.word.load(Ordering::Acquire) & LENT) as usize + 1;
            if threads >= self.limit || begun.elapsed().as_secs() >= 1 {
                return threads;
            }
            std::thread::yield_now();
        }
    }

    /// Runs `work` on all threads that have arrived, `rounds` times with a join after each: it is told the thread and the round.
    pub(crate) fn run_joined(&self, rounds: u32, work: &(dyn Fn(usize, u32) + Sync)) {
        // A panic of the work has been reported by its thread; the others went home.
        let _ = self.run(&|worker| {
            for round in 0..rounds {
                work(worker.index, round);
                if !worker.join() {
                    return;
                }
            }
        });
    }

    fn alone(&self, work: &(dyn Fn(Worker<'_>) + Sync)) -> Result<(), Panicked> {
        let worker = Worker {
            index: 0,
            count: 1,
            team: self,
        };
        catch_unwind(AssertUnwindSafe(|| work(worker))).map_err(|_| Panicked)
    }

    /// Hands the job to the threads that have arrived; how many work on it.
    fn publish(&self, work: &(dyn Fn(Worker<'_>) + Sync)) -> usize {
        // SAFETY: only the lifetime changes; `run` returns after the last use of the pointer.
        let work: *const (dyn Fn(Worker<'_>) + Sync) = unsafe { std::mem::transmute(work) };
        let mut word = self.word.load(Ordering::Acquire);
        loop {
            let workers = (word & LENT) as usize + 1;
            // SAFETY: see `Sync`: no worker looks before the job number changes.
            unsafe { *self.job.get() = Some(Job { work, workers }) };
            match self.word.compare_exchange(
                word,
                word + NEXT_JOB,
                Ordering::AcqRel,
                Ordering::Acquire,
            ) {
                Ok(_) => return workers,
                Err(now) => word = now,
            }
        }
    }
}

impl<'a> Worker<'a> {
    #[cfg(test)]
    pub(crate) fn of(team: &'a Team, index: usize, count: usize) -> Self {
        Self { index, count, team }
    }
    /// Waits for all workers of the job; false when one of them has panicked, and the work should end.
    pub(crate) fn join(&self) -> bool {
        if self.count == 1 {
            return true;
        }
        let team = self.team;
        let phase = team.phase.load(Ordering::Acquire);
        if team.waiting.fetch_add(1, Ordering::AcqRel) + 1 == self.count {
            team.waiting.store(0, Ordering::Relaxed);
            team.phase.store(phase.wrapping_add(1), Ordering::Release);
            return true;
        }
        let mut patience = Patience::new(team.spins);
        while team.phase.load(Ordering::Acquire) == phase {
            if team.panicked.load(Ordering::Acquire) {
                return false;
            }
            patience.wait();
        }
        true
    }

    /// This worker's share of `0..n`: see [`share`].
    pub(crate) fn share(&self, n: usize) -> Range<usize> {
        share(n, self.index, self.count)
    }
}

/// One worker's share of `0..n`: contiguous, and as even as can be. A higher number than there are workers goes round, so that the
/// longer shares can be moved around.
pub(crate) fn share(n: usize, index: usize, count: usize) -> Range<usize> {
    if count == 1 {
        return 0..n;
    }
    let index = index % count;
    n * index / count..n * (index + 1) / count
}

/// Looks a while, then gives the processor away, then sleeps.
struct Patience {
    spins: u32,
    yields: u32,
}

impl Patience {
    fn new(spins: u32) -> Self {
        Self {
            spins,
            yields: 5000,
        }
    }

    fn wait(&mut self) {
        if self.spins > 0 {
            self.spins -= 1;
            std::hint::spin_loop();
        } else if self.yields > 0 {
            self.yields -= 1;
            std::thread::yield_now();
        } else {
            std::thread::sleep(std::time::Duration::from_micros(50));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicU32;

    fn with_crew(threads: usize, body: impl FnOnce(&Team)) {
        let team = Team::new(threads);
        std::thread::scope(|s| {
            for _ in 1..threads {
                s.spawn(|| team.lend());
            }
            while (team.word.load(Ordering::Acquire) & LENT) as usize + 1 < threads {
                std::thread::yield_now();
            }
            body(&team);
            team.close();
        });
    }

    #[test]
    fn every_worker_passes_every_join_in_step() {
        for threads in [1, 2, 3, 7] {
            with_crew(threads, |team| {
                for _ in 0..200 {
                    let counter = AtomicU32::new(0);
                    let done = team.run(&|worker| {
                        for round in 1..=5 {
                            counter.fetch_add(1, Ordering::Relaxed);
                            assert!(worker.join());
                            assert_eq!(counter.load(Ordering::Relaxed), round * threads as u32);
                            assert!(worker.join());
                        }
                    });
                    assert_eq!(done, Ok(()));
                    assert_eq!(counter.into_inner(), 5 * threads as u32);
                }
            });
        }
    }

    #[test]
    fn a_panic_releases_the_others_and_the_team_works_on() {
        with_crew(3, |team| {
            for culprit in 0..3 {
                let failed = team.run(&|worker| {
                    if worker.index == culprit {
                        std::panic::resume_unwind(Box::new("on purpose"));
                    }
                    while worker.join() {}
                });
                assert_eq!(failed, Err(Panicked));
                assert_eq!(team.run(&|worker| assert!(worker.join())), Ok(()));
            }
        });
    }

    #[test]
    fn threads_that_come_late_or_too_many_do_no_harm() {
        let team = Team::new(2);
        std::thread::scope(|s| {
            for _ in 0..4 {
                s.spawn(|| team.lend());
            }
            for _ in 0..1000 {
                let total = AtomicUsize::new(0);
                let counted = team.run(&|worker| {
                    let share = worker.share(100);
                    total.fetch_add(share.len(), Ordering::Relaxed);
                });
                assert_eq!((counted, total.into_inner()), (Ok(()), 100));
            }
            team.close();
        });
    }
}
