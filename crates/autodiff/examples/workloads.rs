//! Times a training step of the four workloads of `docs/benchmarks.md`, through the ordinary plan.
//!
//! `cargo run --release -p chainrule-autodiff --example workloads -- [NAME] [THREADS]`: one line of JSON for each workload. With `profile`
//! in the place of THREADS: where the time of a step goes. With `steps=N`: N steps over the first batch on one thread and no clock, for
//! counting instructions (`scripts/bench/instructions.py`).

use std::time::Instant;

use chainrule_autodiff::{BATCH, Graph, Isa, Plan, State, Step, Team};

struct Workload {
    name: &'static str,
    rows: usize,
    sizes: &'static [usize],
    batch: usize,
    rate: f32,
}

const WORKLOADS: [Workload; 4] = [
    Workload {
        name: "tiny",
        rows: 569,
        sizes: &[30, 16, 8, 1],
        batch: 32,
        rate: 0.5,
    },
    Workload {
        name: "small",
        rows: 32_000,
        sizes: &[100, 64, 32, 1],
        batch: 128,
        rate: 0.5,
    },
    Workload {
        name: "medium",
        rows: 100_000,
        sizes: &[28, 256, 256, 1],
        batch: 1024,
        rate: 0.5,
    },
    Workload {
        name: "wide",
        rows: 10_000,
        sizes: &[784, 1024, 1024, 1],
        batch: 256,
        rate: 0.1,
    },
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let only = args.next();
    let threads = args.next();
    let isa = Isa::from_env()?;
    for w in WORKLOADS {
        if only.as_deref().is_none_or(|o| o == w.name || o == "all") {
            match threads.as_deref() {
                Some("profile") => profile(&w, isa)?,
                Some(n) if n.starts_with("steps=") => steps(&w, n["steps=".len()..].parse()?, isa)?,
                Some(threads) => measure(&w, threads.parse()?, isa)?,
                None => measure(&w, 2, isa)?,
            }
        }
    }
    Ok(())
}

fn measure(w: &Workload, threads: usize, isa: Isa) -> Result<(), Box<dyn std::error::Error>> {
    let started = Instant::now();
    let plan = compile(w, isa)?;
    let compile_ms = started.elapsed().as_secs_f64() * 1e3;
    let mut random = Random(42);
    let mut state = plan.state();
    initialise(w, &mut state, &mut random)?;
    let (x, y) = data(w, &mut random);
    let mut workspace = plan.workspace(w.batch, threads);
    let team = Team::new(threads);
    let alpha = [w.rate];
    let mut epochs = Vec::new();
    let mut loss = 0.0;
    std::thread::scope(|s| -> Result<(), chainrule_autodiff::RunError> {
        for _ in 1..threads {
            s.spawn(|| team.lend());
        }
        let begun = Instant::now();
        while epochs.len() < 3 || (begun.elapsed().as_secs_f64() < 3.0 && epochs.len() < 40_000) {
            let epoch = Instant::now();
            loss = 0.0;
            for (xs, ys) in x.chunks(w.batch * w.sizes[0]).zip(y.chunks(w.batch)) {
                plan.run(&mut state, &[xs, ys, &alpha], &mut workspace, &team)?;
                loss += f64::from(workspace.output(0)[0]) * ys.len() as f64;
            }
            epochs.push(epoch.elapsed().as_secs_f64());
        }
        team.close();
        Ok(())
    })?;
    epochs.remove(0);
    epochs.sort_by(f64::total_cmp);
    let steps = w.rows.div_ceil(w.batch) as f64;
    println!(
        "{{\"workload\":\"{}\",\"isa\":\"{isa}\",\"threads\":{threads},\"us_step\":{:.2},\"us_best_epoch\":{:.2},\"epochs\":{},\"compile_ms\":{compile_ms:.2},\"loss\":{:.7}}}",
        w.name,
        epochs[epochs.len() / 2] / steps * 1e6,
        epochs[0] / steps * 1e6,
        epochs.len(),
        loss / w.rows as f64,
    );
    Ok(())
}

