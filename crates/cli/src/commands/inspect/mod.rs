//! `chainrule inspect`: what is in a model file.

mod features;
mod json;
mod parameters;
mod text;

use crate::failure::Failure;
use crate::input::Source;
use crate::{model, terminal};
use chainrule_autodiff::Isa;
use chainrule_trainer::Classifier;
use serde::Serialize;

const EXAMPLES: &str = "\
Examples:
  chainrule inspect patients.chainrule
  chainrule inspect patients.chainrule --weights --json > weights.json";

/// Show what is in a model file
///
/// Layers, columns, labels, preprocessing, where the model came from, and the hash of its parameters.
#[derive(Debug, clap::Args)]
#[command(before_help = EXAMPLES)]
pub struct Arguments {
    /// The model file, or - for standard input
    #[arg(value_name = "MODEL", value_parser = Source::parser())]
    model: Source,

    /// Print one JSON object
    #[arg(long)]
    json: bool,

    /// Show every parameter
    #[arg(long)]
    weights: bool,
}

/// Reads the model and describes it.
///
/// # Errors
/// If it can't be read.
pub fn run(arguments: Arguments, isa: Isa) -> Result<(), Failure> {
    let model = model::load(&arguments.model, isa)?;
    if arguments.json {
        terminal::print_json(&json::description(&model, arguments.weights)?)
    } else {
        terminal::print(text::text(
            &arguments.model.name(),
            arguments.weights,
            &model,
        )?)
    }
}

#[derive(Serialize)]
struct Layer {
    inputs: usize,
    units: usize,
    activation: String,
    parameter_count: usize,
}

fn layers(model: &Classifier) -> Vec<Layer> {
    let network = model.network();
    let inputs =
        std::iter::once(network.inputs).chain(network.layers.iter().map(|layer| layer.units));
    let layer = |(inputs, layer): (usize, &chainrule_nn::Dense)| Layer {
        inputs,
        units: layer.units,
        activation: layer.activation.to_string(),
        parameter_count: (inputs + 1) * layer.units,
    };
    inputs.zip(&network.layers).map(layer).collect()
}
