//! The optimiser: its name, its settings, and what it does to gradients first.

use chainrule_trainer::{
    ClipByValue, Description, NamedOptimizer, Optimizer, TrainConfig, UnknownOptimizer,
};
use clap::builder::{PossibleValue, StringValueParser, TypedValueParser};
use std::ffi::OsStr;
use std::str::FromStr;

use super::arguments::learning_rate;
use crate::failure::Failure;

/// How a gradient becomes an update.
#[derive(Clone, Debug, PartialEq, clap::Args)]
pub struct Update {
    /// How a gradient becomes an update, with settings as in adam:beta1=0.8,beta2=0.99
    #[arg(long, value_name = "NAME[:SETTING=X,…]", default_value = "adam", value_parser = Parser)]
    optimizer: Chosen,

    /// How much of the velocity is kept, for momentum and nesterov; the same as momentum:momentum=X [default: 0.9]
    #[arg(long, value_name = "X", value_parser = momentum, allow_negative_numbers = true)]
    momentum: Option<f64>,

    /// What part of each weight and bias a step of length 1 takes away, for adamw; the same as adamw:weight-decay=X [default: 0.01]
    #[arg(long, value_name = "X", value_parser = learning_rate, allow_negative_numbers = true)]
    weight_decay: Option<f64>,

    /// Keep each element of a gradient between -X and X
    #[arg(long, value_name = "X", value_parser = clip_value, allow_negative_numbers = true)]
    clip_value: Option<f64>,
}

/// An optimiser that was named, and which of its settings were said with it.
#[derive(Clone, Debug, PartialEq)]
struct Chosen {
    optimizer: NamedOptimizer,
    text: String,
}

impl FromStr for Chosen {
    type Err = UnknownOptimizer;

    fn from_str(text: &str) -> Result<Chosen, UnknownOptimizer> {
        Ok(Chosen {
            optimizer: text.parse()?,
            text: text.to_owned(),
        })
    }
}

impl Chosen {
    /// Takes up a setting that has an option of its own.
    fn set(&mut self, setting: &str, value: f64) -> Result<(), Failure> {
        let (_, said) = self.text.split_once(':').unwrap_or_default();
        let mut said = said.split(',').filter_map(|part| part.split_once('='));
        if said.any(|(name, _)| name.trim() == setting) {
            return Err(Failure::misuse(format!(
                "{setting} is given twice, in --optimizer {} and as --{setting} {value}; leave one of them out",
                self.text
            )));
        }
        let set = self.optimizer.set(setting, &value.to_string());
        set.map_err(|error| Failure::misuse(format!("--{setting}: {error}")))
    }
}

/// Reads a name with settings; help and completions list the names.
#[derive(Clone)]
struct Parser;

impl TypedValueParser for Parser {
    type Value = Chosen;

    fn parse_ref(
        &self,
        command: &clap::Command,
        argument: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<Chosen, clap::Error> {
        let text = StringValueParser::new().try_map(|text| text.parse::<Chosen>());
        text.parse_ref(command, argument, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        let all = NamedOptimizer::all().into_iter();
        Some(Box::new(all.map(|optimizer| {
            let text = optimizer.to_string();
            let help = match text.split_once(':') {
                None => about(&optimizer).to_owned(),
                Some((_, settings)) => {
                    format!("{}: {}", about(&optimizer), settings.replace(',', ", "))
                }
            };
            PossibleValue::new(optimizer.name()).help(help)
        })))
    }
}

fn about(optimizer: &NamedOptimizer) -> &'static str {
    match optimizer {
        NamedOptimizer::Sgd(_) => "Plain gradient descent, w := w − α ∂J/∂w and nothing else",
        NamedOptimizer::Momentum(_) => "Gradient descent with a velocity",
        NamedOptimizer::Nesterov(_) => "Gradient descent with a velocity that looks ahead",
        NamedOptimizer::RmsProp(_) => "Each gradient divided by the root of its mean square",
        NamedOptimizer::Adam(_) => "Adam, with the β₁, β₂ and ε of its paper",
        NamedOptimizer::AdamW(_) => "Adam with weight decay of its own",
        NamedOptimizer::Lbfgs(_) => {
            "A quasi-Newton method with a line search, for all rows at once: an epoch is one of its iterations"
        }
        _ => "",
    }
}

impl Update {
    /// The optimiser as it was named, without what has options of its own.
    pub fn named(&self) -> NamedOptimizer {
        self.optimizer.optimizer
    }

