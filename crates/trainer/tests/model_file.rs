//! A classifier as a file: what goes in comes out, and what doesn't fit is refused.

use chainrule_autodiff::Isa;
use chainrule_data::{Preprocessing, Schema, Table, embedded};
use chainrule_nn::container::{Container, ContainerWriter, TensorRef, ValuesRef};
use chainrule_nn::{Activation, Initializer, Model, Network, Precision};
use chainrule_trainer::{Classifier, ClassifierError, Momentum, Provenance, Threads, TrainError};
use serde::Serialize;

const SECTIONS: [&str; 7] = [
    "network",
    "parameters",
    "schema",
    "preprocessing",
    "decision",
    "provenance",
    "procedure",
];

fn wdbc() -> Table {
    let wdbc = embedded::wdbc();
    Table::from_csv(wdbc.name, wdbc.bytes).unwrap()
}

fn fit(precision: Precision) -> Classifier {
    Classifier::builder()
        .target("diagnosis")
        .hidden(&[5, 3])
        .optimizer(Momentum { momentum: 0.5 })
        .epochs(2)
        .seed(3)
        .precision(precision)
        .fit(&wdbc())
        .unwrap()
}

#[test]
fn what_is_saved_is_loaded() {
    let folder = tempfile::tempdir().unwrap();
    for precision in [Precision::F32, Precision::F64] {
        let model = fit(precision);
        let path = folder.path().join(format!("{precision}.chainrule"));
        model.save(&path).unwrap();
        let loaded = Classifier::load(&path).unwrap();
        assert_eq!(loaded.model(), model.model());
        assert_eq!(loaded.schema(), model.schema());
        assert_eq!(loaded.preprocessing(), model.preprocessing());
        assert_eq!(loaded.threshold(), 0.5);
        assert_eq!(loaded.provenance(), model.provenance());
        assert!(loaded.report().is_none());
        assert_eq!(loaded.to_bytes().unwrap(), std::fs::read(&path).unwrap());
        assert_eq!(
            loaded.logits(&wdbc()).unwrap(),
            model.logits(&wdbc()).unwrap()
        );
        let container = Container::open(&path).unwrap();
        let names: Vec<&str> = container.sections().iter().map(|s| s.name()).collect();
        assert_eq!(names, SECTIONS);
        assert_eq!(
            container.section("parameters").unwrap().sha256(),
            model.hash().unwrap()
        );
    }
}

#[test]
fn it_says_where_it_came_from() {
    let provenance = fit(Precision::F32).provenance().clone();
    assert_eq!(provenance.version, env!("CARGO_PKG_VERSION"));
    assert_eq!(provenance.data.rows, 569);
    assert_eq!(provenance.data.file_sha256.as_deref(), wdbc().sha256());
    let training = &provenance.training;
    assert_eq!(training.optimizer.to_string(), "momentum (momentum 0.5)");
    assert_eq!(
        (training.seed, training.epochs, training.epochs_finished),
        (3, 2, 2)
    );
    assert_eq!(training.steps, 2 * 15);
    assert_eq!(provenance.started_from, None);
}

#[test]
fn training_goes_on_from_a_model() {
    let table = wdbc();
    let whole = |epochs: usize| {
        Classifier::builder()
            .target("diagnosis")
            .optimizer(chainrule_trainer::Sgd)
            .learning_rate(0.1)
            .shuffle(false)
            .epochs(epochs)
            .seed(1)
    };
    // Without shuffling and memory of its own, gradient descent in two parts is gradient descent in one.
    let half = whole(3).fit(&table).unwrap();
    let rest = whole(4).init(&half).fit(&table).unwrap();
    let all = whole(7).fit(&table).unwrap();
    assert_eq!(rest.hash().unwrap(), all.hash().unwrap());
    assert_eq!(rest.provenance().started_from, Some(half.hash().unwrap()));
    assert_eq!(rest.provenance().training.initializer, None);

    // Schema, scaling and layers are the model's, though other rows would have other ones.
    let data = half.schema().encode(&table).unwrap();
    let few = data.select(&(0..100).collect::<Vec<_>>());
    let more = Classifier::builder()
        .init(&half)
        .epochs(1)
        .fit(&few)
        .unwrap();
    assert_eq!(more.preprocessing(), half.preprocessing());
    assert_eq!(more.network(), half.network());
    let error = Classifier::builder()
        .init(&half)
        .hidden(&[4])
        .fit(&table)
        .unwrap_err();
    assert!(matches!(error, TrainError::OtherLayers { .. }), "{error}");

    // No epochs: the model itself.
    let same = Classifier::builder()
        .init(&half)
        .epochs(0)
        .fit(&table)
        .unwrap();
    assert_eq!(same.hash().unwrap(), half.hash().unwrap());
    let double = Classifier::builder()
        .init(&half)
        .precision(Precision::F64)
        .epochs(0)
        .fit(&table)
        .unwrap();
    let single = half.model().parameters().to_vec::<f64>();
    assert_eq!(double.model().parameters().to_vec::<f64>(), single);
}

