//! A checkpoint that is damaged, or forged under right checksums: a training that goes on from it ends, or says what is wrong with it.
//! The first byte says which training.

#![no_main]

use chainrule_data::Table;
use chainrule_fuzz::training::{table, training};
use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use std::sync::LazyLock;

static TABLE: LazyLock<Table> = LazyLock::new(table);
static FOLDER: LazyLock<tempfile::TempDir> =
    LazyLock::new(|| tempfile::tempdir().expect("a folder for temporary files"));

fuzz_mutator!(|bytes: &mut [u8], size: usize, most: usize, seed: u32| {
    match size {
        0 => fuzzer_mutate(bytes, size, most),
        _ => {
            1 + chainrule_fuzz::container::forge(
                &mut bytes[1..],
                size - 1,
                most - 1,
                seed,
                fuzzer_mutate,
            )
        }
    }
});

fuzz_target!(|bytes: &[u8]| {
    let Some((&which, bytes)) = bytes.split_first() else {
        return;
    };
    let folder = FOLDER.path().join("kept");
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join("checkpoint-0000000004.chainrule"), bytes).expect("a file");
    if let Err(error) = training(which, &folder).fit(&*TABLE) {
        assert!(!error.to_string().is_empty());
    }
    std::fs::remove_dir_all(&folder).expect("it was made here");
});
