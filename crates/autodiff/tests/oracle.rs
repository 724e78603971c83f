//! Values, gradients and Hessian-vector products against JAX: every operation, points where derivatives need a rule, and random graphs.
//!
//! The file is written by `scripts/oracle/derivatives.py`, and its header explains the language of the graphs. A number passes when
//! it is within 1e-9 of the expected one, relative to one plus its magnitude; infinities must be equal, and a NaN a NaN.

use std::collections::BTreeMap;

use chainrule_autodiff::{BATCH, CompileOptions, Dim, Expr, Graph, Isa, Shape, Step, Team};

const FILE: &str = include_str!("oracle/derivatives.txt");
const TOLERANCE: f64 = 1e-9;

/// A graph of the file, by its lines.
#[derive(Default)]
struct Entry<'a> {
    name: &'a str,
    batch: usize,
    seed: u64,
    inputs: Vec<Input<'a>>,
    /// An operation and its operands.
    steps: Vec<(&'a str, Vec<&'a str>)>,
    y: Vec<f64>,
    d: BTreeMap<&'a str, Vec<f64>>,
    h: BTreeMap<&'a str, Vec<f64>>,
}

struct Input<'a> {
    name: &'a str,
    shape: Shape,
    values: Values,
}

enum Values {
    Between(f64, f64),
    Given(Vec<f64>),
}

fn entries() -> Vec<Entry<'static>> {
    let mut all: Vec<Entry<'static>> = Vec::new();
    for line in FILE.lines().filter(|line| !line.starts_with('#')) {
        let words: Vec<&str> = line.split(' ').collect();
        if let ["graph", name, batch, seed] = words[..] {
            all.push(Entry {
                name,
                batch: batch.parse().unwrap(),
                seed: seed.parse().unwrap(),
                ..Entry::default()
            });
            continue;
        }
        let entry = all.last_mut().unwrap();
        match words[..] {
            ["in", name, dims, low, high] => {
                let values = Values::Between(number(low), number(high));
                let shape = shape(dims);
                entry.inputs.push(Input {
                    name,
                    shape,
                    values,
                });
            }
            ["is", name, dims, ref given @ ..] => {
                let values = Values::Given(numbers(given));
                let shape = shape(dims);
                entry.inputs.push(Input {
                    name,
                    shape,
                    values,
                });
            }
            ["y", ref values @ ..] => entry.y = numbers(values),
            ["d", name, ref values @ ..] => {
                entry.d.insert(name, numbers(values));
            }
            ["h", name, ref values @ ..] => {
                entry.h.insert(name, numbers(values));
            }
            [op, ref operands @ ..] => entry.steps.push((op, operands.to_vec())),
            [] => {}
        }
    }
    all
}

fn number(word: &str) -> f64 {
    word.parse()
        .unwrap_or_else(|_| panic!("no number: {word:?}"))
}

fn numbers(words: &[&str]) -> Vec<f64> {
    words.iter().map(|word| number(word)).collect()
}

fn shape(dims: &str) -> Shape {
    let dim = |word: &str| match word {
        "B" => BATCH,
        word => Dim::Fixed(word.parse().unwrap()),
    };
    let (rows, cols) = dims.split_once('x').unwrap();
    Shape::new(dim(rows), dim(cols))
}

/// The file's generator of numbers.
struct SplitMix64(u64);

impl SplitMix64 {
    fn draw(&mut self, len: usize, low: f64, high: f64) -> Vec<f64> {
        let mut uniform = || {
            self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mut z = self.0;
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
        };
        (0..len).map(|_| low + (high - low) * uniform()).collect()
    }
}

/// The expression of one line.
fn apply<'g>(op: &str, of: &[Expr<'g>], operands: &[&str]) -> Expr<'g> {
    let with = |f: fn(Expr<'g>, Expr<'g>) -> Expr<'g>| f(of[0], of[1]);
    match op {
        "neg" => -of[0],
        "square" => of[0].square(),
        "sqrt" => of[0].sqrt(),
        "abs" => of[0].abs(),
        "sign" => of[0].sign(),
        "exp" => of[0].exp(),
        "ln" => of[0].ln(),
        "ln_1p" => of[0].ln_1p(),
        "sigmoid" => of[0].sigmoid(),
        "tanh" => of[0].tanh(),
        "relu" => of[0].relu(),
        "softplus" => of[0].softplus(),
        "stop_gradient" => of[0].stop_gradient(),
        "clamp" => of[0].clamp(number(operands[1]), number(operands[2])),
        "t" => of[0].t(),
        "sum" => of[0].sum(),
        "mean" => of[0].mean(),
        "sum_rows" => of[0].sum_rows(),
        "sum_columns" => of[0].sum_columns(),
        "add" => of[0] + of[1],
        "sub" => of[0] - of[1],
        "mul" => of[0] * of[1],
        "div" => of[0] / of[1],
        "pow" => with(|a, b| a.pow(b)),
        "maximum" => with(|a, b| a.maximum(b)),
        "minimum" => with(|a, b| a.minimum(b)),
        "lt" => with(|a, b| a.lt(b)),
        "le" => with(|a, b| a.le(b)),
        "gt" => with(|a, b| a.gt(b)),
        "ge" => with(|a, b| a.ge(b)),
        "equals" => with(|a, b| a.equals(b)),
        "chain" => with(|a, b| a.chain(b)),
        "bce" => with(|a, b| a.binary_cross_entropy(b)),
        "bce_on_logits" => with(|a, b| a.binary_cross_entropy_on_logits(b)),
        "matmul" => with(|a, b| a.matmul(b)),
        "select" => of[0].select(of[1], of[2]),
        _ => panic!("no operation {op}"),
    }
}

