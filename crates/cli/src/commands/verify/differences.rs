//! What is not the same: version, data, settings, bits.

use super::verdict::Difference;
use crate::commands::train::Inputs;
use crate::failure::Failure;
use crate::model;
use crate::number::grouped;
use chainrule_trainer::{Classifier, DataRecord, Procedure, Rows, ValidationRecord};

pub(super) fn version(model: &Classifier) -> Vec<Difference> {
    let (here, there) = (env!("CARGO_PKG_VERSION"), &model.provenance().version);
    differ("version", here, there).into_iter().collect()
}

fn differ(what: &'static str, here: impl ToString, in_model: impl ToString) -> Option<Difference> {
    let (here, in_model) = (here.to_string(), in_model.to_string());
    (here != in_model).then_some(Difference {
        what,
        here,
        in_model,
    })
}

/// The rows that were read, beside those of the model: how many the data has, and what differs.
pub(super) fn data_differences(
    model: &Classifier,
    inputs: &Inputs,
) -> Result<(u64, Vec<Difference>), Failure> {
    let provenance = model.provenance();
    let test = provenance
        .procedure
        .as_ref()
        .map(|procedure| &procedure.test);
    let expected = [
        ("data", Some(&inputs.table), Some(&provenance.data)),
        (
            "validation data",
            inputs.validation(),
            rows_of(Some(&provenance.validation)),
        ),
        ("test data", inputs.test(), rows_of(test)),
    ];
    let (mut rows_of_data, mut differences) = (0, Vec::new());
    for (what, table, record) in expected {
        let (Some(table), Some(record)) = (table, record) else {
            continue;
        };
        let rows = table.labelled(model.schema())?;
        let here = DataRecord::of(&rows, table.sha256());
        if what == "data" {
            rows_of_data = here.rows;
        }
        if here.samples_sha256 == record.samples_sha256 {
            continue;
        }
        let shown =
            |data: &DataRecord| match (here.file_sha256 == record.file_sha256, &data.file_sha256) {
                (false, Some(file)) => {
                    format!("{} rows of a file with the SHA-256 {file}", data.rows)
                }
                _ => data.to_string(),
            };
        differences.push(Difference {
            what,
            here: shown(&here),
            in_model: shown(record),
        });
    }
    Ok((rows_of_data, differences))
}

fn rows_of(record: Option<&ValidationRecord>) -> Option<&DataRecord> {
    match record {
        Some(ValidationRecord::Rows(data)) => Some(data),
        _ => None,
    }
}

/// What the two say of how they were trained.
pub(super) fn settings_that_differ(again: &Classifier, model: &Classifier) -> Vec<Difference> {
    // Where no epoch was chosen, it is trained again without a rule that would choose one.
    let has_chosen = |procedure: &Procedure| procedure.best_epoch.is_some();
    let procedure = model.provenance().procedure.as_ref();
    let has_chosen = procedure.is_some_and(has_chosen);
    let settings = |model: &Classifier| {
        let (provenance, training) = (model.provenance(), &model.provenance().training);
        let procedure = provenance.procedure.as_ref();
        let text = |of: fn(&Procedure) -> String| procedure.map(of).unwrap_or_default();
        [
            ("optimizer", training.optimizer.to_string()),
            ("learning rate", training.learning_rate.to_string()),
            ("schedule", text(|procedure| procedure.schedule.clone())),
            ("batch size", format!("{:?}", training.batch)),
            ("shuffle", training.shuffle.to_string()),
            ("seed", training.seed.to_string()),
            ("precision", training.precision.to_string()),
            ("first weights", format!("{:?}", training.initializer)),
            (
                "model to start from",
                format!("{:?}", provenance.started_from),
            ),
            ("weighting", format!("{:?}", provenance.weighting)),
            ("preprocessing", text(|procedure| procedure.scaling.clone())),
            (
                "early stopping",
                match has_chosen {
                    true => text(|procedure| format!("{:?}", procedure.early_stopping)),
                    false => String::new(),
                },
            ),
            (
                "target metric",
                text(|procedure| format!("{:?}", procedure.target)),
            ),
            (
                "how the threshold is chosen",
                text(|procedure| format!("{:?}", procedure.threshold)),
            ),
            ("validation", provenance.validation.to_string()),
            ("test", text(|procedure| procedure.test.to_string())),
            ("epochs", training.epochs_finished.to_string()),
            ("steps", training.steps.to_string()),
            (
                "best epoch",
                text(|procedure| format!("{:?}", procedure.best_epoch)),
            ),
        ]
    };
    let (here, there) = (settings(again), settings(model));
    let both = here.into_iter().zip(there);
    both.filter_map(|((what, here), (_, there))| differ(what, here, there))
        .collect()
}

/// What was learned, bit by bit.
pub(super) fn bits_that_differ(
    again: &Classifier,
    model: &Classifier,
) -> Result<Vec<Difference>, Failure> {
    let mut differences = Vec::new();
    if model::hash(again)? != model::hash(model)? {
        let bits = |model: &Classifier| -> Vec<u64> {
            let parameters = model.model().parameters().to_vec::<f64>();
            parameters.iter().map(|p| p.to_bits()).collect()
        };
        let (here, there) = (bits(again), bits(model));
        let other = here.iter().zip(&there).filter(|(a, b)| a != b).count();
        differences.push(Difference {
            what: "parameters",
            here: format!(
                "{} of {} have other bits",
                grouped(other),
                grouped(here.len())
            ),
            in_model: grouped(there.len()),
        });
    }
    if again.preprocessing() != model.preprocessing() {
        differences.push(Difference {
            what: "what was learned of the columns",
            here: "other numbers".to_owned(),
            in_model: "its own".to_owned(),
        });
    }
    differences.extend(differ("threshold", again.threshold(), model.threshold()));
    Ok(differences)
}

pub(super) fn is_same(again: &Classifier, model: &Classifier) -> Result<bool, Failure> {
    Ok(bits_that_differ(again, model)?.is_empty())
}
