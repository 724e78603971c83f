//! What the first rows of a file say about how it is written.

use std::borrow::Cow;

use memchr::memchr;

use super::numbers::NumberStyle;
use super::options::{CsvOptions, Header, Quote};
use super::rows::{Dialect, Field, RowEnd, fields, row_end, texts};
use crate::cell::{Cell, Spelling};

/// How much of a file is looked at.
pub(super) const SAMPLE: usize = 1 << 18;

/// How many rows are looked at.
const ROWS: usize = 2000;

/// What was said about a file, and detected where nothing was said.
#[derive(Clone, Debug)]
pub(super) struct Detected {
    pub dialect: Dialect,
    pub spelling: Spelling,
    pub header: Decision,
}

/// Whether the first row names the columns, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// It was said.
    Asked(bool),
    /// It has names that were expected, or none of them.
    Expected(bool),
    /// Words stand above columns of numbers.
    WordsAboveNumbers,
    /// It holds nothing but whole numbers in ascending order, such as years, that don't occur below.
    Years,
    /// Nothing speaks for data.
    Words,
    /// Each of its cells occurs again in its column.
    Recurs,
    /// Numbers stand above columns of numbers.
    Numbers,
}

impl Decision {
    /// Whether the first row names the columns.
    pub fn is_header(self) -> bool {
        match self {
            Decision::Asked(is_header) | Decision::Expected(is_header) => is_header,
            Decision::WordsAboveNumbers | Decision::Years | Decision::Words => true,
            Decision::Recurs | Decision::Numbers => false,
        }
    }
}

/// Looks at the start of a file; `is_whole` if that is all there is.
pub(super) fn detect(text: &[u8], is_whole: bool, options: &CsvOptions) -> Detected {
    let dialect = dialect(text, is_whole, options);
    let sample: Vec<Vec<Cow<str>>> = rows(text, is_whole, dialect, ROWS)
        .map(|row| texts(row, dialect))
        .collect();
    let numbers = match options.decimal {
        Some(decimal) => NumberStyle::asked(decimal),
        None => {
            let cells = sample.iter().skip(1).flatten().map(|cell| &**cell);
            NumberStyle::detect(dialect.delimiter, cells)
        }
    };
    let spelling = Spelling {
        missing: options
            .missing
            .iter()
            .map(|word| word.trim().to_owned())
            .collect(),
        numbers,
        infinite: options.infinite,
    };
    let header = match options.header {
        Header::Present => Decision::Asked(true),
        Header::Absent => Decision::Asked(false),
        Header::AbsentUnless => match header(&sample, &spelling, &options.expected) {
            Decision::Expected(true) => Decision::Expected(true),
            _ => Decision::Expected(false),
        },
        Header::Detect => header(&sample, &spelling, &options.expected),
    };
    Detected {
        dialect,
        spelling,
        header,
    }
}

/// The rows of a text that are not blank, up to a number of them, without the last one if that may be cut off.
fn rows(text: &[u8], is_whole: bool, dialect: Dialect, most: usize) -> impl Iterator<Item = &[u8]> {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            if at >= text.len() {
                return None;
            }
            let RowEnd::At { end, next } = row_end(text, at, dialect, is_whole) else {
                return None;
            };
            let row = &text[at..end];
            at = next;
            if !row.trim_ascii().is_empty() {
                return Some(row);
            }
        }
    })
    .take(most)
}

fn dialect(text: &[u8], is_whole: bool, options: &CsvOptions) -> Dialect {
    let with_quote = |delimiter: u8| {
        let quote = match options.quote {
            Quote::Char(quote) => Some(quote),
            Quote::None => None,
            Quote::Detect => Some(quote(text, is_whole, delimiter)),
        };
        Dialect { delimiter, quote }
    };
    if let Some(delimiter) = options.delimiter {
        return with_quote(delimiter);
    }
    let mut best = (0.0, with_quote(b','));
    for delimiter in [b',', b';', b'\t', b'|'] {
        let dialect = with_quote(delimiter);
        let score = fit(text, is_whole, dialect);
        // The earlier one wins a tie.
        if score > best.0 {
            best = (score, dialect);
        }
    }
    best.1
}

