//! What holds for any table, and for any bytes.

use chainrule_data::{
    Cell, CsvOptions, CsvReader, Encoding, Preprocessing, Scaling, Schema, Table, split,
};
use flate2::{Compression, write::GzEncoder};
use proptest::prelude::*;
use std::io::{Read, Write};

/// Gives one byte at a time, the worst that a source may do.
struct Dripping<'a>(&'a [u8]);

impl Read for Dripping<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = buffer.len().min(1);
        self.0.by_ref().take(1).read(&mut buffer[..count])
    }
}

/// A cell as CSV has it: in quotes if it must be.
fn quoted(cell: &str) -> String {
    if cell.contains([',', '"', '\n', '\r']) || cell.is_empty() {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}

fn csv(rows: &[Vec<String>], end: &str) -> String {
    rows.iter()
        .map(|row| {
            row.iter()
                .map(|cell| quoted(cell))
                .collect::<Vec<_>>()
                .join(",")
                + end
        })
        .collect()
}

/// Everything that is done with a file; nothing may panic.
fn use_fully(bytes: &[u8]) {
    if let Ok(table) = Table::from_csv("any", bytes) {
        for target in table.names() {
            let Ok(schema) = Schema::infer(&table, target, None) else {
                continue;
            };
            let Ok(data) = schema.encode(&table) else {
                continue;
            };
            assert!(data.features().iter().all(|value| !value.is_infinite()));
            assert_eq!(data.labels().len(), data.len());
            let _ = split::stratified(data.labels(), 0.3, 1);
            for scaling in [
                Scaling::Standard,
                Scaling::MinMax,
                Scaling::Robust,
                Scaling::None,
            ] {
                let Ok(fitted) = Preprocessing::fit(scaling, &data) else {
                    continue;
                };
                if let Ok(scaled) = fitted.transform::<f32>(&data) {
                    assert!(scaled.iter().all(|value| value.is_finite()));
                }
            }
        }
    }
    if let Ok(reader) = CsvReader::new("any", bytes) {
        let mut reader = reader.keep_cells();
        // A decimal comma may be found in any characters.
        let are_plain = !reader.format().contains("numbers with");
        while let Ok(Some(block)) = reader.next_block(3) {
            for row in 0..block.table().rows() {
                for (column, cells) in block.table().columns().enumerate() {
                    let (text, cell) = (block.cell(row, column), cells.cell(row));
                    assert!(!are_plain || Cell::parse(text) == cell, "{text:?} {cell:?}");
                }
            }
        }
    }
}

proptest! {
    #[test]
    fn numbers_come_back_to_the_bit(
        rows in prop::collection::vec(prop::collection::vec(any::<f64>().prop_filter("finite", |x| x.is_finite()), 3), 1..60),
        end in prop::sample::select(vec!["\n", "\r\n", "\r"]),
    ) {
        let mut text = vec![vec!["a".to_owned(), "b".into(), "c".into()]];
        text.extend(rows.iter().map(|row| row.iter().map(|x| format!("{x:?}")).collect()));
        let table = Table::from_csv("t", csv(&text, end).as_bytes()).unwrap();
        prop_assert_eq!(table.rows(), rows.len());
        for (row, values) in rows.iter().enumerate() {
            prop_assert_eq!(table.line(row), row as u64 + 2);
            for (column, value) in table.columns().zip(values) {
                let Cell::Number(read) = column.cell(row) else { panic!() };
                prop_assert_eq!(read.to_bits(), value.to_bits());
            }
        }
    }

    #[test]
    fn text_comes_back_from_quotes_on_the_right_line(
        cells in prop::collection::vec("[ -/:-~é\"\n,]{0,12}", 1..40),
        end in prop::sample::select(vec!["\n", "\r\n", "\r"]),
    ) {
        let mut rows = vec![vec!["n".to_owned(), "text".to_owned()]];
        rows.extend(cells.iter().enumerate().map(|(at, cell)| vec![at.to_string(), cell.clone()]));
        let text = csv(&rows, end);
        let mut reader = CsvReader::new("t", text.as_bytes()).unwrap().keep_cells();
        let block = reader.next_block(usize::MAX).unwrap().unwrap();
        let mut line = 2;
        for (row, cell) in cells.iter().enumerate() {
            prop_assert_eq!(block.cell(row, 1), cell);
            prop_assert_eq!(block.table().columns().nth(1).unwrap().cell(row), Cell::parse(cell));
            prop_assert_eq!(block.table().line(row), line);
            line += 1 + cell.matches('\n').count() as u64;
        }
    }

    #[test]
    fn it_does_not_matter_in_which_pieces_a_file_arrives(
        text in "y,x\n([ab],(\"[0-9\n]{0,3}\"|[0-9.]{1,4})(\n|\r\n|\r)){1,20}", rows in 1usize..5
    ) {
        let whole = Table::from_csv("t", text.as_bytes());
        let dripping = Table::from_csv("t", Dripping(text.as_bytes()));
        match (&whole, &dripping) {
            (Ok(whole), Ok(dripping)) => prop_assert_eq!(whole, dripping),
            (Err(whole), Err(dripping)) => prop_assert_eq!(whole.to_string(), dripping.to_string()),
            other => panic!("{other:?}"),
        }
        let Ok(whole) = whole else { return Ok(()) };
        let mut reader = CsvReader::new("t", text.as_bytes()).unwrap();
        let mut at = 0;
        while let Some(block) = reader.next_block(rows).unwrap() {
            for row in 0..block.table().rows() {
                prop_assert_eq!(block.table().line(row), whole.line(at));
                prop_assert_eq!(block.table().row_number(row), at + 1);
                for (here, there) in block.table().columns().zip(whole.columns()) {
                    prop_assert_eq!(here.cell(row), there.cell(at));
                }
                at += 1;
            }
        }
        prop_assert_eq!(at, whole.rows());
    }

    #[test]
    fn packed_and_transcoded_files_are_the_file(
        cells in prop::collection::vec("[ -~äé€\u{1f600}\n]{0,8}", 1..30),
    ) {
        let mut rows = vec![vec!["n".to_owned(), "text".to_owned()]];
        rows.extend(cells.iter().enumerate().map(|(at, cell)| vec![at.to_string(), cell.clone()]));
        let text = csv(&rows, "\n");
        // Whatever it is: a table, or the same error.
        let read = |bytes: &[u8]| match Table::from_csv("t", bytes) {
            Ok(table) => {
                let cells: Vec<String> = table
                    .columns()
                    .flat_map(|column| column.cells().map(|cell| format!("{cell:?}")).collect::<Vec<_>>())
                    .collect();
                let lines: Vec<u64> = (0..table.rows()).map(|row| table.line(row)).collect();
                format!("{:?} {cells:?} {lines:?}", table.names())
            }
            Err(error) => error.to_string(),
        };
        let expected = read(text.as_bytes());
        prop_assert_eq!(&read(&gzip(text.as_bytes())), &expected);
        prop_assert_eq!(&read(&zstd(text.as_bytes())), &expected);
        for encoded in utf16(&text) {
            prop_assert_eq!(&read(&encoded), &expected);
            prop_assert_eq!(&read(&gzip(&encoded)), &expected);
        }
    }

    #[test]
    fn any_bytes_are_a_table_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        use_fully(&bytes);
    }

    #[test]
    fn any_characters_of_a_table_are_a_table_or_an_error(text in "[a-c0-9,\"\n\r .é-]{0,200}") {
        use_fully(text.as_bytes());
    }
}

