//! What L-BFGS computes over the parameters, as steps of one graph: its memory is state of the plans, so it is in snapshots and checkpoints,
//! and its sums are in the engine's order.

use chainrule_autodiff::{Expr, Graph, Plan, Scalar, Step};

use super::Lbfgs;
use crate::optimizer::{Gradients, InitialValue};

/// The steps of an iteration, in the order in which they are used.
pub(crate) struct SearchSteps<'g> {
    /// From the samples: the loss, what is minimised, its slope along the direction, and the gradients, which are kept.
    pub(crate) evaluate: Step<'g>,
    /// From the gradients: the new direction. Gives how many there were before, the slope along it, Σ|g|, and the direction's tensors.
    pub(crate) direct: Step<'g>,
    /// From t: the parameters go there.
    pub(crate) go: Step<'g>,
    /// From t: `y·s`, and nothing is changed.
    pub(crate) measure: Step<'g>,
    /// From t: the step and the change of the gradient are remembered, and the oldest are forgotten.
    pub(crate) remember: Step<'g>,
    pub(crate) initial: Vec<InitialValue>,
}

/// [`SearchSteps`] but the first, compiled.
#[derive(Clone, Debug)]
pub(crate) struct SearchPlans<T: Scalar> {
    pub(super) direct: Plan<T>,
    pub(super) go: Plan<T>,
    pub(super) measure: Plan<T>,
    pub(super) remember: Plan<T>,
}

impl<'g> SearchSteps<'g> {
    /// Writes the steps for parameters of these names.
    pub(crate) fn write(
        graph: &'g Graph,
        names: &[String],
        loss: Expr<'g>,
        gradients: &Gradients<'g>,
        rule: Lbfgs,
    ) -> SearchSteps<'g> {
        let parameters: Vec<Expr<'g>> = gradients.iter().map(|g| g.parameter).collect();
        let derivatives: Vec<Expr<'g>> = gradients.iter().map(|g| g.gradient).collect();
        let slots = |name: &str| -> Vec<Expr<'g>> {
            let each = names.iter().zip(&parameters);
            each.map(|(of, w)| graph.state(&format!("{name}.{of}"), w.shape()))
                .collect()
        };
        let (g, g0, w0, d) = (slots("g"), slots("g₀"), slots("w₀"), slots("d"));
        let numbered = |name: &str| -> Vec<Vec<Expr<'g>>> {
            (1..=rule.history)
                .map(|i| slots(&format!("{name}{i}")))
                .collect()
        };
        // The last is the newest.
        let (s, y) = (numbered("s"), numbered("y"));
        let rho: Vec<Expr<'g>> = (1..=rule.history)
            .map(|i| graph.state(&format!("ρ{i}"), 1))
            .collect();
        let (gamma, count) = (graph.state("γ", 1), graph.state("k", 1));
        let t = graph.scalar("t");

        let objective = match gradients.penalty() {
            None => loss,
            Some(penalty) => loss + penalty,
        };
        let mut evaluate = Step::returns(loss)
            .output(objective)
            .output(dot(&derivatives, &d));
        for (&slot, &derivative) in g.iter().zip(&derivatives) {
            evaluate = evaluate.output(derivative).set(slot, derivative);
        }

        let direction = two_loops(&g, &s, &y, &rho, gamma);
        let sizes = g.iter().map(|g| g.abs().sum());
        let mut direct = Step::returns(count)
            .output(dot(&g, &direction))
            .output(sizes.reduce(|a, b| a + b).unwrap_or(count))
            .set(count, count + 1.0);
        for at in 0..names.len() {
            direct = direct
                .output(direction[at])
                .set(d[at], direction[at])
                .set(w0[at], parameters[at])
                .set(g0[at], g[at]);
        }

        let go = (0..names.len()).fold(Step::of(graph), |step, at| {
            step.set(parameters[at], w0[at] + t * d[at])
        });

        let step: Vec<Expr<'g>> = d.iter().map(|&d| t * d).collect();
        let change: Vec<Expr<'g>> = g.iter().zip(&g0).map(|(&g, &g0)| g - g0).collect();
        let product = dot(&change, &step);
        let measure = Step::returns(product);

        let mut remember = Step::of(graph).set(gamma, product / dot(&change, &change));
        for (slots, newest) in [(&s, &step), (&y, &change)] {
            let newer = slots.iter().skip(1).chain([newest]);
            for (older, newer) in slots.iter().zip(newer) {
                for (&older, &newer) in older.iter().zip(newer) {
                    remember = remember.set(older, newer);
                }
            }
        }
        let newest = 1.0 / product;
        for (&older, newer) in rho.iter().zip(rho.iter().skip(1).copied().chain([newest])) {
            remember = remember.set(older, newer);
        }

        let one = InitialValue {
            slot: "γ".to_owned(),
            value: 1.0,
        };
        SearchSteps {
            evaluate,
            direct,
            go,
            measure,
            remember,
            initial: vec![one],
        }
    }

    /// All but the first, to be compiled together with other steps.
    pub(crate) fn others(&self) -> [&Step<'g>; 4] {
        [&self.direct, &self.go, &self.measure, &self.remember]
    }

    /// The iteration as text.
    pub(crate) fn explain(&self) -> String {
        let parts = [
            ("loss and gradient", &self.evaluate),
            ("direction", &self.direct),
            ("a point of the search", &self.go),
            ("the curvature of the step, y·s", &self.measure),
            ("memory, where y·s > 1e-10", &self.remember),
        ];
        let parts = parts.map(|(title, step)| format!("# {title}\n{step}"));
        parts.join("\n")
    }
}

impl<T: Scalar> SearchPlans<T> {
    /// Takes the plans of [`others`](SearchSteps::others).
    pub(crate) fn of(plans: Vec<Plan<T>>) -> SearchPlans<T> {
        let Ok([direct, go, measure, remember]) = <[Plan<T>; 4]>::try_from(plans) else {
            unreachable!("a plan for each step");
        };
        SearchPlans {
            direct,
            go,
            measure,
            remember,
        }
    }
}

/// `Σ a b` over all parameters, in their order.
fn dot<'g>(a: &[Expr<'g>], b: &[Expr<'g>]) -> Expr<'g> {
    let each = a.iter().zip(b).map(|(&a, &b)| (a * b).sum());
    each.reduce(|a, b| a + b).expect("a network has parameters")
}

/// `−H g`: Nocedal and Wright, algorithm 7.4. Steps that are not there yet are zero, and change nothing.
fn two_loops<'g>(
    g: &[Expr<'g>],
    s: &[Vec<Expr<'g>>],
    y: &[Vec<Expr<'g>>],
    rho: &[Expr<'g>],
    gamma: Expr<'g>,
) -> Vec<Expr<'g>> {
    let mut q: Vec<Expr<'g>> = g.iter().map(|&g| -g).collect();
    let mut weights = vec![gamma; rho.len()];
    for i in (0..rho.len()).rev() {
        weights[i] = rho[i] * dot(&s[i], &q);
        for (q, &y) in q.iter_mut().zip(&y[i]) {
            *q = *q - weights[i] * y;
        }
    }
    let mut r: Vec<Expr<'g>> = q.into_iter().map(|q| gamma * q).collect();
    for i in 0..rho.len() {
        let correction = weights[i] - rho[i] * dot(&y[i], &r);
        for (r, &s) in r.iter_mut().zip(&s[i]) {
            *r = *r + correction * s;
        }
    }
    r
}
