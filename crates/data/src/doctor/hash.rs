//! Hashes of cells and rows, the same on every machine.

use crate::cell::Cell;

/// The hash of a cell: equal for spellings of one number, and for equal texts.
pub(super) fn cell(cell: Cell, spelling: Option<&str>) -> u64 {
    match (cell, spelling) {
        // Numbers such as 007, and those above 2^53, are names.
        (_, Some(text)) => bytes(text.as_bytes()),
        (Cell::Missing, _) => mix(1),
        // Adding zero turns -0 into 0.
        (Cell::Number(value) | Cell::Infinite(value), _) => {
            mix((value + 0.0).to_bits() ^ 0x5bd1_e995)
        }
        (Cell::Text(text), _) => bytes(text.as_bytes()),
    }
}

fn bytes(text: &[u8]) -> u64 {
    let mut hash = text.len() as u64 ^ 0x9e37_79b9_7f4a_7c15;
    for chunk in text.chunks(8) {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        hash = mix(hash ^ u64::from_le_bytes(word));
    }
    hash
}

/// The finisher of SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014): each bit of the result
/// depends on all of them.
pub(super) fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// A hash of things in order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Chain(pub u64);

impl Chain {
    pub fn add(&mut self, hash: u64) {
        self.0 = mix(self.0.rotate_left(23) ^ hash);
    }
}
