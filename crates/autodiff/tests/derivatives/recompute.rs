//! Recomputed regions: the same bits with and without, and less memory.

use chainrule_autodiff::{BATCH, Expr, Graph, Isa, Plan, Scalar, Step};
use proptest::prelude::*;

use crate::support::{assert_close, noise, number, values, values_in};

/// How the layers of a network are written.
#[derive(Clone, Copy, PartialEq)]
enum Written {
    Plainly,
    /// Each layer in a region.
    Recomputed,
    /// Pairs of layers in regions, with each activation in one inside.
    Nested,
    /// All but the last layer in one region.
    Whole,
}

fn activation(z: Expr<'_>) -> Expr<'_> {
    z.tanh() * z.sigmoid() + z.softplus()
}

struct Network<'g> {
    params: Vec<Expr<'g>>,
    loss: Expr<'g>,
}

fn network(g: &Graph, written: Written) -> Network<'_> {
    let sizes = [5, 18, 18, 18, 18, 1];
    let (x, y) = (g.input("x", (5, BATCH)), g.input("y", (1, BATCH)));
    let mut params = Vec::new();
    for (i, pair) in sizes.windows(2).enumerate() {
        params.push(g.param(&format!("W{i}"), (pair[1], pair[0])));
        params.push(g.param(&format!("b{i}"), pair[1]));
    }
    let layer = |i: usize, a| dense(&params, i, a);
    let mut a = x;
    match written {
        Written::Plainly => (0..4).for_each(|i| a = activation(layer(i, a))),
        Written::Recomputed => {
            for i in 0..4 {
                let z = layer(i, a);
                a = g.recompute(|| activation(z));
            }
        }
        Written::Nested => {
            for i in [0, 2] {
                a = g.recompute(|| {
                    let first = layer(i, a);
                    let first = g.recompute(|| activation(first));
                    activation(layer(i + 1, first))
                });
            }
        }
        Written::Whole => {
            a = g.recompute(|| (0..4).fold(a, |a, i| activation(layer(i, a))));
        }
    }
    let loss = layer(4, a).sigmoid().binary_cross_entropy(y).mean();
    Network { params, loss }
}

fn dense<'g>(params: &[Expr<'g>], i: usize, a: Expr<'g>) -> Expr<'g> {
    params[2 * i].matmul(a) + params[2 * i + 1]
}

/// Loss and gradients, as bits.
fn results<T: Scalar>(written: Written) -> Vec<Vec<u64>> {
    let g = Graph::new();
    let network = network(&g, written);
    let mut all = vec![network.loss];
    all.extend(g.gradients(network.loss, &network.params));
    let data: Vec<(String, Vec<T>)> = ["W", "b"]
        .iter()
        .flat_map(|stem| (0..5).map(move |i| format!("{stem}{i}")))
        .chain(["x".to_owned(), "y".to_owned()])
        .enumerate()
        .map(|(seed, name)| {
            let len = match name.as_str() {
                "W0" => 90,
                "W4" => 18,
                "b4" => 1,
                "x" => 5 * 300,
                "y" => 300,
                _ if name.starts_with('b') => 18,
                _ => 18 * 18,
            };
            (
                name,
                noise(seed as u64, len)
                    .into_iter()
                    .map(|v| T::from_f64(v * 0.5))
                    .collect(),
            )
        })
        .collect();
    let given: Vec<(&str, &[T])> = data
        .iter()
        .map(|(n, v)| (n.as_str(), v.as_slice()))
        .collect();
    let found = values_in::<T>(&g, &all, &given);
    let bits = |v: Vec<T>| v.into_iter().map(|x| x.to_f64().to_bits()).collect();
    found.into_iter().map(bits).collect()
}

#[test]
fn gradients_have_the_same_bits_with_and_without() {
    let (single, double) = (
        results::<f32>(Written::Plainly),
        results::<f64>(Written::Plainly),
    );
    for written in [Written::Recomputed, Written::Nested, Written::Whole] {
        assert!(results::<f32>(written) == single);
        assert!(results::<f64>(written) == double);
    }
}

fn training_plan(written: Written) -> Plan<f32> {
    let g = Graph::new();
    let network = network(&g, written);
    let gradients = g.gradients(network.loss, &network.params);
    let updates = network.params.iter().zip(gradients);
    let step = updates.fold(Step::returns(network.loss), |step, (&p, d)| {
        step.set(p, p - 0.1 * d)
    });
    g.compile::<f32>(step, Isa::detect()).unwrap()
}

#[test]
fn activations_inside_are_not_kept() {
    let bytes = |written| training_plan(written).workspace(4096, 1).bytes();
    let (kept, recomputed) = (bytes(Written::Plainly), bytes(Written::Recomputed));
    assert!(recomputed < kept * 4 / 5, "{recomputed} of {kept}");
}

