//! Any bytes, all the way to a network's inputs: never a panic, a hang or more memory than a small multiple of the input. The first byte
//! says how the others are read.

#![no_main]

use chainrule_data::{
    CsvOptions, Decimal, Encoding, Header, Infinite, Names, OnBad, Preprocessing, Quote, Scaling,
    Schema, Table,
};
use libfuzzer_sys::fuzz_target;

fn options(how: u8) -> CsvOptions {
    let bit = |at: u8| how >> at & 1 == 1;
    CsvOptions {
        header: if bit(0) { Header::Absent } else { Header::Detect },
        encoding: match how >> 1 & 3 {
            1 => Some(Encoding::Latin1),
            2 => Some(Encoding::Utf16),
            _ => None,
        },
        decimal: bit(3).then_some(Decimal::Comma),
        infinite: if bit(4) { Infinite::IsMissing } else { Infinite::IsInfinite },
        names: if bit(5) { Names::Rename } else { Names::MustDiffer },
        on_bad: if bit(6) { OnBad::Skip } else { OnBad::Fail },
        quote: if bit(7) { Quote::None } else { Quote::default() },
        ..CsvOptions::default()
    }
}

fuzz_target!(|bytes: &[u8]| {
    let Some((&how, bytes)) = bytes.split_first() else {
        return;
    };
    let Ok(table) = Table::from_csv_with("fuzz", bytes, &options(how)) else {
        return;
    };
    let Some(target) = table.names().last().cloned() else {
        return;
    };
    let Ok(schema) = Schema::infer(&table, &target, None) else {
        return;
    };
    let Ok(data) = schema.encode(&table) else {
        return;
    };
    assert!(!data.features().iter().any(|value| value.is_infinite()));
    assert!(schema.encode_owned(table).is_ok_and(|owned| owned == data));
    for scaling in [Scaling::Standard, Scaling::Robust] {
        if let Ok(fitted) = Preprocessing::fit(scaling, &data) {
            let _ = fitted.transform::<f32>(&data);
        }
    }
});