fn profile(w: &Workload, isa: Isa) -> Result<(), Box<dyn std::error::Error>> {
    let (plan, mut state, x, y) = prepared(w, isa)?;
    let batch = [&x[..w.batch * w.sizes[0]], &y[..w.batch], &[w.rate]];
    let mut workspace = plan.workspace(w.batch, 1);
    println!(
        "{}, {isa}: {}",
        w.name,
        plan.profile(&mut state, &batch, &mut workspace, 101)?
    );
    Ok(())
}

fn steps(w: &Workload, steps: usize, isa: Isa) -> Result<(), Box<dyn std::error::Error>> {
    let (plan, mut state, x, y) = prepared(w, isa)?;
    let batch = [&x[..w.batch * w.sizes[0]], &y[..w.batch], &[w.rate]];
    let mut workspace = plan.workspace(w.batch, 1);
    for _ in 0..steps {
        plan.run(&mut state, &batch, &mut workspace, &Team::solo())?;
    }
    println!("{}: loss {}", w.name, workspace.output(0)[0]);
    Ok(())
}

/// The plan, the first state, and the first batch.
type Prepared = (Plan<f32>, State<f32>, Vec<f32>, Vec<f32>);

fn prepared(w: &Workload, isa: Isa) -> Result<Prepared, Box<dyn std::error::Error>> {
    let plan = compile(w, isa)?;
    let mut random = Random(42);
    let mut state = plan.state();
    initialise(w, &mut state, &mut random)?;
    let first = Workload {
        rows: w.batch,
        ..*w
    };
    let (x, y) = data(&first, &mut random);
    Ok((plan, state, x, y))
}

fn compile(w: &Workload, isa: Isa) -> Result<Plan<f32>, chainrule_autodiff::CompileError> {
    let g = Graph::new();
    let (x, y, alpha) = (
        g.input("x", (w.sizes[0], BATCH)),
        g.input("y", (1, BATCH)),
        g.scalar("α"),
    );
    let (mut a, mut params) = (x, Vec::new());
    for (layer, pair) in w.sizes.windows(2).enumerate() {
        let weights = g.param(&format!("W{}", layer + 1), (pair[1], pair[0]));
        let bias = g.param(&format!("b{}", layer + 1), pair[1]);
        a = (weights.matmul(a) + bias).sigmoid();
        params.extend([weights, bias]);
    }
    let loss = a.binary_cross_entropy(y).mean();
    let gradients = g.gradients(loss, &params);
    let step = params
        .iter()
        .zip(gradients)
        .fold(Step::returns(loss), |step, (&p, d)| {
            step.set(p, p - alpha * d)
        });
    g.compile(step, isa)
}

fn initialise(
    w: &Workload,
    state: &mut State<f32>,
    random: &mut Random,
) -> Result<(), chainrule_autodiff::StateError> {
    for (layer, pair) in w.sizes.windows(2).enumerate() {
        let limit = (6.0 / (pair[0] + pair[1]) as f64).sqrt();
        let weights: Vec<f32> = (0..pair[0] * pair[1])
            .map(|_| ((random.uniform() * 2.0 - 1.0) * limit) as f32)
            .collect();
        state.set(&format!("W{}", layer + 1), &weights)?;
    }
    Ok(())
}

/// Standard-normal features and a smooth nonlinear rule for the labels.
fn data(w: &Workload, random: &mut Random) -> (Vec<f32>, Vec<f32>) {
    let features = w.sizes[0];
    let x: Vec<f32> = (0..w.rows * features)
        .map(|_| random.normal() as f32)
        .collect();
    let y = x
        .chunks(features)
        .map(|s| {
            let z = s[0] * s[1] + (2.0 * s[2]).sin() + 0.5 * s[3] - 0.3 * s[4] * s[4];
            f32::from(u8::from(
                random.uniform() < f64::from(chainrule_autodiff::elementary::sigmoid(3.0 * z)),
            ))
        })
        .collect();
    (x, y)
}

/// Enough randomness to time with.
struct Random(u64);

impl Random {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }
}
