//! What people ran into with other engines, each with the right answer: derivatives where a formula is 0 · ∞ or 0 / 0, nodes that
//! are used more than once, very long chains, and shapes that broadcast by accident.

use chainrule_autodiff::{BATCH, Expr, Graph, Isa, Shape, Step, Team};

use crate::support::{assert_close, number, values, values_in};

/// The value and the derivative of a function of one number.
fn at<F: for<'g> Fn(Expr<'g>) -> Expr<'g>>(x: f64, f: F) -> (f64, f64) {
    let g = Graph::new();
    let parameter = g.param("x", 1);
    let y = f(parameter);
    let [dx] = g.grad(y, [parameter]);
    let found = values(&g, &[y, dx], &[("x", &[x])]);
    (found[0][0], found[1][0])
}

/// [`at`], in single precision.
fn at_f32<F: for<'g> Fn(Expr<'g>) -> Expr<'g>>(x: f32, f: F) -> (f32, f32) {
    let g = Graph::new();
    let parameter = g.param("x", 1);
    let y = f(parameter);
    let [dx] = g.grad(y, [parameter]);
    let found = values_in::<f32>(&g, &[y, dx], &[("x", &[x])]);
    (found[0][0], found[1][0])
}

/// The derivative of the sigmoid far from 0 is tiny, and never NaN. It is a (1 − a), so its absolute error is half an ulp of 1: above x = 17
/// in single precision (x = 37 in double) it is exactly 0 where 2e-9 (4e-18) would be right, and on the other side it keeps its relative precision.
#[test]
fn sigmoid_has_a_derivative_far_from_zero() {
    let (_, slope) = at_f32(-90.0, |x| x.sigmoid());
    // 8.194e-40, a subnormal number.
    assert!((8.1e-40..8.3e-40).contains(&f64::from(slope)), "{slope:e}");
    let (value, slope) = at_f32(-548.0, |x| x.sigmoid());
    assert_eq!((value, slope), (0.0, 0.0));
    let (_, slope) = at_f32(20.0, |x| x.sigmoid());
    assert!((f64::from(slope) - 2.061_154e-9).abs() <= 2f64.powi(-25));
    let (_, slope) = at(40.0, |x| x.sigmoid());
    assert!((slope - 4.248_354e-18).abs() <= 2f64.powi(-54));
    let (_, slope) = at(-40.0, |x| x.sigmoid());
    assert!((slope / 4.248_354_255_291_589e-18 - 1.0).abs() < 1e-14);
}

/// The cross-entropy of a logit and its derivative are exact where the probability is 0 or 1: a gradient that vanishes there is a dead model.
#[test]
fn cross_entropy_has_a_gradient_at_every_logit() {
    for (z, y, loss, slope) in [
        (-800.0, 1.0, 800.0, -1.0),
        (800.0, 0.0, 800.0, 1.0),
        (800.0, 1.0, 0.0, 0.0),
        (1e300, 0.0, 1e300, 1.0),
    ] {
        let g = Graph::new();
        let x = g.param("x", 1);
        let target = g.constant(y);
        for j in [
            x.sigmoid().binary_cross_entropy(target),
            x.binary_cross_entropy_on_logits(target),
        ] {
            let [dx] = g.grad(j, [x]);
            let found = values(&g, &[j, dx], &[("x", &[z])]);
            assert_eq!(
                (found[0][0], found[1][0]),
                (loss, slope),
                "logit {z}, target {y}"
            );
        }
    }
}

