//! The method in straight lines of nalgebra, without the engine: a hundred steps of full-batch gradient descent, momentum and
//! Adam in f64 agree with it to 1e-10, from a saved model and without shuffling.

use chainrule_data::Dataset;
use chainrule_nn::Precision;
use chainrule_trainer::{Adam, Batch, Classifier, EpochReport, Momentum, Optimizer, Sgd};
use nalgebra::{DMatrix, DVector};

struct Network {
    w: Vec<DMatrix<f64>>,
    b: Vec<DVector<f64>>,
}

/// Gradients, and the loss that they are of.
struct Gradients {
    w: Vec<DMatrix<f64>>,
    b: Vec<DVector<f64>>,
    loss: f64,
}

fn sigmoid(z: f64) -> f64 {
    1.0 / (1.0 + (-z).exp())
}

impl Network {
    /// The parameters of a model, in a vector.
    fn of(model: &Classifier) -> Network {
        let flat = model.model().parameters().to_vec::<f64>();
        let (mut w, mut b) = (Vec::new(), Vec::new());
        let (mut at, mut inputs) = (0, model.network().inputs);
        for layer in &model.network().layers {
            let weights = layer.units * inputs;
            w.push(DMatrix::from_column_slice(
                layer.units,
                inputs,
                &flat[at..at + weights],
            ));
            at += weights;
            b.push(DVector::from_column_slice(&flat[at..at + layer.units]));
            at += layer.units;
            inputs = layer.units;
        }
        Network { w, b }
    }

    fn flat(&self) -> Vec<f64> {
        self.w
            .iter()
            .zip(&self.b)
            .flat_map(|(w, b)| w.iter().chain(b.iter()).copied())
            .collect()
    }

    /// J = Σ w ℓ / Σ w, by the textbook.
    fn gradients(&self, x: &DMatrix<f64>, y: &[bool], weights: &[f64]) -> Gradients {
        let mut a = vec![x.clone()];
        for (w, b) in self.w.iter().zip(&self.b) {
            let mut z = w * &a[a.len() - 1];
            for mut column in z.column_iter_mut() {
                column += b;
            }
            a.push(z.map(sigmoid));
        }
        let total: f64 = weights.iter().sum();
        let target = |sample: usize| f64::from(u8::from(y[sample]));
        let output = &a[a.len() - 1];
        let loss = (0..y.len())
            .map(|s| {
                let (h, y) = (output[s], target(s));
                -weights[s] * (y * h.ln() + (1.0 - y) * (1.0 - h).ln())
            })
            .sum::<f64>()
            / total;
        let mut delta = DMatrix::from_fn(1, y.len(), |_, s| {
            weights[s] * (output[s] - target(s)) / total
        });
        let (mut dw, mut db) = (Vec::new(), Vec::new());
        for layer in (0..self.w.len()).rev() {
            dw.push(&delta * a[layer].transpose());
            db.push(delta.column_sum());
            let slope = a[layer].map(|a| a * (1.0 - a));
            delta = (self.w[layer].transpose() * delta).component_mul(&slope);
        }
        dw.reverse();
        db.reverse();
        Gradients { w: dw, b: db, loss }
    }
}

/// Made-up rows with a rule that is neither linear nor trivial.
fn data(weighted: bool) -> Dataset {
    let rows = 60;
    let features = DMatrix::from_fn(5, rows, |feature, row| {
        let t = (row * 5 + feature) as f64;
        (t * 0.73).sin() * (1.0 + feature as f64) + 0.1 * (t * 1.9).cos()
    });
    let labels = (0..rows)
        .map(|row| features[(0, row)] * features[(1, row)] + 0.2 * features[(4, row)] > 0.1)
        .collect();
    let data = Dataset::new(features, labels).unwrap();
    if weighted {
        let weights = (0..rows).map(|row| 0.5 + (row % 4) as f64).collect();
        data.with_weights(weights).unwrap()
    } else {
        data
    }
}

const STEPS: usize = 100;

