//! What happens is told to `tracing`. Alone in its process: others that run beside it would register the events without a subscriber.

use std::sync::{Arc, Mutex};

use chainrule_data::{Table, embedded};
use chainrule_trainer::{Classifier, Sgd};

/// Collects the messages of events.
struct Collector(Arc<Mutex<Vec<(tracing::Level, String)>>>);

impl tracing::Subscriber for Collector {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.target().starts_with("chainrule")
    }
    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }
    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}
    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}
    fn event(&self, event: &tracing::Event<'_>) {
        struct Message(String);
        impl tracing::field::Visit for Message {
            fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn std::fmt::Debug) {
                if field.name() == "message" {
                    self.0 = format!("{value:?}");
                }
            }
        }
        let mut message = Message(String::new());
        event.record(&mut message);
        self.0
            .lock()
            .unwrap()
            .push((*event.metadata().level(), message.0));
    }
    fn enter(&self, _: &tracing::span::Id) {}
    fn exit(&self, _: &tracing::span::Id) {}
}

#[test]
fn a_training_emits_tracing_events() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let wdbc = embedded::wdbc();
    let table = Table::from_csv(wdbc.name, wdbc.bytes).unwrap();
    tracing::subscriber::with_default(Collector(seen.clone()), || {
        Classifier::builder()
            .target(wdbc.target)
            .epochs(40)
            .optimizer(Sgd)
            .learning_rate(100.0)
            .fit(&table)
            .unwrap();
    });
    let seen = seen.lock().unwrap();
    let count = |level, start: &str| {
        let is =
            |(l, message): &&(tracing::Level, String)| *l == level && message.starts_with(start);
        seen.iter().filter(is).count()
    };
    assert_eq!(
        count(tracing::Level::INFO, "training begins"),
        1,
        "{seen:?}"
    );
    assert_eq!(count(tracing::Level::DEBUG, "epoch ended"), 40);
    assert_eq!(count(tracing::Level::INFO, "training ended"), 1);
    let warnings = seen
        .iter()
        .filter(|(level, _)| *level == tracing::Level::WARN);
    let warnings: Vec<_> = warnings.map(|(_, message)| message).collect();
    assert!(
        warnings
            .iter()
            .any(|w| w.contains("the learning rate is too high")
                && w.contains("try learning_rate(0.1)")),
        "{warnings:?}"
    );
}
