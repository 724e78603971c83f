//! Splitting files: what goes where, byte for byte.

use chainrule_data::split::{By, Copied, FileSplit, Shares};
use chainrule_data::{CsvOptions, CsvReader, Error, OnBad};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

const FIFTHS: Shares = Shares {
    validation: 0.2,
    test: 0.2,
};

fn split_with(
    csv: &[u8],
    split: &FileSplit,
    options: &CsvOptions,
) -> Result<([Vec<u8>; 3], Copied), Error> {
    let reader = || CsvReader::with("t.csv", csv, options);
    let plan = split.plan(reader()?)?;
    let mut files = [Vec::new(), Vec::new(), Vec::new()];
    let copied = plan.copy(reader()?, |part, bytes| {
        files[part as usize].extend_from_slice(bytes);
        Ok::<(), Error>(())
    })?;
    Ok((files, copied))
}

fn by(by: By, target: Option<&str>, seed: u64) -> FileSplit {
    FileSplit {
        by,
        target: target.map(str::to_owned),
        shares: FIFTHS,
        seed,
    }
}

fn split(csv: &str, how: &FileSplit) -> ([Vec<u8>; 3], Copied) {
    split_with(csv.as_bytes(), how, &CsvOptions::default()).unwrap()
}

fn message(csv: &str, how: &FileSplit) -> String {
    split_with(csv.as_bytes(), how, &CsvOptions::default())
        .unwrap_err()
        .to_string()
}

/// Rows `id,group,y`, every fourth of them positive, in groups of five.
fn rows(count: usize) -> String {
    let row = |i: usize| {
        format!(
            "{i},g{},{}\n",
            i / 5,
            if i.is_multiple_of(4) { "yes" } else { "no" }
        )
    };
    "id,group,y\n".to_owned() + &(0..count).map(row).collect::<String>()
}

fn lines(file: &[u8]) -> Vec<&str> {
    std::str::from_utf8(file).unwrap().lines().skip(1).collect()
}

#[test]
fn each_part_has_its_share_of_each_label() {
    let csv = rows(200);
    let (files, copied) = split(&csv, &by(By::Chance, Some("y"), 3));
    assert_eq!(copied.parts.clone().map(|part| part.rows), [120, 40, 40]);
    for (part, [no, yes]) in copied.parts.iter().zip([[90, 30], [30, 10], [30, 10]]) {
        assert_eq!(
            part.labels,
            [("no".to_owned(), no), ("yes".to_owned(), yes)]
        );
    }
    // Each row is in one part, and the order is that of the file.
    let mut all: Vec<&str> = files.iter().flat_map(|file| lines(file)).collect();
    let number = |line: &&str| line.split(',').next().unwrap().parse::<usize>().unwrap();
    assert!(
        files
            .iter()
            .all(|file| lines(file).is_sorted_by_key(number))
    );
    all.sort_by_key(number);
    assert_eq!(all, lines(csv.as_bytes()));

    assert_eq!(split(&csv, &by(By::Chance, Some("y"), 3)).0, files);
    assert_ne!(split(&csv, &by(By::Chance, Some("y"), 4)).0, files);
}

#[test]
fn a_split_is_the_same_for_ever() {
    let (files, _) = split(&rows(20), &by(By::Chance, Some("y"), 1));
    let ids = |file: &[u8]| -> Vec<String> {
        lines(file)
            .iter()
            .map(|line| line.split(',').next().unwrap().to_owned())
            .collect()
    };
    assert_eq!(
        [ids(&files[1]), ids(&files[2])],
        [["0", "6", "9", "13"], ["3", "5", "8", "15"]]
    );
}

