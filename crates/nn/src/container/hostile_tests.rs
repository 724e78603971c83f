//! Files that are damaged, foreign, newer or forged: each gives an error, none a panic or a large allocation.

use std::ops::Range;

use proptest::prelude::*;
use sha2::{Digest, Sha256};

use super::*;

/// A small model with both kinds of sections.
fn good() -> Vec<u8> {
    ContainerWriter::new()
        .metadata("network", &("sigmoid", vec![2_u32, 1]))
        .unwrap()
        .tensors(
            "parameters",
            &[
                TensorRef {
                    name: "W1",
                    rows: 1,
                    cols: 2,
                    values: ValuesRef::F32(&[0.5, -0.0]),
                },
                TensorRef {
                    name: "b1",
                    rows: 1,
                    cols: 1,
                    values: ValuesRef::F64(&[1.0]),
                },
            ],
        )
        .unwrap()
        .to_bytes()
}

/// The header of [`good`] without its checksum.
const HEADER: Range<usize> = 0..24 + 2 * 120;
/// The entry of the second section.
const SECOND: usize = 24 + 120;

/// Makes the header's checksum right again: what a forger would do.
fn seal(mut bytes: Vec<u8>) -> Vec<u8> {
    let checksum = Sha256::digest(&bytes[HEADER]);
    bytes[HEADER.end..HEADER.end + 32].copy_from_slice(&checksum);
    bytes
}

/// [`good`] with some bytes of the header changed and a right checksum.
fn forged(at: usize, new: &[u8]) -> FormatError {
    let mut bytes = good();
    bytes[at..at + new.len()].copy_from_slice(new);
    Container::from_bytes(&seal(bytes)).unwrap_err()
}

/// A container with right checksums around a bundle of the given bytes.
fn bundle(payload: &[u8]) -> Result<Vec<Tensor>, FormatError> {
    let sections = [(
        "parameters".to_owned(),
        SectionKind::Tensors,
        payload.to_vec(),
    )];
    let bytes = [header::write(&sections), payload.to_vec()].concat();
    Container::from_bytes(&bytes).unwrap().tensors("parameters")
}

/// The bytes of a tensor with any shape and any values.
fn record(name: &[u8], element: u32, rows: u64, cols: u64, values: &[u8]) -> Vec<u8> {
    [
        &(name.len() as u32).to_le_bytes()[..],
        name,
        &element.to_le_bytes(),
        &rows.to_le_bytes(),
        &cols.to_le_bytes(),
        values,
    ]
    .concat()
}

#[test]
fn a_model_cut_at_any_length_is_an_error() {
    let good = good();
    for len in 0..good.len() {
        let error = Container::from_bytes(&good[..len]).unwrap_err();
        let expected = match error {
            FormatError::Empty => len == 0,
            FormatError::Truncated { found, needed } => found == len as u64 && needed > found,
            _ => false,
        };
        assert!(expected, "cut to {len} bytes: {error}");
    }
}

#[test]
fn every_bit_is_under_a_check() {
    let good = good();
    assert!(Container::from_bytes(&good).is_ok());
    for at in 0..good.len() {
        for bit in 0..8 {
            let mut bytes = good.clone();
            bytes[at] ^= 1 << bit;
            assert!(
                Container::from_bytes(&bytes).is_err(),
                "bit {bit} of byte {at} flipped, and nothing was noticed"
            );
        }
    }
}

#[test]
fn a_damaged_weight_is_named_with_its_section() {
    let mut bytes = good();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    let error = Container::from_bytes(&bytes).unwrap_err();
    assert!(
        matches!(&error, FormatError::SectionChecksum { section, .. } if section == "parameters"),
        "{error}"
    );
}

#[test]
fn bytes_after_the_end_are_an_error() {
    let mut bytes = good();
    bytes.push(0);
    let error = Container::from_bytes(&bytes).unwrap_err();
    assert!(
        matches!(error, FormatError::TrailingBytes { expected, found } if found == expected + 1),
        "{error}"
    );
}

#[test]
fn two_models_in_a_row_are_an_error() {
    assert!(matches!(
        Container::from_bytes(&good().repeat(2)),
        Err(FormatError::TrailingBytes { .. })
    ));
}

#[test]
fn a_newer_version_is_said_to_be_newer_whatever_follows() {
    for version in [2, 3, u32::MAX] {
        let mut bytes = good();
        bytes[8..12].copy_from_slice(&u32::to_le_bytes(version));
        bytes[12..].fill(0xa5);
        let error = Container::from_bytes(&bytes).unwrap_err();
        assert!(
            matches!(error, FormatError::NewerVersion { found } if found == version),
            "{error}"
        );
    }
    assert!(matches!(
        forged(8, &[0; 4]),
        FormatError::UnknownVersion { found: 0 }
    ));
}

