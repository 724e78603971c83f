//! How long the prediction of one row takes, through the network `tiny` (30 inputs, layers of 16, 8 and 1) and the ordinary plan of its
//! forward pass, on the calling thread.
//!
//! ```text
//! cargo run --release -q -p chainrule-nn --example one_row
//! ```
//!
//! Prints one JSON object: `ns_loop`, nanoseconds of a row in a loop over many rows, which the processor may overlap, and `ns_latency`, where each row
//! begins with the result of the one before. Medians of 101 rounds of 10,000 rows. Nothing is allocated.

use std::error::Error;
use std::time::Instant;

use chainrule_autodiff::{Graph, Isa, Step, Team};
use chainrule_nn::{Initializer, Network, Precision};

const ROWS: usize = 10_000;
const ROUNDS: usize = 101;

fn main() -> Result<(), Box<dyn Error>> {
    let network = Network::classifier(30, &[16, 8]);
    let isa = Isa::from_env()?;
    let g = Graph::new();
    let plan = g.compile::<f32>(Step::returns(network.build(&g).output()), isa)?;
    let mut state = plan.state();
    let parameters = network.initial_parameters(Initializer::default(), 7, Precision::F32);
    state.write_parameters(&parameters.to_vec())?;
    let (mut workspace, team) = (plan.workspace(1, 1), Team::solo());
    let rows: Vec<f32> = (0..30 * 100).map(|i| (i % 23) as f32 * 0.1 - 1.1).collect();

    let mut predict = |row: &[f32]| -> Result<f32, Box<dyn Error>> {
        plan.eval(&state, &[row], &mut workspace, &team)?;
        Ok(workspace.output(0)[0])
    };
    let mut checksum = 0.0;
    let mut in_a_loop = Vec::with_capacity(ROUNDS);
    let mut by_latency = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let started = Instant::now();
        for row in rows.chunks_exact(30).cycle().take(ROWS) {
            checksum += predict(row)?;
        }
        in_a_loop.push(started.elapsed().as_secs_f64() / ROWS as f64 * 1e9);

        let mut row = [0.1; 30];
        let started = Instant::now();
        for _ in 0..ROWS {
            row[0] = predict(&row)?;
        }
        by_latency.push(started.elapsed().as_secs_f64() / ROWS as f64 * 1e9);
        checksum += row[0];
    }
    println!(
        "{{\"isa\": \"{isa}\", \"ns_loop\": {:.1}, \"ns_latency\": {:.1}, \"checksum\": {checksum}}}",
        median(in_a_loop),
        median(by_latency)
    );
    Ok(())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
