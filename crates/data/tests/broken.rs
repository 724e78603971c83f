//! A gallery of files that can't be used, each with the whole message that it gets. Read one as a person would: does it say what to do?

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

const GALLERY: &[(&[u8], &str)] = &[
    (b"", "the file is empty; expected a header line and rows"),
    (
        b"\xef\xbb\xbf\n \n",
        "the file is empty; expected a header line and rows",
    ),
    (
        b"y,x\n\n",
        "there is a header and no row below it; nothing to work on",
    ),
    (
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
        "this is a PNG image, not a CSV file; expected a table as text",
    ),
    (
        b"\x1f\x8b\x08\0\0\0\0\0\0\x03",
        "this is a gzip file, not a CSV file; unpack it first",
    ),
    (
        b"PK\x03\x04\x14\0\x08\0xl/worksheets/sheet1.xml",
        "this is an Excel workbook, not a CSV file; save the sheet as CSV",
    ),
    (
        b"PK\x03\x04\x14\0\x08\0data.csv",
        "this is a ZIP archive, not a CSV file; unpack it first",
    ),
    (
        b"<!DOCTYPE html>\n<html>",
        "this is an HTML page, not a CSV file; the download may have failed or need a login; get the CSV file itself",
    ),
    (
        b"{\"y\": [1, 0]}",
        "this is a JSON document, not a CSV file; export the table as CSV",
    ),
    (
        b"\xff\xfey\0,\0x\0\n\0",
        "this is text in UTF-16, not a CSV file; save it as UTF-8",
    ),
    (
        b"\0\0\x08\x01\0\0\x27\x10",
        "this is binary data, not a CSV file; expected a table as text",
    ),
    (
        b"y;x\n1;2\n",
        "line 1 has no comma but the character ';', so the columns seem to be parted by it; save the table with commas",
    ),
    (
        b"y\tx\n1\t2\n",
        "line 1 has no comma but tabs, so the columns seem to be parted by it; save the table with commas",
    ),
    (
        b"6,148,33.6,1\n1,85,26.6,0\n",
        "line 1 holds only numbers (\"6\", \"148\", \"33.6\"…), so the file seems to have no header; put a line with the names of the columns on top",
    ),
    (
        b"1,0,0,g\n1,2,3,b\n",
        "line 1: more than one column is called \"0\"; give each column a name of its own; if line 1 is a row of data, put a line with the names of the columns above it",
    ),
    (
        b"1.5,2.5,g\n1,2,b\n",
        "no column \"y\"; the columns are \"1.5\", \"2.5\", \"g\"; if line 1 is a row of data, put a line with the names of the columns above it",
    ),
    (
        b"y,x,x\n1,2,3\n",
        "line 1: more than one column is called \"x\"; give each column a name of its own",
    ),
    (
        b"y,,x,\"\"\n1,2,3,4\n",
        "line 1: no name for column 2; give each column a name of its own",
    ),
    (
        b"Y,x\n1,2\n",
        "no column \"y\"; did you mean \"Y\"? The columns are \"Y\", \"x\"",
    ),
    (
        b"y,x\n1,2\n0,3,4\n",
        "line 3: 3 fields, header has 2; put cells that hold a comma in double quotes, or remove what is too much",
    ),
    (
        b"y,x\n1,2\n0\n",
        "line 3: 1 field, header has 2; complete the row or remove it",
    ),
    (
        b"y,x,\n1,2,3\n",
        "line 2: the last field, \"3\", has no name: the header ends in a comma; name the column or remove it",
    ),
    (
        b"y,x\n1,\xe9\n",
        "line 2, column \"x\": byte 0xE9 is not UTF-8; save the file as UTF-8 (it may be Latin-1 or Windows-1252)",
    ),
    (
        b"y,x\n1,some text with a \0 in it\n",
        "line 2, column \"x\": a NUL byte; this is not a text file, or one in UTF-16: save it as UTF-8",
    ),
    (
        b"y,x\n1,\"2\n0,3\n1,4\n",
        "line 2: a double quote is opened in the row that starts here and not closed before the end of the file; close or remove it",
    ),
    (
        b"y\n1\n0\n",
        "the target \"y\" is the only column; there is nothing to predict it from",
    ),
    (
        b"y,x\n1,2\n1,3\n",
        "column \"y\": every row has the label \"1\" (2 rows); two labels are needed to learn the difference",
    ),
    (
        b"y,x\n1,2\n,3\n",
        "column \"y\": every row has the label \"1\" (1 row) or none (1 row); two labels are needed to learn the difference",
    ),
    (
        b"y,x\n,2\nNA,3\n",
        "column \"y\": none of the 2 rows has a label",
    ),
    (
        b"y,x\na,1\nb,2\nc,3\nb,4\n",
        "column \"y\": 3 labels, two are needed: \"b\" (2 rows), \"a\" (1 row), \"c\" (1 row); choose a column of two values as the target, or keep the rows of two of these",
    ),
    (
        b"y,x\n1,2\n0,abc\n",
        "line 3, column \"x\": \"abc\" is not a number; features are numbers: correct the cell, or remove the column if it is not a quantity",
    ),
    (
        b"y,x\n1,\x1b]0;owned\x07\n0,1\n",
        "line 2, column \"x\": \"\\u{1b}]0;owned\\u{7}\" is not a number; features are numbers: correct the cell, or remove the column if it is not a quantity",
    ),
    (
        b"y,x\n1,Paris\n0,Rome\n",
        "line 2, column \"x\": \"Paris\" is not a number (the same in all 2 cells of the column); features are numbers: correct the cell, or remove the column if it is not a quantity",
    ),
    (
        b"y,x\n1,\"1,5\"\n0,2\n",
        "line 2, column \"x\": \"1,5\" is not a number; features are numbers: correct the cell, or remove the column if it is not a quantity",
    ),
    (
        b"y,x\n1,\n0,2\n1,?\n",
        "line 2, column \"x\": the value is missing (and 1 other of 3 cells in this column); missing values can't be used yet: fill the cell, or remove its row or column",
    ),
    (
        b"y,x\n1,inf\n0,2\n",
        "line 2, column \"x\": \"inf\" is not a finite number; infinite values can't be used: correct the cell or remove its row",
    ),
    (
        b"y,x\n1,1e999\n0,2\n",
        "line 2, column \"x\": \"inf\" is not a finite number; infinite values can't be used: correct the cell or remove its row",
    ),
    (
        b"y,x,z\n1,a,1\n0,2,\n",
        "line 2, column \"x\": \"a\" is not a number\n  line 3, column \"z\": the value is missing\nfeatures are numbers: correct the cell, or remove the column if it is not a quantity\nmissing values can't be used yet: fill the cell, or remove its row or column",
    ),
    (
        b"y,x\n1,1e308\n0,2\n1,1e308\n0,4\n",
        "column \"x\": values above 1e307 can't be standardised; give the column in another unit",
    ),
    (
        b"y,x\n1,1\n0,2\n0,3\n",
        "2 rows of the negative and 1 row of the positive class: too few for one of each on both sides of a validation split; give at least two of each, or train without validation",
    ),
];

#[test]
fn every_broken_file_gets_its_message() {
    let mut wrong = Vec::new();
    for (file, expected) in GALLERY {
        let found = train(file).map_err(|error| error.to_string());
        let found = found.map_or_else(
            |message| message.replace("data.csv: ", ""),
            |()| "no error".to_owned(),
        );
        if found != *expected {
            wrong.push(format!(
                "{:?}\n  found    {found}\n  expected {expected}",
                String::from_utf8_lossy(file)
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
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
        "pipe: line 3: a row of more than 16 MiB starts here; a double quote is probably opened and never closed"
    );
}
