//! A log of a training as lines of JSON.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use serde::Serialize;

use crate::{
    Control, EndReport, EpochReport, LayerReport, LayersReport, Observer, Outcome, TrainingInfo,
    Warning,
};

/// Writes a line of JSON for each thing that happens, as it happens. Every line is an object with an `event`:
///
/// | `event` | when | members |
/// |---|---|---|
/// | `start` | before the first step | `version` of this crate, `rows`, `validation_rows`, `features`, `parameter_count`, `epochs`, `batch_size`, `steps_per_epoch`, `threads`, `isa`, `precision`, `resumed_from_step` |
/// | `epoch` | after each epoch | `epoch` (from 1), `epochs`, `train_loss`, `validation_loss`, `score` (of early stopping), `learning_rate`, `steps`, `seconds` (of the steps so far) |
/// | `layers` | where the layers were looked at | `epoch`, `steps`, `rows`, `layers`: for each `layer` its `units`, `activation`, `mean`, `std`, `saturated`, `gradient_norm`, `gradient_rms`, `weight_norm`; see [`LayerReport`] |
/// | `warning` | once for each | `epoch`, `code`, `layer`, `value`, `message`, `try` (in the words of the [`Builder`](crate::Builder)) |
/// | `end` | after the last step | `outcome` (`finished`, `stopped`, `interrupted`, `diverged`, …), `divergence`, `epochs`, `steps`, `seconds` |
///
/// What is not there, infinite or no number is `null`.
///
/// ```
/// use chainrule_data::{Table, embedded};
/// use chainrule_trainer::{Classifier, JsonLines};
///
/// let wdbc = embedded::wdbc();
/// let table = Table::from_csv(wdbc.name, wdbc.bytes)?;
/// let mut log = JsonLines::new(Vec::new());
/// Classifier::builder().target(wdbc.target).epochs(3).observer(&mut log).fit(&table)?;
/// let text = String::from_utf8(log.finish()?)?;
/// assert!(text.lines().next().unwrap().starts_with(r#"{"event":"start","#));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct JsonLines<W> {
    out: W,
    begin: Option<fn(&mut W, &TrainingInfo) -> io::Result<()>>,
    error: Option<io::Error>,
}

impl<W: Write> JsonLines<W> {
    /// Writes here, each line by one call.
    pub fn new(out: W) -> JsonLines<W> {
        JsonLines {
            out,
            begin: None,
            error: None,
        }
    }

    /// The first error there was, after which nothing more was written.
    pub fn error(&self) -> Option<&io::Error> {
        self.error.as_ref()
    }

    /// Gives back what was written to.
    ///
    /// # Errors
    /// The first error there was.
    pub fn finish(mut self) -> io::Result<W> {
        match self.error {
            Some(error) => Err(error),
            None => self.out.flush().map(|()| self.out),
        }
    }

    fn line(&mut self, event: &Event<'_>) {
        if self.error.is_some() {
            return;
        }
        let written = serde_json::to_vec(event).map_err(io::Error::from);
        let written = written.and_then(|mut line| {
            line.push(b'\n');
            self.out.write_all(&line)
        });
        self.error = written.err();
    }
}

impl JsonLines<File> {
    /// Writes to a file, which is made if there is none. What is in it stays until the training begins; then it is emptied, or
    /// continued behind its last whole line if the training goes on from a checkpoint.
    ///
    /// # Errors
    /// If the file can't be opened for writing.
    pub fn open(path: &Path) -> io::Result<JsonLines<File>> {
        let file = OpenOptions::new()
            .create(true)
            .read(true)
            .append(true)
            .open(path)?;
        Ok(JsonLines {
            out: file,
            begin: Some(|file, info| match info.resumed_from_step {
                // A pipe or a terminal has nothing to be emptied.
                _ if !file.metadata()?.is_file() => Ok(()),
                None => file.set_len(0),
                Some(_) => cut_unfinished_line(file),
            }),
            error: None,
        })
    }
}

