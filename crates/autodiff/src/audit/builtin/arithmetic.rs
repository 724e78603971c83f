//! Arithmetic, choices and comparisons.

use crate::audit::{Registration, Values};
use crate::ops::arithmetic::Copy;

const APART: f64 = 0.05;

pub(super) fn all() -> Vec<Registration> {
    let real = Values::real;
    let two = || [real(), real()];
    let infinity = f64::INFINITY;
    let mut all = vec![
        Registration::elementwise("copy", |x| x[0].map(Copy), [real()]).described("x", "ȳ"),
        Registration::elementwise("neg", |x| -x[0], [real()]).described("−x", "−ȳ"),
        Registration::elementwise("add", |x| x[0] + x[1], two()).described("a + b", "ȳ; ȳ"),
        Registration::elementwise("sub", |x| x[0] - x[1], two()).described("a − b", "ȳ; −ȳ"),
        Registration::elementwise("mul", |x| x[0] * x[1], two())
            .described("a b", "ȳ b; ȳ a, each 0 where ȳ = 0"),
        Registration::elementwise(
            "div",
            |x| x[0] / x[1],
            [
                real(),
                Values::between(0.3, 2.0).with_edges(&super::super::EDGES),
            ],
        )
        .described("a / b", "ȳ / b; −ȳ (a / b) / b")
        .kink(&[1.0, 0.0], &[infinity, -infinity])
        .kink_under(0.0, &[1.0, 0.0], &[0.0, 0.0])
        .beside("JAX and PyTorch the same, but NaN where a zero cotangent meets b = 0"),
        Registration::elementwise("square", |x| x[0].square(), [real()]).described("x²", "2 x ȳ"),
        Registration::elementwise(
            "sqrt",
            |x| x[0].sqrt(),
            [Values::between(0.2, 3.0).with_edges(&super::super::EDGES)],
        )
        .described("√x", "ȳ / (2 y)")
        .kink(&[0.0], &[infinity])
        .kink_under(0.0, &[0.0], &[0.0])
        .kink_under(0.0, &[-1.0], &[0.0])
        .beside("JAX and PyTorch the same, but NaN where a zero cotangent meets 0"),
        Registration::elementwise("abs", |x| x[0].abs(), [real()])
            .smooth_where(|x| x[0].abs() > APART)
            .described("|x|", "ȳ sign(x)")
            .kink(&[0.0], &[0.0])
            .kink(&[-0.0], &[0.0])
            .beside("PyTorch the same, JAX 1"),
        Registration::elementwise("sign", |x| x[0].sign(), [real()])
            .smooth_where(|x| x[0].abs() > APART)
            .described("1, 0 or −1", "0")
            .kink(&[0.0], &[0.0])
            .beside("JAX and PyTorch the same"),
        Registration::elementwise("clamp", |x| x[0].clamp(-0.5, 0.75), [real()])
            .smooth_where(|x| (x[0] + 0.5).abs() > APART && (x[0] - 0.75).abs() > APART)
            .described("x within [low, high]", "ȳ where low ≤ x ≤ high, else 0")
            .kink(&[-0.5], &[1.0])
            .kink(&[0.75], &[1.0])
            .kink(&[0.76], &[0.0])
            .beside("at the ends PyTorch the same, JAX ½ (`jnp.clip`) or 0 (`lax.clamp`)"),
        Registration::elementwise("chain", |x| x[0].chain(x[1]), two())
            .smooth_where(|x| x[0].abs() > APART)
            .described("a b, and 0 where a = 0", "ȳ b; ȳ a, each 0 where ȳ = 0")
            .kink(&[0.0, infinity], &[infinity, 0.0])
            .kink_under(0.0, &[2.0, infinity], &[0.0, 0.0]),
        Registration::elementwise("maximum", |x| x[0].maximum(x[1]), two())
            .smooth_where(|x| (x[0] - x[1]).abs() > APART)
            .described("max(a, b)", "ȳ to the larger, ½ ȳ to each of equals")
            .kink(&[1.0, 1.0], &[0.5, 0.5])
            .kink(&[0.0, -0.0], &[0.5, 0.5])
            .beside("JAX and PyTorch the same"),
        Registration::elementwise("minimum", |x| x[0].minimum(x[1]), two())
            .smooth_where(|x| (x[0] - x[1]).abs() > APART)
            .described("min(a, b)", "ȳ to the smaller, ½ ȳ to each of equals")
            .kink(&[1.0, 1.0], &[0.5, 0.5])
            .kink(&[0.0, -0.0], &[0.5, 0.5])
            .beside("JAX and PyTorch the same"),
        Registration::elementwise(
            "select",
            |x| x[0].select(x[1], x[2]),
            [real(), real(), real()],
        )
        .smooth_where(|x| x[0].abs() > APART)
        .described("b where a ≠ 0, else c", "0; ȳ where a ≠ 0; ȳ where a = 0")
        .kink(&[1.0, 2.0, 3.0], &[0.0, 1.0, 0.0])
        .kink(&[0.0, 2.0, 3.0], &[0.0, 0.0, 1.0])
        .kink(&[-0.0, 2.0, infinity], &[0.0, 0.0, 1.0])
        .beside("JAX and PyTorch the same"),
        Registration::elementwise(
            "stop_gradient",
            |x| x[0].stop_gradient(),
            [real().not_differentiated()],
        )
        .described("x", "0")
        .kink(&[3.0], &[0.0])
        .beside("JAX (`stop_gradient`) and PyTorch (`detach`) the same"),
    ];
    all.extend(comparisons());
    all
}

fn comparisons() -> Vec<Registration> {
    let two = || [Values::real(), Values::real()];
    let all = [
        (
            Registration::elementwise("less", |x| x[0].lt(x[1]), two()),
            "1 where a < b, else 0",
        ),
        (
            Registration::elementwise("less_equal", |x| x[0].le(x[1]), two()),
            "1 where a ≤ b, else 0",
        ),
        (
            Registration::elementwise("greater", |x| x[0].gt(x[1]), two()),
            "1 where a > b, else 0",
        ),
        (
            Registration::elementwise("greater_equal", |x| x[0].ge(x[1]), two()),
            "1 where a ≥ b, else 0",
        ),
        (
            Registration::elementwise("equal", |x| x[0].equals(x[1]), two()),
            "1 where a = b, else 0",
        ),
    ];
    let rule = |(comparison, value): (Registration, &str)| {
        comparison
            .smooth_where(|x| (x[0] - x[1]).abs() > APART)
            .described(value, "0; 0")
            .kink(&[1.0, 1.0], &[0.0, 0.0])
            .beside("JAX and PyTorch the same")
    };
    all.into_iter().map(rule).collect()
}
