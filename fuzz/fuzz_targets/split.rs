//! Whatever the table: each row that can be read is in one part, byte for byte and in the order of the file, and no group is torn.

#![no_main]

use chainrule_data::split::{By, FileSplit, Shares};
use chainrule_data::{CsvReader, Error};
use chainrule_fuzz::{Input, Pieces};
use libfuzzer_sys::fuzz_target;
use std::collections::BTreeMap;

fuzz_target!(|bytes: &[u8]| {
    let mut input = Input(bytes);
    let (reading, how) = (input.options(), input.byte());
    let share = |byte: u8| f64::from(byte) / 256.0;
    let shares = Shares {
        validation: share(input.byte()),
        test: share(input.byte()),
    };
    let (seed, bytes) = (u64::from(input.byte()), input.0);
    let Ok(reader) = CsvReader::with("fuzz", bytes, &reading) else {
        return;
    };
    let names = reader.names().to_vec();
    let name = |at: u8| {
        names
            .get(usize::from(at))
            .or(names.last())
            .cloned()
            .unwrap_or_default()
    };
    let (target, column) = (how >> 2 & 7, name(how >> 5));
    let split = FileSplit {
        by: match how & 3 {
            0 | 1 => By::Chance,
            2 => By::Groups(column.clone()),
            _ => By::Time(column.clone()),
        },
        target: (target < 7).then(|| name(target)),
        shares,
        seed,
    };
    let Ok(plan) = split.plan(reader) else {
        return;
    };
    let mut rows: [Vec<Vec<u8>>; 3] = Default::default();
    let reader =
        CsvReader::with("fuzz", Pieces { bytes, size: 5 }, &reading).expect("it was read before");
    let copied = plan
        .copy(reader, |part, bytes| {
            rows[part as usize].push(bytes.to_vec());
            Ok::<(), Error>(())
        })
        .expect("it is the same file");
    let counts = copied.parts.each_ref().map(|part| part.rows);
    assert_eq!(counts.iter().sum::<usize>(), plan.rows());
    for (part, count) in rows.iter_mut().zip(counts) {
        // The first is the header, which may be none.
        assert_eq!(part.len(), if part.is_empty() { 0 } else { count + 1 });
        if !part.is_empty() {
            assert!(count > 0);
            part.remove(0);
        }
    }
    for (at, share) in [(1, shares.validation), (2, shares.test)] {
        assert_eq!(counts[at] > 0, share > 0.0);
        if how & 3 < 2 && target == 7 {
            let wanted = share * plan.rows() as f64;
            assert!(
                counts[at] == usize::from(share > 0.0) || (counts[at] as f64 - wanted).abs() <= 1.5
            );
        }
    }
    // Each row again, where the file has it, and the part it went to.
    let mut reader = CsvReader::with("fuzz", bytes, &reading)
        .expect("it was read before")
        .keep_rows();
    let mut parts = rows.map(|rows| rows.into_iter().peekable());
    let mut of_group: BTreeMap<String, usize> = BTreeMap::new();
    let at = names
        .iter()
        .position(|name| *name == column)
        .unwrap_or_default();
    while let Some(block) = reader.next_block(4).expect("it was read before") {
        for row in 0..block.table().rows() {
            let here: Vec<usize> = (0..3)
                .filter(|&part| {
                    parts[part]
                        .peek()
                        .is_some_and(|next| next == block.row_bytes(row))
                })
                .collect();
            assert!(!here.is_empty());
            // Where equal rows are next in several parts it can't be told.
            let Some(column) = block.table().columns().nth(at) else {
                continue;
            };
            if let [part] = here[..] {
                if how & 3 == 2 {
                    let group = format!("{:?}", column.cell(row));
                    if !group.starts_with("Number") {
                        assert_eq!(*of_group.entry(group).or_insert(part), part);
                    }
                }
                parts[part].next();
            } else {
                return;
            }
        }
    }
    assert!(parts.iter_mut().all(|part| part.next().is_none()));
});
