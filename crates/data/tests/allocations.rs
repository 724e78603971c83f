//! No file, however broken, makes the reader allocate more than a small multiple of its size: all that is ever asked of the allocator is
//! counted, not only the peak.

use chainrule_data::{Schema, Table};
use flate2::{Compression, write::GzEncoder};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use std::alloc::System;
use std::io::Write;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Bytes that are allocated on the way to a schema, successful or not.
fn allocated(bytes: &[u8]) -> usize {
    let region = Region::new(ALLOCATOR);
    if let Ok(table) = Table::from_csv("t", bytes) {
        let last = table.names().last().cloned().unwrap_or_default();
        let _ = Schema::infer(&table, &last, None);
    }
    let change = region.change();
    change.bytes_allocated + usize::try_from(change.bytes_reallocated).unwrap_or(0)
}

/// One test, so that no other allocates at the same time.
#[test]
fn what_is_allocated_is_bounded_by_the_file() {
    // The pool of threads is made once.
    allocated(&b"a,b\n1,2\n".repeat(400_000));
    let many = 200_000;
    let mut open = b"y,x\n1,\"".to_vec();
    open.resize(many, b'x');
    let cases: [(&str, Vec<u8>); 13] = [
        ("delimiters", vec![b','; many]),
        ("line ends", vec![b'\n'; many]),
        ("quotes", vec![b'"'; many]),
        ("pairs of quotes", b"\"\",".repeat(many / 3)),
        ("an open quote", open),
        ("zeros", vec![b'0'; many]),
        (
            "a number of many digits",
            b"x,y\n".iter().copied().chain(vec![b'9'; many]).collect(),
        ),
        ("rows of one digit", b"1\n0\n".repeat(many / 4)),
        (
            "rows of different lengths",
            b"1,2\n1\n1,2,3\n".repeat(many / 12),
        ),
        (
            "a text of its own in each row",
            (0..many as u32 / 8)
                .flat_map(|row| format!("t{row},1\n").into_bytes())
                .collect(),
        ),
        (
            "codes with zeros in front",
            (0..many as u32 / 8)
                .flat_map(|row| format!("0{row},1\n").into_bytes())
                .collect(),
        ),
        (
            "NUL bytes among text",
            b"abcdefghijklm,\0\n".repeat(many / 16),
        ),
        (
            "bytes that are no UTF-8",
            b"abc,\xff\xfe\n".repeat(many / 7),
        ),
    ];
    for (what, bytes) in &cases {
        let times = allocated(bytes) / bytes.len();
        assert!(times < 400, "{what}: {times} bytes allocated for each byte");
    }
    // A small file takes little, whatever the blocks are that large ones are read in.
    let small = allocated(b"a,b\n1,2\n0,3\n");
    assert!(small < 100_000, "{small} bytes for a small file");
    // A bomb stops at the limit of unpacking, and does not stay in memory: rows that can't be read are dropped.
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&vec![b'0'; 100 << 20]).unwrap();
    let bomb = encoder.finish().unwrap();
    let bytes = allocated(&bomb);
    assert!(
        bytes < 200 << 20,
        "{bytes} bytes for a bomb of {}",
        bomb.len()
    );
}
