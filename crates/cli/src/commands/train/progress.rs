//! Progress of a training on stderr: a bar on a terminal, a line for every tenth of the epochs elsewhere.

use super::warnings;
use crate::number::{decimals, duration, grouped};
use crate::terminal::{self, Line};
use chainrule_trainer::{Control, EpochReport, Observer, StepReport, TrainingInfo, Warning};
use std::time::{Duration, Instant};

/// Shows how a training goes on, and what is wrong with it.
pub enum Progress {
    /// Nothing is shown.
    Silent,
    /// On a terminal.
    Bar(Box<Bar>),
    /// Elsewhere.
    Lines,
}

impl Progress {
    /// For so many epochs.
    pub fn new(epochs: usize, quiet: bool) -> Progress {
        if quiet {
            return Progress::Silent;
        }
        if epochs == 0 || !terminal::stderr_can_draw() {
            return Progress::Lines;
        }
        Progress::Bar(Box::default())
    }

    /// Takes the bar off the screen.
    pub fn finish(&mut self) {
        if let Progress::Bar(bar) = self {
            bar.line.clear();
        }
    }
}

impl Observer for Progress {
    fn start(&mut self, info: &TrainingInfo) {
        if let Progress::Bar(bar) = self {
            bar.start(info);
        }
    }

    fn resume(&mut self, history: &[EpochReport]) {
        if let Progress::Bar(bar) = self
            && let Some(last) = history.last()
        {
            bar.resume(last);
        }
    }

    fn step(&mut self, report: &StepReport) -> Control {
        if let Progress::Bar(bar) = self {
            bar.step(report);
        }
        Control::Continue
    }

    fn epoch(&mut self, report: &EpochReport) -> Control {
        match self {
            Progress::Silent => {}
            Progress::Lines if is_tenth(report.epoch, report.epochs) => {
                terminal::say(&format!(
                    "epoch {:>width$}/{}  {}",
                    report.epoch,
                    report.epochs,
                    losses(report),
                    width = report.epochs.to_string().len()
                ));
            }
            Progress::Lines => {}
            Progress::Bar(bar) => bar.epoch(report),
        }
        Control::Continue
    }

    fn warning(&mut self, warning: &Warning) {
        match self {
            Progress::Silent => return,
            Progress::Bar(bar) => bar.line.clear(),
            Progress::Lines => {}
        }
        terminal::warn(&warnings::text(warning));
    }
}

/// A line that is drawn over and over. It has no colours: there is nothing for `NO_COLOR` to take off.
#[derive(Default)]
pub struct Bar {
    line: Line,
    shown: Option<Shown>,
    drawn: Option<Instant>,
    /// Steps to let go by before the next look at the clock, and how many it was.
    wait: u32,
    pace: u32,
    looked: Option<Instant>,
}

/// What a bar shows.
#[derive(Clone, Debug)]
struct Shown {
    started: Instant,
    epochs: usize,
    steps_per_epoch: usize,
    rows: usize,
    /// Steps that were done when this process began.
    before: usize,
    /// Steps that are done.
    steps: usize,
    epoch: usize,
    losses: Option<(f64, Option<f64>)>,
    learning_rate: Option<f64>,
}

/// Often enough for an eye.
const REDRAW: Duration = Duration::from_millis(100);

impl Bar {
    fn start(&mut self, info: &TrainingInfo) {
        self.shown = Some(Shown {
            started: Instant::now(),
            epochs: info.epochs,
            steps_per_epoch: info.steps_per_epoch,
            rows: info.rows,
            before: 0,
            steps: 0,
            epoch: 0,
            losses: None,
            learning_rate: None,
        });
        (self.wait, self.pace) = (1, 1);
    }

    /// What was done before is no measure of the speed.
    fn resume(&mut self, last: &EpochReport) {
        self.epoch(last);
        if let Some(shown) = &mut self.shown {
            shown.before = shown.steps;
        }
    }

    /// This counts as training: most steps only count down.
    fn step(&mut self, report: &StepReport) {
        self.wait = self.wait.saturating_sub(1);
        if self.wait > 0 {
            return;
        }
        let now = Instant::now();
        if let Some(looked) = self.looked.replace(now) {
            // Ten looks at the clock for a drawing.
            self.pace = match now - looked {
                passed if passed < REDRAW / 20 => (self.pace * 2).min(1 << 16),
                passed if passed > REDRAW / 5 => (self.pace / 2).max(1),
                _ => self.pace,
            };
        }
        self.wait = self.pace;
        let Some(shown) = &mut self.shown else { return };
        shown.steps = (report.epoch - 1) * report.batches + report.batch;
        shown.epoch = report.epoch;
        // Until there is a mean over an epoch, the loss of the batch.
        if shown.losses.is_none_or(|(_, _)| report.epoch == 1) {
            shown.losses = Some((report.loss, None));
        }
        self.draw(now);
    }

    fn epoch(&mut self, report: &EpochReport) {
        let Some(shown) = &mut self.shown else { return };
        shown.steps = report.epoch * shown.steps_per_epoch;
        shown.epoch = report.epoch;
        shown.losses = Some((report.train_loss, report.validation_loss));
        shown.learning_rate = Some(report.learning_rate);
        self.draw(Instant::now());
    }

