//! From a table to a trained classifier.

use std::borrow::Cow;
use std::sync::atomic::AtomicBool;

use chainrule_autodiff::Isa;
use chainrule_data::{Dataset, Preprocessing, Scaling, Schema, split};
use chainrule_nn::{Initializer, Model, ModelError, Network, Parameters, Precision};

use super::Classifier;
use super::predict::{Forward, Ready};
use super::provenance::{DataRecord, Provenance, TrainingRecord, ValidationRecord};
use super::report::TrainingReport;
use crate::rows::Rows;
use crate::train::{Real, Surroundings, Trained, train};
use crate::{
    Batch, Observer, Optimizer, Outcome, Samples, Silent, Threads, TrainConfig, TrainError,
};

/// A training that is being described. Every knob has a default:
///
/// | knob | default |
/// |---|---|
/// | [`hidden`](Builder::hidden) or [`network`](Builder::network) | hidden layers of 16 and 8 sigmoid neurons |
/// | [`optimizer`](Builder::optimizer), [`learning_rate`](Builder::learning_rate), [`epochs`](Builder::epochs), [`batch`](Builder::batch) | those of [`TrainConfig`], with [`Adam`](crate::Adam) |
/// | [`initializer`](Builder::initializer) | [`Initializer::XavierUniform`] |
/// | [`shuffle`](Builder::shuffle) | yes, in another order each epoch |
/// | [`scaling`](Builder::scaling) | [`Scaling::Standard`] |
/// | [`validation_fraction`](Builder::validation_fraction) | 0.2 of each class |
/// | [`precision`](Builder::precision) | [`Precision::F32`] |
/// | [`seed`](Builder::seed) | 0 |
/// | [`threads`](Builder::threads), [`isa`](Builder::isa) | what is best; the bits don't depend on them |
///
/// ```
/// use chainrule_data::Table;
/// use chainrule_trainer::{Batch, Classifier, Control, EpochReport, Sgd};
///
/// let table = Table::from_csv("and.csv", "a,b,y\n0,0,no\n0,1,no\n1,0,no\n1,1,yes\n".as_bytes())?;
/// let mut losses = Vec::new();
/// let model = Classifier::builder()
///     .target("y")
///     .hidden(&[])
///     .optimizer(Sgd)
///     .learning_rate(1.0)
///     .batch(Batch::Full)
///     .epochs(200)
///     .validation_fraction(0.0)
///     .observer(&mut |report: &EpochReport| {
///         losses.push(report.train_loss);
///         Control::Continue
///     })
///     .fit(&table)?;
/// assert_eq!(model.predict(&table)?, ["no", "no", "no", "yes"]);
/// assert!(losses[199] < losses[0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Builder<'a> {
    network: Option<Network>,
    hidden: Option<Vec<usize>>,
    optimizer: Box<dyn Optimizer + 'a>,
    initializer: Initializer,
    config: TrainConfig,
    precision: Option<Precision>,
    scaling: Scaling,
    target: Option<String>,
    positive: Option<String>,
    schema: Option<Schema>,
    validation: Validation<'a>,
    init: Option<&'a Classifier>,
    observer: Option<&'a mut dyn Observer>,
    cancel: Option<&'a AtomicBool>,
}

/// What is validated on.
enum Validation<'a> {
    Fraction(f64),
    Rows(&'a dyn Rows),
}

impl Default for Builder<'_> {
    fn default() -> Self {
        Builder {
            network: None,
            hidden: None,
            optimizer: Box::new(crate::Adam::default()),
            initializer: Initializer::default(),
            config: TrainConfig::default(),
            precision: None,
            scaling: Scaling::default(),
            target: None,
            positive: None,
            schema: None,
            validation: Validation::Fraction(0.2),
            init: None,
            observer: None,
            cancel: None,
        }
    }
}

impl<'a> Builder<'a> {
    /// The whole network: its inputs must be as many as the features become (each number one, each categorical feature several), and it must end in one sigmoid neuron.
    #[must_use]
    pub fn network(mut self, network: Network) -> Self {
        self.network = Some(network);
        self
    }

    /// The sizes of the hidden layers, all sigmoid; none for a logistic regression. The inputs are those of the data.
    #[must_use]
    pub fn hidden(mut self, sizes: &[usize]) -> Self {
        self.hidden = Some(sizes.to_vec());
        self
    }

    /// The optimiser.
    #[must_use]
    pub fn optimizer(mut self, optimizer: impl Optimizer + 'a) -> Self {
        self.optimizer = Box::new(optimizer);
        self
    }

    /// How first weights are drawn.
    #[must_use]
    pub fn initializer(mut self, initializer: Initializer) -> Self {
        self.initializer = initializer;
        self
    }

    /// All of the configuration at once.
    #[must_use]
    pub fn config(mut self, config: TrainConfig) -> Self {
        self.config = config;
        self
    }

    /// Passes over the data; 0 leaves the first parameters as they are.
    #[must_use]
    pub fn epochs(mut self, epochs: usize) -> Self {
        self.config.epochs = epochs;
        self
    }

