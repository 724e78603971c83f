//! A gallery of files that can't be used, each with the whole message that it gets (`gallery.txt`). Read one as a person would: does it
//! say what to do?

use chainrule_data::{
    CsvOptions, Encoding, Error, Names, Preprocessing, Quote, Scaling, Schema, SchemaOptions,
    Table, split,
};
use flate2::{Compression, write::GzEncoder};
use std::io::Write;

/// A file, what is said about it, and perhaps another one that is read with what was learned from it.
#[derive(Default)]
struct Case {
    shown: String,
    file: Vec<u8>,
    reading: CsvOptions,
    columns: SchemaOptions,
    new: Option<Vec<u8>>,
}

impl Case {
    fn of(file: impl AsRef<[u8]>) -> Case {
        let file = file.as_ref();
        Case {
            shown: file.escape_ascii().to_string(),
            file: file.to_vec(),
            ..Case::default()
        }
    }

    /// For a file too large to be shown.
    fn described(words: &str, file: Vec<u8>) -> Case {
        Case {
            shown: format!("({words})"),
            file,
            ..Case::default()
        }
    }

    fn reading(mut self, words: &str, options: CsvOptions) -> Case {
        self.shown += &format!("    ({words})");
        self.reading = options;
        self
    }

    fn columns(mut self, words: &str, options: SchemaOptions) -> Case {
        self.shown += &format!("    ({words})");
        self.columns = options;
        self
    }

    fn new_rows(mut self, file: &str) -> Case {
        self.shown += &format!("    (then {})", file.as_bytes().escape_ascii());
        self.new = Some(file.as_bytes().to_vec());
        self
    }

