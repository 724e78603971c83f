//! Derivatives of every kind, against closed formulas, difference quotients and one another.

use crate::support::{assert_close, noise, number, values};
use chainrule_autodiff::{BATCH, CompileError, Expr, Graph};

/// A network of one hidden layer on a batch, its parameters and its loss.
fn network(g: &Graph) -> (Vec<Expr<'_>>, Expr<'_>) {
    let (x, y) = (g.input("x", (3, BATCH)), g.input("y", (1, BATCH)));
    let (w1, b1) = (g.param("W1", (4, 3)), g.param("b1", 4));
    let (w2, b2) = (g.param("W2", (1, 4)), g.param("b2", 1));
    let a1 = (w1.matmul(x) + b1).tanh();
    let loss = (w2.matmul(a1) + b2)
        .sigmoid()
        .binary_cross_entropy(y)
        .mean();
    (vec![w1, b1, w2, b2], loss)
}

/// Values for the network, and directions for its parameters, by name.
fn data() -> Vec<(&'static str, Vec<f64>)> {
    let names = ["W1", "b1", "W2", "b2", "vW1", "vb1", "vW2", "vb2", "x"];
    let sizes = [12, 4, 4, 1, 12, 4, 4, 1, 15];
    let mut all: Vec<(&str, Vec<f64>)> = names
        .iter()
        .zip(sizes)
        .enumerate()
        .map(|(i, (&name, size))| (name, noise(i as u64, size)))
        .collect();
    all.push(("y", vec![1.0, 0.0, 1.0, 1.0, 0.0]));
    all
}

fn given<'a>(data: &'a [(&'static str, Vec<f64>)]) -> Vec<(&'static str, &'a [f64])> {
    data.iter().map(|(n, v)| (*n, v.as_slice())).collect()
}

/// Directions for parameters, as inputs.
fn directions<'g>(g: &'g Graph, params: &[Expr<'g>]) -> Vec<(Expr<'g>, Expr<'g>)> {
    let names = ["vW1", "vb1", "vW2", "vb2"];
    let pairs = params.iter().zip(names);
    pairs.map(|(&p, n)| (p, g.input(n, p.shape()))).collect()
}

fn dot<'g>(g: &'g Graph, pairs: impl IntoIterator<Item = (Expr<'g>, Expr<'g>)>) -> Expr<'g> {
    let terms = pairs.into_iter().map(|(a, b)| (a * b).sum());
    terms.fold(g.constant(0.0), |sum, term| sum + term)
}

#[test]
fn third_and_fourth_derivatives_of_a_polynomial_are_exact() {
    let g = Graph::new();
    let x = g.input("x", 1);
    let mut d = x * x * x * x * x + x.pow(4.0);
    let expected = [5.0 * 81.0 + 4.0 * 27.0, 648.0, 612.0, 384.0, 120.0, 0.0];
    for expected in expected {
        d = g.grad(d, [x])[0];
        assert_close(&[number(&g, d, &[("x", &[3.0])])], &[expected], 1e-14);
    }
}

#[test]
fn third_derivatives_of_functions_match_their_formulas() {
    let at = 0.7;
    let s = 1.0 / (1.0 + libm::exp(-at));
    let t = libm::tanh(at);
    let sigmoid = s * (1.0 - s) * (1.0 - 6.0 * s + 6.0 * s * s);
    type Case = (&'static str, fn(Expr<'_>) -> Expr<'_>, f64);
    let cases: [Case; 7] = [
        ("exp", |x| x.exp(), libm::exp(at)),
        ("ln", |x| x.ln(), 2.0 / (at * at * at)),
        ("sigmoid", |x| x.sigmoid(), sigmoid),
        (
            "softplus",
            |x| x.softplus(),
            s * (1.0 - s) * (1.0 - 2.0 * s),
        ),
        ("tanh", |x| x.tanh(), (1.0 - t * t) * (6.0 * t * t - 2.0)),
        ("sqrt", |x| x.sqrt(), 0.375 * libm::pow(at, -2.5)),
        ("reciprocal", |x| 1.0 / x, -6.0 / libm::pow(at, 4.0)),
    ];
    for (name, f, expected) in cases {
        let g = Graph::new();
        let x = g.input("x", 1);
        let third = (0..3).fold(f(x), |d, _| g.grad(d, [x])[0]);
        let found = number(&g, third, &[("x", &[at])]);
        assert!(
            (found - expected).abs() < 1e-12,
            "{name}: {found} instead of {expected}"
        );
        // Forward mode three times, and both mixed.
        let forward = (0..3).fold(f(x), |d, _| g.jvp(d, &[(x, g.constant(1.0))]));
        let mixed = g.jvp(
            g.grad(g.jvp(f(x), &[(x, g.constant(1.0))]), [x])[0],
            &[(x, g.constant(1.0))],
        );
        assert_close(&[number(&g, forward, &[("x", &[at])])], &[expected], 1e-12);
        assert_close(&[number(&g, mixed, &[("x", &[at])])], &[expected], 1e-12);
    }
}

