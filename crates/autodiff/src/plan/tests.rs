//! Plans against the interpreter: the same bits on the canonical graph.

use nalgebra::DMatrix;

use crate::interpret::interpret;
use crate::kernel::crew::Team;
use crate::passes::Module;
use crate::{BATCH, CompileOptions, Expr, Graph, Isa, Scalar, Step};

/// Numbers that are neither round nor ordered.
fn noise(seed: u64, len: usize) -> Vec<f64> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1u64 << 53) as f64 * 2.0 - 1.0
    };
    (0..len).map(|_| next()).collect()
}

fn matrix<T: Scalar>(name: &str, rows: usize, cols: usize) -> DMatrix<T> {
    let seed = name
        .bytes()
        .fold(7, |s: u64, b| s.wrapping_mul(31).wrapping_add(u64::from(b)));
    DMatrix::from_iterator(
        rows,
        cols,
        noise(seed, rows * cols).into_iter().map(T::from_f64),
    )
}

/// Runs a step by all means and compares bits; the outputs and the new slots.
fn check<T: Scalar>(step: &Step<'_>, batch: usize) {
    let canonical = Module::of(step).canonical().unwrap();
    let shape_of = |name: &str| {
        let arena = step.graph.arena();
        let id = arena
            .ids()
            .find(|&id| arena.name(id) == Some(name) && arena.node(id).leaf().is_some())
            .unwrap();
        let shape = arena.node(id).shape;
        (shape.rows.at(batch), shape.cols.at(batch))
    };
    let leaf = |name: &str| {
        let (rows, cols) = shape_of(name);
        matrix::<T>(name, rows, cols)
    };
    let expected = interpret::<T>(&canonical, batch, leaf);
    for isa in Isa::available() {
        let mut all = vec![CompileOptions::new(isa)];
        all.extend(
            CompileOptions::optional_passes().map(|p| CompileOptions::new(isa).without(p).unwrap()),
        );
        for options in all {
            let plan = step
                .graph
                .compile_with::<T>(&[step], &options)
                .unwrap()
                .remove(0);
            let names: Vec<String> = plan.inputs().map(|(n, _)| n.to_owned()).collect();
            let inputs: Vec<DMatrix<T>> = names.iter().map(|n| leaf(n)).collect();
            let slices: Vec<&[T]> = inputs.iter().map(|m| m.as_slice()).collect();
            for threads in [1, 2, 3] {
                let mut state = plan.state();
                for (name, shape) in plan.state().slots() {
                    let (rows, cols) = (shape.rows.at(0), shape.cols.at(0));
                    state
                        .set(name, matrix::<T>(name, rows, cols).as_slice())
                        .unwrap();
                }
                let mut workspace = plan.workspace(batch, threads);
                let team = Team::new(threads);
                std::thread::scope(|s| {
                    for _ in 1..threads {
                        s.spawn(|| team.lend());
                    }
                    std::thread::yield_now();
                    plan.run(&mut state, &slices, &mut workspace, &team)
                        .unwrap();
                    team.close();
                });
                assert!(state.is_consistent(), "{options:?}");
                let mut found: Vec<Vec<T>> = (0..step.outputs.len())
                    .map(|i| workspace.output(i).to_vec())
                    .collect();
                for (slot, _) in &step.updates {
                    let name = step.graph.arena().name(slot.id()).unwrap().to_owned();
                    found.push(state.get(&name).unwrap());
                }
                for (index, (found, expected)) in found.iter().zip(&expected).enumerate() {
                    let bits = |v: &[T]| {
                        v.iter()
                            .map(|x| {
                                if x.is_nan() {
                                    u64::MAX
                                } else {
                                    x.to_bits_u64()
                                }
                            })
                            .collect::<Vec<_>>()
                    };
                    assert_eq!(
                        bits(found),
                        bits(expected.as_slice()),
                        "result {index}, {options:?}, {threads} threads, batch {batch}: {found:?} instead of {expected}"
                    );
                }
            }
        }
    }
}

fn check_both(step: &Step<'_>, batches: &[usize]) {
    for &batch in batches {
        check::<f32>(step, batch);
        check::<f64>(step, batch);
    }
}

/// A network of sigmoid layers, its parameters, its logits.
fn network<'g>(g: &'g Graph, sizes: &[usize]) -> (Vec<Expr<'g>>, Expr<'g>) {
    let mut a = g.input("x", (sizes[0], BATCH));
    let mut params = Vec::new();
    let mut z = a;
    for (layer, pair) in sizes.windows(2).enumerate() {
        let w = g.param(&format!("W{}", layer + 1), (pair[1], pair[0]));
        let b = g.param(&format!("b{}", layer + 1), pair[1]);
        params.extend([w, b]);
        z = w.matmul(a) + b;
        a = z.sigmoid();
    }
    (params, z)
}

#[test]
fn a_training_step_has_the_bits_of_its_definition() {
    for sizes in [
        &[5, 7, 3, 1][..],
        &[30, 16, 8, 1],
        &[3, 1],
        &[20, 33, 17, 2],
        &[1, 1, 1],
    ] {
        let g = Graph::new();
        let (params, z) = network(&g, sizes);
        let y = g.input("y", (sizes[sizes.len() - 1], BATCH));
        let alpha = g.scalar("α");
        let loss = z.sigmoid().binary_cross_entropy(y).mean();
        let gradients = g.gradients(loss, &params);
        let mut step = Step::returns(loss).output(z);
        for (p, d) in params.iter().zip(&gradients) {
            step = step.set(*p, *p - alpha * *d);
        }
        check_both(&step, &[1, 16, 37, 300]);
        if sizes.len() == 4 && sizes[0] == 5 {
            check_both(&step, &[600, 1800]);
        }
    }
}