    /// Goes the whole way to a scaled training matrix with the target `y`, or to that of the new rows.
    fn train(&self) -> Result<(), Error> {
        let table = Table::from_csv_with("data.csv", &*self.file, &self.reading)?;
        table.target(Some("y"))?;
        let schema = Schema::infer_with(&table, "y", &self.columns)?.schema;
        if let Some(new) = &self.new {
            schema.encode(&Table::from_csv("new.csv", &**new)?)?;
            return Ok(());
        }
        let data = schema.encode(&table)?;
        let parts = split::stratified(data.labels(), 0.2, 0)?;
        let train = data.select(&parts.train);
        Preprocessing::fit(Scaling::Standard, &train)?.transform::<f32>(&train)?;
        Ok(())
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Files that are broken, each in its own way.
fn gallery() -> Vec<Case> {
    let plain: [&[u8]; 58] = [
        // No table at all.
        b"",
        b"\xef\xbb\xbf\n \n",
        b"y,x\n\n",
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
        b"PK\x03\x04\x14\0\x08\0xl/worksheets/sheet1.xml",
        b"PK\x03\x04\x14\0\x08\0data.csv",
        b"%PDF-1.7\n",
        b"PAR1\x15\x04",
        b"SQLite format 3\0",
        b"<!DOCTYPE html>\n<html>",
        b"{\"y\": [1, 0]}",
        b"\0\0\x08\x01\0\0\x27\x10",
        b"\x1f\x8b\x08\0\0\0\0\0\0\x03",
        b"\x28\xb5\x2f\xfd\x04\x00\x61",
        b"\xff\xfe\0\0y\0\0\0",
        b"\xff\xfe<\0h\0t\0m\0l\0>\0",
        b"1 1:0.5 2:0.7\n0 2:1\n",
        b"@relation ill\n@attribute y {0,1}\n@data\n0\n",
        b"\x89CHN\r\n\x1a\n",
        // The header.
        b"6,148,33.6,1\n1,85,26.6,0\n",
        b"1,0,0,g\n1,2,3,b\n",
        b"y,x,x\n1,2,3\n",
        b"y,,x,\"\"\n1,2,3,4\n",
        b"Y,x\n1,2\n",
        b"y,\xfcber\n1,2\n",
        // Rows.
        b"y,x\n1,2\n0,3,4\n",
        b"y,x\n1,2\n0\n",
        b"y,x\n1\n0,1,2\n1\n0\n1\n0\n1\n0\n1\n0\n1\n0\n",
        b"y,x,\n1,2,3\n",
        b"y,x\n1,\xe9\n",
        b"y,x\n1,some text with a \0 in it\n",
        b"\xff\xfey\0,\0x\0\n\x001\0,\0\0\xd8\n\0",
        b"y,x\n1,\"2\n0,3\n1,4\n",
        b"y,x\n1,\"a\"b\n0,c\n",
        b"\xff\xfey\0,\0x\0\n\x001\0,\x002\0\n\x000\0,\0\x33",
        b"\xff\xfe\0\xd8,\0x\0\n\x001\0,\x002\0\n\0",
        b"a table of mine\ny,x\n1,2\n0,3\n",
        b"x,y\nann,1,2\nbob,0,3\n",
        b"y:x\n1:2\n0:3\n",
        // The target.
        b"y\n1\n0\n",
        b"y,x\n1,2\n1,3\n",
        b"y,x\n1,2\n,3\n",
        b"y,x\n,2\nNA,3\n",
        b"y,x\na,1\nb,2\nc,3\nb,4\n",
        b"y,x\n1,1\n0,2\n0,3\n",
        // Cells.
        b"y,x\n1,2\n0,abc\n",
        b"y,x\n1,\x1b]0;owned\x07\n0,1\n",
        b"y,x\n1,Paris\n0,Rome\n",
        b"y,x\n1,inf\n0,2\n",
        b"y,x\n1,1e999\n0,2\n",
        b"y;x\n1;1.234,5\n0;12,5\n1;1,234.5\n0;7,25\n",
        b"y;x\n1;1,234\n0;5,678\n",
        b"y;x;z\n1;1,5;1.5\n0;2,5;2.5\n1;1,5;2.5\n",
        b"y,x\n1,$5\n0,$6\n1,n/a\n0,free\n",
        b"y,x\n1,2024-01-01\n0,2024-02-30\n1,soon\n0,2024-03-01\n",
        b"y,x\n1,true\n0,false\n1,true\n0,2\n1,3\n0,4\n",
        b"y,x\n1,2\n0,3 kg\n1,4\n0,free\n",
        b"y,x\n1,\xe2\x88\x925\n0,3\n1,4\n",
    ];
    let mut cases: Vec<Case> = plain.iter().map(Case::of).collect();
    let two = b"y,x\n1,1e308\n0,2\n1,1e308\n0,4\n";
    cases.push(Case::of(two));
    let mut damaged = gzip(b"y,x\n1,2\n0,3\n");
    let end = damaged.len() - 8;
    damaged[end] ^= 1;
    cases.push(Case::described(
        "a gzip file whose checksum is wrong",
        damaged,
    ));
    cases.push(Case::described(
        "a PNG image packed with gzip",
        gzip(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"),
    ));
    cases.push(Case::described(
        "two hundred million zeros packed with gzip",
        gzip(&vec![b'0'; 200_000_000]),
    ));
    let mut huge = b"y,x\n1,\"".to_vec();
    huge.resize(17 << 20, b'x');
    cases.push(Case::described("a field of 17 MiB", huge));
    let reading = |change: fn(&mut CsvOptions)| {
        let mut options = CsvOptions::default();
        change(&mut options);
        options
    };
    let columns = |change: fn(&mut SchemaOptions)| {
        let mut options = SchemaOptions::default();
        change(&mut options);
        options
    };
    let good = "y,x\n1,2\n0,3\n";
    cases.extend([
        Case::of(good).reading(
            "commas part fields and stand round them",
            reading(|options| {
                (options.delimiter, options.quote) = (Some(b','), Quote::Char(b','));
            }),
        ),
        Case::of(good).reading(
            "semicolons part fields",
            reading(|options| options.delimiter = Some(b';')),
        ),
        Case::of("y,x\n1;2,3\n0;3,4\n").reading(
            "semicolons part fields",
            reading(|options| options.delimiter = Some(b';')),
        ),
        Case::of("y,x,y\n1,2,0\n0,3,1\n")
            .reading("renamed", reading(|options| options.names = Names::Rename)),
        Case::of(good).reading(
            "in UTF-16",
            reading(|options| options.encoding = Some(Encoding::Utf16)),
        ),
        Case::of(good).columns(
            "yes is positive",
            columns(|options| options.positive = Some("yes".to_owned())),
        ),
        Case::of(good).columns(
            "without x",
            columns(|options| options.ignore = vec!["x".to_owned()]),
        ),
        Case::of(good).columns(
            "without z",
            columns(|options| options.ignore = vec!["z".to_owned()]),
        ),
        Case::of("y,x\n1,a\n0,3\n1,b\n").columns(
            "x is numeric",
            columns(|options| options.numeric = vec!["x".to_owned()]),
        ),
        Case::of("y,x\n>50K,1\n<=50K,2\n").new_rows("y,x\n>50K.,1\n<=50K.,2\n"),
        Case::of("y,age\n1,2\n0,3\n").new_rows("y,Age,height\n1,2,3\n"),
        Case::of("y,x\n1,true\n0,false\n").new_rows("y,x\n1,maybe\n"),
        Case::of("y,x\n1,2024-12-31\n0,2024-11-30\n").new_rows("y,x\n1,2024-02-30\n0,2024-13-01\n"),
        Case::of("y,x\n1,2\n0,3\n").new_rows("y,x\n1,two\n0,3\n1,three\n"),
    ]);
    cases
}

/// What is said about each, as it was read and found good: run with `GALLERY=write` in the environment to write it anew.
#[test]
fn every_broken_file_gets_its_message() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/gallery.txt");
    let entry = |case: &Case| {
        let message = match case.train() {
            Ok(()) => panic!("{} is no broken file", case.shown),
            Err(error) => error.to_string(),
        };
        format!(
            "{}\n    {}\n\n",
            case.shown,
            message.replace('\n', "\n    ")
        )
    };
    let found: String = gallery().iter().map(entry).collect();
    if std::env::var("GALLERY").is_ok_and(|value| value == "write") {
        std::fs::write(path, &found).unwrap();
    }
    let expected = std::fs::read_to_string(path).unwrap_or_default();
    for (found, expected) in found.split("\n\n").zip(expected.split("\n\n")) {
        assert_eq!(found, expected);
    }
    assert_eq!(found, expected);
}

#[test]
fn what_can_not_be_opened_is_named() {
    let error = Table::open("/nowhere/at all.csv").unwrap_err().to_string();
    assert!(error.starts_with("/nowhere/at all.csv: "), "{error}");
    assert!(Table::open(env!("CARGO_MANIFEST_DIR")).is_err());
}

#[test]
fn a_cell_without_end_is_stopped() {
    // A quote that is never closed, in a file without end.
    let endless = std::io::Read::chain(&b"y,x\n1,2\n0,\""[..], std::io::repeat(b'x'));
    let error = Table::from_csv("pipe", endless).unwrap_err().to_string();
    assert_eq!(
        error,
        "pipe: line 3: a row of more than 16 MiB starts here; a quote is probably opened and never closed: close it, or say that there are no quotes"
    );
}
