//! Proof of operations: an operation is registered with samplers of its arguments, and an audit runs it through everything
//! that the engine promises of it.
//!
//! One call checks an operation of your own:
//!
//! ```
//! use chainrule_autodiff::audit::{Registration, Values};
//! let cube = Registration::elementwise("cube", |x| x[0] * x[0] * x[0], [Values::real()]);
//! cube.check()?;
//! # Ok::<(), chainrule_autodiff::audit::AuditError>(())
//! ```
//!
//! What is checked, of every case of every operation:
//!
//! | check | how |
//! |---|---|
//! | first and second derivative | against five-point central differences, in f64 |
//! | linearity in the cotangent | of sums; exactly for a power of two; zero gives zero |
//! | forward against reverse mode | `⟨u, J v⟩ = ⟨Jᵀ u, v⟩` |
//! | the rule at kinks and ties | the stated cotangents, in both precisions, on every instruction set |
//! | a derivative that does not exist | is refused with an error that names operation and argument |
//! | f32 against f64 | values and derivatives inside the intervals, values at the edges |
//! | the plan against the definition | bits: each node by its [`Op::eval`](crate::Op::eval) |
//! | each optional pass, on against off | bits |
//! | every instruction set against the portable path | bits |
//! | three threads against one | bits |
//! | a sample alone against the batch | bits, where [samples do not meet](Samples) |
//!
//! The comparisons of bits are over values, cotangents, tangents and updated parameters; with an empty batch, one sample, 37 and 300;
//! with values inside the intervals and with edges and ties.
//!
//! [`Registry::builtin`] holds the operations of the engine. `cargo run --release -p chainrule-autodiff --example audit` audits
//! them with fresh samples, and `docs/operations.md` is their [table](Registry::table).

mod bits;
mod builtin;
mod derivatives;
mod findings;
mod kinks;
mod precision;
#[cfg(test)]
mod random_graphs;
mod registration;
mod report;
mod subject;
mod table;
#[cfg(test)]
mod tests;
mod values;

pub use registration::{Case, Kink, Registration, Samples};
pub use report::{AuditError, Failure, Measured, Report};
pub use values::{EDGES, Values};

use crate::random::Random;
use crate::{CheckError, CompileError, RunError, Team};
use findings::Findings;

/// What every case goes through, in order.
const CHECKS: [(&str, Check); 7] = [
    ("difference quotients", derivatives::difference_quotients),
    ("linearity", derivatives::linearity),
    ("both directions", derivatives::both_directions),
    ("stated rules", kinks::stated_rules),
    ("refusals", derivatives::refusals),
    ("precision", precision::single_against_double),
    ("bits", bits::same_bits),
];

type Check = fn(&Subject<'_>, &mut Findings) -> Result<(), Trouble>;

/// How an audit samples.
///
/// ```
/// use chainrule_autodiff::audit::{Audit, Registration, Values};
/// let operations = [Registration::elementwise("double", |x| 2.0 * x[0], [Values::real()])];
/// let report = Audit { seed: 7, samples: 2 }.run(&operations);
/// assert_eq!((report.operations, report.failures.len()), (1, 0));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audit {
    /// Other samples for another seed; the same seed gives the same report on every machine.
    pub seed: u64,
    /// Random points of each comparison of derivatives and precisions.
    pub samples: usize,
}

impl Default for Audit {
    fn default() -> Self {
        Self {
            seed: 1,
            samples: 4,
        }
    }
}

/// Operations that have brought what their audit needs.
///
/// ```
/// use chainrule_autodiff::audit::{Registration, Registry, Values};
/// let mut registry = Registry::builtin();
/// let builtin = registry.operations().len();
/// registry.register(Registration::elementwise("half", |x| 0.5 * x[0], [Values::real()]));
/// assert_eq!(registry.operations().len(), builtin + 1);
/// ```
#[derive(Debug)]
pub struct Registry {
    operations: Vec<Registration>,
}

impl Registry {
    /// The operations of the engine.
    #[must_use]
    pub fn builtin() -> Self {
        Self {
            operations: builtin::all(),
        }
    }

    /// Adds an operation.
    pub fn register(&mut self, operation: Registration) {
        self.operations.push(operation);
    }

    /// The operations, in the order in which they were registered.
    #[must_use]
    pub fn operations(&self) -> &[Registration] {
        &self.operations
    }
}

/// One case of one operation, with what its checks share.
#[derive(Clone, Copy)]
struct Subject<'a> {
    registration: &'a Registration,
    case: &'a Case,
    seed: u64,
    samples: usize,
    /// A team of three.
    team: &'a Team,
}

impl Subject<'_> {
    /// Random numbers of one check, which depend on the operation and the case by their names alone.
    fn random(&self, check: &str) -> Random {
        let purpose = format!("{} {} {check}", self.registration.name, self.case);
        Random::named(self.seed, &purpose)
    }
}

/// Why a check broke off.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error(transparent)]
    Compile(#[from] CompileError),
    #[error(transparent)]
    Run(#[from] RunError),
    #[error(transparent)]
    Differs(#[from] CheckError),
}

impl Audit {
    /// Runs all checks over operations. Two threads are started for the comparison with many, and are gone when it returns.
    #[must_use]
    pub fn run(&self, operations: &[Registration]) -> Report {
        const THREADS: usize = 3;
        let team = Team::new(THREADS);
        std::thread::scope(|scope| {
            let _open = Open(&team);
            for _ in 1..THREADS {
                scope.spawn(|| team.lend());
            }
            let mut report = Report::empty();
            for registration in operations {
                self.operation(registration, &team, &mut report);
            }
            report
        })
    }

    fn operation(&self, registration: &Registration, team: &Team, report: &mut Report) {
        let mut measured = Measured::default();
        for case in &registration.cases {
            let subject = Subject {
                registration,
                case,
                seed: self.seed,
                samples: self.samples,
                team,
            };
            let mut findings = Findings {
                operation: registration.name.clone(),
                case: case.to_string(),
                checks: 0,
                failures: Vec::new(),
                measured,
            };
            for (name, check) in CHECKS {
                if let Err(trouble) = check(&subject, &mut findings) {
                    findings.checks += 1;
                    findings.fail(name, trouble.to_string());
                }
            }
            measured = findings.measured;
            report.checks += findings.checks;
            report.failures.extend(findings.failures);
        }
        report.add(measured);
    }
}

/// A team that is closed at the end, also when an operation panics: the lent threads go home.
struct Open<'a>(&'a Team);

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.close();
    }
}
