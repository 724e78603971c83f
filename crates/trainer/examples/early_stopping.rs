//! What early stopping is worth: metrics on a fifth of the rows that nothing else saw, over twenty seeds.
//!
//! `cargo run --release -p chainrule-trainer --example early_stopping -- [DATA.csv…]`
//!
//! Without arguments the embedded set is measured. The target is the last column, but for the embedded set's.

use std::error::Error;
use std::path::Path;

use chainrule_data::{Table, embedded};
use chainrule_trainer::{Classifier, EarlyStopping, Metric};

const SEEDS: u64 = 20;

/// Epochs at most, patience if it may stop early, and the share of rows to validate on.
const WAYS: [(usize, Option<usize>, f64); 8] = [
    (50, None, 0.0),
    (50, None, 0.2),
    (50, Some(10), 0.2),
    (500, None, 0.2),
    (500, Some(5), 0.2),
    (500, Some(10), 0.2),
    (500, Some(20), 0.2),
    (500, Some(50), 0.2),
];

fn main() -> Result<(), Box<dyn Error>> {
    let wdbc = embedded::wdbc();
    let mut tables = vec![Table::from_csv(wdbc.name, wdbc.bytes)?];
    for path in std::env::args().skip(1) {
        let name = Path::new(&path).file_stem().ok_or("no file name")?;
        let bytes = std::fs::read(&path)?;
        tables.push(Table::from_csv(name.to_string_lossy(), &bytes[..])?);
    }
    for table in &tables {
        println!("\n{} ({} rows)\n", table.source(), table.rows());
        println!(
            "| epochs | patience | validation | log loss | ± | ROC AUC | accuracy | last epoch | kept epoch | seconds |"
        );
        println!("|---|---|---|---|---|---|---|---|---|---|");
        for way in WAYS {
            measure(table, way)?;
        }
    }
    Ok(())
}

fn measure(
    table: &Table,
    (epochs, patience, validation): (usize, Option<usize>, f64),
) -> Result<(), Box<dyn Error>> {
    let names = table.names();
    let is_known = names.iter().any(|name| name == "diagnosis");
    let last = names.last().ok_or("no columns")?;
    let target = if is_known { "diagnosis" } else { last };
    let (mut losses, mut auc, mut accuracy, mut seconds) = (Vec::new(), 0.0, 0.0, 0.0);
    let (mut ended, mut kept) = (0.0, 0.0);
    for seed in 0..SEEDS {
        let mut builder = Classifier::builder()
            .target(target)
            .epochs(epochs)
            .validation_fraction(validation)
            .test_fraction(0.2)
            .seed(seed);
        if let Some(patience) = patience {
            builder = builder.early_stopping(EarlyStopping {
                metric: Metric::LogLoss,
                patience,
                min_delta: 0.0,
            });
        }
        let model = builder.fit(table)?;
        let report = model.report().ok_or("no report")?;
        let test = report.test.clone().ok_or("no test")??;
        losses.push(test.log_loss);
        auc += test.roc_auc? / SEEDS as f64;
        accuracy += test.accuracy / SEEDS as f64;
        seconds += report.seconds / SEEDS as f64;
        ended += report.history.len() as f64 / SEEDS as f64;
        kept += report.best_epoch.unwrap_or(report.history.len()) as f64 / SEEDS as f64;
    }
    let loss = losses.iter().sum::<f64>() / SEEDS as f64;
    let squares = losses.iter().map(|l| (l - loss) * (l - loss)).sum::<f64>();
    let error = (squares / (SEEDS * (SEEDS - 1)) as f64).sqrt();
    let patience = patience.map_or("none".to_owned(), |patience| patience.to_string());
    println!(
        "| {epochs} | {patience} | {validation} | {loss:.4} | {error:.4} | {auc:.4} | {accuracy:.4} | {ended:.0} | {kept:.0} | {seconds:.3} |"
    );
    Ok(())
}
