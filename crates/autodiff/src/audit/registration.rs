//! What an operation must bring to be registered.

use std::fmt;

use super::values::Role;
use super::{Audit, AuditError, Report, Values};
use crate::random::Random;
use crate::{BATCH, Dim, Expr, Shape};

/// An operation as its arguments give its result.
pub(crate) type Apply = dyn for<'a, 'g> Fn(&'a [Expr<'g>]) -> Expr<'g> + Send + Sync;

/// An operation with all that its audit needs: how it is applied, and the [`Case`]s in which it is tried, each with the
/// values of every argument. There is none without.
///
/// ```
/// use chainrule_autodiff::audit::{Registration, Values};
/// use chainrule_autodiff::{Expr, Lanes, Unary};
///
/// struct Swish;
/// impl Unary for Swish {
///     const NAME: &'static str = "swish";
///     #[inline(always)]
///     fn value<V: Lanes>(&self, x: V) -> V {
///         x * x.sigmoid()
///     }
///     fn derivative<'g>(&self, x: Expr<'g>, y: Expr<'g>) -> Expr<'g> {
///         let s = x.sigmoid();
///         s + y * (1.0 - s)
///     }
/// }
///
/// let report = Registration::elementwise("swish", |x| x[0].map(Swish), [Values::real()]).check()?;
/// assert!(report.worst_relative_error < 1e-6);
/// # Ok::<(), chainrule_autodiff::audit::AuditError>(())
/// ```
pub struct Registration {
    pub(crate) name: String,
    pub(crate) apply: Box<Apply>,
    pub(crate) cases: Vec<Case>,
    pub(crate) kinks: Vec<Kink>,
    pub(crate) undefined_in: Option<(String, usize)>,
    pub(crate) form: Form,
    pub(crate) value: String,
    pub(crate) rule: String,
    pub(crate) beside: String,
    pub(crate) single_tolerance: f64,
}

/// What an operation works on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Numbers: each rounded few times, so that f32 is close to f64 at any magnitude.
    Elementwise,
    /// Whole matrices, whose sums may cancel.
    Whole,
}

/// The derivative that an elementwise operation gives at a point where it has none, or more than one.
#[derive(Debug, Clone, PartialEq)]
pub struct Kink {
    /// The arguments, each a number.
    pub(crate) at: Vec<f64>,
    /// The cotangent of the result.
    pub(crate) cotangent: f64,
    /// What each argument receives, but for one in which the derivative is undefined.
    pub(crate) receives: Vec<f64>,
}

/// One way of calling an operation: the shape of each argument and where its values come from.
///
/// ```
/// use chainrule_autodiff::BATCH;
/// use chainrule_autodiff::audit::{Case, Samples, Values};
/// // W x: each column of the result depends on the same column of the batch alone.
/// let case = Case::new([((3, 5).into(), Values::real()), ((5, BATCH).into(), Values::real())])
///     .samples(Samples::Independent);
/// assert_eq!(case.to_string(), "[3 × 5] and [5 × B]");
/// ```
#[derive(Clone)]
pub struct Case {
    pub(crate) arguments: Vec<(Shape, Values)>,
    pub(crate) samples: Samples,
    pub(crate) smooth: Option<fn(&[f64]) -> bool>,
}

/// Whether samples meet in an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Samples {
    /// Column j of the result depends on column j of the batched arguments alone. The audit then compares a sample alone with the
    /// same sample in a batch, bit for bit.
    Independent,
    /// They meet: a sum over samples, a transpose.
    Mixed,
}