/// A good file.
const GOOD: &[u8] = b"\xef\xbb\xbfid,x , \"a \"\"b\"\"\",y\r\n1,0.5,1e3,yes\r\n2,-.5,\"1\r\n\",no\n\n3,+7.25,9007199254740993,yes\n4,NA,inf,no\n";

/// Changes a good file at random places: bytes flipped, removed, doubled, cut. The same sequence in every run.
struct Damage {
    state: u64,
}

impl Damage {
    fn random(&mut self, bound: usize) -> usize {
        self.state = self
            .state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((self.state >> 33) as usize) % bound
    }

    fn of(&mut self, good: &[u8]) -> Vec<u8> {
        let interesting = b"\0\n\r\",;\t e+-.09\xff\xc3\xa9\xef";
        let mut file = good.to_vec();
        for _ in 0..=self.random(4) {
            let at = self.random(file.len());
            match self.random(6) {
                0 => file[at] ^= 1 << self.random(8),
                1 => file[at] = interesting[self.random(interesting.len())],
                2 => file.insert(at, interesting[self.random(interesting.len())]),
                3 => drop(file.remove(at)),
                4 => file.truncate(at.max(1)),
                _ => {
                    let piece = file[at..(at + self.random(20)).min(file.len())].to_vec();
                    file.splice(at..at, piece);
                }
            }
            if file.is_empty() {
                break;
            }
        }
        file
    }
}

#[test]
fn damaged_files_never_panic() {
    let mut damage = Damage { state: 1 };
    for _ in 0..20_000 {
        use_fully(&damage.of(GOOD));
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
}

/// Both orders, each with its mark.
fn utf16(text: &str) -> [Vec<u8>; 2] {
    let units: Vec<u16> = std::iter::once(0xfeff).chain(text.encode_utf16()).collect();
    let bytes = |of: fn(u16) -> [u8; 2]| units.iter().flat_map(|&unit| of(unit)).collect();
    [bytes(u16::to_le_bytes), bytes(u16::to_be_bytes)]
}

#[test]
fn damaged_packed_files_never_panic() {
    let mut damage = Damage { state: 2 };
    for pack in [gzip, zstd] {
        let packed = pack(GOOD);
        for _ in 0..2_000 {
            // What is packed is damaged, or the packing itself.
            use_fully(&pack(&damage.of(GOOD)));
            use_fully(&damage.of(&packed));
        }
    }
}

#[test]
fn damaged_transcoded_files_never_panic() {
    let mut damage = Damage { state: 3 };
    let text = String::from_utf8(GOOD[3..].to_vec()).unwrap() + "5,1,\u{e9}\u{1f600},yes\n";
    for _ in 0..4_000 {
        for encoded in utf16(&text) {
            use_fully(&damage.of(&encoded));
        }
        for encoding in [Encoding::Latin1, Encoding::Utf16] {
            let options = CsvOptions {
                encoding: Some(encoding),
                ..CsvOptions::default()
            };
            let _ = Table::from_csv_with("any", &*damage.of(GOOD), &options);
        }
    }
}
