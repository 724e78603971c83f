//! One feature: the inputs of the network that it becomes. What they are is [learned](Encoder::fit) from the training rows.

use serde::{Deserialize, Serialize};

/// What one feature becomes.
///
/// Each kind has a value that is filled in where the feature is missing, and, if it was missing in a training row, one more input at its
/// end: 1 where it is missing, else 0.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Encoder {
    /// A number, a truth value or the place of an ordinal level: `(x − center) / scale`, or 0 if the scale is 0.
    Number {
        /// Taken off.
        center: f64,
        /// Divided by.
        scale: f64,
        /// For a missing value: the median, or of truth values the more frequent one.
        fill: f64,
        /// Whether there is an input that tells missing values.
        indicator: bool,
    },
    /// A name: an input for each level, 1 for the level that it is and 0 for the others.
    OneHot {
        /// Those with an input of their own, in byte order.
        levels: Vec<String>,
        /// Whether there is an input for all other levels, because there were rare ones. Without it they have 0 everywhere.
        others: bool,
        /// The place of the most frequent level, for a missing value; after the last for the others.
        fill: usize,
        /// Whether there is an input that tells missing values.
        indicator: bool,
    },
    /// A date, as days since 1970: the days, scaled as a number, sine and cosine of the time of the year and of the week, and, if there
    /// is one, of the time of the day.
    Date {
        /// Taken off the days.
        center: f64,
        /// Divided by.
        scale: f64,
        /// Whether there are times of the day.
        has_time: bool,
        /// For a missing value: the median.
        fill: f64,
        /// Whether there is an input that tells missing values.
        indicator: bool,
    },
}

const YEAR: f64 = 365.2425;
const WEEK: f64 = 7.0;

impl Encoder {
    /// The number of inputs.
    pub fn outputs(&self) -> usize {
        match self {
            Encoder::Number { indicator, .. } => 1 + usize::from(*indicator),
            Encoder::OneHot {
                levels,
                others,
                indicator,
                ..
            } => levels.len() + usize::from(*others) + usize::from(*indicator),
            Encoder::Date {
                has_time,
                indicator,
                ..
            } => 5 + 2 * usize::from(*has_time) + usize::from(*indicator),
        }
    }

    /// What each input is, after the name of the feature: `job = services`.
    pub fn input_names(&self, feature: &str) -> Vec<String> {
        let (mut names, indicator) = match self {
            Encoder::Number { indicator, .. } => (vec![feature.to_owned()], indicator),
            Encoder::OneHot {
                levels,
                others,
                indicator,
                ..
            } => {
                let other = others.then(|| format!("{feature} is another"));
                (
                    levels
                        .iter()
                        .map(|level| format!("{feature} = {level}"))
                        .chain(other)
                        .collect(),
                    indicator,
                )
            }
            Encoder::Date {
                has_time,
                indicator,
                ..
            } => {
                let parts = [
                    "days", "year sin", "year cos", "week sin", "week cos", "day sin", "day cos",
                ];
                let count = if *has_time { 7 } else { 5 };
                (
                    parts[..count]
                        .iter()
                        .map(|part| format!("{feature}: {part}"))
                        .collect(),
                    indicator,
                )
            }
        };
        if *indicator {
            names.push(format!("{feature} is missing"));
        }
        names
    }

    /// Whether all inputs were the same in every training row.
    pub fn is_constant(&self) -> bool {
        match self {
            Encoder::Number {
                scale, indicator, ..
            } => *scale == 0.0 && !indicator,
            Encoder::OneHot { .. } => self.outputs() < 2,
            Encoder::Date {
                scale, indicator, ..
            } => *scale == 0.0 && !indicator,
        }
    }

    /// For each level of a table its place among the inputs; nothing if it has none.
    pub(super) fn places_of(&self, table_levels: &[String]) -> Vec<Option<usize>> {
        let Encoder::OneHot { levels, others, .. } = self else {
            return Vec::new();
        };
        let place = |level: &String| match levels.binary_search(level) {
            Ok(place) => Some(place),
            Err(_) => others.then_some(levels.len()),
        };
        table_levels.iter().map(place).collect()
    }