impl Registration {
    /// An elementwise operation, with the values of each argument. It is tried as a batch, as fixed matrices, as rows and
    /// scalars, and with each argument but one repeated.
    pub fn elementwise<const N: usize>(
        name: &str,
        apply: impl for<'a, 'g> Fn(&'a [Expr<'g>]) -> Expr<'g> + Send + Sync + 'static,
        values: [Values; N],
    ) -> Self {
        const { assert!(N > 0, "an elementwise operation has an argument") };
        let mut shapes: Vec<[Shape; N]> = vec![
            [(3, BATCH).into(); N],
            [(20, BATCH).into(); N],
            [(1, BATCH).into(); N],
            [(BATCH, 3).into(); N],
            [(2, 17).into(); N],
            [19.into(); N],
            [Shape::SCALAR; N],
        ];
        if N > 1 {
            for (index, small) in [(0, 3.into()), (1, (1, BATCH).into()), (1, Shape::SCALAR)] {
                let mut mixed = [(3, BATCH).into(); N];
                mixed[index] = small;
                shapes.push(mixed);
            }
            let mut mixed = [(4, 7).into(); N];
            mixed[N - 1] = (1, 7).into();
            shapes.push(mixed);
        }
        let case = |shapes: [Shape; N]| {
            let arguments = shapes.into_iter().zip(values.clone());
            let samples = if shapes[0].cols == Dim::Batch || shapes[N - 1].cols == Dim::Batch {
                Samples::Independent
            } else {
                Samples::Mixed
            };
            Case::new(arguments).samples(samples)
        };
        let mut made = Self::new(name, apply, case(shapes[0]));
        made.form = Form::Elementwise;
        made.cases.extend(shapes.into_iter().skip(1).map(case));
        made
    }

    /// Any operation, and a first case in which it is tried.
    pub fn new(
        name: &str,
        apply: impl for<'a, 'g> Fn(&'a [Expr<'g>]) -> Expr<'g> + Send + Sync + 'static,
        case: Case,
    ) -> Self {
        Self {
            name: name.to_owned(),
            apply: Box::new(apply),
            cases: vec![case],
            kinks: Vec::new(),
            undefined_in: None,
            form: Form::Whole,
            value: String::new(),
            rule: String::new(),
            beside: String::new(),
            single_tolerance: 1e-5,
        }
    }

    /// Another case.
    #[must_use]
    pub fn case(mut self, case: Case) -> Self {
        self.cases.push(case);
        self
    }

    /// Leaves out the cases in which an argument is repeated: for an elementwise operation that takes one shape alone.
    #[must_use]
    pub fn of_one_shape(mut self) -> Self {
        self.cases.retain(|case| {
            let mut shapes = case.arguments.iter().map(|(shape, _)| shape);
            let first = shapes.next();
            shapes.all(|shape| Some(shape) == first)
        });
        self
    }

    /// Where an elementwise operation is differentiable, with some room around: a predicate on the arguments' elements. The other points
    /// are left out of comparisons with difference quotients, and belong into [`kink`](Self::kink).
    #[must_use]
    pub fn smooth_where(mut self, smooth: fn(&[f64]) -> bool) -> Self {
        for case in &mut self.cases {
            case.smooth = Some(smooth);
        }
        self
    }

    /// The rule at a point where an elementwise operation has no derivative, or several: what each argument receives
    /// there when the cotangent is 1, but for one in which the derivative is [undefined](Self::undefined_in). NaN stands for any NaN.
    #[must_use]
    pub fn kink(self, at: &[f64], receives: &[f64]) -> Self {
        self.kink_under(1.0, at, receives)
    }

    /// [`kink`](Self::kink), for another cotangent, such as 0: of a branch that was not taken.
    #[must_use]
    pub fn kink_under(mut self, cotangent: f64, at: &[f64], receives: &[f64]) -> Self {
        self.kinks.push(Kink {
            at: at.to_vec(),
            cotangent,
            receives: receives.to_vec(),
        });
        self
    }

    /// Says that a derivative in `argument` is refused with an error that names `operation` and the argument.
    #[must_use]
    pub fn undefined_in(mut self, operation: &str, argument: usize) -> Self {
        self.undefined_in = Some((operation.to_owned(), argument));
        self
    }

    /// What is computed, and the rule of differentiation, in words or a formula: for the table of operations.
    #[must_use]
    pub fn described(mut self, value: &str, rule: &str) -> Self {
        self.value = value.to_owned();
        self.rule = rule.to_owned();
        self
    }

    /// How the rules at kinks and ties compare with those of other libraries: for the table of operations.
    #[must_use]
    pub fn beside(mut self, others: &str) -> Self {
        self.beside = others.to_owned();
        self
    }

    /// How far f32 may be from f64: `|a − b| / (1 + |b|)`, by default 1e-5.
    #[must_use]
    pub fn single_precision(mut self, tolerance: f64) -> Self {
        self.single_tolerance = tolerance;
        self
    }

    /// The operation's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Runs the whole audit over this operation: the one call that checks it.
    ///
    /// # Errors
    /// Lists what failed: which check, in which case, and by how much.
    pub fn check(self) -> Result<Report, AuditError> {
        Audit::default().run(std::slice::from_ref(&self)).passed()
    }
}

