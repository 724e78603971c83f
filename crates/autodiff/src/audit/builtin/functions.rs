//! Elementary functions and losses.

use crate::audit::{EDGES, Registration, Values};

pub(super) fn all() -> Vec<Registration> {
    let (real, infinity, nan) = (Values::real, f64::INFINITY, f64::NAN);
    let positive = || Values::between(0.2, 3.0).with_edges(&EDGES);
    let probability = || Values::between(0.05, 0.95).with_edges(&[0.0, 1.0, 1e-7, 0.5]);
    let label = || Values::between(0.05, 0.95).with_edges(&[0.0, 1.0]);
    vec![
        Registration::elementwise("exp", |x| x[0].exp(), [real()])
            .described("e^x", "ȳ y")
            .kink(&[-infinity], &[0.0]),
        Registration::elementwise("ln", |x| x[0].ln(), [positive()])
            .described("ln x", "ȳ / x")
            .kink(&[0.0], &[infinity])
            .kink(&[-2.0], &[-0.5])
            .kink_under(0.0, &[0.0], &[0.0])
            .beside("JAX and PyTorch the same, but NaN where a zero cotangent meets 0"),
        Registration::elementwise(
            "ln_1p",
            |x| x[0].ln_1p(),
            [Values::between(-0.5, 2.0).with_edges(&EDGES)],
        )
        .described("ln(1 + x)", "ȳ / (1 + x)")
        .kink(&[-1.0], &[infinity])
        .kink_under(0.0, &[-1.0], &[0.0])
        .beside("JAX and PyTorch the same, but NaN where a zero cotangent meets −1"),
        Registration::elementwise("sigmoid", |x| x[0].sigmoid(), [real()])
            .described("σ(x) = 1 / (1 + e^−x)", "ȳ y (1 − y)")
            .kink(&[infinity], &[0.0])
            .kink(&[-infinity], &[0.0])
            .kink(&[-548.0], &[0.0])
            .beside("JAX and PyTorch the same"),
        Registration::elementwise("tanh", |x| x[0].tanh(), [real()])
            .described("tanh x", "ȳ (1 − y²)")
            .kink(&[infinity], &[0.0])
            .kink(&[-infinity], &[0.0])
            .beside("JAX and PyTorch the same"),
        Registration::elementwise("relu", |x| x[0].relu(), [real()])
            .smooth_where(|x| x[0].abs() > 0.05)
            .described("max(x, 0)", "ȳ where x > 0, else 0")
            .kink(&[0.0], &[0.0])
            .kink(&[-0.0], &[0.0])
            .beside("JAX (`jax.nn.relu`) and PyTorch the same"),
        Registration::elementwise("softplus", |x| x[0].softplus(), [real()])
            .described("ln(1 + e^x)", "ȳ σ(x)")
            .kink(&[infinity], &[1.0])
            .kink(&[-infinity], &[0.0])
            .beside("JAX and PyTorch the same"),
        Registration::elementwise("pow", |x| x[0].pow(x[1]), [positive(), real()])
            .described("a^b", "ȳ b a^(b−1), 0 where b = 0; ȳ y ln a, 0 where a = 0")
            .kink(&[0.0, 0.0], &[0.0, 0.0])
            .kink(&[0.0, 1.0], &[1.0, 0.0])
            .kink(&[0.0, 2.0], &[0.0, 0.0])
            .kink(&[-0.0, 1.0], &[1.0, 0.0])
            .kink(&[0.0, 0.5], &[infinity, 0.0])
            .kink(&[-2.0, 3.0], &[12.0, nan])
            .kink(&[0.0, -1.0], &[-infinity, nan])
            .beside("JAX the same, but NaN in a at (0, 0); PyTorch the same, but −∞ in b at (0, −1)"),
        Registration::elementwise(
            "bce",
            |x| x[0].binary_cross_entropy(x[1]),
            [probability(), label()],
        )
        .of_one_shape()
        .described(
            "−(y ln a + (1 − y) ln(1 − a)), where 0 ln 0 = 0",
            "ȳ (a − y) / (a (1 − a)), 0 for 0 / 0; ȳ (ln(1 − a) − ln a)",
        )
        .kink(&[0.0, 1.0], &[-infinity, infinity])
        .kink(&[1.0, 0.0], &[infinity, -infinity])
        .kink(&[1.0, 1.0], &[0.0, -infinity])
        .kink(&[0.0, 0.0], &[0.0, infinity])
        .kink_under(0.0, &[0.0, 1.0], &[0.0, 0.0])
        .beside(
            "PyTorch the same in a where a = y; elsewhere it limits logarithms to −100 and its divisor to 10⁻¹², so that its \
             gradients are finite; JAX has no such loss. Of a sigmoid, and on logits, ours is finite too",
        ),
        Registration::elementwise(
            "bce_on_logits",
            |x| x[0].binary_cross_entropy_on_logits(x[1]),
            [real(), label()],
        )
        .of_one_shape()
        .described("ln(1 + e^z) − y z", "ȳ (σ(z) − y); −ȳ z")
        .kink(&[-800.0, 1.0], &[-1.0, 800.0])
        .kink(&[800.0, 0.0], &[1.0, -800.0])
        .kink(&[800.0, 1.0], &[0.0, -800.0])
        .beside("PyTorch the same"),
        Registration::elementwise(
            "bce of sigmoid",
            |x| x[0].sigmoid().binary_cross_entropy(x[1]),
            [real(), label()],
        )
        .of_one_shape()
        .described("ln(1 + e^z) − y z, by rewriting", "ȳ (σ(z) − y); −ȳ z")
        .kink(&[-800.0, 1.0], &[-1.0, 800.0])
        .kink(&[800.0, 1.0], &[0.0, -800.0]),
    ]
}
