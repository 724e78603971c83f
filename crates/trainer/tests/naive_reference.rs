//! The numbers contract, written as nested loops from `docs/reproducibility.md` without the engine: it trains beside the plan,
//! and after 20 steps every parameter and every loss is equal, bit for bit, on every instruction set of the machine.

mod common;
#[path = "common/first.rs"]
mod first;

use chainrule_autodiff::{Isa, Scalar, elementary};
use chainrule_nn::{Activation, Network};
use chainrule_trainer::{
    Adam, Batch, Control, EpochReport, Momentum, Observer, Optimizer, Real, Samples, Sgd,
    StepReport, Surroundings, Threads, TrainConfig, train,
};
use proptest::prelude::*;

/// Samples in one chain of a sum over samples.
const CHUNK: usize = 256;

/// The halving tree over lanes.
fn halving_tree<T: Scalar>(mut lanes: Vec<T>) -> T {
    let mut half = lanes.len() / 2;
    while half > 0 {
        for i in 0..half {
            lanes[i] = lanes[i] + lanes[i + half];
        }
        half /= 2;
    }
    lanes[0]
}

/// sum[lo, hi) = sum[lo, mid) + sum[mid, hi), mid = lo + the largest power of two below hi − lo.
fn chunk_tree<T: Scalar>(chunks: &[T]) -> T {
    if chunks.len() == 1 {
        return chunks[0];
    }
    let mut power = 1;
    while power * 2 < chunks.len() {
        power *= 2;
    }
    chunk_tree(&chunks[..power]) + chunk_tree(&chunks[power..])
}

/// A sum over samples of products; `a` of one is a plain sum.
fn over_samples<T: Scalar>(batch: usize, a: impl Fn(usize) -> T, b: impl Fn(usize) -> T) -> T {
    let mut chunks = Vec::new();
    for start in (0..batch).step_by(CHUNK) {
        let mut sum = T::ZERO;
        for s in start..batch.min(start + CHUNK) {
            sum = a(s).mul_add(b(s), sum);
        }
        chunks.push(sum);
    }
    chunk_tree(&chunks)
}

/// One element of a product over k, and the bias that it may begin or end with.
fn product<T: Scalar>(
    outputs: usize,
    k: usize,
    a: impl Fn(usize) -> T,
    b: impl Fn(usize) -> T,
    bias: Option<T>,
) -> T {
    if outputs > 1 {
        let mut sum = bias.unwrap_or(T::ZERO);
        for k in 0..k {
            sum = a(k).mul_add(b(k), sum);
        }
        return sum;
    }
    let mut lanes = vec![T::ZERO; T::LANES];
    for k in 0..k {
        lanes[k % T::LANES] = a(k).mul_add(b(k), lanes[k % T::LANES]);
    }
    let sum = halving_tree(lanes);
    bias.map_or(sum, |bias| sum + bias)
}

/// What the reference can update with.
#[derive(Clone, Copy, Debug)]
enum Rule {
    Sgd,
    Momentum,
    Adam,
}

impl Rule {
    fn optimizer(self) -> Box<dyn Optimizer> {
        match self {
            Rule::Sgd => Box::new(Sgd),
            Rule::Momentum => Box::new(Momentum::default()),
            Rule::Adam => Box::new(Adam::default()),
        }
    }
}

/// A training in nested loops.
struct Naive<T> {
    network: Network,
    parameters: Vec<T>,
    rule: Rule,
    rate: T,
    m: Vec<T>,
    v: Vec<T>,
    power1: T,
    power2: T,
}

impl<T: Scalar> Naive<T> {
    fn new(network: &Network, parameters: &[T], rule: Rule, rate: f64) -> Self {
        Naive {
            network: network.clone(),
            parameters: parameters.to_vec(),
            rule,
            rate: T::from_f64(rate),
            m: vec![T::ZERO; parameters.len()],
            v: vec![T::ZERO; parameters.len()],
            power1: T::ONE,
            power2: T::ONE,
        }
    }

