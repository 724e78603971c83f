//! What observers are told, and what those that write files write, read back by other means.

use chainrule_data::{Table, embedded};
use chainrule_trainer::{
    Builder, Classifier, Control, EndReport, EpochReport, JsonLines, LayersReport, Observer,
    TensorBoard, TrainingInfo,
};
use serde_json::Value;

fn wdbc() -> Table {
    Table::from_csv("wdbc.csv", embedded::wdbc().bytes).unwrap()
}

fn builder<'a>() -> Builder<'a> {
    Classifier::builder().target("diagnosis").epochs(40).seed(3)
}

/// Writes down what it is told.
#[derive(Default)]
struct Witness {
    told: Vec<String>,
    looks: Vec<(usize, Vec<f64>)>,
}

impl Observer for Witness {
    fn start(&mut self, info: &TrainingInfo) {
        self.told.push(format!("start {}", info.epochs));
    }

    fn epoch(&mut self, report: &EpochReport) -> Control {
        self.told.push(format!("epoch {}", report.epoch));
        Control::Continue
    }

    fn layers(&mut self, report: &LayersReport<'_>) {
        self.told.push(format!("layers {}", report.epoch));
        let numbers = report.layers.iter().flat_map(|layer| {
            let saturated = layer.saturated.unwrap();
            [
                layer.mean,
                layer.std,
                saturated,
                layer.gradient_norm,
                layer.weight_norm,
            ]
        });
        self.looks.push((report.rows, numbers.collect()));
    }

    fn end(&mut self, report: &EndReport<'_>) {
        self.told
            .push(format!("end {} {}", report.outcome.name(), report.epochs));
    }
}

#[test]
fn observers_are_told_in_order_and_the_layers_are_looked_at_now_and_then() {
    let (mut first, mut second) = (Witness::default(), Witness::default());
    let mut none: Option<Witness> = None;
    let mut all: Vec<&mut dyn Observer> = vec![&mut first, &mut none];
    let mut pair = (&mut |_: &EpochReport| Control::Continue, second);
    all.push(&mut pair);
    builder().observer(&mut all).fit(&wdbc()).unwrap();
    second = pair.1;
    assert_eq!(first.told, second.told);
    // 456 rows in batches of 32 are 15 steps an epoch; a look comes first, then when 250 steps are over, and at the end.
    let looks: Vec<&String> = first
        .told
        .iter()
        .filter(|t| t.starts_with("layers"))
        .collect();
    assert_eq!(looks, ["layers 1", "layers 18", "layers 35", "layers 40"]);
    assert_eq!(first.told[0], "start 40");
    assert_eq!(first.told[1..3], ["layers 1", "epoch 1"]);
    assert_eq!(first.told.last().unwrap(), "end finished 40");
    assert_eq!(first.told.len(), 1 + 40 + 4 + 1);
    for (rows, numbers) in &first.looks {
        assert_eq!((*rows, numbers.len()), (32, 3 * 5));
        for layer in numbers.chunks(5) {
            assert!(layer[0] > 0.0 && layer[0] < 1.0, "mean {layer:?}");
            assert!(layer[1] > 0.0 && layer[1] < 0.5, "std {layer:?}");
            assert!((0.0..=1.0).contains(&layer[2]), "saturated {layer:?}");
            assert!(layer[3] > 0.0 && layer[4] > 0.0, "norms {layer:?}");
        }
    }
}

#[test]
fn a_log_has_a_line_for_each_thing_that_happened() {
    let mut log = JsonLines::new(Vec::new());
    let model = builder().observer(&mut log).fit(&wdbc()).unwrap();
    let text = String::from_utf8(log.finish().unwrap()).unwrap();
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let of =
        |event: &str| -> Vec<&Value> { lines.iter().filter(|l| l["event"] == event).collect() };
    let report = model.report().unwrap();
    assert_eq!(lines[0]["event"], "start");
    assert_eq!(lines[0]["rows"], 456);
    assert_eq!(lines[0]["validation_rows"], 113);
    assert_eq!(lines[0]["steps_per_epoch"], 15);
    assert_eq!(lines[0]["resumed_from_step"], Value::Null);
    let epochs = of("epoch");
    assert_eq!(epochs.len(), report.history.len());
    for (line, epoch) in epochs.iter().zip(&report.history) {
        assert_eq!(line["epoch"], epoch.epoch);
        assert_eq!(line["train_loss"].as_f64().unwrap(), epoch.train_loss);
        assert_eq!(line["validation_loss"].as_f64(), epoch.validation_loss);
        assert_eq!(line["steps"], epoch.steps);
    }
    let looks = of("layers");
    assert_eq!(looks.len(), 4);
    assert_eq!(looks[0]["layers"].as_array().unwrap().len(), 3);
    assert_eq!(looks[0]["layers"][1]["activation"], "sigmoid");
    assert_eq!(lines.last().unwrap()["event"], "end");
    assert_eq!(lines.last().unwrap()["outcome"], "finished");
    assert_eq!(of("warning").len(), 0);
}

