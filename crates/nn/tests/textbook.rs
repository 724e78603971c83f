//! The textbook example by hand: a network of 2 inputs, 2 hidden sigmoid neurons and 1 sigmoid output, one example, one
//! step of gradient descent. Every number that the method names is compared with its closed formula, in f64.

use chainrule_autodiff::{BATCH, Graph, Isa, Step, Team};
use chainrule_nn::{Network, binary_cross_entropy};

/// The example. Weights are `w[neuron][input]`.
const X: [f64; 2] = [0.35, 0.9];
const Y: f64 = 1.0;
const W1: [[f64; 2]; 2] = [[0.1, 0.8], [-0.4, 0.6]];
const B1: [f64; 2] = [0.05, -0.15];
const W2: [f64; 2] = [0.3, -0.9];
const B2: f64 = 0.2;
const ALPHA: f64 = 0.5;

/// Everything by closed formulas, in the order of the method.
struct ByHand {
    z1: [f64; 2],
    a1: [f64; 2],
    z2: f64,
    a2: f64,
    loss: f64,
    /// ∂J/∂a2 = −y/a + (1 − y)/(1 − a)
    d_a2: f64,
    /// ∂a2/∂z2 = a (1 − a)
    a2_by_z2: f64,
    /// ∂J/∂z2 = a − y
    d_z2: f64,
    d_w2: [f64; 2],
    d_b2: f64,
    d_a1: [f64; 2],
    a1_by_z1: [f64; 2],
    d_z1: [f64; 2],
    d_w1: [[f64; 2]; 2],
    d_b1: [f64; 2],
}

fn by_hand() -> ByHand {
    let sigmoid = |z: f64| 1.0 / (1.0 + (-z).exp());
    let z1 = [0, 1].map(|i| W1[i][0] * X[0] + W1[i][1] * X[1] + B1[i]);
    let a1 = z1.map(sigmoid);
    let z2 = W2[0] * a1[0] + W2[1] * a1[1] + B2;
    let a2 = sigmoid(z2);
    let loss = -(Y * a2.ln() + (1.0 - Y) * (1.0 - a2).ln());
    let d_a2 = -Y / a2 + (1.0 - Y) / (1.0 - a2);
    let a2_by_z2 = a2 * (1.0 - a2);
    let d_z2 = a2 - Y;
    let d_a1 = W2.map(|w| d_z2 * w);
    let a1_by_z1 = a1.map(|a| a * (1.0 - a));
    let d_z1 = [0, 1].map(|i| d_a1[i] * a1_by_z1[i]);
    ByHand {
        d_w2: a1.map(|a| d_z2 * a),
        d_b2: d_z2,
        d_w1: d_z1.map(|d| X.map(|x| d * x)),
        d_b1: d_z1,
        z1,
        a1,
        z2,
        a2,
        loss,
        d_a2,
        a2_by_z2,
        d_z2,
        d_a1,
        a1_by_z1,
        d_z1,
    }
}

#[track_caller]
fn close(found: &[f64], expected: &[f64], what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (found, expected) in found.iter().zip(expected) {
        let error = (found - expected).abs();
        assert!(
            error <= 1e-12,
            "{what}: {found}, by hand {expected}, off by {error:e}"
        );
    }
}

/// Column-major: each input's weights lie together.
fn flat(w: [[f64; 2]; 2]) -> [f64; 4] {
    [w[0][0], w[1][0], w[0][1], w[1][1]]
}

