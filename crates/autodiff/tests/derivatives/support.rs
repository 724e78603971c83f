//! What the integration tests share.

use chainrule_autodiff::{Dim, Expr, Graph, Isa, Scalar, Shape, Step, Team};

/// The values of some expressions in f64: one column-major vector each. Inputs, parameters and state get theirs by name.
pub fn values(g: &Graph, of: &[Expr<'_>], given: &[(&str, &[f64])]) -> Vec<Vec<f64>> {
    values_in::<f64>(g, of, given)
}

/// [`values`] in a precision.
pub fn values_in<T: Scalar>(g: &Graph, of: &[Expr<'_>], given: &[(&str, &[T])]) -> Vec<Vec<T>> {
    let step = of.iter().fold(Step::of(g), |step, &e| step.output(e));
    let plan = g.compile::<T>(step, Isa::detect()).unwrap();
    let find = |name: &str| {
        let found = given.iter().find(|(n, _)| *n == name);
        found.unwrap_or_else(|| panic!("no value for {name}")).1
    };
    let mut state = plan.state();
    let slots: Vec<String> = plan.state().slots().map(|(n, _)| n.to_owned()).collect();
    for name in &slots {
        state.set(name, find(name)).unwrap();
    }
    let inputs: Vec<&[T]> = plan.inputs().map(|(name, _)| find(name)).collect();
    let samples = |(values, shape): (&&[T], Shape)| {
        let fixed = |d: Dim| if let Dim::Fixed(n) = d { n } else { 1 };
        if shape.has_batch() {
            values.len() / (fixed(shape.rows) * fixed(shape.cols))
        } else {
            0
        }
    };
    let shapes = plan.inputs().map(|(_, shape)| shape);
    let batch = inputs.iter().zip(shapes).map(samples).max().unwrap_or(0);
    let mut workspace = plan.workspace(batch, 1);
    plan.eval(&state, &inputs, &mut workspace, &Team::solo())
        .unwrap();
    (0..of.len())
        .map(|i| workspace.output(i).to_vec())
        .collect()
}

/// One number from an expression of size 1.
pub fn number(g: &Graph, of: Expr<'_>, given: &[(&str, &[f64])]) -> f64 {
    let found = values(g, &[of], given);
    assert_eq!(found[0].len(), 1);
    found[0][0]
}

/// Numbers between −1 and 1, the same everywhere (SplitMix64).
pub fn noise(seed: u64, len: usize) -> Vec<f64> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    };
    (0..len).map(|_| next()).collect()
}

#[track_caller]
pub fn assert_close(found: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len());
    for (f, e) in found.iter().zip(expected) {
        let error = (f - e).abs() / (1.0 + e.abs());
        assert!(error <= tolerance, "{found:?} instead of {expected:?}");
    }
}