#[test]
fn a_log_file_is_emptied_by_a_training_that_begins_and_no_sooner() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.jsonl");
    std::fs::write(&path, "{\"event\":\"epoch\"}\n").unwrap();
    let mut log = JsonLines::open(&path).unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), 1);
    builder().epochs(2).observer(&mut log).fit(&wdbc()).unwrap();
    log.finish().unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.starts_with("{\"event\":\"start\""), "{text}");
    assert_eq!(text.matches("\"event\":\"start\"").count(), 1);
    assert!(text.ends_with("}\n"));
}

#[test]
fn a_log_of_a_training_that_goes_on_is_continued_behind_its_last_whole_line() {
    use chainrule_trainer::{Checkpoints, Every, Start};
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.jsonl");
    let train = |epochs, start| {
        let mut log = JsonLines::open(&path).unwrap();
        let checkpoints = Checkpoints {
            folder: folder.path().join("checkpoints"),
            every: Every::Epochs(1),
            start,
        };
        builder()
            .epochs(epochs)
            .checkpoints(checkpoints)
            .observer(&mut log)
            .fit(&wdbc())
            .unwrap();
        log.finish().unwrap();
    };
    train(2, Start::Afresh);
    let before = std::fs::read_to_string(&path).unwrap();
    // As a process leaves it that is killed while it writes.
    std::fs::write(&path, format!("{before}{{\"event\":\"ep")).unwrap();
    train(3, Start::Resume);
    let text = std::fs::read_to_string(&path).unwrap();
    let rest = text.strip_prefix(&before).unwrap();
    let lines: Vec<Value> = rest
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines[0]["resumed_from_step"], 30);
    assert_eq!(lines.last().unwrap()["epochs"], 3);
}

#[test]
fn what_cannot_be_written_is_told_and_the_training_goes_on() {
    struct Full(usize);
    impl std::io::Write for Full {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 += 1;
            match self.0 {
                1..=3 => Ok(bytes.len()),
                _ => Err(std::io::ErrorKind::StorageFull.into()),
            }
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut log = JsonLines::new(Full(0));
    let model = builder().observer(&mut log).fit(&wdbc()).unwrap();
    assert_eq!(model.report().unwrap().history.len(), 40);
    let error = log.finish().err().unwrap();
    assert_eq!(error.kind(), std::io::ErrorKind::StorageFull);
}

/// A reader of event files that shares no code with the writer.
mod events {
    /// Tag or other text, and value, of each event with its step.
    #[derive(Debug, PartialEq)]
    pub struct Event {
        pub time: f64,
        pub step: i64,
        pub version: Option<String>,
        pub scalars: Vec<(String, f32)>,
    }

    /// The remainder by Castagnoli's polynomial, bit by bit.
    fn crc32c(bytes: &[u8]) -> u32 {
        let mut crc = u32::MAX;
        for byte in bytes {
            crc ^= u32::from(*byte);
            for _ in 0..8 {
                let lowest = crc & 1;
                crc >>= 1;
                if lowest == 1 {
                    crc ^= 0x82F6_3B78;
                }
            }
        }
        !crc
    }

    fn masked(crc: u32) -> u32 {
        crc.rotate_right(15).wrapping_add(0xa282_ead8)
    }

    fn take<'a>(bytes: &mut &'a [u8], count: usize) -> &'a [u8] {
        let (head, rest) = bytes.split_at(count);
        *bytes = rest;
        head
    }

    fn u32_of(bytes: &mut &[u8]) -> u32 {
        u32::from_le_bytes(take(bytes, 4).try_into().unwrap())
    }

    pub fn read(mut bytes: &[u8]) -> Vec<Event> {
        let mut all = Vec::new();
        while !bytes.is_empty() {
            let length = take(&mut bytes, 8);
            assert_eq!(u32_of(&mut bytes), masked(crc32c(length)));
            let length = u64::from_le_bytes(length.try_into().unwrap());
            let payload = take(&mut bytes, length as usize);
            assert_eq!(u32_of(&mut bytes), masked(crc32c(payload)));
            all.push(event(payload));
        }
        all
    }

    enum Field<'a> {
        Integer(u64),
        Eight(f64),
        Bytes(&'a [u8]),
        Four(f32),
    }

    fn varint(bytes: &mut &[u8]) -> u64 {
        let (mut value, mut shift) = (0, 0);
        loop {
            let byte = take(bytes, 1)[0];
            value |= u64::from(byte & 0x7f) << shift;
            shift += 7;
            if byte < 0x80 {
                return value;
            }
        }
    }

    fn fields(mut bytes: &[u8]) -> Vec<(u64, Field<'_>)> {
        let mut all = Vec::new();
        while !bytes.is_empty() {
            let key = varint(&mut bytes);
            let value = match key & 7 {
                0 => Field::Integer(varint(&mut bytes)),
                1 => Field::Eight(f64::from_le_bytes(take(&mut bytes, 8).try_into().unwrap())),
                2 => {
                    let length = varint(&mut bytes) as usize;
                    Field::Bytes(take(&mut bytes, length))
                }
                5 => Field::Four(f32::from_le_bytes(take(&mut bytes, 4).try_into().unwrap())),
                other => panic!("wire type {other}"),
            };
            all.push((key >> 3, value));
        }
        all
    }

    fn text(bytes: &[u8]) -> String {
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    fn event(payload: &[u8]) -> Event {
        let mut event = Event {
            time: 0.0,
            step: 0,
            version: None,
            scalars: Vec::new(),
        };
        for field in fields(payload) {
            match field {
                (1, Field::Eight(time)) => event.time = time,
                (2, Field::Integer(step)) => event.step = step as i64,
                (3, Field::Bytes(version)) => event.version = Some(text(version)),
                (5, Field::Bytes(summary)) => {
                    for entry in fields(summary) {
                        let (1, Field::Bytes(entry)) = entry else {
                            panic!("a summary has values");
                        };
                        match &fields(entry)[..] {
                            [(1, Field::Bytes(tag)), (2, Field::Four(value))] => {
                                event.scalars.push((text(tag), *value));
                            }
                            _ => panic!("a value has a tag and a number"),
                        }
                    }
                }
                (number, _) => panic!("field {number}"),
            }
        }
        event
    }
}