#[test]
fn third_derivatives_of_a_network_match_differences_of_second_ones() {
    let g = Graph::new();
    let (params, loss) = network(&g);
    let along = directions(&g, &params);
    let tangents = || along.iter().map(|(_, v)| *v);
    // The second derivative along the direction, and its derivative along the direction.
    let second = dot(
        &g,
        g.hessian_vector_product(loss, &along)
            .into_iter()
            .zip(tangents()),
    );
    let third = g.jvp(second, &along);
    let data = data();
    let found = number(&g, third, &given(&data));
    let moved = |step: f64| {
        let mut moved = data.clone();
        for name in ["W1", "b1", "W2", "b2"] {
            let find = |n: &str| data.iter().position(|(m, _)| *m == n).unwrap();
            let direction = data[find(&format!("v{name}"))].1.clone();
            let values = moved[find(name)].1.iter_mut();
            values.zip(direction).for_each(|(w, v)| *w += step * v);
        }
        number(&g, second, &given(&moved))
    };
    let h = 1e-3;
    let quotient =
        (moved(-2.0 * h) - 8.0 * moved(-h) + 8.0 * moved(h) - moved(2.0 * h)) / (12.0 * h);
    assert!(found.abs() > 1e-3);
    assert_close(&[found], &[quotient], 1e-9);
}

#[test]
fn forward_mode_is_the_transpose_of_reverse_mode() {
    let g = Graph::new();
    let (x, w, b) = (
        g.input("x", (3, BATCH)),
        g.input("w", (4, 3)),
        g.input("b", 4),
    );
    let (dx, dw, db) = (
        g.input("dx", (3, BATCH)),
        g.input("dw", (4, 3)),
        g.input("db", 4),
    );
    let y = (w.matmul(x) + b).tanh() * (w.matmul(x).softplus() + b.exp()).ln();
    let u = g.input("u", y.shape());
    let pushed = g.jvp(y, &[(x, dx), (w, dw), (b, db)]);
    let pulled = g.vjp(y, u, &[x, w, b]);
    let left = (u * pushed).sum();
    let right = dot(&g, pulled.into_iter().zip([dx, dw, db]));
    let (batch, mut all) = (7, Vec::new());
    let sizes = [3 * batch, 12, 4, 3 * batch, 12, 4, 4 * batch];
    for (i, (name, size)) in ["x", "w", "b", "dx", "dw", "db", "u"]
        .into_iter()
        .zip(sizes)
        .enumerate()
    {
        all.push((name, noise(40 + i as u64, size)));
    }
    let found = values(&g, &[left, right, pushed], &given(&all));
    assert_close(&found[0], &found[1], 1e-13);
    // And forward mode is what a difference quotient tends to.
    let at = |step: f64| {
        let mut moved = all.clone();
        for i in 0..3 {
            let direction = moved[i + 3].1.clone();
            moved[i]
                .1
                .iter_mut()
                .zip(direction)
                .for_each(|(x, v)| *x += step * v);
        }
        values(&g, &[y], &given(&moved)).remove(0)
    };
    let (after, before) = (at(1e-5), at(-1e-5));
    let quotient: Vec<f64> = after
        .iter()
        .zip(before)
        .map(|(a, b)| (a - b) / 2e-5)
        .collect();
    assert_close(&found[2], &quotient, 1e-8);
}