#[test]
fn every_row_is_as_likely_to_be_drawn() {
    let csv = rows(40);
    let mut drawn = BTreeMap::<String, [usize; 3]>::new();
    for seed in 0..1000 {
        let (files, _) = split(&csv, &by(By::Chance, None, seed));
        for (part, file) in files.iter().enumerate() {
            for line in lines(file) {
                drawn.entry(line.to_owned()).or_default()[part] += 1;
            }
        }
    }
    // 600, 200 and 200 expected of each, with standard deviations of 15, 13 and 13.
    for (row, [train, validation, test]) in drawn {
        assert!((530..670).contains(&train), "{row} {train}");
        assert!(
            (140..260).contains(&validation) && (140..260).contains(&test),
            "{row}"
        );
    }
}

#[test]
fn rows_are_copied_byte_for_byte() {
    // Line ends of three kinds, quotes, blanks, an empty line, and no line end at the end.
    let csv =
        "\u{feff}\"id\" , y\r\n 1 ,\"a\nb\"\r\n\r\n2,b\n3,\"a\r\nb\"\r4 , b\r\n5,b\n6,\"a\nb\"";
    let how = FileSplit {
        shares: Shares {
            validation: 0.0,
            test: 0.4,
        },
        ..by(By::Chance, None, 0)
    };
    let (files, copied) = split(csv, &how);
    assert_eq!(copied.parts.map(|part| part.rows), [4, 0, 2]);
    let head = "\u{feff}\"id\" , y\r\n".as_bytes();
    let rows = [
        " 1 ,\"a\nb\"\r\n",
        "2,b\n",
        "3,\"a\r\nb\"\r",
        "4 , b\r\n",
        "5,b\n",
        "6,\"a\nb\"",
    ];
    assert!(files[1].is_empty());
    let mut found = BTreeSet::new();
    for file in [&files[0], &files[2]] {
        let mut left = file.strip_prefix(head).unwrap();
        for row in rows {
            if let Some(rest) = left.strip_prefix(row.as_bytes()) {
                assert!(found.insert(row));
                left = rest;
            }
        }
        assert!(left.is_empty());
    }
    assert_eq!(found.len(), rows.len());
}

#[test]
fn other_encodings_are_kept_and_packed_files_unpacked() {
    let text = "naïve,y\n1,é\n2,è\n3,é\n4,è\n5,€\n6,€\n";
    let utf16 = |mark: bool| -> Vec<u8> {
        let units = mark
            .then_some(0xfeff)
            .into_iter()
            .chain(text.encode_utf16());
        units.flat_map(u16::to_be_bytes).collect()
    };
    let latin1: Vec<u8> = text
        .chars()
        .map(|c| if c == '€' { 0x80 } else { c as u32 as u8 })
        .collect();
    let packed = {
        use std::io::Write;
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packer.write_all(text.as_bytes()).unwrap();
        packer.finish().unwrap()
    };
    let latin = CsvOptions {
        encoding: Some(chainrule_data::Encoding::Latin1),
        ..CsvOptions::default()
    };
    let big = CsvOptions {
        encoding: Some(chainrule_data::Encoding::Utf16),
        ..CsvOptions::default()
    };
    let plain = CsvOptions::default();
    for (bytes, whole, options) in [
        (&latin1, &latin1, &latin),
        (&utf16(true), &utf16(true), &plain),
        (&utf16(false), &utf16(false), &big),
        (&packed, &text.as_bytes().to_vec(), &plain),
    ] {
        let how = FileSplit {
            shares: Shares {
                validation: 0.0,
                test: 0.5,
            },
            ..by(By::Chance, Some("y"), 5)
        };
        let (files, copied) = split_with(bytes, &how, options).unwrap();
        assert_eq!(copied.parts[2].labels.len(), 3);
        // The header twice, and each row once.
        assert_eq!(
            files[0].len() + files[2].len() - whole.len(),
            common(&files[0], &files[2])
        );
    }
}

/// The bytes of the header, up to its line end.
fn common(a: &[u8], b: &[u8]) -> usize {
    let same = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let end = a[..same].iter().position(|&byte| byte == b'\n').unwrap() + 1;
    // The other half of a little-endian line end.
    end + usize::from(a.get(end) == Some(&0) && a[0] != 0 && a[0] != 0xfe)
}