    /// The inputs for a value of a data set; `levels` are those of [`places_of`](Encoder::places_of).
    pub(super) fn encode(&self, x: f64, levels: &[Option<usize>], mut push: impl FnMut(f64)) {
        let scaled = |x: f64, center: f64, scale: f64| {
            if scale == 0.0 {
                0.0
            } else {
                (x - center) / scale
            }
        };
        let indicator = match *self {
            Encoder::Number {
                center,
                scale,
                fill,
                indicator,
            } => {
                push(scaled(if x.is_nan() { fill } else { x }, center, scale));
                indicator
            }
            Encoder::OneHot {
                levels: ref own,
                others,
                fill,
                indicator,
            } => {
                let place = if x.is_nan() {
                    Some(fill)
                } else {
                    levels.get(x as usize).copied().flatten()
                };
                for at in 0..own.len() + usize::from(others) {
                    push(if place == Some(at) { 1.0 } else { 0.0 });
                }
                indicator
            }
            Encoder::Date {
                center,
                scale,
                has_time,
                fill,
                indicator,
            } => {
                let days = if x.is_nan() { fill } else { x };
                push(scaled(days, center, scale));
                let day = days - days.floor();
                // The 5th of January 1970 was a Monday.
                let turns = [days / YEAR, (days - 4.0) / WEEK, day];
                for &turn in &turns[..if has_time { 3 } else { 2 }] {
                    let angle = std::f64::consts::TAU * (turn - turn.floor());
                    push(libm::sin(angle));
                    push(libm::cos(angle));
                }
                indicator
            }
        };
        if indicator {
            push(if x.is_nan() { 1.0 } else { 0.0 });
        }
    }

    /// Whether the feature was missing in a training row.
    pub(super) fn knows_missing(&self) -> bool {
        match *self {
            Encoder::Number { indicator, .. }
            | Encoder::OneHot { indicator, .. }
            | Encoder::Date { indicator, .. } => indicator,
        }
    }

    pub(super) fn check(&self) -> Result<(), &'static str> {
        let right = match self {
            Encoder::Number {
                center,
                scale,
                fill,
                ..
            }
            | Encoder::Date {
                center,
                scale,
                fill,
                ..
            } => center.is_finite() && fill.is_finite() && scale.is_finite() && *scale >= 0.0,
            Encoder::OneHot {
                levels,
                others,
                fill,
                ..
            } => {
                let count = levels.len() + usize::from(*others);
                levels.windows(2).all(|pair| pair[0] < pair[1]) && count > 0 && *fill < count
            }
        };
        if right {
            Ok(())
        } else {
            Err("an encoder of a feature is not right")
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::schema::Schema;
    use crate::table::Table;
    use crate::{Preprocessing, Scaling};

    fn fit(csv: &str, scaling: Scaling) -> (Schema, Preprocessing, Vec<Vec<f64>>) {
        let table = Table::from_csv("t.csv", csv.as_bytes()).unwrap();
        let schema = Schema::infer(&table, "y", None).unwrap();
        let data = schema.encode(&table).unwrap();
        let fitted = Preprocessing::fit(scaling, &data).unwrap();
        let inputs = fitted.transform::<f64>(&data).unwrap();
        (
            schema,
            fitted,
            inputs
                .column_iter()
                .map(|column| column.as_slice().to_vec())
                .collect(),
        )
    }

    fn of(schema: &Schema, fitted: &Preprocessing, csv: &str) -> Vec<Vec<f64>> {
        let table = Table::from_csv("new.csv", csv.as_bytes()).unwrap();
        let data = schema.encode_features(&table).unwrap();
        let inputs = fitted.transform::<f64>(&data).unwrap();
        inputs
            .column_iter()
            .map(|column| column.as_slice().to_vec())
            .collect()
    }

    #[test]
    fn missing_numbers_get_the_median_and_are_told() {
        let (schema, fitted, inputs) = fit("x,y\n1,a\n3,b\n,a\n8,b\n", Scaling::None);
        assert_eq!(inputs, [[1.0, 0.0], [3.0, 0.0], [3.0, 1.0], [8.0, 0.0]]);
        assert_eq!(of(&schema, &fitted, "x\n?\n5\n"), [[3.0, 1.0], [5.0, 0.0]]);
        let Preprocessing::Columns(encoders) = fitted else {
            panic!()
        };
        assert_eq!(encoders[0].input_names("x"), ["x", "x is missing"]);
    }

    #[test]
    fn each_scaling_does_what_it_says() {
        let csv = "x,y\n1,a\n2,b\n3,a\n5,b\n,a\n";
        let first =
            |scaling| -> Vec<f64> { fit(csv, scaling).2.iter().map(|row| row[0]).collect() };
        assert_eq!(first(Scaling::MinMax), [0.0, 0.25, 0.5, 1.0, 0.375]);
        // Median 2.5, quartiles 1.5 and 4.
        assert_eq!(first(Scaling::Robust), [-0.6, -0.2, 0.2, 1.0, 0.0]);
        let standard = first(Scaling::Standard);
        assert!(standard[..4].iter().sum::<f64>().abs() < 1e-12);
        assert!((standard[..4].iter().map(|x| x * x).sum::<f64>() - 4.0).abs() < 1e-12);
        let constant = fit("x,z,y\n1,1,a\n1,2,b\n1,,a\n", Scaling::MinMax);
        assert_eq!(constant.1.constant_features(), [0]);
        assert!(constant.2.iter().all(|row| row[0] == 0.0));
    }

    #[test]
    fn rare_and_unseen_levels_share_an_input() {
        let row = |color: &str, times: usize| format!("{color},a\n{color},b\n").repeat(times);
        let csv = format!(
            "color,y\n{}{}{}",
            row("red", 4),
            row("blue", 3),
            row("rare", 1) + &row("odd", 1)
        );
        let (schema, fitted, inputs) = fit(&csv, Scaling::Standard);
        let Preprocessing::Columns(encoders) = &fitted else {
            panic!()
        };
        assert_eq!(
            encoders[0].input_names("color"),
            ["color = blue", "color = red", "color is another"]
        );
        assert_eq!(inputs[0], [0.0, 1.0, 0.0]);
        assert_eq!(inputs[17], [0.0, 0.0, 1.0]);
        // Missing is the most frequent; there is no indicator where none was missing.
        assert_eq!(
            of(&schema, &fitted, "color\nblue\nunseen\n\n ?\n"),
            [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 1.0, 0.0]]
        );
        // Without rare levels an unseen one is none of them.
        let (schema, fitted, _) = fit(
            &format!("color,y\n{}{}", row("red", 4), row("blue", 3)),
            Scaling::Standard,
        );
        assert_eq!(of(&schema, &fitted, "color\ngreen\n"), [[0.0, 0.0]]);
    }

