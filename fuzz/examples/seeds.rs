//! Writes the first inputs of each target into `corpus/`: the gallery of broken files, the heads of tables (of the folder that is given, if
//! there is one), and models and checkpoints of small trainings.

use chainrule_data::{Schema, SchemaFile, Table, embedded};
use chainrule_fuzz::training::{TRAININGS, table, training};
use std::error::Error;
use std::fs;
use std::path::Path;

fn main() -> Result<(), Box<dyn Error>> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let corpus = here.join("corpus");
    let write = |target: &str, name: &str, parts: &[&[u8]]| -> Result<(), Box<dyn Error>> {
        let folder = corpus.join(target);
        fs::create_dir_all(&folder)?;
        Ok(fs::write(folder.join(name), parts.concat())?)
    };
    let sized = |bytes: &[u8]| [&(bytes.len() as u16).to_le_bytes(), bytes].concat();

    let mut tables = gallery(&fs::read_to_string(
        here.join("../crates/data/tests/gallery.txt"),
    )?);
    let mut files = vec![embedded::wdbc().bytes.to_vec()];
    if let Some(folder) = std::env::args_os().nth(1) {
        for entry in fs::read_dir(folder)? {
            files.push(fs::read(entry?.path())?);
        }
    }
    let head = |file: &Vec<u8>| {
        file.split_inclusive(|&byte| byte == b'\n')
            .take(12)
            .collect::<Vec<_>>()
            .concat()
    };
    tables.extend(files.iter().map(head).filter(|head| head.len() < 3000));
    tables.push(b"id,day,site,dose,ill\r\n1,2024-01-02,\"a\nb\",1.5,no\r\n2,2024-02-03,c,2,yes\r\n3,2024-02-03,c,,yes\r\n4,2024-04-05,\"a\nb\",1e3,no".to_vec());
    for (at, file) in tables.iter().enumerate() {
        let name = format!("seed-{at}");
        write("table", &name, &[&[0; 4], file])?;
        write("pieces", &name, &[&[0; 4], file])?;
        write("doctor", &name, &[&[0, 2, 0, 1], &sized(file), file])?;
        for by in [0x00, 0x1d, 0x22, 0x23] {
            write(
                "split",
                &format!("{name}-{by}"),
                &[&[0, 1, 0, by, 64, 64, 7], file],
            )?;
        }
        if let Ok(table) = Table::from_csv("seed", &**file)
            && let Some(target) = table.names().last()
            && let Ok(schema) = Schema::infer(&table, target, None)
        {
            let schema = serde_json::to_vec(&SchemaFile::of(&schema, &table))?;
            write("schema", &name, &[&sized(&schema), file])?;
        }
    }
    let ordinal = br#"{"target":"y","positive":"1","missing":["x"],"columns":[{"name":"a","kind":"ordinal","levels":["lo","hi"]},{"name":"b","kind":"categorical"},{"name":"d","kind":"date"},{"name":"e","kind":"ignore"}]}"#;
    write(
        "schema",
        "seed-kinds",
        &[
            &sized(ordinal),
            b"a,b,d,e,y\nlo,1,2024-01-01,x,0\nhi,2,2024-01-02,y,1\nlo,x,,z,1\n",
        ],
    )?;

    let folder = tempfile::tempdir()?;
    for which in 0..TRAININGS {
        let folder = folder.path().join(which.to_string());
        let model = training(which, &folder).fit(&table())?;
        write("model", &format!("seed-{which}"), &[&model.to_bytes()?])?;
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with("checkpoint-") {
                write(
                    "checkpoint",
                    &format!("seed-{which}-{name}"),
                    &[&[which], &fs::read(entry.path())?],
                )?;
            }
        }
    }
    let words = [
        "1epoch",
        "500steps",
        "0.5s",
        "5min",
        "1h",
        "cosine:floor=0.01",
        "plateau:patience=8",
        "step:every=3",
        "one-cycle:rise=0.3",
        "exponential:rate=0.9",
        "balanced",
        "0=1,1=3",
        "latin-1",
        "robust",
        "log-loss",
        "roc-auc",
        "sigmoid",
        "f64",
        "2024-12-31T23:59:59Z",
        "31.12.2024 10:00",
        "12/31/2024",
        "1e-3",
        "+.5",
        "NaN",
    ];
    for (at, word) in words.iter().enumerate() {
        write("words", &format!("seed-{at}"), &[word.as_bytes()])?;
    }
    println!("{}", corpus.display());
    Ok(())
}

/// The files of the gallery, whose bytes are escaped as in Rust.
fn gallery(text: &str) -> Vec<Vec<u8>> {
    let shown = text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with([' ', '(']));
    shown.map(unescaped).collect()
}

fn unescaped(line: &str) -> Vec<u8> {
    let line = line.split("    (").next().unwrap_or_default();
    let mut bytes = Vec::new();
    let mut rest = line.bytes();
    while let Some(byte) = rest.next() {
        let escaped = if byte == b'\\' { rest.next() } else { None };
        bytes.push(match escaped {
            None => byte,
            Some(b'n') => b'\n',
            Some(b'r') => b'\r',
            Some(b't') => b'\t',
            Some(b'x') => {
                let digit = |byte: Option<u8>| byte.and_then(|byte| char::from(byte).to_digit(16));
                let (high, low) = (digit(rest.next()), digit(rest.next()));
                (high.unwrap_or_default() * 16 + low.unwrap_or_default()) as u8
            }
            Some(other) => other,
        });
    }
    bytes
}
