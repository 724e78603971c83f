//! The loss of a binary classifier.

use chainrule_autodiff::Expr;

/// The mean binary cross-entropy of probabilities `a` and targets `y`, both 1 × batch: a scalar.
///
/// `J = Σ w ℓ / Σ w` with `ℓ = −(y ln a + (1 − y) ln(1 − a))`; without weights each weight is one, so `J = Σ ℓ / B`.
///
/// Where `a` is the sigmoid of a logit, compiling rewrites the two into one operation that stays finite for every finite
/// logit, and whose derivative in the logit is `w (a − y) / Σ w`.
///
/// ```
/// use chainrule_autodiff::{BATCH, Graph, Step};
/// use chainrule_nn::{Network, binary_cross_entropy};
///
/// let g = Graph::new();
/// let layers = Network::classifier(2, &[]).build(&g);
/// let y = g.input("y", (1, BATCH));
/// let loss = binary_cross_entropy(layers.output(), y, None).named("J");
/// println!("{}", Step::returns(loss));
/// ```
#[track_caller]
pub fn binary_cross_entropy<'g>(a: Expr<'g>, y: Expr<'g>, weights: Option<Expr<'g>>) -> Expr<'g> {
    let losses = a.binary_cross_entropy(y);
    match weights {
        None => losses.mean(),
        Some(weights) => (weights * losses).sum() / weights.sum(),
    }
}
