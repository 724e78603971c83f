//! Every optimiser against PyTorch's, step by step in f64. `scripts/oracle/optimizers.py` writes the trajectories.

use chainrule_autodiff::{Graph, Isa, Step, Team};

use super::{
    Adam, AdamW, ClipByNorm, ClipByValue, Gradient, Gradients, InitialValue, L1, L2, Momentum,
    Nesterov, Optimizer, Penalised, RmsProp, Role, Sgd, Updates,
};

const TRAJECTORIES: &str = include_str!("trajectories.txt");
const TOLERANCE: f64 = 1e-10;

/// As many rows of three features as the script has, and their targets.
fn rows() -> (Vec<f64>, Vec<f64>) {
    let feature = |row: usize, k: usize| ((row * 7 + k * 5) % 11) as f64 / 5.0 - 1.0;
    let x = (0..8)
        .flat_map(|row| (0..3).map(move |k| feature(row, k)))
        .collect();
    let y = (0..8)
        .map(|row| f64::from(u8::from(row % 3 == 0)))
        .collect();
    (x, y)
}

fn optimizer(name: &str) -> Box<dyn Optimizer> {
    match name {
        "sgd" => Box::new(Sgd),
        "momentum" => Box::new(Momentum { momentum: 0.8 }),
        "nesterov" => Box::new(Nesterov { momentum: 0.8 }),
        "rmsprop" => Box::new(RmsProp {
            decay: 0.9,
            epsilon: 1e-6,
        }),
        "adam" => Box::new(Adam {
            beta1: 0.8,
            beta2: 0.95,
            epsilon: 1e-6,
        }),
        "adamw" => Box::new(AdamW {
            weight_decay: 0.1,
            adam: Adam {
                beta1: 0.8,
                beta2: 0.95,
                epsilon: 1e-6,
            },
        }),
        "clip" => Box::new(ClipByValue {
            limit: 0.05,
            then: Momentum { momentum: 0.8 },
        }),
        "clip-norm" => Box::new(ClipByNorm {
            limit: 0.2,
            then: Momentum { momentum: 0.8 },
        }),
        "l1" => Box::new(L1 {
            strength: 0.05,
            on: Penalised::Weights,
            then: Sgd,
        }),
        "l2" => Box::new(L2 {
            strength: 0.3,
            on: Penalised::Weights,
            then: Momentum { momentum: 0.8 },
        }),
        "l2-with-biases" => Box::new(L2 {
            strength: 0.3,
            on: Penalised::All,
            then: Sgd,
        }),
        // In another order the trajectory is another one.
        "l1-l2-clips" => Box::new(L1 {
            strength: 0.02,
            on: Penalised::Weights,
            then: L2 {
                strength: 0.1,
                on: Penalised::Weights,
                then: ClipByNorm {
                    limit: 0.3,
                    then: ClipByValue {
                        limit: 0.15,
                        then: Adam {
                            beta1: 0.8,
                            beta2: 0.95,
                            epsilon: 1e-6,
                        },
                    },
                },
            },
        }),
        other => panic!("no optimiser {other}"),
    }
}

/// The parameters (three weights and a bias) after each of `steps` steps.
fn trajectory(name: &str, problem: &str, rate: f64, steps: usize) -> Vec<[f64; 4]> {
    let optimizer = optimizer(name);
    let g = Graph::new();
    let (x, y) = (
        g.input("x", (3, chainrule_autodiff::BATCH)),
        g.input("y", (1, chainrule_autodiff::BATCH)),
    );
    let (w, b, alpha) = (g.param("W", (1, 3)), g.param("b", 1), g.scalar("α"));
    let z = w.matmul(x) + b;
    let loss = match problem {
        "logistic" => z.sigmoid().binary_cross_entropy(y).mean(),
        "squares" => (z - y).square().mean(),
        other => panic!("no problem {other}"),
    };
    let [dw, db] = g.grad(loss, [w, b]);
    let gradient = |role, parameter, gradient| Gradient {
        role,
        parameter,
        gradient,
    };
    let gradients = vec![gradient(Role::Weight, w, dw), gradient(Role::Bias, b, db)];
    let gradients = optimizer.prepare(Gradients::new(gradients));
    let mut updates = Updates::new(&g);
    for (name, gradient) in ["W", "b"].into_iter().zip(gradients.iter()) {
        updates.add(name, gradient.parameter, |memory| {
            optimizer.update(gradient.parameter, gradient.gradient, alpha, memory)
        });
    }
    let (step, initial) = updates.finish(Step::returns(loss));
    let plan = g.compile::<f64>(step, Isa::detect()).expect("a sound step");
    let mut state = plan.state();
    state
        .write_parameters(&[0.5, -0.25, 0.1, 0.0])
        .expect("four parameters");
    for InitialValue { slot, value } in &initial {
        state.set(slot, &[*value]).expect("a slot");
    }
    let (x, y) = rows();
    let mut workspace = plan.workspace(8, 1);
    let run = |_| {
        plan.run(
            &mut state,
            &[&x, &y, &[rate]],
            &mut workspace,
            &Team::solo(),
        )
        .expect("a run");
        let mut parameters = [0.0; 4];
        state
            .read_parameters(&mut parameters)
            .expect("four parameters");
        parameters
    };
    (0..steps).map(run).collect()
}

#[test]
fn trajectories_are_pytorchs() {
    let mut compared = 0;
    let lines = TRAJECTORIES.lines().filter(|line| !line.starts_with('#'));
    for line in lines {
        let mut words = line.split(' ');
        let mut word = || {
            words
                .next()
                .unwrap_or_else(|| panic!("a word more in {line}"))
        };
        let (name, problem) = (word(), word());
        let rate: f64 = word().parse().expect("a rate");
        let step: usize = word().parse().expect("a step");
        let expected: Vec<f64> = words.map(|w| w.parse().expect("a number")).collect();
        let found = trajectory(name, problem, rate, step)[step - 1];
        for (f, e) in found.iter().zip(&expected) {
            assert!(
                (f - e).abs() <= TOLERANCE * (1.0 + e.abs()),
                "{found:?} for {line}"
            );
            compared += 1;
        }
    }
    assert_eq!(compared, 12 * 2 * 4 * 4, "numbers compared");
}