    /// Rows of a step.
    #[must_use]
    pub fn batch(mut self, batch: Batch) -> Self {
        self.config.batch = batch;
        self
    }

    /// `α`, the length of a step.
    #[must_use]
    pub fn learning_rate(mut self, learning_rate: f64) -> Self {
        self.config.learning_rate = learning_rate;
        self
    }

    /// Whether each epoch takes the rows in another order.
    #[must_use]
    pub fn shuffle(mut self, shuffle: bool) -> Self {
        self.config.shuffle = shuffle;
        self
    }

    /// Where random numbers start from: first weights, order of the rows, validation split, each from a stream of its own.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.config.seed = seed;
        self
    }

    /// How many threads; the bits don't depend on it.
    #[must_use]
    pub fn threads(mut self, threads: Threads) -> Self {
        self.config.threads = threads;
        self
    }

    /// The vector instructions, for training and for the predictions of the result; the bits don't depend on it.
    #[must_use]
    pub fn isa(mut self, isa: Isa) -> Self {
        self.config.isa = isa;
        self
    }

    /// The numbers that the network computes with. With [`init`](Builder::init) the default is that of the model.
    #[must_use]
    pub fn precision(mut self, precision: Precision) -> Self {
        self.precision = Some(precision);
        self
    }

    /// What is done to each feature, as learned from the training rows. With [`init`](Builder::init) it is the model's.
    #[must_use]
    pub fn scaling(mut self, scaling: Scaling) -> Self {
        self.scaling = scaling;
        self
    }

    /// The column to predict, of a table.
    #[must_use]
    pub fn target(mut self, column: &str) -> Self {
        self.target = Some(column.to_owned());
        self
    }

    /// The label of the positive class. The default is the larger number or the later label in byte order.
    #[must_use]
    pub fn positive(mut self, label: &str) -> Self {
        self.positive = Some(label.to_owned());
        self
    }

    /// Columns and labels, settled elsewhere; then target and positive label are not looked at.
    #[must_use]
    pub fn schema(mut self, schema: Schema) -> Self {
        self.schema = Some(schema);
        self
    }

    /// Validates on this share of each class, drawn by the seed and not trained on; 0 trains on all rows.
    #[must_use]
    pub fn validation_fraction(mut self, fraction: f64) -> Self {
        self.validation = Validation::Fraction(fraction);
        self
    }

    /// Validates on other rows: they are read with the schema and the scaling of the training rows.
    #[must_use]
    pub fn validation_rows(mut self, rows: &'a dyn Rows) -> Self {
        self.validation = Validation::Rows(rows);
        self
    }

    /// Starts from a model instead of first weights: schema, labels, scaling, layers and threshold are the model's.
    #[must_use]
    pub fn init(mut self, model: &'a Classifier) -> Self {
        self.init = Some(model);
        self
    }

    /// Watches the training, and may stop it.
    #[must_use]
    pub fn observer(mut self, observer: &'a mut dyn Observer) -> Self {
        self.observer = Some(observer);
        self
    }

    /// Ends the training after the step that is running, once the flag is true: for Ctrl-C.
    #[must_use]
    pub fn cancel(mut self, flag: &'a AtomicBool) -> Self {
        self.cancel = Some(flag);
        self
    }

    /// Trains.
    ///
    /// # Errors
    /// [`TrainError`] if the data or a setting can't be used, and [`TrainError::Diverged`], which keeps the last good model,
    /// if a value becomes infinite or NaN.
    pub fn fit(self, rows: &impl Rows) -> Result<Classifier, TrainError> {
        match self.chosen_precision() {
            Precision::F32 => self.fit_in::<f32>(rows),
            Precision::F64 => self.fit_in::<f64>(rows),
        }
    }

    fn chosen_precision(&self) -> Precision {
        let of_model = self.init.map(|init| init.model.parameters().precision());
        self.precision.or(of_model).unwrap_or_default()
    }

    fn fit_in<T: Real>(mut self, rows: &dyn Rows) -> Result<Classifier, TrainError>
    where
        Forward: From<Ready<T>>,
    {
        let schema = self.settle_schema(rows)?;
        let data = rows.labelled(&schema)?;
        let parts = Parts::of(&data, &self.validation, &schema, self.config.seed)?;
        let preprocessing = match self.init {
            Some(init) => init.preprocessing.clone(),
            None => Preprocessing::fit(self.scaling, &parts.train)?,
        };
        let network = self.settle_network(preprocessing.outputs(schema.inputs()))?;
        let samples = Samples::<T>::of(&parts.train, &preprocessing)?;
        let validation = match &parts.validation {
            None => None,
            Some(validation) => Some(Samples::of(validation, &preprocessing)?),
        };
        let first = self.first_parameters(&network);
        let mut silent = Silent;
        let around = Surroundings {
            observer: self.observer.take().unwrap_or(&mut silent),
            cancel: self.cancel,
        };
        let trained = train::<T>(
            &network,
            &first.to_vec(),
            &*self.optimizer,
            &samples,
            validation.as_ref(),
            &self.config,
            around,
        )?;
        let provenance = self.provenance(
            DataRecord::of(&data, rows.file_sha256()),
            parts.record,
            &preprocessing,
            &trained,
        )?;
        let model = Model::new(network, trained.parameters.clone())?;
        let ready = Ready::<T>::new(&model, self.config.isa)?;
        let threshold = self.init.map_or(0.5, |init| init.threshold);
        let train_report = ready.evaluate(&samples, threshold)?;
        let validation_report = match &validation {
            None => None,
            Some(samples) => Some(ready.evaluate(samples, threshold)?),
        };
        let classifier = Classifier {
            model,
            schema,
            preprocessing,
            threshold,
            provenance,
            forward: ready.into(),
            report: Some(TrainingReport {
                info: trained.info,
                outcome: trained.outcome.clone(),
                history: trained.history,
                steps: trained.steps,
                seconds: trained.seconds,
                train: train_report,
                validation: validation_report,
                rows_without_label: data.rows_without_label(),
                rows_with_bad_cells: data.rows_with_bad_cells(),
            }),
        };
        match trained.outcome {
            Outcome::Diverged(divergence) => Err(TrainError::Diverged {
                divergence,
                last_good: Box::new(classifier),
            }),
            _ => Ok(classifier),
        }
    }

    fn settle_schema(&self, rows: &dyn Rows) -> Result<Schema, TrainError> {
        if let Some(init) = self.init {
            return Ok(init.schema.clone());
        }
        if let Some(schema) = &self.schema {
            return Ok(schema.clone());
        }
        let target = self.target.as_deref().or(rows.own_target());
        let target = target.ok_or(TrainError::NoTarget)?;
        Ok(rows.infer_schema(target, self.positive.as_deref())?)
    }

    fn settle_network(&self, features: usize) -> Result<Network, TrainError> {
        let asked = match (&self.network, &self.hidden) {
            (Some(network), _) => Some(network.clone()),
            (None, Some(hidden)) => Some(Network::classifier(features, hidden)),
            (None, None) => None,
        };
        let network = match (self.init, asked) {
            (Some(init), Some(asked)) if *init.network() != asked => {
                return Err(TrainError::OtherLayers {
                    model: init.network().clone(),
                    asked,
                });
            }
            (Some(init), _) => init.network().clone(),
            (None, Some(asked)) => asked,
            (None, None) => Network::classifier(features, &DEFAULT_HIDDEN),
        };
        network.check_binary()?;
        if network.inputs != features {
            return Err(TrainError::Inputs {
                inputs: network.inputs,
                features,
            });
        }
        Ok(network)
    }

    fn first_parameters(&self, network: &Network) -> Parameters {
        match self.init {
            Some(init) => init.model.parameters().clone(),
            None => network.initial_parameters(
                self.initializer,
                self.config.seed,
                self.chosen_precision(),
            ),
        }
    }

    fn provenance(
        &self,
        data: DataRecord,
        validation: ValidationRecord,
        preprocessing: &Preprocessing,
        trained: &Trained,
    ) -> Result<Provenance, TrainError> {
        let config = &self.config;
        let started_from = match self.init {
            None => None,
            Some(init) => Some(init.hash().map_err(ModelError::from)?),
        };
        Ok(Provenance {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            data,
            validation,
            training: TrainingRecord {
                optimizer: self.optimizer.describe(),
                learning_rate: config.learning_rate,
                epochs: config.epochs as u64,
                epochs_finished: trained.history.len() as u64,
                steps: trained.steps as u64,
                batch: config.batch.into(),
                shuffle: config.shuffle,
                seed: config.seed,
                precision: trained.info.precision,
                standardised: *preprocessing != Preprocessing::None,
                initializer: self.init.is_none().then_some(self.initializer),
            },
            started_from,
        })
    }
}