/// A branch that is not taken sends nothing back, whatever its value or its derivative is there.
#[test]
fn a_branch_not_taken_has_no_derivative() {
    let zero = (0.0, 0.0);
    for x in [0.0, -1.0] {
        let root = at(x, |x| x.gt(0.0).select(x.sqrt(), 0.0));
        assert_eq!(root, zero, "the square root at {x}");
    }
    let far = at(f64::INFINITY, |x| x.lt(1.0).select(x.exp(), 0.0));
    assert_eq!(far, zero, "the exponential at ∞");
    let product = at(f64::INFINITY, |x| x.lt(1.0).select(x * x.exp(), 0.0));
    assert_eq!(product, zero, "a product at ∞");
    let inverse = at(0.0, |x| x.equals(0.0).select(0.0, 1.0 / x));
    assert_eq!(inverse, zero, "1 / x at 0");
    let logarithm = at(-2.0, |x| x.gt(0.0).select(x.ln(), 0.0));
    assert_eq!(logarithm, zero, "the logarithm at -2");
}

/// A target that is NaN and masked out leaves the gradient of the other rows as it is.
#[test]
fn a_masked_row_takes_no_part() {
    let g = Graph::new();
    let (x, y, mask) = (
        g.input("x", (1, BATCH)),
        g.input("y", (1, BATCH)),
        g.input("mask", (1, BATCH)),
    );
    let w = g.param("w", (1, 1));
    let loss = mask
        .select(w.matmul(x).binary_cross_entropy_on_logits(y), 0.0)
        .sum();
    let [dw] = g.grad(loss, [w]);
    let given = |n: usize, y: f64| {
        let (x, y, mask) = ([0.5, -1.0, 2.0], [1.0, 0.0, y], [1.0, 1.0, 0.0]);
        let of = [
            ("x", &x[..n]),
            ("y", &y[..n]),
            ("mask", &mask[..n]),
            ("w", &[0.3][..]),
        ];
        values(&g, &[loss, dw], &of)
    };
    assert_eq!(given(3, f64::NAN), given(2, 0.0));
}

/// Powers, roots, absolute values and logarithms at 0.
#[test]
fn derivatives_at_zero_are_those_of_the_function() {
    assert_eq!(at(0.0, |x| x.pow(0.0)).1, 0.0);
    assert_eq!(at(0.0, |x| x.pow(1.0)).1, 1.0);
    assert_eq!(at(0.0, |x| x.pow(2.0)).1, 0.0);
    assert_eq!(at(-2.0, |x| x.pow(3.0)), (-8.0, 12.0));
    // With respect to the exponent: 0^p is 0 on all sides of p = 2.
    assert_eq!(at(2.0, |p| p.graph().constant(0.0).pow(p)).1, 0.0);
    assert_eq!(
        (at(0.0, |x| x.abs()).1, at(-0.0, |x| x.abs()).1),
        (0.0, 0.0)
    );
    // As written, x ln x is 0 · −∞ at 0, where its derivative is −∞. Written with a choice both are 0.
    let (value, slope) = at(0.0, |x| x * x.ln());
    assert!(
        value.is_nan() && slope == f64::NEG_INFINITY,
        "{value} {slope}"
    );
    assert_eq!(at(0.0, |x| x.gt(0.0).select(x * x.ln(), 0.0)), (0.0, 0.0));
    // An L1 penalty leaves a weight of zero alone.
    let g = Graph::new();
    let w = g.param("w", 3);
    let [dw] = g.grad(w.abs().sum(), [w]);
    assert_eq!(
        values(&g, &[dw], &[("w", &[0.0, -2.0, 0.5])])[0],
        [0.0, -1.0, 1.0]
    );
}

/// The length of a vector has no derivative at the zero vector: the square root's is infinite there, and the rule gives ∞ · 0. A choice, as
/// clipping by norm writes it, gives 0.
#[test]
fn the_length_of_the_zero_vector() {
    let g = Graph::new();
    let w = g.param("w", 3);
    let squares = w.square().sum();
    let length = squares.gt(0.0).select(squares.sqrt(), 0.0);
    let [dw] = g.grad(length, [w]);
    assert_eq!(
        values(&g, &[length, dw], &[("w", &[0.0; 3])]),
        [vec![0.0], vec![0.0; 3]]
    );
    let found = values(&g, &[length, dw], &[("w", &[3.0, 0.0, 4.0])]);
    assert_close(&found.concat(), &[5.0, 0.6, 0.0, 0.8], 1e-15);
}