#[test]
fn foreign_files_are_named() {
    let cases: [(&[u8], &str); 5] = [
        (b"radius,texture,diagnosis\n17.99,10.38,M\n", "text"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "PNG"),
        (b"\x1f\x8b\x08\0\0\0\0\0", "gzip"),
        (&[0; 4096], "first bytes"),
        (&[0xff; 4096], "first bytes"),
    ];
    for (bytes, word) in cases {
        let error = Container::from_bytes(bytes).unwrap_err();
        assert!(matches!(error, FormatError::NotAModel { .. }), "{error}");
        assert!(error.to_string().contains(word), "{error}");
    }
}

#[test]
fn forged_numbers_of_sections() {
    for count in [257_u32, 1 << 31, u32::MAX] {
        assert!(matches!(
            forged(12, &count.to_le_bytes()),
            FormatError::TooManySections { .. }
        ));
    }
    // The table would be longer than the file.
    assert!(matches!(
        forged(12, &256_u32.to_le_bytes()),
        FormatError::Truncated { .. }
    ));
    // The checksum of a shorter header is elsewhere.
    assert!(matches!(
        forged(12, &1_u32.to_le_bytes()),
        FormatError::HeaderChecksum { .. }
    ));
}

#[test]
fn forged_lengths_and_offsets() {
    for wild in [u64::MAX, 1 << 63, 1 << 32] {
        assert!(
            matches!(
                forged(16, &wild.to_le_bytes()),
                FormatError::Truncated { .. }
            ),
            "length of the file"
        );
        for (field, name) in [(SECOND + 72, "offset"), (SECOND + 80, "length")] {
            assert!(
                matches!(
                    forged(field, &wild.to_le_bytes()),
                    FormatError::MisplacedSection { .. }
                ),
                "{name}"
            );
        }
    }
    let first_offset = (HEADER.end + 32) as u64;
    // Both sections in the same place; a section over the header; a gap before the second.
    assert!(matches!(
        forged(SECOND + 72, &first_offset.to_le_bytes()),
        FormatError::MisplacedSection { .. }
    ));
    assert!(matches!(
        forged(24 + 72, &0_u64.to_le_bytes()),
        FormatError::MisplacedSection { .. }
    ));
    assert!(matches!(
        forged(24 + 80, &1_u64.to_le_bytes()),
        FormatError::MisplacedSection { .. }
    ));
    // The last section ends before the file does.
    assert!(matches!(
        forged(SECOND + 80, &1_u64.to_le_bytes()),
        FormatError::UnclaimedBytes { .. }
    ));
}

#[test]
fn forged_names_and_kinds() {
    assert!(matches!(
        forged(SECOND, b"network\0\0\0"),
        FormatError::DuplicateName { .. }
    ));
    assert!(matches!(
        forged(SECOND, &[0; 64]),
        FormatError::BadName { .. }
    ));
    assert!(matches!(
        forged(SECOND, b"\xff"),
        FormatError::BadName { .. }
    ));
    assert!(matches!(
        forged(SECOND, b"\x1b"),
        FormatError::BadName { .. }
    ));
    assert!(matches!(
        forged(SECOND + 63, b"x"),
        FormatError::BadName { .. }
    ));
    assert!(matches!(
        forged(SECOND + 64, &[0]),
        FormatError::UnknownKind { kind: 0, .. }
    ));
    assert!(matches!(
        forged(SECOND + 64, &[3]),
        FormatError::UnknownKind { kind: 3, .. }
    ));
    assert!(matches!(
        forged(SECOND + 68, &[1]),
        FormatError::ReservedField { found: 1, .. }
    ));
    // A bundle that says it is metadata is not read as tensors, and makes no sense as metadata.
    let mut bytes = good();
    bytes[SECOND + 64] = 1;
    let container = Container::from_bytes(&seal(bytes)).unwrap();
    assert!(matches!(
        container.tensors("parameters"),
        Err(FormatError::WrongKind { .. })
    ));
    assert!(container.metadata::<String>("parameters").is_err());
}

#[test]
fn forged_shapes() {
    let one = 1_u32.to_le_bytes();
    let with = |record: Vec<u8>| bundle(&[&one[..], &record].concat());
    assert!(with(record(b"w", 1, 1, 2, &[0; 8])).is_ok());
    for (rows, cols) in [
        (1, 1),
        (1, 3),
        (0, 0),
        (0, 2),
        (2, 0),
        (u64::MAX, 1),
        (1, u64::MAX),
        (u64::MAX, u64::MAX),
        (1 << 63, 2), // the product is 2^64
        (1 << 32, 1 << 32),
        (1 << 62, 1), // the product with the element size is 2^64
    ] {
        let error = with(record(b"w", 1, rows, cols, &[0; 8])).unwrap_err();
        let named = matches!(
            error,
            FormatError::ShapeMismatch { .. } | FormatError::BundleLeftOver { .. }
        );
        assert!(named, "{rows} × {cols}: {error}");
    }
    for element in [0, 3, u32::MAX] {
        let error = with(record(b"w", element, 1, 2, &[0; 8])).unwrap_err();
        assert!(
            matches!(error, FormatError::UnknownElementType { .. }),
            "{error}"
        );
    }
}