#[test]
fn what_is_used_outside_is_kept_and_the_rest_is_computed_again() {
    let g = Graph::new();
    let (x, w) = (g.input("x", (3, BATCH)), g.param("w", (3, 1)));
    let (inside, result) = g.recompute(|| {
        let inside = (x * w).tanh();
        (inside, inside.exp())
    });
    let loss = result.square().sum();
    let before = g.len();
    let [dw] = g.grad(loss, [w]);
    assert!(g.len() > before);
    let plain = {
        let g = Graph::new();
        let (x, w) = (g.input("x", (3, BATCH)), g.param("w", (3, 1)));
        let loss = (x * w).tanh().exp().square().sum();
        let [dw] = g.grad(loss, [w]);
        values(
            &g,
            &[dw],
            &[("x", &noise(1, 12)), ("w", &[0.5, -0.25, 1.0])],
        )
    };
    let given: [(&str, &[f64]); 2] = [("x", &noise(1, 12)), ("w", &[0.5, -0.25, 1.0])];
    let found = values(&g, &[dw, inside], &given);
    assert_eq!(found[0], plain[0]);
}

#[test]
fn regions_compose_with_every_transformation() {
    let write = |g: &Graph, recompute: bool| {
        let (x, v) = (g.input("x", 3), g.input("v", 3));
        let body = || {
            let inner = || x.exp().sum() * x.tanh();
            let inner = if recompute {
                g.recompute(inner)
            } else {
                inner()
            };
            inner.square() + x.sigmoid()
        };
        let y = if recompute { g.recompute(body) } else { body() };
        let loss = (y * y.softplus()).sum();
        let all = [
            g.jvp(y, &[(x, v)]).sum(),
            g.vjp(y, v, &[x])[0].sum(),
            g.hessian_vector_product(loss, &[(x, v)])[0].sum(),
            g.hessian(loss, x).square().sum(),
            g.grad(g.hessian(loss, x).sum(), [x])[0].sum(),
            g.grad(g.jvp(loss, &[(x, v)]), [x])[0].sum(),
        ];
        let given: [(&str, &[f64]); 2] = [("x", &[0.3, -0.7, 0.2]), ("v", &[1.0, 2.0, -0.5])];
        all.map(|e| number(g, e, &given))
    };
    let (with, without) = (write(&Graph::new(), true), write(&Graph::new(), false));
    assert_close(&with, &without, 1e-13);
}

#[test]
fn a_region_that_panics_is_left() {
    let g = Graph::new();
    let x = g.input("x", 1);
    let broken = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        g.recompute(|| std::panic::resume_unwind(Box::new("on purpose")))
    }));
    assert!(broken.is_err());
    // Outside again: the same expression is the same node.
    let loss = x.exp().tanh();
    let before = g.len();
    let _ = g.grad(loss, [x]);
    let plain = g.len() - before;
    let inside = g.recompute(|| x.sqrt().exp().tanh());
    let before = g.len();
    let _ = g.grad(inside, [x]);
    assert!(plain < g.len() - before);
}

/// A random expression: each number picks an operation and its arguments.
fn random<'g>(w: Expr<'g>, x: Expr<'g>, picks: &[u32], recompute: bool) -> Expr<'g> {
    let g = w.graph();
    let mut known = vec![x, w.matmul(x)];
    for chunk in picks.chunks(4) {
        let known_before = known.clone();
        let body = || {
            let mut all = known_before;
            for &pick in chunk {
                let at = |shift: u32| all[(pick >> shift) as usize % all.len()];
                let (a, b) = (at(8), at(16));
                all.push(match pick % 9 {
                    0 => a.tanh(),
                    1 => a.sigmoid() * b,
                    2 => w.matmul(a) + b.sum_rows() * 0.25,
                    3 => a * b.softplus(),
                    4 => (a - b).tanh().square(),
                    5 => a.sum_rows().tanh() * b,
                    6 => a.maximum(b),
                    7 => w.t().matmul(a.tanh()),
                    _ => a.gt(b).select(a, b.sigmoid()),
                });
            }
            all
        };
        known = if recompute { g.recompute(body) } else { body() };
    }
    known[known.len() - 1].tanh().square().mean()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn random_graphs_have_the_same_bits(picks in prop::collection::vec(any::<u32>(), 1..24)) {
        let run = |recompute: bool| {
            let g = Graph::new();
            let (w, x) = (g.param("W", (4, 4)), g.input("x", (4, BATCH)));
            let loss = random(w, x, &picks, recompute);
            let [dw, dx] = g.grad(loss, [w, x]);
            let all = [loss, dw, dx];
            values(&g, &all, &[("W", &noise(3, 16)), ("x", &noise(4, 4 * 21))])
        };
        let (with, without) = (run(true), run(false));
        let bits = |v: &[Vec<f64>]| v.iter().flatten().map(|x| x.to_bits()).collect::<Vec<_>>();
        prop_assert_eq!(bits(&with), bits(&without));
    }
}
