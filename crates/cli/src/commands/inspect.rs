//! `chainrule inspect`: what is in a model file.

use crate::failure::Failure;
use crate::input::Source;
use crate::number::{counted, grouped};
use crate::{model, terminal, weights};
use chainrule_autodiff::Isa;
use chainrule_data::{Encoder, Preprocessing, escape};
use chainrule_nn::container::{FORMAT_VERSION, TensorRef, ValuesRef};
use chainrule_trainer::{
    BatchRecord, Classifier, DataRecord, EarlyStoppingRecord, ValidationRecord,
};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

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
        terminal::print_json(&description(&model, arguments.weights)?)
    } else {
        terminal::print(text(&arguments, &model)?)
    }
}

#[derive(Serialize)]
struct Description<'a> {
    format_version: u32,
    model_hash: String,
    precision: String,
    inputs: usize,
    parameter_count: usize,
    layers: Vec<Layer>,
    schema: SchemaJson<'a>,
    preprocessing: Value,
    threshold: f64,
    provenance: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    parameters: Option<Vec<Parameter<'a>>>,
}

#[derive(Serialize)]
struct Layer {
    inputs: usize,
    units: usize,
    activation: String,
    parameter_count: usize,
}

#[derive(Serialize)]
struct SchemaJson<'a> {
    target: &'a str,
    positive: &'a str,
    negative: &'a str,
    features: Vec<BTreeMap<&'static str, &'a str>>,
}

/// A weight matrix as rows of outputs × inputs, a bias as a flat list.
#[derive(Serialize)]
struct Parameter<'a> {
    name: &'a str,
    shape: Vec<usize>,
    values: Nested,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Nested {
    Matrix(Vec<Vec<f64>>),
    Vector(Vec<f64>),
}

fn description(model: &Classifier, with_weights: bool) -> Result<Description<'_>, Failure> {
    let (network, schema) = (model.network(), model.schema());
    let features = schema.features().iter().map(|feature| {
        BTreeMap::from([
            ("name", feature.name.as_str()),
            ("kind", feature.kind.name()),
        ])
    });
    Ok(Description {
        format_version: FORMAT_VERSION,
        model_hash: model::hash(model)?,
        precision: model.model().parameters().precision().to_string(),
        inputs: network.inputs,
        parameter_count: network.parameter_count(),
        layers: layers(model),
        schema: SchemaJson {
            target: schema.target(),
            positive: &schema.labels().positive,
            negative: &schema.labels().negative,
            features: features.collect(),
        },
        preprocessing: match model.preprocessing() {
            Preprocessing::Standard { mean, scale } => {
                json!({ "kind": "standard", "mean": mean, "scale": scale })
            }
            Preprocessing::Columns(encoders) => {
                let inputs: Vec<String> = encoders
                    .iter()
                    .zip(schema.feature_names())
                    .flat_map(|(encoder, name)| encoder.input_names(name))
                    .collect();
                json!({ "kind": "columns", "columns": encoders, "inputs": inputs })
            }
            _ => json!({ "kind": "none" }),
        },
        threshold: model.threshold(),
        provenance: provenance_json(model),
        parameters: with_weights.then(|| {
            let views = model.model().parameters().views();
            views.iter().map(Parameter::of).collect()
        }),
    })
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

