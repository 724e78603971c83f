//! A schema that someone wrote, and a table: an error or a schema, which is the same when it is written down and read again.

#![no_main]

use chainrule_data::{Preprocessing, Scaling, Schema, SchemaFile, SchemaOptions, Table};
use chainrule_fuzz::Input;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut input = Input(bytes);
    let (schema, table) = (input.sized(), input.0);
    let Ok(file) = serde_json::from_slice::<SchemaFile>(schema) else {
        return;
    };
    let Ok(table) = Table::from_csv("fuzz", table) else {
        return;
    };
    let infer = |file: SchemaFile| {
        let target = file.target.clone();
        let options = SchemaOptions {
            file: Some(file),
            ..SchemaOptions::default()
        };
        Schema::infer_with(&table, &target, &options)
    };
    let Ok(inferred) = infer(file) else {
        return;
    };
    let schema = inferred.schema;
    let written = serde_json::to_string(&SchemaFile::of(&schema, &table)).expect("plain data");
    let read: SchemaFile = serde_json::from_str(&written).expect("it was written so");
    let again = infer(read).expect("it is what the table is").schema;
    assert_eq!(again.features(), schema.features());
    assert_eq!(again.labels(), schema.labels());
    // In a model file.
    let stored = serde_json::to_string(&schema).expect("plain data");
    let stored: Schema = serde_json::from_str(&stored).expect("it was written so");
    assert_eq!(stored, schema);
    if let Ok(data) = schema.encode(&table)
        && let Ok(fitted) = Preprocessing::fit(Scaling::Standard, &data)
    {
        let stored = serde_json::to_string(&fitted).expect("plain data");
        assert_eq!(
            serde_json::from_str::<Preprocessing>(&stored).expect("it was written so"),
            fitted
        );
        let _ = fitted.transform::<f32>(&data);
    }
});
