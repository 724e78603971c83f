//! The golden model files of format version 1: whatever later versions write, these must be read for ever.

use std::path::PathBuf;

use chainrule_nn::container::{Container, ValuesRef};
use chainrule_nn::{Activation, Model, Network, Parameters, Precision};

fn golden(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name)
}

/// Every activation, and the values that text formats lose.
fn network() -> Network {
    Network::inputs(3)
        .dense(2, Activation::Tanh)
        .dense(2, Activation::Relu)
        .dense(1, Activation::Softplus)
        .dense(1, Activation::Identity)
        .dense(1, Activation::Sigmoid)
}

const SINGLE: [f32; 21] = [
    0.1,
    -0.0,
    1.0e-45,
    f32::MIN_POSITIVE,
    f32::MAX,
    f32::MIN, // W1, 2 × 3
    0.25,
    -0.5, // b1
    1.0,
    2.0,
    3.0,
    4.0, // W2, 2 × 2
    0.0,
    -1.0, // b2
    0.333_333_34,
    -0.666_666_7, // W3, 1 × 2
    16_777_217.0, // b3
    -7.0,
    8.0, // W4, b4
    9.5,
    1.0e-10, // W5, b5
];

fn double() -> [f64; 21] {
    let mut values = SINGLE.map(|value| f64::from(value) / 3.0);
    values[..6].copy_from_slice(&[0.1, -0.0, 5e-324, f64::MIN_POSITIVE, f64::MAX, f64::MIN]);
    values
}

fn expected(precision: Precision) -> Model {
    let parameters = match precision {
        Precision::F32 => Parameters::of(&network(), &SINGLE),
        Precision::F64 => Parameters::of(&network(), &double()),
    };
    Model::new(network(), parameters).unwrap()
}

#[test]
fn version_1_is_read() {
    for (precision, hash) in [(Precision::F32, SINGLE_HASH), (Precision::F64, DOUBLE_HASH)] {
        let path = golden(&format!("model-v1-{precision}.chainrule"));
        let model = Model::load(&path).unwrap();
        assert_eq!(model, expected(precision));
        assert_eq!(model.hash().unwrap(), hash);
        // Equality takes -0 for 0; bits don't.
        let Some(view) = model.parameters().view("W1") else {
            panic!("no W1");
        };
        let negative_zero = match view.values {
            ValuesRef::F32(values) => values[1].to_bits() == 1 << 31,
            ValuesRef::F64(values) => values[1].to_bits() == 1 << 63,
            _ => false,
        };
        assert!(negative_zero);
        let container = Container::open(&path).unwrap();
        assert_eq!(container.section("parameters").unwrap().sha256(), hash);
    }
}

/// As long as version 1 is the one that is written.
#[test]
fn version_1_is_written() {
    for precision in [Precision::F32, Precision::F64] {
        let path = golden(&format!("model-v1-{precision}.chainrule"));
        let bytes = expected(precision).to_bytes().unwrap();
        assert!(bytes == std::fs::read(&path).unwrap(), "{}", path.display());
    }
}

const SINGLE_HASH: &str = "875bed626bef84ad5f62efe605cf768f3b75b29c03000c63c21115b5a6930fcb";
const DOUBLE_HASH: &str = "87371a767a7526c5abe5b94a9a1cc534a367fc39a2f957f209eb63ff27732fb6";
