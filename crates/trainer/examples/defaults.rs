//! What the defaults are worth: held-out metrics over forty seeds for some optimisers, learning rates and numbers of epochs.
//!
//! `cargo run --release -p chainrule-trainer --example defaults -- [DATA.csv…]`
//!
//! Without arguments the embedded set is measured. A file has a header or none; its last column is the target.

use std::error::Error;

use chainrule_data::{Table, embedded};
use chainrule_trainer::{Adam, Batch, Classifier, Momentum, Sgd};

const SEEDS: u64 = 40;

fn main() -> Result<(), Box<dyn Error>> {
    let wdbc = embedded::wdbc();
    let mut tables = vec![Table::from_csv(wdbc.name, wdbc.bytes)?];
    for path in std::env::args().skip(1) {
        tables.push(Table::open(path)?);
    }
    for table in &tables {
        println!("\n{} ({} rows)", table.source(), table.rows());
        println!("| optimizer | rate | batch | epochs | ROC AUC | log loss | accuracy | seconds |");
        println!("|---|---|---|---|---|---|---|---|");
        for optimizer in ["adam", "momentum", "sgd"] {
            let rates: &[f64] = match optimizer {
                "adam" => &[0.001, 0.003, 0.01, 0.02],
                "momentum" => &[0.03, 0.1],
                _ => &[0.3, 1.0],
            };
            for &rate in rates {
                for batch in [32, 64] {
                    for epochs in [20, 40, 50, 100, 200] {
                        measure(table, optimizer, rate, batch, epochs)?;
                    }
                }
            }
        }
    }
    Ok(())
}

fn measure(
    table: &Table,
    optimizer: &str,
    rate: f64,
    batch: usize,
    epochs: usize,
) -> Result<(), Box<dyn Error>> {
    let target = table.names().last().ok_or("no columns")?;
    let (mut auc, mut loss, mut accuracy, mut seconds) = (0.0, 0.0, 0.0, 0.0);
    for seed in 0..SEEDS {
        let builder = Classifier::builder()
            .target(target)
            .batch(Batch::Rows(batch))
            .learning_rate(rate)
            .epochs(epochs)
            .seed(seed);
        let builder = match optimizer {
            "adam" => builder.optimizer(Adam::default()),
            "momentum" => builder.optimizer(Momentum::default()),
            _ => builder.optimizer(Sgd),
        };
        let model = builder.fit(table)?;
        let report = model.report().ok_or("no report")?;
        let validation = report.validation.clone().ok_or("no validation")??;
        auc += validation.roc_auc? / SEEDS as f64;
        loss += validation.log_loss / SEEDS as f64;
        accuracy += validation.accuracy / SEEDS as f64;
        seconds += report.seconds / SEEDS as f64;
    }
    println!(
        "| {optimizer} | {rate} | {batch} | {epochs} | {auc:.4} | {loss:.4} | {accuracy:.4} | {seconds:.3} |"
    );
    Ok(())
}
