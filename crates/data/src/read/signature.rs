//! Names a file that is something else than a table of text by its first bytes.

use crate::error::ErrorKind;

/// How much of a file is looked at.
pub(super) const HEAD: usize = 4096;

/// The error for a file whose first bytes are those of another format, or of no text at all.
///
/// A byte order mark is not among them, and text in UTF-16 has been made UTF-8.
pub(super) fn not_csv(head: &[u8]) -> Option<ErrorKind> {
    let (what, help) = by_magic(head)
        .or_else(|| by_words(head))
        .or_else(|| is_binary(head).then_some(("binary data", TEXT)))?;
    Some(ErrorKind::NotCsv { what, help })
}

/// What a file is, with its article, and what to do about it.
type Named = (&'static str, &'static str);

const UNPACK: &str = "unpack it first";
const TEXT: &str = "expected a table as text";
const EXPORT: &str = "export the table as CSV";
const SAVE: &str = "save the sheet as CSV";

fn by_magic(head: &[u8]) -> Option<Named> {
    if head.starts_with(b"PK\x03\x04") {
        return Some(zip(head));
    }
    if head.starts_with(b"RIFF") && head.get(8..12) == Some(b"WEBP") {
        return Some(("a WebP image", TEXT));
    }
    if head.get(257..262) == Some(b"ustar") {
        return Some(("a tar archive", UNPACK));
    }
    if head.starts_with(b"BM") && is_binary(head) {
        return Some(("a BMP image", TEXT));
    }
    if head.starts_with(b"MZ") && is_binary(head) {
        return Some(("a program", TEXT));
    }
    if head.starts_with(b"ORC") && is_binary(head) {
        return Some(("an ORC file", EXPORT));
    }
    SIGNATURES
        .iter()
        .find(|(magic, _)| head.starts_with(magic))
        .map(|&(_, named)| named)
}

const SIGNATURES: &[(&[u8], Named)] = &[
    (b"PK\x05\x06", ("a ZIP archive", "it is empty")),
    (b"\x1f\x8b", ("a gzip file in another packed file", UNPACK)),
    (
        b"\x28\xb5\x2f\xfd",
        ("a zstd file in another packed file", UNPACK),
    ),
    (b"BZh", ("a bzip2 file", UNPACK)),
    (b"\xfd7zXZ\0", ("an xz file", UNPACK)),
    (b"\x04\x22\x4d\x18", ("an LZ4 file", UNPACK)),
    (b"\x1f\x9d", ("a file of the program compress", UNPACK)),
    (b"7z\xbc\xaf\x27\x1c", ("a 7-Zip archive", UNPACK)),
    (b"Rar!\x1a\x07", ("a RAR archive", UNPACK)),
    (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        ("an old Excel workbook (or another Office file)", SAVE),
    ),
    (b"\x89PNG\r\n\x1a\n", ("a PNG image", TEXT)),
    (b"\xff\xd8\xff", ("a JPEG image", TEXT)),
    (b"GIF8", ("a GIF image", TEXT)),
    (b"II*\0", ("a TIFF image", TEXT)),
    (b"MM\0*", ("a TIFF image", TEXT)),
    (b"%PDF-", ("a PDF document", EXPORT)),
    (b"%!PS", ("a PostScript document", EXPORT)),
    (b"{\\rtf", ("an RTF document", EXPORT)),
    (b"PAR1", ("a Parquet file", EXPORT)),
    (b"ARROW1", ("an Arrow file", EXPORT)),
    (b"FEA1", ("a Feather file", EXPORT)),
    (b"Obj\x01", ("an Avro file", EXPORT)),
    (b"SQLite format 3\0", ("an SQLite database", EXPORT)),
    (b"\0\x01\0\0Standard ", ("an Access database", EXPORT)),
    (b"\x93NUMPY", ("a NumPy array", EXPORT)),
    (b"\x89HDF\r\n\x1a\n", ("an HDF5 file", EXPORT)),
    (b"MATLAB 5.0", ("a MATLAB file", EXPORT)),
    (b"<stata_dta>", ("a Stata file", EXPORT)),
    (b"$FL2@(#)", ("an SPSS file", EXPORT)),
    (b"$FL3@(#)", ("an SPSS file", EXPORT)),
    (b"X\n\0\0\0", ("a file of R's saveRDS", EXPORT)),
    (b"RDX2\n", ("a file of R's save", EXPORT)),
    (b"RDX3\n", ("a file of R's save", EXPORT)),
    (b"\x80\x02", ("a Python pickle", EXPORT)),
    (b"\x80\x03", ("a Python pickle", EXPORT)),
    (b"\x80\x04\x95", ("a Python pickle", EXPORT)),
    (b"\x80\x05\x95", ("a Python pickle", EXPORT)),
    (b"\x7fELF", ("a program", TEXT)),
    (b"\xcf\xfa\xed\xfe", ("a program", TEXT)),
    (
        b"\x89CHN\r\n\x1a\n",
        (
            "a chainrule model",
            "name the table here, and the model where a model goes",
        ),
    ),
    (
        b"version https://git-lfs.github.com/",
        (
            "a pointer of Git LFS, which stands for the file",
            "get the file itself with git lfs pull",
        ),
    ),
];

