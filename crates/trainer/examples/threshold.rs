//! What a threshold that the validation rows chose is worth on a fifth of the rows that nothing else saw, over forty seeds (ten for a table of
//! 5,000 rows or more).
//!
//! `cargo run --release -p chainrule-trainer --example threshold -- [DATA.csv…]`
//!
//! Without arguments the embedded set is measured. The target is the last column, but for the embedded set's; a column `duration`
//! is left out, since in bank_marketing it tells the label.

use std::error::Error;
use std::path::Path;

use chainrule_data::{Schema, SchemaOptions, Table, embedded};
use chainrule_metrics::Report;
use chainrule_trainer::{Batch, Classifier, Metric, Threshold, TrainConfig};

/// Of a table with so many rows.
fn seeds(rows: usize) -> u64 {
    if rows < 5000 { 40 } else { 10 }
}

/// What is looked at.
const METRICS: [Metric; 6] = [
    Metric::Accuracy,
    Metric::BalancedAccuracy,
    Metric::Recall,
    Metric::Precision,
    Metric::F1,
    Metric::Mcc,
];

fn main() -> Result<(), Box<dyn Error>> {
    let mut tables = Vec::new();
    for path in std::env::args().skip(1) {
        let name = Path::new(&path).file_stem().ok_or("no file name")?;
        let bytes = std::fs::read(&path)?;
        tables.push(Table::from_csv(name.to_string_lossy(), &bytes[..])?);
    }
    if tables.is_empty() {
        let wdbc = embedded::wdbc();
        tables.push(Table::from_csv(wdbc.name, wdbc.bytes)?);
    }
    for table in &tables {
        measure(table)?;
    }
    Ok(())
}

/// What one way to have a threshold came to, seed by seed.
struct Way {
    name: String,
    /// What it is to make good.
    metric: Metric,
    thresholds: Vec<f64>,
    on_validation: Vec<Report>,
    on_test: Vec<Report>,
}

fn measure(table: &Table) -> Result<(), Box<dyn Error>> {
    let names = table.names();
    let is_known = names.iter().any(|name| name == "diagnosis");
    let last = names.last().ok_or("no columns")?;
    let target = if is_known { "diagnosis" } else { last };
    let ignore = names.iter().filter(|name| *name == "duration");
    let options = SchemaOptions {
        ignore: ignore.cloned().collect(),
        ..SchemaOptions::default()
    };
    let schema = Schema::infer_with(table, target, &options)?.schema;
    let data = schema.encode(table)?;
    let (rows, epochs) = (
        data.len(),
        TrainConfig::epochs_for(data.len(), Batch::Rows(32)),
    );
    let positives = data.labels().iter().filter(|&&label| label).count();
    let share = positives as f64 / rows as f64;
    let way = |name: &str, metric| Way {
        name: name.to_owned(),
        metric,
        thresholds: Vec::new(),
        on_validation: Vec::new(),
        on_test: Vec::new(),
    };
    let mut ways = vec![
        way("½", Metric::Accuracy),
        way("the share of the positive class", Metric::BalancedAccuracy),
    ];
    ways.extend(Metric::FOR_THRESHOLDS.map(|metric| way(metric.name(), metric)));
    for seed in 0..seeds(rows) {
        let builder = || {
            let builder = Classifier::builder().test_fraction(0.2).seed(seed);
            builder.schema(schema.clone())
        };
        let trained = builder().epochs(epochs).fit(table)?;
        for (at, way) in ways.iter_mut().enumerate() {
            let threshold = match at {
                0 => Threshold::Fixed(0.5),
                1 => Threshold::Fixed(share),
                _ => Threshold::Tuned(way.metric),
            };
            // The same rows are held out, and nothing is trained.
            let again = builder().init(&trained).epochs(0).threshold(threshold);
            let model = again.fit(table)?;
            let report = model.report().ok_or("no report")?;
            way.thresholds.push(model.threshold());
            way.on_validation
                .push(report.validation.clone().ok_or("no validation")??);
            way.on_test.push(report.test.clone().ok_or("no test")??);
        }
    }
    print(table.source(), rows, share, &ways);
    Ok(())
}

fn print(name: &str, rows: usize, share: f64, ways: &[Way]) {
    println!("\n{name}: {rows} rows, {:.1} % positive\n", 100.0 * share);
    let titles = METRICS.map(Metric::name).join(" | ");
    println!(
        "| threshold chosen by | mean threshold | {titles} | its metric on validation rows | on test rows | more than at ½ |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|");
    for way in ways {
        let cells = METRICS.map(|metric| format!("{:.3}", mean(&values(&way.on_test, metric)).0));
        let here = values(&way.on_test, way.metric);
        let before = values(&ways[0].on_test, way.metric);
        let gains: Vec<f64> = here.iter().zip(before).map(|(a, b)| a - b).collect();
        let (gain, error) = mean(&gains);
        println!(
            "| {} | {:.3} | {} | {:.3} | {:.3} | {gain:+.3} ± {error:.3} |",
            way.name,
            mean(&way.thresholds).0,
            cells.join(" | "),
            mean(&values(&way.on_validation, way.metric)).0,
            mean(&here).0,
        );
    }
}

/// A metric seed by seed; 0 for precision and MCC where no row was predicted positive.
fn values(reports: &[Report], metric: Metric) -> Vec<f64> {
    let values = reports.iter().map(|report| report.value(metric));
    values.map(|value| value.unwrap_or(0.0)).collect()
}

/// The mean and its standard error.
fn mean(values: &[f64]) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|v| (v - mean) * (v - mean)).sum();
    (mean, (squares / (count * (count - 1.0))).sqrt())
}
