//! Mistakes are told with the operation, the shapes and the line of the caller, at every door of the engine; and nothing panics.

use std::panic::Location;

use chainrule_autodiff::{
    BATCH, Binary, CompileError, CompileOptions, Cotangent, Expr, Graph, Isa, Lanes, Map2,
    RunError, Shape, State, StateError, Step, Team, Ternary, Unary,
};

/// What the step gives when it is compiled.
fn refused(step: Step<'_>, g: &Graph) -> CompileError {
    match g.compile::<f64>(step, Isa::detect()) {
        Err(error) => error,
        Ok(plan) => panic!("this was compiled:\n{plan}"),
    }
}

/// That an error has all parts, among them this file and the line.
fn assert_told(error: &CompileError, line: u32, parts: &[&str]) {
    let told = error.to_string();
    let place = format!("{}:{line}:", file!());
    for part in parts.iter().copied().chain([place.as_str()]) {
        assert!(told.contains(part), "{part:?} is not in {told:?}");
    }
}

struct Twice;

impl Unary for Twice {
    const NAME: &'static str = "twice";
    #[inline(always)]
    fn value<V: Lanes>(&self, x: V) -> V {
        x + x
    }
    fn derivative<'g>(&self, x: Expr<'g>, _: Expr<'g>) -> Expr<'g> {
        x.graph().constant(2.0)
    }
}

struct Gate;

impl Binary for Gate {
    const NAME: &'static str = "gate";
    #[inline(always)]
    fn value<V: Lanes>(&self, a: V, b: V) -> V {
        a * b
    }
    fn vjp<'g>(&self, a: Expr<'g>, b: Expr<'g>, _: Expr<'g>, ct: Expr<'g>) -> [Cotangent<'g>; 2] {
        [(ct * b).into(), (ct * a).into()]
    }
}

struct Mix;

impl Ternary for Mix {
    const NAME: &'static str = "mix";
    #[inline(always)]
    fn value<V: Lanes>(&self, a: V, b: V, c: V) -> V {
        a * b + c
    }
    fn vjp<'g>(&self, [a, b, _]: [Expr<'g>; 3], _: Expr<'g>, ct: Expr<'g>) -> [Cotangent<'g>; 3] {
        [(ct * b).into(), (ct * a).into(), ct.into()]
    }
}

/// A mistake with two parameters of these shapes, made on the line of the call.
#[track_caller]
fn wrong_shapes<F>(a: impl Into<Shape>, b: impl Into<Shape>, parts: &[&str], mistake: F)
where
    F: for<'g> FnOnce(Expr<'g>, Expr<'g>) -> Expr<'g>,
{
    let g = Graph::new();
    let (a, b) = (g.param("a", a), g.param("b", b));
    let _ = mistake(a, b);
    let error = g.error().expect("a mistake");
    assert!(matches!(error, CompileError::Shape { .. }), "{error}");
    assert_told(&error, Location::caller().line(), parts);
    // The same error, when it comes to compiling.
    assert_eq!(refused(Step::returns(a.sum()), &g), error);
}

