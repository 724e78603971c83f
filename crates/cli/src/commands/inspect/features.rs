//! The features of a model, with what is done to them, for people.

use chainrule_data::{Encoder, Preprocessing, escape};
use chainrule_trainer::Classifier;

/// A table of them: a line each, below a header.
pub fn features(model: &Classifier) -> Vec<String> {
    let names: Vec<String> = model.schema().feature_names().map(escape).collect();
    let width = names
        .iter()
        .map(|name| name.chars().count())
        .max()
        .unwrap_or_default()
        .max(8);
    match model.preprocessing() {
        Preprocessing::Standard { mean, scale } => {
            let mut lines = vec![format!(
                "     {:width$}  {:>12}  {:>12}",
                "feature", "mean", "std"
            )];
            for (at, (name, (mean, scale))) in names.iter().zip(mean.iter().zip(scale)).enumerate()
            {
                let constant = if *scale == 0.0 {
                    "  constant: not used"
                } else {
                    ""
                };
                lines.push(format!(
                    "{:>4} {name:width$}  {:>12}  {:>12}{constant}",
                    at + 1,
                    short(*mean),
                    short(*scale)
                ));
            }
            lines
        }
        Preprocessing::Columns(encoders) => {
            let mut lines = vec![format!("     {:width$}  {:>6}  what", "feature", "inputs")];
            let features = model.schema().features().iter().zip(&names).zip(encoders);
            lines.extend(
                features
                    .enumerate()
                    .map(|(at, ((feature, name), encoder))| {
                        format!(
                            "{:>4} {name:width$}  {:>6}  {}: {}",
                            at + 1,
                            encoder.outputs(),
                            feature.kind.name(),
                            encoder_text(encoder)
                        )
                    }),
            );
            lines
        }
        _ => {
            let mut lines = vec!["     feature (as it is)".to_owned()];
            lines.extend(
                names
                    .iter()
                    .enumerate()
                    .map(|(at, name)| format!("{:>4} {name}", at + 1)),
            );
            lines
        }
    }
}

/// What was learned of one feature.
fn encoder_text(encoder: &Encoder) -> String {
    let (text, indicator) = match encoder {
        Encoder::Number {
            center,
            scale,
            fill,
            indicator,
        } => {
            let text = match (center, scale) {
                (0.0, 1.0) => format!("as it is, {} if missing", short(*fill)),
                (_, 0.0) => "constant: not used".to_owned(),
                _ => format!(
                    "(x − {}) / {}, {} if missing",
                    short(*center),
                    short(*scale),
                    short(*fill)
                ),
            };
            (text, indicator)
        }
        Encoder::OneHot {
            levels,
            others,
            fill,
            indicator,
        } => {
            let shown: Vec<String> = levels
                .iter()
                .take(8)
                .map(|level| format!("{:?}", escape(level)))
                .collect();
            let more = match levels.len().saturating_sub(8) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            let others = if *others { ", others" } else { "" };
            let fill = levels
                .get(*fill)
                .map_or("another".to_owned(), |level| format!("{:?}", escape(level)));
            (
                format!("{}{more}{others}; {fill} if missing", shown.join(", ")),
                indicator,
            )
        }
        Encoder::Date {
            fill, indicator, ..
        } => (
            format!(
                "days, time of the year, of the week, of the day; {} days after 1970 if missing",
                short(*fill)
            ),
            indicator,
        ),
        _ => return "an encoding of a later version".to_owned(),
    };
    if *indicator {
        text + ", which is told"
    } else {
        text
    }
}

/// A number for people, about six digits.
fn short(value: f64) -> String {
    match value.abs() {
        0.0 => "0".to_owned(),
        size if (1e-4..1e7).contains(&size) => format!("{value:.6}"),
        _ => format!("{value:.5e}"),
    }
}