#[test]
fn momentum_and_weights_have_the_bits_of_their_definition() {
    let g = Graph::new();
    let (params, z) = network(&g, &[6, 18, 1]);
    let (y, w) = (g.input("y", (1, BATCH)), g.input("w", (1, BATCH)));
    let loss = (w * z.sigmoid().binary_cross_entropy(y)).sum() / w.sum();
    let gradients = g.gradients(loss, &params);
    let mut step = Step::returns(loss);
    for (i, (p, d)) in params.iter().zip(&gradients).enumerate() {
        let v = g.state(&format!("v{i}"), p.shape());
        let new = 0.9 * v + *d;
        step = step.set(v, new).set(*p, *p * 0.999 - 0.1 * new);
    }
    check_both(&step, &[5, 64, 513]);
}

#[test]
fn second_order_and_clipping_by_norm_have_the_bits_of_their_definition() {
    let g = Graph::new();
    let (params, z) = network(&g, &[4, 9, 1]);
    let y = g.input("y", (1, BATCH));
    let loss = z.sigmoid().binary_cross_entropy(y).mean();
    let gradients = g.gradients(loss, &params);
    let mut norm = g.constant(0.0);
    for d in &gradients {
        norm = norm + d.square().sum();
    }
    let norm = norm.sqrt();
    let second = g.gradients(norm, &params);
    let scale = g.constant(1.0).minimum(0.01 / norm);
    let mut step = Step::returns(norm);
    for (p, d) in params.iter().zip(&gradients) {
        step = step.set(*p, *p - scale * *d);
    }
    for s in &second {
        step = step.output(*s);
    }
    check_both(&step, &[1, 40]);
}

#[test]
fn odd_graphs_have_the_bits_of_their_definition() {
    let g = Graph::new();
    let (x, y) = (g.input("x", (5, BATCH)), g.input("y", (5, BATCH)));
    let (a, b, c) = (
        g.param("A", (5, 3)),
        g.param("B", (3, 20)),
        g.param("c", (1, 5)),
    );
    let r = g.input("r", (1, 7));
    let fixed = a.matmul(b);
    let step = Step::returns(x.t().matmul(y))
        .output(x.matmul(y.t()))
        .output((x + y).t().sum_rows())
        .output((x * y).t().sum_columns())
        .output(fixed)
        .output(fixed.t().matmul(a))
        .output(b.t().matmul(a.t()))
        .output(c.matmul(x).tanh())
        .output(x.t().matmul(c.t()))
        .output(x.t() + c)
        .output(c.t().matmul(r).sum_columns())
        .output(c.t().matmul(r).sum_rows())
        .output(fixed.sum())
        .output(c.sum())
        .output(r.matmul(r.t()))
        .output(c.matmul(a))
        .output(x.sum())
        .output(x.sum_rows() * y)
        .output(x.maximum(y).relu().clamp(-0.5, 0.25))
        .output(x.lt(y).select(x.exp(), y.square()).ln_1p())
        .output(a.abs().sqrt().pow(1.5))
        .output(y.mean())
        .output(x)
        .output(c)
        .output(g.constant(2.5))
        .output(g.batch_size())
        .output(c.broadcast_to((4, 5)))
        .output(x.matmul(x.t()).matmul(y))
        .output(y.sum_columns().t().matmul(x))
        .output(y.sum_rows().matmul(y.sum_rows().t()));
    check_both(&step, &[1, 2, 19, 300]);
}

#[test]
fn updates_read_the_values_from_before_the_step() {
    let g = Graph::new();
    let (a, b) = (g.param("a", (3, 20)), g.param("b", (3, 20)));
    let (m, n, s) = (g.state("m", 4), g.state("n", 4), g.param("s", (20, 3)));
    let step = Step::of(&g)
        .set(a, b)
        .set(b, a)
        .set(m, n + m)
        .set(n, m * 2.0)
        .set(s, a.t() + b.t() + s)
        .output(a + 1.0)
        .output(n + m)
        .output(b);
    check_both(&step, &[0]);
}

#[test]
fn an_empty_batch_runs() {
    let g = Graph::new();
    let (params, z) = network(&g, &[4, 3, 1]);
    let d = g.gradients(z.sum(), &params);
    let step = Step::returns(z).output(z.sum()).output(d[0]);
    check_both(&step, &[0]);
}

/// A random expression: each number picks an operation and its arguments.
fn random<'g>(w: Expr<'g>, x: Expr<'g>, picks: &[u32]) -> Expr<'g> {
    let mut all = vec![x, w.matmul(x)];
    for &pick in picks {
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
    all[all.len() - 1].tanh().square().mean()
}

#[test]
fn random_graphs_have_the_bits_of_their_definition() {
    for seed in 0..150 {
        let picks: Vec<u32> = noise(seed + 1000, 1 + seed as usize % 23)
            .iter()
            .map(|v| (v.abs() * 4e9) as u32)
            .collect();
        let g = Graph::new();
        let (w, x) = (g.param("W", (4, 4)), g.input("x", (4, BATCH)));
        let loss = random(w, x, &picks);
        let [dw, dx] = g.grad(loss, [w, x]);
        let step = Step::returns(loss).output(dw).output(dx);
        check::<f64>(&step, 21);
        check::<f32>(&step, 3);
    }
}
