//! What is in a model, for people.

use super::features::features;
use super::layers;
use super::parameters::Parameter;
use crate::failure::Failure;
use crate::number::{counted, grouped};
use crate::{model, weights};
use chainrule_data::escape;
use chainrule_nn::container::FORMAT_VERSION;
use chainrule_trainer::{
    BatchRecord, Classifier, DataRecord, EarlyStoppingRecord, Threshold, ValidationRecord,
};

/// Describes the model of the file `name`.
///
/// # Errors
/// If its hash can't be computed.
pub fn text(name: &str, with_weights: bool, model: &Classifier) -> Result<String, Failure> {
    let (schema, provenance) = (model.schema(), model.provenance());
    let training = &provenance.training;
    let mut lines = vec![
        format!("model          {}", escape(name)),
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
        format!("threshold      {}", threshold(model)),
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
    if with_weights {
        for tensor in model.model().parameters().views() {
            lines.push(String::new());
            lines.extend(Parameter::of(&tensor).text());
        }
    }
    Ok(lines
        .iter()
        .map(|line| format!("{}\n", line.trim_end()))
        .collect())
}

/// The threshold, and where it is from.
fn threshold(model: &Classifier) -> String {
    let procedure = model.provenance().procedure.as_ref();
    let asked = procedure.and_then(|procedure| procedure.threshold.as_deref());
    let from = match asked.map(|asked| (asked, asked.parse())) {
        None => String::new(),
        Some((_, Ok(Threshold::Fixed(_)))) => ", as asked for".to_owned(),
        Some((rule, _)) => format!(", chosen by {} on the validation rows", escape(rule)),
    };
    format!("{}{from}", model.threshold())
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
