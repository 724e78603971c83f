//! What was found, as text and as JSON.

use super::Arguments;
use crate::failure::Failure;
use chainrule_data::escape;
use chainrule_trainer::Classifier;
use serde::Serialize;

/// What was found.
#[derive(Serialize)]
pub(super) struct Verdict {
    /// Whether every bit of parameters, preprocessing and threshold is the same.
    pub(super) agrees: bool,
    /// Rows of the data with a label.
    pub(super) rows: u64,
    pub(super) model_hash: String,
    /// Nothing if it was not trained again, because the data is other data.
    pub(super) hash_again: Option<String>,
    pub(super) epochs: u64,
    pub(super) steps: u64,
    pub(super) version: &'static str,
    pub(super) version_of_model: String,
    pub(super) differences: Vec<Difference>,
}

/// Something that is not the same.
#[derive(Debug, Serialize)]
pub(super) struct Difference {
    pub(super) what: &'static str,
    pub(super) here: String,
    pub(super) in_model: String,
}

impl Verdict {
    pub(super) fn text(&self, arguments: &Arguments, model: &Classifier, data: &str) -> String {
        let provenance = model.provenance();
        let mut lines = vec![
            format!(
                "model       {}: {} of {}, {}, version {}",
                escape(&arguments.model.name()),
                crate::number::counted(self.epochs as usize, "epoch"),
                model.network(),
                crate::number::counted(self.steps as usize, "step"),
                provenance.version,
            ),
            format!(
                "data        {}: {}",
                escape(data),
                crate::number::counted(self.rows as usize, "row")
            ),
            format!("hash        {} in the model", self.model_hash),
        ];
        lines.push(match &self.hash_again {
            Some(hash) => format!("            {hash} trained again"),
            None => "            not trained again: the data is not that of the model".to_owned(),
        });
        for found in &self.differences {
            let (here, there) = (escape(&found.here), escape(&found.in_model));
            lines.push(format!(
                "differs     {}: {here} here, {there} in the model",
                found.what
            ));
        }
        lines.push(format!(
            "verdict     {}",
            match (self.agrees, &self.hash_again) {
                (true, _) => "the bits agree",
                (false, Some(_)) => "the bits do not agree",
                (false, None) => "not confirmed: with other data there are no bits to compare",
            }
        ));
        lines.iter().map(|line| format!("{line}\n")).collect()
    }

    pub(super) fn result(&self) -> Result<(), Failure> {
        if self.agrees {
            return Ok(());
        }
        let names: Vec<&str> = self.differences.iter().map(|found| found.what).collect();
        Err(Failure::bad(format!(
            "the model can't be confirmed: what differs is {}",
            names.join(", ")
        )))
    }
}