#[test]
#[rustfmt::skip]
fn shapes_that_do_not_fit() {
    wrong_shapes((2, 3), (2, 4), &["add of [2 × 3] and [2 × 4]"], |a, b| a + b);
    wrong_shapes((2, 3), (2, 4), &["sub of [2 × 3] and [2 × 4]"], |a, b| a - b);
    wrong_shapes((2, 3), (2, 4), &["mul of [2 × 3] and [2 × 4]"], |a, b| a * b);
    wrong_shapes((2, 3), (2, 4), &["div of [2 × 3] and [2 × 4]"], |a, b| a / b);
    wrong_shapes((2, 3), (2, 4), &["pow of [2 × 3] and [2 × 4]"], |a, b| a.pow(b));
    wrong_shapes((2, 3), (2, 4), &["maximum of [2 × 3] and [2 × 4]"], |a, b| a.maximum(b));
    wrong_shapes((2, 3), (2, 4), &["minimum of [2 × 3] and [2 × 4]"], |a, b| a.minimum(b));
    wrong_shapes((2, 3), (2, 4), &["less of [2 × 3] and [2 × 4]"], |a, b| a.lt(b));
    wrong_shapes((2, 3), (2, 4), &["less_equal of [2 × 3] and [2 × 4]"], |a, b| a.le(b));
    wrong_shapes((2, 3), (2, 4), &["greater of [2 × 3] and [2 × 4]"], |a, b| a.gt(b));
    wrong_shapes((2, 3), (2, 4), &["greater_equal of [2 × 3] and [2 × 4]"], |a, b| a.ge(b));
    wrong_shapes((2, 3), (2, 4), &["equal of [2 × 3] and [2 × 4]"], |a, b| a.equals(b));
    wrong_shapes((2, 3), (2, 4), &["chain of [2 × 3] and [2 × 4]"], |a, b| a.chain(b));
    wrong_shapes((2, 3), (2, 4), &["select of [2 × 3]", "[2 × 4]"], |a, b| a.select(b, 0.0));
    wrong_shapes((2, 3), (2, 4), &["select of [2 × 3]", "[2 × 4]"], |a, b| a.select(1.0, b));
    wrong_shapes((2, 3), (2, 4), &["bce of [2 × 3] and [2 × 4]"], |a, b| a.binary_cross_entropy(b));
    wrong_shapes((2, 3), (2, 4), &["bce_on_logits of [2 × 3] and [2 × 4]"], |a, b| a.binary_cross_entropy_on_logits(b));
    wrong_shapes((2, 3), (2, 4), &["gate of [2 × 3] and [2 × 4]"], |a, b| a.zip_map(b, Gate));
    wrong_shapes((2, 3), (2, 4), &["mix of [2 × 3]", "[2 × 4]"], |a, b| a.zip_map_3(b, a, Mix));
    wrong_shapes((2, 3), (2, 4), &["gate of [2 × 3] and [2 × 4]"], |a, b| a.apply_with(Map2(Gate), &[b]));
    wrong_shapes((2, 3), (2, 4), &["gate of [2 × 3] and [2 × 3] and [2 × 4]"], |a, b| a.apply_with(Map2(Gate), &[a, b]));
    wrong_shapes((2, 3), (2, 4), &["matmul of [2 × 3] and [2 × 4]"], |a, b| a.matmul(b));
    wrong_shapes((2, 3), (2, 4), &["matmul of [3 × 2] and [4 × 2]"], |a, b| a.t().matmul(b.t()));
    wrong_shapes((2, 3), (2, 4), &["matmul of [2 × 3] and [2 × 4]"], |a, b| (a.matmul(b), b.square()).0);
    wrong_shapes((2, 3), (2, 4), &["[2 × 3]", "2 × 4"], |a, _| a.broadcast_to((2, 4)));
    wrong_shapes(3, (1, 3), &["add of [3] and [1 × 3]"], |a, b| a + b);
}

#[test]
fn shapes_of_a_batch_that_do_not_fit() {
    let g = Graph::new();
    let (w, x) = (g.param("W", (3, 2)), g.input("x", (4, BATCH)));
    let (_, line) = (w.matmul(x), line!());
    assert_told(
        &g.error().expect("a mistake"),
        line,
        &["matmul of [3 × 2] and [4 × B]"],
    );
}

/// The first mistake is the one that is told: those that follow from it are not.
#[test]
fn the_first_mistake_is_told() {
    let g = Graph::new();
    let (a, b) = (g.param("a", (2, 3)), g.param("b", (2, 4)));
    let (wrong, line) = (a + b, line!());
    let after = wrong.matmul(b).sigmoid() + a.matmul(a);
    let [da] = g.grad(after.sum(), [a]);
    assert_told(
        &refused(Step::returns(da), &g),
        line,
        &["add of [2 × 3] and [2 × 4]"],
    );
}

