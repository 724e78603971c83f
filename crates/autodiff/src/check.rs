//! The gradient checker: derivatives against central differences, in f64, first and second order.

use crate::random::Random;
use crate::{
    CompileError, Dim, Expr, Graph, Isa, Plan, RunError, Shape, State, Step, Team, Workspace,
};

/// How derivatives are checked.
///
/// The function is projected on random cotangents, its gradient on random directions, and the gradient of that once more: three numbers at a point,
/// each compared with a five-point central difference of the one before.
///
/// ```
/// use chainrule_autodiff::GradientCheck;
/// let check = GradientCheck { low: 0.1, high: 4.0, ..GradientCheck::default() };
/// let report = check.function(|args| args[0].ln() * args[1].sqrt(), &[(2, 3).into(), (2, 3).into()])?;
/// assert!(report.first_order < 1e-7 && report.second_order < 1e-7);
/// # Ok::<(), chainrule_autodiff::CheckError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct GradientCheck {
    /// Other points for another seed.
    pub seed: u64,
    /// How many random points are tried.
    pub points: usize,
    /// The smallest argument.
    pub low: f64,
    /// The largest argument.
    pub high: f64,
    /// The number of samples, where a shape has the batch dimension.
    pub batch: usize,
    /// The largest relative error that passes.
    pub tolerance: f64,
}

impl Default for GradientCheck {
    fn default() -> Self {
        Self {
            seed: 1,
            points: 8,
            low: -2.0,
            high: 2.0,
            batch: 5,
            tolerance: 1e-6,
        }
    }
}

/// The largest errors that a check found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GradientReport {
    /// Relative error of the gradient.
    pub first_order: f64,
    /// Relative error of the gradient of the gradient.
    pub second_order: f64,
}

/// Why a check failed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CheckError {
    /// The function's graph has a mistake.
    #[error(transparent)]
    Compile(#[from] CompileError),
    /// A run failed.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The derivative differs from the difference quotient.
    #[error(
        "the {order} derivative is {derivative:e} and the difference quotient {difference:e} (relative error {error:.1e}, point {point} of seed {seed}): look at the operation's vjp or derivative"
    )]
    Differs {
        /// `first` or `second`.
        order: &'static str,
        /// What the graph computes.
        derivative: f64,
        /// What the differences say.
        difference: f64,
        /// The relative error.
        error: f64,
        /// The number of the point.
        point: usize,
        /// The seed that made it.
        seed: u64,
    },
    /// The function or a derivative is not finite where it was tried.
    #[error(
        "the function or a derivative is not finite at point {point} of seed {seed}, arguments between {low} and {high}: choose low and high inside the domain"
    )]
    NotFinite {
        /// The number of the point.
        point: usize,
        /// The seed that made it.
        seed: u64,
        /// The smallest argument.
        low: f64,
        /// The largest argument.
        high: f64,
    },
}

/// Checks the first and second derivatives of a function of one matrix, at random points between −2 and 2.
///
/// ```
/// chainrule_autodiff::check_gradient(|x| x.tanh() * x, (3, 4))?;
/// # Ok::<(), chainrule_autodiff::CheckError>(())
/// ```
///
/// # Errors
/// Says which derivative differs, and by how much.
pub fn check_gradient(
    f: impl for<'g> Fn(Expr<'g>) -> Expr<'g>,
    shape: impl Into<Shape>,
) -> Result<GradientReport, CheckError> {
    GradientCheck::default().function(|args| f(args[0]), &[shape.into()])
}

impl GradientCheck {
    /// Checks a function of matrices of the given shapes.
    ///
    /// # Errors
    /// Says which derivative differs, and by how much.
    pub fn function(
        &self,
        f: impl for<'a, 'g> Fn(&'a [Expr<'g>]) -> Expr<'g>,
        shapes: &[Shape],
    ) -> Result<GradientReport, CheckError> {
        let draw = |random: &mut Random, batch: usize| -> Vec<Vec<f64>> {
            let one = |shape: &Shape| {
                let len = shape.len_at(batch);
                (0..len)
                    .map(|_| random.between(self.low, self.high))
                    .collect()
            };
            shapes.iter().map(one).collect()
        };
        let arguments = Arguments {
            shapes: shapes.to_vec(),
            held: Vec::new(),
            draw: &draw,
        };
        self.arguments(f, &arguments)
    }

    /// Checks a function of arguments that come from elsewhere.
    pub(crate) fn arguments(
        &self,
        f: impl for<'a, 'g> Fn(&'a [Expr<'g>]) -> Expr<'g>,
        arguments: &Arguments<'_>,
    ) -> Result<GradientReport, CheckError> {
        let g = Graph::new();
        let held = |index: &usize| arguments.held.contains(index);
        let shapes = || arguments.shapes.iter().copied().enumerate();
        let all: Vec<Expr<'_>> = shapes()
            .map(|(i, s)| g.input(&format!("{}{i}", if held(&i) { "c" } else { "x" }), s))
            .collect();
        let named = |prefix: &str| -> Vec<Expr<'_>> {
            let moved = shapes().filter(|(i, _)| !held(i));
            moved
                .map(|(i, s)| g.input(&format!("{prefix}{i}"), s))
                .collect()
        };
        let (v, w) = (named("v"), named("w"));
        let x: Vec<Expr<'_>> = shapes()
            .filter(|(i, _)| !held(i))
            .map(|(i, _)| all[i])
            .collect();
        let y = f(&all);
        let u = g.input("u", y.shape());
        let value = (u * y).sum();
        let first = project(&g, g.gradients(value, &x), &v);
        let second = project(&g, g.gradients(first, &x), &w);
        let step = Step::returns(value).output(first).output(second);
        let plan = g.compile::<f64>(step, Isa::detect())?;
        let mut probe = Probe::new(&plan, self, arguments);
        let mut report = GradientReport {
            first_order: 0.0,
            second_order: 0.0,
        };
        for point in 0..self.points {
            let errors = probe.point(point)?;
            report.first_order = report.first_order.max(errors.first_order);
            report.second_order = report.second_order.max(errors.second_order);
        }
        Ok(report)
    }
}

