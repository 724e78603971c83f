//! What happens is told to `tracing`. Alone in its process: others that run beside it would register the events without a subscriber.

use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use chainrule_data::{Table, embedded};
use chainrule_trainer::{Classifier, Sgd};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

/// An event: where from, how important, the message, and the fields beside it.
#[derive(Debug)]
struct Seen {
    target: String,
    level: Level,
    message: String,
    fields: Vec<(String, String)>,
}

impl Visit for Seen {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        match field.name() {
            "message" => self.message = format!("{value:?}"),
            name => self.fields.push((name.to_owned(), format!("{value:?}"))),
        }
    }
}

/// Collects events.
struct Collector(Arc<Mutex<Vec<Seen>>>);

impl Subscriber for Collector {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("chainrule")
    }
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        let mut seen = Seen {
            target: event.metadata().target().to_owned(),
            level: *event.metadata().level(),
            message: String::new(),
            fields: Vec::new(),
        };
        event.record(&mut seen);
        self.0.lock().unwrap().push(seen);
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[test]
fn reading_training_saving_and_loading_emit_tracing_events() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("m.chainrule");
    let wdbc = embedded::wdbc();
    tracing::subscriber::with_default(Collector(seen.clone()), || {
        let table = Table::from_csv(wdbc.name, wdbc.bytes).unwrap();
        let model = Classifier::builder()
            .target(wdbc.target)
            .epochs(40)
            .optimizer(Sgd)
            .learning_rate(100.0)
            .fit(&table)
            .unwrap();
        model.save(&path).unwrap();
        Classifier::load(&path).unwrap();
    });
    let seen = seen.lock().unwrap();
    let all = |level, start: &str| -> Vec<&Seen> {
        let is = |seen: &&Seen| seen.level == level && seen.message.starts_with(start);
        seen.iter().filter(is).collect()
    };
    let one = |level, start: &str, from: &str| -> &Seen {
        let found = all(level, start);
        assert_eq!(found.len(), 1, "{start}: {seen:?}");
        assert!(found[0].target.starts_with(from), "{:?}", found[0]);
        found[0]
    };
    let field = |seen: &Seen, name: &str| -> String {
        let found = seen.fields.iter().find(|(field, _)| field == name);
        found
            .unwrap_or_else(|| panic!("no {name} in {seen:?}"))
            .1
            .clone()
    };
    let read = one(Level::INFO, "table read", "chainrule_data");
    assert_eq!(field(read, "rows"), "569");
    assert_eq!(field(read, "columns"), "31");
    assert!(field(read, "format").contains("commas"));
    assert!(field(read, "seconds").parse::<f64>().unwrap() >= 0.0);
    let inferred = one(Level::DEBUG, "schema inferred", "chainrule_data");
    assert_eq!(field(inferred, "positive"), "\"malignant\"");
    let fitted = one(Level::DEBUG, "preprocessing fitted", "chainrule_data");
    assert_eq!(field(fitted, "inputs"), "30");
    // The step of the training, and the forward pass of two models.
    let compiled = all(Level::DEBUG, "graph compiled");
    assert!(!compiled.is_empty() && compiled.len() <= 3, "{seen:?}");
    assert!(compiled[0].target.starts_with("chainrule_autodiff"));
    assert_eq!(field(compiled[0], "scalar"), "\"f32\"");
    assert_eq!(field(compiled[0], "plans"), "3");
    one(Level::INFO, "training begins", "chainrule_trainer");
    assert_eq!(all(Level::DEBUG, "epoch ended").len(), 40);
    one(Level::INFO, "training ended", "chainrule_trainer");
    for message in ["file written", "file read"] {
        let event = one(Level::DEBUG, message, "chainrule_nn");
        assert_eq!(field(event, "path"), path.display().to_string());
        let bytes = std::fs::metadata(&path).unwrap().len().to_string();
        assert_eq!(field(event, "bytes"), bytes);
    }
    let warnings = seen.iter().filter(|seen| seen.level == Level::WARN);
    let warnings: Vec<_> = warnings.map(|seen| &seen.message).collect();
    assert!(
        warnings
            .iter()
            .any(|w| w.contains("the learning rate is too high")
                && w.contains("try learning_rate(0.1)")),
        "{warnings:?}"
    );
}
