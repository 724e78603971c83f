//! What is said in words on a command line: an error, or a value that is printed as words for itself.

#![no_main]

use chainrule_data::{Cell, DateOrder, Encoding, Scaling};
use chainrule_metrics::Metric;
use chainrule_nn::{Activation, Precision};
use chainrule_trainer::{ClassWeight, Every, Schedule, Warmup};
use libfuzzer_sys::fuzz_target;
use std::fmt::{Debug, Display};
use std::str::FromStr;

fn same<T: FromStr + Display + PartialEq + Debug>(text: &str) {
    if let Ok(value) = text.parse::<T>() {
        let printed = value.to_string();
        assert_eq!(printed.parse().ok(), Some(value), "{text:?} {printed:?}");
    }
}

fuzz_target!(|text: &str| {
    same::<Every>(text);
    same::<Encoding>(text);
    same::<Scaling>(text);
    same::<Metric>(text);
    same::<Activation>(text);
    same::<Precision>(text);
    let _ = (
        text.parse::<Schedule>(),
        text.parse::<Warmup>(),
        text.parse::<ClassWeight>(),
    );
    let _ = (Cell::parse(text), chainrule_data::escape(text));
    for order in [
        DateOrder::YearFirst,
        DateOrder::MonthFirst,
        DateOrder::DayFirst,
    ] {
        assert!(order.days(text).is_none_or(f64::is_finite));
    }
});
