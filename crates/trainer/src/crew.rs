//! Threads for a piece of work: rayon lends them once.

use chainrule_autodiff::Team;

/// Runs `work` with a team of so many threads, the calling one included, and returns what it returns.
///
/// The pool is entered once: the lent threads wait in the team for each step. Where the system gives no more threads, the
/// calling one works alone: the result is the same.
pub(crate) fn with_team<R>(threads: usize, work: impl FnOnce(&Team) -> R) -> R {
    let pool = match threads {
        0 | 1 => None,
        _ => rayon::ThreadPoolBuilder::new()
            .num_threads(threads - 1)
            .thread_name(|at| format!("chainrule {}", at + 1))
            .build()
            .ok(),
    };
    let Some(pool) = pool else {
        return work(&Team::solo());
    };
    let team = Team::new(threads);
    pool.in_place_scope(|scope| {
        for _ in 1..threads {
            scope.spawn(|_| team.lend());
        }
        let closing = Closing(&team);
        work(closing.0)
    })
}

/// Sends the threads home, whatever happens: the scope waits for them.
struct Closing<'a>(&'a Team);

impl Drop for Closing<'_> {
    fn drop(&mut self) {
        self.0.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_threads_go_home_after_work_and_after_a_panic() {
        for threads in [0, 1, 2, 5] {
            assert_eq!(with_team(threads, Team::limit), threads.max(1));
        }
        let failed = std::panic::catch_unwind(|| {
            with_team(3, |_| std::panic::resume_unwind(Box::new("on purpose")))
        });
        assert!(failed.is_err());
    }
}
