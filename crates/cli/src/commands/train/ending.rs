//! What ends a training before its epochs are over: the options.

use crate::failure::Failure;
use chainrule_trainer::{EarlyStopping, Every, Metric, Stopping, Target};
use std::time::Duration;

/// What ends a training before its epochs are over.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Ending before the epochs are over")]
pub struct Ending {
    /// Stop when this metric on the validation rows gets no better, and keep the weights of the best epoch [a bare --early-stopping watches log-loss]
    #[arg(
        long,
        value_name = "METRIC",
        num_args = 0..=1,
        default_missing_value = "log-loss",
        value_parser = metric
    )]
    early_stopping: Option<Metric>,

    /// End after this many epochs in a row without a new best score [default: 10]
    #[arg(long, value_name = "N", requires = "early_stopping", value_parser = patience, allow_negative_numbers = true)]
    patience: Option<usize>,

    /// How much better than the best a score must be to count as a new best [default: 0]
    #[arg(long, value_name = "X", requires = "early_stopping", value_parser = min_delta, allow_negative_numbers = true)]
    min_delta: Option<f64>,

    /// Stop after the epoch in which a metric on the validation rows is as good as this, such as roc-auc=0.9
    #[arg(long, value_name = "METRIC=VALUE", value_parser = target)]
    target_metric: Option<Target>,

    /// Stop after the step in which this much time has gone by, such as 30s, 5min or 1h
    #[arg(long, value_name = "TIME", value_parser = time, allow_hyphen_values = true)]
    max_time: Option<Duration>,
}

impl Ending {
    /// For the trainer.
    pub fn stopping(&self) -> Stopping {
        let usual = EarlyStopping::default();
        Stopping {
            early: self.early_stopping.map(|metric| EarlyStopping {
                metric,
                patience: self.patience.unwrap_or(usual.patience),
                min_delta: self.min_delta.unwrap_or(usual.min_delta),
            }),
            target: self.target_metric,
            max_time: self.max_time,
        }
    }

    /// Makes sure that no metric is to be watched, where no rows are held out.
    ///
    /// # Errors
    /// Misuse if one is.
    pub fn check_without_validation(&self) -> Result<(), Failure> {
        let option = match (self.early_stopping, self.target_metric) {
            (Some(_), _) => "--early-stopping",
            (None, Some(_)) => "--target-metric",
            (None, None) => return Ok(()),
        };
        Err(Failure::misuse(format!(
            "{option} looks at validation rows, and --validation 0 holds none out; hold some out, for example --validation 0.2, or leave {option} out"
        )))
    }
}

fn metric(text: &str) -> Result<Metric, String> {
    text.parse().map_err(|error| {
        let hint = if text.contains(['.', '/']) || text == "-" {
            "; name the table before the option"
        } else {
            ""
        };
        format!("{error}{hint}")
    })
}

fn patience(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) | Err(_) => Err("expected 1 or more epochs".to_owned()),
        Ok(epochs) => Ok(epochs),
    }
}

fn min_delta(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(least) if least.is_finite() && least >= 0.0 => Ok(least),
        _ => Err("expected 0 or a positive number".to_owned()),
    }
}

fn target(text: &str) -> Result<Target, String> {
    let (metric, value) = text
        .split_once('=')
        .ok_or("expected a metric and its value, such as roc-auc=0.9")?;
    let metric = metric
        .trim()
        .parse()
        .map_err(|error: chainrule_metrics::UnknownMetric| error.to_string())?;
    match value.trim().parse::<f64>() {
        Ok(value) if value.is_finite() => Ok(Target { metric, value }),
        _ => Err("expected a number after the metric, such as roc-auc=0.9".to_owned()),
    }
}

fn time(text: &str) -> Result<Duration, String> {
    match text.parse() {
        Ok(Every::Time(time)) => Ok(time),
        _ => Err("expected a time above 0 with s, min or h, such as 30s".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_targets_and_times_are_read() {
        assert_eq!(metric("roc_auc"), Ok(Metric::RocAuc));
        assert!(metric("auc").unwrap_err().contains("roc-auc"));
        assert!(
            metric("data.csv")
                .unwrap_err()
                .contains("before the option")
        );
        let reached = Target {
            metric: Metric::LogLoss,
            value: 0.25,
        };
        assert_eq!(target("log-loss=0.25"), Ok(reached));
        assert_eq!(target(" log-loss = 0.25"), Ok(reached));
        for wrong in ["log-loss", "log-loss=", "log-loss=NaN", "lag=1", "=1"] {
            assert!(target(wrong).is_err(), "{wrong}");
        }
        assert_eq!(time("1.5min"), Ok(Duration::from_secs(90)));
        for wrong in ["", "5", "0s", "-1s", "3epochs"] {
            assert!(time(wrong).is_err(), "{wrong}");
        }
        assert!(patience("0").is_err() && min_delta("-1").is_err() && min_delta("inf").is_err());
    }
}
