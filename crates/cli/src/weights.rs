//! Weights of rows and classes: the options, and what is said of them.

use crate::failure::Failure;
use crate::number::{counted, grouped};
use chainrule_data::{Labels, Table, escape};
use chainrule_trainer::{ClassWeight, Weighting};
use serde::Serialize;

/// The column that says what each row counts.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct WeightColumn {
    /// A column of numbers, 0 or more, that say how much each row counts; it is not a feature, and a row of weight 0 is as if absent
    #[arg(long, value_name = "COLUMN", allow_hyphen_values = true)]
    weight_column: Option<String>,
}

impl WeightColumn {
    /// The table with its rows weighted, if that was asked for; `target` is its target.
    ///
    /// # Errors
    /// Misuse if there is no such column, or it is the target; if its cells are no weights.
    pub fn apply(&self, table: Table, target: &str) -> Result<Table, Failure> {
        let Some(asked) = &self.weight_column else {
            return Ok(table);
        };
        // By name, by number or as last, as the target.
        let column = table
            .target(Some(asked))
            .map_err(|error| Failure::misuse(format!("--weight-column: {error}")))?;
        let column = column.unwrap_or(asked).to_owned();
        if column == target {
            let column = escape(&column);
            return Err(Failure::misuse(format!(
                "--weight-column: \"{column}\" is the target; name a column of weights"
            )));
        }
        Ok(table.weighted_by(&column)?)
    }

    /// Whether a column was named.
    pub fn is_some(&self) -> bool {
        self.weight_column.is_some()
    }

    /// Names a column, unless one is named.
    pub fn or(&mut self, column: Option<&str>) {
        if self.weight_column.is_none() {
            self.weight_column = column.map(str::to_owned);
        }
    }
}

/// What rows and classes count in a training.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Weights [default: every row counts the same]")]
pub struct Weights {
    /// What the loss of each row of the negative and of the positive class is multiplied by, such as 1:9, or balanced, so that both classes weigh the same. Probabilities are then not chances any more, and the report says what they are
    #[arg(long, value_name = "balanced|N:P", allow_hyphen_values = true)]
    pub class_weight: Option<ClassWeight>,

    #[command(flatten)]
    pub column: WeightColumn,
}

/// What a model says of the weights of its training, as JSON.
#[derive(Debug, Serialize)]
pub struct Json {
    column: Option<String>,
    class_weight: Option<String>,
    negative: Option<f64>,
    positive: Option<f64>,
    positive_rate: f64,
    weighted_positive_rate: f64,
    odds_factor: f64,
}

impl From<&Weighting> for Json {
    fn from(weighting: &Weighting) -> Json {
        Json {
            column: weighting.column.clone(),
            class_weight: weighting.class_weight.clone(),
            negative: weighting.factors.map(|factors| factors.negative),
            positive: weighting.factors.map(|factors| factors.positive),
            positive_rate: weighting.positive_rate,
            weighted_positive_rate: weighting.weighted_positive_rate,
            odds_factor: weighting.odds_factor(),
        }
    }
}

/// What was weighted and how: `by column "n"; "no" 0.5228, "yes" 11.4573 (balanced)`.
pub fn described(weighting: &Weighting, labels: &Labels) -> String {
    let column = match &weighting.column {
        Some(column) => Some(format!("rows by column \"{}\"", escape(column))),
        // Classes alone, or rows that were weighted from Rust.
        None if weighting.factors.is_some() => None,
        None => Some("rows by given weights".to_owned()),
    };
    let classes = weighting.factors.map(|factors| {
        let rule = match weighting.class_weight.as_deref() {
            Some("balanced") => " (balanced)",
            _ => "",
        };
        format!(
            "classes \"{}\" {}, \"{}\" {}{rule}",
            escape(&labels.negative),
            short(factors.negative),
            escape(&labels.positive),
            short(factors.positive)
        )
    });
    let parts: Vec<String> = column.into_iter().chain(classes).collect();
    parts.join("; ")
}

/// What the weights of the classes do to probabilities, in words; nothing if there are none.
pub fn effect(weighting: &Weighting, threshold: f64) -> Option<String> {
    let factor = weighting.odds_factor();
    (factor != 1.0).then(|| {
        format!(
            "the classes were weighted, so a probability p is too {}: the chance is p / (p + {} (1 − p)), and the threshold {threshold} stands for {:.4}",
            if factor > 1.0 { "high" } else { "low" },
            short(factor),
            weighting.probability(threshold)
        )
    })
}

/// How many rows of weight zero there are not.
pub fn left_out(rows_of_weight_zero: usize) -> Option<String> {
    (rows_of_weight_zero > 0).then(|| {
        format!(
            "{} of weight 0 left out",
            counted(rows_of_weight_zero, "row")
        )
    })
}

/// A count of rows, or their weight if that is no whole number.
pub fn amount(weight: f64) -> String {
    if weight.fract() == 0.0 && weight < 9e15 {
        grouped(weight as usize)
    } else {
        short(weight)
    }
}

/// Up to four decimals, fewer of large numbers.
fn short(number: f64) -> String {
    if !(1e-3..1e6).contains(&number) {
        return format!("{number:.3e}");
    }
    let decimals = if number < 100.0 { 4 } else { 1 };
    let text = format!("{number:.decimals$}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        let shown = [1.0, 0.5556, 9.0, 21.853_658, 123.456, 1e9, 1e-9].map(short);
        assert_eq!(
            shown,
            [
                "1", "0.5556", "9", "21.8537", "123.5", "1.000e9", "1.000e-9"
            ]
        );
        assert_eq!([1234.0, 0.5].map(amount), ["1,234", "0.5"]);
    }
}