/// How well a dialect fits: the share of rows that have the usual number of fields, at least two, and less so the share of fields that are
/// numbers or nothing. 0 if it parts nothing.
fn fit(text: &[u8], is_whole: bool, dialect: Dialect) -> f64 {
    let sample: Vec<Vec<Cow<str>>> = rows(text, is_whole, dialect, 200)
        .map(|row| texts(row, dialect))
        .collect();
    let mut counts: Vec<usize> = sample.iter().map(Vec::len).collect();
    counts.sort_unstable();
    let usual = counts
        .chunk_by(|a, b| a == b)
        .max_by_key(|chunk| (chunk.len(), chunk[0]))
        .map_or((0, 0), |chunk| (chunk[0], chunk.len()));
    if usual.0 < 2 {
        return 0.0;
    }
    let styles = [
        NumberStyle::PLAIN,
        NumberStyle::asked(super::Decimal::Comma),
        NumberStyle::asked(super::Decimal::Point),
    ];
    let is_value = |cell: &Cow<str>| {
        styles
            .iter()
            .any(|style| style.number(cell.trim()).is_some())
            || Cell::parse(cell) == Cell::Missing
    };
    let cells: Vec<bool> = sample
        .iter()
        .filter(|row| row.len() == usual.0)
        .flatten()
        .map(is_value)
        .collect();
    let values = cells.iter().filter(|&&is_value| is_value).count();
    usual.1 as f64 / sample.len() as f64 + 0.3 * values as f64 / cells.len() as f64
}

/// A delimiter that parts every row into the same number of fields, two or more, where the one that is used parts none, or the first row
/// otherwise than the most.
pub(super) fn likely_delimiter(text: &[u8], is_whole: bool, used: Dialect) -> Option<u8> {
    let counts = |dialect| -> Vec<usize> {
        let rows = rows(text, is_whole, dialect, 200);
        rows.map(|row| fields(row, dialect).count()).collect()
    };
    let of_used = counts(used);
    let (first, rest) = of_used.split_first()?;
    if rest.is_empty() || (*first > 1 && rest.iter().any(|count| count == first)) {
        return None;
    }
    let parts_evenly = |delimiter: &u8| {
        let counts = counts(Dialect {
            delimiter: *delimiter,
            ..used
        });
        // There may be no whole row where another delimiter lets quotes stand round other fields.
        counts
            .first()
            .is_some_and(|first| *first > 1 && counts.iter().all(|count| count == first))
    };
    b",;\t|: ^~"
        .iter()
        .copied()
        .filter(|&delimiter| delimiter != used.delimiter && used.quote != Some(delimiter))
        .find(parts_evenly)
}

/// Single quotes if fields stand in them, all of them well, and none stands in double ones.
fn quote(text: &[u8], is_whole: bool, delimiter: u8) -> u8 {
    if memchr(b'\'', text).is_none() {
        return b'"';
    }
    let quoted = |quote: u8| {
        let dialect = Dialect {
            delimiter,
            quote: Some(quote),
        };
        let (mut quoted, mut broken) = (0, 0);
        for field in rows(text, is_whole, dialect, 500).flat_map(|row| fields(row, dialect)) {
            match field {
                Field::Quoted { .. } => quoted += 1,
                Field::Broken(_) => broken += 1,
                Field::Plain(_) => {}
            }
        }
        (quoted, broken)
    };
    let (single, broken) = quoted(b'\'');
    if single > 1 && broken == 0 && quoted(b'"').0 == 0 {
        b'\''
    } else {
        b'"'
    }
}

