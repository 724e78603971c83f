//! A training that is being described.

use std::sync::atomic::AtomicBool;

use chainrule_autodiff::Isa;
use chainrule_data::{Scaling, Schema};
use chainrule_nn::{Initializer, Network, Precision};

use super::Classifier;
use super::parts::HeldOut;
use super::threshold::Threshold;
use crate::rows::Rows;
use crate::{
    Batch, Checkpoints, ClassWeight, EarlyStopping, Observer, Optimizer, Schedule, Stopping,
    Threads, TrainConfig,
};

/// A training that is being described. Every knob has a default:
///
/// | knob | default |
/// |---|---|
/// | [`hidden`](Builder::hidden) or [`network`](Builder::network) | hidden layers of 16 and 8 sigmoid neurons |
/// | [`optimizer`](Builder::optimizer), [`learning_rate`](Builder::learning_rate), [`epochs`](Builder::epochs), [`batch`](Builder::batch) | those of [`TrainConfig`], with [`Adam`](crate::Adam) |
/// | [`schedule`](Builder::schedule) | the rate stays as it is |
/// | [`initializer`](Builder::initializer) | [`Initializer::XavierUniform`] |
/// | [`shuffle`](Builder::shuffle) | yes, in another order each epoch |
/// | [`scaling`](Builder::scaling) | [`Scaling::Standard`] |
/// | [`validation_fraction`](Builder::validation_fraction) | 0.2 of each class |
/// | [`test_fraction`](Builder::test_fraction) | 0: no rows are set apart to test on |
/// | [`early_stopping`](Builder::early_stopping), [`stopping`](Builder::stopping) | none: all epochs are run, and the last weights kept |
/// | [`threshold`](Builder::threshold) | ½: labels are the more probable ones |
/// | [`checkpoints`](Builder::checkpoints) | none |
/// | [`class_weight`](Builder::class_weight) | none: a row of one class counts as one of the other |
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
    pub(super) network: Option<Network>,
    pub(super) hidden: Option<Vec<usize>>,
    pub(super) optimizer: Box<dyn Optimizer + 'a>,
    pub(super) initializer: Initializer,
    pub(super) config: TrainConfig,
    pub(super) precision: Option<Precision>,
    pub(super) scaling: Scaling,
    pub(super) target: Option<String>,
    pub(super) positive: Option<String>,
    pub(super) schema: Option<Schema>,
    pub(super) validation: HeldOut<'a>,
    pub(super) test: HeldOut<'a>,
    pub(super) threshold: Option<Threshold>,
    pub(super) checkpoints: Option<Checkpoints>,
    pub(super) class_weight: Option<ClassWeight>,
    pub(super) recorded: Vec<String>,
    pub(super) init: Option<&'a Classifier>,
    pub(super) observer: Option<&'a mut dyn Observer>,
    pub(super) cancel: Option<&'a AtomicBool>,
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
            validation: HeldOut::Fraction(0.2),
            test: HeldOut::Fraction(0.0),
            threshold: None,
            checkpoints: None,
            class_weight: None,
            recorded: Vec::new(),
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

    /// How the learning rate changes while the training runs: a curve such as [`Cosine`](crate::Cosine), a [`Warmup`](crate::Warmup), or a [`Schedule`] of both.
    #[must_use]
    pub fn schedule(mut self, schedule: impl Into<Schedule>) -> Self {
        self.config.schedule = schedule.into();
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
        self.validation = HeldOut::Fraction(fraction);
        self
    }

    /// Validates on other rows: they are read with the schema and the scaling of the training rows.
    #[must_use]
    pub fn validation_rows(mut self, rows: &'a dyn Rows) -> Self {
        self.validation = HeldOut::Rows(rows);
        self
    }

    /// Sets this share of each class apart, drawn by the seed, before anything else is done with the rows; the finished model is tested on
    /// it. Rows to validate on are drawn from the rest.
    #[must_use]
    pub fn test_fraction(mut self, fraction: f64) -> Self {
        self.test = HeldOut::Fraction(fraction);
        self
    }

    /// Tests the finished model on other rows.
    #[must_use]
    pub fn test_rows(mut self, rows: &'a dyn Rows) -> Self {
        self.test = HeldOut::Rows(rows);
        self
    }

    /// Ends the training when the validation rows say that it gets no better, and keeps the weights of the best epoch.
    #[must_use]
    pub fn early_stopping(mut self, rule: EarlyStopping) -> Self {
        self.config.stopping.early = Some(rule);
        self
    }

    /// All of what ends the training before its epochs are over.
    #[must_use]
    pub fn stopping(mut self, stopping: Stopping) -> Self {
        self.config.stopping = stopping;
        self
    }

    /// From which probability on the positive label is predicted: a number, or a metric by which the validation rows choose it after the
    /// training. Without it that is ½, or with [`init`](Builder::init) as in the model.
    #[must_use]
    pub fn threshold(mut self, threshold: impl Into<Threshold>) -> Self {
        self.threshold = Some(threshold.into());
        self
    }

    /// Keeps the training in a folder, and goes on from there if it was begun before.
    #[must_use]
    pub fn checkpoints(mut self, checkpoints: Checkpoints) -> Self {
        self.checkpoints = Some(checkpoints);
        self
    }

    /// What a row of each class counts in the loss, beside the row's own weight. It changes what the probabilities mean:
    /// see [`Weighting`](crate::Weighting). Scaling, splits and metrics don't look at it, but for the validation loss, which is measured
    /// as the loss that is trained.
    ///
    /// Rows have weights of their own if they are a table that was [`weighted_by`](chainrule_data::Table::weighted_by) one of its columns,
    /// or a data set [`with_weights`](chainrule_data::Dataset::with_weights).
    #[must_use]
    pub fn class_weight(mut self, weight: ClassWeight) -> Self {
        self.class_weight = Some(weight);
        self
    }

    /// What to keep in the model beside everything that the trainer knows: how to describe this very training again. The command line keeps its
    /// options here, and `chainrule verify` reads them. It changes the bytes of the file, and no bit of the parameters.
    #[must_use]
    pub fn recorded_as(mut self, words: &[String]) -> Self {
        self.recorded = words.to_vec();
        self
    }

    /// Starts from a model instead of first weights: schema, labels, scaling, layers and threshold are the model's, the last unless
    /// [`threshold`](Builder::threshold) says otherwise. With no epochs, that gives a model that is there another threshold.
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
}
