//! The options that say what is made small, and by steps of which length.

use crate::failure::Failure;
use chainrule_trainer::{ClipByNorm, Curve, L1, L2, Optimizer, Penalised, Schedule, Warmup};

/// What is made small, and by steps of which length.
#[derive(Clone, Debug, Default, PartialEq, clap::Args)]
#[command(next_help_heading = "Penalties and steps")]
pub struct Optimization {
    /// Scale all gradients down by one factor where their norm is above X
    #[arg(long, value_name = "X", value_parser = limit, allow_negative_numbers = true)]
    clip_norm: Option<f64>,

    /// Add X times the sum of the weights' absolute values to what is made small; reported losses are without it, and biases too unless --penalize-biases
    #[arg(long, value_name = "X", value_parser = strength, allow_negative_numbers = true)]
    l1: Option<f64>,

    /// Add X/2 times the sum of the weights' squares to what is made small; reported losses are without it, and biases too unless --penalize-biases
    #[arg(long, value_name = "X", value_parser = strength, allow_negative_numbers = true)]
    l2: Option<f64>,

    /// Let --l1 and --l2 count biases, too
    #[arg(long)]
    penalize_biases: bool,

    /// How the learning rate changes: constant, step, exponential, cosine, plateau or one-cycle, with settings as in step:every=10,factor=0.5 [default: constant]
    #[arg(long, value_name = "NAME[:SETTING=X,…]")]
    schedule: Option<Curve>,

    /// Let the learning rate grow from nearly nothing to its full length over this many epochs or steps, such as 3epochs or 500steps
    #[arg(long, value_name = "LENGTH", allow_hyphen_values = true)]
    warmup: Option<Warmup>,
}

impl Optimization {
    /// How the learning rate changes.
    pub fn schedule(&self) -> Schedule {
        Schedule {
            warmup: self.warmup.unwrap_or_default(),
            curve: self.schedule.unwrap_or_default(),
        }
    }

    /// Makes sure that the options fit each other.
    ///
    /// # Errors
    /// Misuse if there is no penalty that could count biases.
    pub fn check(&self) -> Result<(), Failure> {
        if self.penalize_biases && self.l1.is_none() && self.l2.is_none() {
            return Err(Failure::misuse(
                "--penalize-biases changes --l1 and --l2; add one of them, or leave it out",
            ));
        }
        Ok(())
    }

    /// Takes up a schedule that a model tells.
    pub fn set_schedule(&mut self, schedule: Schedule) {
        self.schedule = Some(schedule.curve);
        self.warmup = Some(schedule.warmup);
    }

    /// Takes up a setting of an optimiser's description, if it is one of these.
    pub fn set(&mut self, name: &str, value: f64) {
        match name {
            "clip_norm" => self.clip_norm = Some(value),
            "l1" => self.l1 = Some(value),
            "l2" => self.l2 = Some(value),
            "l1_with_biases" => (self.l1, self.penalize_biases) = (Some(value), true),
            "l2_with_biases" => (self.l2, self.penalize_biases) = (Some(value), true),
            _ => {}
        }
    }

    /// Puts penalties and clipping around an optimiser: what is clipped are the gradients of loss and penalties.
    pub fn around(&self, optimizer: Box<dyn Optimizer>) -> Box<dyn Optimizer> {
        let mut optimizer = optimizer;
        if let Some(limit) = self.clip_norm {
            optimizer = Box::new(ClipByNorm {
                limit,
                then: optimizer,
            });
        }
        let on = if self.penalize_biases {
            Penalised::All
        } else {
            Penalised::Weights
        };
        if let Some(strength) = self.l2 {
            optimizer = Box::new(L2 {
                strength,
                on,
                then: optimizer,
            });
        }
        if let Some(strength) = self.l1 {
            optimizer = Box::new(L1 {
                strength,
                on,
                then: optimizer,
            });
        }
        optimizer
    }
}

fn limit(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(limit) if limit.is_finite() && limit > 0.0 => Ok(limit),
        _ => Err("expected a positive number".to_owned()),
    }
}

fn strength(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(strength) if strength.is_finite() && strength >= 0.0 => Ok(strength),
        _ => Err("expected 0 or a positive number".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use chainrule_trainer::Sgd;

    use super::*;

    #[test]
    fn penalties_come_before_clipping() {
        let options = Optimization {
            clip_norm: Some(1.0),
            l1: Some(0.5),
            l2: Some(0.25),
            ..Optimization::default()
        };
        let around = options.around(Box::new(Sgd)).describe().to_string();
        assert_eq!(around, "sgd (clip_norm 1, l2 0.25, l1 0.5)");
        let nothing = Optimization::default().around(Box::new(Sgd));
        assert_eq!(nothing.describe(), Sgd.describe());
    }

    #[test]
    fn numbers_out_of_range_are_refused() {
        assert_eq!((limit("1"), strength("0")), (Ok(1.0), Ok(0.0)));
        assert!(
            ["0", "-1", "nan", "inf", "x"]
                .iter()
                .all(|text| limit(text).is_err())
        );
        assert!(
            ["-1", "nan", "inf", "x"]
                .iter()
                .all(|text| strength(text).is_err())
        );
    }
}
