//! What is written is read back, bit for bit, and always gives the same bytes.

use proptest::collection::vec;
use proptest::prelude::*;
use serde::{Deserialize, Serialize};

use super::*;

/// Of the kinds of fields that sections have.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Notes {
    title: String,
    widths: Vec<u64>,
    threshold_bits: u64,
    positive: Option<String>,
    kind: Kind,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Kind {
    Plain,
    Scaled { by: i32 },
}

/// A bundle as bits, so that NaN equals itself.
#[derive(Clone, Debug, PartialEq)]
struct Bits {
    name: String,
    rows: usize,
    cols: usize,
    values: Result<Vec<u32>, Vec<u64>>,
}

fn tensor(bits: &Bits) -> Tensor {
    let values = match &bits.values {
        Ok(singles) => Values::F32(singles.iter().map(|&bits| f32::from_bits(bits)).collect()),
        Err(doubles) => Values::F64(doubles.iter().map(|&bits| f64::from_bits(bits)).collect()),
    };
    Tensor {
        name: bits.name.clone(),
        rows: bits.rows,
        cols: bits.cols,
        values,
    }
}

fn bits(tensor: &Tensor) -> Bits {
    let values = match &tensor.values {
        Values::F32(singles) => Ok(singles.iter().map(|value| value.to_bits()).collect()),
        Values::F64(doubles) => Err(doubles.iter().map(|value| value.to_bits()).collect()),
    };
    Bits {
        name: tensor.name.clone(),
        rows: tensor.rows,
        cols: tensor.cols,
        values,
    }
}

fn some_notes() -> impl Strategy<Value = Notes> {
    let kind = prop_oneof![
        Just(Kind::Plain),
        any::<i32>().prop_map(|by| Kind::Scaled { by })
    ];
    (
        ".{0,20}",
        vec(any::<u64>(), 0..5),
        any::<u64>(),
        proptest::option::of(".{0,8}"),
        kind,
    )
        .prop_map(|(title, widths, threshold_bits, positive, kind)| Notes {
            title,
            widths,
            threshold_bits,
            positive,
            kind,
        })
}

fn some_bundle() -> impl Strategy<Value = Vec<Bits>> {
    let shape = (1_usize..6, 1_usize..6, any::<bool>());
    vec(shape, 0..5).prop_flat_map(|shapes| {
        let tensors: Vec<_> = shapes
            .into_iter()
            .enumerate()
            .map(|(i, (rows, cols, single))| {
                let values = if single {
                    vec(any::<u32>(), rows * cols).prop_map(Ok).boxed()
                } else {
                    vec(any::<u64>(), rows * cols).prop_map(Err).boxed()
                };
                values.prop_map(move |values| Bits {
                    name: format!("W{i}"),
                    rows,
                    cols,
                    values,
                })
            })
            .collect();
        tensors
    })
}

fn write(notes: &Notes, tensors: &[Tensor]) -> Vec<u8> {
    let views: Vec<_> = tensors.iter().map(Tensor::view).collect();
    ContainerWriter::new()
        .metadata("notes", notes)
        .and_then(|writer| writer.tensors("parameters", &views))
        .unwrap()
        .to_bytes()
}

proptest! {
    #[test]
    fn save_load_save_is_the_same_file(notes in some_notes(), bundle in some_bundle()) {
        let tensors: Vec<_> = bundle.iter().map(tensor).collect();
        let bytes = write(&notes, &tensors);

        let container = Container::from_bytes(&bytes).unwrap();
        let notes_back: Notes = container.metadata("notes").unwrap();
        let tensors_back = container.tensors("parameters").unwrap();
        prop_assert_eq!(&notes_back, &notes);
        prop_assert_eq!(tensors_back.iter().map(bits).collect::<Vec<_>>(), bundle);
        prop_assert_eq!(write(&notes_back, &tensors_back), bytes);

        let views: Vec<_> = tensors.iter().map(Tensor::view).collect();
        prop_assert_eq!(container.section("parameters").unwrap().sha256(), content_hash(&views).unwrap());
    }
}

