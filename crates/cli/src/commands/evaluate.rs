//! `chainrule evaluate`: how well a model does on a labelled table.

use crate::columns::LabelMap;
use crate::failure::Failure;
use crate::input::{Source, check_stdin_once};
use crate::number::{counted, decimals};
use crate::reading::Reading;
use crate::scores::{Scores, shown, title};
use crate::weights::{self, WeightColumn, amount};
use crate::{model, terminal};
use chainrule_autodiff::Isa;
use chainrule_data::escape;
use chainrule_metrics::{Metric, Report, Undefined, log_loss};
use chainrule_trainer::Classifier;
use serde::Serialize;

const EXAMPLES: &str = "\
Examples:
  chainrule evaluate patients.chainrule test.csv
  chainrule evaluate patients.chainrule test.csv --threshold 0.3 --json";

/// Evaluate a model on a labelled table
///
/// The classes are the model's: a label that it does not know is an error, and a metric that has no value on the table (ROC AUC of one
/// class) is shown as such, with the reason. Log loss comes from the logit, so it is right for probabilities of 0 and 1 too.
#[derive(Debug, clap::Args)]
#[command(before_help = EXAMPLES)]
pub struct Arguments {
    /// The model file, or - for standard input
    #[arg(value_name = "MODEL", value_parser = Source::parser())]
    model: Source,

    /// A CSV table with the target column, or - for standard input
    #[arg(value_name = "DATA.csv", value_parser = Source::parser())]
    data: Source,

    /// The least probability, from 0 to 1, that gives the positive label [default: the model's]
    #[arg(long, value_name = "X", value_parser = super::predict::threshold, allow_negative_numbers = true)]
    threshold: Option<f64>,

    /// Print one JSON object
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    weights: WeightColumn,

    #[command(flatten)]
    labels: LabelMap,

    #[command(flatten)]
    reading: Reading,
}

/// Evaluates and prints the metrics.
///
/// # Errors
/// If model or data can't be used.
pub fn run(arguments: Arguments, isa: Isa) -> Result<(), Failure> {
    check_stdin_once(&[&arguments.model, &arguments.data])?;
    let model = model::load(&arguments.model, isa)?;
    let mut table = arguments
        .data
        .table(&arguments.reading.options_for(&model))?;
    table
        .notes()
        .iter()
        .for_each(|note| terminal::note(&note.to_string()));
    let schema = model.schema();
    let target = schema.target_in(&table)?;
    table = arguments.weights.apply(table, &target)?;
    arguments.labels.apply(&target, [&mut table])?;
    let rows = schema.encode(&table)?;
    if let Some(left_out) = weights::left_out(rows.rows_of_weight_zero()) {
        terminal::note(&left_out);
    }
    if rows.rows_without_label() > 0 {
        let count = counted(rows.rows_without_label(), "row");
        terminal::note(&format!("{count} without a label left out"));
    }
    if rows.rows_with_bad_cells() > 0 {
        let count = counted(rows.rows_with_bad_cells(), "row");
        terminal::note(&format!("{count} with a value that can't be used left out"));
    }
    if table.sha256().is_some() && table.sha256() == model.provenance().data.file_sha256.as_deref()
    {
        terminal::note(
            "the model was trained on rows of this very file; only other rows tell how good it is",
        );
    }
    let report = model.evaluate(&rows, arguments.threshold)?;
    let weighting = model.provenance().weighting.as_ref();
    if let Some(column) = weighting.and_then(|weighting| weighting.column.as_deref())
        && !arguments.weights.is_some()
    {
        let column = escape(column);
        terminal::note(&format!(
            "the model was trained on rows weighted by the column \"{column}\"; here each row counts the same: --weight-column weights them"
        ));
    }
    let put_right = match weighting {
        Some(weighting) if weighting.odds_factor() != 1.0 => {
            let effect = weights::effect(weighting, report.threshold);
            effect.iter().for_each(|effect| terminal::note(effect));
            let logits = model.logits(&rows)?;
            let logits: Vec<f64> = logits.iter().map(|&z| weighting.logit(z)).collect();
            Some(log_loss(rows.labels(), &logits, rows.weights())?)
        }
        _ => None,
    };
    if arguments.json {
        terminal::print_json(&Evaluation {
            scores: Scores::of(&report, model.labels()),
            target: model.schema().target(),
            positive: &model.labels().positive,
            negative: &model.labels().negative,
            rows_without_label: rows.rows_without_label(),
            rows_of_weight_zero: rows.rows_of_weight_zero(),
            weight_column: rows.weight_column(),
            trained_with_weights: weighting.map(Into::into),
            log_loss_of_chances: put_right,
            model_hash: model::hash(&model)?,
        })
    } else {
        terminal::print(text(&arguments, &model, &report, put_right))
    }
}