/// A ZIP archive is an Office file by the names in it, of which the first are in its first bytes.
fn zip(head: &[u8]) -> Named {
    let has = |part: &[u8]| contains(head, part);
    if has(b"xl/") {
        ("an Excel workbook", SAVE)
    } else if has(b"opendocument.spreadsheet") {
        ("an OpenDocument spreadsheet", SAVE)
    } else if has(b"word/") {
        ("a Word document", EXPORT)
    } else if has(b"ppt/") {
        ("a PowerPoint file", EXPORT)
    } else if has(b"[Content_Types].xml") || has(b"_rels/") || has(b"docProps/") {
        ("an Excel workbook (or another Office file)", SAVE)
    } else if has(b".npy") {
        ("an archive of NumPy arrays", EXPORT)
    } else {
        ("a ZIP archive", UNPACK)
    }
}

/// Text that is no table.
fn by_words(head: &[u8]) -> Option<Named> {
    let text = head.trim_ascii_start();
    let start = text[..text.len().min(32)].to_ascii_lowercase();
    let begins_with = |words: &[&str]| words.iter().any(|word| start.starts_with(word.as_bytes()));
    let is_html = begins_with(&["<!doctype html", "<html", "<head", "<body", "<table"])
        || (begins_with(&["<!--"]) && contains(&head.to_ascii_lowercase(), b"<html"));
    if is_html {
        Some((
            "an HTML page",
            "the download may have failed or need a login; get the CSV file itself",
        ))
    } else if begins_with(&["<?xml", "<svg", "<!--", "<!doctype"]) {
        Some(("an XML document", EXPORT))
    } else if begins_with(&["{\"", "[{", "[[", "[\""])
        || (begins_with(&["{\n", "{\r", "{ ", "[\n", "[\r", "[ "]) && contains(head, b"\":"))
    {
        Some(("a JSON document", EXPORT))
    } else if is_arff(text) {
        Some((
            "an ARFF file",
            "put a line with the names of the columns in the place of all lines up to @data",
        ))
    } else if is_svmlight(text) {
        Some((
            "a file in SVMlight's format",
            "write it as a table with a column for each feature",
        ))
    } else if is_markdown(text) {
        Some(("a table in Markdown", EXPORT))
    } else {
        None
    }
}

fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii)
}

/// Comments, which begin with `%`, then `@relation`.
fn is_arff(text: &[u8]) -> bool {
    let first = lines(text).find(|line| !line.is_empty() && !line.starts_with(b"%"));
    first.is_some_and(|line| line.to_ascii_lowercase().starts_with(b"@relation"))
}

