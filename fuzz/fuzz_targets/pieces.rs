//! It does not matter in which pieces a file arrives, nor whether it is read whole or in blocks. The first bytes say how it is read, and
//! how large the pieces are.

#![no_main]

use chainrule_data::{CsvReader, Table};
use chainrule_fuzz::{Input, Pieces};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut input = Input(bytes);
    let (options, size) = (input.options(), usize::from(input.byte()) + 1);
    let bytes = input.0;
    let whole = Table::from_csv_with("fuzz", bytes, &options);
    let pieces = Table::from_csv_with("fuzz", Pieces { bytes, size }, &options);
    let whole = match (whole, pieces) {
        (Ok(whole), Ok(pieces)) => {
            assert!(whole == pieces);
            whole
        }
        (Err(whole), Err(pieces)) => {
            assert_eq!(whole.to_string(), pieces.to_string());
            return;
        }
        (whole, pieces) => panic!("{:?} {:?}", whole.err(), pieces.err()),
    };
    let mut reader = CsvReader::with("fuzz", bytes, &options).expect("it was read before");
    let mut at = 0;
    while let Some(block) = reader.next_block(size).expect("it was read before") {
        for row in 0..block.table().rows() {
            assert_eq!(block.table().line(row), whole.line(at));
            for (here, there) in block.table().columns().zip(whole.columns()) {
                assert_eq!(here.cell(row), there.cell(at));
            }
            at += 1;
        }
    }
    assert_eq!(at, whole.rows());
});