/// A variable of another graph, used on the line of the call.
#[track_caller]
fn foreign<R>(op: &str, mistake: impl for<'g> FnOnce(&'g Graph, Expr<'g>, Expr<'g>) -> R) {
    let (g, other) = (Graph::new(), Graph::new());
    mistake(&g, g.param("a", 3), other.param("b", 3));
    let error = g.error().expect("a mistake");
    assert!(matches!(error, CompileError::OtherGraph { .. }), "{error}");
    assert_told(&error, Location::caller().line(), &[op, "another graph"]);
}

#[test]
#[rustfmt::skip]
fn variables_of_another_graph() {
    foreign("add", |_, a, b| { let _ = a + b; });
    foreign("sub", |_, a, b| { let _ = a - b; });
    foreign("mul", |_, a, b| { let _ = a * b; });
    foreign("div", |_, a, b| { let _ = a / b; });
    foreign("pow", |_, a, b| { let _ = a.pow(b); });
    foreign("maximum", |_, a, b| { let _ = a.maximum(b); });
    foreign("less", |_, a, b| { let _ = a.lt(b); });
    foreign("select", |_, a, b| { let _ = a.select(b, 0.0); });
    foreign("select", |_, a, b| { let _ = a.select(0.0, b); });
    foreign("chain", |_, a, b| { let _ = a.chain(b); });
    foreign("bce", |_, a, b| { let _ = a.binary_cross_entropy(b); });
    foreign("bce_on_logits", |_, a, b| { let _ = a.binary_cross_entropy_on_logits(b); });
    foreign("matmul", |_, a, b| { let _ = a.t().matmul(b); });
    foreign("gate", |_, a, b| { let _ = a.zip_map(b, Gate); });
    foreign("mix", |_, a, b| { let _ = a.zip_map_3(a, b, Mix); });
    foreign("gate", |_, a, b| { let _ = a.apply_with(Map2(Gate), &[b]); });
    foreign("grad", |g, a, b| { let _ = g.grad(b.sum(), [a]); });
    foreign("grad", |g, a, b| { let _ = g.grad(a.sum(), [b]); });
    foreign("grad", |g, a, b| { let _ = g.gradients(a.sum(), &[a, b]); });
    foreign("vjp", |g, a, b| { let _ = g.vjp(a, b, &[a]); });
    foreign("vjp", |g, a, b| { let _ = g.vjp(a, a, &[b]); });
    foreign("jvp", |g, a, b| { let _ = g.jvp(a, &[(a, b)]); });
    foreign("jvp", |g, a, b| { let _ = g.jvp(a, &[(b, a)]); });
    foreign("jacobian", |g, a, b| { let _ = g.jacobian(b, a); });
    foreign("jacobian", |g, a, b| { let _ = g.jacobian(a, b); });
    foreign("hessian", |g, a, b| { let _ = g.hessian(b.sum(), a); });
    foreign("hessian", |g, a, b| { let _ = g.hessian_vector_product(a.sum(), &[(a, b)]); });
}

#[test]
#[rustfmt::skip]
fn a_step_of_two_graphs() {
    let (g, other) = (Graph::new(), Graph::new());
    let (a, b) = (g.param("a", 3), other.param("b", 3));
    let (step, line) = (Step::returns(a).output(b), line!());
    assert_told(&refused(step, &g), line, &["output", "another graph"]);
    let (step, line) = (Step::returns(a).set(a, b), line!());
    assert_told(&refused(step, &g), line, &["update", "another graph"]);
    let (step, line) = (Step::returns(a).set(b, b), line!());
    assert_told(&refused(step, &g), line, &["update", "another graph"]);
    let (result, line) = (other.compile::<f64>(Step::returns(a), Isa::detect()), line!());
    assert_told(&result.expect_err("another graph"), line, &["compile", "another graph"]);
    let step = Step::returns(a);
    let (result, line) = (other.compile_together::<f64>(&[&step], Isa::detect()), line!());
    assert_told(
        &result.expect_err("another graph"),
        line,
        &["compile", "another graph"],
    );
    let options = CompileOptions::new(Isa::detect());
    let (result, line) = (other.compile_with::<f64>(&[&step], &options), line!());
    assert_told(
        &result.expect_err("another graph"),
        line,
        &["compile", "another graph"],
    );
}

