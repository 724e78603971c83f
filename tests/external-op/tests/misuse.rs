//! Mistakes give errors that name the operation, and its argument or its shapes, and the place in the source.

use chainrule_autodiff::{BATCH, Graph, Isa, Step};
use chainrule_external_op::{LogSumExp, Pick};

#[test]
fn a_gradient_in_row_numbers_is_refused_by_name() {
    let g = Graph::new();
    let (scores, class) = (g.input("scores", (3, BATCH)), g.param("class", (1, 1)));
    let picked = scores.sum_columns().apply_with(Pick, &[class]);
    let line = line!() + 1;
    let [gradient] = g.grad(picked, [class]);
    let error = g
        .compile::<f64>(Step::returns(gradient), Isa::detect())
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "pick is not differentiable in its argument 1 (at tests/external-op/tests/misuse.rs:{line}:24): take the gradient along another \
             path, or stop it there with .stop_gradient()"
        )
    );
}

#[test]
fn row_numbers_may_come_of_what_is_differentiated_if_they_are_stopped() {
    let g = Graph::new();
    let x = g.param("x", (3, 1));
    let first_row = (x.sum() * 0.0).stop_gradient();
    let [gradient] = g.grad(x.apply_with(Pick, &[first_row]), [x]);
    assert!(
        g.compile::<f64>(Step::returns(gradient), Isa::detect())
            .is_ok()
    );
}

#[test]
fn shapes_that_do_not_fit_are_named() {
    let g = Graph::new();
    let (scores, class) = (g.input("scores", (3, BATCH)), g.input("class", (2, BATCH)));
    let line = line!() + 1;
    let _ = scores.apply_with(Pick, &[class]);
    assert_eq!(
        g.error().unwrap().to_string(),
        format!(
            "pick of [3 × B] and [2 × B]: it takes a matrix and the number of a row for each of its columns \
             (at tests/external-op/tests/misuse.rs:{line}:20)"
        )
    );
    let g = Graph::new();
    let x = g.input("x", (3, BATCH));
    let _ = x.apply_with(LogSumExp, &[x]);
    let error = g.error().unwrap().to_string();
    assert!(
        error.starts_with("log_sum_exp of [3 × B] and [3 × B]: it takes one matrix"),
        "{error}"
    );
}
