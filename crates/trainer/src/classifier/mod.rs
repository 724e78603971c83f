//! A trained classifier, with everything that it takes to predict from a table.

mod builder;
mod file;
mod fit;
mod parts;
mod predict;
mod provenance;
mod report;
mod threshold;

use chainrule_autodiff::Isa;
use chainrule_data::{Labels, Preprocessing, Schema};
use chainrule_nn::container::FormatError;
use chainrule_nn::{Model, Network};

pub use builder::Builder;
pub use provenance::{
    BatchRecord, DataRecord, EarlyStoppingRecord, Procedure, Provenance, TrainingRecord,
    ValidationRecord,
};
pub use report::TrainingReport;
pub use threshold::{NoThreshold, Threshold, Tuned};

use predict::Forward;

/// A binary classifier: a network, and everything that it takes to predict from a table and to say where it came from.
///
/// The words are scikit-learn's: [`fit`](Builder::fit), [`predict_proba`](Classifier::predict_proba),
/// [`predict`](Classifier::predict).
///
/// ```
/// use chainrule_data::{Table, embedded};
/// use chainrule_trainer::Classifier;
///
/// let wdbc = embedded::wdbc();
/// let table = Table::from_csv(wdbc.name, wdbc.bytes)?;
/// let model = Classifier::builder().target(wdbc.target).epochs(5).seed(7).fit(&table)?;
/// let p = model.predict_proba(&table)?;
/// assert!(p.iter().all(|p| (0.0..=1.0).contains(p)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Classifier {
    model: Model,
    schema: Schema,
    preprocessing: Preprocessing,
    threshold: f64,
    provenance: Provenance,
    forward: Forward,
    report: Option<TrainingReport>,
}

impl Classifier {
    /// Begins a training, with the defaults that [`Builder`] lists.
    pub fn builder<'a>() -> Builder<'a> {
        Builder::default()
    }

    /// The network and its parameters.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// The network.
    pub fn network(&self) -> &Network {
        self.model.network()
    }

    /// The columns and the labels.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The labels as they were written in the training data.
    pub fn labels(&self) -> &Labels {
        self.schema.labels()
    }

    /// What is done to each feature before the network sees it.
    pub fn preprocessing(&self) -> &Preprocessing {
        &self.preprocessing
    }

    /// Rows of at least this probability are predicted to be of the positive class.
    pub fn threshold(&self) -> f64 {
        self.threshold
    }

    /// Where the model came from.
    pub fn provenance(&self) -> &Provenance {
        &self.provenance
    }

    /// The `model_hash`: SHA-256 over the bits of the parameters, as 64 hexadecimal digits.
    ///
    /// # Errors
    /// [`FormatError`] if no file can hold the parameters.
    pub fn hash(&self) -> Result<String, FormatError> {
        self.model.hash()
    }

    /// The instruction set that predicts.
    pub fn isa(&self) -> Isa {
        self.forward.isa()
    }

    /// How the training went; nothing if the model was loaded.
    pub fn report(&self) -> Option<&TrainingReport> {
        self.report.as_ref()
    }
}