    #[test]
    fn dates_have_parts() {
        let (_, fitted, inputs) = fit(
            "d,y\n1970-01-05,a\n1970-01-06,b\n1970-01-12,a\n",
            Scaling::Standard,
        );
        let Preprocessing::Columns(encoders) = &fitted else {
            panic!()
        };
        assert_eq!(encoders[0].outputs(), 5);
        // Mondays.
        assert_eq!(inputs[0][3..], [0.0, 1.0]);
        assert_eq!(inputs[2][3..], [0.0, 1.0]);
        assert!(inputs[1][3] > 0.7);
        let (_, _, inputs) = fit(
            "d,y\n1970-01-05 06:00,a\n1970-01-06 18:00,b\n,a\n",
            Scaling::Standard,
        );
        assert_eq!(inputs[0].len(), 8);
        assert!((inputs[0][5] - 1.0).abs() < 1e-12 && (inputs[1][5] + 1.0).abs() < 1e-12);
        assert_eq!(inputs[2][7], 1.0);
    }

    #[test]
    fn words_for_truth_are_one_and_zero() {
        let (schema, fitted, inputs) =
            fit("b,y\nyes,a\nNo,b\nYES,a\nyes,b\n,a\n", Scaling::Standard);
        assert_eq!(
            inputs,
            [[1.0, 0.0], [0.0, 0.0], [1.0, 0.0], [1.0, 0.0], [1.0, 1.0]]
        );
        assert_eq!(
            of(&schema, &fitted, "b\ntrue\n0\n"),
            [[1.0, 0.0], [0.0, 0.0]]
        );
    }

    #[test]
    fn what_is_stored_is_checked() {
        let (_, fitted, _) = fit(
            "c,d,x,y\nu,1970-01-05,1,a\nu,1970-01-06,,b\nv,1970-01-12,4,a\n",
            Scaling::Standard,
        );
        let text = serde_json::to_string(&fitted).unwrap();
        assert_eq!(
            serde_json::from_str::<Preprocessing>(&text).unwrap(),
            fitted
        );
        for (from, to) in [
            ("\"fill\":0", "\"fill\":7"),
            ("\"scale\":1.5", "\"scale\":-1.0"),
        ] {
            assert!(text.contains(from), "{text}");
            assert!(serde_json::from_str::<Preprocessing>(&text.replacen(from, to, 1)).is_err());
        }
    }
}
