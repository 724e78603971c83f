//! What checks find.

use super::report::{Failure, Measured};

/// The findings of the checks of one case.
pub(super) struct Findings {
    pub(super) operation: String,
    pub(super) case: String,
    pub(super) checks: usize,
    pub(super) failures: Vec<Failure>,
    pub(super) measured: Measured,
}

impl Findings {
    /// One thing that holds, or else the reason why not.
    pub(super) fn holds(&mut self, check: &str, failure: impl FnOnce() -> Option<String>) {
        self.checks += 1;
        if let Some(detail) = failure() {
            self.fail(check, detail);
        }
    }

    /// A relative error of derivatives in f64 and what it may be.
    pub(super) fn compared(&mut self, check: &str, error: f64, tolerance: f64) {
        self.measured.derivative = self.measured.derivative.max(error);
        self.within(check, error, tolerance);
    }

    /// Any error and what it may be.
    pub(super) fn within(&mut self, check: &str, error: f64, tolerance: f64) {
        self.holds(check, || {
            (error.is_nan() || error > tolerance)
                .then(|| format!("relative error {error:.1e}, at most {tolerance:.0e} expected"))
        });
    }

    pub(super) fn fail(&mut self, check: &str, detail: String) {
        self.failures.push(Failure {
            operation: self.operation.clone(),
            case: self.case.clone(),
            check: check.to_owned(),
            detail,
        });
    }
}
