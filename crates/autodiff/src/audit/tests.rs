//! That the audit covers all operations, and that each of its checks can fail.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, Ordering};

use super::{Audit, AuditError, Case, Registration, Registry, Samples, Values};
use crate::{
    BATCH, Binary, Cotangent, Expr, Graph, Kernels, Lanes, Op, Scalar, Shape, ShapeError, Unary,
    View, ViewMut,
};

#[test]
fn every_operation_of_the_sources_is_registered() {
    let mut registered = BTreeSet::new();
    for operation in Registry::builtin().operations() {
        for case in &operation.cases {
            let g = Graph::new();
            let shapes = case.arguments.iter().enumerate();
            let arguments: Vec<Expr<'_>> = shapes
                .map(|(i, (shape, _))| g.input(&format!("x{i}"), *shape))
                .collect();
            let _ = (operation.apply)(&arguments);
            let arena = g.arena();
            registered.extend(
                arena
                    .ids()
                    .filter_map(|id| Some(arena.node(id).op()?.name())),
            );
        }
    }
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/ops");
    let mut known = BTreeSet::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let source = std::fs::read_to_string(file.unwrap().path()).unwrap();
        let source = source.split("#[cfg(test)]").next().unwrap();
        let mut lines = source.lines();
        while let Some(line) = lines.next() {
            let line = line.trim();
            if line.starts_with("const NAME") {
                // A name, or a table of names in the next line.
                let names = if line.contains('"') {
                    line
                } else {
                    lines.next().unwrap()
                };
                known.extend(names.split('"').skip(1).step_by(2).map(str::to_owned));
            } else if line.starts_with("fn name(") {
                let name = lines.next().unwrap().trim();
                known.insert(
                    name.trim_end_matches(".into()")
                        .trim_matches('"')
                        .to_owned(),
                );
            }
        }
    }
    assert!(known.len() > 40, "{known:?}");
    let missing: Vec<_> = known
        .iter()
        .filter(|name| !registered.contains(name.as_str()))
        .collect();
    assert!(
        missing.is_empty(),
        "not registered in audit/builtin: {missing:?}"
    );
}

/// The names of the checks that fail.
fn failing(operation: Registration) -> BTreeSet<String> {
    match operation.check() {
        Ok(_) => BTreeSet::new(),
        Err(AuditError { failures }) => failures.into_iter().map(|f| f.check).collect(),
    }
}

#[track_caller]
fn is_caught(operation: Registration, check: &str) {
    let failing = failing(operation);
    assert!(
        failing.iter().any(|f| f.contains(check)),
        "{check} not in {failing:?}"
    );
}

struct WrongDerivative;
impl Unary for WrongDerivative {
    const NAME: &'static str = "wrong";
    #[inline(always)]
    fn value<V: Lanes>(&self, x: V) -> V {
        x * x
    }
    fn derivative<'g>(&self, x: Expr<'g>, _: Expr<'g>) -> Expr<'g> {
        2.00001 * x
    }
}

/// Wrong only where it is differentiated twice.
struct WrongSecond;
impl Unary for WrongSecond {
    const NAME: &'static str = "wrong_second";
    #[inline(always)]
    fn value<V: Lanes>(&self, x: V) -> V {
        x * x
    }
    fn derivative<'g>(&self, x: Expr<'g>, _: Expr<'g>) -> Expr<'g> {
        (2.0 * x).stop_gradient()
    }
}

struct Crooked;
impl Binary for Crooked {
    const NAME: &'static str = "crooked";
    #[inline(always)]
    fn value<V: Lanes>(&self, a: V, b: V) -> V {
        a + b
    }
    fn vjp<'g>(&self, _: Expr<'g>, _: Expr<'g>, _: Expr<'g>, ct: Expr<'g>) -> [Cotangent<'g>; 2] {
        [ct.into(), (ct + 1e-9).into()]
    }
}

struct Imprecise;
impl Unary for Imprecise {
    const NAME: &'static str = "imprecise";
    #[inline(always)]
    fn value<V: Lanes>(&self, x: V) -> V {
        (x + V::splat(1e3)) - V::splat(1e3)
    }
    fn derivative<'g>(&self, x: Expr<'g>, _: Expr<'g>) -> Expr<'g> {
        x.graph().constant(1.0)
    }
}