#[test]
fn groups_stay_together_near_their_shares() {
    let csv = rows(500);
    for seed in 0..20 {
        let (files, copied) = split(&csv, &by(By::Groups("group".into()), Some("y"), seed));
        let groups = files.each_ref().map(|file| {
            lines(file)
                .iter()
                .map(|line| line.split(',').nth(1).unwrap().to_owned())
                .collect::<BTreeSet<_>>()
        });
        assert_eq!(groups.iter().map(BTreeSet::len).sum::<usize>(), 100);
        assert_eq!(copied.parts.map(|part| part.rows), [300, 100, 100]);
    }
    // Few groups, of which one is most of the rows.
    let csv = "g,y\n".to_owned() + &"a,0\n".repeat(50) + "b,1\nc,0\nc,1\n,1\n,0\n";
    for seed in 0..20 {
        let (files, copied) = split(&csv, &by(By::Groups("g".into()), None, seed));
        assert!(files.iter().all(|file| !lines(file).is_empty()));
        assert_eq!(
            copied.parts[0].rows,
            55 - copied.parts[1].rows - copied.parts[2].rows
        );
        assert!(files[0].ends_with(b"a,0\n") || copied.parts[0].rows >= 50);
    }
    let plan =
        by(By::Groups("g".into()), None, 0).plan(CsvReader::new("t", csv.as_bytes()).unwrap());
    assert_eq!(
        plan.unwrap().notes(),
        ["2 rows without a group; they are one group and stay together"]
    );
    assert_eq!(
        message("g,y\na,1\nb,2\n", &by(By::Groups("g".into()), None, 0)),
        "t.csv: 2 groups: too few for one in each of train, validation, test; give more, or a share of 0"
    );
}

#[test]
fn the_latest_rows_are_to_test_on() {
    let day = |i: usize| format!("{:02}/{:02}/2024", i % 28 + 1, i / 28 + 1);
    let csv = "day,y\n".to_owned()
        + &(0..100)
            .map(|i| format!("{},{i}\n", day(i * 37 % 100)))
            .collect::<String>();
    let how = by(By::Time("day".into()), None, 0);
    let (files, copied) = split(&csv, &how);
    assert_eq!(copied.parts.map(|part| part.rows), [60, 20, 20]);
    let days = files.map(|file| {
        let sorted = |line: &&str| format!("{}{}", &line[3..5], &line[..2]);
        lines(&file)
            .iter()
            .map(sorted)
            .collect::<BTreeSet<String>>()
    });
    assert!(days[0].last() < days[1].first() && days[1].last() < days[2].first());

    // Rows of one time stay together.
    let csv = "t,y\n1,0\n2,0\n2,1\n3,1\n3,0\n4,1\n";
    let how = FileSplit {
        shares: Shares {
            validation: 0.0,
            test: 0.5,
        },
        ..by(By::Time("t".into()), None, 0)
    };
    let (files, _) = split(csv, &how);
    assert_eq!(files[2], b"t,y\n3,1\n3,0\n4,1\n");
    let error = message("t,y\n1,0\n1,0\n1,1\n", &how);
    assert!(error.contains("none would be left to test on"), "{error}");
    let error = message("t,y\n2024-01-01,0\n,0\n", &how);
    assert!(
        error.starts_with("t.csv: line 3, column \"t\": no time"),
        "{error}"
    );
    let error = message("t,y\n2024-01-01,0\nsoon,0\n", &how);
    assert!(error.contains("\"soon\", where each row needs"), "{error}");
}

