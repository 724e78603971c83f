//! Pairs of elementwise operations in one kernel, which only a pass makes.

use crate::audit::{Registration, Values};
use crate::ops::pairs::{AddProduct, MulProduct, SubProduct, ThroughSigmoid};

pub(super) fn all() -> Vec<Registration> {
    let three = || [Values::real(), Values::real(), Values::real()];
    vec![
        Registration::elementwise(
            "add_product",
            |x| x[0].zip_map_3(x[1], x[2], AddProduct),
            three(),
        )
        .described("a + (b c), rounded twice", "ȳ; ȳ c; ȳ b"),
        Registration::elementwise(
            "sub_product",
            |x| x[0].zip_map_3(x[1], x[2], SubProduct),
            three(),
        )
        .described("a − (b c), rounded twice", "ȳ; −ȳ c; −ȳ b"),
        Registration::elementwise(
            "mul_product",
            |x| x[0].zip_map_3(x[1], x[2], MulProduct),
            three(),
        )
        .described("a (b c), rounded twice", "ȳ b c; ȳ a c; ȳ a b"),
        Registration::elementwise(
            "through_sigmoid",
            |x| x[0].zip_map(x[1], ThroughSigmoid),
            [Values::real(), Values::real()],
        )
        .described("c (a (1 − a))", "ȳ a (1 − a); ȳ c (1 − 2 a)"),
    ]
}