#[test]
fn updates_that_do_not_fit() {
    let g = Graph::new();
    let (a, x) = (g.param("a", 3), g.input("x", 3));
    let (step, line) = (Step::returns(a).set(a, a.sum()), line!());
    assert_told(&refused(step, &g), line, &["a is 3", "its update is 1"]);
    let (step, line) = (Step::returns(a).set(a, a + a).set(a, a), line!());
    assert_told(&refused(step, &g), line, &["a is set twice"]);
    let (step, line) = (Step::returns(a).set(x, a), line!());
    assert_told(&refused(step, &g), line, &["x is neither"]);
    let (step, line) = (Step::returns(a).set(a + x, a), line!());
    assert_told(&refused(step, &g), line, &["add is neither"]);
}

#[test]
fn leaves_that_can_not_be() {
    let g = Graph::new();
    let _ = g.param("a", 3);
    let (_, line) = (g.input("a", 3), line!());
    assert_told(
        &g.error().expect("a mistake"),
        line,
        &["two leaves of the graph are called a"],
    );
    let g = Graph::new();
    let (_, line) = (g.param("w", (3, BATCH)), line!());
    assert_told(&g.error().expect("a mistake"), line, &["w is 3 × B"]);
    let g = Graph::new();
    let (_, line) = (g.state("s", (3, BATCH)), line!());
    assert_told(&g.error().expect("a mistake"), line, &["s is 3 × B"]);
}

#[test]
fn derivatives_that_can_not_be() {
    let g = Graph::new();
    let (a, x) = (g.param("a", 3), g.input("x", (3, BATCH)));
    let (_, line) = (g.grad(a, [a]), line!());
    assert_told(
        &g.error().expect("a mistake"),
        line,
        &["a gradient is taken of a scalar, and this is 3"],
    );
    let g2 = Graph::new();
    let (b, y) = (g2.param("b", 3), g2.input("y", (3, BATCH)));
    let (_, line) = (g2.jacobian(y, b), line!());
    assert_told(
        &g2.error().expect("a mistake"),
        line,
        &["jacobian", "3 × B"],
    );
    let g3 = Graph::new();
    let c = g3.param("c", 3);
    let (_, line) = (g3.hessian(c, c), line!());
    assert_told(&g3.error().expect("a mistake"), line, &["scalar"]);
    let _ = x;
}

/// A step over samples needs an input that says how many; else it would go over none, in silence.
#[test]
fn a_batch_that_nothing_gives() {
    let g = Graph::new();
    let w = g.param("w", 3);
    let (repeated, line) = (w.broadcast_to((3, BATCH)), line!());
    assert_told(
        &refused(Step::returns(repeated), &g),
        line,
        &["number of samples"],
    );
    let g = Graph::new();
    let (count, line) = (g.batch_size(), line!());
    assert_told(
        &refused(Step::returns(count), &g),
        line,
        &["number of samples"],
    );
    // With an input that has them, it is known.
    let g = Graph::new();
    let (w, x) = (g.param("w", 3), g.input("x", (1, BATCH)));
    let [dx] = g.grad(x.sign().sum(), [x]);
    let step = Step::returns(w.broadcast_to((3, BATCH))).output(dx);
    let plan = g
        .compile::<f64>(step, Isa::detect())
        .expect("a sound graph");
    let (mut state, mut workspace) = (plan.state(), plan.workspace(2, 1));
    state.set("w", &[1.0, 2.0, 3.0]).expect("a slot");
    plan.eval(&state, &[&[7.0, 8.0]], &mut workspace, &Team::solo())
        .expect("a run");
    assert_eq!(workspace.output(0), [1.0, 2.0, 3.0, 1.0, 2.0, 3.0]);
    assert_eq!(workspace.output(1), [0.0, 0.0]);
}

