//! From a table to a trained classifier.

use std::borrow::Cow;

use chainrule_data::{Dataset, Preprocessing, Schema, Table};
use chainrule_nn::{Model, ModelError, Network, Parameters, Precision};

use super::Classifier;
use super::builder::Builder;
use super::file::{Described, describe};
use super::parts::Parts;
use super::predict::{Forward, Ready};
use super::provenance::{DataRecord, Procedure, Provenance, TrainingRecord};
use super::report::TrainingReport;
use super::threshold::{Threshold, tune};
use crate::checkpoint::{Counts, Folder, Identity, Keeper};
use crate::diagnosis;
use crate::rows::Rows;
use crate::train::{Around, Real, ValidationWeights, train_kept};
use crate::{CheckpointError, Outcome, Samples, Silent, Start, TrainError, Weighting};

impl Builder<'_> {
    /// Trains.
    ///
    /// # Errors
    /// [`TrainError`] if the data or a setting can't be used, and [`TrainError::Diverged`], which keeps the last good model,
    /// if a value becomes infinite or NaN.
    pub fn fit(self, rows: &impl Rows) -> Result<Classifier, TrainError> {
        self.fit_given(Given::Rows(rows))
    }

    /// The same for a table that is not needed any more, in less memory: the network's inputs take the place of the table. Of a table of
    /// numbers there is one copy and what is validated and tested on, until the inputs (half of that in f32) are all there is.
    ///
    /// # Errors
    /// Those of [`fit`](Builder::fit).
    pub fn fit_table(self, table: Table) -> Result<Classifier, TrainError> {
        self.fit_given(Given::Table(Box::new(table)))
    }

    fn fit_given(self, given: Given) -> Result<Classifier, TrainError> {
        match self.chosen_precision() {
            Precision::F32 => self.fit_in::<f32>(given),
            Precision::F64 => self.fit_in::<f64>(given),
        }
    }

    fn chosen_precision(&self) -> Precision {
        let of_model = self.init.map(|init| init.model.parameters().precision());
        self.precision.or(of_model).unwrap_or_default()
    }

    fn fit_in<T: Real>(mut self, given: Given) -> Result<Classifier, TrainError>
    where
        Forward: From<Ready<T>>,
    {
        let folder = self.lock_folder()?;
        let schema = self.settle_schema(given.rows())?;
        let file_sha256 = given.rows().file_sha256().map(str::to_owned);
        let data = given.labelled(&schema)?;
        let record = DataRecord::of(&data, file_sha256.as_deref());
        let seed = self.config.seed;
        let mut parts = Parts::of(data, &self.validation, &self.test, &schema, seed)?;
        if let Some(threshold) = self.threshold {
            threshold.check(parts.validation.as_deref())?;
        }
        let preprocessing = match self.init {
            Some(init) => init.preprocessing.clone(),
            None => Preprocessing::fit(self.scaling, &parts.train)?,
        };
        let network = self.settle_network(preprocessing.outputs(schema.inputs()))?;
        let weighting = Weighting::of(&parts.train, self.class_weight)?;
        let factors = weighting.as_ref().and_then(|weighting| weighting.factors);
        let scaled = |part: &mut Option<Cow<Dataset>>| -> Result<Option<Samples<T>>, TrainError> {
            let part = part.as_mut();
            let samples = part.map(|part| Samples::taking(part, &preprocessing, factors));
            Ok(samples.transpose()?)
        };
        let samples = Samples::<T>::taking(&mut parts.train, &preprocessing, factors)?;
        let (validation, test) = (scaled(&mut parts.validation)?, scaled(&mut parts.test)?);
        // While the training runs. One that is to be chosen is chosen afterwards.
        let threshold = match self.threshold {
            Some(Threshold::Fixed(threshold)) => threshold,
            _ => self.init.map_or(0.5, |init| init.threshold),
        };
        let provenance = self.provenance(record, &parts, &preprocessing, weighting)?;
        let first = self.first_parameters(&network);
        let keeper = match (&self.checkpoints, folder) {
            (Some(checkpoints), Some(folder)) => {
                let identity = self.identity(&provenance, &network, &schema, threshold);
                let described = Described {
                    schema: &schema,
                    preprocessing: &preprocessing,
                    threshold,
                    provenance: &provenance,
                };
                let sections = move |writer, counts: Counts| {
                    let provenance = &described.provenance.after(counts);
                    describe(
                        writer,
                        &Described {
                            provenance,
                            ..described
                        },
                    )
                };
                Some(Keeper::new(
                    folder,
                    checkpoints.every,
                    identity,
                    Box::new(sections),
                ))
            }
            _ => None,
        };
        let mut silent = Silent;
        let observer = self.observer.take().unwrap_or(&mut silent);
        let around = Around {
            observer: &mut *observer,
            cancel: self.cancel,
            keeper,
            threshold,
            validation_weights: match (&parts.validation, factors) {
                (Some(validation), Some(_)) => ValidationWeights::OfRows(validation.weights()),
                _ => ValidationWeights::AsInLoss,
            },
        };
        let mut trained = train_kept::<T>(
            &network,
            &first.to_vec(),
            &*self.optimizer,
            &samples,
            validation.as_ref(),
            &self.config,
            around,
        )?;
        let mut provenance = provenance.after(Counts {
            epochs_finished: trained.history.len(),
            steps: match trained.outcome {
                // The parameters are those from before the epoch.
                Outcome::Diverged(_) => trained.history.len() * trained.info.steps_per_epoch,
                _ => trained.steps,
            },
            best_epoch: trained.best_epoch,
        });
        let model = Model::new(network, trained.parameters.clone())?;
        let ready = Ready::<T>::new(&model, self.config.isa)?;
        let (threshold, tuned) = match (self.threshold, &validation, &parts.validation) {
            (Some(Threshold::Tuned(metric)), Some(samples), Some(data)) => {
                let logits = ready.logits_of_scaled(&samples.x, samples.rows())?;
                if let Some(procedure) = &mut provenance.procedure {
                    procedure.threshold = Some(metric.to_string());
                }
                let (chosen, tuned) = tune(metric, data, &logits, threshold);
                (chosen, Some(tuned))
            }
            _ => (threshold, None),
        };
        let evaluate = |samples: &Option<Samples<T>>, data: &Option<Cow<Dataset>>| {
            let samples = samples.as_ref().zip(data.as_ref());
            let report = samples.map(|(samples, data)| ready.evaluate(samples, data, threshold));
            report.transpose()
        };
        let train_report = ready.evaluate(&samples, &parts.train, threshold)?;
        if let Ok(report) = &train_report
            && let Some(warning) = diagnosis::one_class(&trained, report)
        {
            diagnosis::tell(&warning, &mut *observer);
            trained.warnings.push(warning);
        }
        observer.end(&trained.end());
        let report = TrainingReport {
            info: trained.info,
            outcome: trained.outcome.clone(),
            history: trained.history,
            warnings: trained.warnings,
            best_epoch: trained.best_epoch,
            steps: trained.steps,
            seconds: trained.seconds,
            tuned,
            train: train_report,
            validation: evaluate(&validation, &parts.validation)?,
            test: evaluate(&test, &parts.test)?,
            rows_of_weight_zero: parts.train.rows_of_weight_zero(),
            rows_without_label: parts.train.rows_without_label(),
            rows_with_bad_cells: parts.train.rows_with_bad_cells(),
        };
        let classifier = Classifier {
            model,
            schema,
            preprocessing,
            threshold,
            provenance,
            forward: ready.into(),
            report: Some(report),
        };
        match trained.outcome {
            Outcome::Diverged(divergence) => Err(TrainError::Diverged {
                divergence,
                last_good: Box::new(classifier),
            }),
            _ => Ok(classifier),
        }
    }

    /// The folder for checkpoints, this process's own from now on.
    fn lock_folder(&self) -> Result<Option<Folder>, TrainError> {
        let Some(checkpoints) = &self.checkpoints else {
            return Ok(None);
        };
        let folder = Folder::lock(&checkpoints.folder)?;
        match (checkpoints.start, folder.newest_step()?) {
            (Start::Afresh, Some(step)) => Err(CheckpointError::Occupied {
                folder: checkpoints.folder.clone(),
                step,
            }
            .into()),
            _ => Ok(Some(folder)),
        }
    }

    /// What makes this training the one it is, and not another.
    fn identity(
        &self,
        provenance: &Provenance,
        network: &Network,
        schema: &Schema,
        threshold: f64,
    ) -> Identity {
        let (config, training) = (&self.config, &provenance.training);
        let procedure = provenance.procedure.as_ref();
        let mut identity = Identity::new(config.epochs);
        identity.add("version of chainrule", &provenance.version);
        identity.add("data", &provenance.data);
        identity.add("target", schema.target());
        identity.add("positive label", &schema.labels().positive);
        identity.add("negative label", &schema.labels().negative);
        let features = schema.features().iter();
        let columns = features.map(|feature| format!("{} ({})", feature.name, feature.kind.name()));
        identity.add("columns", columns.collect::<Vec<_>>().join(", "));
        identity.add("validation", &provenance.validation);
        if let Some(procedure) = procedure {
            identity.add("test", &procedure.test);
            identity.add("preprocessing", &procedure.scaling);
        }
        let weighting = provenance.weighting.as_ref();
        let said = |of: fn(&Weighting) -> Option<&String>| {
            weighting.and_then(of).map_or("none", String::as_str)
        };
        identity.add("weight column", said(|weighting| weighting.column.as_ref()));
        identity.add(
            "class weight",
            said(|weighting| weighting.class_weight.as_ref()),
        );
        identity.add("network", network);
        identity.add("precision", training.precision);
        let first = match (&provenance.started_from, training.initializer) {
            (Some(hash), _) => format!("the model with the hash {hash}"),
            (None, Some(initializer)) => format!("{initializer:?}"),
            (None, None) => String::new(),
        };
        identity.add("first weights", first);
        identity.add("optimizer", &training.optimizer);
        identity.add("learning rate", training.learning_rate);
        identity.add("schedule", config.schedule);
        if config.schedule.depends_on_epochs() {
            identity.fix_epochs();
        }
        identity.add("batch size", config.batch);
        identity.add("shuffle", training.shuffle);
        identity.add("seed", training.seed);
        let said = match self.threshold {
            Some(Threshold::Tuned(metric)) => {
                format!("{threshold} while it is trained, then chosen by {metric}")
            }
            _ => threshold.to_string(),
        };
        identity.add("threshold", said);
        let stopping = &config.stopping;
        let said = |rule: Option<String>| rule.unwrap_or_else(|| "none".to_owned());
        identity.add(
            "early stopping",
            said(stopping.early.map(|rule| rule.to_string())),
        );
        identity.add(
            "target metric",
            said(stopping.target.map(|rule| rule.to_string())),
        );
        identity
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

    /// Where the model comes from, before the first step.
    fn provenance(
        &self,
        data: DataRecord,
        parts: &Parts,
        preprocessing: &Preprocessing,
        weighting: Option<Weighting>,
    ) -> Result<Provenance, TrainError> {
        let config = &self.config;
        let started_from = match self.init {
            None => None,
            Some(init) => Some(init.hash().map_err(ModelError::from)?),
        };
        let scaling = match self.init {
            None => self.scaling.to_string(),
            Some(_) => "of the model that the training started from".to_owned(),
        };
        Ok(Provenance {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            data,
            validation: parts.validation_record.clone(),
            training: TrainingRecord {
                optimizer: self.optimizer.describe(),
                learning_rate: config.learning_rate,
                epochs: config.epochs as u64,
                epochs_finished: 0,
                steps: 0,
                batch: config.batch.into(),
                // A line search takes the rows in the order given.
                shuffle: config.shuffle && self.optimizer.line_search().is_none(),
                seed: config.seed,
                precision: self.chosen_precision(),
                standardised: *preprocessing != Preprocessing::None,
                initializer: self.init.is_none().then_some(self.initializer),
            },
            started_from,
            procedure: Some(Procedure {
                threshold: match self.threshold {
                    Some(Threshold::Fixed(threshold)) => Some(threshold.to_string()),
                    // Not yet.
                    Some(Threshold::Tuned(_)) | None => None,
                },
                ..Procedure::of(
                    config.schedule,
                    scaling,
                    &config.stopping,
                    parts.test_record.clone(),
                    &self.recorded,
                )
            }),
            weighting,
        })
    }
}

/// What is trained on, and whether it is needed afterwards.
enum Given<'r> {
    Rows(&'r dyn Rows),
    Table(Box<Table>),
}

impl<'r> Given<'r> {
    fn rows(&self) -> &dyn Rows {
        match self {
            Given::Rows(rows) => *rows,
            Given::Table(table) => &**table,
        }
    }

    fn labelled(self, schema: &Schema) -> Result<Cow<'r, Dataset>, TrainError> {
        Ok(match self {
            Given::Rows(rows) => rows.labelled(schema)?,
            Given::Table(table) => Cow::Owned(schema.encode_owned(*table)?),
        })
    }
}

/// The sizes of the hidden layers, where none are given.
const DEFAULT_HIDDEN: [usize; 2] = [16, 8];
