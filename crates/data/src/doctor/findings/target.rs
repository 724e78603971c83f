//! The target, and columns that tell it.

use super::{Finding, finding};
use crate::doctor::code::Code;
use crate::doctor::{Options, TableState, leak};
use crate::text::{counted, grouped, quote};

/// From this ROC AUC on, a column is all but the target itself.
const LEAK: f64 = 0.99;

/// From this one on it stands out, if no more than one in four columns does.
const STRONG: f64 = 0.8;

/// A class with a smaller share is much rarer than the other.
const IMBALANCE: f64 = 0.1;

/// Of a class with fewer rows, a fifth held out is too few to judge by.
const RARE: usize = 50;

pub(super) fn target(table: &TableState, options: &Options, found: &mut Vec<Finding>) {
    let Some(target) = &table.target else { return };
    let name = &table.names[target.column];
    let labels: Vec<String> = target
        .most_frequent()
        .iter()
        .map(|(label, rows)| format!("{} ({})", quote(label), counted(*rows, "row")))
        .collect();
    let many = target.count() > 2 && options.positive.is_none();
    if target.count() < 2 {
        let message = match labels.first() {
            None => format!("no row has a label in {}", counted(table.rows, "row")),
            Some(label) => format!("every row with a label has the same one: {label}"),
        };
        found.push(
            finding(
                Code::OneLabel,
                message,
                "name another --target, or add rows of the other class",
            )
            .of(name),
        );
    } else if many {
        let dots = if target.count() > labels.len() {
            ", …"
        } else {
            ""
        };
        let message = format!(
            "{} labels where two are needed: {}{dots}",
            target.count(),
            labels.join(", ")
        );
        let next = "--positive LABEL sets one against the rest; or name another --target";
        found.push(
            finding(Code::ManyLabels, message, next)
                .of(name)
                .count(target.count()),
        );
    }
    if target.count() > 2 {
        for (rare, frequent) in target.alike().into_iter().take(10) {
            let message = format!(
                "labels {} and {} may be spellings of one",
                quote(&rare),
                quote(&frequent)
            );
            let next = format!(
                "--map-label {} {} if they are",
                quote(&rare),
                quote(&frequent)
            );
            found.push(finding(Code::LabelSpellings, message, next).of(name));
        }
    }
    let missing = table.columns[target.column].missing;
    if missing > 0 {
        let message = format!(
            "{} of {} without a label",
            grouped(missing),
            counted(table.rows, "row")
        );
        found.push(
            finding(
                Code::MissingLabels,
                message,
                "nothing, if these are to be predicted: training leaves them out",
            )
            .of(name)
            .count(missing),
        );
    }
    let Some(positive) = positive(table, options) else {
        return;
    };
    let all = table.rows - missing;
    let of_positive = target.rows(positive);
    let (rarer, which) = if of_positive * 2 <= all {
        (of_positive, quote(target.name(positive)))
    } else if target.count() == 2 {
        (all - of_positive, quote(target.name(1 - positive.min(1))))
    } else {
        (all - of_positive, "the other labels".to_owned())
    };
    if rarer < RARE {
        let message = format!(
            "only {} of {which}: scores on a part of them will vary much",
            counted(rarer, "row")
        );
        found.push(
            finding(
                Code::RareClass,
                message,
                "get more of them, or judge by the mean over several --seed",
            )
            .of(name)
            .count(rarer),
        );
    }
    let share = rarer as f64 / all as f64;
    if share < IMBALANCE {
        let message = format!(
            "{which} is the label of {:.1} % of the rows: always predicting the other has an accuracy of {:.3}",
            100.0 * share,
            1.0 - share
        );
        let next = "judge by ROC AUC, average precision and log loss rather than accuracy, and give the model a --threshold for the costs of both errors (train --threshold balanced-accuracy chooses one)";
        found.push(
            finding(Code::Imbalance, message, next)
                .of(name)
                .count(rarer),
        );
    }
}

pub(super) fn leaks(table: &TableState, options: &Options, found: &mut Vec<Finding>) {
    let Some(positive) = positive(table, options) else {
        return;
    };
    let Some(target) = &table.target else { return };
    let class = |label: &Option<u16>| label.map(|label| label == positive);
    let classes: Vec<Option<bool>> = table.sample.labels().iter().map(class).collect();
    let features = || (0..table.names.len()).filter(|&at| at != target.column);
    let aucs: Vec<(usize, f64)> = features()
        .filter_map(|at| Some((at, leak::auc(&table.sample, at, &classes)?)))
        .collect();
    let strong = aucs.iter().filter(|(_, auc)| *auc >= STRONG).count();
    let stands_out = strong <= (aucs.len() / 4).max(1);
    let about = if table.sample.is_whole() {
        ""
    } else {
        "about "
    };
    for (at, auc) in aucs {
        let (code, message, next) = if auc >= LEAK {
            (
                Code::Leak,
                format!(
                    "alone tells the classes apart, with a ROC AUC of {about}{auc:.3}: it may be made from the target"
                ),
                "--ignore it unless its value is known before the outcome is",
            )
        } else if auc >= STRONG && stands_out {
            (
                Code::StrongColumn,
                format!(
                    "alone tells the classes apart with a ROC AUC of {about}{auc:.3}, which few columns here do"
                ),
                "make sure that its value is known when you predict, and not only after the outcome (as the duration of a call is); else --ignore it",
            )
        } else {
            continue;
        };
        let mut finding = finding(code, message, next).of(&table.names[at]);
        finding.auc = Some(auc);
        found.push(finding);
    }
}

/// The number of the label that is set against the others, if that can be said.
fn positive(table: &TableState, options: &Options) -> Option<u16> {
    let target = table.target.as_ref()?;
    match (&options.positive, target.count()) {
        (Some(positive), 2..) => target.number(positive),
        (None, 2) => Some(1),
        _ => None,
    }
}
