//! The elementary functions against references: errors, limits, order. (`--example ulp` tries all 2³² arguments.)

#[path = "../examples/ulp/reference.rs"]
mod reference;

use chainrule_autodiff::elementary::{self, Function};
use chainrule_autodiff::{Isa, Scalar};
use reference::Exact;

/// Every how many bit patterns of `f32` one is tried: a prime, so that all last bits occur.
const STRIDE: usize = 4099;

/// Upper bounds of the error in units in the last place, for `f32` and `f64`. The measured ones are in `docs/numerics.md`.
fn bounds(function: Function) -> (f64, f64) {
    match function {
        Function::Exp => (1.04, 1.1),
        Function::ExpM1 => (1.3, 1.4),
        Function::Ln => (0.84, 0.84),
        Function::Ln1p => (1.4, 1.4),
        Function::Sigmoid => (1.8, 1.8),
        Function::Tanh => (1.2, 1.2),
        Function::Softplus => (1.7, 1.7),
    }
}

/// A strided sample of all `f32`, from the negative NaNs and −∞ up to +∞ and the positive NaNs.
fn sample_f32() -> Vec<f32> {
    let ascending = |k: usize| {
        let k = k as u32;
        f32::from_bits(if k >> 31 == 0 { !k } else { k ^ (1 << 31) })
    };
    (0..1usize << 32).step_by(STRIDE).map(ascending).collect()
}

/// Numbers around 0 at all scales, and between −750 and 750.
fn sample_f64() -> Vec<f64> {
    let count = 60_000;
    let even = (0..count).map(|k| {
        let t = (2 * k - count) as f64 / count as f64 + 1e-9;
        750.0 * t * t * t
    });
    let step = u64::MAX / count as u64;
    let bits = (0..count as u64).map(|k| f64::from_bits(k * step + k * k));
    let edges = [
        0.0,
        1.0,
        f64::INFINITY,
        f64::NAN,
        f64::MIN_POSITIVE,
        f64::MAX,
        5e-324,
        709.79,
        745.2,
    ];
    let mut all: Vec<f64> = even
        .chain(bits)
        .chain(edges)
        .chain(edges.map(|x| -x))
        .collect();
    all.sort_by(f64::total_cmp);
    all
}

fn apply<T: Scalar>(function: Function, arguments: &[T]) -> Vec<T> {
    let mut values = arguments.to_vec();
    function
        .apply(Isa::detect(), &mut values)
        .expect("the best set is there");
    values
}

fn exact(function: Function) -> fn(f64) -> Exact {
    reference::function(function.name()).expect("each function has a reference")
}

fn assert_within<T: Scalar>(
    what: &str,
    arguments: &[T],
    values: &[T],
    bound: f64,
    exact: impl Fn(f64) -> Exact,
) {
    let (digits, lowest) = (
        T::MANTISSA_BITS as i32 + 1,
        2 - T::EXPONENT_BIAS as i32 - T::MANTISSA_BITS as i32 - 1,
    );
    for (x, y) in arguments.iter().zip(values) {
        let ulps = exact(x.to_f64()).ulps(y.to_f64(), digits, lowest);
        assert!(
            ulps <= bound,
            "{what}({x:e}) in {}: {y:e} is wrong by {ulps} ulp",
            T::NAME
        );
    }
}

#[test]
fn errors_are_within_the_bounds() {
    let (single, double) = (sample_f32(), sample_f64());
    for &function in Function::ALL {
        let (bound_f32, bound_f64) = bounds(function);
        let few: Vec<f32> = single.iter().copied().step_by(5).collect();
        assert_within(
            function.name(),
            &few,
            &apply(function, &few),
            bound_f32,
            exact(function),
        );
        assert_within(
            function.name(),
            &double,
            &apply(function, &double),
            bound_f64,
            exact(function),
        );
    }
}

#[test]
fn sigmoid_never_decreases() {
    for function in [
        Function::Sigmoid,
        Function::Exp,
        Function::Tanh,
        Function::Ln,
        Function::Ln1p,
    ] {
        let single = apply(function, &sample_f32());
        assert!(
            !single.windows(2).any(|pair| pair[0] > pair[1]),
            "{function} in f32"
        );
        let double = apply(function, &sample_f64());
        assert!(
            !double.windows(2).any(|pair| pair[0] > pair[1]),
            "{function} in f64"
        );
    }
    // neighbours, where the exponent of e⁻ˣ changes and the steps are smallest
    for n in -150..64 {
        let around = (-(f64::from(n) + 0.5) * std::f64::consts::LN_2) as f32;
        let arguments: Vec<f32> = (-2000..2000)
            .map(|k| f32::from_bits((around.to_bits() as i32 + k) as u32))
            .collect();
        let mut values = apply(Function::Sigmoid, &arguments);
        if around < 0.0 {
            values.reverse();
        }
        assert!(
            !values.windows(2).any(|pair| pair[0] > pair[1]),
            "around {around}"
        );
        let around = f64::from(around);
        let arguments: Vec<f64> = (-2000..2000)
            .map(|k| f64::from_bits((around.to_bits() as i64 + k) as u64))
            .collect();
        let mut values = apply(Function::Sigmoid, &arguments);
        if around < 0.0 {
            values.reverse();
        }
        assert!(
            !values.windows(2).any(|pair| pair[0] > pair[1]),
            "around {around} in f64"
        );
    }
}

