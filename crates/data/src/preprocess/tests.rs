//! Scalings fitted, saved and applied.

use super::*;
use proptest::prelude::*;

/// One feature, scaled as fitted on itself.
fn scaled(values: &[f64]) -> Vec<f64> {
    let data = one_feature(values);
    let fitted = Preprocessing::fit(Scaling::Standard, &data).unwrap();
    fitted.transform::<f64>(&data).unwrap().as_slice().to_vec()
}

fn one_feature(values: &[f64]) -> Dataset {
    Dataset::unlabelled(DMatrix::from_row_slice(1, values.len(), values)).unwrap()
}

#[test]
fn features_that_are_not_needed_any_more_become_the_same_inputs() {
    let cells = DMatrix::from_fn(3, 5000, |feature, at| (at * (feature + 2) % 977) as f64);
    let data = Dataset::unlabelled(cells).unwrap();
    for scaling in [Scaling::Standard, Scaling::Robust, Scaling::None] {
        let fitted = Preprocessing::fit(scaling, &data).unwrap();
        let mut owned = data.clone();
        let inputs = fitted.transform_owned::<f32>(&mut owned).unwrap();
        assert!(inputs == fitted.transform::<f32>(&data).unwrap());
        assert_eq!((owned.len(), owned.features().nrows()), (5000, 0));
    }
    // The first value that is too large is named, whichever is met first.
    let mut cells = data.features().clone();
    (cells[(1, 70)], cells[(2, 4990)]) = (1e300, -1e300);
    let mut data = Dataset::unlabelled(cells).unwrap();
    let expected = Preprocessing::None.transform::<f32>(&data).unwrap_err();
    assert!(
        expected.to_string().starts_with("row 71, column 2"),
        "{expected}"
    );
    let found = Preprocessing::None
        .transform_owned::<f32>(&mut data)
        .unwrap_err();
    assert_eq!(found.to_string(), expected.to_string());
}

#[test]
fn a_missing_value_is_the_mean_where_none_was_missing_before() {
    let table = |text: &str| crate::Table::from_csv("t", text.as_bytes()).unwrap();
    let train = table("a,b,y\n1,5,0\n2,,1\n6,8,0\n");
    let schema = crate::Schema::infer(&train, "y", None).unwrap();
    let new = schema.encode_features(&table("a,b\n,5\n")).unwrap();
    let fitted = Preprocessing::fit(Scaling::Standard, &schema.encode(&train).unwrap()).unwrap();
    assert_eq!(fitted.knows_missing(2), [false, true]);
    // The median, 2, where the column was given an encoder of its own.
    let filled = schema.encode_features(&table("a,b\n2,5\n")).unwrap();
    assert_eq!(
        fitted.transform::<f64>(&new).unwrap(),
        fitted.transform::<f64>(&filled).unwrap()
    );
    let train = table("a,b,y\n1,5,0\n2,7,1\n6,8,0\n");
    let fitted = Preprocessing::fit(Scaling::Standard, &schema.encode(&train).unwrap()).unwrap();
    assert_eq!(fitted.knows_missing(2), [false, false]);
    assert_eq!(fitted.transform::<f64>(&new).unwrap()[0], 0.0);
}

#[test]
fn a_constant_feature_is_zero_and_stays_bounded() {
    let data = one_feature(&[14.62; 1000]);
    let fitted = Preprocessing::fit(Scaling::Standard, &data).unwrap();
    assert_eq!(
        fitted,
        Preprocessing::Standard {
            mean: vec![14.62],
            scale: vec![0.0]
        }
    );
    assert!(
        fitted
            .transform::<f64>(&data)
            .unwrap()
            .iter()
            .all(|&x| x == 0.0)
    );
    assert_eq!(
        fitted
            .transform::<f64>(&one_feature(&[15.62]))
            .unwrap()
            .as_slice(),
        [0.0]
    );
    assert_eq!(fitted.constant_features(), [0]);
    // The same but for the rounding of the values.
    assert!(
        scaled(&[0.3, 0.1 + 0.2, 0.3, 0.3])
            .iter()
            .all(|&x| x == 0.0)
    );
    assert!(scaled(&[0.0; 3]).iter().all(|&x| x == 0.0));
}

#[test]
fn any_unit_and_offset_is_scaled_alike() {
    let root = 1.5f64.sqrt();
    for values in [
        [1e-20, 2e-20, 3e-20],
        [1e9, 1e9 + 1.0, 1e9 + 2.0],
        [1e200, 2e200, 3e200],
        [1e-310, 2e-310, 3e-310],
        [1e15, 1e15 + 2.0, 1e15 + 4.0],
        [-1e307, 0.0, 1e307],
    ] {
        let found = scaled(&values);
        for (x, expected) in found.iter().zip([-root, 0.0, root]) {
            assert!((x - expected).abs() < 1e-9, "{values:?}: {found:?}");
        }
    }
}

