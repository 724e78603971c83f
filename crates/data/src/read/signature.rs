//! Names a file that is something else than a table of text by its first bytes.

use crate::error::ErrorKind;

/// How much of a file is looked at.
pub(super) const HEAD: usize = 4096;

/// The error for a file whose first bytes are those of another format, or of no text at all.
pub(super) fn not_csv(head: &[u8]) -> Option<ErrorKind> {
    let found = |&&(magic, ..): &&(&[u8], _, _)| head.starts_with(magic);
    if let Some(&(_, what, help)) = SIGNATURES.iter().find(found) {
        let (what, help) = match what {
            ZIP if contains(head, b"xl/") || contains(head, b"[Content_Types].xml") => {
                ("an Excel workbook", "save the sheet as CSV")
            }
            ZIP if contains(head, b"opendocument.spreadsheet") => {
                ("an OpenDocument spreadsheet", "save the sheet as CSV")
            }
            _ => (what, help),
        };
        return Some(ErrorKind::NotCsv { what, help });
    }
    let text = head.trim_ascii_start();
    let start = text[..text.len().min(32)].to_ascii_lowercase();
    let begins_with = |words: &[&str]| words.iter().any(|word| start.starts_with(word.as_bytes()));
    let (what, help) = if begins_with(&["<!doctype html", "<html", "<head", "<body", "<table"]) {
        (
            "an HTML page",
            "the download may have failed or need a login; get the CSV file itself",
        )
    } else if begins_with(&["<?xml", "<svg"]) {
        ("an XML document", "export the table as CSV")
    } else if begins_with(&["{\"", "[{", "[[", "[\""])
        || (begins_with(&["{\n", "{\r", "{ ", "[\n", "[\r", "[ "]) && contains(head, b"\":"))
    {
        ("a JSON document", "export the table as CSV")
    } else if is_binary(head) {
        ("binary data", "expected a table as text")
    } else {
        return None;
    };
    Some(ErrorKind::NotCsv { what, help })
}

const ZIP: &str = "a ZIP archive";
const UNPACK: &str = "unpack it first";
const IMAGE: &str = "expected a table as text";
const EXPORT: &str = "export the table as CSV";

const SIGNATURES: &[(&[u8], &str, &str)] = &[
    (b"PK\x03\x04", ZIP, "unpack it first"),
    (b"PK\x05\x06", ZIP, "it is empty"),
    (b"BZh", "a bzip2 file", UNPACK),
    (b"\xfd7zXZ\0", "an xz file", UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", UNPACK),
    (b"Rar!\x1a\x07", "a RAR archive", UNPACK),
    (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        "an old Excel workbook (or another Office file)",
        "save the sheet as CSV",
    ),
    (b"\x89PNG\r\n\x1a\n", "a PNG image", IMAGE),
    (b"\xff\xd8\xff", "a JPEG image", IMAGE),
    (b"GIF8", "a GIF image", IMAGE),
    (b"%PDF-", "a PDF document", EXPORT),
    (b"PAR1", "a Parquet file", EXPORT),
    (b"ARROW1", "an Arrow file", EXPORT),
    (b"SQLite format 3\0", "an SQLite database", EXPORT),
    (b"\x93NUMPY", "a NumPy array", EXPORT),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file", EXPORT),
    (b"\x80\x04\x95", "a Python pickle", EXPORT),
    (b"\x7fELF", "a program", IMAGE),
];

fn contains(head: &[u8], part: &[u8]) -> bool {
    head.windows(part.len()).any(|window| window == part)
}

/// More than one byte in ten that no text has. A few of them are left to the reader, which says where they are.
fn is_binary(head: &[u8]) -> bool {
    let odd = head
        .iter()
        .filter(|&&byte| byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r' | 0x0b | 0x0c | 0x1b))
        .count();
    odd * 10 > head.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_formats_are_named() {
        let cases: [(&[u8], &str); 7] = [
            (
                b"PK\x03\x04\x14\0\x06\0[Content_Types].xml",
                "an Excel workbook",
            ),
            (b"PK\x03\x04\x14\0\x06\0data.csv", "a ZIP archive"),
            (b"\x89PNG\r\n\x1a\n\0\0", "a PNG image"),
            (b"  \n<!DOCTYPE html><html>", "an HTML page"),
            (b"{\n  \"a\": 1}", "a JSON document"),
            (b"[{\"a\":1}]", "a JSON document"),
            (&[0; 100], "binary data"),
        ];
        for (head, name) in cases {
            let Some(ErrorKind::NotCsv { what, .. }) = not_csv(head) else {
                panic!("{name}")
            };
            assert_eq!(what, name);
        }
    }

    #[test]
    fn tables_pass() {
        for head in [
            "a,b\n1,2\n",
            "x\n",
            "",
            "\"a\",\"b\"\n",
            "{a},b\n",
            "p\0,q\nsome more text\n",
            "<1,>=1\n",
        ] {
            assert!(not_csv(head.as_bytes()).is_none(), "{head:?}");
        }
    }
}
