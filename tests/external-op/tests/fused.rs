//! Operations from outside are fused like built-in ones: the plan, printed, shows them in the group of the product before them.

use chainrule_autodiff::{BATCH, Expr, Graph, Isa, Plan, Step};
use chainrule_external_op::{FocalLoss, Gate, Swish};

/// The group of the printed plan that an operation is in: the lines from a `┌` to its `└`.
fn group_of(plan: &Plan<f32>, operation: &str) -> String {
    let printed = plan.to_string();
    let lines: Vec<&str> = printed.lines().collect();
    let at = lines
        .iter()
        .position(|line| line.contains(&format!("{operation}(")))
        .unwrap_or_else(|| panic!("no {operation} in\n{printed}"));
    let first = (0..=at).rev().find(|&i| lines[i].starts_with(['┌', '─']));
    let last = (at..lines.len()).find(|&i| lines[i].starts_with(['└', '─']));
    lines[first.unwrap()..=last.unwrap()].join("\n")
}

/// A layer and an activation, forward and backward.
fn layer(activation: impl for<'g> Fn(Expr<'g>) -> Expr<'g>) -> Plan<f32> {
    let g = Graph::new();
    let (w, b, x) = (
        g.param("W", (16, 4)),
        g.param("b", 16),
        g.input("x", (4, BATCH)),
    );
    let loss = activation(w.matmul(x) + b).square().mean();
    let [dw, db] = g.grad(loss, [w, b]);
    g.compile(Step::returns(loss).output(dw).output(db), Isa::detect())
        .unwrap()
}

#[test]
fn swish_is_computed_where_its_product_is() {
    let group = group_of(&layer(|z| z.map(Swish)), "swish");
    assert!(group.contains("W · x + b"), "{group}");
}

#[test]
fn swish_takes_no_more_steps_than_the_same_formula_of_built_ins() {
    let steps = |plan: &Plan<f32>| {
        let printed = plan.to_string();
        let first = |line: &&str| line.starts_with(['┌', '─']);
        printed.lines().filter(first).count()
    };
    let (own, composed) = (layer(|z| z.map(Swish)), layer(|z| z * z.sigmoid()));
    assert!(steps(&own) <= steps(&composed), "{own}\n{composed}");
}

#[test]
fn a_gate_is_computed_where_its_product_is() {
    let group = group_of(&layer(|z| z.zip_map(z * 0.5, Gate)), "gate");
    assert!(group.contains("W · x + b"), "{group}");
}

#[test]
fn a_loss_is_laid_out_as_the_built_in_one_is() {
    let plan = |loss: for<'g> fn(Expr<'g>, Expr<'g>) -> Expr<'g>| {
        let g = Graph::new();
        let (w, x) = (g.param("w", (1, 4)), g.input("x", (4, BATCH)));
        let z = w.matmul(x).named("z");
        let loss = loss(z, g.input("y", (1, BATCH))).mean();
        let plan = g.compile::<f32>(Step::returns(loss), Isa::detect());
        // Words alone: the columns are as wide as the longest name.
        let printed = plan.unwrap().to_string();
        printed
            .split_whitespace()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let own = plan(|z, y| z.zip_map(y, FocalLoss { gamma: 2.0 }));
    let builtin = plan(|z, y| z.binary_cross_entropy_on_logits(y));
    let renamed = own
        .iter()
        .map(|word| word.replace("focal_loss", "bce_on_logits"));
    assert_eq!(renamed.collect::<Vec<_>>(), builtin);
}
