//! Predictions.

use chainrule_autodiff::{CompileError, Graph, Isa, Plan, RunError, Scalar, State, Step};
use chainrule_data::{Dataset, Preprocessing};
use chainrule_metrics::{Report, evaluate, sigmoid};
use chainrule_nn::{Model, Precision};

use super::Classifier;
use crate::crew::with_team;
use crate::forward;
use crate::rows::Rows;
use crate::train::Real;
use crate::{PredictError, Samples, Threads};

impl Classifier {
    /// The probability that each row is of the positive class.
    ///
    /// It is `σ` of the logit, in f64. A row alone has the same bits as in any table.
    ///
    /// # Errors
    /// [`PredictError`] if a column is missing or a cell can't be used.
    pub fn predict_proba(&self, rows: &impl Rows) -> Result<Vec<f64>, PredictError> {
        Ok(self.logits(rows)?.into_iter().map(sigmoid).collect())
    }

    /// The label of each row: the positive one where the probability is at least the [`threshold`](Classifier::threshold).
    ///
    /// # Errors
    /// Those of [`predict_proba`](Classifier::predict_proba).
    pub fn predict(&self, rows: &impl Rows) -> Result<Vec<&str>, PredictError> {
        let probabilities = self.predict_proba(rows)?;
        let label = |p| self.labels().of(p >= self.threshold);
        Ok(probabilities.into_iter().map(label).collect())
    }

    /// The logit of each row, `ln(p / (1 − p))`: what probabilities near 0 and 1 can no longer tell.
    ///
    /// # Errors
    /// Those of [`predict_proba`](Classifier::predict_proba).
    pub fn logits(&self, rows: &impl Rows) -> Result<Vec<f64>, PredictError> {
        self.logits_of(&*rows.features(&self.schema)?)
    }

    /// All metrics on labelled rows, from the logits. Classes are those of the model, and the threshold is the model's unless
    /// another is given.
    ///
    /// # Errors
    /// [`PredictError`] if a column is missing, a cell can't be used, a label is neither of the model's, or there are no
    /// rows.
    pub fn evaluate(
        &self,
        rows: &impl Rows,
        threshold: Option<f64>,
    ) -> Result<Report, PredictError> {
        let data = rows.labelled(&self.schema)?;
        let logits = self.logits_of(&data)?;
        let threshold = threshold.unwrap_or(self.threshold);
        Ok(evaluate(data.labels(), &logits, data.weights(), threshold)?)
    }

    fn logits_of(&self, data: &Dataset) -> Result<Vec<f64>, PredictError> {
        self.forward.logits(data, &self.preprocessing)
    }
}

/// The forward pass of a model, compiled.
#[derive(Clone, Debug)]
pub(super) enum Forward {
    F32(Ready<f32>),
    F64(Ready<f64>),
}

#[derive(Clone, Debug)]
pub(super) struct Ready<T: Scalar> {
    plan: Plan<T>,
    state: State<T>,
}

impl Forward {
    pub(super) fn new(model: &Model, isa: Isa) -> Result<Forward, CompileError> {
        Ok(match model.parameters().precision() {
            Precision::F32 => Forward::F32(Ready::new(model, isa)?),
            Precision::F64 => Forward::F64(Ready::new(model, isa)?),
        })
    }

    pub(super) fn isa(&self) -> Isa {
        match self {
            Forward::F32(ready) => ready.plan.isa(),
            Forward::F64(ready) => ready.plan.isa(),
        }
    }

    fn logits(
        &self,
        data: &Dataset,
        preprocessing: &Preprocessing,
    ) -> Result<Vec<f64>, PredictError> {
        match self {
            Forward::F32(ready) => ready.logits_of_data(data, preprocessing),
            Forward::F64(ready) => ready.logits_of_data(data, preprocessing),
        }
    }
}

impl From<Ready<f32>> for Forward {
    fn from(ready: Ready<f32>) -> Forward {
        Forward::F32(ready)
    }
}

impl From<Ready<f64>> for Forward {
    fn from(ready: Ready<f64>) -> Forward {
        Forward::F64(ready)
    }
}

impl<T: Real> Ready<T> {
    pub(super) fn new(model: &Model, isa: Isa) -> Result<Ready<T>, CompileError> {
        let graph = Graph::new();
        let layers = model.network().build(&graph);
        let plan = graph.compile::<T>(Step::returns(layers.logits()), isa)?;
        let mut state = plan.state();
        state
            .write_parameters(&model.parameters().to_vec())
            .expect("the parameters of a model are those of its network");
        Ok(Ready { plan, state })
    }

    fn logits_of_data(
        &self,
        data: &Dataset,
        preprocessing: &Preprocessing,
    ) -> Result<Vec<f64>, PredictError> {
        let x = preprocessing.transform::<T>(data)?;
        Ok(self.logits_of_scaled(x.as_slice(), data.len())?)
    }

    /// The logits of rows that were scaled: features × rows.
    pub(super) fn logits_of_scaled(&self, x: &[T], rows: usize) -> Result<Vec<f64>, RunError> {
        let mut logits = vec![0.0; rows];
        let work = self.state.parameter_count() as f64 * rows as f64;
        // To start a pool costs as much as many steps do.
        let threads = Threads::Auto.for_work(work / 64.0);
        let mut workspace = forward::workspace(&self.plan, rows, threads);
        with_team(threads, |team| {
            forward::forward(
                &self.plan,
                &self.state,
                x,
                &mut logits,
                &mut workspace,
                team,
            )
        })?;
        Ok(logits)
    }

    /// All metrics on samples that were scaled; the weights are those of the rows, without those of the classes.
    pub(super) fn evaluate(
        &self,
        samples: &Samples<T>,
        data: &Dataset,
        threshold: f64,
    ) -> Result<Result<Report, chainrule_metrics::Error>, RunError> {
        let logits = self.logits_of_scaled(&samples.x, samples.rows())?;
        Ok(evaluate(data.labels(), &logits, data.weights(), threshold))
    }
}
