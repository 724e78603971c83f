//! Random graphs: shapes, fan-out, reuse, repetition, deep chains, fixed and batched dimensions.
//!
//! Bits: the plan, with all passes and with none of those that can be left out, on every instruction set and with threads, against the
//! definition of the canonical graph. Numbers: against the graph as written, and against difference quotients.

use proptest::collection::vec;
use proptest::prelude::*;

use super::subject::{Values, bits, compile, define, define_as_written, relative_error, run};
use crate::random::Random;
use crate::{BATCH, CompileOptions, Expr, GradientCheck, Graph, Isa, Scalar, Shape, Step, Team};

/// One operation of a random graph: which, and three numbers that pick its arguments among the values so far.
type Gene = (u8, u16, u16, u16);

/// Which operations a graph is made of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Of {
    /// All; values may overflow.
    All,
    /// Smooth ones, of moderate values: what difference quotients can judge.
    Smooth,
}

const LEAVES: [(&str, (usize, Cols)); 10] = [
    ("x", (3, Cols::Batch)),
    ("y", (1, Cols::Batch)),
    ("z", (17, Cols::Batch)),
    ("W", (4, Cols::Fixed(3))),
    ("V", (3, Cols::Fixed(17))),
    ("Q", (3, Cols::Fixed(3))),
    ("b", (4, Cols::Fixed(1))),
    ("c", (3, Cols::Fixed(1))),
    ("r", (1, Cols::Fixed(3))),
    ("s", (1, Cols::Fixed(1))),
];

#[derive(Clone, Copy)]
enum Cols {
    Fixed(usize),
    Batch,
}

fn shape_of((rows, cols): (usize, Cols)) -> Shape {
    match cols {
        Cols::Fixed(cols) => (rows, cols).into(),
        Cols::Batch => (rows, BATCH).into(),
    }
}

/// Batches are inputs, `r` too; what else is fixed is a parameter.
fn leaves(g: &Graph) -> Vec<Expr<'_>> {
    let leaf = |(name, size): (&str, (usize, Cols))| {
        let shape = shape_of(size);
        if shape.has_batch() || name == "r" {
            g.input(name, shape)
        } else {
            g.param(name, shape)
        }
    };
    LEAVES.map(leaf).to_vec()
}

/// The value that a list of operations ends in.
fn grow<'g>(leaves: &[Expr<'g>], genes: &[Gene], of: Of) -> Expr<'g> {
    let mut all = leaves.to_vec();
    for &gene in genes {
        let made = next(&all, gene, of);
        all.push(made);
    }
    all[all.len() - 1]
}

