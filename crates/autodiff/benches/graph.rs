//! What a graph costs before it runs, and while it runs, for each of its nodes: `cargo bench -p chainrule-autodiff --bench graph`.
//!
//! Criterion reports elements a second: an element is a node of what is written, differentiated (with its gradients
//! and updates), rewritten, compiled or run. Figures are in `docs/benchmarks.md`.

use chainrule_autodiff::{BATCH, Expr, Graph, Isa, Passes, Plan, Step, Team};
use criterion::{BenchmarkId, Criterion, Throughput};

/// Layers of a network, or the length of a chain `y = y + x`.
#[derive(Clone, Copy)]
enum Shape {
    Chain(usize),
    Network(&'static [usize]),
}

const SHAPES: [(&str, Shape); 4] = [
    ("chain of 1,000", Shape::Chain(1_000)),
    ("chain of 100,000", Shape::Chain(100_000)),
    ("network 30-16-8-1", Shape::Network(&[30, 16, 8, 1])),
    (
        "network 784-1024-1024-1",
        Shape::Network(&[784, 1024, 1024, 1]),
    ),
];

/// A graph's result and its parameters.
fn write<'g>(g: &'g Graph, shape: Shape) -> (Expr<'g>, Vec<Expr<'g>>) {
    match shape {
        Shape::Chain(length) => {
            let x = g.param("x", 1);
            ((0..length).fold(x, |y, _| y + x), vec![x])
        }
        Shape::Network(sizes) => {
            let (mut a, y) = (g.input("x", (sizes[0], BATCH)), g.input("y", (1, BATCH)));
            let mut parameters = Vec::new();
            for (layer, pair) in sizes.windows(2).enumerate() {
                let w = g.param(&format!("W{layer}"), (pair[1], pair[0]));
                let b = g.param(&format!("b{layer}"), pair[1]);
                a = (w.matmul(a) + b).sigmoid();
                parameters.extend([w, b]);
            }
            (a.binary_cross_entropy(y).mean(), parameters)
        }
    }
}

fn step<'g>(of: Expr<'g>, parameters: &[Expr<'g>]) -> Step<'g> {
    let gradients = of.graph().gradients(of, parameters);
    let pairs = parameters.iter().zip(gradients);
    pairs.fold(Step::returns(of), |step, (&p, d)| step.set(p, p - 0.1 * d))
}

fn compiled(g: &Graph, step: Step<'_>) -> Plan<f32> {
    g.compile(step, Isa::detect()).expect("a sound graph")
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    graph(&mut criterion);
    criterion.final_summary();
}

fn graph(c: &mut Criterion) {
    for (name, shape) in SHAPES {
        let g = Graph::new();
        let (of, parameters) = write(&g, shape);
        let written = g.len();
        let step = step(of, &parameters);
        let nodes = g.len();

        let mut group = c.benchmark_group("graph");
        group.sample_size(20);
        group.throughput(Throughput::Elements(written as u64));
        group.bench_function(BenchmarkId::new("build", name), |b| {
            b.iter(|| {
                let g = Graph::new();
                write(&g, shape);
                g.len()
            });
        });
        group.throughput(Throughput::Elements(nodes as u64));
        group.bench_function(BenchmarkId::new("build and grad", name), |b| {
            b.iter(|| {
                let g = Graph::new();
                let (of, parameters) = write(&g, shape);
                self::step(of, &parameters);
                g.len()
            });
        });
        group.bench_function(BenchmarkId::new("passes", name), |b| {
            b.iter(|| step.rewritten(Passes::All).expect("a sound graph").nodes());
        });
        group.bench_function(BenchmarkId::new("compile", name), |b| {
            b.iter(|| compiled(&g, step.clone()));
        });

        let plan = compiled(&g, step.clone());
        let (batch, mut state) = (32, plan.state());
        let mut workspace = plan.workspace(batch, 1);
        let inputs: Vec<Vec<f32>> = plan
            .inputs()
            .map(|(_, shape)| vec![0.5; shape.len_at(batch)])
            .collect();
        let inputs: Vec<&[f32]> = inputs.iter().map(Vec::as_slice).collect();
        group.bench_function(BenchmarkId::new("run, 32 samples", name), |b| {
            b.iter(|| {
                plan.run(&mut state, &inputs, &mut workspace, &Team::solo())
                    .expect("a run")
            });
        });
        group.finish();
    }
}