#[test]
fn values_too_large_to_scale_are_refused() {
    let error =
        Preprocessing::fit(Scaling::Standard, &one_feature(&[1.7e308, -1.7e308])).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Spread { .. }));
    let fitted = Preprocessing::fit(Scaling::Standard, &one_feature(&[1.0, 2.0])).unwrap();
    let error = fitted
        .transform::<f32>(&one_feature(&[5.0, 1e39]))
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "row 2, column 1: 1e39 is, once scaled, too large for f32; correct it or remove the row"
    );
    assert!(
        Preprocessing::None
            .transform::<f32>(&one_feature(&[1e39]))
            .is_err()
    );
}

#[test]
fn a_feature_is_scaled_in_f64_and_rounded_once() {
    let data = one_feature(&[0.1, 0.7, 1.9]);
    let fitted = Preprocessing::fit(Scaling::Standard, &data).unwrap();
    let Preprocessing::Standard { mean, scale } = &fitted else {
        panic!()
    };
    let expected = data.features().map(|x| ((x - mean[0]) / scale[0]) as f32);
    assert_eq!(fitted.transform::<f32>(&data).unwrap(), expected);
    let plain = Preprocessing::fit(Scaling::None, &data).unwrap();
    assert_eq!(
        plain.transform::<f32>(&data).unwrap().as_slice(),
        [0.1f32, 0.7, 1.9]
    );
}

#[test]
fn weights_count_and_rows_of_weight_zero_do_not() {
    let features = |values: &[f64]| DMatrix::from_row_slice(1, values.len(), values);
    let fit = |values: &[f64], weights: &[f64]| {
        let data = Dataset::new(features(values), vec![true; values.len()]).unwrap();
        let data = data.with_weights(weights.to_vec()).unwrap();
        Preprocessing::fit(Scaling::Standard, &data).unwrap()
    };
    let alone = fit(&[1.0, 2.0, 5.0], &[1.0, 1.0, 1.0]);
    assert_eq!(
        fit(&[1e9, 1.0, 2.0, -1e9, 5.0], &[0.0, 1.0, 1.0, 0.0, 1.0]),
        alone
    );
    assert_eq!(
        Preprocessing::fit(Scaling::Standard, &one_feature(&[1.0, 2.0, 5.0])).unwrap(),
        alone
    );
    assert_eq!(
        fit(&[1.0, 2.0, 5.0], &[1.0, 2.0, 1.0]),
        fit(&[1.0, 2.0, 2.0, 5.0], &[1.0; 4])
    );
}

#[test]
fn another_number_of_features_is_an_error() {
    let fitted = Preprocessing::Standard {
        mean: vec![0.0; 2],
        scale: vec![1.0; 2],
    };
    assert!(fitted.transform::<f32>(&one_feature(&[1.0])).is_err());
}

#[test]
fn what_is_stored_is_checked() {
    let fitted = Preprocessing::Standard {
        mean: vec![0.1, 1e-300],
        scale: vec![2.0, 0.0],
    };
    let text = serde_json::to_string(&fitted).unwrap();
    assert_eq!(
        serde_json::from_str::<Preprocessing>(&text).unwrap(),
        fitted
    );
    assert_eq!(
        serde_json::from_str::<Preprocessing>("\"None\"").unwrap(),
        Preprocessing::None
    );
    for wrong in ["[1.0],\"scale\":[]", "[1.0],\"scale\":[-1.0]"] {
        let text = format!("{{\"Standard\":{{\"mean\":{wrong}}}}}");
        assert!(serde_json::from_str::<Preprocessing>(&text).is_err());
    }
}

proptest! {
    #[test]
    fn scaled_training_rows_have_mean_zero_and_deviation_one(
        values in prop::collection::vec(-1e3..1e3, 2..200), offset in -1e6..1e6, unit in -300i32..300
    ) {
        let values: Vec<f64> = values.iter().map(|x| libm::scalbn(x + offset, unit)).collect();
        let scaled = scaled(&values);
        let n = scaled.len() as f64;
        let mean = scaled.iter().sum::<f64>() / n;
        let deviation = (scaled.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n).sqrt();
        prop_assert!(mean.abs() < 1e-6 && (deviation - 1.0).abs() < 1e-6, "{mean} {deviation}");
    }

    #[test]
    fn the_plain_formulas_are_agreed_with(values in prop::collection::vec(-1e3..1e3, 2..200)) {
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let deviation = (values.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n).sqrt();
        prop_assume!(deviation > 1e-3);
        for (found, x) in scaled(&values).iter().zip(&values) {
            prop_assert!((found - (x - mean) / deviation).abs() < 1e-9);
        }
    }
}