fn next<'g>(all: &[Expr<'g>], (op, a, b, c): Gene, of: Of) -> Expr<'g> {
    // Recent values are likelier, so that graphs are deep as well as wide.
    let pick = |number: u16, fits: &dyn Fn(Shape) -> bool| {
        let recent = all.len().min(6);
        let start = if number.is_multiple_of(2) {
            all.len() - 1 - usize::from(number / 2) % recent
        } else {
            usize::from(number / 2) % all.len()
        };
        let around = (0..all.len()).map(|step| all[(start + step) % all.len()]);
        around.into_iter().find(|e| fits(e.shape()))
    };
    let Some(a) = pick(a, &|_| true) else {
        unreachable!("the leaves are never empty")
    };
    let shape = a.shape();
    let beside = |number: u16| {
        let fits = |s: Shape| s.broadcasts_to(shape) || shape.broadcasts_to(s);
        pick(number, &fits).unwrap_or(a)
    };
    let alike = |number: u16| pick(number, &|s| s.broadcasts_to(shape)).unwrap_or(a);
    let tamed = |e: Expr<'g>| if of == Of::Smooth { e.tanh() } else { e };
    if of == Of::All {
        match op % 32 {
            0 => return a.abs(),
            1 => return a.relu(),
            2 => return a.sign(),
            3 => return a.clamp(-0.5, 0.75),
            4 => return a.maximum(beside(b)),
            5 => return a.minimum(beside(b)),
            6 => return a.lt(beside(b)),
            7 => return a.ge(beside(b)) * a,
            8 => return a.equals(beside(b)),
            9 => return a.select(beside(b), alike(c)),
            10 => return a.stop_gradient() * beside(b),
            11 => return a.ln(),
            12 => return a.sqrt(),
            13 => return a.pow(beside(b)),
            14 => return a / beside(b),
            15 => return a.chain(beside(b)),
            _ => {}
        }
    }
    match op % 24 {
        0 => -a,
        1 => tamed(a.square()),
        2 => (a.square() + 0.5).sqrt(),
        3 => tamed(tamed(a).exp()),
        4 => (a.square() + 0.5).ln(),
        5 => a.square().ln_1p(),
        6 => a.sigmoid(),
        7 => a.tanh(),
        8 => a.softplus(),
        9 => a.t(),
        10 => tamed(a.sum()),
        11 => a.mean(),
        12 => tamed(a.sum_rows()),
        13 => tamed(a.sum_columns()),
        14 => a + beside(b),
        15 => a - beside(b),
        16 => tamed(a * beside(b)),
        17 => a / (beside(b).softplus() + 0.5),
        18 => (a.sigmoid() + 0.5).pow(tamed(beside(b))),
        19 => tamed(a)
            .sigmoid()
            .binary_cross_entropy(alike(b).broadcast_to(shape).sigmoid()),
        20 => tamed(a).binary_cross_entropy_on_logits(alike(b).broadcast_to(shape).sigmoid()),
        21 => match pick(b, &|s| s.rows == shape.cols) {
            Some(right) => tamed(a.matmul(right)),
            None => tamed(a.matmul(a.t())),
        },
        22 => match pick(b, &|s| s.cols == shape.rows) {
            Some(left) => {
                let product = left.matmul(a);
                let rows = product.shape().rows;
                match pick(c, &|s| s == Shape::new(rows, 1)) {
                    Some(bias) => tamed(product + bias),
                    None => tamed(product),
                }
            }
            None => tamed(a.t().matmul(a)),
        },
        _ => 0.75 * a + 0.25,
    }
}

/// The scalar of the last value, its gradients and the product of its Hessian with a direction; parameters are updated.
fn step<'g>(g: &'g Graph, genes: &[Gene], of: Of) -> Step<'g> {
    let leaves = leaves(g);
    let last = grow(&leaves, genes, of);
    let loss = last.mean();
    let gradients = g.gradients(loss, &leaves);
    let along: Vec<_> = leaves.iter().map(|&leaf| (leaf, 0.5 * leaf)).collect();
    let curved = g.hessian_vector_product(loss, &along);
    // A batched input that is always there says how many samples there are.
    let mut step = Step::returns(loss)
        .output(leaves[0])
        .output(last)
        .output(curved[0])
        .output(curved[3]);
    for (&leaf, &gradient) in leaves.iter().zip(&gradients) {
        let is_slot = g
            .arena()
            .node(leaf.id())
            .leaf()
            .is_some_and(|l| l.is_slot());
        step = if is_slot {
            step.set(leaf, leaf - 0.125 * gradient)
        } else {
            step.output(gradient)
        };
    }
    step
}

fn values(seed: u64, batch: usize) -> Values {
    let mut random = Random(seed);
    let mut draw = |size: (usize, Cols)| -> Vec<f64> {
        let len = shape_of(size).len_at(batch);
        (0..len).map(|_| random.between(-1.5, 1.5)).collect()
    };
    let named = LEAVES.map(|(name, size)| (name.to_owned(), draw(size)));
    Values {
        batch,
        named: named.to_vec(),
    }
}

/// The largest of the wished batches that keeps values of samples × samples small.
fn affordable(g: &Graph, batch: usize) -> usize {
    let arena = g.arena();
    let square = |id| arena.node(id).shape == Shape::new(BATCH, BATCH);
    if arena.ids().any(square) {
        batch.min(19)
    } else {
        batch
    }
}