/// The arguments of a function that is checked.
pub(crate) struct Arguments<'a> {
    pub(crate) shapes: Vec<Shape>,
    /// Those in which no derivative is taken.
    pub(crate) held: Vec<usize>,
    /// Their values, column-major, for a number of samples.
    pub(crate) draw: &'a dyn Fn(&mut Random, usize) -> Vec<Vec<f64>>,
}

/// `Σ ⟨gradient, direction⟩`
fn project<'g>(g: &'g Graph, gradients: Vec<Expr<'g>>, directions: &[Expr<'g>]) -> Expr<'g> {
    let terms = gradients
        .iter()
        .zip(directions)
        .map(|(&d, &v)| (d * v).sum());
    terms.fold(g.constant(0.0), |sum, term| sum + term)
}

/// A plan with its arguments, moved along directions.
struct Probe<'a> {
    check: &'a GradientCheck,
    arguments: &'a Arguments<'a>,
    plan: &'a Plan<f64>,
    state: State<f64>,
    workspace: Workspace<f64>,
    names: Vec<String>,
    values: Vec<Vec<f64>>,
}

/// The value, its derivative along v, and that one's along w.
type Three = [f64; 3];

impl<'a> Probe<'a> {
    fn new(plan: &'a Plan<f64>, check: &'a GradientCheck, arguments: &'a Arguments<'a>) -> Self {
        let fixed = |d: Dim| d.at(check.batch);
        Self {
            check,
            arguments,
            plan,
            state: plan.state(),
            workspace: plan.workspace(check.batch, 1),
            names: plan.inputs().map(|(n, _)| n.to_owned()).collect(),
            values: plan
                .inputs()
                .map(|(_, s)| vec![0.0; fixed(s.rows) * fixed(s.cols)])
                .collect(),
        }
    }

    fn point(&mut self, point: usize) -> Result<GradientReport, CheckError> {
        let check = self.check;
        let mut random = Random(check.seed.wrapping_mul(1000) + point as u64);
        let drawn = (self.arguments.draw)(&mut random, check.batch);
        for (name, values) in self.names.iter().zip(&mut self.values) {
            match name.strip_prefix(['x', 'c']).map(str::parse::<usize>) {
                Some(Ok(index)) => values.clone_from(&drawn[index]),
                _ => values
                    .iter_mut()
                    .for_each(|v| *v = random.between(-1.0, 1.0)),
            }
        }
        let here = self.run(&self.values.clone())?;
        // Small beside the domain, so that points stay inside of it; smaller again, so that a kink between the points does not count.
        let width = (check.high - check.low).min(1.0);
        let mut errors = [f64::INFINITY; 2];
        let mut differences = [f64::NAN; 2];
        for step in [1e-3 * width, 1e-4 * width, 1e-5 * width] {
            let along = [
                self.difference('v', step, 0)?,
                self.difference('w', step, 1)?,
            ];
            if !here.iter().chain(&along).all(|v| v.is_finite()) {
                return Err(CheckError::NotFinite {
                    point,
                    seed: check.seed,
                    low: check.low,
                    high: check.high,
                });
            }
            for order in 0..2 {
                let (derivative, difference) = (here[order + 1], along[order]);
                let error = (derivative - difference).abs()
                    / (1.0 + derivative.abs().max(difference.abs()));
                if error < errors[order] {
                    (errors[order], differences[order]) = (error, difference);
                }
            }
            // A smaller step would only meet rounding.
            if errors.iter().all(|e| *e <= 1e-3 * check.tolerance) {
                break;
            }
        }
        for (index, order) in ["first", "second"].into_iter().enumerate() {
            if errors[index] > check.tolerance {
                return Err(CheckError::Differs {
                    order,
                    derivative: here[index + 1],
                    difference: differences[index],
                    error: errors[index],
                    point,
                    seed: check.seed,
                });
            }
        }
        Ok(GradientReport {
            first_order: errors[0],
            second_order: errors[1],
        })
    }

