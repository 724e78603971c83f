//! Products, sums, transposes, repetition, rows.

use std::sync::Arc;

use crate::audit::{Case, Registration, Samples, Values};
use crate::ops::assemble::Row;
use crate::ops::{Affine, MatMul, OneHot, Placeholder, Stack};
use crate::{BATCH, Expr, Op, Shape};

pub(super) fn all() -> Vec<Registration> {
    let mut all = products();
    all.extend(sums());
    all.extend(rearranged());
    all
}

/// Arguments of any values, in shapes.
fn of<const N: usize>(shapes: [Shape; N]) -> Case {
    Case::new(shapes.map(|shape| (shape, Values::real())))
}

/// A case in which samples do not meet.
fn each<const N: usize>(shapes: [Shape; N]) -> Case {
    of(shapes).samples(Samples::Independent)
}

fn with_cases(first: Registration, cases: impl IntoIterator<Item = Case>) -> Registration {
    cases.into_iter().fold(first, Registration::case)
}

fn products() -> Vec<Registration> {
    let rule = "ȳ bᵀ; aᵀ ȳ";
    let plain = Registration::new(
        "matmul",
        |x| x[0].matmul(x[1]),
        each([(3, 5).into(), (5, BATCH).into()]),
    );
    let plain = with_cases(
        plain,
        [
            each([(1, 19).into(), (19, BATCH).into()]),
            each([(20, 33).into(), (33, BATCH).into()]),
            each([(17, 1).into(), (1, BATCH).into()]),
            of([(3, 4).into(), (4, 2).into()]),
            of([(1, 4).into(), 4.into()]),
            of([3.into(), (1, 18).into()]),
            of([(3, BATCH).into(), (BATCH, 2).into()]),
            of([(1, BATCH).into(), (BATCH, 1).into()]),
            of([(BATCH, 3).into(), (3, 4).into()]),
            of([(BATCH, 3).into(), 3.into()]),
        ],
    )
    .described("a b", rule);
    let turned = |name: &str, left: bool, right: bool, cases: Vec<Case>| {
        let mut cases = cases.into_iter();
        let first = cases.next().unwrap_or_else(|| of([Shape::SCALAR; 2]));
        let operation = Registration::new(name, move |x| turned_product(x, left, right), first);
        with_cases(operation, cases)
    };
    vec![
        plain,
        turned(
            "matmul, left transposed",
            true,
            false,
            vec![
                each([(5, 3).into(), (5, BATCH).into()]),
                of([(BATCH, 3).into(), (BATCH, 2).into()]),
                of([(4, 3).into(), (4, 2).into()]),
                of([(3, BATCH).into(), (3, 2).into()]),
            ],
        )
        .described("aᵀ b", "b ȳᵀ; a ȳ"),
        turned(
            "matmul, right transposed",
            false,
            true,
            vec![
                of([(3, BATCH).into(), (2, BATCH).into()]),
                of([(1, BATCH).into(), (18, BATCH).into()]),
                of([(3, 4).into(), (20, 4).into()]),
                of([(3, 4).into(), (BATCH, 4).into()]),
            ],
        )
        .described("a bᵀ", "ȳ b; ȳᵀ a"),
        turned(
            "matmul, both transposed",
            true,
            true,
            vec![
                of([(4, 3).into(), (2, 4).into()]),
                of([(BATCH, 3).into(), (2, BATCH).into()]),
                of([(5, 3).into(), (BATCH, 5).into()]),
            ],
        )
        .described("aᵀ bᵀ", "bᵀ ȳᵀ; ȳᵀ aᵀ"),
        with_cases(
            Registration::new(
                "affine",
                |x| {
                    let product = MatMul::for_shapes(x[0].shape(), x[1].shape());
                    x[0].apply_with(Affine(product), &[x[1], x[2]])
                },
                each([(3, 5).into(), (5, BATCH).into(), 3.into()]),
            ),
            [
                each([(1, 19).into(), (19, BATCH).into(), Shape::SCALAR]),
                each([(20, 33).into(), (33, BATCH).into(), 20.into()]),
                of([(3, 4).into(), (4, 2).into(), 3.into()]),
            ],
        )
        .described(
            "a b + c, sums starting at c",
            "ȳ bᵀ; aᵀ ȳ; ȳ summed over columns",
        ),
        with_cases(
            Registration::new(
                "matmul and bias",
                |x| x[0].matmul(x[1]) + x[2],
                each([(3, 5).into(), (5, BATCH).into(), 3.into()]),
            ),
            [each([(1, 19).into(), (19, BATCH).into(), Shape::SCALAR])],
        )
        .described("a b + c, by rewriting an affine", "as affine"),
    ]
}