fn has_the_bits_of_its_definition<T: Scalar>(
    step: &Step<'_>,
    values: &Values,
    team: &Team,
) -> Result<(), TestCaseError> {
    let expected = bits(&define::<T>(step, values).unwrap());
    for isa in Isa::available() {
        let mut none = CompileOptions::new(isa);
        for pass in CompileOptions::optional_passes() {
            none = none.without(pass).unwrap();
        }
        for options in [CompileOptions::new(isa), none] {
            let plan = compile::<T>(step.graph, step, &options).unwrap();
            let mut workspace = plan.workspace(values.batch, team.limit());
            for team in [&Team::solo(), team] {
                let found = bits(&run(&plan, &mut workspace, values, team).unwrap());
                // Updates come in the order of the leaves, as the state does.
                prop_assert_eq!(&found, &expected, "{:?}, {} threads", options, team.limit());
            }
        }
    }
    Ok(())
}

fn gene() -> impl Strategy<Value = Gene> {
    (any::<u8>(), any::<u16>(), any::<u16>(), any::<u16>())
}

fn with_team<R>(work: impl FnOnce(&Team) -> R) -> R {
    let team = Team::new(2);
    std::thread::scope(|scope| {
        let _open = super::Open(&team);
        scope.spawn(|| team.lend());
        work(&team)
    })
}

#[test]
fn plans_have_the_bits_of_their_definition() {
    with_team(|team| {
        let batch = prop_oneof![Just(0usize), Just(1), Just(5), Just(37), Just(300)];
        proptest!(ProptestConfig::with_cases(200), |(genes in vec(gene(), 1..30), seed: u64, batch in batch)| {
            let g = Graph::new();
            let step = step(&g, &genes, Of::All);
            let values = values(seed, affordable(&g, batch));
            has_the_bits_of_its_definition::<f32>(&step, &values, team)?;
            has_the_bits_of_its_definition::<f64>(&step, &values, team)?;
        });
    });
}

#[test]
fn plans_agree_with_the_graph_as_written() {
    proptest!(ProptestConfig::with_cases(200), |(genes in vec(gene(), 1..30), seed: u64, batch in 1usize..12)| {
        let g = Graph::new();
        let step = step(&g, &genes, Of::Smooth);
        let values = values(seed, batch);
        let expected = define_as_written::<f64>(&step, &values);
        let plan = compile::<f64>(&g, &step, &CompileOptions::new(Isa::detect())).unwrap();
        let found = run(&plan, &mut plan.workspace(batch, 1), &values, &Team::solo()).unwrap();
        for (index, (found, expected)) in found.iter().zip(&expected).enumerate() {
            for (&f, &e) in found.iter().zip(expected) {
                let error = relative_error(f, e);
                prop_assert!(error < 1e-9, "result {index}: {f:e} instead of {e:e}");
            }
        }
    });
}

#[test]
fn gradients_agree_with_difference_quotients() {
    proptest!(ProptestConfig::with_cases(120), |(genes in vec(gene(), 1..25), seed: u64)| {
        let shapes = LEAVES.map(|(_, size)| shape_of(size));
        let check = GradientCheck { seed: seed >> 20, points: 1, low: -1.5, high: 1.5, ..GradientCheck::default() };
        let found = check.function(|x| grow(x, &genes, Of::Smooth), &shapes);
        prop_assert!(found.is_ok(), "{}", found.unwrap_err());
    });
}

#[test]
fn deep_chains_have_the_bits_of_their_definition_and_true_gradients() {
    with_team(|team| {
        // Elementwise operations only, each on the last value and one of the others.
        let link = prop_oneof![Just(0u8), Just(7), Just(6), Just(15), Just(16), Just(23)];
        let links = vec((link, Just(0u16), any::<u16>(), Just(0u16)), 200..500);
        proptest!(ProptestConfig::with_cases(8), |(links in links, seed: u64)| {
            let g = Graph::new();
            let step = step(&g, &links, Of::Smooth);
            let values = values(seed, affordable(&g, 37));
            has_the_bits_of_its_definition::<f32>(&step, &values, team)?;
            let shapes = LEAVES.map(|(_, size)| shape_of(size));
            let check = GradientCheck { seed: seed >> 20, points: 1, ..GradientCheck::default() };
            let found = check.function(|x| grow(x, &links, Of::Smooth), &shapes);
            prop_assert!(found.is_ok(), "{}", found.unwrap_err());
        });
    });
}
