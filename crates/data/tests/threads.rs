//! What a file is read as does not depend on how many threads read it: cells to their bits, schema, notes, errors.

use chainrule_data::{
    Cell, CsvOptions, Encoding, OnBad, Preprocessing, Scaling, Schema, SchemaOptions, Table,
};
use flate2::{Compression, write::GzEncoder};
use std::fmt::Write as _;
use std::io::Write as _;

/// Large enough for many pieces, in more than one block: numbers of all spellings, names, missing values, quotes with line ends, codes
/// with zeros in front, integers above 2^53, blank lines.
fn mixed(rows: usize) -> String {
    let mut state = 7_u64;
    let mut random = move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        state >> 33
    };
    let mut text = String::from("number,short,code,name,quoted,big,when,y\r\n");
    for row in 0..rows {
        let r = random();
        let _ = match r % 5 {
            0 => write!(text, "?,"),
            1 => write!(text, "{:e},", r as f64 / 77.0),
            _ => write!(text, "{},", (r as f64 - 1e9) / 12_345_678.0),
        };
        let _ = write!(
            text,
            " {:.2} ,{:03},",
            random() as f64 / 1e7,
            random() % 900
        );
        let _ = write!(text, "level {},", random() % (3 + row as u64 / 500));
        let _ = match r % 7 {
            0 => write!(text, "\"a\n\"\"b\"\"\","),
            1 => write!(text, "\"{}, or not\",", r % 3),
            _ => write!(text, "it's plain,"),
        };
        let _ = write!(text, "{},", 9_007_199_254_740_900 + random() % 200);
        let _ = write!(text, "20{:02}-0{}-1{},", r % 30, 1 + r % 9, r % 10);
        text += if random() % 3 == 0 { "yes" } else { "no" };
        text += if r % 1000 == 0 { "\r\n\r\n" } else { "\r\n" };
    }
    text
}

fn numeric(rows: usize) -> String {
    let mut text = String::from("a;b;c;y\n");
    for row in 0..rows {
        let x = (row as f64 * 0.731).fract() - 0.5;
        let line = format!("{x};{:.3};{row};{}\n", 100.0 * x, row % 2);
        text += &line.replace('.', ",");
    }
    text
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn utf16(text: &str) -> Vec<u8> {
    let units = std::iter::once(0xfeff).chain(text.encode_utf16());
    units.flat_map(u16::to_be_bytes).collect()
}

/// All that can be seen of a file, in words and bits.
fn seen(bytes: &[u8], options: &CsvOptions) -> Vec<String> {
    let table = match Table::from_csv_with("t.csv", bytes, options) {
        Ok(table) => table,
        Err(error) => return vec![error.to_string()],
    };
    let mut seen = vec![
        format!("{:?} {:?}", table.names(), table.format()),
        format!("{:?} {:?}", table.notes(), table.sha256()),
        format!(
            "{:?}",
            (0..table.rows())
                .map(|row| table.line(row))
                .collect::<Vec<_>>()
        ),
    ];
    for column in table.columns() {
        let cell = |cell| match cell {
            Cell::Number(value) => format!("{:x}", value.to_bits()),
            other => format!("{other:?}"),
        };
        seen.push(column.cells().map(cell).collect::<Vec<_>>().join(" "));
    }
    let inferred = match Schema::infer_with(&table, "y", &SchemaOptions::default()) {
        Ok(inferred) => inferred,
        Err(error) => return [seen, vec![error.to_string()]].concat(),
    };
    seen.push(format!("{inferred:?}"));
    let bits = |values: &[f64]| {
        format!(
            "{:x?}",
            values.iter().map(|x| x.to_bits()).collect::<Vec<_>>()
        )
    };
    let data = inferred.schema.encode(&table).unwrap();
    seen.push(bits(data.features().as_slice()));
    seen.push(format!("{:?}", data.labels()));
    let owned = inferred.schema.encode_owned(table).unwrap();
    assert!(owned == data);
    for scaling in [Scaling::Standard, Scaling::Robust] {
        let fitted = Preprocessing::fit(scaling, &data).unwrap();
        seen.push(bits(fitted.transform::<f64>(&data).unwrap().as_slice()));
    }
    seen
}

fn check(what: &str, bytes: &[u8], options: &CsvOptions) {
    let with = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        pool.build().unwrap().install(|| seen(bytes, options))
    };
    let expected = with(1);
    for threads in [2, 3, 7] {
        let found = with(threads);
        assert_eq!(found.len(), expected.len(), "{what}: {threads} threads");
        for (at, (found, expected)) in found.iter().zip(&expected).enumerate() {
            assert!(found == expected, "{what}: {threads} threads, part {at}");
        }
    }
    // And outside of any pool of ours.
    assert!(seen(bytes, options) == expected, "{what}");
}

#[test]
fn tables_are_the_same() {
    let plain = CsvOptions::default();
    let (mixed, numeric) = (mixed(24_000), numeric(60_000));
    check("mixed", mixed.as_bytes(), &plain);
    check("numeric", numeric.as_bytes(), &plain);
    check("gzip", &gzip(numeric.as_bytes()), &plain);
    check("UTF-16", &utf16(&numeric), &plain);
    let latin = CsvOptions {
        encoding: Some(Encoding::Latin1),
        ..CsvOptions::default()
    };
    let bytes = mixed.replace("it's", "it_s").into_bytes();
    let bytes: Vec<u8> = bytes
        .iter()
        .map(|&byte| if byte == b'_' { 0xe9 } else { byte })
        .collect();
    check("Latin-1", &bytes, &latin);
}

#[test]
fn errors_and_rows_that_are_left_out_are_the_same() {
    let mut text = mixed(20_000);
    let lines: Vec<usize> = text.match_indices("\r\n").map(|(at, _)| at).collect();
    for (at, damage) in lines
        .iter()
        .rev()
        .step_by(997)
        .zip([",1,2", "\0", ",\"a\"b"].iter().cycle())
    {
        text.insert_str(*at, damage);
    }
    check("bad rows", text.as_bytes(), &CsvOptions::default());
    for on_bad in [OnBad::Skip, OnBad::Report] {
        let options = CsvOptions {
            on_bad,
            ..CsvOptions::default()
        };
        check("bad rows left out", text.as_bytes(), &options);
    }
    let mut open = numeric(60_000);
    open.insert_str(2_000_000, "\n\"open;1;2;3\n");
    check("an open quote", open.as_bytes(), &CsvOptions::default());
    let mut words = numeric(60_000);
    words += "x;y;z;1\n";
    check(
        "words among numbers",
        words.as_bytes(),
        &CsvOptions::default(),
    );
}
