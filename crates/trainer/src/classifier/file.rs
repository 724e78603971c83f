//! A classifier as a file.

use std::path::Path;

use chainrule_autodiff::Isa;
use chainrule_data::{Preprocessing, Schema};
use chainrule_nn::Model;
use chainrule_nn::container::{Container, ContainerWriter, FormatError, write_atomically};
use serde::{Deserialize, Serialize};

use super::Classifier;
use super::predict::Forward;
use super::provenance::Provenance;
use crate::ClassifierError;

const SCHEMA: &str = "schema";
const PREPROCESSING: &str = "preprocessing";
const DECISION: &str = "decision";
const PROVENANCE: &str = "provenance";
const PROCEDURE: &str = "procedure";
const WEIGHTING: &str = "weighting";

impl Classifier {
    /// Writes the model to a file: the old file or the whole new one, never half.
    ///
    /// The same training gives the same bytes on every machine. There is no path, user, time or row of data in them.
    ///
    /// # Errors
    /// [`ClassifierError`] if the file can't be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), ClassifierError> {
        Ok(write_atomically(path, &self.to_bytes()?)?)
    }

    /// The bytes of the file that [`save`](Classifier::save) writes.
    ///
    /// # Errors
    /// [`ClassifierError`] if the model is too large for a file.
    pub fn to_bytes(&self) -> Result<Vec<u8>, ClassifierError> {
        let described = Described {
            schema: &self.schema,
            preprocessing: &self.preprocessing,
            threshold: self.threshold,
            provenance: &self.provenance,
        };
        let writer = self.model.write_sections(ContainerWriter::new())?;
        let writer = describe(writer, &described)?;
        Ok(writer.to_bytes())
    }

    /// Reads a model from a file, to run on the best instruction set of the machine.
    ///
    /// # Errors
    /// [`ClassifierError`] if the file can't be read, is no model, or is damaged.
    pub fn load(path: impl AsRef<Path>) -> Result<Classifier, ClassifierError> {
        Classifier::load_for(path, Isa::detect())
    }

    /// Reads a model from a file, to run on an instruction set. What it predicts does not depend on it.
    ///
    /// # Errors
    /// Those of [`load`](Classifier::load), and if the machine lacks the instruction set.
    pub fn load_for(path: impl AsRef<Path>, isa: Isa) -> Result<Classifier, ClassifierError> {
        Classifier::from_container(&Container::open(path)?, isa)
    }

    /// Reads a model from the bytes of a file.
    ///
    /// # Errors
    /// Those of [`load_for`](Classifier::load_for).
    pub fn from_bytes(bytes: &[u8], isa: Isa) -> Result<Classifier, ClassifierError> {
        Classifier::from_container(&Container::from_bytes(bytes)?, isa)
    }

    /// Reads a model from a container.
    ///
    /// # Errors
    /// Those of [`load_for`](Classifier::load_for).
    pub fn from_container(container: &Container, isa: Isa) -> Result<Classifier, ClassifierError> {
        let model = Model::read_sections(container)?;
        let schema: Schema = container.metadata(SCHEMA)?;
        let preprocessing: Preprocessing = container.metadata(PREPROCESSING)?;
        let Decision::V1 { threshold } = container.metadata(DECISION)?;
        let mut provenance: Provenance = container.metadata(PROVENANCE)?;
        if container.section(PROCEDURE).is_some() {
            provenance.procedure = Some(container.metadata(PROCEDURE)?);
        }
        if container.section(WEIGHTING).is_some() {
            provenance.weighting = Some(container.metadata(WEIGHTING)?);
        }
        check(&model, &schema, &preprocessing, threshold).map_err(ClassifierError::Parts)?;
        Ok(Classifier {
            forward: Forward::new(&model, isa)?,
            model,
            schema,
            preprocessing,
            threshold,
            provenance,
            report: None,
        })
    }
}

/// What makes a classifier of a network and its parameters.
#[derive(Clone, Copy)]
pub(super) struct Described<'a> {
    pub(super) schema: &'a Schema,
    pub(super) preprocessing: &'a Preprocessing,
    pub(super) threshold: f64,
    pub(super) provenance: &'a Provenance,
}

/// Adds its sections.
pub(super) fn describe(
    writer: ContainerWriter,
    described: &Described<'_>,
) -> Result<ContainerWriter, FormatError> {
    let decision = Decision::V1 {
        threshold: described.threshold,
    };
    let writer = writer
        .metadata(SCHEMA, described.schema)?
        .metadata(PREPROCESSING, described.preprocessing)?
        .metadata(DECISION, &decision)?
        .metadata(PROVENANCE, described.provenance)?;
    let writer = match &described.provenance.procedure {
        None => writer,
        Some(procedure) => writer.metadata(PROCEDURE, procedure)?,
    };
    match &described.provenance.weighting {
        None => Ok(writer),
        Some(weighting) => writer.metadata(WEIGHTING, weighting),
    }
}

/// How a probability becomes a class.
#[derive(Serialize, Deserialize)]
enum Decision {
    V1 { threshold: f64 },
}

fn check(
    model: &Model,
    schema: &Schema,
    preprocessing: &Preprocessing,
    threshold: f64,
) -> Result<(), String> {
    let network = model.network();
    network.check_binary().map_err(|error| error.to_string())?;
    let features = schema.inputs();
    if let Some(fitted) = preprocessing.features()
        && fitted != features
    {
        return Err(format!(
            "{fitted} features are scaled, and the schema has {features}"
        ));
    }
    let inputs = preprocessing.outputs(features);
    if inputs != network.inputs {
        let network = network.inputs;
        return Err(format!(
            "the schema has {features} features, which become {inputs} inputs, and the network {network} inputs"
        ));
    }
    if (0.0..=1.0).contains(&threshold) {
        Ok(())
    } else {
        Err(format!("the threshold is {threshold}, not in 0 to 1"))
    }
}