#[test]
fn forged_tensor_names_and_counts() {
    let w = record(b"w", 1, 1, 1, &[0; 4]);
    let of = |count: u32, records: &[u8]| {
        bundle(&[&count.to_le_bytes()[..], records].concat()).unwrap_err()
    };
    assert!(matches!(
        of(2, &w.repeat(2)),
        FormatError::DuplicateName { .. }
    ));
    assert!(matches!(
        of(1, &w.repeat(2)),
        FormatError::BundleLeftOver { left: 29, .. }
    ));
    assert!(matches!(of(2, &w), FormatError::BundleTruncated { .. }));
    assert!(matches!(
        of(u32::MAX, &w),
        FormatError::BundleTruncated { .. }
    ));
    assert!(matches!(
        of(1, &record(b"", 1, 1, 1, &[0; 4])),
        FormatError::BadName { .. }
    ));
    assert!(matches!(
        of(1, &record(b"\xff", 1, 1, 1, &[0; 4])),
        FormatError::BadName { .. }
    ));
    assert!(matches!(
        of(1, &record(&[b'x'; 65], 1, 1, 1, &[0; 4])),
        FormatError::BadName { .. }
    ));
    assert!(matches!(
        of(1, &u32::MAX.to_le_bytes()),
        FormatError::BadName { .. }
    ));
    assert!(matches!(
        bundle(&[]),
        Err(FormatError::BundleTruncated { .. })
    ));
    // A bundle cut anywhere.
    let whole = [
        &2_u32.to_le_bytes()[..],
        &record(b"v", 2, 1, 1, &[0; 8]),
        &w,
    ]
    .concat();
    for len in 0..whole.len() {
        assert!(bundle(&whole[..len]).is_err(), "cut to {len} bytes");
    }
}

/// Hundreds of thousands of tiny tensors are read in a moment, not compared each with each.
#[test]
fn very_many_tensors_take_no_quadratic_time() {
    let count = 200_000_u32;
    let records: Vec<u8> = (0..count)
        .flat_map(|i| record(format!("{i:x}").as_bytes(), 1, 1, 1, &[0; 4]))
        .collect();
    assert_eq!(
        bundle(&[&count.to_le_bytes()[..], &records].concat())
            .unwrap()
            .len(),
        count as usize
    );
}

proptest! {
    #[test]
    fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = Container::from_bytes(&bytes);
        let _ = tensor::decode("parameters", &bytes);
        let _ = metadata::decode::<(String, Vec<u64>, Option<Vec<String>>)>("network", &bytes);
        let mut prefix = [&header::MAGIC[..], &[1, 0, 0, 0], &bytes].concat();
        prefix.resize(header::MAX_HEADER_LEN, 0);
        let _ = header::parse(&prefix, 1 << 40);
    }

    #[test]
    fn a_random_header_under_a_right_checksum_never_panics(
        at in HEADER, new in proptest::collection::vec(any::<u8>(), 1..24)
    ) {
        let mut bytes = good();
        let end = (at + new.len()).min(HEADER.end);
        bytes[at..end].copy_from_slice(&new[..end - at]);
        if let Ok(container) = Container::from_bytes(&seal(bytes)) {
            let _ = container.tensors("parameters");
            let _ = container.metadata::<(String, Vec<u32>)>("network");
        }
    }
}

/// Runs the tests of forged lengths again, in a process with too little address space for the lengths that they state.
///
/// Its own name must not begin with a filter below, or it would run itself for ever; the variable makes sure of it.
#[cfg(target_os = "linux")]
#[test]
fn within_little_memory_forged_lengths_are_still_errors() {
    const INSIDE: &str = "CHAINRULE_TEST_LITTLE_MEMORY";
    if std::env::var_os(INSIDE).is_some() {
        return;
    }
    let limited = std::process::Command::new("sh")
        .args(["-c", "ulimit -v 131072 && exec \"$0\" \"$@\""])
        .arg(std::env::current_exe().unwrap())
        .args([
            "--test-threads=1",
            "hostile_tests::forged_",
            "tests::a_forged_length",
            "tests::a_file_over_the_limit",
        ])
        .env(INSIDE, "1")
        // Each arena of the allocator would reserve as much as the limit.
        .env("MALLOC_ARENA_MAX", "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&limited.stdout);
    assert!(
        limited.status.success(),
        "{said}\n{}",
        String::from_utf8_lossy(&limited.stderr)
    );
    assert!(said.contains("7 passed"), "{said}");
}
