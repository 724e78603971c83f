//! A model file that is damaged, or forged under right checksums: an error, or a model that predicts and is the same when it is saved again.

#![no_main]

use chainrule_autodiff::Isa;
use chainrule_data::{Feature, FeatureKind, Table};
use chainrule_trainer::{Classifier, Threads};
use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};

fuzz_mutator!(|bytes: &mut [u8], size: usize, most: usize, seed: u32| {
    chainrule_fuzz::container::forge(bytes, size, most, seed, fuzzer_mutate)
});

/// Rows with the columns of a model: what it expects in each, and what it does not.
fn rows(model: &Classifier, is_odd: bool) -> Option<Table> {
    let schema = model.schema();
    let cell = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let names = schema.feature_names().chain([schema.target()]).map(cell);
    let mut csv = names.collect::<Vec<_>>().join(",") + "\n";
    let labels = schema.labels();
    for at in 0..24 {
        let of_kind = |feature: &Feature| match &feature.kind {
            _ if at % 7 == 3 => String::new(),
            _ if is_odd => ["red", "1e300", "-0", "2024-02-30", "inf"][at % 5].to_owned(),
            FeatureKind::Numeric => format!("{}.5", at * 7 % 24),
            FeatureKind::Boolean => ["yes", "no"][at % 2].to_owned(),
            FeatureKind::Ordinal(levels) => levels[at % levels.len()].clone(),
            FeatureKind::Date(_) => format!("2024-03-{:02}", at + 1),
            _ => ["red", "green", "blue", "violet"][at % 4].to_owned(),
        };
        let label = if at % 4 < 2 {
            &labels.positive
        } else {
            &labels.negative
        };
        let cells = schema.features().iter().map(of_kind).chain([label.clone()]);
        csv += &(cells.map(|text| cell(&text)).collect::<Vec<_>>().join(",") + "\n");
    }
    Table::from_csv("rows", csv.as_bytes()).ok()
}

fuzz_target!(|bytes: &[u8]| {
    let model = match Classifier::from_bytes(bytes, Isa::detect()) {
        Ok(model) => model,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return;
        }
    };
    let saved = model.to_bytes().expect("it came from a file");
    let again = Classifier::from_bytes(&saved, Isa::detect()).expect("it was saved");
    assert_eq!(again.to_bytes().expect("it came from a file"), saved);
    let _ = (model.hash(), format!("{:?}", model.provenance()));
    for is_odd in [false, true] {
        let Some(rows) = rows(&model, is_odd) else {
            continue;
        };
        if let Ok(probabilities) = model.predict_proba(&rows) {
            assert!(
                probabilities.iter().all(|p| (0.0..=1.0).contains(p)),
                "{probabilities:?}"
            );
            assert_eq!(again.predict_proba(&rows).ok(), Some(probabilities));
        }
        let _ = (model.predict(&rows), model.evaluate(&rows, None));
        // Few do as they come: the step is compiled for each.
        if !is_odd && model.model().parameters().len() < 1000 && bytes.len() % 8 == 0 {
            let _ = Classifier::builder()
                .init(&model)
                .epochs(1)
                .threads(Threads::AtMost(1))
                .fit(&rows);
        }
    }
});
