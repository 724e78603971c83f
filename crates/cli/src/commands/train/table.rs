//! The metrics of a training report, side by side.

use crate::number::grouped;
use crate::scores::{shown, title};
use crate::weights::amount;
use chainrule_metrics::{Baseline, Confusion, Metric, Report};

/// The metrics on some rows.
pub struct Column<'a> {
    /// What the rows are.
    pub name: &'static str,
    /// The metrics.
    pub report: &'a Report,
    /// Where the rows come from, and what has seen them.
    pub remark: Option<String>,
}

/// All metrics of all columns, what has none and why, and the remarks; `baseline` is that of the last column.
pub fn lines(columns: &[Column], baseline: &Baseline, majority: &str) -> Vec<String> {
    let line = |name: &str, cells: &mut dyn Iterator<Item = String>, last: String| {
        let cells: String = cells.map(|cell| format!("  {cell:>10}")).collect();
        format!("{name:<18}{cells}  {last:>10}")
            .trim_end()
            .to_owned()
    };
    let reports = || columns.iter().map(|column| column.report);
    let names = &mut columns.iter().map(|column| column.name.to_owned());
    let last = columns.last().map_or(0, |column| column.report.rows);
    let mut lines = vec![
        line("", names, "baseline".to_owned()),
        line(
            "rows",
            &mut reports().map(|report| grouped(report.rows)),
            grouped(last),
        ),
    ];
    if reports().any(|report| report.total_weight != report.rows as f64) {
        let weights = &mut reports().map(|report| amount(report.total_weight));
        lines.push(line("weight", weights, String::new()));
    }
    for metric in Metric::ALL {
        let cells = &mut reports().map(|report| shown(report.value(metric).ok()));
        let of_baseline = match metric {
            Metric::LogLoss => shown(Some(baseline.log_loss)),
            Metric::Brier => shown(Some(baseline.brier)),
            Metric::Accuracy => shown(Some(baseline.accuracy)),
            _ => String::new(),
        };
        lines.push(line(title(metric), cells, of_baseline));
    }
    let counts: [(&str, Count); 4] = [
        ("true positives", |confusion| confusion.true_positives),
        ("false positives", |confusion| confusion.false_positives),
        ("false negatives", |confusion| confusion.false_negatives),
        ("true negatives", |confusion| confusion.true_negatives),
    ];
    for (name, count) in counts {
        let cells = &mut reports().map(|report| amount(count(&report.confusion)));
        lines.push(line(name, cells, String::new()));
    }
    lines.push(String::new());
    for Column {
        name,
        report,
        remark,
    } in columns
    {
        lines.extend(
            remark
                .as_ref()
                .map(|remark| format!("{name:<10}  {remark}")),
        );
        lines.extend(missing(report).map(|missing| format!("{name:<10}  {missing}")));
    }
    lines.push(format!(
        "baseline    always \"{majority}\", probability {:.4}",
        baseline.positive_rate
    ));
    lines
}

type Count = fn(&Confusion) -> f64;

/// What has no value, and why: `no MCC, ROC AUC: no row is of the negative class`.
fn missing(report: &Report) -> impl Iterator<Item = String> {
    let mut reasons: Vec<(String, Vec<&str>)> = Vec::new();
    for metric in Metric::ALL {
        if let Err(reason) = report.value(metric) {
            let reason = reason.to_string();
            match reasons.iter_mut().find(|(known, _)| *known == reason) {
                Some((_, metrics)) => metrics.push(title(metric)),
                None => reasons.push((reason, vec![title(metric)])),
            }
        }
    }
    reasons
        .into_iter()
        .map(|(reason, metrics)| format!("no {}: {reason}", metrics.join(", ")))
}
