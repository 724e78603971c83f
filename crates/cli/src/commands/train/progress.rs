//! Progress of a training on stderr: a bar on a terminal, a line for every tenth of the epochs elsewhere.

use crate::terminal;
use chainrule_trainer::{Control, EpochReport, Observer};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::time::{Duration, Instant};

/// Shows how a training goes on.
pub enum Progress {
    /// Nothing is shown.
    Silent,
    /// On a terminal.
    Bar {
        /// The bar, which is gone when the training is over.
        bar: ProgressBar,
        /// When the losses beside it were last brought up to date.
        drawn: Option<Instant>,
    },
    /// Elsewhere.
    Lines,
}

/// Often enough for an eye.
const REDRAW: Duration = Duration::from_millis(100);

impl Progress {
    /// For so many epochs.
    pub fn new(epochs: usize, quiet: bool) -> Progress {
        if quiet || epochs == 0 {
            return Progress::Silent;
        }
        if !terminal::stderr_can_draw() {
            return Progress::Lines;
        }
        let bar = ProgressBar::with_draw_target(Some(epochs as u64), ProgressDrawTarget::stderr());
        // Without colours: nothing for NO_COLOR to take off.
        let style = ProgressStyle::with_template("{bar:30} epoch {pos}/{len}  {msg}  {eta} left");
        bar.set_style(
            style
                .unwrap_or_else(|_| ProgressStyle::default_bar())
                .progress_chars("█▉▊▋▌▍▎▏ "),
        );
        Progress::Bar { bar, drawn: None }
    }

    /// Takes the bar off the screen.
    pub fn finish(&self) {
        if let Progress::Bar { bar, .. } = self {
            bar.finish_and_clear();
        }
    }
}

impl Observer for Progress {
    fn epoch(&mut self, report: &EpochReport) -> Control {
        match self {
            Progress::Silent => {}
            Progress::Lines if is_tenth(report.epoch, report.epochs) => {
                terminal::say(&format!(
                    "epoch {}/{}  {}",
                    report.epoch,
                    report.epochs,
                    losses(report)
                ));
            }
            Progress::Lines => {}
            Progress::Bar { bar, drawn } => {
                if drawn.is_none_or(|drawn| drawn.elapsed() >= REDRAW) {
                    bar.set_position(report.epoch as u64);
                    bar.set_message(losses(report));
                    *drawn = Some(Instant::now());
                }
            }
        }
        Control::Continue
    }
}

fn losses(report: &EpochReport) -> String {
    let mut text = format!("train loss {:.4}", report.train_loss);
    if let Some(loss) = report.validation_loss {
        text += &format!("  validation loss {loss:.4}");
    }
    text
}

/// Whether another tenth is reached: every epoch of ten, and the last of any number.
fn is_tenth(epoch: usize, epochs: usize) -> bool {
    let tenths = |epoch: usize| epoch as u128 * 10 / epochs.max(1) as u128;
    tenths(epoch) > tenths(epoch.saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn about_ten_lines() {
        let count = |epochs| {
            (1..=epochs)
                .filter(|&epoch| is_tenth(epoch, epochs))
                .count()
        };
        assert_eq!(
            [1, 3, 10, 11, 200, 12345].map(count),
            [1, 3, 10, 10, 10, 10]
        );
        assert!(is_tenth(1, 1) && is_tenth(12345, 12345));
    }
}
