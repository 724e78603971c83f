//! One case of one operation, as a graph and as something to run.

use nalgebra::DMatrix;

use super::registration::{Case, Registration};
use crate::interpret::interpret;
use crate::passes::Module;
use crate::{
    CompileError, CompileOptions, Expr, Graph, Plan, RunError, Scalar, Step, Team, Workspace,
};

/// An operation in a graph, with its derivatives in both directions.
pub(super) struct Experiment<'g> {
    /// The result.
    pub(super) y: Expr<'g>,
    /// The vector-Jacobian products of the cotangent `u`, one for each differentiated argument.
    pub(super) pulled: Vec<Expr<'g>>,
    /// The Jacobian-vector product along `v0`, `v1`, …
    pub(super) pushed: Expr<'g>,
    /// The arguments, `x0`, `x1`, …
    pub(super) arguments: Vec<Expr<'g>>,
    /// Arguments that are parameters.
    slots: Vec<usize>,
}

/// What arguments of a fixed size are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fixed {
    Inputs,
    /// Parameters, each of which a step also updates by its cotangent.
    Parameters,
}

impl<'g> Experiment<'g> {
    pub(super) fn new(
        g: &'g Graph,
        registration: &Registration,
        case: &Case,
        fixed: Fixed,
    ) -> Self {
        let mut slots = Vec::new();
        let mut arguments = Vec::new();
        for (index, (shape, _)) in case.arguments.iter().enumerate() {
            let name = format!("x{index}");
            if fixed == Fixed::Parameters && !shape.has_batch() {
                slots.push(index);
                arguments.push(g.param(&name, *shape));
            } else {
                arguments.push(g.input(&name, *shape));
            }
        }
        let y = (registration.apply)(&arguments);
        let differentiated = case.differentiated();
        let wanted: Vec<Expr<'g>> = differentiated.iter().map(|&i| arguments[i]).collect();
        let u = g.input("u", y.shape());
        let pulled = g.vjp(y, u, &wanted);
        let along: Vec<_> = differentiated
            .iter()
            .zip(&wanted)
            .map(|(&i, &x)| (x, g.input(&format!("v{i}"), x.shape())))
            .collect();
        let pushed = if along.is_empty() {
            y * 0.0
        } else {
            g.jvp(y, &along)
        };
        Self {
            y,
            pulled,
            pushed,
            arguments,
            slots,
        }
    }

    /// The result, the cotangents and the tangent; and an update of each parameter.
    pub(super) fn step(&self, case: &Case) -> Step<'g> {
        let mut step = Step::returns(self.y).output(self.pushed);
        for &pulled in &self.pulled {
            step = step.output(pulled);
        }
        let differentiated = case.differentiated();
        for &index in &self.slots {
            let slot = self.arguments[index];
            let moved = match differentiated.iter().position(|&i| i == index) {
                Some(position) => slot - 0.5 * self.pulled[position],
                None => 0.5 * slot,
            };
            step = step.set(slot, moved);
        }
        step
    }
}

/// The values of a run: of the arguments, of the cotangent and of the tangents, column-major.
pub(super) struct Values {
    pub(super) batch: usize,
    pub(super) named: Vec<(String, Vec<f64>)>,
}

impl Values {
    /// Arguments as given; cotangent and tangents drawn between −1 and 1.
    pub(super) fn around(
        arguments: Vec<Vec<f64>>,
        case: &Case,
        result: usize,
        batch: usize,
        random: &mut crate::random::Random,
    ) -> Self {
        let mut named = Vec::new();
        let mut direction =
            |len: usize| -> Vec<f64> { (0..len).map(|_| random.between(-1.0, 1.0)).collect() };
        named.push(("u".to_owned(), direction(result)));
        for index in case.differentiated() {
            named.push((format!("v{index}"), direction(arguments[index].len())));
        }
        for (index, values) in arguments.into_iter().enumerate() {
            named.push((format!("x{index}"), values));
        }
        Self { batch, named }
    }

    pub(super) fn get(&self, name: &str) -> &[f64] {
        let found = self.named.iter().find(|(n, _)| n == name);
        found.map_or(&[], |(_, values)| values)
    }

    pub(super) fn set(&mut self, name: &str, values: Vec<f64>) {
        if let Some(slot) = self.named.iter_mut().find(|(n, _)| n == name) {
            slot.1 = values;
        }
    }

