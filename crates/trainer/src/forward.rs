//! The forward pass over any number of rows.

use chainrule_autodiff::{Plan, RunError, Scalar, State, Team, Workspace};

/// Rows of one run. The bits of a row don't depend on it: samples don't meet in a forward pass.
const ROWS: usize = 1024;

/// Memory for [`forward`] over so many rows.
pub(crate) fn workspace<T: Scalar>(plan: &Plan<T>, rows: usize, threads: usize) -> Workspace<T> {
    plan.workspace(rows.clamp(1, ROWS * threads.max(1)), threads)
}

/// Writes the logit of each row of `x` (features × rows) into `logits`.
pub(crate) fn forward<T: Scalar>(
    plan: &Plan<T>,
    state: &State<T>,
    x: &[T],
    logits: &mut [f64],
    workspace: &mut Workspace<T>,
    team: &Team,
) -> Result<(), RunError> {
    let Some(features) = x.len().checked_div(logits.len()) else {
        return Ok(());
    };
    let rows = workspace.capacity();
    for (x, logits) in x.chunks(features * rows).zip(logits.chunks_mut(rows)) {
        plan.eval(state, &[x], workspace, team)?;
        for (logit, &z) in logits.iter_mut().zip(workspace.output(0)) {
            *logit = z.to_f64();
        }
    }
    Ok(())
}
