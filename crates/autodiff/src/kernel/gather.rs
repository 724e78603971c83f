//! Columns of a matrix in another order: the samples of a shuffled batch.

use super::crew::Team;
use crate::{RunError, Scalar};

/// Threads take whole vectors of samples, as the first stage of a plan does: what a thread has gathered, it reads next.
const TOGETHER: usize = 16;

impl Team {
    /// Copies the columns `order` of a column-major matrix of so many `rows`, shared among the threads of the team.
    ///
    /// ```
    /// use chainrule_autodiff::Team;
    /// let (x, mut batch) = ([1.0, 10.0, 2.0, 20.0, 3.0, 30.0], [0.0; 4]);
    /// Team::solo().gather(&x, 2, &[2, 0], &mut batch)?;
    /// assert_eq!(batch, [3.0, 30.0, 1.0, 10.0]);
    /// # Ok::<(), chainrule_autodiff::RunError>(())
    /// ```
    ///
    /// # Errors
    /// When the matrix lacks one of the columns, or `to` is of another length than they take; then nothing is copied.
    pub fn gather<T: Scalar>(
        &self,
        from: &[T],
        rows: usize,
        order: &[usize],
        to: &mut [T],
    ) -> Result<(), RunError> {
        let columns = from.len().checked_div(rows).unwrap_or(usize::MAX);
        if let Some(&found) = order.iter().find(|&&column| column >= columns) {
            return Err(RunError::MissingColumn { found, columns });
        }
        if to.len() != order.len() * rows {
            return Err(RunError::GatheredLength {
                expected: order.len() * rows,
                found: to.len(),
            });
        }
        let target = Target(to.as_mut_ptr());
        self.run(&|worker| {
            // The whole struct, which is `Sync`, and not its field.
            let target = &target;
            let share = worker.share(order.len().div_ceil(TOGETHER));
            let (first, end) = (
                share.start * TOGETHER,
                order.len().min(share.end * TOGETHER),
            );
            for (place, &column) in (first..end).zip(&order[first.min(end)..end]) {
                // SAFETY: the column is inside `from`; `to` has room for `rows` values at each place, and each place is one worker's.
                unsafe {
                    let source = from.as_ptr().add(column * rows);
                    std::ptr::copy_nonoverlapping(source, target.0.add(place * rows), rows);
                }
            }
        })
        .map_err(|_| RunError::Panicked)
    }
}

/// Where the workers write.
struct Target<T>(*mut T);

// SAFETY: the workers write to disjoint places of memory that the call borrows for writing.
unsafe impl<T: Scalar> Sync for Target<T> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_gathered_by_any_team() {
        let from: Vec<f32> = (0..700).map(|i| i as f32).collect();
        for threads in [1, 2, 3, 7] {
            let team = Team::new(threads);
            std::thread::scope(|scope| {
                for _ in 1..threads {
                    scope.spawn(|| team.lend());
                }
                for count in [0, 1, 15, 16, 17, 33, 100] {
                    for rows in [1, 7] {
                        let order: Vec<usize> = (0..count).map(|i| (i * 37 + 5) % 100).collect();
                        let mut to = vec![-1.0; count * rows];
                        team.gather(&from[..100 * rows], rows, &order, &mut to)
                            .expect("100 columns");
                        let expected = order.iter().flat_map(|c| &from[c * rows..(c + 1) * rows]);
                        assert!(
                            to.iter().eq(expected),
                            "{count} columns of {rows} by {threads}"
                        );
                    }
                }
                team.close();
            });
        }
    }

    #[test]
    fn what_does_not_fit_is_told() {
        let mut to = [0.0; 2];
        let team = Team::solo();
        let missing = team.gather(&[1.0; 6], 2, &[3], &mut to);
        assert!(matches!(
            missing,
            Err(RunError::MissingColumn {
                found: 3,
                columns: 3
            })
        ));
        let short = team.gather(&[1.0; 6], 2, &[1, 1], &mut to);
        assert!(matches!(
            short,
            Err(RunError::GatheredLength {
                expected: 4,
                found: 2
            })
        ));
        assert_eq!(to, [0.0; 2]);
    }
}
