//! Reading CSV from memory: numbers as programs write them, short numbers, and a mixed table.
//!
//! `cargo bench -p chainrule-data --bench read`

use chainrule_data::Table;
use criterion::{Criterion, Throughput};
use std::fmt::Write;
use std::hint::black_box;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    read(&mut criterion);
    criterion.final_summary();
}

fn table(rows: usize, cell: impl Fn(usize, usize) -> String) -> String {
    let mut text = String::from("a,b,c,d,e,f,g,h,i,j\n");
    for row in 0..rows {
        let cells: Vec<String> = (0..10).map(|column| cell(row, column)).collect();
        let _ = writeln!(text, "{}", cells.join(","));
    }
    text
}

/// Numbers that look random, from 0 to 1.
fn noise(row: usize, column: usize) -> f64 {
    let mixed = (row * 10 + column).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5851_f42d_4c95_7f2d;
    (mixed >> 11) as f64 / (1_u64 << 53) as f64
}

fn read(criterion: &mut Criterion) {
    let long = table(40_000, |row, column| {
        format!("{}", noise(row, column) - 0.5)
    });
    let short = table(100_000, |row, column| {
        format!("{:.2}", 100.0 * noise(row, column))
    });
    let mixed = table(60_000, |row, column| match column {
        0..5 => format!("{:.3}", noise(row, column)),
        5..8 => format!("level {}", row * (column + 3) % 17),
        8 => format!("\"a, {}\"", row % 5),
        _ => String::from("?"),
    });
    let mut group = criterion.benchmark_group("read");
    group.sample_size(10);
    for (name, text) in [
        ("long numbers", &long),
        ("short numbers", &short),
        ("mixed", &mixed),
    ] {
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(name, |bencher| {
            bencher.iter(|| Table::from_csv("memory", black_box(text.as_bytes())))
        });
    }
    group.finish();
}