impl fmt::Debug for Registration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Registration of {}", self.name)
    }
}

impl Case {
    /// A call with arguments of these shapes. Samples are taken to meet, until said [otherwise](Self::samples).
    pub fn new(arguments: impl IntoIterator<Item = (Shape, Values)>) -> Self {
        Self {
            arguments: arguments.into_iter().collect(),
            samples: Samples::Mixed,
            smooth: None,
        }
    }

    /// Whether samples meet.
    #[must_use]
    pub fn samples(mut self, samples: Samples) -> Self {
        self.samples = samples;
        self
    }

    pub(crate) fn differentiated(&self) -> Vec<usize> {
        let all = self.arguments.iter().enumerate();
        all.filter(|(_, (_, values))| values.role == Role::Differentiated)
            .map(|(i, _)| i)
            .collect()
    }

    /// Values inside of the intervals, where the operation is smooth.
    pub(crate) fn inside(&self, random: &mut Random, batch: usize) -> Vec<Vec<f64>> {
        let mut all: Vec<Vec<f64>> = self
            .arguments
            .iter()
            .map(|(shape, values)| {
                (0..shape.len_at(batch))
                    .map(|_| values.inside(random))
                    .collect()
            })
            .collect();
        if let Some(smooth) = self.smooth {
            self.keep_where(smooth, &mut all, random, batch);
        }
        all
    }

    /// Values at the edges, ties among them.
    pub(crate) fn edges(&self, random: &mut Random, batch: usize) -> Vec<Vec<f64>> {
        let mut all: Vec<Vec<f64>> = Vec::new();
        for (shape, values) in &self.arguments {
            let earlier = all.last();
            let drawn = (0..shape.len_at(batch)).map(|i| {
                let tied = earlier
                    .and_then(|e| e.get(i))
                    .filter(|_| random.below(4) == 0);
                match tied {
                    Some(&tied) if values.edges.contains(&tied) => tied,
                    _ => values.edge(random),
                }
            });
            let drawn = drawn.collect();
            all.push(drawn);
        }
        all
    }

    /// Draws elements again until `smooth` holds of all that meet.
    fn keep_where(
        &self,
        smooth: fn(&[f64]) -> bool,
        all: &mut [Vec<f64>],
        random: &mut Random,
        batch: usize,
    ) {
        let sizes: Vec<(usize, usize)> = self
            .arguments
            .iter()
            .map(|(s, _)| (s.rows.at(batch), s.cols.at(batch)))
            .collect();
        let rows = sizes.iter().map(|s| s.0).max().unwrap_or(0);
        let cols = sizes.iter().map(|s| s.1).max().unwrap_or(0);
        if all.iter().any(Vec::is_empty) {
            return;
        }
        for (i, j) in (0..cols).flat_map(|j| (0..rows).map(move |i| (i, j))) {
            let at = |n: usize| i.min(sizes[n].0 - 1) + j.min(sizes[n].1 - 1) * sizes[n].0;
            for _ in 0..1000 {
                let met: Vec<f64> = (0..all.len()).map(|n| all[n][at(n)]).collect();
                if smooth(&met) {
                    break;
                }
                // An element that is repeated was settled with the first that it met.
                for n in (0..all.len()).filter(|&n| sizes[n] == (rows, cols)) {
                    all[n][at(n)] = self.arguments[n].1.inside(random);
                }
            }
        }
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shapes: Vec<String> = self
            .arguments
            .iter()
            .map(|(shape, _)| format!("[{shape}]"))
            .collect();
        f.write_str(&shapes.join(" and "))
    }
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Case of {self}, samples {:?}", self.samples)
    }
}
