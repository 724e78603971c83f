//! Checks of the rule of differentiation, in f64: against difference quotients, for linearity in the cotangent, and of the two
//! directions against each other.

use super::findings::Findings;
use super::subject::{Experiment, Fixed, Values, compile, relative_error, run};
use super::{Subject, Trouble};
use crate::check::Arguments;
use crate::{CompileError, CompileOptions, Expr, GradientCheck, Graph, Isa, Step, Team};

/// Samples of a batch.
const BATCH_SIZE: usize = 5;

/// The rounding of f64 that is let pass where two computations are equal but for it.
const ROUNDING: f64 = 1e-11;

/// The derivatives of first and second order against central differences.
pub(super) fn difference_quotients(
    subject: &Subject<'_>,
    findings: &mut Findings,
) -> Result<(), Trouble> {
    let Subject {
        registration, case, ..
    } = *subject;
    if case.differentiated().is_empty() {
        return Ok(());
    }
    let intervals = case.arguments.iter().map(|(_, v)| (v.low, v.high));
    let widths = intervals.clone().map(|(low, high)| high - low);
    let check = GradientCheck {
        seed: subject.random("difference quotients").bits() >> 20,
        points: subject.samples,
        low: 0.0,
        high: widths.fold(1.0, f64::min),
        batch: BATCH_SIZE,
        ..GradientCheck::default()
    };
    let arguments = Arguments {
        shapes: case.arguments.iter().map(|(shape, _)| *shape).collect(),
        held: (0..case.arguments.len())
            .filter(|i| !case.differentiated().contains(i))
            .collect(),
        draw: &|random, batch| case.inside(random, batch),
    };
    let report = check.arguments(&*registration.apply, &arguments)?;
    findings.compared("first derivative", report.first_order, check.tolerance);
    findings.compared("second derivative", report.second_order, check.tolerance);
    Ok(())
}

/// That the rule is linear in the cotangent: of sums, exactly of a power of two, and nothing comes of nothing.
pub(super) fn linearity(subject: &Subject<'_>, findings: &mut Findings) -> Result<(), Trouble> {
    let case = subject.case;
    let g = Graph::new();
    let e = Experiment::new(&g, subject.registration, case, Fixed::Inputs);
    let step = e
        .pulled
        .iter()
        .fold(Step::of(&g), |step, &pulled| step.output(pulled));
    let plan = compile::<f64>(&g, &step, &CompileOptions::new(Isa::detect()))?;
    let mut workspace = plan.workspace(BATCH_SIZE, 1);
    let mut random = subject.random("linearity");
    let mut worst = 0.0f64;
    for _ in 0..subject.samples {
        let arguments = case.inside(&mut random, BATCH_SIZE);
        let result = e.y.shape().len_at(BATCH_SIZE);
        let mut values = Values::around(arguments, case, result, BATCH_SIZE, &mut random);
        let u = values.get("u").to_vec();
        let w: Vec<f64> = u.iter().map(|_| random.between(-1.0, 1.0)).collect();
        let mut of = |cotangent: Vec<f64>| {
            values.set("u", cotangent);
            run(&plan, &mut workspace, &values, &Team::solo())
        };
        let mixed = |u: f64, w: f64| 3.0 * u - 0.7 * w;
        let of_mixed = of(u.iter().zip(&w).map(|(&u, &w)| mixed(u, w)).collect())?;
        let of_fourfold = of(u.iter().map(|u| 4.0 * u).collect())?;
        let of_zero = of(vec![0.0; u.len()])?;
        let (of_u, of_w) = (of(u)?, of(w)?);
        for argument in 0..of_u.len() {
            let (of_u, of_w) = (&of_u[argument], &of_w[argument]);
            let size = of_u
                .iter()
                .chain(of_w)
                .fold(1.0f64, |size, x| size.max(x.abs()));
            for (&found, (&u, &w)) in of_mixed[argument].iter().zip(of_u.iter().zip(of_w)) {
                let error = (found - mixed(u, w)).abs() / size;
                worst = worst.max(if error.is_nan() { f64::INFINITY } else { error });
            }
            findings.holds("scaling by a power of two is exact", || {
                let expected: Vec<f64> = of_u.iter().map(|x| 4.0 * x).collect();
                let found = &of_fourfold[argument];
                (expected != *found).then(|| format!("{found:?} instead of {expected:?}"))
            });
            findings.holds("nothing comes of nothing", || {
                let found = &of_zero[argument];
                let none = found.iter().all(|x| *x == 0.0);
                (!none).then(|| format!("a zero cotangent gives {found:?}"))
            });
        }
    }
    findings.compared("linearity in the cotangent", worst, ROUNDING);
    Ok(())
}

/// That forward and reverse mode agree: `⟨u, J v⟩ = ⟨Jᵀ u, v⟩`.
pub(super) fn both_directions(
    subject: &Subject<'_>,
    findings: &mut Findings,
) -> Result<(), Trouble> {
    let case = subject.case;
    let g = Graph::new();
    let e = Experiment::new(&g, subject.registration, case, Fixed::Inputs);
    let mut step = Step::returns(e.pushed);
    for &pulled in &e.pulled {
        step = step.output(pulled);
    }
    let plan = compile::<f64>(&g, &step, &CompileOptions::new(Isa::detect()))?;
    let mut workspace = plan.workspace(BATCH_SIZE, 1);
    let mut random = subject.random("both directions");
    let mut worst = 0.0f64;
    for _ in 0..subject.samples {
        let arguments = case.inside(&mut random, BATCH_SIZE);
        let result = e.y.shape().len_at(BATCH_SIZE);
        let values = Values::around(arguments, case, result, BATCH_SIZE, &mut random);
        let found = run(&plan, &mut workspace, &values, &Team::solo())?;
        let forward = dot(values.get("u"), &found[0]);
        let directions = case.differentiated().into_iter().map(|i| format!("v{i}"));
        let reverse: f64 = directions
            .zip(&found[1..])
            .map(|(v, pulled)| dot(values.get(&v), pulled))
            .sum();
        worst = worst.max(relative_error(forward, reverse));
    }
    findings.compared("forward against reverse mode", worst, ROUNDING);
    Ok(())
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// That a derivative which the operation does not have is refused by name.
pub(super) fn refusals(subject: &Subject<'_>, findings: &mut Findings) -> Result<(), Trouble> {
    let Some((operation, argument)) = &subject.registration.undefined_in else {
        return Ok(());
    };
    let g = Graph::new();
    let named = subject.case.arguments.iter().enumerate();
    let arguments: Vec<Expr<'_>> = named
        .map(|(i, (shape, _))| g.input(&format!("x{i}"), *shape))
        .collect();
    let y = (subject.registration.apply)(&arguments);
    let _ = g.gradients(y.sum(), &arguments[*argument..=*argument]);
    findings.holds("a missing derivative is refused by name", || {
        match g.error() {
            Some(CompileError::NotDifferentiable {
                op, argument: at, ..
            }) if op == *operation && at == *argument => None,
            other => Some(format!(
                "argument {argument} of {operation} gives {other:?}"
            )),
        }
    });
    Ok(())
}
