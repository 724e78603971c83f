//! What is in a model, as JSON.

use super::parameters::Parameter;
use super::{Layer, layers};
use crate::failure::Failure;
use crate::{model, weights};
use chainrule_data::Preprocessing;
use chainrule_nn::container::FORMAT_VERSION;
use chainrule_trainer::{BatchRecord, Classifier, DataRecord, ValidationRecord};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Everything that is in a model; its parameters if they are asked for.
#[derive(Serialize)]
pub struct Description<'a> {
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
struct SchemaJson<'a> {
    target: &'a str,
    positive: &'a str,
    negative: &'a str,
    features: Vec<BTreeMap<&'static str, &'a str>>,
}

/// Describes a model.
///
/// # Errors
/// If its hash can't be computed.
pub fn description(model: &Classifier, with_weights: bool) -> Result<Description<'_>, Failure> {
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
            "threshold": procedure.threshold,
            "test": held(&procedure.test),
            "options": procedure.recorded,
        })),
    })
}