#[test]
fn forward_mode_goes_through_every_kind_of_operation() {
    // Each against the gradient, along all directions at once.
    type Case = (&'static str, fn(Expr<'_>) -> Expr<'_>);
    let cases: [Case; 12] = [
        ("select", |x| x.gt(0.0).select(x.exp(), x.square())),
        ("maximum", |x| x.maximum(0.3) * x.minimum(-0.2)),
        ("clamp", |x| x.clamp(-0.5, 0.5) * x),
        ("abs", |x| x.abs() + x.relu()),
        ("transpose", |x| x.t().matmul(x)),
        ("sums", |x| x.sum_rows() * x + x.sum_columns()),
        ("division", |x| x / (x.square() + 1.0)),
        ("power", |x| x.abs().pow(2.5)),
        ("cross-entropy", |x| {
            x.sigmoid().binary_cross_entropy(x.square().sigmoid())
        }),
        ("on logits", |x| {
            x.binary_cross_entropy_on_logits(x.sigmoid())
        }),
        ("stopped", |x| x * x.stop_gradient()),
        ("none", |x| x.graph().constant(2.0) + 0.0 * x.sign()),
    ];
    for (name, f) in cases {
        let g = Graph::new();
        let (x, v) = (g.input("x", (2, 3)), g.input("v", (2, 3)));
        let y = f(x);
        let forward = g.jvp(y, &[(x, v)]).sum();
        let reverse = dot(&g, [(g.grad(y.sum(), [x])[0], v)]);
        let (at, along) = (noise(3, 6), noise(4, 6));
        let found = values(&g, &[forward, reverse], &[("x", &at), ("v", &along)]);
        let error = (found[0][0] - found[1][0]).abs();
        assert!(error < 1e-13, "{name}: {found:?}");
    }
}

#[test]
fn a_hessian_vector_product_is_the_hessian_times_the_vector() {
    let g = Graph::new();
    let (x, y) = (g.input("x", (3, BATCH)), g.input("y", (1, BATCH)));
    let (w, v) = (g.param("W", (1, 3)), g.input("v", (1, 3)));
    let loss = w.matmul(x).sigmoid().binary_cross_entropy(y).mean() + w.square().sum().sqrt();
    let h = g.hessian(loss, w);
    assert_eq!(h.shape(), (3, 3).into());
    let by_matrix = h.matmul(v.t()).t();
    let [product] = g.hessian_vector_product(loss, &[(w, v)])[..] else {
        panic!("one value, one product")
    };
    assert_eq!(product.shape(), w.shape());
    // The gradient of a forward-mode derivative, and the other way round.
    let [reverse_over_forward] = g.grad(g.jvp(loss, &[(w, v)]), [w]);
    let forward_over_reverse = g.jvp(g.grad(loss, [w])[0], &[(w, v)]);
    let all = [
        by_matrix,
        product,
        reverse_over_forward,
        forward_over_reverse,
        h,
    ];
    let (xs, ws, vs) = (noise(1, 12), noise(2, 3), noise(5, 3));
    let given: [(&str, &[f64]); 4] = [
        ("x", &xs),
        ("y", &[1.0, 0.0, 0.0, 1.0]),
        ("W", &ws),
        ("v", &vs),
    ];
    let found = values(&g, &all, &given);
    for other in &found[1..4] {
        assert_close(other, &found[0], 1e-13);
    }
    for i in 0..3 {
        for j in 0..3 {
            assert!(
                (found[4][3 * i + j] - found[4][3 * j + i]).abs() < 1e-14,
                "symmetric"
            );
        }
    }
}

#[test]
fn a_hessian_vector_product_over_all_parameters_joins_their_blocks() {
    let g = Graph::new();
    let (params, loss) = network(&g);
    let along = directions(&g, &params);
    let products = g.hessian_vector_product(loss, &along);
    let gradient = g.gradients(loss, &params);
    // Row block by row block: Σ over the values of (∂ gradient / ∂ value) · direction.
    let blocks: Vec<Expr<'_>> = gradient
        .iter()
        .map(|&d| {
            let parts = along.iter().map(|&(p, v)| g.jvp(d, &[(p, v)]));
            parts.reduce(|a, b| a + b).unwrap()
        })
        .collect();
    let all: Vec<Expr<'_>> = products.iter().chain(&blocks).copied().collect();
    let found = values(&g, &all, &given(&data()));
    for i in 0..4 {
        assert_close(&found[i], &found[i + 4], 1e-13);
    }
}

