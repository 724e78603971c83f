//! What this machine can do: the rates that the figures of plans are held against.
//!
//! ```no_run
//! use chainrule_autodiff::{Isa, measure};
//! let peak = measure::peak_flops::<f32>(Isa::detect());
//! println!("{:.0} GFLOP/s on one thread", peak / 1e9);
//! ```

use std::cell::Cell;
use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use crate::kernel::peak::{self, PeakArgs};
use crate::{Isa, Scalar, Team};

/// Fused multiply-adds in registers, in floating-point operations a second: no kernel on one thread is faster.
///
/// The best of several runs of some 40 µs, so that a machine that is shared now and then says what it can do. A set that
/// this machine lacks is measured as the portable one.
#[must_use]
pub fn peak_flops<T: Scalar>(isa: Isa) -> f64 {
    let (isa, rounds) = rounds(isa);
    let args = Cell::new(PeakArgs {
        rounds,
        out: T::ZERO,
    });
    let seconds = best(40, || {
        peak::run(isa, black_box(&args));
    });
    peak::flops::<T>(isa, rounds) as f64 / seconds
}

/// Seconds from one join of a team to the next where its threads have nothing to do: the least that each stage of a plan costs.
///
/// It waits up to a second for the team's threads to arrive.
#[must_use]
pub fn join_seconds(team: &Team) -> f64 {
    const JOINS: u32 = 200;
    team.assemble();
    let seconds = best(50, || {
        team.run_joined(JOINS, &|_, _| {});
    });
    seconds / f64::from(JOINS)
}

/// How much longer a thread of a team takes for the same fused multiply-adds when all threads work than alone: processors that share a clock, a
/// core or a neighbour slow each other down. 1 where they don't.
#[must_use]
pub fn crowding<T: Scalar>(team: &Team, isa: Isa) -> f64 {
    // Many in a row: a lent thread that has gone to sleep wakes once.
    const TIMES: u32 = 200;
    let (isa, rounds) = rounds(isa);
    let work = |_: usize, _: u32| {
        let args = Cell::new(PeakArgs {
            rounds,
            out: T::ZERO,
        });
        peak::run(isa, black_box(&args));
    };
    team.assemble();
    let (solo, mut seconds) = (Team::solo(), [Vec::new(), Vec::new()]);
    // In turn, so that what disturbs the machine disturbs both.
    for _ in 0..7 {
        for (team, seconds) in [&solo, team].into_iter().zip(&mut seconds) {
            let started = Instant::now();
            team.run_joined(TIMES, &work);
            seconds.push(started.elapsed().as_secs_f64());
        }
    }
    let [alone, together] = seconds.map(|mut seconds| {
        seconds.sort_by(f64::total_cmp);
        seconds[seconds.len() / 2]
    });
    (together / alone).max(1.0)
}

/// Bytes a second that one thread reads which another has just written, for two threads of a team; infinite where there is one.
///
/// It is what weights cost that another thread has updated, and activations whose weight gradients another thread sums.
#[must_use]
pub fn exchange_rate(team: &Team) -> f64 {
    const LINE: usize = 64 / size_of::<u64>();
    const BYTES: usize = 1 << 16;
    const ROUNDS: u32 = 40;
    if team.assemble() < 2 {
        return f64::INFINITY;
    }
    let memory: Vec<AtomicU64> = (0..BYTES / size_of::<u64>())
        .map(|_| AtomicU64::new(0))
        .collect();
    let round = |passes: bool| {
        let seconds = best(20, || {
            team.run_joined(2 * ROUNDS, &|worker, at| {
                let writes = at % 2 == 0;
                if worker == 0 && writes {
                    for word in memory.iter().step_by(LINE) {
                        word.store(u64::from(at), Ordering::Relaxed);
                    }
                } else if worker == usize::from(passes) && !writes {
                    let sum: u64 = memory
                        .iter()
                        .step_by(LINE)
                        .map(|word| word.load(Ordering::Relaxed))
                        .fold(0, u64::wrapping_add);
                    black_box(sum);
                }
            });
        });
        seconds / f64::from(ROUNDS)
    };
    let (passed, kept) = (round(true), round(false));
    // The lines travel twice: to be read, and back to be written.
    BYTES as f64 * 2.0 / (passed - kept).max(1e-9)
}

/// The set that is measured, and multiply-adds of a chain that take some 40 µs, or 150 where they are done in software.
fn rounds(isa: Isa) -> (Isa, usize) {
    match isa {
        isa if isa.is_available() && isa != Isa::Portable => (isa, 20_000),
        _ => (Isa::Portable, 800),
    }
}

fn best(runs: usize, mut run: impl FnMut()) -> f64 {
    let once = |run: &mut dyn FnMut()| {
        let started = Instant::now();
        run();
        started.elapsed().as_secs_f64()
    };
    (0..runs).map(|_| once(&mut run)).fold(f64::MAX, f64::min)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_numbers_above_zero() {
        for isa in [Isa::Portable, Isa::detect()] {
            for peak in [peak_flops::<f32>(isa), peak_flops::<f64>(isa)] {
                assert!(peak > 0.0 && peak.is_finite(), "{isa}: {peak}");
            }
        }
        assert!(join_seconds(&Team::solo()) >= 0.0);
        assert!(exchange_rate(&Team::solo()).is_infinite());
        assert!(crowding::<f32>(&Team::solo(), Isa::detect()) >= 1.0);
        let team = Team::new(2);
        std::thread::scope(|s| {
            s.spawn(|| team.lend());
            assert!(join_seconds(&team) > 0.0);
            assert!(exchange_rate(&team) > 0.0);
            assert!(crowding::<f64>(&team, Isa::Portable) >= 1.0);
            team.close();
        });
    }
}
