//! Peaks of memory: reading takes little more than the matrix, and training from a table that is handed over no second copy of it.
//! Alone in its process, since the system tells one peak for all of it.

use std::io::{BufWriter, Write};

use chainrule_data::{Schema, Table};
use chainrule_trainer::{Adam, Batch, Classifier};

const ROWS: usize = 100_000;
const COLUMNS: usize = 50;
const MB: usize = 1 << 20;

/// The most memory that this process has had so far, in bytes; nothing where the system does not tell.
fn peak() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kilobytes: usize = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes << 10)
}

fn table(out: impl Write) -> std::io::Result<()> {
    let mut out = BufWriter::new(out);
    let names: Vec<String> = (1..=COLUMNS).map(|at| format!("x{at}")).collect();
    writeln!(out, "{},y", names.join(","))?;
    let mut state = 7_u64;
    for row in 0..ROWS {
        for _ in 0..COLUMNS {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            write!(out, "0.{:04},", (state >> 33) % 10_000)?;
        }
        writeln!(out, "{}", row % 2)?;
    }
    out.flush()
}

#[test]
fn there_are_no_copies_of_a_table() {
    let Some(before) = peak() else {
        eprintln!("SKIPPED: the system does not tell the peak of memory");
        return;
    };
    let file = tempfile::NamedTempFile::new().unwrap();
    table(file.as_file()).unwrap();
    let matrix = ROWS * COLUMNS * size_of::<f64>();
    let limit = before + matrix * 13 / 10 + 30 * MB;

    let read = Table::open(file.path()).unwrap();
    let schema = Schema::infer(&read, "y", None).unwrap();
    let data = schema.encode_owned(read).unwrap();
    assert_eq!(data.features().shape(), (COLUMNS, ROWS));
    drop(data);
    let reading = peak().unwrap();
    assert!(
        reading <= limit,
        "reading: {} MB of {}",
        reading / MB,
        limit / MB
    );

    let read = Table::open(file.path()).unwrap();
    let model = Classifier::builder()
        .schema(schema)
        .optimizer(Adam::default())
        .batch(Batch::Rows(1024))
        .epochs(1)
        .fit_table(read)
        .unwrap();
    let parameters = model.network().parameter_count();
    let training = peak().unwrap();
    let limit = limit + 16 * parameters;
    assert!(
        training <= limit,
        "training: {} MB of {}",
        training / MB,
        limit / MB
    );
    // What is left has the weight of the inputs: the bound above is not that of a table that was never there.
    assert!(training - before > matrix);
}