#[test]
fn the_numbers_that_text_formats_lose_keep_their_bits() {
    let doubles = [
        -0.0,
        5e-324,
        -5e-324,
        f64::MAX,
        f64::MIN_POSITIVE,
        f64::EPSILON,
        f64::INFINITY,
        f64::NAN,
        0.1,
    ];
    let singles = [
        -0.0_f32,
        f32::from_bits(1),
        f32::MAX,
        f32::MIN_POSITIVE,
        f32::NEG_INFINITY,
        f32::NAN,
        0.1,
    ];
    let bytes = ContainerWriter::new()
        .tensors(
            "parameters",
            &[
                TensorRef {
                    name: "double",
                    rows: 9,
                    cols: 1,
                    values: ValuesRef::F64(&doubles),
                },
                TensorRef {
                    name: "single",
                    rows: 1,
                    cols: 7,
                    values: ValuesRef::F32(&singles),
                },
            ],
        )
        .unwrap()
        .to_bytes();
    let back = Container::from_bytes(&bytes)
        .unwrap()
        .tensors("parameters")
        .unwrap();
    assert_eq!(
        bits(&back[0]).values,
        Err(doubles.map(f64::to_bits).to_vec())
    );
    assert_eq!(
        bits(&back[1]).values,
        Ok(singles.map(f32::to_bits).to_vec())
    );
}

#[test]
fn sections_are_listed_in_file_order() {
    let one = [1.0_f32];
    let bytes = ContainerWriter::new()
        .metadata("zebra", "z")
        .unwrap()
        .tensors(
            "ant",
            &[TensorRef {
                name: "w",
                rows: 1,
                cols: 1,
                values: ValuesRef::F32(&one),
            }],
        )
        .unwrap()
        .to_bytes();
    let container = Container::from_bytes(&bytes).unwrap();
    let listed: Vec<_> = container
        .sections()
        .iter()
        .map(|s| (s.name(), s.kind().to_string(), s.byte_len()))
        .collect();
    assert_eq!(
        listed,
        [
            ("zebra", "metadata".to_owned(), 2),
            ("ant", "tensors".to_owned(), 33)
        ]
    );
    assert_eq!(container.byte_len(), (24 + 2 * 120 + 32 + 2 + 33) as u64);
}

/// The same bytes as `docs/file-format.md` shows, written by hand: a change of layout without a new version fails here.
#[test]
fn the_layout_is_the_documented_one() {
    let bytes = ContainerWriter::new()
        .tensors(
            "p",
            &[TensorRef {
                name: "w",
                rows: 1,
                cols: 1,
                values: ValuesRef::F64(&[1.0]),
            }],
        )
        .unwrap()
        .to_bytes();
    let payload = [
        &[1, 0, 0, 0][..],               // one tensor
        &[1, 0, 0, 0, b'w'],             // its name
        &[2, 0, 0, 0],                   // f64
        &[1, 0, 0, 0, 0, 0, 0, 0],       // rows
        &[1, 0, 0, 0, 0, 0, 0, 0],       // columns
        &[0, 0, 0, 0, 0, 0, 0xf0, 0x3f], // 1.0, on every machine
    ]
    .concat();
    assert_eq!(bytes[..8], *b"\x89CHN\r\n\x1a\n");
    assert_eq!(bytes[8..16], [1, 0, 0, 0, 1, 0, 0, 0]); // version, sections
    assert_eq!(bytes[16..24], 213_u64.to_le_bytes()); // the length of the file
    assert_eq!(bytes[24..88], *[&b"p"[..], &[0; 63]].concat()); // the name, padded
    assert_eq!(bytes[88..96], [2, 0, 0, 0, 0, 0, 0, 0]); // tensors, reserved
    assert_eq!(bytes[96..104], 176_u64.to_le_bytes()); // offset
    assert_eq!(bytes[104..112], 37_u64.to_le_bytes()); // length
    assert_eq!(bytes[176..], payload);
    assert_eq!(bytes.len(), 213);
}
