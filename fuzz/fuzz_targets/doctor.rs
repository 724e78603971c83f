//! Whatever the table, and the table to test on: findings that make sense, the same ones however the bytes arrive.

#![no_main]

use chainrule_data::CsvReader;
use chainrule_data::doctor::{Code, Options, examine};
use chainrule_fuzz::{Input, Pieces};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut input = Input(bytes);
    let (reading, how) = (input.options(), input.byte());
    let (table, test) = (input.sized(), input.0);
    let word = |from: u8, words: [&str; 4]| {
        let word = words[usize::from(from & 3)];
        (!word.is_empty()).then(|| word.to_owned())
    };
    let options = Options {
        target: word(how, ["", "last", "1", "y"]),
        positive: word(how >> 2, ["", "", "1", "yes"]),
    };
    let look = |size: usize| {
        let reader = CsvReader::with("table", Pieces { bytes: table, size }, &reading)?;
        let test = match test {
            [] => None,
            test => {
                let mut reading = reading.clone();
                reading.expected = reader.names().to_vec();
                Some(CsvReader::with(
                    "test",
                    Pieces { bytes: test, size },
                    &reading,
                )?)
            }
        };
        let names = reader.names().to_vec();
        Ok::<_, chainrule_data::Error>((names, examine(reader, test, &options)?))
    };
    let (names, found) = match (look(usize::MAX), look(7)) {
        (Ok(whole), Ok(pieces)) => {
            assert_eq!(format!("{whole:?}"), format!("{pieces:?}"));
            whole
        }
        (Err(whole), Err(pieces)) => {
            assert_eq!(whole.to_string(), pieces.to_string());
            return;
        }
        (whole, pieces) => panic!("{:?} {:?}", whole.err(), pieces.err()),
    };
    assert!(found.is_exact && found.findings.is_sorted_by_key(|finding| finding.code));
    for finding in &found.findings {
        assert!(!finding.message.is_empty() && !finding.next.is_empty());
        assert!(
            finding.columns.iter().all(|column| names.contains(column)),
            "{finding:?}"
        );
        assert!(
            finding.auc.is_none_or(|auc| (0.5..=1.0).contains(&auc)),
            "{finding:?}"
        );
        assert!(finding.count != Some(0), "{finding:?}");
        let told: usize = match finding.code {
            Code::DuplicateRows | Code::ConflictingRows => found.rows,
            _ => usize::MAX,
        };
        assert!(
            finding.count.is_none_or(|count| count <= told),
            "{finding:?}"
        );
    }
    for column in &found.columns {
        assert!(
            column.missing <= found.rows && column.distinct <= found.rows,
            "{column:?}"
        );
        if let Some(numbers) = column.numbers {
            assert!(
                numbers.min <= numbers.max && numbers.min.is_finite() && numbers.max.is_finite()
            );
            assert!(
                numbers.mean.is_finite() && numbers.deviation >= 0.0,
                "{column:?}"
            );
        }
    }
});
