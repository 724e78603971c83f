//! Any bytes, all the way to a network's inputs: never a panic, a hang or more memory than a small multiple of the input. The first bytes
//! say how the others are read.

#![no_main]

use chainrule_data::{CsvReader, Preprocessing, Scaling, Schema, SchemaOptions, Table};
use chainrule_fuzz::Input;
use libfuzzer_sys::fuzz_target;

const SCALINGS: [Scaling; 4] = [
    Scaling::Standard,
    Scaling::MinMax,
    Scaling::Robust,
    Scaling::None,
];

fuzz_target!(|bytes: &[u8]| {
    let mut input = Input(bytes);
    let (options, how) = (input.options(), input.byte());
    let bytes = input.0;
    let Ok(table) = Table::from_csv_with("fuzz", bytes, &options) else {
        return;
    };
    let names = table.names();
    let target = match how & 3 {
        0 => names.last(),
        at => names.get(usize::from(at) - 1),
    };
    let Some(target) = target.cloned() else {
        return;
    };
    // The next column may be said to be something.
    let declared: Vec<String> = names
        .iter()
        .filter(|name| **name != target)
        .take(1)
        .cloned()
        .collect();
    let some = |bit: u8| {
        if how >> bit & 1 == 1 {
            declared.clone()
        } else {
            Vec::new()
        }
    };
    let columns = SchemaOptions {
        positive: (how >> 7 == 1).then(|| "1".to_owned()),
        ignore: some(4),
        categorical: some(5),
        numeric: some(6),
        file: None,
    };
    let Ok(inferred) = Schema::infer_with(&table, &target, &columns) else {
        return;
    };
    inferred
        .notes
        .iter()
        .for_each(|note| drop(note.to_string()));
    let schema = inferred.schema;
    let Ok(data) = schema.encode(&table) else {
        return;
    };
    assert!(!data.features().iter().any(|value| value.is_infinite()));
    let Ok(fitted) = Preprocessing::fit(SCALINGS[usize::from(how >> 2 & 3)], &data) else {
        return;
    };
    let inputs = fitted.transform::<f32>(&data);
    if let Ok(inputs) = &inputs {
        assert_eq!(inputs.nrows(), fitted.outputs(schema.inputs()));
        assert!(inputs.iter().all(|value| value.is_finite()));
    }
    // Predictions read in blocks, and get the same inputs.
    if let Ok(mut reader) = CsvReader::with("fuzz", bytes, &options) {
        let (mut at, mut same) = (0, true);
        while let Ok(Some(block)) = reader.next_block(3) {
            let Ok(some) = schema.encode_features(block.table()) else {
                break;
            };
            let part = fitted.transform::<f32>(&some);
            if let (Ok(part), Ok(whole), 0) = (part, &inputs, data.rows_without_label()) {
                let whole = whole.as_slice().get(at..at + part.len());
                same &= data.rows_with_bad_cells() > 0 || whole == Some(part.as_slice());
                at += part.len();
            }
        }
        assert!(same);
    }
    assert!(schema.encode_owned(table).is_ok_and(|owned| owned == data));
});