#[test]
fn event_files_have_the_losses_and_the_layers() {
    let folder = tempfile::tempdir().unwrap();
    let board = folder.path().join("runs/first");
    let mut writer = TensorBoard::new(&board);
    assert!(!TensorBoard::is_used(&board) && !board.exists());
    let model = builder().observer(&mut writer).fit(&wdbc()).unwrap();
    writer.finish().unwrap();
    assert!(TensorBoard::is_used(&board));
    let read = |run: &str| {
        let mut files: Vec<_> = std::fs::read_dir(board.join(run)).unwrap().collect();
        assert_eq!(files.len(), 1);
        let file = files.remove(0).unwrap();
        assert!(
            file.file_name()
                .to_string_lossy()
                .starts_with("events.out.tfevents.")
        );
        events::read(&std::fs::read(file.path()).unwrap())
    };
    let (train, validation) = (read("train"), read("validation"));
    for events in [&train, &validation] {
        assert_eq!(events[0].version.as_deref(), Some("brain.Event:2"));
        assert!(events.windows(2).all(|pair| pair[0].time <= pair[1].time));
        assert!(events[0].time > 1.6e9);
    }
    let values = |events: &[events::Event], tag: &str| -> Vec<(i64, f32)> {
        let of_event = |event: &events::Event| {
            let (step, scalars) = (event.step, event.scalars.clone());
            scalars.into_iter().map(move |(t, v)| (t, step, v))
        };
        let all = events.iter().flat_map(of_event);
        all.filter(|(t, _, _)| t == tag)
            .map(|(_, step, v)| (step, v))
            .collect()
    };
    let history = &model.report().unwrap().history;
    let expected = |loss: fn(&EpochReport) -> f64| -> Vec<(i64, f32)> {
        history
            .iter()
            .map(|e| (e.epoch as i64, loss(e) as f32))
            .collect()
    };
    assert_eq!(values(&train, "loss"), expected(|e| e.train_loss));
    assert_eq!(
        values(&validation, "loss"),
        expected(|e| e.validation_loss.unwrap())
    );
    assert_eq!(
        values(&train, "learning_rate"),
        expected(|e| e.learning_rate)
    );
    let saturated = values(&train, "layer 2/activation saturated");
    assert_eq!(
        saturated.iter().map(|v| v.0).collect::<Vec<_>>(),
        [1, 18, 35, 40]
    );
    assert_eq!(values(&train, "layer 3/gradient norm").len(), 4);
}
