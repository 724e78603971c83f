//! Audits every built-in operation with fresh random samples, and prints one JSON object.
//!
//! ```sh
//! cargo run --release -q -p chainrule-autodiff --example audit            # a seed from the clock
//! cargo run --release -q -p chainrule-autodiff --example audit -- --seed 7 --samples 20
//! cargo run --release -q -p chainrule-autodiff --example audit -- --table > docs/operations.md
//! ```
//!
//! Failures are listed on the error output, and the exit code is 1. With `--table`, the table of operations is printed instead: of a
//! fixed seed, so that it is the same on every machine.

use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use chainrule_autodiff::audit::{Audit, Registry};

const USAGE: &str = "usage: audit [--seed N] [--samples N] | audit --table";

fn main() -> ExitCode {
    match arguments() {
        Ok(Request::Table) => {
            print!("{}", Registry::builtin().table());
            ExitCode::SUCCESS
        }
        Ok(Request::Audit(audit)) => run(&audit),
        Err(message) => {
            eprintln!("{message}\n{USAGE}");
            ExitCode::from(2)
        }
    }
}

enum Request {
    Audit(Audit),
    Table,
}

fn arguments() -> Result<Request, String> {
    let mut audit = Audit {
        seed: seed_of_the_clock(),
        samples: 8,
    };
    let mut given = std::env::args().skip(1);
    while let Some(option) = given.next() {
        if option == "--table" {
            return Ok(Request::Table);
        }
        let value = given.next().ok_or(format!("{option} needs a number"))?;
        let number = value
            .parse::<u64>()
            .map_err(|e| format!("{option} {value}: {e}"))?;
        match option.as_str() {
            "--seed" => audit.seed = number,
            "--samples" => audit.samples = usize::try_from(number).map_err(|e| e.to_string())?,
            _ => return Err(format!("unknown option {option}")),
        }
    }
    Ok(Request::Audit(audit))
}

fn seed_of_the_clock() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    // Short enough to be typed again, and exact in any reader of JSON.
    now.map_or(1, |now| (now.as_nanos() % 1_000_000_007) as u64)
}

fn run(audit: &Audit) -> ExitCode {
    let report = audit.run(Registry::builtin().operations());
    for failure in &report.failures {
        eprintln!("{failure}");
    }
    println!(
        "{{\"operations\": {}, \"checks\": {}, \"failures\": {}, \"worst_relative_error\": {:e}, \
         \"worst_single_precision_error\": {:e}, \"seed\": {}, \"samples\": {}}}",
        report.operations,
        report.checks,
        report.failures.len(),
        report.worst_relative_error,
        report.worst_single_precision_error,
        audit.seed,
        audit.samples
    );
    ExitCode::from(u8::from(!report.failures.is_empty()))
}
