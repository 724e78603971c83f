//! Checkpoints whose checksums are right and whose contents are not: an error that says so, never a panic or a model of no numbers.

use std::path::{Path, PathBuf};

use chainrule_data::{Table, embedded};
use chainrule_nn::container::{Container, Values};
use chainrule_trainer::{
    Adam, Batch, CheckpointError, Checkpoints, Classifier, EarlyStopping, Every, ReduceOnPlateau,
    Schedule, Start, TrainError,
};
use sha2::{Digest, Sha256};

/// Two steps an epoch, with every part that remembers something.
fn fit(folder: &Path, epochs: usize) -> Result<Classifier, TrainError> {
    let wdbc = embedded::wdbc();
    let plateau = ReduceOnPlateau {
        patience: 2,
        ..ReduceOnPlateau::default()
    };
    Classifier::builder()
        .target(wdbc.target)
        .hidden(&[2])
        .optimizer(Adam::default())
        .schedule(Schedule::from(plateau))
        .early_stopping(EarlyStopping {
            patience: 5,
            ..EarlyStopping::default()
        })
        .batch(Batch::Rows(300))
        .epochs(epochs)
        .checkpoints(Checkpoints {
            folder: folder.to_owned(),
            every: Every::Epochs(1),
            start: Start::Resume,
        })
        .fit(&Table::from_csv(wdbc.name, wdbc.bytes).unwrap())
}

fn newest(folder: &Path) -> PathBuf {
    let files = std::fs::read_dir(folder).unwrap();
    let files = files.map(|entry| entry.unwrap().path());
    files
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "chainrule")
        })
        .max()
        .unwrap()
}

/// Changes a section of the newest checkpoint and makes all checksums right again. `docs/file-format.md` has the layout.
fn forge(folder: &Path, section: &str, change: impl FnOnce(&mut [u8])) {
    let path = newest(folder);
    let container = Container::open(&path).unwrap();
    let at = container
        .sections()
        .iter()
        .position(|s| s.name() == section)
        .unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    let count = container.sections().len();
    let entry = 24 + 120 * at;
    let number = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap()) as usize;
    let (start, len) = (number(entry + 72), number(entry + 80));
    change(&mut bytes[start..start + len]);
    let checksum = Sha256::digest(&bytes[start..start + len]);
    bytes[entry + 88..entry + 120].copy_from_slice(&checksum);
    let header = 24 + 120 * count;
    let checksum = Sha256::digest(&bytes[..header]);
    bytes[header..header + 32].copy_from_slice(&checksum);
    std::fs::write(&path, bytes).unwrap();
    Container::open(&path).unwrap();
}

/// Replaces a number of a tensor.
fn set(folder: &Path, section: &str, tensor: &str, at: usize, value: f64) {
    let tensors = Container::open(newest(folder))
        .unwrap()
        .tensors(section)
        .unwrap();
    let found = tensors.iter().find(|found| found.name == tensor).unwrap();
    let (old, new): (Vec<u8>, Vec<u8>) = match &found.values {
        Values::F32(values) => (
            values
                .iter()
                .flat_map(|value| value.to_le_bytes())
                .collect(),
            (value as f32).to_le_bytes().to_vec(),
        ),
        Values::F64(values) => (
            values
                .iter()
                .flat_map(|value| value.to_le_bytes())
                .collect(),
            value.to_le_bytes().to_vec(),
        ),
        _ => unreachable!(),
    };
    forge(folder, section, |bytes| {
        let name = bytes
            .windows(tensor.len())
            .position(|some| some == tensor.as_bytes());
        let start = name.unwrap() + tensor.len() + 20;
        assert_eq!(&bytes[start..start + old.len()], old);
        bytes[start + at * new.len()..][..new.len()].copy_from_slice(&new);
    });
}

#[test]
fn what_was_not_remembered_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    fit(folder.path(), 2).unwrap();
    let good = std::fs::read(newest(folder.path())).unwrap();
    let refused = |what: &str, part: &str| {
        let error = fit(folder.path(), 4).unwrap_err();
        let is_named = matches!(
            error,
            TrainError::Checkpoint(CheckpointError::Content { .. })
        );
        assert!(
            is_named && error.to_string().contains(part),
            "{what}: {error}"
        );
        std::fs::write(newest(folder.path()), &good).unwrap();
    };
    for wild in [1e30, f64::MAX, f64::INFINITY, f64::NAN, -1.0, 0.5] {
        for (tensor, at) in [
            ("early stopping", 0),
            ("early stopping", 2),
            ("schedule", 2),
        ] {
            set(folder.path(), "memory", tensor, at, wild);
            refused(&format!("{tensor} {at} {wild}"), tensor);
        }
        set(folder.path(), "memory", "warnings", 0, wild);
        refused(&format!("warnings {wild}"), "warnings");
    }
    // A best epoch that was not, and none beside best parameters.
    for epoch in [3.0, 0.0] {
        set(folder.path(), "memory", "early stopping", 0, epoch);
        refused(&format!("best epoch {epoch}"), "best epoch");
    }
    for section in ["best", "parameters"] {
        let tensor = if section == "best" {
            "parameters"
        } else {
            "W1"
        };
        set(folder.path(), section, tensor, 1, f64::NAN);
        refused(section, "parameters are no numbers");
    }
    // The steps come before two times of eight bytes and the kind of end.
    forge(folder.path(), "checkpoint", |bytes| {
        let at = bytes.len() - 18;
        assert_eq!(bytes[at], 4);
        bytes[at] = 5;
    });
    refused("steps", "its name has another one");
    forge(folder.path(), "checkpoint", |bytes| {
        bytes[bytes.len() - 18] = 5;
    });
    let (path, other) = (newest(folder.path()), "checkpoint-0000000005.chainrule");
    std::fs::rename(&path, folder.path().join(other)).unwrap();
    refused("steps under their name", "counters don't fit");
    std::fs::rename(folder.path().join(other), &path).unwrap();
    // As it was it is good.
    assert!(fit(folder.path(), 4).is_ok());
}
