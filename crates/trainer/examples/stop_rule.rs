//! An observer with a rule of its own for when to stop, beside a log of what happens.
//!
//! `cargo run --release -p chainrule-trainer --example stop_rule`
//!
//! The rule: fit a line through the last validation losses; stop when it falls by less than a share of the loss an epoch. Unlike patience it
//! is not put off by a single lucky epoch.

use std::error::Error;
use std::io::stderr;

use chainrule_data::{Table, embedded};
use chainrule_trainer::{
    Classifier, Control, EpochReport, JsonLines, Observer, StepReport, Warning,
};

/// Stops when the validation losses of a window of epochs no longer fall.
struct Flat {
    /// How many epochs the line goes through.
    window: usize,
    /// It must fall by this share of the loss an epoch.
    least: f64,
    losses: Vec<f64>,
    steps: usize,
}

impl Observer for Flat {
    // The one method that an observer must have.
    fn epoch(&mut self, report: &EpochReport) -> Control {
        // Without validation rows there is nothing to judge by.
        let Some(loss) = report.validation_loss else {
            return Control::Continue;
        };
        self.losses.push(loss);
        let Some(from) = self.losses.len().checked_sub(self.window) else {
            return Control::Continue;
        };
        if slope(&self.losses[from..]) < -self.least * loss {
            Control::Continue
        } else {
            Control::Stop
        }
    }

    // Called after each step: it should be quick.
    fn step(&mut self, _: &StepReport) -> Control {
        self.steps += 1;
        Control::Continue
    }

    fn warning(&mut self, warning: &Warning) {
        eprintln!("{warning}; try {}", warning.remedy);
    }
}

/// The slope of the line of least squares through the values, at 0, 1, 2, …
fn slope(values: &[f64]) -> f64 {
    let middle = (values.len() as f64 - 1.0) / 2.0;
    let (mut above, mut below) = (0.0, 0.0);
    for (at, value) in values.iter().enumerate() {
        let x = at as f64 - middle;
        above += x * value;
        below += x * x;
    }
    above / below
}

fn main() -> Result<(), Box<dyn Error>> {
    let wdbc = embedded::wdbc();
    let table = Table::from_csv(wdbc.name, wdbc.bytes)?;
    let mut rule = Flat {
        window: 10,
        least: 0.005,
        losses: Vec::new(),
        steps: 0,
    };
    // Observers add up to one: any of them may stop.
    let mut log = JsonLines::new(stderr());
    let mut all: Vec<&mut dyn Observer> = vec![&mut rule, &mut log];
    let model = Classifier::builder()
        .target(wdbc.target)
        .epochs(1000)
        .observer(&mut all)
        .fit(&table)?;
    let report = model.report().ok_or("a trained model has a report")?;
    println!(
        "{} after {} of 1000 epochs and {} steps, validation loss {:.4}",
        report.outcome.name(),
        report.history.len(),
        rule.steps,
        rule.losses[rule.losses.len() - 1],
    );
    Ok(())
}