fn turned_product<'g>(x: &[Expr<'g>], left: bool, right: bool) -> Expr<'g> {
    let turned = |e: Expr<'g>, turn: bool| {
        if turn {
            e.shape().transposed()
        } else {
            e.shape()
        }
    };
    let product = MatMul {
        transpose_left: left,
        transpose_right: right,
        ..MatMul::for_shapes(turned(x[0], left), turned(x[1], right))
    };
    x[0].apply_with(product, &[x[1]])
}

fn sums() -> Vec<Registration> {
    let columns = "ȳ repeated over columns";
    vec![
        with_cases(
            Registration::new("sum", |x| x[0].sum(), of([(3, 4).into()])),
            [
                of([(17, 5).into()]),
                of([(1, 19).into()]),
                of([40.into()]),
                of([(3, BATCH).into()]),
                of([(20, BATCH).into()]),
                of([(BATCH, 3).into()]),
            ],
        )
        .described("Σ x", "ȳ repeated"),
        with_cases(
            Registration::new("sum_rows", |x| x[0].sum_rows(), each([(3, BATCH).into()])),
            [
                each([(33, BATCH).into()]),
                of([(3, 4).into()]),
                of([40.into()]),
                of([(BATCH, 3).into()]),
                of([(BATCH, 1).into()]),
            ],
        )
        .described("Σ over rows", "ȳ repeated over rows"),
        with_cases(
            Registration::new(
                "sum_columns",
                |x| x[0].sum_columns(),
                of([(3, BATCH).into()]),
            ),
            [
                of([(20, BATCH).into()]),
                of([(1, BATCH).into()]),
                of([(18, 4).into()]),
                of([(1, 19).into()]),
                of([(BATCH, 19).into()]),
            ],
        )
        .described("Σ over columns", columns),
        with_cases(
            Registration::new("mean", |x| x[0].mean(), of([(1, BATCH).into()])),
            [of([(3, BATCH).into()]), of([(3, 4).into()])],
        )
        .described("Σ x / n", "ȳ / n repeated"),
        Registration::new(
            "weighted mean",
            |x| (x[0] * x[1]).sum() / x[0].sum(),
            Case::new([
                ((1, BATCH).into(), Values::between(0.5, 2.0)),
                ((1, BATCH).into(), Values::real()),
            ]),
        )
        .described("Σ w x / Σ w", "ȳ (x − y) / Σ w; ȳ w / Σ w"),
    ]
}

fn rearranged() -> Vec<Registration> {
    let broadcast = |name: &str, shape: Shape, first: Case| {
        Registration::new(name, move |x| x[0].broadcast_to(shape), first)
    };
    vec![
        with_cases(
            Registration::new("transpose", |x| x[0].t(), of([(3, 4).into()])),
            [
                of([(20, BATCH).into()]),
                of([(BATCH, 3).into()]),
                of([(1, BATCH).into()]),
                of([19.into()]),
                of([Shape::SCALAR]),
            ],
        )
        .described("xᵀ", "ȳᵀ"),
        broadcast("broadcast of a column", (19, BATCH).into(), of([19.into()]))
            .described("x repeated over columns", "ȳ summed over columns"),
        broadcast(
            "broadcast of a row",
            (3, BATCH).into(),
            each([(1, BATCH).into()]),
        )
        .described("x repeated over rows", "ȳ summed over rows"),
        broadcast(
            "broadcast of a scalar",
            (3, BATCH).into(),
            of([Shape::SCALAR]),
        )
        .case(of([3.into()]))
        .described("x repeated", "ȳ summed"),
        broadcast(
            "broadcast to a fixed matrix",
            (4, 18).into(),
            of([(1, 18).into()]),
        )
        .case(of([4.into()]))
        .case(of([Shape::SCALAR]))
        .described("x repeated", "ȳ summed"),
        Registration::new(
            "stack",
            |x| x[0].apply_with(Stack, &[x[1], x[2]]),
            of([(2, 3).into(); 3]),
        )
        .described("matrices as the rows of one", "the rows of ȳ"),
        Registration::new(
            "row",
            |x| {
                let shape = (2, 3).into();
                x[0].apply(Row { index: 1, shape })
            },
            of([(4, 6).into()]),
        )
        .described("one row, as a matrix", "ȳ in that row, else 0"),
        Registration::new(
            "one_hot",
            |x| {
                let (shape, element) = (x[0].shape(), 4);
                x[0] * nullary(x[0], OneHot { shape, element })
            },
            of([(2, 3).into()]),
        )
        .described("one element 1, else 0", "a constant"),
        Registration::new(
            "placeholder",
            |x| {
                let shape = x[0].shape();
                x[0] + nullary(x[0], Placeholder { shape })
            },
            of([(3, BATCH).into()]),
        )
        .described(
            "0: stands for what a linear function is linear in",
            "a constant",
        ),
    ]
}

/// An operation without arguments, in the graph of `beside`.
fn nullary<'g, O: Op>(beside: Expr<'g>, op: O) -> Expr<'g> {
    beside.graph().apply(Arc::new(op), &[])
}