#[test]
fn runs_that_do_not_fit() {
    let g = Graph::new();
    let (x, y, w) = (
        g.input("x", (2, BATCH)),
        g.input("y", (1, BATCH)),
        g.param("w", (1, 2)),
    );
    let loss = w
        .matmul(x)
        .map(Twice)
        .binary_cross_entropy_on_logits(y)
        .mean();
    let plan = g
        .compile::<f32>(Step::returns(loss).set(w, w * 0.5), Isa::detect())
        .expect("a sound graph");
    let other = g
        .compile::<f32>(Step::returns(loss), Isa::detect())
        .expect("a sound graph");
    let (mut state, mut workspace) = (plan.state(), plan.workspace(3, 1));
    let team = Team::solo();
    let mut run = |inputs: &[&[f32]], state: &mut State<f32>| {
        plan.run(state, inputs, &mut workspace, &team)
            .map_err(|e| e.to_string())
    };
    let told = |result: Result<(), String>, parts: &[&str]| {
        let error = result.expect_err("a mistake");
        assert!(parts.iter().all(|part| error.contains(part)), "{error}");
    };
    told(
        run(&[&[0.0; 6]], &mut state),
        &["takes 2 inputs (x, y)", "1 were given"],
    );
    told(
        run(&[&[0.0; 5], &[0.0; 3]], &mut state),
        &["input x is 2 × B", "5 values"],
    );
    told(
        run(&[&[0.0; 6], &[0.0; 2]], &mut state),
        &["input y holds 2 samples", "x holds 3"],
    );
    told(
        run(&[&[0.0; 8], &[0.0; 4]], &mut state),
        &["4 samples", "at most 3", "plan.workspace(4"],
    );
    assert_eq!(run(&[&[0.0; 6], &[0.0; 3]], &mut state), Ok(()));
    let mut foreign = other.workspace(3, 1);
    let refused = plan.run(&mut state, &[&[0.0; 6], &[0.0; 3]], &mut foreign, &team);
    assert_eq!(refused, Err(RunError::Foreign { what: "workspace" }));
    let second = Graph::new();
    let v = second.param("v", 7);
    let another = second
        .compile::<f32>(Step::returns(v), Isa::detect())
        .expect("a sound graph");
    let mut workspace = plan.workspace(3, 1);
    let refused = plan.run(
        &mut another.state(),
        &[&[0.0; 6], &[0.0; 3]],
        &mut workspace,
        &team,
    );
    assert_eq!(refused, Err(RunError::Foreign { what: "state" }));
    assert_eq!(
        plan.eval(&state, &[&[0.0; 6], &[0.0; 3]], &mut workspace, &team),
        Err(RunError::HasUpdates)
    );
}

#[test]
fn slots_that_do_not_fit() {
    let g = Graph::new();
    let w = g.param("W", (2, 3));
    let plan = g
        .compile::<f32>(Step::returns(w), Isa::detect())
        .expect("a sound graph");
    let mut state = plan.state();
    let told = |result: Result<(), StateError>, expected: &str| {
        assert_eq!(result.expect_err("a mistake").to_string(), expected)
    };
    told(
        state.set("V", &[0.0; 6]),
        "there is no slot \"V\"; these are: W",
    );
    told(
        state.get("V").map(drop),
        "there is no slot \"V\"; these are: W",
    );
    told(
        state.set("W", &[0.0; 5]),
        "W holds 6 values, and 5 were given",
    );
    assert!(state.write_parameters(&[0.0; 7]).is_err());
    assert!(state.read_parameters(&mut [0.0; 5]).is_err());
    assert!(state.write_all(&[0.0; 7]).is_err());
    assert!(state.read_all(&mut [0.0; 5]).is_err());
}
