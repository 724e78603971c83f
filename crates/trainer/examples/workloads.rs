//! Times a training step of the four workloads of `docs/benchmarks.md`, by the ordinary training.
//!
//! ```text
//! cargo run --release -q -p chainrule-trainer --example workloads -- [NAME|all] [THREADS|auto|profile|scaling|steps=N]
//! ```
//!
//! One line of JSON for each workload: `us_step` is the median epoch after the first, divided by its steps, and `loss` the mean loss of the last
//! epoch. In the place of THREADS:
//! - `profile`: where the time of a step goes;
//! - `scaling`: what one to sixteen threads take by the model of the schedule, beside what one and two were measured to take;
//! - `steps=N`: N steps over the first batch on one thread and no clock, for counting instructions (`scripts/bench/instructions.py`).

#[path = "../benches/workloads/mod.rs"]
mod workloads;

use std::error::Error;

use chainrule_autodiff::{Isa, Machine, Plan, State, Team};
use chainrule_trainer::{Samples, Threads, TrainConfig, compile_step};
use workloads::{FOUR, Workload, median, timed};

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let only = args.next();
    let how = args.next().unwrap_or_else(|| "2".to_owned());
    let isa = Isa::from_env()?;
    for w in FOUR {
        if only.as_deref().is_none_or(|o| o == w.name || o == "all") {
            match (how.as_str(), how.strip_prefix("steps=")) {
                ("profile", _) => profile(&w, isa)?,
                ("scaling", _) => scaling(&w, isa)?,
                ("auto", _) => measure(&w, Threads::Auto, isa)?,
                (_, Some(steps)) => repeat(&w, steps.parse()?, isa)?,
                (threads, None) => measure(&w, Threads::Exactly(threads.parse()?), isa)?,
            }
        }
    }
    Ok(())
}

/// Epochs enough for any time.
const ENDLESS: usize = 1 << 20;

fn measure(w: &Workload, threads: Threads, isa: Isa) -> Result<(), Box<dyn Error>> {
    let config = TrainConfig {
        epochs: ENDLESS,
        ..w.config(threads, isa)
    };
    let run = timed(w, &w.prepared::<f32>(), &config, 3.0)?;
    let (steps, seconds) = (w.steps_per_epoch() as f64, &run.seconds[1..]);
    let best = seconds.iter().copied().fold(f64::MAX, f64::min);
    println!(
        "{{\"workload\": \"{}\", \"isa\": \"{isa}\", \"threads\": \"{}\", \"us_step\": {:.2}, \"us_best_epoch\": {:.2}, \"epochs\": {}, \"loss\": {:.7}}}",
        w.name,
        match threads {
            Threads::Exactly(threads) => threads.to_string(),
            _ => "auto".to_owned(),
        },
        median(seconds) / steps * 1e6,
        best / steps * 1e6,
        run.seconds.len(),
        run.loss,
    );
    Ok(())
}

fn profile(w: &Workload, isa: Isa) -> Result<(), Box<dyn Error>> {
    let (plan, mut state, rows) = first_batch(w, isa)?;
    let mut workspace = plan.workspace(w.batch_rows(), 1);
    let inputs: [&[f32]; 3] = [&rows.x, &rows.y, &[w.rate as f32]];
    let profile = plan.profile(&mut state, &inputs, &mut workspace, 101)?;
    println!("{}, {isa}: {profile}", w.name);
    Ok(())
}

fn scaling(w: &Workload, isa: Isa) -> Result<(), Box<dyn Error>> {
    let (plan, mut state, rows) = first_batch(w, isa)?;
    let mut workspace = plan.workspace(w.batch_rows(), 1);
    let inputs: [&[f32]; 3] = [&rows.x, &rows.y, &[w.rate as f32]];
    let profile = plan.profile(&mut state, &inputs, &mut workspace, 301)?;
    let team = Team::new(2);
    let machine = std::thread::scope(|scope| {
        scope.spawn(|| team.lend());
        let machine = Machine::measured::<f32>(&team, isa);
        team.close();
        machine
    });
    println!(
        "{}, {isa}: a join {:.2} µs, {:.1} GB/s from thread to thread, work takes {:.2} times as long when both work",
        w.name,
        machine.join_seconds * 1e6,
        machine.exchange_bytes_per_second / 1e9,
        machine.crowding
    );
    for threads in [1, 2, 4, 8, 16] {
        let forecast = plan.forecast(&profile, &machine, threads);
        let measured = match threads {
            1 | 2 => {
                let config = TrainConfig {
                    epochs: ENDLESS,
                    ..w.config(Threads::Exactly(threads), isa)
                };
                let run = timed(w, &w.prepared::<f32>(), &config, 2.0)?;
                let step = median(&run.seconds[1..]) / w.steps_per_epoch() as f64;
                let off = 100.0 * (forecast.seconds() / step - 1.0);
                format!(
                    "; measured {:.1} µs, the model is off by {off:+.0} %",
                    step * 1e6
                )
            }
            _ => String::new(),
        };
        println!("{forecast}{measured}");
    }
    Ok(())
}

fn repeat(w: &Workload, steps: usize, isa: Isa) -> Result<(), Box<dyn Error>> {
    let (plan, mut state, rows) = first_batch(w, isa)?;
    let mut workspace = plan.workspace(w.batch_rows(), 1);
    let inputs: [&[f32]; 3] = [&rows.x, &rows.y, &[w.rate as f32]];
    for _ in 0..steps {
        plan.run(&mut state, &inputs, &mut workspace, &Team::solo())?;
    }
    println!("{}: loss {}", w.name, workspace.output(0)[0]);
    Ok(())
}

/// The step that training compiles, the state before it, and the rows of a batch.
type Prepared = (Plan<f32>, State<f32>, Samples<f32>);

fn first_batch(w: &Workload, isa: Isa) -> Result<Prepared, Box<dyn Error>> {
    let (parameters, rows) = Workload {
        rows: w.batch_rows(),
        ..*w
    }
    .prepared::<f32>();
    let (plan, state) = compile_step(&w.network(), &*w.optimizer(), &parameters, isa)?;
    Ok((plan, state, rows))
}
