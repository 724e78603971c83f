//! Whether an activation from outside costs what a built-in one costs: `cargo bench -p chainrule-external-op`.
//!
//! Of 64 units and 1024 samples in f32, on one core of an AMD EPYC (Zen 5, AVX-512), microseconds:
//!
//! | | swish from outside | `x * x.sigmoid()` | `x.sigmoid()` |
//! |---|---|---|---|
//! | the activation alone | 48 | 50 | 49 |
//! | a step of one layer: product, activation, gradients, update | 97 | 89 | 83 |
//!
//! Alone, the operation from outside is the fastest of the three: one kernel, that of the built-in sigmoid and a multiplication. In the
//! step, the formula of built-ins computes σ(x) once for both directions, where `Swish::derivative` asks for it again; the sigmoid
//! needs its own result alone.

use chainrule_autodiff::{BATCH, Expr, Graph, Isa, Plan, State, Step, Team, Workspace};
use chainrule_external_op::Swish;
use criterion::{BenchmarkId, Criterion, Throughput};

const UNITS: usize = 64;
const SAMPLES: usize = 1024;

type Activation = for<'g> fn(Expr<'g>) -> Expr<'g>;
type Compiled = fn(Activation) -> Plan<f32>;

/// The same arithmetic by one operation from outside and by two built-in ones; and the built-in that is a multiplication short.
const ACTIVATIONS: [(&str, Activation); 3] = [
    ("swish from outside", |x| x.map(Swish)),
    ("x * x.sigmoid()", |x| x * x.sigmoid()),
    ("x.sigmoid()", |x| x.sigmoid()),
];

/// The activation alone.
fn forward(activation: Activation) -> Plan<f32> {
    let g = Graph::new();
    let x = g.input("x", (UNITS, BATCH));
    let plan = g.compile(Step::returns(activation(x)), Isa::detect());
    plan.expect("a graph without mistakes")
}

/// A step of gradient descent of one layer: the product, the activation, its derivative, and the gradients.
fn step(activation: Activation) -> Plan<f32> {
    let g = Graph::new();
    let (w, b) = (g.param("W", (UNITS, UNITS)), g.param("b", UNITS));
    let x = g.input("x", (UNITS, BATCH));
    let loss = activation(w.matmul(x) + b).square().mean();
    let [dw, db] = g.grad(loss, [w, b]);
    let step = Step::returns(loss)
        .set(w, w - 0.01 * dw)
        .set(b, b - 0.01 * db);
    let plan = g.compile(step, Isa::detect());
    plan.expect("a graph without mistakes")
}

struct Running {
    plan: Plan<f32>,
    state: State<f32>,
    workspace: Workspace<f32>,
    x: Vec<f32>,
}

impl Running {
    fn new(plan: Plan<f32>) -> Self {
        let mut state = plan.state();
        let parameters: Vec<f32> = (0..UNITS * UNITS + UNITS)
            .map(|i| ((i * 7919) % 1000) as f32 * 2e-4 - 0.1)
            .collect();
        // The activation alone has no parameters.
        let _ = state.write_parameters(&parameters);
        let x = (0..UNITS * SAMPLES).map(|i| ((i * 104_729) % 1000) as f32 * 4e-3 - 2.0);
        Self {
            state,
            workspace: plan.workspace(SAMPLES, 1),
            x: x.collect(),
            plan,
        }
    }

    fn run(&mut self) {
        let team = Team::solo();
        let inputs: [&[f32]; 1] = [&self.x];
        let run = self
            .plan
            .run(&mut self.state, &inputs, &mut self.workspace, &team);
        run.expect("inputs that fit");
    }
}

fn benchmarks(criterion: &mut Criterion) {
    let kinds: [(&str, Compiled); 2] = [("forward", forward), ("step", step)];
    for (kind, plan) in kinds {
        let mut group = criterion.benchmark_group(kind);
        group.throughput(Throughput::Elements((UNITS * SAMPLES) as u64));
        for (name, activation) in ACTIVATIONS {
            let mut running = Running::new(plan(activation));
            group.bench_function(BenchmarkId::from_parameter(name), |b| {
                b.iter(|| running.run())
            });
        }
        group.finish();
    }
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    benchmarks(&mut criterion);
    criterion.final_summary();
}
