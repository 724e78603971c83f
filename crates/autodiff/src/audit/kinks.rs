//! Checks of the rules that an operation states for points where it has no derivative, or several.

use super::findings::Findings;
use super::subject::{Values, compile, relative_error, run};
use super::{Subject, Trouble};
use crate::{CompileOptions, Expr, Graph, Isa, Scalar, Step, Team};

/// Every stated rule, in both precisions and on every instruction set.
pub(super) fn stated_rules(subject: &Subject<'_>, findings: &mut Findings) -> Result<(), Trouble> {
    // Rules are stated for numbers: once is enough.
    let is_first = std::ptr::eq(subject.case, &subject.registration.cases[0]);
    if is_first && !subject.registration.kinks.is_empty() {
        for isa in Isa::available() {
            on::<f32>(isa, subject, findings)?;
            on::<f64>(isa, subject, findings)?;
        }
    }
    Ok(())
}

fn on<T: Scalar>(isa: Isa, subject: &Subject<'_>, findings: &mut Findings) -> Result<(), Trouble> {
    let registration = subject.registration;
    let g = Graph::new();
    let arguments: Vec<Expr<'_>> = (0..subject.case.arguments.len())
        .map(|i| g.scalar(&format!("x{i}")))
        .collect();
    let undefined = registration
        .undefined_in
        .as_ref()
        .map(|(_, argument)| *argument);
    let wanted: Vec<Expr<'_>> = (0..arguments.len())
        .filter(|i| Some(*i) != undefined)
        .map(|i| arguments[i])
        .collect();
    let y = (registration.apply)(&arguments);
    let pulled = g.vjp(y, g.scalar("u"), &wanted);
    let step = pulled
        .iter()
        .fold(Step::of(&g), |step, &pulled| step.output(pulled));
    let plan = compile::<T>(&g, &step, &CompileOptions::new(isa))?;
    let mut workspace = plan.workspace(0, 1);
    for kink in &registration.kinks {
        let mut named = vec![("u".to_owned(), vec![kink.cotangent])];
        let at = kink.at.iter().enumerate();
        named.extend(at.map(|(i, &x)| (format!("x{i}"), vec![x])));
        let found = run(
            &plan,
            &mut workspace,
            &Values { batch: 0, named },
            &Team::solo(),
        )?;
        let found: Vec<f64> = found.iter().map(|r| r[0].to_f64()).collect();
        findings.holds("the rule at a kink", || {
            let same = found.len() == kink.receives.len()
                && found
                    .iter()
                    .zip(&kink.receives)
                    .all(|(&f, &e)| relative_error(f, e) <= 4.0 * T::EPSILON.to_f64());
            (!same).then(|| {
                format!(
                    "at {:?}, the cotangent {} passes on {found:?} and not {:?} ({} on {isa})",
                    kink.at,
                    kink.cotangent,
                    kink.receives,
                    T::NAME
                )
            })
        });
    }
    Ok(())
}