    /// The five-point difference quotient of a result when all arguments move along a direction.
    fn difference(&mut self, direction: char, step: f64, result: usize) -> Result<f64, CheckError> {
        let mut sum = 0.0;
        for (multiple, weight) in [(-2.0, 1.0), (-1.0, -8.0), (1.0, 8.0), (2.0, -1.0)] {
            let mut moved = self.values.clone();
            for (index, name) in self.names.iter().enumerate() {
                let Some(number) = name.strip_prefix('x') else {
                    continue;
                };
                let along = self
                    .names
                    .iter()
                    .position(|n| n.strip_prefix(direction) == Some(number));
                // A direction that the graph does not need is one along which nothing changes.
                let Some(along) = along else { continue };
                let moves = self.values[along].iter();
                moved[index]
                    .iter_mut()
                    .zip(moves)
                    .for_each(|(x, v)| *x += multiple * step * v);
            }
            sum += weight * self.run(&moved)?[result];
        }
        Ok(sum / (12.0 * step))
    }

    fn run(&mut self, values: &[Vec<f64>]) -> Result<Three, CheckError> {
        let inputs: Vec<&[f64]> = values.iter().map(Vec::as_slice).collect();
        self.plan
            .run(&mut self.state, &inputs, &mut self.workspace, &Team::solo())?;
        Ok(std::array::from_fn(|i| self.workspace.output(i)[0]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Lanes, Unary};

    struct WrongSquare;
    impl Unary for WrongSquare {
        const NAME: &'static str = "wrong_square";
        #[inline(always)]
        fn value<V: Lanes>(&self, x: V) -> V {
            x * x
        }
        fn derivative<'g>(&self, x: Expr<'g>, _: Expr<'g>) -> Expr<'g> {
            2.001 * x
        }
    }

    #[test]
    fn a_wrong_rule_is_found() {
        let found = check_gradient(|x| x.map(WrongSquare), (3, 4));
        assert!(
            matches!(found, Err(CheckError::Differs { order: "first", .. })),
            "{found:?}"
        );
    }

    #[test]
    fn a_function_outside_of_its_domain_is_said_to_be() {
        let found = check_gradient(|x| x.ln(), 3);
        assert!(
            matches!(found, Err(CheckError::NotFinite { .. })),
            "{found:?}"
        );
    }

    #[test]
    fn built_in_operations_pass() {
        let any = GradientCheck::default();
        let positive = GradientCheck {
            low: 0.2,
            high: 3.0,
            ..any.clone()
        };
        type OfOne = fn(Expr<'_>) -> Expr<'_>;
        type OfTwo = for<'a> fn(Expr<'a>, Expr<'a>) -> Expr<'a>;
        let one: [(&str, OfOne); 19] = [
            ("neg", |x| -x),
            ("square", |x| x.square()),
            ("exp", |x| x.exp()),
            ("sigmoid", |x| x.sigmoid()),
            ("tanh", |x| x.tanh()),
            ("softplus", |x| x.softplus()),
            ("t", |x| x.t().matmul(x)),
            ("sum", |x| x.sum()),
            ("mean", |x| x.mean()),
            ("sum_rows", |x| x.sum_rows().square()),
            ("sum_columns", |x| x.sum_columns().square()),
            ("bce on logits", |x| {
                x.binary_cross_entropy_on_logits(x.sigmoid())
            }),
            ("broadcast", |x| x.sum_rows() * x + x.sum_columns() * x),
            ("chain", |x| x.chain(x.exp())),
            ("relu", |x| x.relu() * x.square()),
            ("abs", |x| x.abs() * x),
            ("clamp", |x| x.clamp(-0.5, 0.7) * x),
            ("maximum", |x| x.maximum(0.3) * x.minimum(-0.2)),
            ("select", |x| x.gt(0.0).select(x.exp(), x.square())),
        ];
        for (name, f) in one {
            for shape in [Shape::from((3, 4)), (3, crate::BATCH).into(), 1.into()] {
                any.function(|a| f(a[0]), &[shape])
                    .unwrap_or_else(|e| panic!("{name}: {e}"));
            }
        }
        let two: [(&str, OfTwo); 8] = [
            ("add", |a, b| (a + b).square()),
            ("sub", |a, b| (a - b).square()),
            ("mul", |a, b| a * b),
            ("div", |a, b| a / b),
            ("pow", |a, b| a.pow(b)),
            ("ln", |a, b| a.ln() * b.ln_1p()),
            ("sqrt", |a, b| a.sqrt() * b.sqrt()),
            ("bce", |a, b| (0.3 * a).binary_cross_entropy(0.3 * b)),
        ];
        for (name, f) in two {
            let shapes = [(2, 3).into(), (2, 3).into()];
            positive
                .function(|a| f(a[0], a[1]), &shapes)
                .unwrap_or_else(|e| panic!("{name}: {e}"));
        }
        any.function(|a| a[0].matmul(a[1]), &[(3, 5).into(), (5, 2).into()])
            .unwrap();
        any.function(
            |a| a[0].matmul(a[1]) + a[2],
            &[(3, 5).into(), (5, crate::BATCH).into(), 3.into()],
        )
        .unwrap();
    }
}