fn header(sample: &[Vec<Cow<str>>], spelling: &Spelling, expected: &[String]) -> Decision {
    let Some((first, rest)) = sample.split_first() else {
        return Decision::Words;
    };
    let first: Vec<&str> = first.iter().map(|cell| cell.trim()).collect();
    let known = expected
        .iter()
        .filter(|name| first.contains(&name.as_str()))
        .count();
    if known > 0 && known * 2 >= expected.len() {
        return Decision::Expected(true);
    }
    let is_number = |cell: &str| matches!(Cell::parse_as(cell, spelling), Cell::Number(_));
    if rest.is_empty() {
        return if first.iter().any(|cell| is_number(cell)) {
            Decision::Numbers
        } else {
            Decision::Words
        };
    }
    let is_first =
        |row: &Vec<Cow<str>>| row.iter().map(|cell| cell.trim()).eq(first.iter().copied());
    let other_rows: Vec<&Vec<Cow<str>>> = rest.iter().filter(|row| !is_first(row)).collect();
    let column = |at: usize| {
        rest.iter()
            .filter_map(move |row| row.get(at))
            .map(|cell| cell.trim())
    };
    let recurs = |at: usize| column(at).any(|cell| cell == first[at]);
    let all_recur = (0..first.len()).all(recurs);
    let (mut words, mut numbers) = (0, 0);
    for (at, cell) in first.iter().enumerate() {
        let (mut like_numbers, mut present) = (0, 0);
        let others = other_rows.iter().filter_map(|row| row.get(at));
        for other in others.filter(|cell| !Cell::is_missing_as(cell, spelling)) {
            present += 1;
            like_numbers += usize::from(begins_like_a_number(other.trim()));
        }
        if present == 0 || like_numbers * 10 < present * 9 || Cell::is_missing_as(cell, spelling) {
            continue;
        }
        if begins_like_a_number(cell) {
            numbers += 1;
        } else {
            words += 1;
        }
    }
    // A header that stands in the file twice recurs as well, in whole rows.
    let is_repeated = other_rows.len() < rest.len();
    if all_recur && !(words > 0 && is_repeated) {
        return Decision::Recurs;
    }
    match (words, numbers) {
        (0, 0) => Decision::Words,
        (_, 0) => Decision::WordsAboveNumbers,
        _ if are_years(&first, spelling) && !(0..first.len()).any(recurs) => Decision::Years,
        // A few names among the words may be years.
        (_, _)
            if words >= numbers
                && (0..first.len()).all(|at| {
                    !is_number(first[at]) || (is_whole(first[at], spelling) && !recurs(at))
                }) =>
        {
            Decision::WordsAboveNumbers
        }
        _ => Decision::Numbers,
    }
}

/// A digit, after a sign or point if there is one: names don't begin so, and dates, ranges and amounts do.
fn begins_like_a_number(cell: &str) -> bool {
    cell.trim_start_matches(['+', '-', '.', ',', '$', '€', '£'])
        .starts_with(|c: char| c.is_ascii_digit())
}

fn is_whole(cell: &str, spelling: &Spelling) -> bool {
    matches!(Cell::parse_as(cell, spelling), Cell::Number(value) if value.fract() == 0.0)
}