/// The sizes of the hidden layers, where none are given.
const DEFAULT_HIDDEN: [usize; 2] = [16, 8];

/// Rows to train and to validate on.
struct Parts<'d> {
    train: Cow<'d, Dataset>,
    validation: Option<Cow<'d, Dataset>>,
    record: ValidationRecord,
}

impl<'d> Parts<'d> {
    fn of(
        data: &'d Dataset,
        validation: &Validation<'d>,
        schema: &Schema,
        seed: u64,
    ) -> Result<Parts<'d>, TrainError> {
        match *validation {
            Validation::Fraction(0.0) => Ok(Parts {
                train: Cow::Borrowed(data),
                validation: None,
                record: ValidationRecord::None,
            }),
            Validation::Fraction(fraction) => {
                let split = split::stratified(data.labels(), fraction, seed)?;
                Ok(Parts {
                    train: Cow::Owned(data.select(&split.train)),
                    validation: Some(Cow::Owned(data.select(&split.validation))),
                    record: ValidationRecord::Fraction(fraction),
                })
            }
            Validation::Rows(rows) => {
                let validation = rows.labelled(schema)?;
                let record = DataRecord::of(&validation, rows.file_sha256());
                Ok(Parts {
                    train: Cow::Borrowed(data),
                    validation: Some(validation),
                    record: ValidationRecord::Rows(record),
                })
            }
        }
    }
}
