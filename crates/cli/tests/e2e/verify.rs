//! `verify`: a model is trained again from what it says of itself.

use crate::harness::{Folder, table};

/// Trains, verifies, and gives what was said.
fn agrees(folder: &Folder, train: &str, verify: &str) {
    folder.ok(&format!("train {train} -o m"));
    let run = folder.line(&format!("verify m {verify} --json"));
    assert_eq!(run.code, Some(0), "{train}: {}{}", run.stdout, run.stderr);
    let json = run.json();
    assert_eq!(json["agrees"], true, "{train}");
    assert_eq!(json["model_hash"], json["hash_again"]);
    assert_eq!(json["differences"], serde_json::json!([]));
}

#[test]
fn a_model_is_confirmed_whatever_it_was_trained_with() {
    let folder = Folder::new();
    folder.write("t.csv", table(90, "no", "yes"));
    folder.write("v.csv", table(40, "no", "yes"));
    agrees(&folder, "--epochs 3", "");
    agrees(&folder, "--epochs 0 --seed 3", "");
    agrees(
        &folder,
        "--epochs 3 --threads 2 --hidden 5 --batch-size full --precision f64 --no-shuffle",
        "--threads 1",
    );
    for options in [
        "--optimizer momentum --momentum 0.8 --learning-rate 0.02",
        "--optimizer adamw --weight-decay 0.1 --clip-value 0.5",
        "--optimizer rmsprop:decay=0.9 --preprocess robust",
        "--optimizer adam:beta1=0.8,epsilon=0.001 --clip-norm 1 --l2 0.01 --penalize-biases",
        "--optimizer lbfgs:history=3,evaluations=5",
        "--positive no --validation 0 --hidden none",
        "--ignore a --test 0.2 --validation 0.3",
        "--categorical a",
        "--early-stopping brier --patience 2 --learning-rate 0.1 --epochs 300",
        "--target-metric accuracy=0.6",
        "--max-time 0.05s --epochs 1000000",
        "--map-label no maybe",
    ] {
        agrees(
            &folder,
            &format!("t.csv --target y --epochs 4 {options}"),
            "--data t.csv",
        );
    }
    agrees(
        &folder,
        "t.csv --target y --epochs 4 --validation v.csv --test v.csv",
        "--data t.csv --validation v.csv --test v.csv",
    );
    folder.ok("train t.csv --target y --epochs 2 -o first");
    agrees(
        &folder,
        "t.csv --init first --epochs 2 --seed 5",
        "--data t.csv --init first",
    );
}

#[test]
fn how_a_table_was_read_is_in_the_model() {
    let folder = Folder::new();
    let rows = table(60, "no", "yes")
        .replace(',', ";")
        .replace('.', ",")
        .replace("\n0,0;", "\n-;");
    folder.write("t.csv", rows.lines().skip(1).collect::<Vec<_>>().join("\n"));
    agrees(
        &folder,
        "t.csv --delimiter ; --decimal comma --no-header --missing - --target c3 --epochs 3",
        "--data t.csv",
    );
    // Under another name, and from standard input.
    std::fs::rename(folder.path("t.csv"), folder.path("u.csv")).unwrap();
    let run = folder.with_input("verify m --data -", &folder.read("u.csv"));
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert!(
        run.stdout.contains("verdict     the bits agree"),
        "{}",
        run.stdout
    );
}

/// A checkpoint is a model with the weights of its last step: early stopping has chosen none yet.
#[test]
fn a_checkpoint_is_confirmed_too() {
    let folder = Folder::new();
    folder.write("t.csv", table(60, "no", "yes"));
    folder.ok("train t.csv --target y --epochs 30 --early-stopping --checkpoint kept --checkpoint-every 7steps -o m");
    let kept = std::fs::read_dir(folder.path("kept")).unwrap();
    let names = kept.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let checkpoints: Vec<_> = names.filter(|name| name != "lock").collect();
    assert_eq!(checkpoints.len(), 2);
    for name in checkpoints {
        folder.ok(&format!("verify kept/{name} --data t.csv"));
    }
    folder.ok("verify m --data t.csv");
}

#[test]
fn a_training_that_was_broken_off_is_confirmed_too() {
    let folder = Folder::new();
    folder.write("t.csv", table(40, "no", "yes"));
    folder.ok("train --epochs 3 --checkpoint kept -o m");
    folder.ok("verify kept/checkpoint-0000000030.chainrule");
    folder.ok("train --epochs 5 --checkpoint kept --resume -o m");
    folder.ok("verify m");
    folder.fails(
        3,
        "train t.csv --target y --optimizer sgd --learning-rate 1e38 -o d",
    );
    folder.ok("verify d.partial --data t.csv");
}