#[test]
fn other_rows_can_validate() {
    let table = wdbc();
    let model = Classifier::builder()
        .target("diagnosis")
        .epochs(1)
        .validation_rows(&table)
        .threads(Threads::AtMost(1))
        .fit(&table)
        .unwrap();
    let report = model.report().unwrap();
    assert_eq!((report.info.rows, report.info.validation_rows), (569, 569));
    let [train, validation] = [&report.train, report.validation.as_ref().unwrap()];
    assert_eq!(train, validation);
    assert_eq!(
        model.evaluate(&table, None).unwrap(),
        train.clone().unwrap()
    );
}

/// The section `decision` as the file has it.
#[derive(Serialize)]
enum Decision {
    V1 { threshold: f64 },
}

/// The parts of a model file, to be put together wrongly.
struct Parts {
    model: Model,
    schema: Schema,
    preprocessing: Preprocessing,
    threshold: f64,
    provenance: Provenance,
}

impl Parts {
    fn of(model: &Classifier) -> Parts {
        Parts {
            model: model.model().clone(),
            schema: model.schema().clone(),
            preprocessing: model.preprocessing().clone(),
            threshold: model.threshold(),
            provenance: model.provenance().clone(),
        }
    }

    fn load(&self) -> Result<Classifier, ClassifierError> {
        let threshold = self.threshold;
        let writer = self.model.write_sections(ContainerWriter::new())?;
        let writer = writer
            .metadata("schema", &self.schema)?
            .metadata("preprocessing", &self.preprocessing)?
            .metadata("decision", &Decision::V1 { threshold })?
            .metadata("provenance", &self.provenance)?;
        Classifier::from_bytes(&writer.to_bytes(), Isa::detect())
    }
}

#[test]
fn parts_that_do_not_fit_are_refused() {
    let model = fit(Precision::F32);
    let parts = || Parts::of(&model);
    let text = |parts: Parts| parts.load().unwrap_err().to_string();
    assert_eq!(parts().load().unwrap().model(), model.model());

    for threshold in [-0.1, 1.5, f64::NAN, f64::INFINITY] {
        let error = text(Parts {
            threshold,
            ..parts()
        });
        assert!(error.contains("the threshold is"), "{error}");
    }
    let standard = |features: usize| Preprocessing::Standard {
        mean: vec![0.0; features],
        scale: vec![1.0; features],
    };
    let error = text(Parts {
        preprocessing: standard(29),
        ..parts()
    });
    assert!(
        error.contains("29 features are scaled, and the schema has 30"),
        "{error}"
    );

    let network = Network::classifier(29, &[5, 3]);
    let parameters = network.initial_parameters(Initializer::Zeros, 0, Precision::F32);
    let smaller = Model::new(network, parameters).unwrap();
    let error = text(Parts {
        model: smaller,
        ..parts()
    });
    assert!(
        error.contains(
            "the schema has 30 features, which become 30 inputs, and the network 29 inputs"
        ),
        "{error}"
    );

    let network = Network::inputs(30).dense(2, Activation::Sigmoid);
    let parameters = network.initial_parameters(Initializer::Zeros, 0, Precision::F32);
    let two = Model::new(network, parameters).unwrap();
    let error = text(Parts {
        model: two,
        ..parts()
    });
    assert!(error.contains("binary classifier"), "{error}");
}

#[test]
fn parameters_that_are_no_numbers_are_refused() {
    let network = Network::classifier(2, &[]);
    let load = |w: &[f32], b: &[f32]| {
        let tensor = |name, cols, values| TensorRef {
            name,
            rows: 1,
            cols,
            values: ValuesRef::F32(values),
        };
        let writer = ContainerWriter::new()
            .metadata("network", &network)
            .unwrap();
        let tensors = [tensor("W1", w.len(), w), tensor("b1", 1, b)];
        let bytes = writer.tensors("parameters", &tensors).unwrap().to_bytes();
        Model::read_sections(&Container::from_bytes(&bytes).unwrap())
    };
    assert!(load(&[0.5, -0.5], &[1.0]).is_ok());
    let error = load(&[0.5, f32::NAN], &[1.0]).unwrap_err().to_string();
    assert!(error.starts_with("W1[1, 2] is NaN"), "{error}");
    let error = load(&[0.5, 0.5], &[f32::NEG_INFINITY])
        .unwrap_err()
        .to_string();
    assert!(error.starts_with("b1[1, 1] is -inf"), "{error}");
    let error = load(&[0.5, 0.5, 0.5], &[1.0]).unwrap_err().to_string();
    assert!(
        error.starts_with("W1 is 1 × 3, and the network has it as 1 × 2"),
        "{error}"
    );
}

#[test]
fn a_section_that_is_missing_is_named() {
    let bytes = fit(Precision::F32).model().to_bytes().unwrap();
    let error = Classifier::from_bytes(&bytes, Isa::detect())
        .unwrap_err()
        .to_string();
    assert!(error.contains("\"schema\""), "{error}");
}
