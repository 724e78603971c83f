//! What an audit found.

use std::fmt;

/// The result of an audit.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// The operations audited.
    pub operations: usize,
    /// The comparisons made, over all operations and cases.
    pub checks: usize,
    /// Those that failed.
    pub failures: Vec<Failure>,
    /// The largest relative error of a derivative in f64, `|a − b| / (1 + |b|)`: against difference quotients, in linearity, and of
    /// forward against reverse mode.
    pub worst_relative_error: f64,
    /// The largest relative error of a value or derivative in f32 against f64.
    pub worst_single_precision_error: f64,
    /// The errors of each operation, in the order of registration.
    pub measured: Vec<Measured>,
}

/// The errors measured of one operation.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Measured {
    /// Derivatives in f64.
    pub derivative: f64,
    /// Values in f32 against f64.
    pub single_value: f64,
    /// Derivatives in f32 against f64.
    pub single_derivative: f64,
}

/// A comparison that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The operation.
    pub operation: String,
    /// The shapes of its arguments.
    pub case: String,
    /// What was compared.
    pub check: String,
    /// What was found.
    pub detail: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            operation,
            case,
            check,
            detail,
        } = self;
        write!(f, "{operation} of {case}, {check}: {detail}")
    }
}

/// Checks of an audit failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{} of the audit's checks failed:\n{}", .failures.len(), listed(.failures))]
pub struct AuditError {
    /// What failed.
    pub failures: Vec<Failure>,
}

fn listed(failures: &[Failure]) -> String {
    let lines: Vec<String> = failures.iter().map(Failure::to_string).collect();
    lines.join("\n")
}

impl Report {
    pub(super) fn empty() -> Self {
        Self {
            operations: 0,
            checks: 0,
            failures: Vec::new(),
            worst_relative_error: 0.0,
            worst_single_precision_error: 0.0,
            measured: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, measured: Measured) {
        self.operations += 1;
        self.measured.push(measured);
        self.worst_relative_error = self.worst_relative_error.max(measured.derivative);
        let single = measured.single_value.max(measured.single_derivative);
        self.worst_single_precision_error = self.worst_single_precision_error.max(single);
    }

    /// The report, if nothing failed.
    ///
    /// # Errors
    /// Lists what failed.
    pub fn passed(self) -> Result<Self, AuditError> {
        if self.failures.is_empty() {
            Ok(self)
        } else {
            Err(AuditError {
                failures: self.failures,
            })
        }
    }
}
