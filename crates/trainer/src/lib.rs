//! Training of small sigmoid networks on tables: the same bits for any number of threads on any CPU.
//!
//! ```
//! use chainrule_data::{Table, embedded};
//! use chainrule_trainer::Classifier;
//!
//! let wdbc = embedded::wdbc();
//! let table = Table::from_csv(wdbc.name, wdbc.bytes)?;
//! let model = Classifier::builder().target(wdbc.target).hidden(&[16, 8]).epochs(20).seed(7).fit(&table)?;
//!
//! let report = model.report().unwrap();
//! assert!(report.validation.as_ref().unwrap().as_ref().unwrap().accuracy > 0.9);
//! assert!(model.predict_proba(&table)?[0] > 0.5);
//! assert_eq!(model.predict(&table)?[0], "malignant");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! What is where:
//!
//! | what | type | file |
//! |---|---|---|
//! | from a table to a model that predicts | [`Classifier`], [`Builder`] | `classifier/` |
//! | the loop, over samples that are ready | [`train()`], [`Samples`] | `train.rs`, `run/`, `batches.rs` |
//! | early stopping, targets, time limits | [`Stopping`] | `stopping.rs` |
//! | from which probability on the label is positive | [`Threshold`] | `classifier/threshold.rs` |
//! | going on after a kill | [`Checkpoints`] | `checkpoint/` |
//! | the compiled step | [`explain_step`], [`compile_step`] | `plans.rs` |
//! | weights of rows and classes | [`ClassWeight`], [`Weighting`] | `weighting.rs` |
//! | optimisers | [`Optimizer`], [`Sgd`], [`Momentum`], [`Adam`], [`NamedOptimizer`] | `optimizer/` |
//! | how the learning rate changes | [`Schedule`], [`Cosine`], [`Warmup`] | `schedule/` |
//! | what watches and stops | [`Observer`] | `observer.rs` |
//! | logs and event files | [`JsonLines`], [`TensorBoard`] | `observers/` |
//! | what does not go well | [`Warning`] | `diagnosis/` |
//! | what went wrong where | [`Divergence`] | `divergence.rs` |
//! | threads | [`Threads`] | `crew.rs` |
//!
//! The crates whose types appear here are at hand as [`data`], [`nn`], [`metrics`] and [`autodiff`], so one dependency is enough.
//!
//! A training is a function of data, configuration and seed. Nothing depends on the number of threads, the instruction set,
//! a clock or a hash map, and nothing is printed: what happens is told to the observer and to `tracing`.

#![cfg_attr(
    not(test),
    deny(clippy::print_stdout, clippy::print_stderr, clippy::dbg_macro)
)]

mod batches;
mod checkpoint;
mod classifier;
mod config;
mod crew;
mod diagnosis;
mod divergence;
mod error;
mod forward;
mod observer;
mod observers;
mod optimizer;
mod pace;
mod plans;
mod rows;
mod run;
mod samples;
mod schedule;
mod stopping;
mod train;
mod validation;
mod weighting;

/// The engine, for instruction sets, and for optimisers and plans of one's own.
pub use chainrule_autodiff as autodiff;
/// Tables, schemas and preprocessing.
pub use chainrule_data as data;
/// The metrics of reports.
pub use chainrule_metrics as metrics;
/// Networks, initialisers and the container of model files.
pub use chainrule_nn as nn;

pub use chainrule_metrics::Metric;
pub use checkpoint::{CheckpointError, Checkpoints, Difference, Every, Start, UnknownInterval};
pub use classifier::{
    BatchRecord, Builder, Classifier, DataRecord, EarlyStoppingRecord, NoThreshold, Procedure,
    Provenance, Threshold, TrainingRecord, TrainingReport, Tuned, ValidationRecord,
};
pub use config::{Batch, Threads, TrainConfig};
pub use diagnosis::{Evidence, Remedy, Warning};
pub use divergence::{Divergence, Place};
pub use error::{ClassifierError, PredictError, TrainError};
pub use observer::{
    Control, EndReport, EpochReport, LayerReport, LayersReport, Observer, Silent, StepReport,
    TrainingInfo,
};
pub use observers::{JsonLines, TensorBoard};
pub use optimizer::{
    Adam, AdamW, ClipByNorm, ClipByValue, Description, Gradient, Gradients, L1, L2, Lbfgs, Memory,
    Momentum, NamedOptimizer, Nesterov, Optimizer, Penalised, RmsProp, Role, Sgd, UnknownOptimizer,
};
pub use plans::{compile_step, explain_step};
pub use rows::Rows;
pub use samples::Samples;
pub use schedule::{
    Cosine, Curve, ExponentialDecay, OneCycle, ReduceOnPlateau, Schedule, StepDecay,
    UnknownSchedule, Warmup,
};
pub use stopping::{EarlyStopping, Stopping, Target};
pub use train::{Outcome, Real, Surroundings, Trained, train};
pub use weighting::{ClassFactors, ClassWeight, NoClassWeight, Weighting};