/// The exact values at the ends and at zero, and NaN in, NaN out.
fn limits<T: Scalar>() {
    use Function::*;
    let (inf, zero, one) = (T::INFINITY, T::ZERO, T::ONE);
    let expected = [
        (Exp, -inf, zero),
        (Exp, inf, inf),
        (Exp, zero, one),
        (Exp, -zero, one),
        (ExpM1, -inf, -one),
        (ExpM1, inf, inf),
        (ExpM1, zero, zero),
        (ExpM1, -zero, -zero),
        (Ln, zero, -inf),
        (Ln, -zero, -inf),
        (Ln, one, zero),
        (Ln, inf, inf),
        (Ln, -one, T::NAN),
        (Ln, -inf, T::NAN),
        (Ln1p, -one, -inf),
        (Ln1p, zero, zero),
        (Ln1p, -zero, -zero),
        (Ln1p, inf, inf),
        (Ln1p, -inf, T::NAN),
        (Ln1p, -(one + T::EPSILON), T::NAN),
        (Sigmoid, -inf, zero),
        (Sigmoid, inf, one),
        (Sigmoid, zero, one / (one + one)),
        (Sigmoid, -zero, one / (one + one)),
        (Sigmoid, -T::MAX, zero),
        (Sigmoid, T::MAX, one),
        (Tanh, -inf, -one),
        (Tanh, inf, one),
        (Tanh, zero, zero),
        (Tanh, -zero, -zero),
        (Tanh, T::MAX, one),
        (Softplus, -inf, zero),
        (Softplus, inf, inf),
        (Softplus, T::MAX, T::MAX),
        (Softplus, -T::MAX, zero),
    ];
    for (function, x, y) in expected {
        let found = function.of(x);
        let same = found.to_bits_u64() == y.to_bits_u64() || (found.is_nan() && y.is_nan());
        assert!(
            same,
            "{function}({x:e}) in {}: {found:e}, expected {y:e}",
            T::NAME
        );
    }
    for &function in Function::ALL {
        assert!(
            function.of(T::NAN).is_nan() && function.of(-T::NAN).is_nan(),
            "{function}"
        );
        // a subnormal argument where the function is the argument itself
        let tiny = T::from_bits_u64(3);
        if matches!(function, ExpM1 | Ln1p | Tanh) {
            assert_eq!(function.of(tiny), tiny, "{function}");
            assert_eq!(function.of(-tiny), -tiny, "{function}");
        }
    }
}

#[test]
fn limits_are_exact() {
    limits::<f32>();
    limits::<f64>();
}

#[test]
fn results_underflow_gradually() {
    assert_eq!(elementary::sigmoid(-90.0f32), 8.194_01e-40);
    assert_eq!(elementary::exp(-90.0f32), 8.194_01e-40);
    assert_eq!(elementary::exp(-103.9f32), f32::from_bits(1));
    assert_eq!(elementary::sigmoid(-103.9f32), f32::from_bits(1));
    assert_eq!(elementary::sigmoid(-104.0f32), 0.0);
    assert_eq!(elementary::sigmoid(-745.0f64), f64::from_bits(1));
    assert_eq!(elementary::softplus(-745.0f64), f64::from_bits(1));
    assert_eq!(elementary::ln(f32::from_bits(1)), -103.278_93);
}

#[test]
fn a_single_number_has_the_bits_of_a_vector() {
    for &function in Function::ALL {
        for isa in Isa::available() {
            let arguments: Vec<f32> = (0..37).map(|k| (k - 18) as f32 * 0.37).collect();
            let mut values = arguments.clone();
            function.apply(isa, &mut values).unwrap();
            for (x, y) in arguments.iter().zip(&values) {
                let found = function.of(*x);
                assert!(
                    found.to_bits() == y.to_bits() || (found.is_nan() && y.is_nan()),
                    "{function}({x}) on {isa}"
                );
            }
        }
        assert_eq!(function.to_string().parse(), Ok(function));
    }
    assert!(
        "sine"
            .parse::<Function>()
            .unwrap_err()
            .to_string()
            .contains("expected one of exp, exp_m1")
    );
}