#[test]
fn every_number_of_the_method_is_the_closed_formulas() {
    let network = Network::classifier(2, &[2]);
    for isa in Isa::available() {
        let g = Graph::new();
        let layers = network.build(&g);
        let (y, alpha) = (g.input("y", (1, BATCH)), g.scalar("α"));
        let loss = binary_cross_entropy(layers.output(), y, None);
        let (a1, a2, z1, z2) = (layers.a[0], layers.a[1], layers.z[0], layers.z[1]);

        // The chain rule step by step: from the loss to each activation and weighted sum, and from a to z.
        let [d_a2, d_z2, d_a1, d_z1] = g.grad(loss, [a2, z2, a1, z1]);
        let [a2_by_z2] = g.grad(a2.sum(), [z2]);
        let [a1_by_z1] = g.grad(a1.sum(), [z1]);
        let gradients = g.gradients(loss, &layers.parameters);

        let mut step = Step::returns(loss);
        for expr in [z1, a1, z2, a2, d_a2, a2_by_z2, d_z2, d_a1, a1_by_z1, d_z1] {
            step = step.output(expr);
        }
        for &gradient in &gradients {
            step = step.output(gradient);
        }
        for (&w, &dw) in layers.parameters.iter().zip(&gradients) {
            step = step.set(w, w - alpha * dw);
        }
        let plan = g.compile::<f64>(step, isa).unwrap();
        let mut state = plan.state();
        let mut workspace = plan.workspace(1, 1);
        state.set("W1", &flat(W1)).unwrap();
        state.set("b1", &B1).unwrap();
        state.set("W2", &W2).unwrap();
        state.set("b2", &[B2]).unwrap();
        plan.run(
            &mut state,
            &[&X, &[Y], &[ALPHA]],
            &mut workspace,
            &Team::solo(),
        )
        .unwrap();

        let hand = by_hand();
        let outputs: [(&str, &[f64]); 15] = [
            ("J", &[hand.loss]),
            ("z1", &hand.z1),
            ("a1", &hand.a1),
            ("z2", &[hand.z2]),
            ("a2", &[hand.a2]),
            ("∂J/∂a2", &[hand.d_a2]),
            ("∂a2/∂z2", &[hand.a2_by_z2]),
            ("∂J/∂z2", &[hand.d_z2]),
            ("∂J/∂a1", &hand.d_a1),
            ("∂a1/∂z1", &hand.a1_by_z1),
            ("∂J/∂z1", &hand.d_z1),
            ("∂J/∂W1", &flat(hand.d_w1)),
            ("∂J/∂b1", &hand.d_b1),
            ("∂J/∂W2", &hand.d_w2),
            ("∂J/∂b2", &[hand.d_b2]),
        ];
        for (at, (what, expected)) in outputs.into_iter().enumerate() {
            close(workspace.output(at), expected, what);
        }
        let updated = |w: f64, dw: f64| w - ALPHA * dw;
        let w1: Vec<f64> = std::iter::zip(flat(W1), flat(hand.d_w1))
            .map(|(w, d)| updated(w, d))
            .collect();
        close(&state.get("W1").unwrap(), &w1, "W1 after");
        let b1 = [0, 1].map(|i| updated(B1[i], hand.d_b1[i]));
        close(&state.get("b1").unwrap(), &b1, "b1 after");
        let w2 = [0, 1].map(|i| updated(W2[i], hand.d_w2[i]));
        close(&state.get("W2").unwrap(), &w2, "W2 after");
        close(
            &state.get("b2").unwrap(),
            &[updated(B2, hand.d_b2)],
            "b2 after",
        );
    }
}

/// Numbers that anybody can check with a pocket calculator.
#[test]
fn the_hand_itself_is_right() {
    let hand = by_hand();
    close(&hand.z1, &[0.805, 0.25], "z1");
    assert!(
        (hand.a1[0] - 0.691_043_012_416).abs() < 1e-11,
        "{}",
        hand.a1[0]
    );
    assert!(
        (hand.a1[1] - 0.562_176_500_886).abs() < 1e-11,
        "{}",
        hand.a1[1]
    );
    let z2 = 0.3 * hand.a1[0] - 0.9 * hand.a1[1] + 0.2;
    close(&[hand.z2], &[z2], "z2");
    // ∂J/∂z = ∂J/∂a · ∂a/∂z
    close(&[hand.d_a2 * hand.a2_by_z2], &[hand.d_z2], "∂J/∂z2");
}