#[test]
fn what_cannot_be_parted_is_said() {
    let chance = by(By::Chance, Some("y"), 0);
    assert!(message("x,y\n1,a\n2,b\n", &chance).contains("2 rows: too few"));
    assert!(message("x,y\n1,a\n", &by(By::Chance, Some("z"), 0)).contains("no column \"z\""));
    let many = "x,y\n".to_owned() + &(0..300).map(|i| format!("1,{i}\n")).collect::<String>();
    assert!(message(&many, &chance).contains("more than 256 labels"));
    for (validation, test) in [(0.5, 0.5), (-0.1, 0.2), (0.0, 0.0), (f64::NAN, 0.1)] {
        let how = FileSplit {
            shares: Shares { validation, test },
            ..chance.clone()
        };
        assert!(message(&rows(20), &how).contains("together below 1"));
    }
    // A label that is too rare for all parts is to train on.
    let csv = rows(30) + "30,g,odd\n";
    let plan = chance
        .plan(CsvReader::new("t", csv.as_bytes()).unwrap())
        .unwrap();
    assert_eq!(
        plan.notes(),
        ["1 row of the label \"odd\": too few for one in each part; all are to train on"]
    );
    // If all labels are, the other parts would be empty.
    for (csv, shares) in [
        ("y,x\n1,a\n0,3\n1,b\n", FIFTHS),
        ("y,x\n1,a\n,3\n0,b\n", FIFTHS),
        (
            "y,x\n1,a\n0,3\n2,b\n3,c\n",
            Shares {
                validation: 0.0,
                test: 0.5,
            },
        ),
    ] {
        let how = FileSplit {
            shares,
            ..chance.clone()
        };
        let error = message(csv, &how);
        assert!(error.contains("none of its labels has"), "{error}");
    }
    let (_, copied) = split("y,x\n1,a\n0,3\n1,b\n", &by(By::Chance, None, 0));
    assert_eq!(copied.parts.map(|part| part.rows), [1, 1, 1]);
    // Rows that can't be read are not lost silently.
    let csv = rows(30) + "30,g\n";
    assert!(message(&csv, &chance).contains("line 32: 2 fields, header has 3"));
    let skip = CsvOptions {
        on_bad: OnBad::Skip,
        ..CsvOptions::default()
    };
    let (_, copied) = split_with(csv.as_bytes(), &chance, &skip).unwrap();
    assert_eq!(copied.left_out, 1);
}

#[test]
fn a_file_that_changes_meanwhile_is_noticed() {
    let how = by(By::Chance, Some("y"), 0);
    let plan = how
        .plan(CsvReader::new("t", rows(30).as_bytes()).unwrap())
        .unwrap();
    for other in [rows(29), rows(31), rows(30).replace("yes", "maybe")] {
        let reader = CsvReader::new("t", other.as_bytes()).unwrap();
        let error = plan.copy(reader, |_, _| Ok::<(), Error>(())).unwrap_err();
        assert!(error.to_string().contains("changed while it was read"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn nothing_is_lost_and_shares_are_right(
        labels in prop::collection::vec(0u8..3, 10..300), validation in 0.0..0.5, test in 0.05..0.49, seed in any::<u64>()
    ) {
        let csv = "i,y\n".to_owned() + &labels.iter().enumerate().map(|(i, label)| format!("{i},{label}\n")).collect::<String>();
        let how = FileSplit { shares: Shares { validation, test }, ..by(By::Chance, Some("y"), seed) };
        let (files, copied) = split(&csv, &how);
        let bytes: usize = files.iter().map(|file| file.len().saturating_sub(4)).sum();
        prop_assert_eq!(bytes, csv.len() - 4);
        for (label, part) in [(0, 2), (1, 1), (2, 2)] {
            let share = [0.0, validation, test][part];
            let all = labels.iter().filter(|&&other| other == label).count();
            let found = copied.parts[part].labels.iter().find(|(name, _)| *name == label.to_string()).map_or(0, |(_, count)| *count);
            prop_assert!((found as f64 - share * all as f64).abs() <= 1.0 || all < 3);
        }
    }
}