/// A number, then places and values: `1 3:0.5 7:2`. The last line may be cut off.
fn is_svmlight(text: &[u8]) -> bool {
    let is_pair = |word: &str| {
        let pair = word.split_once(':');
        pair.is_some_and(|(at, value)| at.parse::<u32>().is_ok() && value.parse::<f64>().is_ok())
    };
    let pairs = |line: &[u8]| {
        let mut words = std::str::from_utf8(line).ok()?.split_ascii_whitespace();
        words.next()?.parse::<f64>().ok()?;
        words
            .map(is_pair)
            .try_fold(0, |count, is| is.then_some(count + 1))
    };
    let mut counts = lines(text).take(3).map(pairs);
    let first = counts.next().flatten();
    // `0 10:30` may be a number and a time.
    first.is_some_and(|count| count > 1) && counts.next().flatten().is_some()
}

/// A row between pipes, then one of dashes.
fn is_markdown(text: &[u8]) -> bool {
    let mut lines = lines(text);
    let first = lines.next().unwrap_or_default();
    let second = lines.next().unwrap_or_default();
    first.starts_with(b"|")
        && contains(second, b"---")
        && second.iter().all(|byte| b"|-: ".contains(byte))
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
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
        let mut tar = vec![b'a'; 512];
        tar[257..262].copy_from_slice(b"ustar");
        let cases: [(&[u8], &str); 29] = [
            (
                b"PK\x03\x04\x14\0\x06\0[Content_Types].xml",
                "an Excel workbook (or another Office file)",
            ),
            (
                b"PK\x03\x04\x14\0\x06\0_rels/.rels",
                "an Excel workbook (or another Office file)",
            ),
            (
                b"PK\x03\x04\x14\0\x06\0xl/workbook.xml",
                "an Excel workbook",
            ),
            (
                b"PK\x03\x04\x14\0\x06\0[Content_Types].xml and word/document.xml",
                "a Word document",
            ),
            (b"PK\x03\x04\x14\0\x06\0data.csv", "a ZIP archive"),
            (b"PK\x03\x04\x14\0\x06\0x.npy", "an archive of NumPy arrays"),
            (b"\x89PNG\r\n\x1a\n\0\0", "a PNG image"),
            (b"RIFF\x24\0\0\0WEBPVP8 ", "a WebP image"),
            (b"BM\x46\0\0\0\0\0\0\0\x36\0\0\0", "a BMP image"),
            (b"MZ\x90\0\x03\0\0\0", "a program"),
            (b"\x89CHN\r\n\x1a\n\0\0", "a chainrule model"),
            (b"X\n\0\0\0\x03\0\x04", "a file of R's saveRDS"),
            (b"$FL2@(#) SPSS DATA FILE", "an SPSS file"),
            (b"{\\rtf1\\ansi hello}", "an RTF document"),
            (b"\x1f\x8b\x08", "a gzip file in another packed file"),
            (
                b"version https://git-lfs.github.com/spec/v1\noid sha256:4d\n",
                "a pointer of Git LFS, which stands for the file",
            ),
            (b"  \n<!DOCTYPE html><html>", "an HTML page"),
            (b"<!-- saved -->\n<HTML>", "an HTML page"),
            (b"<!-- saved -->\n<a/>", "an XML document"),
            (b"{\n  \"a\": 1}", "a JSON document"),
            (b"[{\"a\":1}]", "a JSON document"),
            (b"@RELATION iris\n@attribute a numeric\n", "an ARFF file"),
            (b"% a comment, long\n%\n\n@relation 'i'\n", "an ARFF file"),
            (b"1 1:0.5 2:0.7\n0 1:0.1\n", "a file in SVMlight's format"),
            (b"-1 3:1 7:2e-3\r\n+1\r\n", "a file in SVMlight's format"),
            (b"| x | y |\n|---|:-:|\n| 1 | 0 |\n", "a table in Markdown"),
            (b"%!PS-Adobe-3.0\n", "a PostScript document"),
            (&tar, "a tar archive"),
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
            "BMI,age\n1,2\n",
            "MZ,ORACLE\n1,2\n",
            "|x|y|\n|1|2|\n",
            "0 10:30\n1 11:45\n",
            "%,@relation\n1,2\n",
            "1 1:2 2:3,4\n",
        ] {
            assert!(not_csv(head.as_bytes()).is_none(), "{head:?}");
        }
    }
}