/// The values of the inputs, of the cotangent `u` of a result of some size, and of the directions `v_…`, by their names.
fn values(entry: &Entry<'_>, result: usize) -> BTreeMap<String, Vec<f64>> {
    let mut named = BTreeMap::new();
    let mut stream = SplitMix64(entry.seed);
    let mut is_given = false;
    let len = |input: &Input<'_>| input.shape.len_at(entry.batch);
    for input in &entry.inputs {
        let values = match &input.values {
            Values::Between(low, high) => stream.draw(len(input), *low, *high),
            Values::Given(values) => values.clone(),
        };
        is_given |= matches!(input.values, Values::Given(_));
        named.insert(input.name.to_owned(), values);
    }
    let cotangent = if is_given {
        vec![1.0; result]
    } else {
        stream.draw(result, -1.0, 1.0)
    };
    named.insert("u".to_owned(), cotangent);
    for input in &entry.inputs {
        named.insert(
            format!("v_{}", input.name),
            stream.draw(len(input), -1.0, 1.0),
        );
    }
    named
}

/// The largest error, or what differs.
fn replay(entry: &Entry<'_>) -> Result<f64, String> {
    let g = Graph::new();
    let mut at: BTreeMap<String, Expr<'_>> = BTreeMap::new();
    for input in &entry.inputs {
        at.insert(input.name.to_owned(), g.input(input.name, input.shape));
    }
    let x: Vec<Expr<'_>> = entry.inputs.iter().map(|i| at[i.name]).collect();
    let mut last = x[0];
    for (index, (op, operands)) in entry.steps.iter().enumerate() {
        let operand = |word: &&str| {
            let known = at.get(*word).copied();
            known.unwrap_or_else(|| g.constant(number(word)))
        };
        let of: Vec<Expr<'_>> = operands.iter().map(operand).collect();
        last = apply(op, &of, operands);
        at.insert(format!("t{index}"), last);
    }
    let y = last;
    let u = g.input("u", y.shape());
    let along: Vec<_> = x
        .iter()
        .zip(&entry.inputs)
        .map(|(&x, input)| (x, g.input(&format!("v_{}", input.name), input.shape)))
        .collect();
    let loss = (u * y).sum();
    let mut step = Step::returns(y);
    for d in g.vjp(y, u, &x) {
        step = step.output(d);
    }
    if !entry.h.is_empty() {
        for h in g.hessian_vector_product(loss, &along) {
            step = step.output(h);
        }
    }
    let named = values(entry, y.shape().len_at(entry.batch));
    // A batched output without a batched input would not say how many samples there are.
    let step = x.iter().fold(step, |step, &x| step.output(x));
    let options = CompileOptions::new(Isa::detect());
    let plan = g
        .compile_with::<f64>(&[&step], &options)
        .map_err(|e| e.to_string())?
        .remove(0);
    let inputs: Vec<&[f64]> = plan.inputs().map(|(name, _)| &named[name][..]).collect();
    let mut workspace = plan.workspace(entry.batch, 1);
    plan.eval(&plan.state(), &inputs, &mut workspace, &Team::solo())
        .map_err(|e| e.to_string())?;
    let names = || entry.inputs.iter().map(|input| input.name);
    let mut expected = vec![("y".to_owned(), &entry.y)];
    expected.extend(names().map(|n| (format!("d {n}"), &entry.d[n])));
    if !entry.h.is_empty() {
        expected.extend(names().map(|n| (format!("h {n}"), &entry.h[n])));
    }
    let mut worst = 0.0f64;
    for (index, (what, expected)) in expected.iter().enumerate() {
        let found = workspace.output(index);
        let error = found.iter().zip(*expected).map(|(&f, &e)| error(f, e));
        let error = error.fold(0.0, f64::max);
        if found.len() != expected.len() || error > TOLERANCE {
            return Err(format!("{what}: {found:?} instead of {expected:?}"));
        }
        worst = worst.max(error);
    }
    Ok(worst)
}

fn error(found: f64, expected: f64) -> f64 {
    if found == expected || found.is_nan() && expected.is_nan() {
        0.0
    } else if found.is_finite() && expected.is_finite() {
        (found - expected).abs() / (1.0 + expected.abs())
    } else {
        f64::INFINITY
    }
}

#[test]
fn derivatives_are_those_of_jax() {
    let all = entries();
    let count = |prefix: &str| all.iter().filter(|e| e.name.starts_with(prefix)).count();
    assert!(count("random_") >= 300 && count("rule_") >= 40 && all.len() >= 550);
    let mut failures = Vec::new();
    let mut worst = 0.0f64;
    for entry in &all {
        match replay(entry) {
            Ok(error) => worst = worst.max(error),
            Err(failure) => failures.push(format!("{} {}: {failure}", entry.name, entry.seed)),
        }
    }
    assert!(
        failures.is_empty(),
        "{} of {} graphs:\n{}",
        failures.len(),
        all.len(),
        failures.join("\n")
    );
    // Far below what is asked for: the file itself is rounded to 13 digits.
    assert!(worst < 1e-10, "{worst:e}");
}