    /// The loss before the update. `x` is features × batch.
    fn step(&mut self, x: &[T], y: &[T], weights: Option<&[T]>) -> T {
        let batch = y.len();
        let layers = self.network.layers.clone();
        let mut offsets = Vec::new();
        let (mut offset, mut inputs) = (0, self.network.inputs);
        for layer in &layers {
            offsets.push((offset, inputs));
            offset += layer.units * inputs + layer.units;
            inputs = layer.units;
        }

        // Forward.
        let mut a: Vec<Vec<T>> = vec![x.to_vec()];
        let mut logits = Vec::new();
        for (layer, &(offset, inputs)) in layers.iter().zip(&offsets) {
            let units = layer.units;
            let w = &self.parameters[offset..offset + units * inputs];
            let b = &self.parameters[offset + units * inputs..][..units];
            let before = &a[a.len() - 1];
            let mut z = Vec::new();
            for s in 0..batch {
                for i in 0..units {
                    let weight = |k| w[k * units + i];
                    let input = |k| before[s * inputs + k];
                    z.push(product(units, inputs, weight, input, Some(b[i])));
                }
            }
            let activation = match layer.activation {
                Activation::Sigmoid => elementary::sigmoid::<T>,
                Activation::Tanh => elementary::tanh::<T>,
                other => unreachable!("{other} is not in the reference"),
            };
            a.push(z.iter().map(|&z| activation(z)).collect());
            logits = z;
        }

        // The loss, and 1/B or 1/Σw: once, with finished sums.
        let loss = |s: usize| elementary::bce_logits(logits[s], y[s]);
        let one = |_: usize| T::ONE;
        let (sum, total) = match weights {
            None => (over_samples(batch, loss, one), T::from_f64(batch as f64)),
            Some(w) => (
                over_samples(batch, |s| w[s] * loss(s), one),
                over_samples(batch, |s| w[s], one),
            ),
        };
        let loss = sum / total;
        let reciprocal = T::ONE / total;

        // Backward.
        let output = &a[layers.len()];
        let mut delta: Vec<T> = (0..batch)
            .map(|s| {
                let difference = output[s] - y[s];
                weights.map_or(difference, |w| w[s] * difference)
            })
            .collect();
        let mut gradient = vec![T::ZERO; self.parameters.len()];
        for at in (0..layers.len()).rev() {
            let units = layers[at].units;
            let (offset, inputs) = offsets[at];
            let before = &a[at];
            for j in 0..inputs {
                for i in 0..units {
                    let sum =
                        over_samples(batch, |s| delta[s * units + i], |s| before[s * inputs + j]);
                    gradient[offset + j * units + i] = sum * reciprocal;
                }
            }
            for i in 0..units {
                let sum = over_samples(batch, |s| delta[s * units + i], one);
                gradient[offset + units * inputs + i] = sum * reciprocal;
            }
            if at == 0 {
                break;
            }
            let w = &self.parameters[offset..offset + units * inputs];
            let mut passed = Vec::new();
            for s in 0..batch {
                for j in 0..inputs {
                    let weight = |k| w[j * units + k];
                    let from = |k| delta[s * units + k];
                    let sum = product(inputs, units, weight, from, None);
                    let a = before[s * inputs + j];
                    passed.push(match layers[at - 1].activation {
                        Activation::Sigmoid => sum * (a * (T::ONE - a)),
                        _ => sum * (T::ONE - a * a),
                    });
                }
            }
            delta = passed;
        }
        self.update(&gradient);
        loss
    }

    fn update(&mut self, gradient: &[T]) {
        let constant = T::from_f64;
        let rate = self.rate;
        let (beta1, beta2) = (constant(0.9), constant(0.999));
        let (rest1, rest2) = (constant(1.0 - 0.9), constant(1.0 - 0.999));
        self.power1 = beta1 * self.power1;
        self.power2 = beta2 * self.power2;
        for (at, &g) in gradient.iter().enumerate() {
            let w = &mut self.parameters[at];
            match self.rule {
                Rule::Sgd => *w -= rate * g,
                Rule::Momentum => {
                    self.v[at] = constant(0.9) * self.v[at] + g;
                    *w -= rate * self.v[at];
                }
                Rule::Adam => {
                    self.m[at] = beta1 * self.m[at] + rest1 * g;
                    self.v[at] = beta2 * self.v[at] + rest2 * (g * g);
                    let rate = rate / (T::ONE - self.power1);
                    let spread = (self.v[at] / (T::ONE - self.power2)).sqrt();
                    *w -= rate * self.m[at] / (spread + constant(1e-8));
                }
            }
        }
    }
}

/// Keeps the loss of each step.
#[derive(Default)]
struct Losses(Vec<f64>);

impl Observer for Losses {
    fn epoch(&mut self, _: &EpochReport) -> Control {
        Control::Continue
    }

    fn step(&mut self, report: &StepReport) -> Control {
        self.0.push(report.loss);
        if self.0.len() == STEPS {
            Control::Stop
        } else {
            Control::Continue
        }
    }
}

const STEPS: usize = 20;

