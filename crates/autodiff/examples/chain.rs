//! A chain of a million nodes: built, differentiated, rewritten, compiled, run, printed and dropped in a thread with a
//! stack of 2 MiB, in time linear in its length.
//!
//! ```text
//! cargo run --release -q -p chainrule-autodiff --example chain -- 1000000
//! ```
//!
//! `y = x`, then N times `y = y + x`. Prints one JSON object; `compile_seconds` is the whole of compiling, in which the
//! passes run once more.

use std::time::Instant;

use chainrule_autodiff::{Graph, Isa, Passes, Step, Team};

/// Rust's default for a thread.
const STACK: usize = 2 << 20;

fn main() {
    let Some(length) = std::env::args().nth(1).and_then(|n| n.parse().ok()) else {
        eprintln!("usage: chain LENGTH");
        std::process::exit(2);
    };
    let thread = std::thread::Builder::new().stack_size(STACK);
    let done = thread.spawn(move || run(length)).map(|t| t.join());
    match done {
        Ok(Ok(Ok(report))) => println!("{report}"),
        Ok(Ok(Err(error))) => fail(&error.to_string()),
        Ok(Err(_)) => fail("the thread panicked"),
        Err(error) => fail(&error.to_string()),
    }
}

fn fail(error: &str) {
    eprintln!("error: {error}");
    std::process::exit(1);
}

fn run(length: usize) -> Result<String, Box<dyn std::error::Error + Send + Sync>> {
    let mut clock = Clock(Instant::now());
    let g = Graph::new();
    let x = g.param("x", 1);
    let y = (0..length).fold(x, |y, _| y + x);
    let nodes = g.len();
    let build = clock.lap();

    let [dx] = g.grad(y, [x]);
    let grad = clock.lap();

    let step = Step::returns(y).output(dx);
    let rewritten = step.rewritten(Passes::All)?;
    let passes = clock.lap();

    let summary = rewritten.to_string();
    let print = clock.lap();

    let plan = g.compile::<f64>(step, Isa::detect())?;
    let compile = clock.lap();

    let (mut state, mut workspace) = (plan.state(), plan.workspace(0, 1));
    state.set("x", &[0.5])?;
    clock.lap();
    plan.eval(&state, &[], &mut workspace, &Team::solo())?;
    let run = clock.lap();

    let (value, gradient) = (workspace.output(0)[0], workspace.output(1)[0]);
    assert_eq!(value, 0.5 * (length + 1) as f64);
    assert!(summary.lines().count() < 1000);
    drop((plan, workspace, rewritten, g));
    let dropped = clock.lap();
    Ok(format!(
        "{{\"nodes\": {nodes}, \"build_seconds\": {build:.6}, \"grad_seconds\": {grad:.6}, \
         \"passes_seconds\": {passes:.6}, \"print_seconds\": {print:.6}, \"compile_seconds\": {compile:.6}, \
         \"run_seconds\": {run:.6}, \"drop_seconds\": {dropped:.6}, \"gradient\": {gradient}}}"
    ))
}

struct Clock(Instant);

impl Clock {
    /// Seconds since the last call.
    fn lap(&mut self) -> f64 {
        let now = Instant::now();
        let lap = now.duration_since(self.0).as_secs_f64();
        self.0 = now;
        lap
    }
}