/// Takes away what a killed process has left of a line.
fn cut_unfinished_line(file: &mut File) -> io::Result<()> {
    const BLOCK: u64 = 4096;
    let mut end = file.seek(SeekFrom::End(0))?;
    let mut block = Vec::new();
    while end > 0 {
        let start = end.saturating_sub(BLOCK);
        file.seek(SeekFrom::Start(start))?;
        block.clear();
        file.take(end - start).read_to_end(&mut block)?;
        if let Some(at) = block.iter().rposition(|&byte| byte == b'\n') {
            return file.set_len(start + at as u64 + 1);
        }
        end = start;
    }
    file.set_len(0)
}

impl<W: Write> Observer for JsonLines<W> {
    fn start(&mut self, info: &TrainingInfo) {
        if let (Some(begin), None) = (self.begin, &self.error) {
            self.error = begin(&mut self.out, info).err();
        }
        self.line(&Event::Start {
            version: env!("CARGO_PKG_VERSION"),
            rows: info.rows,
            validation_rows: info.validation_rows,
            features: info.features,
            parameter_count: info.parameter_count,
            epochs: info.epochs,
            batch_size: info.batch_rows,
            steps_per_epoch: info.steps_per_epoch,
            threads: info.threads,
            isa: info.isa.to_string(),
            precision: info.precision.to_string(),
            resumed_from_step: info.resumed_from_step,
        });
    }

    fn epoch(&mut self, report: &EpochReport) -> Control {
        self.line(&Event::Epoch {
            epoch: report.epoch,
            epochs: report.epochs,
            train_loss: report.train_loss,
            validation_loss: report.validation_loss,
            score: report.score,
            learning_rate: report.learning_rate,
            steps: report.steps,
            seconds: report.seconds,
        });
        Control::Continue
    }

    fn layers(&mut self, report: &LayersReport<'_>) {
        self.line(&Event::Layers {
            epoch: report.epoch,
            steps: report.steps,
            rows: report.rows,
            layers: report.layers.iter().map(Layer::from).collect(),
        });
    }

    fn warning(&mut self, warning: &Warning) {
        self.line(&Event::Warning {
            epoch: warning.epoch,
            code: warning.code(),
            layer: warning.layer(),
            value: warning.value(),
            message: warning.to_string(),
            remedy: warning.remedy.to_string(),
        });
    }

    fn end(&mut self, report: &EndReport<'_>) {
        let divergence = match report.outcome {
            Outcome::Diverged(divergence) => Some(divergence.to_string()),
            _ => None,
        };
        self.line(&Event::End {
            outcome: report.outcome.name(),
            divergence,
            epochs: report.epochs,
            steps: report.steps,
            seconds: report.seconds,
        });
    }
}

/// A line.
#[derive(Serialize)]
#[serde(tag = "event", rename_all = "lowercase")]
enum Event<'a> {
    Start {
        version: &'static str,
        rows: usize,
        validation_rows: usize,
        features: usize,
        parameter_count: usize,
        epochs: usize,
        batch_size: usize,
        steps_per_epoch: usize,
        threads: usize,
        isa: String,
        precision: String,
        resumed_from_step: Option<usize>,
    },
    Epoch {
        epoch: usize,
        epochs: usize,
        train_loss: f64,
        validation_loss: Option<f64>,
        score: Option<f64>,
        learning_rate: f64,
        steps: usize,
        seconds: f64,
    },
    Layers {
        epoch: usize,
        steps: usize,
        rows: usize,
        layers: Vec<Layer>,
    },
    Warning {
        epoch: usize,
        code: &'a str,
        layer: Option<usize>,
        value: f64,
        message: String,
        #[serde(rename = "try")]
        remedy: String,
    },
    End {
        outcome: &'a str,
        divergence: Option<String>,
        epochs: usize,
        steps: usize,
        seconds: f64,
    },
}

#[derive(Serialize)]
struct Layer {
    layer: usize,
    units: usize,
    activation: String,
    mean: f64,
    std: f64,
    saturated: Option<f64>,
    gradient_norm: f64,
    gradient_rms: f64,
    weight_norm: f64,
}

impl From<&LayerReport> for Layer {
    fn from(report: &LayerReport) -> Layer {
        Layer {
            layer: report.layer,
            units: report.units,
            activation: report.activation.to_string(),
            mean: report.mean,
            std: report.std,
            saturated: report.saturated,
            gradient_norm: report.gradient_norm,
            gradient_rms: report.gradient_rms,
            weight_norm: report.weight_norm,
        }
    }
}
