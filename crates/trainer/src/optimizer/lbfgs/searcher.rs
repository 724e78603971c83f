//! An iteration of L-BFGS: the host looks at the values and decides, the plans do the rest.

use std::cell::Cell;

use chainrule_autodiff::{Plan, RunError, Scalar, State, Team, Workspace};

use super::search::{Point, strong_wolfe};
use super::{Lbfgs, SearchPlans};

/// `y·s` above this is remembered.
const CURVED: f64 = 1e-10;

/// Does iterations. What it keeps between them follows from the state, and is computed anew where it is missing.
#[derive(Debug)]
pub(crate) struct Searcher<T: Scalar> {
    rule: Lbfgs,
    direct: Workspace<T>,
    others: [Workspace<T>; 3],
    /// At the parameters as they are.
    here: Option<Evaluated>,
    is_converged: bool,
}

/// Loss and gradient at some parameters.
#[derive(Clone, Copy, Debug)]
struct Evaluated {
    loss: f64,
    objective: f64,
    /// Along the direction.
    slope: f64,
    /// The largest absolute value of an element of the gradient.
    steepest: f64,
}

/// What an iteration works on.
pub(crate) struct Iteration<'i, T: Scalar> {
    pub(crate) state: &'i mut State<T>,
    /// The plan of [`evaluate`](super::SearchSteps::evaluate), its inputs and memory.
    pub(crate) evaluate: &'i Plan<T>,
    pub(crate) inputs: &'i [&'i [T]],
    pub(crate) workspace: &'i mut Workspace<T>,
    pub(crate) team: &'i Team,
}

impl<T: Scalar> Iteration<'_, T> {
    fn evaluate(&mut self) -> Result<Evaluated, RunError> {
        self.evaluate
            .run(self.state, self.inputs, self.workspace, self.team)?;
        let number = |at: usize| self.workspace.output(at)[0].to_f64();
        let gradients = (3..self.evaluate.outputs().count()).map(|at| self.workspace.output(at));
        Ok(Evaluated {
            loss: number(0),
            objective: number(1),
            slope: number(2),
            steepest: largest(gradients),
        })
    }
}

impl<T: Scalar> Searcher<T> {
    pub(crate) fn new(rule: Lbfgs, plans: &SearchPlans<T>, threads: usize) -> Searcher<T> {
        let others = [&plans.go, &plans.measure, &plans.remember];
        Searcher {
            rule,
            direct: plans.direct.workspace(1, threads),
            others: others.map(|plan| plan.workspace(1, threads)),
            here: None,
            is_converged: false,
        }
    }

    /// The state was set from outside: what is known of it is not true any more.
    pub(crate) fn forget(&mut self) {
        self.here = None;
        self.is_converged = false;
    }

    /// Whether the last iteration found that nothing can be gained any more.
    pub(crate) fn is_converged(&self) -> bool {
        self.is_converged
    }

    /// One iteration with `rate` as the length to try first. Returns the loss before it.
    pub(crate) fn iterate(
        &mut self,
        plans: &SearchPlans<T>,
        rate: f64,
        mut on: Iteration<'_, T>,
    ) -> Result<f64, RunError> {
        let before = match self.here {
            Some(here) => here,
            None => on.evaluate()?,
        };
        self.here = Some(before);
        if !before.objective.is_finite() {
            return Ok(before.objective);
        }
        if before.steepest <= self.rule.gradient_tolerance {
            self.is_converged = true;
            return Ok(before.loss);
        }
        plans.direct.run(on.state, &[], &mut self.direct, on.team)?;
        let number = |at: usize| self.direct.output(at)[0].to_f64();
        let (iterations, slope, size) = (number(0), number(1), number(2));
        let direction = (3..plans.direct.outputs().count()).map(|at| self.direct.output(at));
        let reach = largest(direction);
        if slope > -self.rule.change_tolerance {
            self.is_converged = true;
            return Ok(before.loss);
        }
        let first = if iterations == 0.0 {
            (1.0 / size).min(1.0) * rate
        } else {
            rate
        };
        let start = Point {
            t: 0.0,
            value: before.objective,
            slope,
        };
        let [go, measure, remember] = &mut self.others;
        // Where the parameters are, and what was found there.
        let last = Cell::new((0.0, before));
        let mut look = |t: f64| {
            plans.go.run(on.state, &[&[T::from_f64(t)]], go, on.team)?;
            let found = on.evaluate()?;
            last.set((t, found));
            Ok(Point {
                t,
                value: found.objective,
                slope: found.slope,
            })
        };
        let found = strong_wolfe(start, first, reach, self.rule.evaluations, &mut look)?;
        let t = found.t;
        if last.get().0 != t {
            // The best point is not the one that was tried last.
            look(t)?;
        }
        let (_, after) = last.get();
        self.here = Some(after);

        let t_input = [T::from_f64(t)];
        plans.measure.run(on.state, &[&t_input], measure, on.team)?;
        if measure.output(0)[0].to_f64() > CURVED {
            plans
                .remember
                .run(on.state, &[&t_input], remember, on.team)?;
        }
        let tolerance = self.rule.change_tolerance;
        self.is_converged = after.steepest <= self.rule.gradient_tolerance
            || (t * reach).abs() <= tolerance
            || (after.objective - before.objective).abs() < tolerance;
        Ok(before.loss)
    }
}

/// The largest absolute value; NaN if one is NaN.
fn largest<'t, T: Scalar>(tensors: impl Iterator<Item = &'t [T]>) -> f64 {
    tensors.flatten().fold(0.0, |largest: f64, value| {
        let value = value.to_f64().abs();
        if value > largest || value.is_nan() {
            value
        } else {
            largest
        }
    })
}