/// Trains both ways; `update` is called with (step from 1, flat parameters, flat gradient).
fn compare(
    optimizer: impl Optimizer,
    rate: f64,
    weighted: bool,
    mut update: impl FnMut(i32, &mut [f64], &[f64]),
) {
    let data = data(weighted);
    let first = Classifier::builder()
        .hidden(&[7, 4])
        .precision(Precision::F64)
        .epochs(0)
        .seed(11)
        .validation_fraction(0.0)
        .fit(&data)
        .unwrap();
    let mut losses = Vec::new();
    let mut keep = |report: &EpochReport| {
        losses.push(report.train_loss);
        chainrule_trainer::Control::Continue
    };
    let trained = Classifier::builder()
        .init(&first)
        .optimizer(optimizer)
        .learning_rate(rate)
        .batch(Batch::Full)
        .shuffle(false)
        .validation_fraction(0.0)
        .epochs(STEPS)
        .observer(&mut keep)
        .fit(&data)
        .unwrap();
    assert_eq!(trained.report().unwrap().steps, STEPS);

    let x = first.preprocessing().transform::<f64>(&data).unwrap();
    let weights = data
        .weights()
        .map_or(vec![1.0; data.len()], <[f64]>::to_vec);
    let mut network = Network::of(&first);
    for (step, &loss) in losses.iter().enumerate() {
        let gradients = network.gradients(&x, data.labels(), &weights);
        let off = (gradients.loss - loss).abs();
        assert!(off <= 1e-10, "loss of step {step}: off by {off:e}");
        let mut flat = network.flat();
        let gradient = Network {
            w: gradients.w,
            b: gradients.b,
        }
        .flat();
        update(step as i32 + 1, &mut flat, &gradient);
        let mut rest = &flat[..];
        for (w, b) in network.w.iter_mut().zip(&mut network.b) {
            for value in w.iter_mut().chain(b.iter_mut()) {
                *value = rest[0];
                rest = &rest[1..];
            }
        }
    }
    let found = trained.model().parameters().to_vec::<f64>();
    let worst = std::iter::zip(&found, network.flat())
        .map(|(found, expected)| (found - expected).abs())
        .fold(0.0, f64::max);
    assert!(worst <= 1e-10, "parameters are off by {worst:e}");
    let moved = std::iter::zip(&found, first.model().parameters().to_vec::<f64>())
        .map(|(found, first)| (found - first).abs())
        .fold(0.0, f64::max);
    assert!(moved > 0.1, "it went nowhere: {moved}");
    assert!(losses[STEPS - 1] < losses[0]);
}

fn descend(rate: f64) -> impl FnMut(i32, &mut [f64], &[f64]) {
    move |_, w, g| std::iter::zip(w, g).for_each(|(w, g)| *w -= rate * g)
}

#[test]
fn gradient_descent() {
    compare(Sgd, 1.0, false, descend(1.0));
}

#[test]
fn gradient_descent_on_weighted_rows() {
    compare(Sgd, 1.0, true, descend(1.0));
}

#[test]
fn momentum() {
    let mut velocity = vec![0.0; 7 * 5 + 7 + 4 * 7 + 4 + 4 + 1];
    compare(Momentum { momentum: 0.8 }, 0.3, false, move |_, w, g| {
        for at in 0..w.len() {
            velocity[at] = 0.8 * velocity[at] + g[at];
            w[at] -= 0.3 * velocity[at];
        }
    });
}

#[test]
fn adam() {
    let (beta1, beta2, epsilon) = (0.85, 0.99, 1e-7);
    let mut m = vec![0.0; 7 * 5 + 7 + 4 * 7 + 4 + 4 + 1];
    let mut v = m.clone();
    let adam = Adam {
        beta1,
        beta2,
        epsilon,
    };
    compare(adam, 0.02, false, move |t, w, g| {
        for at in 0..w.len() {
            m[at] = beta1 * m[at] + (1.0 - beta1) * g[at];
            v[at] = beta2 * v[at] + (1.0 - beta2) * g[at] * g[at];
            let mean = m[at] / (1.0 - f64::powi(beta1, t));
            let square = v[at] / (1.0 - f64::powi(beta2, t));
            w[at] -= 0.02 * mean / (square.sqrt() + epsilon);
        }
    });
}