impl<'a> Parameter<'a> {
    fn of(tensor: &TensorRef<'a>) -> Parameter<'a> {
        // f32 values are written as the f64 that they are equal to: they read back to the same bits as either.
        let values: Vec<f64> = match tensor.values {
            ValuesRef::F32(values) => values.iter().map(|&value| f64::from(value)).collect(),
            ValuesRef::F64(values) => values.to_vec(),
            _ => Vec::new(),
        };
        let row = |row: usize| {
            values
                .iter()
                .skip(row)
                .step_by(tensor.rows)
                .copied()
                .collect()
        };
        // By name: a layer of one input has a weight matrix of one column.
        if tensor.name.starts_with('b') {
            Parameter {
                name: tensor.name,
                shape: vec![tensor.rows],
                values: Nested::Vector(values),
            }
        } else {
            Parameter {
                name: tensor.name,
                shape: vec![tensor.rows, tensor.cols],
                values: Nested::Matrix((0..tensor.rows).map(row).collect()),
            }
        }
    }
}

fn provenance_json(model: &Classifier) -> Value {
    let provenance = model.provenance();
    let training = &provenance.training;
    let data = |record: &DataRecord| json!({ "rows": record.rows, "samples_sha256": record.samples_sha256, "file_sha256": record.file_sha256 });
    let held = |record: &ValidationRecord| match record {
        ValidationRecord::None => Value::Null,
        ValidationRecord::Fraction(share) => json!({ "share": share }),
        ValidationRecord::Rows(record) => data(record),
    };
    let settings: BTreeMap<&str, f64> = training
        .optimizer
        .settings
        .iter()
        .map(|(name, value)| (name.as_str(), *value))
        .collect();
    json!({
        "version": provenance.version,
        "data": data(&provenance.data),
        "validation": held(&provenance.validation),
        "training": {
            "optimizer": training.optimizer.name,
            "optimizer_settings": settings,
            "learning_rate": training.learning_rate,
            "epochs": training.epochs,
            "epochs_finished": training.epochs_finished,
            "steps": training.steps,
            "batch_size": match training.batch {
                BatchRecord::Rows(rows) => json!(rows),
                BatchRecord::Full => json!("full"),
            },
            "shuffle": training.shuffle,
            "seed": training.seed,
            "initializer": training.initializer.map(|initializer| initializer.to_string()),
        },
        "started_from": provenance.started_from,
        "weights": provenance.weighting.as_ref().map(weights::Json::from),
        "procedure": provenance.procedure.as_ref().map(|procedure| json!({
            "scaling": procedure.scaling,
            "early_stopping": procedure.early_stopping.as_ref().map(|rule| json!({
                "metric": rule.metric,
                "patience": rule.patience,
                "min_delta": rule.min_delta,
            })),
            "target_metric": procedure.target.as_ref().map(|(metric, value)| json!({ "metric": metric, "value": value })),
            "schedule": procedure.schedule,
            "best_epoch": procedure.best_epoch,
            "test": held(&procedure.test),
            "options": procedure.recorded,
        })),
    })
}

fn text(arguments: &Arguments, model: &Classifier) -> Result<String, Failure> {
    let (schema, provenance) = (model.schema(), model.provenance());
    let training = &provenance.training;
    let mut lines = vec![
        format!("model          {}", escape(&arguments.model.name())),
        format!("hash           {}", model::hash(model)?),
        format!(
            "network        {}, {} in {}",
            model.network(),
            counted(model.network().parameter_count(), "parameter"),
            model.model().parameters().precision()
        ),
    ];
    lines.extend(layers(model).iter().enumerate().map(|(at, layer)| {
        format!(
            "  layer {:<6} {} → {} {}, {}",
            at + 1,
            layer.inputs,
            layer.units,
            layer.activation,
            counted(layer.parameter_count, "parameter")
        )
    }));
    lines.extend([
        format!(
            "target         \"{}\": positive is \"{}\", negative is \"{}\"",
            escape(schema.target()),
            escape(&schema.labels().positive),
            escape(&schema.labels().negative)
        ),
        format!("threshold      {}", model.threshold()),
        format!(
            "trained        {} of {}, {}, learning rate {}{}, batch {}, seed {}{}",
            grouped(training.epochs_finished as usize),
            counted(training.epochs as usize, "epoch"),
            training.optimizer,
            training.learning_rate,
            match &provenance.procedure {
                Some(procedure) if procedure.schedule != "constant" => {
                    format!(" ({})", escape(&procedure.schedule))
                }
                _ => String::new(),
            },
            match training.batch {
                BatchRecord::Rows(rows) => rows.to_string(),
                BatchRecord::Full => "full".to_owned(),
            },
            training.seed,
            if training.shuffle {
                ""
            } else {
                ", not shuffled"
            }
        ),
        match (&provenance.started_from, training.initializer) {
            (Some(hash), _) => format!("started from   the model {hash}"),
            (None, Some(initializer)) => format!("started from   {initializer} weights"),
            (None, None) => "started from   given weights".to_owned(),
        },
        format!("data           {}", rows_text(&provenance.data)),
        match (&provenance.validation, &provenance.procedure) {
            (ValidationRecord::Fraction(share), Some(procedure))
                if matches!(procedure.test, ValidationRecord::Fraction(_)) =>
            {
                format!("validation     a share of {share} of those that are not to test on")
            }
            (validation, _) => held_text("validation", validation),
        },
        format!(
            "made by        chainrule {}, format version {FORMAT_VERSION}",
            provenance.version
        ),
        String::new(),
    ]);
    if let Some(procedure) = &provenance.procedure {
        // Before the line that says who made it, and the blank one.
        let at = lines.len() - 2;
        let ended = procedure.early_stopping.as_ref().map(|rule| {
            let EarlyStoppingRecord {
                metric,
                patience,
                min_delta,
            } = rule;
            let kept = match procedure.best_epoch {
                Some(epoch) => format!("the weights of epoch {epoch} are kept"),
                None => "the last weights are kept".to_owned(),
            };
            format!("early stopping {metric}, patience {patience}, min-delta {min_delta}; {kept}")
        });
        let test =
            (procedure.test != ValidationRecord::None).then(|| held_text("test", &procedure.test));
        let options = (!procedure.recorded.is_empty())
            .then(|| format!("options        {}", escape(&procedure.recorded.join(" "))));
        let weights = provenance.weighting.as_ref().map(|weighting| {
            let described = weights::described(weighting, schema.labels());
            let effect = weights::effect(weighting, model.threshold());
            let effect = effect.map_or_else(String::new, |effect| format!("; {effect}"));
            format!("weights        {described}{effect}")
        });
        lines.splice(
            at..at,
            weights.into_iter().chain(test).chain(ended).chain(options),
        );
    }
    lines.extend(features(model));
    if arguments.weights {
        for tensor in model.model().parameters().views() {
            lines.push(String::new());
            lines.extend(parameter_text(&Parameter::of(&tensor)));
        }
    }
    Ok(lines
        .iter()
        .map(|line| format!("{}\n", line.trim_end()))
        .collect())
}

fn held_text(name: &str, record: &ValidationRecord) -> String {
    let text = match record {
        ValidationRecord::None => "none".to_owned(),
        ValidationRecord::Fraction(share) => format!("a share of {share} of these rows"),
        ValidationRecord::Rows(record) => rows_text(record),
    };
    format!("{name:<14} {text}")
}

fn rows_text(record: &DataRecord) -> String {
    let file = record.file_sha256.as_deref();
    let file = file
        .map(|hash| format!(" of a file with the SHA-256 {hash}"))
        .unwrap_or_default();
    format!("{}{file}", counted(record.rows as usize, "row"))
}

/// The features, with what is done to them.
/// What was learned of one feature.
fn encoder_text(encoder: &Encoder) -> String {
    let (text, indicator) = match encoder {
        Encoder::Number {
            center,
            scale,
            fill,
            indicator,
        } => {
            let text = match (center, scale) {
                (0.0, 1.0) => format!("as it is, {} if missing", short(*fill)),
                (_, 0.0) => "constant: not used".to_owned(),
                _ => format!(
                    "(x − {}) / {}, {} if missing",
                    short(*center),
                    short(*scale),
                    short(*fill)
                ),
            };
            (text, indicator)
        }
        Encoder::OneHot {
            levels,
            others,
            fill,
            indicator,
        } => {
            let shown: Vec<String> = levels
                .iter()
                .take(8)
                .map(|level| format!("{:?}", escape(level)))
                .collect();
            let more = match levels.len().saturating_sub(8) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            let others = if *others { ", others" } else { "" };
            let fill = levels
                .get(*fill)
                .map_or("another".to_owned(), |level| format!("{:?}", escape(level)));
            (
                format!("{}{more}{others}; {fill} if missing", shown.join(", ")),
                indicator,
            )
        }
        Encoder::Date {
            fill, indicator, ..
        } => (
            format!(
                "days, time of the year, of the week, of the day; {} days after 1970 if missing",
                short(*fill)
            ),
            indicator,
        ),
        _ => return "an encoding of a later version".to_owned(),
    };
    if *indicator {
        text + ", which is told"
    } else {
        text
    }
}

fn features(model: &Classifier) -> Vec<String> {
    let names: Vec<String> = model.schema().feature_names().map(escape).collect();
    let width = names
        .iter()
        .map(|name| name.chars().count())
        .max()
        .unwrap_or_default()
        .max(8);
    match model.preprocessing() {
        Preprocessing::Standard { mean, scale } => {
            let mut lines = vec![format!(
                "     {:width$}  {:>12}  {:>12}",
                "feature", "mean", "std"
            )];
            for (at, (name, (mean, scale))) in names.iter().zip(mean.iter().zip(scale)).enumerate()
            {
                let constant = if *scale == 0.0 {
                    "  constant: not used"
                } else {
                    ""
                };
                lines.push(format!(
                    "{:>4} {name:width$}  {:>12}  {:>12}{constant}",
                    at + 1,
                    short(*mean),
                    short(*scale)
                ));
            }
            lines
        }
        Preprocessing::Columns(encoders) => {
            let mut lines = vec![format!("     {:width$}  {:>6}  what", "feature", "inputs")];
            let features = model.schema().features().iter().zip(&names).zip(encoders);
            lines.extend(
                features
                    .enumerate()
                    .map(|(at, ((feature, name), encoder))| {
                        format!(
                            "{:>4} {name:width$}  {:>6}  {}: {}",
                            at + 1,
                            encoder.outputs(),
                            feature.kind.name(),
                            encoder_text(encoder)
                        )
                    }),
            );
            lines
        }
        _ => {
            let mut lines = vec!["     feature (as it is)".to_owned()];
            lines.extend(
                names
                    .iter()
                    .enumerate()
                    .map(|(at, name)| format!("{:>4} {name}", at + 1)),
            );
            lines
        }
    }
}

fn parameter_text(parameter: &Parameter) -> Vec<String> {
    let line = |values: &[f64]| {
        values
            .iter()
            .map(f64::to_string)
            .collect::<Vec<_>>()
            .join(" ")
    };
    let shape = parameter
        .shape
        .iter()
        .map(usize::to_string)
        .collect::<Vec<_>>()
        .join(" × ");
    let mut lines = vec![format!("{} ({shape})", parameter.name)];
    match &parameter.values {
        Nested::Matrix(rows) => lines.extend(rows.iter().map(|row| line(row))),
        Nested::Vector(values) => lines.push(line(values)),
    }
    lines
}

/// A number for people, about six digits.
fn short(value: f64) -> String {
    match value.abs() {
        0.0 => "0".to_owned(),
        size if (1e-4..1e7).contains(&size) => format!("{value:.6}"),
        _ => format!("{value:.5e}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_weight_matrix_is_rows_of_outputs_by_inputs() {
        let column_major = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        let tensor = |name, rows, cols| TensorRef {
            name,
            rows,
            cols,
            values: ValuesRef::F64(&column_major),
        };
        let json = |tensor| serde_json::to_value(Parameter::of(&tensor)).unwrap();
        assert_eq!(
            json(tensor("W1", 2, 3)),
            json!({ "name": "W1", "shape": [2, 3], "values": [[1.0, 3.0, 5.0], [2.0, 4.0, 6.0]] })
        );
        assert_eq!(json(tensor("W1", 6, 1))["values"][5], json!([6.0]));
        assert_eq!(json(tensor("b1", 6, 1))["shape"], json!([6]));
        assert_eq!(json(tensor("b1", 6, 1))["values"][5], json!(6.0));
    }
}
