//! It does not matter in which pieces a file arrives, nor whether it is read whole or in blocks. The first byte says how large they are.

#![no_main]

use chainrule_data::{CsvReader, Table};
use libfuzzer_sys::fuzz_target;
use std::io::Read;

struct Pieces<'a> {
    bytes: &'a [u8],
    size: usize,
}

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = buffer.len().min(self.size);
        self.bytes.read(&mut buffer[..count])
    }
}

fuzz_target!(|bytes: &[u8]| {
    let Some((&size, bytes)) = bytes.split_first() else {
        return;
    };
    let size = usize::from(size) + 1;
    let whole = Table::from_csv("fuzz", bytes);
    let pieces = Table::from_csv("fuzz", Pieces { bytes, size });
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
    let mut reader = CsvReader::new("fuzz", bytes).expect("it was read before");
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
