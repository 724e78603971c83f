//! Kernels by shape, on one thread: `cargo bench -p chainrule-autodiff --bench kernels`.
//!
//! Each is a plan of one operation, with what the engine fuses behind it. Criterion's elements a second are floating-point operations (a fused
//! multiply-add is two), or numbers for elementwise functions. At the end a table says what share of the processor's peak the products are.

use std::cell::RefCell;
use std::time::Duration;

use chainrule_autodiff::{BATCH, Expr, Graph, Isa, Plan, Step, Team, measure};
use criterion::{BenchmarkId, Criterion, Throughput};

/// What is timed.
#[derive(Clone, Copy)]
enum Kernel {
    /// `σ(W x + b)`: outputs, inputs.
    Forward(usize, usize),
    /// `Wᵀ δ · a (1 − a)`: inputs, outputs.
    Backward(usize, usize),
    /// `W − α δ xᵀ`: outputs, inputs.
    Gradient(usize, usize),
    /// One function of so many numbers a sample.
    Map(fn(Expr<'_>) -> Expr<'_>, usize),
}

const KERNELS: [(&str, Kernel, usize); 22] = [
    ("forward 16 × 30", Kernel::Forward(16, 30), 32),
    ("forward 7 × 50", Kernel::Forward(7, 50), 100),
    ("forward 33 × 33", Kernel::Forward(33, 33), 100),
    ("forward 64 × 100", Kernel::Forward(64, 100), 128),
    ("forward 500 × 500", Kernel::Forward(500, 500), 100),
    ("forward 256 × 256", Kernel::Forward(256, 256), 1024),
    ("forward 1024 × 784", Kernel::Forward(1024, 784), 256),
    ("forward 1 × 32", Kernel::Forward(1, 32), 128),
    ("forward 1 × 1024", Kernel::Forward(1, 1024), 256),
    ("backward 16 × 8", Kernel::Backward(16, 8), 32),
    ("backward 64 × 32", Kernel::Backward(64, 32), 128),
    ("backward 33 × 33", Kernel::Backward(33, 33), 100),
    ("backward 256 × 256", Kernel::Backward(256, 256), 1024),
    ("gradient 16 × 30", Kernel::Gradient(16, 30), 32),
    ("gradient 64 × 100", Kernel::Gradient(64, 100), 128),
    ("gradient 33 × 33", Kernel::Gradient(33, 33), 100),
    ("gradient 256 × 256", Kernel::Gradient(256, 256), 1024),
    ("gradient 1024 × 784", Kernel::Gradient(1024, 784), 256),
    ("sigmoid", Kernel::Map(|x| x.sigmoid(), 64), 128),
    ("exp", Kernel::Map(|x| x.exp(), 64), 128),
    ("ln", Kernel::Map(|x| x.ln(), 64), 128),
    ("tanh", Kernel::Map(|x| x.tanh(), 64), 128),
];

impl Kernel {
    fn plan(self) -> Plan<f32> {
        let g = Graph::new();
        let step = match self {
            Kernel::Forward(outputs, inputs) => {
                let (w, b) = (g.param("W", (outputs, inputs)), g.param("b", outputs));
                Step::returns((w.matmul(g.input("x", (inputs, BATCH))) + b).sigmoid())
            }
            Kernel::Backward(inputs, outputs) => {
                let w = g.param("W", (outputs, inputs));
                let (d, a) = (
                    g.input("δ", (outputs, BATCH)),
                    g.input("a", (inputs, BATCH)),
                );
                Step::returns(w.t().matmul(d) * (a * (1.0 - a)))
            }
            Kernel::Gradient(outputs, inputs) => {
                let w = g.param("W", (outputs, inputs));
                let (d, x) = (
                    g.input("δ", (outputs, BATCH)),
                    g.input("x", (inputs, BATCH)),
                );
                Step::of(&g).set(w, w - 0.1 * d.matmul(x.t()))
            }
            Kernel::Map(f, rows) => Step::returns(f(g.input("x", (rows, BATCH)))),
        };
        g.compile(step, Isa::detect()).expect("a sound graph")
    }

    /// Operations of the product for each sample as they are named, and with the lanes of the last vector that are not needed; numbers for a function.
    fn work(self) -> (usize, usize) {
        let padded = |vectors: usize, chains: usize| 2 * vectors.next_multiple_of(16) * chains;
        match self {
            Kernel::Forward(1, inputs) => (2 * inputs, padded(inputs, 1)),
            Kernel::Forward(rows, inner) | Kernel::Backward(rows, inner) => {
                (2 * rows * inner, padded(rows, inner))
            }
            Kernel::Gradient(rows, cols) => (2 * rows * cols, padded(rows, cols)),
            Kernel::Map(_, rows) => (rows, rows),
        }
    }
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args().sample_size(20);
    let seconds = RefCell::new(Vec::new());
    let mut group = criterion.benchmark_group("kernels");
    group.warm_up_time(Duration::from_millis(200));
    group.measurement_time(Duration::from_secs(1));
    for (name, kernel, batch) in KERNELS {
        let plan = kernel.plan();
        let (mut state, mut workspace) = (plan.state(), plan.workspace(batch, 1));
        let inputs: Vec<Vec<f32>> = plan
            .inputs()
            .map(|(_, shape)| {
                (0..shape.len_at(batch))
                    .map(|i| (i % 13) as f32 * 0.01)
                    .collect()
            })
            .collect();
        let inputs: Vec<&[f32]> = inputs.iter().map(Vec::as_slice).collect();
        group.throughput(Throughput::Elements((kernel.work().0 * batch) as u64));
        group.bench_function(BenchmarkId::new(name, format!("{batch} samples")), |b| {
            b.iter_custom(|n| {
                let started = std::time::Instant::now();
                for _ in 0..n {
                    plan.run(&mut state, &inputs, &mut workspace, &Team::solo())
                        .expect("a run");
                }
                let elapsed = started.elapsed();
                seconds
                    .borrow_mut()
                    .push((name, elapsed.as_secs_f64() / n as f64));
                elapsed
            });
        });
    }
    group.finish();
    criterion.final_summary();
    table(&seconds.into_inner());
}

fn table(seconds: &[(&str, f64)]) {
    if seconds.is_empty() {
        return;
    }
    let peak = measure::peak_flops::<f32>(Isa::detect());
    println!(
        "{}: {:.0} GFLOP/s at the peak of one thread\n",
        Isa::detect(),
        peak / 1e9
    );
    println!("| kernel | samples | µs | GFLOP/s | share of peak, padded lanes counted |");
    println!("|---|---|---|---|---|");
    for (name, kernel, batch) in KERNELS {
        let mut of: Vec<f64> = seconds
            .iter()
            .filter(|s| s.0 == name)
            .map(|s| s.1)
            .collect();
        of.sort_by(f64::total_cmp);
        let Some(&median) = of.get(of.len() / 2) else {
            continue;
        };
        let (useful, padded) = kernel.work();
        let rate = |work: usize| (work * batch) as f64 / median;
        match kernel {
            Kernel::Map(..) => println!(
                "| {name} | {batch} × 64 | {:.2} | {:.2} numbers a ns | |",
                median * 1e6,
                rate(useful) / 1e9
            ),
            _ => println!(
                "| {name} | {batch} | {:.2} | {:.1} | {:.2} |",
                median * 1e6,
                rate(useful) / 1e9,
                rate(padded) / peak
            ),
        }
    }
}