    /// A learning rate that suits standardised features, where none is given.
    pub fn learning_rate(&self) -> f64 {
        usual_rate(&self.named())
    }

    /// The optimiser with its settings.
    ///
    /// # Errors
    /// Misuse if a setting is given that the optimiser does not have, or is given twice.
    pub fn optimizer(&self) -> Result<Box<dyn Optimizer>, Failure> {
        use NamedOptimizer::{AdamW, Momentum, Nesterov};
        let mut chosen = self.optimizer.clone();
        if let Some(momentum) = self.momentum {
            if !matches!(self.named(), Momentum(_) | Nesterov(_)) {
                return Err(Failure::misuse(
                    "--momentum is a setting of momentum and nesterov; add --optimizer momentum, or leave it out",
                ));
            }
            chosen.set("momentum", momentum)?;
        }
        if let Some(decay) = self.weight_decay {
            if !matches!(self.named(), AdamW(_)) {
                return Err(Failure::misuse(
                    "--weight-decay is a setting of adamw; add --optimizer adamw, or leave it out",
                ));
            }
            chosen.set("weight-decay", decay)?;
        }
        let then = chosen.optimizer;
        Ok(match self.clip_value {
            None => Box::new(then),
            Some(limit) => Box::new(ClipByValue { limit, then }),
        })
    }

    /// Takes up what a model tells, as far as there are options for it: settings that were changed on the way are among those of the optimiser.
    pub fn set(&mut self, description: &Description) {
        let Ok(mut optimizer) = description.name.parse::<NamedOptimizer>() else {
            return;
        };
        for (name, value) in &description.settings {
            match name.as_str() {
                "clip_value" => self.clip_value = Some(*value),
                // What it hasn't is the setting of something around it.
                name => {
                    let _ = optimizer.set(&name.replace('_', "-"), &value.to_string());
                }
            }
        }
        let text = optimizer.to_string();
        self.optimizer = Chosen { optimizer, text };
    }
}

fn usual_rate(optimizer: &NamedOptimizer) -> f64 {
    match optimizer {
        NamedOptimizer::Sgd(_) => 0.5,
        NamedOptimizer::Lbfgs(_) => 1.0,
        NamedOptimizer::Momentum(_) | NamedOptimizer::Nesterov(_) => 0.05,
        _ => TrainConfig::default().learning_rate,
    }
}

/// The help of `--learning-rate`: the usual rate, and the others with those that have them.
pub fn learning_rate_help() -> String {
    let usual = TrainConfig::default().learning_rate;
    let mut others: Vec<(f64, Vec<&str>)> = Vec::new();
    let all = NamedOptimizer::all();
    for optimizer in &all {
        let (rate, name) = (usual_rate(optimizer), optimizer.name());
        match others.iter_mut().find(|(other, _)| *other == rate) {
            _ if rate == usual => {}
            Some((_, names)) => names.push(name),
            None => others.push((rate, vec![name])),
        }
    }
    let others = others
        .iter()
        .map(|(rate, names)| format!(", {rate} with {}", names.join(" and ")));
    format!(
        "Length of a step [default: {usual}{}]",
        others.collect::<String>()
    )
}

fn momentum(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(momentum) if (0.0..1.0).contains(&momentum) => Ok(momentum),
        _ => Err("expected a number from 0 to below 1".to_owned()),
    }
}

fn clip_value(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(limit) if limit.is_finite() && limit > 0.0 => Ok(limit),
        _ => Err("expected a positive number".to_owned()),
    }
}
