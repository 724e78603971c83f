//! Checks of f32 against f64.

use super::findings::Findings;
use super::registration::Form;
use super::subject::{Experiment, Fixed, Results, Values, compile, relative_error, run};
use super::{Subject, Trouble};
use crate::{CompileOptions, Graph, Isa, Step, Team};

const BATCH_SIZE: usize = 37;

/// Values and derivatives where the operation is smooth, values alone at the edges.
pub(super) fn single_against_double(
    subject: &Subject<'_>,
    findings: &mut Findings,
) -> Result<(), Trouble> {
    let (registration, case) = (subject.registration, subject.case);
    let g = Graph::new();
    let e = Experiment::new(&g, registration, case, Fixed::Inputs);
    let step = e
        .pulled
        .iter()
        .fold(Step::returns(e.y).output(e.pushed), |step, &pulled| {
            step.output(pulled)
        });
    let options = CompileOptions::new(Isa::detect());
    let single = compile::<f32>(&g, &step, &options)?;
    let double = compile::<f64>(&g, &step, &options)?;
    let (mut single_memory, mut double_memory) = (
        single.workspace(BATCH_SIZE, 1),
        double.workspace(BATCH_SIZE, 1),
    );
    let mut random = subject.random("precision");
    let mut both = |arguments: Vec<Vec<f64>>, random: &mut _| -> Result<_, Trouble> {
        let result = e.y.shape().len_at(BATCH_SIZE);
        let mut values = Values::around(arguments, case, result, BATCH_SIZE, random);
        values.round();
        let found: Results<f32> = run(&single, &mut single_memory, &values, &Team::solo())?;
        let expected: Results<f64> = run(&double, &mut double_memory, &values, &Team::solo())?;
        Ok((found, expected))
    };
    let (mut of_values, mut of_derivatives, mut at_edges) = (0.0f64, 0.0f64, 0.0f64);
    for _ in 0..subject.samples {
        let (found, expected) = both(case.inside(&mut random, BATCH_SIZE), &mut random)?;
        let errors: Vec<f64> = found
            .iter()
            .zip(&expected)
            .map(|(f, e)| largest(f, e))
            .collect();
        of_values = of_values.max(errors[0]);
        of_derivatives = errors[1..]
            .iter()
            .fold(of_derivatives, |worst, &e| worst.max(e));
        if registration.form == Form::Elementwise {
            let (found, expected) = both(case.edges(&mut random, BATCH_SIZE), &mut random)?;
            at_edges = at_edges.max(largest(&found[0], &expected[0]));
        }
    }
    let measured = &mut findings.measured;
    measured.single_value = measured.single_value.max(of_values);
    measured.single_derivative = measured.single_derivative.max(of_derivatives);
    let tolerance = registration.single_tolerance;
    findings.within("f32 against f64, values", of_values, tolerance);
    findings.within("f32 against f64, derivatives", of_derivatives, tolerance);
    findings.within("f32 against f64, values at the edges", at_edges, tolerance);
    Ok(())
}

/// The largest relative error, among the numbers that f32 can hold: where it has overflowed there is nothing to compare.
fn largest(found: &[f32], expected: &[f64]) -> f64 {
    let pairs = found.iter().zip(expected);
    pairs
        .filter(|(_, expected)| expected.abs() < 1e37 || !expected.is_finite())
        .filter(|(found, _)| found.is_finite())
        .map(|(&found, &expected)| relative_error(f64::from(found), expected))
        .fold(0.0, f64::max)
}
