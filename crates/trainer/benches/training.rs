//! Steps of the four workloads and of ragged shapes, by the ordinary training: `cargo bench -p chainrule-trainer --bench training`.
//!
//! Criterion times epochs, and its elements a second are floating-point operations of the products, padded lanes counted. At the end a table says
//! what share of the processor's peak they are, and, for batches below 32, at what rate bytes are moved. Figures are in `docs/benchmarks.md`.

#[path = "workloads/mod.rs"]
mod workloads;

use std::cell::RefCell;
use std::time::Duration;

use chainrule_autodiff::{Isa, measure};
use chainrule_trainer::{Real, Threads, TrainConfig};
use criterion::{BenchmarkId, Criterion, Throughput};
use workloads::{FOUR, ODD, Precision, Workload, median, timed};

/// Samples of a case: how many epochs, and their seconds.
type Samples = RefCell<Vec<(Workload, usize, f64)>>;

fn main() {
    let mut criterion = Criterion::default().configure_from_args().sample_size(10);
    let samples = Samples::default();
    for (group, cases) in [("workloads", &FOUR[..]), ("ragged", &ODD[..])] {
        let mut group = criterion.benchmark_group(group);
        group.measurement_time(Duration::from_secs(2));
        group.warm_up_time(Duration::from_millis(300));
        for case in cases {
            for threads in [1, 2] {
                group.throughput(Throughput::Elements(case.padded_flops() as u64));
                let id = BenchmarkId::new(case.name, format!("{threads} threads"));
                let config = case.config(Threads::Exactly(threads), Isa::detect());
                match case.precision {
                    Precision::F32 => {
                        let prepared = case.prepared::<f32>();
                        group.bench_function(id, |b| {
                            b.iter_custom(|n| {
                                epochs(case, &prepared, &config, threads, n, &samples)
                            });
                        });
                    }
                    Precision::F64 => {
                        let prepared = case.prepared::<f64>();
                        group.bench_function(id, |b| {
                            b.iter_custom(|n| {
                                epochs(case, &prepared, &config, threads, n, &samples)
                            });
                        });
                    }
                }
            }
        }
        group.finish();
    }
    criterion.final_summary();
    table(&samples.into_inner());
}

/// The time of so many epochs after a first one.
fn epochs<T: Real>(
    case: &Workload,
    prepared: &(Vec<T>, chainrule_trainer::Samples<T>),
    config: &TrainConfig,
    threads: usize,
    count: u64,
    samples: &Samples,
) -> Duration {
    let config = TrainConfig {
        epochs: count as usize + 1,
        ..*config
    };
    let run = timed(case, prepared, &config, f64::INFINITY).expect("a sound configuration");
    let seconds: f64 = run.seconds[1..].iter().sum();
    samples
        .borrow_mut()
        .push((*case, threads, seconds / count as f64));
    Duration::from_secs_f64(seconds)
}

fn table(samples: &[(Workload, usize, f64)]) {
    if samples.is_empty() {
        return;
    }
    let isa = Isa::detect();
    let peaks = [
        measure::peak_flops::<f32>(isa),
        measure::peak_flops::<f64>(isa),
    ];
    println!(
        "{isa}: {:.0} GFLOP/s (f32), {:.0} (f64) on one thread\n",
        peaks[0] / 1e9,
        peaks[1] / 1e9
    );
    println!(
        "| shape | µs a step, 1 thread | share of peak | of small's | GB/s | µs a step, 2 threads | share of peak | of small's |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    let share = |case: &Workload, threads: usize| {
        let of = samples
            .iter()
            .filter(|(c, t, _)| c.name == case.name && *t == threads);
        let seconds: Vec<f64> = of.map(|(_, _, seconds)| *seconds).collect();
        (!seconds.is_empty()).then(|| {
            let peak = peaks[usize::from(case.precision == Precision::F64)] * threads as f64;
            let epoch = median(&seconds);
            (
                epoch / case.steps_per_epoch() as f64,
                case.padded_flops() / epoch / peak,
            )
        })
    };
    for case in FOUR.iter().chain(&ODD) {
        let mut line = format!("| {} ", case.name);
        for threads in [1, 2] {
            match (share(case, threads), share(&FOUR[1], threads)) {
                (Some((step, of_peak)), small) => {
                    line += &format!("| {:.2} | {of_peak:.2} ", step * 1e6);
                    line +=
                        &small.map_or("| – ".to_owned(), |s| format!("| {:.2} ", of_peak / s.1));
                    if threads == 1 {
                        let rate = case.moved_bytes() / (step * case.steps_per_epoch() as f64);
                        line += &match case.batch_rows() {
                            ..32 => format!("| {:.0} ", rate / 1e9),
                            _ => "| ".to_owned(),
                        };
                    }
                }
                (None, _) => {
                    line += if threads == 1 {
                        "| – | – | – | "
                    } else {
                        "| – | – | – "
                    }
                }
            }
        }
        println!("{line}|");
    }
}
