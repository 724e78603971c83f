//! Each operation trains inside of a network of chainrule-nn.

use chainrule_autodiff::{BATCH, Expr, Graph, Isa, Step, Team};
use chainrule_external_op::{FocalLoss, Gate, LogSumExp, Pick, Swish, squared_error};
use chainrule_nn::{Activation::Identity, Initializer, Layers, Network, Precision};

/// Points of the plane and three classes: 0 inside of a ring, 1 in it, 2 outside.
fn rings() -> (Vec<f32>, Vec<f32>) {
    let (mut points, mut classes) = (Vec::new(), Vec::new());
    for i in 0..300u32 {
        let number = |factor: u32| (i.wrapping_mul(factor) % 1009) as f32 / 1009.0;
        let (x, y) = (4.0 * number(409) - 2.0, 4.0 * number(733) - 2.0);
        points.extend([x, y]);
        let radius = (x * x + y * y).sqrt();
        classes.push(if radius < 0.9 {
            0.0
        } else if radius < 1.6 {
            1.0
        } else {
            2.0
        });
    }
    (points, classes)
}

/// Trains by full-batch gradient descent; the losses at the start and at the end.
fn train(
    network: &Network,
    activate: impl for<'g> Fn(usize, Expr<'g>) -> Option<Expr<'g>>,
    loss: impl for<'g> Fn(&Layers<'g>, Expr<'g>) -> Expr<'g>,
    targets: &[f32],
) -> (f32, f32) {
    let g = Graph::new();
    let layers = network.build_with(&g, &activate);
    let (target, alpha) = (g.input("target", (1, BATCH)), g.scalar("α"));
    let loss = loss(&layers, target).named("J");
    let gradients = g.gradients(loss, &layers.parameters);
    let updates = layers.parameters.iter().zip(gradients);
    let step = updates.fold(Step::returns(loss), |step, (&w, dw)| {
        step.set(w, w - alpha * dw)
    });
    let plan = g.compile::<f32>(step, Isa::detect()).unwrap();

    let (points, _) = rings();
    let mut state = plan.state();
    let first = network.initial_parameters(Initializer::XavierUniform, 7, Precision::F32);
    state.write_parameters(&first.to_vec::<f32>()).unwrap();
    let mut workspace = plan.workspace(targets.len(), 1);
    let mut losses = Vec::new();
    for _ in 0..600 {
        let inputs: [&[f32]; 3] = [&points, targets, &[0.5]];
        plan.run(&mut state, &inputs, &mut workspace, &Team::solo())
            .unwrap();
        losses.push(workspace.output(0)[0]);
    }
    (losses[0], losses[599])
}

/// 1 inside of the outer ring, else 0.
fn inside() -> Vec<f32> {
    let classes = rings().1;
    classes
        .iter()
        .map(|&class| if class < 2.0 { 1.0 } else { 0.0 })
        .collect()
}

#[track_caller]
fn has_learned((first, last): (f32, f32)) {
    assert!(
        last.is_finite() && last < 0.4 * first,
        "the loss went from {first} to {last}"
    );
}

#[test]
fn a_network_of_swish_learns() {
    let network = Network::inputs(2).dense(12, Identity).dense(1, Identity);
    has_learned(train(
        &network,
        |layer, z| (layer == 0).then(|| z.map(Swish)),
        |layers, y| layers.logits().binary_cross_entropy_on_logits(y).mean(),
        &inside(),
    ));
}

#[test]
fn a_gated_network_learns() {
    // The second layer's weighted sums, let through by the same sums shifted.
    let network = Network::inputs(2)
        .dense(12, Identity)
        .dense(12, Identity)
        .dense(1, Identity);
    has_learned(train(
        &network,
        |layer, z| match layer {
            0 => Some(z.tanh()),
            1 => Some(z.zip_map(1.0 - z, Gate)),
            _ => None,
        },
        |layers, y| layers.logits().binary_cross_entropy_on_logits(y).mean(),
        &inside(),
    ));
}

#[test]
fn a_focal_loss_is_learned() {
    let network = Network::inputs(2).dense(12, Identity).dense(1, Identity);
    has_learned(train(
        &network,
        |layer, z| (layer == 0).then(|| z.map(Swish)),
        |layers, y| layers.logits().zip_map(y, FocalLoss { gamma: 1.0 }).mean(),
        &inside(),
    ));
}

#[test]
fn three_classes_are_learned_by_log_sum_exp_and_pick() {
    let network = Network::inputs(2).dense(16, Identity).dense(3, Identity);
    has_learned(train(
        &network,
        |layer, z| (layer == 0).then(|| z.map(Swish)),
        |layers, class| {
            let scores = layers.logits();
            (scores.apply(LogSumExp) - scores.apply_with(Pick, &[class])).mean()
        },
        &rings().1,
    ));
}

#[test]
fn a_squared_error_is_learned() {
    let network = Network::inputs(2).dense(12, Identity).dense(1, Identity);
    has_learned(train(
        &network,
        |layer, z| (layer == 0).then(|| z.map(Swish)),
        |layers, y| squared_error(layers.output(), y),
        &inside(),
    ));
}
