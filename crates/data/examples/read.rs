//! How fast a table becomes the matrix of its features, and how much memory that takes.
//!
//! `cargo run --release -p chainrule-data --example read -- FILE.csv [TARGET] [RUNS]`
//!
//! Prints the time of reading and of making the matrix for each run, and at the end the peak of the resident memory (on Linux) beside
//! the size of the matrix. With `--make ROWS COLUMNS FILE` it writes a table of normal numbers to try it on.

use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::time::Instant;

use chainrule_data::{Schema, Table};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [option, rows, columns, path] = &arguments[..]
        && option == "--make"
    {
        return make(rows.parse()?, columns.parse()?, path);
    }
    let path = arguments.first().ok_or("name a CSV file")?;
    let target = arguments.get(1).map_or("last", String::as_str);
    let runs: usize = arguments.get(2).map_or(Ok(3), |runs| runs.parse())?;
    let size = std::fs::metadata(path)?.len() as f64;
    let mut matrix_bytes = 0;
    for _ in 0..runs {
        let started = Instant::now();
        let table = Table::open(path)?;
        let read = started.elapsed().as_secs_f64();
        let target = table.target(Some(target))?.ok_or("no target")?.to_owned();
        let schema = Schema::infer(&table, &target, None)?;
        let data = schema.encode_owned(table)?;
        let all = started.elapsed().as_secs_f64();
        matrix_bytes = data.features().len() * size_of::<f64>();
        println!(
            "{} × {}: read {read:.3} s ({:.0} MB/s), matrix {all:.3} s ({:.0} MB/s)",
            data.len(),
            schema.inputs(),
            size / read / 1e6,
            size / all / 1e6
        );
    }
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find(|line| line.starts_with("VmHWM"));
    println!(
        "matrix {} MB; {}",
        matrix_bytes / 1_000_000,
        peak.unwrap_or("peak not known")
    );
    Ok(())
}

/// Normal numbers in the shortest spelling that reads back, and a label that depends on some of them.
fn make(rows: usize, columns: usize, path: &str) -> Result<(), Box<dyn Error>> {
    let mut out = BufWriter::new(File::create(path)?);
    let names: Vec<String> = (1..=columns).map(|at| format!("x{at}")).collect();
    writeln!(out, "{},y", names.join(","))?;
    let mut state = 7_u64;
    let mut uniform = move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    for _ in 0..rows {
        let mut sum = 0.0;
        for _ in 0..columns {
            let value = (0..4).map(|_| uniform()).sum::<f64>() - 2.0;
            sum += value;
            write!(out, "{value},")?;
        }
        writeln!(out, "{}", u8::from(sum > 0.0))?;
    }
    out.flush()?;
    Ok(())
}