#[derive(Serialize)]
struct Evaluation<'a> {
    #[serde(flatten)]
    scores: Scores,
    target: &'a str,
    positive: &'a str,
    negative: &'a str,
    rows_without_label: usize,
    rows_of_weight_zero: usize,
    weight_column: Option<&'a str>,
    /// How rows and classes were weighted in the training; null if they were not.
    trained_with_weights: Option<weights::Json>,
    /// The log loss of the probabilities that the class weights are taken out of; null without such weights.
    log_loss_of_chances: Option<f64>,
    model_hash: String,
}

fn text(
    arguments: &Arguments,
    model: &Classifier,
    report: &Report,
    put_right: Option<f64>,
) -> String {
    let (confusion, baseline, labels) = (&report.confusion, &report.baseline, model.labels());
    let (positive, negative) = (escape(&labels.positive), escape(&labels.negative));
    let mut lines = vec![
        format!("model      {}", escape(&arguments.model.name())),
        format!(
            "data       {}: {}{}, {} \"{positive}\" (positive) and {} \"{negative}\"",
            escape(&arguments.data.name()),
            counted(report.rows, "row"),
            if arguments.weights.is_some() {
                format!(" of the weight {}", amount(report.total_weight))
            } else {
                String::new()
            },
            amount(confusion.positives()),
            amount(confusion.negatives()),
        ),
        format!("threshold  {}", report.threshold),
        String::new(),
        format!("{:<18} {:>8}  baseline", "", "model"),
        compared("log loss", report.log_loss, baseline.log_loss)
            + &format!("  always a probability of {:.4}", baseline.positive_rate),
        compared("Brier score", report.brier, baseline.brier) + "  the same",
        compared("accuracy", report.accuracy, baseline.accuracy)
            + &format!("  always \"{}\"", escape(labels.of(baseline.majority))),
    ];
    if let Some(log_loss) = put_right {
        let chances = format!("{:<18} {:>8}", "log loss, chances", decimals(log_loss));
        lines.insert(
            lines.len() - 2,
            chances + "            with the class weights taken out",
        );
    }
    // Those with a baseline are above.
    let compared = [Metric::LogLoss, Metric::Brier, Metric::Accuracy];
    let metrics = Metric::ALL
        .into_iter()
        .filter(|metric| !compared.contains(metric));
    lines.extend(metrics.map(|which| metric(title(which), report.value(which))));
    lines.push(compared_rate(report));
    lines.push(String::new());
    let wide = |label: &str| label.chars().count();
    let width = wide(&positive).max(wide(&negative)) + 2;
    let row = |label: &str, as_positive: f64, as_negative: f64| {
        let (tp, tn) = (amount(as_positive), amount(as_negative));
        format!("of {:width$}  {tp:>18}  {tn:>18}", format!("\"{label}\""))
    };
    lines.push(format!(
        "   {:width$}  {:>18}  {:>18}",
        "", "predicted positive", "predicted negative"
    ));
    lines.push(row(
        &positive,
        confusion.true_positives,
        confusion.false_negatives,
    ));
    lines.push(row(
        &negative,
        confusion.false_positives,
        confusion.true_negatives,
    ));
    lines
        .iter()
        .map(|line| format!("{}\n", line.trim_end()))
        .collect()
}

/// How often the model expects the positive label, beside how often it comes.
fn compared_rate(report: &Report) -> String {
    let (mean, rate) = (report.mean_probability, report.baseline.positive_rate);
    compared("mean probability", mean, rate) + "  how often the positive label comes"
}

fn compared(name: &str, value: f64, baseline: f64) -> String {
    format!(
        "{name:<18} {:>8}  {:>8}",
        decimals(value),
        decimals(baseline)
    )
}

fn metric(name: &str, value: Result<f64, Undefined>) -> String {
    let reason = value
        .err()
        .map(|reason| reason.to_string())
        .unwrap_or_default();
    format!("{name:<18} {:>8}  {reason}", shown(value.ok()))
}
