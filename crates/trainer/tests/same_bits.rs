//! The same bits for any number of threads, on any instruction set, alone or in a batch; and another seed, other bits.

mod common;

use chainrule_autodiff::Isa;
use chainrule_data::{Dataset, Table, embedded};
use chainrule_nn::Precision;
use chainrule_trainer::{Batch, Builder, Classifier, Momentum, Sgd, Threads};
use nalgebra::DMatrix;

fn wdbc() -> Table {
    let wdbc = embedded::wdbc();
    Table::from_csv(wdbc.name, wdbc.bytes).unwrap()
}

/// A short training that is large enough to be shared by seven threads.
fn short() -> Builder<'static> {
    Classifier::builder()
        .target("diagnosis")
        .hidden(&[33, 18])
        .epochs(2)
        .batch(Batch::Rows(64))
}

fn fit(isa: Isa, threads: usize, seed: u64, precision: Precision) -> Classifier {
    short()
        .seed(seed)
        .precision(precision)
        .isa(isa)
        .threads(Threads::Exactly(threads))
        .fit(&wdbc())
        .unwrap()
}

#[test]
fn the_model_file_is_the_same_for_any_threads_and_instruction_set() {
    for precision in [Precision::F32, Precision::F64] {
        let expected = fit(Isa::Portable, 1, 7, precision).to_bytes().unwrap();
        for isa in Isa::available() {
            for threads in [1, 2, 3, 7] {
                let found = fit(isa, threads, 7, precision).to_bytes().unwrap();
                assert!(found == expected, "{precision}, {isa}, {threads} threads");
            }
        }
        let other = fit(Isa::detect(), 1, 8, precision);
        let same = fit(Isa::detect(), 1, 7, precision);
        assert_ne!(other.hash().unwrap(), same.hash().unwrap());
    }
}

/// Its steps are of a size that one thread and all are tried for, and there are enough of them for both.
#[test]
fn the_model_file_is_the_same_where_the_threads_are_chosen_by_measuring() {
    let file = |threads: Threads| {
        let model = short().epochs(200).threads(threads).fit(&wdbc()).unwrap();
        model.to_bytes().unwrap()
    };
    assert!(file(Threads::Auto) == file(Threads::Exactly(1)));
}

#[test]
fn a_row_alone_predicts_the_bits_that_it_has_in_any_batch() {
    let table = wdbc();
    for isa in Isa::available() {
        for precision in [Precision::F32, Precision::F64] {
            let model = fit(isa, 1, 3, precision);
            let expected = model.logits(&table).unwrap();
            let data = model.schema().encode(&table).unwrap();
            for rows in [1, 2, 15, 16, 17, 100] {
                let mut found = Vec::new();
                for start in (0..data.len()).step_by(rows) {
                    let some: Vec<usize> = (start..data.len().min(start + rows)).collect();
                    found.extend(model.logits(&data.select(&some)).unwrap());
                }
                let bits = |logits: &[f64]| logits.iter().map(|z| z.to_bits()).collect::<Vec<_>>();
                assert!(
                    bits(&found) == bits(&expected),
                    "{isa}, {precision}, {rows} rows"
                );
            }
            // Many rows, so that several threads may share them.
            let many: Vec<usize> = (0..100_000).map(|at| at % data.len()).collect();
            let found = model.logits(&data.select(&many)).unwrap();
            assert!(
                found
                    .iter()
                    .zip(&many)
                    .all(|(z, &row)| z.to_bits() == expected[row].to_bits())
            );
        }
    }
}

/// What the three golden trainings must give on every machine. A change here is a change of the numbers contract: it is said
/// in `CHANGELOG.md` under "Bits". That the numbers are right as well is shown by `naive_reference.rs` and `straight_line.rs`,
/// and here by the losses.
const GOLDEN: [(&str, f64); 3] = [
    (
        "b3926bf9b2f571a072eec273f14a4a90ec0a38d505998b5448aae571e171e88e",
        0.38963784303581506,
    ),
    (
        "ba87e6a06acecaf936a5db31fe94b7452bb3833ca2097c07ce8136569ec46d98",
        0.6759576407355643,
    ),
    (
        "568e39e079e647ba6eb5a82442a3b5e1b09c8c59025af5d812b8b43e64a35a67",
        0.6947222283908299,
    ),
];

fn golden(which: usize, isa: Isa, threads: usize) -> Classifier {
    let base = Classifier::builder()
        .isa(isa)
        .threads(Threads::Exactly(threads))
        .seed(42);
    match which {
        // The defaults on real data.
        0 => base.target("diagnosis").epochs(3).fit(&wdbc()),
        // Double precision, full batch, no shuffling, a batch of several chunks.
        1 => base
            .hidden(&[7, 5])
            .optimizer(Sgd)
            .learning_rate(1.0)
            .batch(Batch::Full)
            .shuffle(false)
            .precision(Precision::F64)
            .epochs(5)
            .fit(&made_up(13, 800)),
        // Layers on both sides of a block, batches of more than one chunk, weighted rows, momentum.
        _ => {
            let data = made_up(31, 700);
            let weights = (0..data.len()).map(|row| 0.5 + (row % 3) as f64).collect();
            base.hidden(&[33, 17])
                .optimizer(Momentum::default())
                .learning_rate(0.1)
                .batch(Batch::Rows(300))
                .epochs(4)
                .fit(&data.with_weights(weights).unwrap())
        }
    }
    .unwrap()
}

fn made_up(features: usize, rows: usize) -> Dataset {
    let samples = common::samples::<f64>(features, rows, 9);
    let labels = samples.y.iter().map(|&y| y == 1.0).collect();
    Dataset::new(DMatrix::from_vec(features, rows, samples.x), labels).unwrap()
}

#[test]
fn golden_trainings() {
    for (which, (hash, loss)) in GOLDEN.into_iter().enumerate() {
        for isa in Isa::available() {
            for threads in [1, 2, 3, 7] {
                let model = golden(which, isa, threads);
                let history = &model.report().unwrap().history;
                let found = (model.hash().unwrap(), history[history.len() - 1].train_loss);
                assert_eq!(
                    found,
                    (hash.to_owned(), loss),
                    "training {which}, {isa}, {threads} threads"
                );
            }
        }
    }
}