#[test]
fn a_model_that_was_trained_from_rust_is_confirmed_as_far_as_there_are_options_for_it() {
    use chainrule_trainer::{Adam, Classifier, EarlyStopping, L1, L2, Momentum, Penalised};
    let folder = Folder::new();
    folder.write("t.csv", table(60, "no", "yes"));
    let rows = chainrule_data::Table::from_csv("t.csv", &folder.read("t.csv")[..]).unwrap();
    let builder = || {
        Classifier::builder()
            .target("y")
            .hidden(&[3])
            .epochs(4)
            .seed(5)
    };
    let model = builder()
        .optimizer(Momentum { momentum: 0.7 })
        .scaling(chainrule_data::Scaling::Robust)
        .early_stopping(EarlyStopping::default())
        .fit(&rows);
    model.unwrap().save(folder.path("m")).unwrap();
    folder.ok("verify m --data t.csv");
    let adam = Adam {
        beta1: 0.5,
        ..Adam::default()
    };
    let penalised = L2 {
        strength: 0.01,
        on: Penalised::All,
        then: adam,
    };
    let model = builder().optimizer(penalised).fit(&rows).unwrap();
    model.save(folder.path("m")).unwrap();
    folder.ok("verify m --data t.csv");
    // The command line has one choice for both penalties.
    let both = L1 {
        strength: 0.02,
        on: Penalised::Weights,
        then: penalised,
    };
    let model = builder().optimizer(both).fit(&rows).unwrap();
    model.save(folder.path("m")).unwrap();
    let run = folder.line("verify m --data t.csv");
    assert_eq!(run.code, Some(1), "{}", run.stderr);
    assert!(
        run.stdout
            .contains("differs     optimizer: adam (beta1 0.5, beta2 0.999, epsilon 0.00000001, l2_with_biases 0.01, l1_with_biases 0.02) here, adam (beta1 0.5"),
        "{}",
        run.stdout
    );
}

#[test]
fn what_differs_is_named() {
    let folder = Folder::new();
    folder.write("t.csv", table(60, "no", "yes"));
    folder.write("u.csv", table(61, "no", "yes"));
    folder.ok("train t.csv --target y --epochs 3 -o m");
    let fails = |line: &str| {
        let run = folder.line(line);
        assert_eq!(run.code, Some(1), "{}{}", run.stdout, run.stderr);
        (run.stdout, run.stderr)
    };
    let (text, error) = fails("verify m --data u.csv");
    assert!(
        text.contains("differs     data: 61 rows of a file with the SHA-256 "),
        "{text}"
    );
    assert!(text.contains("data        u.csv: 61 rows"), "{text}");
    assert!(text.contains("verdict     not confirmed"), "{text}");
    assert!(error.contains("what differs is data"), "{error}");

    // Other parameters: those of another training under this one's name.
    folder.ok("train t.csv --target y --epochs 3 --seed 1 -o n");
    let forged = with_section(&folder, "m", "n", "parameters");
    folder.write("forged", forged);
    let (text, error) = fails("verify forged --data t.csv");
    assert!(
        text.contains("differs     parameters: 193 of 193 have other bits here"),
        "{text}"
    );
    assert!(text.contains("verdict     the bits do not agree"), "{text}");
    assert!(error.contains("what differs is parameters"), "{error}");

    // Another configuration under this one's parameters.
    folder.ok("train t.csv --target y --epochs 3 --optimizer rmsprop -o r");
    folder.write("forged", with_section(&folder, "m", "r", "procedure"));
    let (text, _) = fails("verify forged --data t.csv");
    assert!(text.contains("differs     optimizer: rmsprop"), "{text}");
}

/// The model `to` with a section of the model `from`.
pub fn with_section(folder: &Folder, to: &str, from: &str, section: &str) -> Vec<u8> {
    use chainrule_nn::container::{Container, ContainerWriter};
    let open = |name: &str| Container::open(folder.path(name)).unwrap();
    let (to, from) = (open(to), open(from));
    let of = |name: &str| if name == section { &from } else { &to };
    let mut writer = ContainerWriter::new();
    for name in to.sections().iter().map(|section| section.name()) {
        let from = of(name);
        writer = match name {
            "network" => {
                writer.metadata(name, &from.metadata::<chainrule_nn::Network>(name).unwrap())
            }
            "schema" => writer.metadata(
                name,
                &from.metadata::<chainrule_data::Schema>(name).unwrap(),
            ),
            "preprocessing" => writer.metadata(
                name,
                &from
                    .metadata::<chainrule_data::Preprocessing>(name)
                    .unwrap(),
            ),
            "provenance" => writer.metadata(
                name,
                &from
                    .metadata::<chainrule_trainer::Provenance>(name)
                    .unwrap(),
            ),
            "procedure" => writer.metadata(
                name,
                &from.metadata::<chainrule_trainer::Procedure>(name).unwrap(),
            ),
            // The number of the variant, and the threshold.
            "decision" => writer.metadata(name, &from.metadata::<(u32, f64)>(name).unwrap()),
            _ => {
                let tensors = from.tensors(name).unwrap();
                let views: Vec<_> = tensors.iter().map(|tensor| tensor.view()).collect();
                writer.tensors(name, &views)
            }
        }
        .unwrap();
    }
    writer.to_bytes()
}

#[test]
fn what_was_trained_with_must_be_named() {
    let folder = Folder::new();
    folder.write("t.csv", table(60, "no", "yes"));
    folder.write("v.csv", table(40, "no", "yes"));
    folder.ok("train t.csv --target y --epochs 1 -o m");
    folder.ok("train t.csv --target y --epochs 1 --validation v.csv -o v");
    folder.ok("train t.csv --init m --epochs 1 -o i");
    for (line, says) in [
        ("verify m", "--data FILE"),
        ("verify v --data t.csv", "--validation FILE"),
        (
            "verify m --data t.csv --validation v.csv",
            "leave --validation out",
        ),
        ("verify i --data t.csv", "--init MODEL"),
        ("verify m --data t.csv --init m", "leave --init out"),
    ] {
        let error = folder.fails(2, line);
        assert!(error.contains(says), "{line}: {error}");
    }
    let error = folder.fails(1, "verify t.csv");
    assert!(error.contains("t.csv"), "{error}");
}