    /// One sample of a batch: its columns of what is a batch, and the rest as it is.
    pub(super) fn sample(&self, sample: usize, is_batch: &dyn Fn(&str) -> bool) -> Self {
        let part = |(name, values): &(String, Vec<f64>)| {
            let values = if is_batch(name) {
                let rows = values.len() / self.batch;
                values[sample * rows..(sample + 1) * rows].to_vec()
            } else {
                values.clone()
            };
            (name.clone(), values)
        };
        Self {
            batch: 1,
            named: self.named.iter().map(part).collect(),
        }
    }

    /// Rounds all values to f32, so that both precisions see the same.
    pub(super) fn round(&mut self) {
        for value in self.named.iter_mut().flat_map(|(_, v)| v) {
            *value = f64::from(*value as f32);
        }
    }
}

/// Results of a run: the outputs, then the updated slots.
pub(super) type Results<T> = Vec<Vec<T>>;

/// Compiles one step.
pub(super) fn compile<T: Scalar>(
    g: &Graph,
    step: &Step<'_>,
    options: &CompileOptions,
) -> Result<Plan<T>, CompileError> {
    Ok(g.compile_with::<T>(&[step], options)?.remove(0))
}

/// Runs a plan once, in a workspace that may be larger than the run.
pub(super) fn run<T: Scalar>(
    plan: &Plan<T>,
    workspace: &mut Workspace<T>,
    values: &Values,
    team: &Team,
) -> Result<Results<T>, RunError> {
    let of = |name: &str| -> Vec<T> {
        let all = values.get(name).iter();
        all.map(|&v| T::from_f64(v)).collect()
    };
    let inputs: Vec<Vec<T>> = plan.inputs().map(|(name, _)| of(name)).collect();
    let slices: Vec<&[T]> = inputs.iter().map(Vec::as_slice).collect();
    let mut state = plan.state();
    let names: Vec<String> = state.slots().map(|(name, _)| name.to_owned()).collect();
    for name in &names {
        // Slots are those arguments whose values have the slot's length.
        let _ = state.set(name, &of(name));
    }
    plan.run(&mut state, &slices, workspace, team)?;
    let mut results: Results<T> = (0..plan.outputs().count())
        .map(|index| workspace.output(index).to_vec())
        .collect();
    for name in &names {
        results.extend(state.get(name));
    }
    Ok(results)
}

/// What the definition gives: the canonical graph, each node by its [`Op::eval`](crate::Op::eval).
pub(super) fn define<T: Scalar>(
    step: &Step<'_>,
    values: &Values,
) -> Result<Results<T>, CompileError> {
    let canonical = Module::of(step).canonical()?;
    Ok(evaluate::<T>(&canonical, values))
}

/// The graph as it was written, each node by its definition.
#[cfg(test)]
pub(super) fn define_as_written<T: Scalar>(step: &Step<'_>, values: &Values) -> Results<T> {
    evaluate::<T>(&Module::of(step), values)
}

fn evaluate<T: Scalar>(module: &Module, values: &Values) -> Results<T> {
    let arena = module.graph.arena();
    let leaf = |name: &str| {
        let found = arena
            .ids()
            .find(|&id| arena.name(id) == Some(name) && arena.node(id).leaf().is_some());
        let (rows, cols) = found.map_or((0, 0), |id| {
            let shape = arena.node(id).shape;
            (shape.rows.at(values.batch), shape.cols.at(values.batch))
        });
        let all = values.get(name).iter();
        DMatrix::from_iterator(rows, cols, all.map(|&v| T::from_f64(v)))
    };
    let found = interpret::<T>(module, values.batch, leaf);
    found.into_iter().map(|m| m.as_slice().to_vec()).collect()
}

/// The bits of results. A NaN is a NaN, whatever its sign and payload.
pub(super) fn bits<T: Scalar>(results: &[Vec<T>]) -> Vec<Vec<u64>> {
    let one = |x: &T| {
        if x.is_nan() {
            u64::MAX
        } else {
            x.to_bits_u64()
        }
    };
    results
        .iter()
        .map(|r| r.iter().map(one).collect())
        .collect()
}

/// `|a − b| / (1 + |b|)`; 0 for equals (infinities too) and for two NaN, infinite where only one is finite.
pub(super) fn relative_error(found: f64, expected: f64) -> f64 {
    if found == expected || (found.is_nan() && expected.is_nan()) {
        0.0
    } else if found.is_finite() && expected.is_finite() {
        (found - expected).abs() / (1.0 + expected.abs())
    } else {
        f64::INFINITY
    }
}