#[test]
fn a_jacobian_has_a_row_for_each_output_and_a_column_for_each_input() {
    let g = Graph::new();
    let (a, x) = (g.input("A", (2, 3)), g.input("x", (3, 2)));
    let y = a.matmul(x);
    // By columns of x, of which each meets all of A.
    let j = g.jacobian(y, x);
    assert_eq!(j.shape(), (4, 6).into());
    let av = [1.0, 4.0, 2.0, 5.0, 3.0, 6.0];
    let found = values(&g, &[j], &[("A", &av), ("x", &noise(1, 6))]).remove(0);
    let at = |row: usize, col: usize| found[col * 4 + row];
    for row in 0..4 {
        for col in 0..6 {
            let same_column = row / 2 == col / 3;
            let expected = if same_column {
                av[(col % 3) * 2 + row % 2]
            } else {
                0.0
            };
            assert_eq!(at(row, col), expected);
        }
    }
    // The Jacobian can be differentiated: that of a product is constant, that of a square is not.
    let [flat] = g.grad(j.square().sum(), [x]);
    let [bent] = g.grad(g.jacobian(x * x, x).square().sum(), [x]);
    let xs = noise(2, 6);
    let found = values(&g, &[flat, bent], &[("A", &av), ("x", &xs)]);
    assert_eq!(found[0], [0.0; 6]);
    let expected: Vec<f64> = xs.iter().map(|x| 8.0 * x).collect();
    assert_close(&found[1], &expected, 1e-14);
}

#[test]
fn rows_of_a_jacobian_may_be_batches() {
    let g = Graph::new();
    let x = g.input("x", (2, BATCH));
    let rows = g.jacobian_rows(x.square().sum_columns(), x);
    assert_eq!(rows.len(), 2);
    let found = values(&g, &rows, &[("x", &[1.0, 2.0, 3.0, 4.0])]);
    assert_eq!(found[0], [2.0, 0.0, 6.0, 0.0]);
    assert_eq!(found[1], [0.0, 4.0, 0.0, 8.0]);
}

#[test]
fn gradients_are_taken_with_respect_to_inputs_and_to_values_between() {
    let g = Graph::new();
    let (x, w) = (g.input("x", (2, BATCH)), g.param("W", (1, 2)));
    let z = w.matmul(x);
    let loss = z.sigmoid().sum();
    let [dx, dz, dw] = g.grad(loss, [x, z, w]);
    assert_eq!(dx.shape(), (2, BATCH).into());
    let (xs, ws) = ([0.5, -1.0, 2.0, 0.25, 0.0, 1.0], [0.75, -0.5]);
    let found = values(&g, &[dx, dz, dw], &[("x", &xs), ("W", &ws)]);
    let slope = |z: f64| {
        let s = 1.0 / (1.0 + libm::exp(-z));
        s * (1.0 - s)
    };
    let slopes: Vec<f64> = xs
        .chunks(2)
        .map(|s| slope(ws[0] * s[0] + ws[1] * s[1]))
        .collect();
    assert_close(&found[1], &slopes, 1e-15);
    let expected: Vec<f64> = slopes.iter().flat_map(|s| [s * ws[0], s * ws[1]]).collect();
    assert_close(&found[0], &expected, 1e-15);
}

#[test]
fn nothing_passes_back_through_a_stopped_gradient() {
    let g = Graph::new();
    let (x, w) = (g.input("x", 2), g.param("w", 2));
    let frozen = (w * x).stop_gradient();
    let y = (frozen * w).sum() + (x.ln() * 0.0).stop_gradient().sum();
    let [dw, dx] = g.grad(y, [w, x]);
    let (xs, ws) = ([0.0, 2.0], [3.0, 5.0]);
    let found = values(&g, &[dw, dx, frozen], &[("x", &xs), ("w", &ws)]);
    // Where x is 0, ln x is −∞: neither it nor its derivative reaches a gradient.
    assert_eq!(found, [vec![0.0, 10.0], vec![0.0, 0.0], vec![0.0, 10.0]]);
    // A step function with the gradient of the identity.
    let through = w + (w.gt(4.0) - w).stop_gradient();
    let [slope] = g.grad(through.sum(), [w]);
    let found = values(&g, &[through, slope], &[("x", &xs), ("w", &ws)]);
    assert_eq!(found, [[0.0, 1.0], [1.0, 1.0]]);
}