#[test]
fn cross_entropy_is_finite_and_accurate_for_every_finite_logit() {
    assert_eq!(elementary::bce_logits(-800.0f32, 1.0), 800.0);
    assert_eq!(elementary::bce_logits(800.0f64, 0.0), 800.0);
    assert_eq!(elementary::bce_logits(800.0f32, 1.0), 0.0);
    assert_eq!(elementary::bce_logits(0.0f64, 1.0), std::f64::consts::LN_2);
    let logits: Vec<f32> = sample_f32().into_iter().filter(|z| z.is_finite()).collect();
    for label in [0.0, 0.25, 0.5, 1.0] {
        let mut values = logits.clone();
        elementary::apply_bce_logits(Isa::detect(), &mut values, &vec![label; logits.len()])
            .unwrap();
        assert!(values.iter().all(|loss| *loss >= 0.0 && loss.is_finite()));
        let few: Vec<(f32, f32)> = logits.iter().copied().zip(values).step_by(7).collect();
        let (z, loss): (Vec<f32>, Vec<f32>) = few.into_iter().unzip();
        assert_within("bce", &z, &loss, 1.8, |z| {
            reference::bce_logits(z, label.into())
        });
    }
    let double: Vec<f64> = sample_f64().into_iter().filter(|z| z.is_finite()).collect();
    for label in [0.0, 0.125, 1.0] {
        let mut values = double.clone();
        elementary::apply_bce_logits(Isa::detect(), &mut values, &vec![label; double.len()])
            .unwrap();
        assert_within("bce", &double, &values, 1.8, |z| {
            reference::bce_logits(z, label)
        });
    }
}

/// `a (1 − a)` against σ′: its error is absolute, half an ulp of 1 times a and what a's own error gives.
#[test]
fn derivative_from_the_output_has_a_small_absolute_error() {
    let mut worst = 0.0f64;
    for x in sample_f32().into_iter().filter(|x| x.is_finite()) {
        let a = elementary::sigmoid(x);
        let exact =
            (1.0 / (1.0 + libm::exp(-f64::from(x)))) * (1.0 / (1.0 + libm::exp(f64::from(x))));
        worst = worst.max((f64::from(a * (1.0 - a)) - exact).abs());
    }
    assert!(worst <= f64::from(f32::EPSILON), "{worst:e}");
}

/// The rules of IEEE 754-2019, section 9.2.1, for `pow`.
fn powers<T: Scalar>() {
    let number = T::from_f64;
    let (inf, nan, zero) = (T::INFINITY, T::NAN, T::ZERO);
    let (one, two, three, half) = (T::ONE, number(2.0), number(3.0), number(0.5));
    let odd_and_large = one / T::EPSILON + one;
    let expected = [
        (nan, zero, one),
        (inf, -zero, one),
        (zero, zero, one),
        (one, nan, one),
        (one, -inf, one),
        (-one, inf, one),
        (-one, -inf, one),
        (-one, odd_and_large, -one),
        (-one, odd_and_large + one, one),
        (zero, three, zero),
        (-zero, three, -zero),
        (-zero, two, zero),
        (-zero, half, zero),
        (zero, -three, inf),
        (-zero, -three, -inf),
        (-zero, -two, inf),
        (-zero, -half, inf),
        (zero, inf, zero),
        (zero, -inf, inf),
        (inf, two, inf),
        (inf, -two, zero),
        (-inf, three, -inf),
        (-inf, two, inf),
        (-inf, half, inf),
        (-inf, -three, -zero),
        (-inf, -two, zero),
        (-inf, inf, inf),
        (-inf, -inf, zero),
        (half, inf, zero),
        (half, -inf, inf),
        (two, inf, inf),
        (two, -inf, zero),
        (-half, -inf, inf),
        (-two, inf, inf),
        (-two, three, number(-8.0)),
        (-two, two, number(4.0)),
        (-two, half, nan),
        (-three, -half, nan),
        (nan, one, nan),
        (two, nan, nan),
        (number(9.0), half, three),
        (number(-2.0), -one, -half),
        (number(10.0), two, number(100.0)),
        (two, number(-1.0), half),
        (T::MAX, T::MAX, inf),
        (T::MAX, -T::MAX, zero),
        (-T::MAX, three, -inf),
        (T::from_bits_u64(1), -T::MAX, inf),
    ];
    for (x, y, power) in expected {
        let found = elementary::powf(x, y);
        let same = found.to_bits_u64() == power.to_bits_u64() || (found.is_nan() && power.is_nan());
        assert!(
            same,
            "powf({x:e}, {y:e}) in {}: {found:e}, expected {power:e}",
            T::NAME
        );
    }
}

#[test]
fn powers_keep_the_rules_at_the_edges() {
    powers::<f32>();
    powers::<f64>();
}

#[test]
fn powers_are_accurate() {
    let mut state = 3u64;
    let mut unit = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1u64 << 53) as f64
    };
    for round in 0..40_000 {
        // bases of every size or near 1, exponents that use the whole range of the results
        let base = if round % 2 == 0 {
            libm::exp2(250.0 * unit() - 125.0)
        } else {
            1.0 + 0.01 * (unit() - 0.5)
        };
        let exponent = 200.0 * (unit() - 0.5) / libm::log(base);
        let (x, y) = (base as f32, exponent as f32);
        let ulps =
            reference::powf(x.into(), y.into()).ulps(elementary::powf(x, y).into(), 24, -149);
        assert!(ulps <= 1.1, "powf({x:e}, {y:e}): wrong by {ulps} ulp");
        let exponent = 7.4 * exponent;
        let ulps =
            reference::powf(base, exponent).ulps(elementary::powf(base, exponent), 53, -1074);
        assert!(
            ulps <= 1.2,
            "powf({base:e}, {exponent:e}): wrong by {ulps} ulp"
        );
    }
}