/// A node that is used more than once passes its whole cotangent on, once; asking again gives the same, and another loss through it its own.
#[test]
fn nodes_that_are_used_more_than_once() {
    let g = Graph::new();
    let x = g.param("x", 1);
    let u = x * x;
    let v = u * x + u;
    let w = v * u;
    let [first] = g.grad(w, [x]);
    let [again] = g.grad(w, [x]);
    let [other] = g.grad(u + v, [x]);
    let given = [("x", &[3.0][..])];
    // w = x⁵ + x⁴, and u + v = x³ + 2 x².
    assert_eq!(number(&g, w, &given), 324.0);
    assert_eq!(number(&g, first, &given), 513.0);
    assert_eq!(number(&g, again, &given), 513.0);
    assert_eq!(number(&g, other, &given), 39.0);
}

/// A chain that would overflow the stack of anything that recurses over it: built, differentiated, rewritten, compiled, run, printed and dropped in
/// a thread with the smallest usual stack.
#[test]
fn a_very_deep_chain_needs_no_stack() {
    const LENGTH: usize = 200_000;
    let thread = std::thread::Builder::new().stack_size(2 << 20);
    let run = || {
        let g = Graph::new();
        let x = g.param("x", 1);
        let y = (0..LENGTH).fold(x, |y, _| y + x);
        let [dx] = g.grad(y, [x]);
        let plan = g
            .compile::<f64>(Step::returns(y).output(dx), Isa::detect())
            .expect("a sound graph");
        let (mut state, mut workspace) = (plan.state(), plan.workspace(0, 1));
        state.set("x", &[0.25]).expect("a slot");
        plan.eval(&state, &[], &mut workspace, &Team::solo())
            .expect("a run");
        assert!(Step::returns(y).to_string().len() < 1 << 20);
        (workspace.output(0)[0], workspace.output(1)[0])
    };
    let found = thread
        .spawn(run)
        .expect("a thread")
        .join()
        .expect("no overflow");
    assert_eq!(found, (0.25 * (LENGTH + 1) as f64, (LENGTH + 1) as f64));
}

/// The gradient of an operand that was repeated has the operand's shape.
#[test]
fn a_repeated_operand_gets_back_a_sum() {
    let shapes: [((usize, usize), &[f64]); 4] = [
        ((3, 4), &[1.0; 12]),
        ((1, 4), &[3.0; 4]),
        ((3, 1), &[4.0; 3]),
        ((1, 1), &[12.0]),
    ];
    for (shape, expected) in shapes {
        let g = Graph::new();
        let (a, b) = (g.param("a", (3, 4)), g.param("b", shape));
        let [db] = g.grad((a + b).sum(), [b]);
        assert_eq!(db.shape(), Shape::from(shape));
        let zeros = vec![0.0; shape.0 * shape.1];
        assert_eq!(
            values(&g, &[db], &[("a", &[0.0; 12]), ("b", &zeros)])[0],
            expected
        );
    }
}

/// A column of predictions against a row of targets is a mistake and not a table of all pairs, also where one sample hides it.
#[test]
fn a_column_and_a_row_do_not_meet() {
    for n in [2, 3] {
        let g = Graph::new();
        let (p, y) = (g.param("p", (n, 1)), g.param("y", (1, n)));
        let _ = (p - y).square().mean();
        let error = g.error().expect("a mistake").to_string();
        assert!(error.contains(&format!("[{n}] and [1 × {n}]")), "{error}");
    }
    let g = Graph::new();
    let (p, y) = (g.input("p", (BATCH, 1)), g.input("y", (1, BATCH)));
    let _ = (p - y).square().mean();
    assert!(g.error().is_some());
}