#[test]
fn a_step_of_gradient_descent_is_differentiated_in_its_learning_rate() {
    let g = Graph::new();
    let (params, loss) = network(&g);
    let alpha = g.scalar("α");
    let gradients = g.gradients(loss, &params);
    let stepped: Vec<Expr<'_>> = params
        .iter()
        .zip(&gradients)
        .map(|(&p, &d)| p - alpha * d)
        .collect();
    // The same network with the parameters after the step.
    let (x, y) = (g.input("x2", (3, BATCH)), g.input("y2", (1, BATCH)));
    let a1 = (stepped[0].matmul(x) + stepped[1]).tanh();
    let z2 = stepped[2].matmul(a1) + stepped[3];
    let loss_after = z2.sigmoid().binary_cross_entropy(y).mean();
    let [by_alpha] = g.grad(loss_after, [alpha]);
    // dJ/dα = −Σ ⟨∂J/∂w after the step, ∂J/∂w before it⟩
    let after = g.gradients(loss_after, &stepped);
    let by_hand = -dot(&g, after.into_iter().zip(gradients));

    let mut data = data();
    data.push(("x2", noise(77, 15)));
    data.push(("y2", vec![0.0, 1.0, 1.0, 0.0, 1.0]));
    let at = |alpha: f64, of: Expr<'_>| {
        let rate = [alpha];
        let mut given = given(&data);
        given.push(("α", &rate));
        number(&g, of, &given)
    };
    let found = at(0.4, by_alpha);
    let quotient = (at(0.4 + 1e-5, loss_after) - at(0.4 - 1e-5, loss_after)) / 2e-5;
    assert!(found.abs() > 1e-3);
    assert_close(&[found], &[at(0.4, by_hand)], 1e-13);
    assert_close(&[found], &[quotient], 1e-9);
}

#[test]
fn momentum_is_differentiated_over_two_steps() {
    let g = Graph::new();
    let (w, v, alpha, mu) = (
        g.param("w", 3),
        g.state("v", 3),
        g.scalar("α"),
        g.scalar("μ"),
    );
    fn loss(w: Expr<'_>) -> Expr<'_> {
        (w.square() * w).sum() + w.exp().sum()
    }
    let (mut at, mut speed) = (w, v);
    for _ in 0..2 {
        let [d] = g.grad(loss(at), [at]);
        speed = mu * speed + d;
        at = at - alpha * speed;
    }
    let end = loss(at);
    let [by_alpha, by_mu] = g.grad(end, [alpha, mu]);
    let number_at = |alpha: f64, mu: f64, of: Expr<'_>| {
        let given: [(&str, &[f64]); 4] = [
            ("w", &[0.3, -0.2, 0.5]),
            ("v", &[0.1, 0.2, -0.3]),
            ("α", &[alpha]),
            ("μ", &[mu]),
        ];
        number(&g, of, &given)
    };
    let h = 1e-6;
    let quotients = [
        (number_at(0.1 + h, 0.9, end) - number_at(0.1 - h, 0.9, end)) / (2.0 * h),
        (number_at(0.1, 0.9 + h, end) - number_at(0.1, 0.9 - h, end)) / (2.0 * h),
    ];
    let found = [number_at(0.1, 0.9, by_alpha), number_at(0.1, 0.9, by_mu)];
    assert_close(&found, &quotients, 1e-8);
}

#[test]
fn directions_and_cotangents_of_other_shapes_are_refused() {
    let g = Graph::new();
    let (x, v) = (g.input("x", 3), g.input("v", 2));
    let _ = g.jvp(x.square(), &[(x, v)]);
    let error = g.error().unwrap();
    let line = line!() - 2;
    let text = error.to_string();
    assert!(
        text.starts_with("jvp of [3] and [2]: the direction"),
        "{text}"
    );
    assert!(text.contains(&format!("transform.rs:{line}:")), "{text}");

    let g = Graph::new();
    let (x, v) = (g.input("x", 3), g.input("v", 2));
    let _ = g.vjp(x.square(), v, &[x]);
    assert!(
        g.error()
            .unwrap()
            .to_string()
            .starts_with("vjp of [3] and [2]: the cotangent")
    );
}

#[test]
fn a_matrix_of_derivatives_needs_fixed_sizes_and_a_scalar() {
    let g = Graph::new();
    let x = g.input("x", (2, BATCH));
    let _ = g.jacobian(x.sum_columns(), x);
    assert!(matches!(g.error(), Some(CompileError::NotFixed { op, .. }) if op == "jacobian"));
    let g = Graph::new();
    let x = g.input("x", (2, BATCH));
    let _ = g.jacobian_rows(x, x);
    assert!(matches!(g.error(), Some(CompileError::NotFixed { op, .. }) if op == "jacobian_rows"));
    let g = Graph::new();
    let x = g.input("x", 2);
    let _ = g.hessian(x, x);
    assert!(matches!(g.error(), Some(CompileError::NotAScalar { .. })));
}