/// Trains both ways, and gives the losses of the steps.
fn compare<T: Real>(
    network: &Network,
    samples: &Samples<T>,
    batch: usize,
    rule: Rule,
    rate: f64,
) -> Vec<f64> {
    let first = first::first::<T>(network, 5);
    let mut naive = Naive::new(network, &first, rule, rate);
    let mut expected = Vec::new();
    let starts: Vec<usize> = (0..samples.rows()).step_by(batch).collect();
    for step in 0..STEPS {
        let start = starts[step % starts.len()];
        let rows = start..samples.rows().min(start + batch);
        let x = &samples.x[rows.start * samples.features..rows.end * samples.features];
        let weights = samples.weights.as_ref().map(|w| &w[rows.clone()]);
        expected.push(naive.step(x, &samples.y[rows.clone()], weights).to_f64());
    }
    let bits = |values: &[T]| values.iter().map(|v| v.to_bits_u64()).collect::<Vec<_>>();
    for isa in Isa::available() {
        for threads in [1, 3] {
            let config = TrainConfig {
                epochs: STEPS,
                batch: Batch::Rows(batch),
                learning_rate: rate,
                shuffle: false,
                threads: Threads::Exactly(threads),
                isa,
                ..TrainConfig::default()
            };
            let mut losses = Losses::default();
            let around = Surroundings {
                observer: &mut losses,
                cancel: None,
            };
            let optimizer = rule.optimizer();
            let trained =
                train(network, &first, &*optimizer, samples, None, &config, around).unwrap();
            let what = format!(
                "{network}, {} {rule:?}, {isa}, {threads} threads",
                <T as Scalar>::NAME
            );
            assert_eq!(trained.steps, STEPS, "{what}");
            assert_eq!(losses.0, expected, "losses of {what}");
            let found = trained.parameters.to_vec::<T>();
            assert!(
                bits(&found) == bits(&naive.parameters),
                "parameters of {what}"
            );
        }
    }
    expected
}

#[track_caller]
fn learns(losses: &[f64]) {
    assert!(losses[STEPS - 1] < losses[0], "{losses:?}");
}

#[test]
fn single_precision_with_odd_sizes_and_a_batch_of_37() {
    let network = Network::classifier(13, &[19, 7]);
    let samples = common::samples::<f32>(13, 200, 1);
    for rule in [Rule::Sgd, Rule::Momentum, Rule::Adam] {
        let rate = if matches!(rule, Rule::Adam) {
            0.02
        } else {
            0.3
        };
        learns(&compare(&network, &samples, 37, rule, rate));
    }
}

#[test]
fn sizes_on_both_sides_of_a_block_and_layers_of_one() {
    for hidden in [&[16][..], &[17, 33], &[1], &[5, 1, 3], &[]] {
        let network = Network::classifier(31, hidden);
        let samples = common::samples::<f32>(31, 74, 2);
        learns(&compare(&network, &samples, 37, Rule::Sgd, 0.3));
    }
}

#[test]
fn other_activations() {
    let network = Network::inputs(9)
        .dense(11, Activation::Tanh)
        .dense(6, Activation::Sigmoid)
        .dense(1, Activation::Sigmoid);
    let samples = common::samples::<f32>(9, 100, 3);
    learns(&compare(&network, &samples, 37, Rule::Sgd, 0.3));
}

#[test]
fn double_precision() {
    let network = Network::classifier(13, &[9, 7]);
    let samples = common::samples::<f64>(13, 100, 4);
    learns(&compare(&network, &samples, 37, Rule::Sgd, 0.3));
    learns(&compare(&network, &samples, 37, Rule::Adam, 0.02));
}

#[test]
fn a_batch_of_several_chunks() {
    let network = Network::classifier(5, &[6]);
    let samples = common::samples::<f32>(5, 1300, 5);
    learns(&compare(&network, &samples, 1300, Rule::Sgd, 1.0));
}

#[test]
fn weighted_rows() {
    let network = Network::classifier(7, &[5]);
    let mut samples = common::samples::<f32>(7, 300, 6);
    samples.weights = Some((0..300).map(|row| 0.25 + (row % 7) as f32).collect());
    learns(&compare(&network, &samples, 300, Rule::Sgd, 1.0));
    learns(&compare(&network, &samples, 37, Rule::Sgd, 0.3));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_sizes(
        features in 1usize..40,
        hidden in prop::collection::vec(1usize..40, 0..4),
        rows in 1usize..90,
        batch in 1usize..80,
        weighted: bool,
    ) {
        let network = Network::classifier(features, &hidden);
        let mut samples = common::samples::<f32>(features, rows, 7);
        samples.weights = weighted.then(|| (0..rows).map(|row| 0.5 + (row % 3) as f32).collect());
        compare(&network, &samples, batch.min(rows), Rule::Sgd, 0.3);
    }
}
