//! What a threshold that the validation rows chose is worth on a fifth of the rows that nothing else saw, over many seeds.
//!
//! `cargo run --release -p chainrule-trainer --example threshold -- [DATA.csv…]`
//!
//! Without arguments the embedded set is measured. The target is the last column, but for the embedded set's; a column `duration`
//! is left out, since in bank_marketing it tells the label.

use std::error::Error;
use std::path::Path;

use chainrule_data::{Schema, SchemaOptions, Table, embedded};
use chainrule_trainer::{Batch, Classifier, Metric, Threshold, TrainConfig};

const SEEDS: u64 = 40;

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
    let wdbc = embedded::wdbc();
    let mut tables = vec![Table::from_csv(wdbc.name, wdbc.bytes)?];
    let paths: Vec<String> = std::env::args().skip(1).collect();
    for path in &paths {
        let name = Path::new(path).file_stem().ok_or("no file name")?;
        let bytes = std::fs::read(path)?;
        tables.push(Table::from_csv(name.to_string_lossy(), &bytes[..])?);
    }
    for table in tables.split_off(paths.len().min(1)) {
        measure(&table)?;
    }
    Ok(())
}

/// A way to have a threshold: its name, and the threshold, given the share of the positive class.
type Way = (String, fn(f64, Metric) -> Option<Threshold>, Metric);

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
    let positives = data.labels().iter().filter(|&&label| label).count();
    let share = positives as f64 / data.len() as f64;
    println!(
        "\n{}: {} rows, {:.1} % positive\n",
        table.source(),
        data.len(),
        100.0 * share
    );
    let titles = METRICS.map(Metric::name).join(" | ");
    println!(
        "| threshold | mean | {titles} | its metric, validation | test | at 1/2 | difference |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|---|");
    let mut ways: Vec<Way> = vec![
        ("1/2".to_owned(), |_, _| None, Metric::Accuracy),
        (
            "share".to_owned(),
            |share, _| Some(Threshold::Fixed(share)),
            Metric::BalancedAccuracy,
        ),
    ];
    ways.extend(Metric::FOR_THRESHOLDS.map(|metric| -> Way {
        (
            metric.name().to_owned(),
            |_, metric| Some(Threshold::Tuned(metric)),
            metric,
        )
    }));
    let mut at_half = Vec::new();
    for (name, threshold, metric) in ways {
        let mut sums = [(0.0, 0.0); METRICS.len()];
        let (mut mean, mut on_validation, mut on_test) = (0.0, 0.0, Vec::new());
        let mut of_all = Vec::new();
        for seed in 0..SEEDS {
            let mut builder = Classifier::builder()
                .schema(schema.clone())
                .epochs(TrainConfig::epochs_for(data.len(), Batch::Rows(32)))
                .test_fraction(0.2)
                .seed(seed);
            if let Some(threshold) = threshold(share, metric) {
                builder = builder.threshold(threshold);
            }
            let model = builder.fit(table)?;
            let report = model.report().ok_or("no report")?;
            let test = report.test.clone().ok_or("no test")??;
            let validation = report.validation.clone().ok_or("no validation")??;
            mean += model.threshold() / SEEDS as f64;
            for (sum, metric) in sums.iter_mut().zip(METRICS) {
                // Without a row that is predicted positive, precision and MCC have no value.
                if let Ok(value) = test.value(metric) {
                    *sum = (sum.0 + value, sum.1 + 1.0);
                }
            }
            let or_zero = |report: &chainrule_metrics::Report, m| report.value(m).unwrap_or(0.0);
            on_validation += or_zero(&validation, metric) / SEEDS as f64;
            on_test.push(or_zero(&test, metric));
            of_all.push(METRICS.map(|metric| or_zero(&test, metric)));
        }
        if at_half.is_empty() {
            at_half = of_all;
        }
        let place = METRICS
            .iter()
            .position(|m| *m == metric)
            .ok_or("not looked at")?;
        let before: Vec<f64> = at_half.iter().map(|values| values[place]).collect();
        let gains: Vec<f64> = on_test.iter().zip(&before).map(|(a, b)| a - b).collect();
        let cells: Vec<String> = sums
            .map(|(sum, count)| format!("{:.3}", sum / count))
            .into();
        let (gain, error) = mean_and_error(&gains);
        println!(
            "| {name} | {mean:.3} | {} | {on_validation:.3} | {:.3} | {:.3} | {gain:+.3} ± {error:.3} |",
            cells.join(" | "),
            mean_and_error(&on_test).0,
            mean_and_error(&before).0,
        );
    }
    Ok(())
}

/// The mean and its standard error.
fn mean_and_error(values: &[f64]) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|v| (v - mean) * (v - mean)).sum();
    (mean, (squares / (count * (count - 1.0))).sqrt())
}
