//! How long predictions of batches take, through the networks of `docs/benchmarks.md` and the ordinary plan of their forward pass.
//!
//! ```text
//! cargo run --release -q -p chainrule-nn --example prediction -- [NAME] [THREADS]
//! ```
//!
//! Prints one line of JSON for each network and number of rows: `us`, microseconds of a call, is a median, `us_best` the fastest call. Rows are taken
//! 1,024 for each thread at a time, as `chainrule predict` does. `scripts/bench/onnx_runtime.py` times ONNX Runtime on the same networks.

use std::error::Error;
use std::time::Instant;

use chainrule_autodiff::{Graph, Isa, RunError, Step, Team};
use chainrule_nn::{Initializer, Network, Precision};

const NETWORKS: [(&str, usize, &[usize]); 4] = [
    ("tiny", 30, &[16, 8]),
    ("small", 100, &[64, 32]),
    ("medium", 28, &[256, 256]),
    ("wide", 784, &[1024, 1024]),
];
const ROWS: [usize; 5] = [1, 64, 1024, 20_000, 100_000];

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let only = args.next();
    let threads: usize = args.next().map_or(Ok(2), |t| t.parse())?;
    let isa = Isa::from_env()?;
    for (name, inputs, hidden) in NETWORKS {
        if only.as_deref().is_none_or(|o| o == name || o == "all") {
            measure(name, &Network::classifier(inputs, hidden), threads, isa)?;
        }
    }
    Ok(())
}

fn measure(name: &str, network: &Network, threads: usize, isa: Isa) -> Result<(), Box<dyn Error>> {
    let g = Graph::new();
    let plan = g.compile::<f32>(Step::returns(network.build(&g).output()), isa)?;
    let mut state = plan.state();
    let parameters = network.initial_parameters(Initializer::default(), 7, Precision::F32);
    state.write_parameters(&parameters.to_vec())?;
    for rows in ROWS {
        let x: Vec<f32> = (0..rows * network.inputs)
            .map(|i| (i % 23) as f32 * 0.1 - 1.1)
            .collect();
        let at_once = rows.min(1024 * threads);
        let (mut workspace, mut p) = (plan.workspace(at_once, threads), vec![0.0; rows]);
        let team = Team::new(threads);
        let mut call = || -> Result<(), RunError> {
            for (x, p) in x
                .chunks(network.inputs * at_once)
                .zip(p.chunks_mut(at_once))
            {
                plan.eval(&state, &[x], &mut workspace, &team)?;
                p.copy_from_slice(workspace.output(0));
            }
            Ok(())
        };
        let mut times = Vec::new();
        std::thread::scope(|scope| -> Result<(), RunError> {
            for _ in 1..threads {
                scope.spawn(|| team.lend());
            }
            let begun = Instant::now();
            while times.len() < 3 || (begun.elapsed().as_secs_f64() < 1.0 && times.len() < 100_000)
            {
                let started = Instant::now();
                call()?;
                times.push(started.elapsed().as_secs_f64() * 1e6);
            }
            team.close();
            Ok(())
        })?;
        times.sort_by(f64::total_cmp);
        println!(
            "{{\"network\": \"{name}\", \"isa\": \"{isa}\", \"threads\": {threads}, \"rows\": {rows}, \"us\": {:.2}, \"us_best\": {:.2}}}",
            times[times.len() / 2],
            times[0]
        );
    }
    Ok(())
}