/// Whole numbers, each one more than the one before, and perhaps words: 2019, 2020, 2021.
fn are_years(cells: &[&str], spelling: &Spelling) -> bool {
    let numbers: Vec<f64> = cells
        .iter()
        .filter_map(|cell| match Cell::parse_as(cell, spelling) {
            Cell::Number(value) => Some(value),
            _ => None,
        })
        .collect();
    let are_all = numbers.len() == cells.len();
    numbers.len() >= if are_all { 3 } else { 2 }
        && numbers.iter().all(|number| number.fract() == 0.0)
        && numbers.windows(2).all(|pair| pair[1] == pair[0] + 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Detected {
        detect(text.as_bytes(), true, &CsvOptions::default())
    }

    #[test]
    fn delimiters_are_told_from_marks_in_numbers() {
        for (text, delimiter) in [
            ("a,b\n1,2\n", b','),
            ("a;b\n1,5;2,5\n3,5;4\n", b';'),
            ("1,5;2,5;3\n2,5;1,5;4\n", b';'),
            ("a\tb\n1,5\t2\n", b'\t'),
            ("a|b|c\nx, y|1|2\n", b'|'),
            ("a,b\n\"x;y\",\"z;z\"\n", b','),
            ("name\nx\n", b','),
            ("a,b,c\nx;y,1,2\n", b','),
            ("39, State-gov, 77516\n50, Self-emp, 83311\n", b','),
        ] {
            assert_eq!(of(text).dialect.delimiter, delimiter, "{text:?}");
        }
    }

    #[test]
    fn another_delimiter_is_likely_where_it_parts_all_rows_alike() {
        let likely = |text: &str, used| {
            let dialect = Dialect {
                delimiter: used,
                quote: Some(b'"'),
            };
            likely_delimiter(text.as_bytes(), true, dialect)
        };
        for (text, used, expected) in [
            ("x,y\n1,0\n", b';', Some(b',')),
            ("x,y\n1;2,0\n3;4,1\n", b';', Some(b',')),
            ("x:y\n1:0\n", b',', Some(b':')),
            ("A1 6 A3\nA2 7 A4\n", b',', Some(b' ')),
            ("\"a;b\"^c\n1^2\n", b',', Some(b'^')),
            ("x,y\n1,0\n", b',', None),
            ("x,y z\n1,a b\n2,c d,3\n", b',', None),
            ("x\n1\n2\n", b',', None),
            ("x,y\n1;0\n", b',', None),
            ("x;y\n", b',', None),
            ("", b',', None),
        ] {
            assert_eq!(likely(text, used), expected, "{text:?}");
        }
    }

    #[test]
    fn single_quotes_are_found_where_all_is_well_with_them() {
        assert_eq!(of("'a','b'\n'c','d'\n").dialect.quote, Some(b'\''));
        assert_eq!(of("'tis,a\n'twas,b\n").dialect.quote, Some(b'"'));
        assert_eq!(of("\"it's\",b\n").dialect.quote, Some(b'"'));
    }

    #[test]
    fn a_first_row_is_a_header_or_data() {
        for (text, decision) in [
            ("a,b\n1,2\n", Decision::WordsAboveNumbers),
            ("a,b\nx,y\n", Decision::Words),
            ("1,2.5\n3,4\n", Decision::Numbers),
            ("30,64,1,1\n30,62,3,1\n", Decision::Numbers),
            ("1,0,g\n1,2,b\n", Decision::Numbers),
            ("2019,2020,2021\n5,6,7\n", Decision::Years),
            ("region,2019,2020,kind\nnorth,5,6,a\n", Decision::Years),
            ("2019,2020,y\n1,2,0\n3,4,1\n", Decision::Years),
            ("yes,red\nno,red\nyes,blue\n", Decision::Recurs),
            (
                "'40-49','yes'\n'50-59','no'\n'40-49','yes'\n",
                Decision::Recurs,
            ),
            ("a,b\n1,2\na,b\n3,4\n", Decision::WordsAboveNumbers),
            ("day,n\n2020-01-01,1\n", Decision::WordsAboveNumbers),
            ("6,148\n", Decision::Numbers),
            ("y,x\n", Decision::Words),
            (",x,y\n0,1,1\n", Decision::WordsAboveNumbers),
        ] {
            assert_eq!(of(text).header, decision, "{text:?}");
        }
    }

    #[test]
    fn names_that_are_expected_make_a_header() {
        let options = CsvOptions {
            expected: vec!["2".into(), "5".into()],
            ..CsvOptions::default()
        };
        assert_eq!(
            detect(b"5,2\n1,2\n", true, &options).header,
            Decision::Expected(true)
        );
        assert_eq!(
            detect(b"7,8\n1,2\n", true, &options).header,
            Decision::Numbers
        );
    }
}
