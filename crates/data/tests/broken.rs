//! A gallery of files that can't be used, each with the whole message that it gets (`gallery.txt`). Read one as a person would: does it
//! say what to do?

use chainrule_data::{Error, Preprocessing, Scaling, Schema, Table, split};

/// Goes the whole way to a scaled training matrix with the target `y`.
fn train(file: &[u8]) -> Result<(), Error> {
    let table = Table::from_csv("data.csv", file)?;
    let data = Schema::infer(&table, "y", None)?.encode(&table)?;
    let parts = split::stratified(data.labels(), 0.2, 0)?;
    let train = data.select(&parts.train);
    Preprocessing::fit(Scaling::Standard, &train)?.transform::<f32>(&train)?;
    Ok(())
}

/// Files that are broken, each in its own way.
const GALLERY: &[&[u8]] = &[
    b"",
    b"\xef\xbb\xbf\n \n",
    b"y,x\n\n",
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
    b"\x1f\x8b\x08\0\0\0\0\0\0\x03",
    b"PK\x03\x04\x14\0\x08\0xl/worksheets/sheet1.xml",
    b"PK\x03\x04\x14\0\x08\0data.csv",
    b"<!DOCTYPE html>\n<html>",
    b"{\"y\": [1, 0]}",
    b"\xff\xfey\0,\0x\0\n\0",
    b"\0\0\x08\x01\0\0\x27\x10",
    b"y;x\n1;2\n",
    b"y\tx\n1\t2\n",
    b"6,148,33.6,1\n1,85,26.6,0\n",
    b"1,0,0,g\n1,2,3,b\n",
    b"1.5,2.5,g\n1,2,b\n",
    b"y,x,x\n1,2,3\n",
    b"y,,x,\"\"\n1,2,3,4\n",
    b"Y,x\n1,2\n",
    b"y,x\n1,2\n0,3,4\n",
    b"y,x\n1,2\n0\n",
    b"y,x,\n1,2,3\n",
    b"y,x\n1,\xe9\n",
    b"y,x\n1,some text with a \0 in it\n",
    b"y,x\n1,\"2\n0,3\n1,4\n",
    b"y\n1\n0\n",
    b"y,x\n1,2\n1,3\n",
    b"y,x\n1,2\n,3\n",
    b"y,x\n,2\nNA,3\n",
    b"y,x\na,1\nb,2\nc,3\nb,4\n",
    b"y,x\n1,2\n0,abc\n",
    b"y,x\n1,\x1b]0;owned\x07\n0,1\n",
    b"y,x\n1,Paris\n0,Rome\n",
    b"y,x\n1,\"1,5\"\n0,2\n",
    b"y,x\n1,\n0,2\n1,?\n",
    b"y,x\n1,inf\n0,2\n",
    b"y,x\n1,1e999\n0,2\n",
    b"y,x,z\n1,a,1\n0,2,\n",
    b"y,x\n1,1e308\n0,2\n1,1e308\n0,4\n",
    b"y,x\n1,1\n0,2\n0,3\n",
];

/// What is said about each, as it was read and found good: run with `GALLERY=write` in the environment to write it anew.
#[test]
fn every_broken_file_gets_its_message() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/gallery.txt");
    let entry = |file: &&[u8]| {
        let message = match train(file) {
            Ok(()) => panic!("{} is no broken file", file.escape_ascii()),
            Err(error) => error.to_string(),
        };
        format!(
            "{}\n    {}\n\n",
            file.escape_ascii(),
            message.replace('\n', "\n    ")
        )
    };
    let found: String = GALLERY.iter().map(entry).collect();
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
        "pipe: line 3: a row of more than 16 MiB starts here; a quote is probably opened and never closed"
    );
}