    fn draw(&mut self, now: Instant) {
        if self.drawn.is_some_and(|drawn| now - drawn < REDRAW) {
            return;
        }
        self.drawn = Some(now);
        if let Some(shown) = &self.shown {
            let width = terminal::stderr_width();
            self.line.draw(&shown.line(width, now - shown.started));
        }
    }
}

impl Shown {
    /// A line of at most so many characters, with as much as there is room for.
    fn line(&self, width: usize, elapsed: Duration) -> String {
        let all = self.epochs * self.steps_per_epoch;
        let share = self.steps as f64 / all.max(1) as f64;
        let epoch = format!("epoch {}/{}", self.epoch, self.epochs);
        let losses = |train: &str, validation: &str| match self.losses {
            None => String::new(),
            Some((loss, None)) => format!("{train} {}", decimals(loss)),
            Some((loss, Some(other))) => format!(
                "{train} {}  {validation} {}",
                decimals(loss),
                decimals(other)
            ),
        };
        let (long, short) = (
            losses("train loss", "validation loss"),
            losses("loss", "val"),
        );
        let learning_rate = self.learning_rate.map(|rate| format!("rate {rate}"));
        let learning_rate = learning_rate.unwrap_or_default();
        let done = self.steps.saturating_sub(self.before) as f64;
        let seconds = elapsed.as_secs_f64();
        let (mut speed, mut left) = (String::new(), String::new());
        if done > 0.0 && seconds > 0.0 {
            let rows = done / self.steps_per_epoch as f64 * self.rows as f64;
            speed = format!("{} rows/s", grouped((rows / seconds) as usize));
            let rest = (all - self.steps.min(all)) as f64 * seconds / done;
            // What would take centuries has no end worth telling.
            if let Ok(rest) = Duration::try_from_secs_f64(rest) {
                left = format!("{} left", duration(rest));
            }
        }
        // From the richest on: how wide the bar must be at least, and what stands behind it.
        let layouts: [(usize, &[&str]); 7] = [
            (20, &[&epoch, &long, &learning_rate, &speed, &left]),
            (10, &[&epoch, &short, &learning_rate, &speed, &left]),
            (10, &[&epoch, &short, &speed, &left]),
            (8, &[&epoch, &short, &left]),
            (0, &[&epoch, &short, &left]),
            (0, &[&epoch, &short]),
            (0, &[&epoch]),
        ];
        for (least, parts) in layouts {
            let parts: Vec<&str> = parts.iter().copied().filter(|p| !p.is_empty()).collect();
            let text = parts.join("  ");
            let room = width.checked_sub(text.chars().count() + if least > 0 { 2 } else { 0 });
            match room {
                Some(room) if least > 0 && room >= least => {
                    return format!("{}  {text}", bar(share, room.min(30)));
                }
                Some(_) if least == 0 => return text,
                _ => {}
            }
        }
        epoch.chars().take(width).collect()
    }
}

/// A bar of so many characters, filled to a share of it.
fn bar(share: f64, width: usize) -> String {
    const EIGHTHS: [char; 8] = [' ', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];
    let eighths = ((share.clamp(0.0, 1.0) * 8.0 * width as f64) as usize).min(8 * width);
    let mut text: String = std::iter::repeat_n('█', eighths / 8).collect();
    if !eighths.is_multiple_of(8) {
        text.push(EIGHTHS[eighths % 8]);
    }
    let blank = width - text.chars().count();
    text.extend(std::iter::repeat_n(' ', blank));
    text
}

fn losses(report: &EpochReport) -> String {
    let mut text = format!("train loss {}", decimals(report.train_loss));
    if let Some(loss) = report.validation_loss {
        text += &format!("  validation loss {}", decimals(loss));
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

    #[test]
    fn a_bar_fills() {
        assert_eq!(bar(0.0, 4), "    ");
        assert_eq!(bar(0.5, 4), "██  ");
        assert_eq!(bar(0.54, 4), "██▏ ");
        assert_eq!(bar(1.0, 4), "████");
        assert_eq!(bar(7.0, 3), "███");
    }

    #[test]
    fn a_line_is_never_wider_than_the_terminal_and_has_all_of_it_where_there_is_room() {
        let shown = Shown {
            started: Instant::now(),
            epochs: 50,
            steps_per_epoch: 1000,
            rows: 32_000,
            before: 0,
            steps: 12_500,
            epoch: 13,
            losses: Some((0.25, Some(0.375))),
            learning_rate: Some(0.003),
        };
        let line = |width| shown.line(width, Duration::from_secs(10));
        for width in 0..200 {
            assert!(line(width).chars().count() <= width, "{width}");
        }
        assert_eq!(
            line(120),
            "██████                    epoch 13/50  train loss 0.2500  validation loss 0.3750  rate 0.003  40,000 rows/s  30.0 s left"
        );
        assert_eq!(
            line(80),
            "███▌            epoch 13/50  loss 0.2500  val 0.3750  40,000 rows/s  30.0 s left"
        );
        assert_eq!(line(40), "epoch 13/50  loss 0.2500  val 0.3750");
        assert_eq!(line(12), "epoch 13/50");
        assert_eq!(line(5), "epoch");
    }
}