#[test]
fn wrong_rules_are_caught() {
    let real = || [Values::real()];
    is_caught(
        Registration::elementwise("wrong", |x| x[0].map(WrongDerivative), real()),
        "difference quotients",
    );
    is_caught(
        Registration::elementwise("wrong second", |x| x[0].map(WrongSecond), real()),
        "difference quotients",
    );
    let crooked = || Registration::elementwise("crooked", |x| x[0].zip_map(x[1], Crooked), two());
    is_caught(crooked(), "nothing comes of nothing");
    is_caught(crooked(), "scaling by a power of two is exact");
    is_caught(
        Registration::elementwise("imprecise", |x| x[0].map(Imprecise), real()),
        "f32 against f64, values",
    );
    is_caught(
        Registration::elementwise("relu", |x| x[0].relu(), real()).kink(&[0.0], &[0.5]),
        "the rule at a kink",
    );
    is_caught(
        Registration::elementwise("add", |x| x[0] + x[1], two()).undefined_in("add", 1),
        "a missing derivative is refused by name",
    );
}

fn two() -> [Values; 2] {
    [Values::real(), Values::real()]
}

#[test]
fn a_mistake_in_the_graph_is_reported_and_not_a_panic() {
    let operation = Registration::new(
        "sum of what does not fit",
        |x| x[0] + x[1],
        Case::new([(3.into(), Values::real()), (4.into(), Values::real())]),
    );
    let error = operation.check().unwrap_err();
    assert!(error.to_string().contains("add of [3] and [4]"), "{error}");
}

#[test]
fn samples_that_meet_are_not_independent() {
    let operation = Registration::new(
        "centred",
        |x| x[0] - x[0].sum_columns(),
        Case::new([((3, BATCH).into(), Values::real())]).samples(Samples::Independent),
    );
    is_caught(operation, "a sample alone against the batch");
}

/// Counts its calls: the bits differ from run to run.
#[derive(Debug)]
struct Drifting;

static CALLS: AtomicU32 = AtomicU32::new(0);

impl Op for Drifting {
    fn name(&self) -> Cow<'static, str> {
        "drifting".into()
    }
    fn shape(&self, args: &[Shape]) -> Result<Shape, ShapeError> {
        Ok(args[0])
    }
    fn eval<T: Scalar>(&self, args: &[View<'_, T>], out: &mut ViewMut<'_, T>) {
        let calls = CALLS.fetch_add(1, Ordering::Relaxed);
        out.copy_from(&args[0]);
        if let Some(first) = out.iter_mut().next() {
            *first += T::from_f64(f64::from(calls) * 1e-3);
        }
    }
    fn vjp<'g>(&self, _: &[Expr<'g>], _: Expr<'g>, ct: Expr<'g>) -> Vec<Cotangent<'g>> {
        vec![ct.into()]
    }
}

/// Promises to work column by column, and looks at how many there are.
#[derive(Debug)]
struct NotByColumns;

impl Op for NotByColumns {
    fn name(&self) -> Cow<'static, str> {
        "not_by_columns".into()
    }
    fn shape(&self, args: &[Shape]) -> Result<Shape, ShapeError> {
        Ok(args[0])
    }
    fn eval<T: Scalar>(&self, args: &[View<'_, T>], out: &mut ViewMut<'_, T>) {
        let count = T::from_f64(args[0].ncols() as f64);
        out.zip_apply(&args[0], |to, x| *to = x * count);
    }
    fn vjp<'g>(&self, _: &[Expr<'g>], _: Expr<'g>, ct: Expr<'g>) -> Vec<Cotangent<'g>> {
        vec![(ct * ct.graph().batch_size()).into()]
    }
    fn kernels<T: Scalar>(&self) -> Kernels<T> {
        Kernels::columnwise()
    }
}

#[test]
fn drifting_bits_are_caught() {
    let case = || Case::new([((3, BATCH).into(), Values::real())]);
    let drifting = failing(Registration::new(
        "drifting",
        |x| x[0].apply(Drifting),
        case(),
    ));
    let expected = [
        "the plan against the definition",
        "without the pass \"elementwise fusion\"",
        "without the pass \"updates in place\"",
        "on avx2",
        "with 3 threads",
    ];
    for check in expected {
        let absent = check == "on avx2" && !crate::Isa::Avx2.is_available();
        assert!(
            absent || drifting.contains(check),
            "{check} not in {drifting:?}"
        );
    }
    is_caught(
        Registration::new("not by columns", |x| x[0].apply(NotByColumns), case()),
        "the plan against the definition",
    );
}

#[test]
fn the_same_seed_gives_the_same_report() {
    let operations = || [Registration::elementwise("product", |x| x[0] * x[1], two())];
    let with = |seed| Audit { seed, samples: 2 }.run(&operations());
    assert_eq!(with(5), with(5));
    assert_ne!(with(5).worst_relative_error, with(6).worst_relative_error);
}
