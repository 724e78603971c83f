//! What rows and classes weigh, and what that does to probabilities.

use std::fmt;
use std::str::FromStr;

use chainrule_data::Dataset;
use serde::{Deserialize, Serialize};

use crate::TrainError;

/// What the loss of a row of each class is multiplied by, beside the row's own weight.
///
/// Only the ratio of the two counts, since the loss is divided by the sum of the weights.
///
/// A network that is trained so does not give the probabilities of the data any more, but those of data in which the classes are as
/// frequent as they weigh: the odds `p / (1 − p)` are multiplied by `positive / negative`. [`Weighting::probability`] divides them again.
///
/// ```
/// use chainrule_trainer::ClassWeight;
///
/// assert_eq!("balanced".parse(), Ok(ClassWeight::Balanced));
/// assert_eq!("1:9".parse(), Ok(ClassWeight::Of { negative: 1.0, positive: 9.0 }));
/// assert!("1:0".parse::<ClassWeight>().is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ClassWeight {
    /// Both classes weigh the same in all: each `Σw / (2 Σw of the class)`, where the sums are over the training rows and a row without
    /// a weight weighs 1. (It is what scikit-learn calls `balanced`.)
    Balanced,
    /// So much, both positive.
    Of {
        /// Of a row of the negative class.
        negative: f64,
        /// Of a row of the positive class.
        positive: f64,
    },
}

impl fmt::Display for ClassWeight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ClassWeight::Balanced => f.pad("balanced"),
            ClassWeight::Of { negative, positive } => f.pad(&format!("{negative}:{positive}")),
        }
    }
}

/// What is no class weight.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected balanced, or the weights of the negative and the positive class as 1:9, both positive numbers"
)]
pub struct NoClassWeight;

impl FromStr for ClassWeight {
    type Err = NoClassWeight;

    fn from_str(text: &str) -> Result<ClassWeight, NoClassWeight> {
        if text == "balanced" {
            return Ok(ClassWeight::Balanced);
        }
        let weight = |text: &str| {
            let weight = text.trim().parse::<f64>().ok();
            weight
                .filter(|weight| is_weight(*weight))
                .ok_or(NoClassWeight)
        };
        let (negative, positive) = text.split_once(':').ok_or(NoClassWeight)?;
        Ok(ClassWeight::Of {
            negative: weight(negative)?,
            positive: weight(positive)?,
        })
    }
}

fn is_weight(weight: f64) -> bool {
    weight.is_finite() && weight > 0.0
}

/// The weights of the two classes, as they are used.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClassFactors {
    /// What the loss of a row of the negative class is multiplied by.
    pub negative: f64,
    /// What the loss of a row of the positive class is multiplied by.
    pub positive: f64,
}

impl ClassFactors {
    /// Of a class.
    pub(crate) fn of(&self, positive: bool) -> f64 {
        if positive {
            self.positive
        } else {
            self.negative
        }
    }
}

impl ClassWeight {
    /// For these training rows.
    pub(crate) fn factors(self, data: &Dataset) -> Result<ClassFactors, TrainError> {
        let wrong = |what: &str, found| {
            Err(TrainError::Setting {
                what: format!("the class weight of the {what} class"),
                found,
                expected: "a positive number",
            })
        };
        match self {
            ClassWeight::Balanced => {
                let (negative, positive) = class_sums(data);
                if negative == 0.0 || positive == 0.0 {
                    let what = if negative == 0.0 {
                        "negative"
                    } else {
                        "positive"
                    };
                    return Err(TrainError::OneClass { missing: what });
                }
                // The halves first: the sum of two large numbers may be infinite.
                let total = negative / 2.0 + positive / 2.0;
                Ok(ClassFactors {
                    negative: total / negative,
                    positive: total / positive,
                })
            }
            ClassWeight::Of { negative, .. } if !is_weight(negative) => wrong("negative", negative),
            ClassWeight::Of { positive, .. } if !is_weight(positive) => wrong("positive", positive),
            ClassWeight::Of { negative, positive } => Ok(ClassFactors { negative, positive }),
        }
    }
}

/// The sums of the weights of the negative and the positive rows.
fn class_sums(data: &Dataset) -> (f64, f64) {
    let weight = |at: usize| data.weights().map_or(1.0, |weights| weights[at]);
    let (mut negative, mut positive) = (0.0, 0.0);
    for (at, &is_positive) in data.labels().iter().enumerate() {
        *(if is_positive {
            &mut positive
        } else {
            &mut negative
        }) += weight(at);
    }
    (negative, positive)
}

/// How rows and classes were weighted in a training; kept with the model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(into = "Stored", from = "Stored")]
pub struct Weighting {
    /// The column of the table that the weights of the rows are from.
    pub column: Option<String>,
    /// The class weight as it was asked for ([`ClassWeight`] as text).
    pub class_weight: Option<String>,
    /// What that means for the training rows.
    pub factors: Option<ClassFactors>,
    /// The share of the positive class among the training rows, by the weights of the rows.
    pub positive_rate: f64,
    /// The same by the weights of the rows and of the classes: what the network takes the share to be.
    pub weighted_positive_rate: f64,
}

impl Weighting {
    /// Of a training on these rows; nothing if all weigh the same.
    pub(crate) fn of(
        data: &Dataset,
        class_weight: Option<ClassWeight>,
    ) -> Result<Option<Weighting>, TrainError> {
        if data.weights().is_none() && class_weight.is_none() {
            return Ok(None);
        }
        let factors = class_weight.map(|rule| rule.factors(data)).transpose()?;
        let (negative, positive) = class_sums(data);
        let rate = |negative: f64, positive: f64| 1.0 / (1.0 + negative / positive);
        let ratio = factors.map_or(1.0, |factors| factors.negative / factors.positive);
        Ok(Some(Weighting {
            column: data.weight_column().map(str::to_owned),
            class_weight: class_weight.map(|rule| rule.to_string()),
            factors,
            positive_rate: rate(negative, positive),
            weighted_positive_rate: rate(negative * ratio, positive),
        }))
    }

    /// What the odds `p / (1 − p)` of the network's probabilities are multiplied by: `positive / negative` of the class weights, 1 without
    /// these.
    pub fn odds_factor(&self) -> f64 {
        self.factors
            .map_or(1.0, |factors| factors.positive / factors.negative)
    }

    /// The logit that the class weights are taken out of: `z − ln k`, where k is the [`odds_factor`](Weighting::odds_factor).
    pub fn logit(&self, z: f64) -> f64 {
        z - libm::log(self.odds_factor())
    }

    /// The probability that the class weights are taken out of: `p / (p + (1 − p) k)`, where k is the [`odds_factor`](Weighting::odds_factor).
    ///
    /// It holds for a network that has learned what there is to learn; on rows that were held out it can be checked, as any probability.
    ///
    /// ```
    /// use chainrule_data::Table;
    /// use chainrule_trainer::{ClassWeight, Classifier};
    ///
    /// let rows = "1,no\n".repeat(90) + &"1,yes\n".repeat(10);
    /// let table = Table::from_csv("rare.csv", format!("x,y\n{rows}").as_bytes())?;
    /// let model = Classifier::builder()
    ///     .target("y")
    ///     .hidden(&[])
    ///     .class_weight(ClassWeight::Balanced)
    ///     .learning_rate(0.1)
    ///     .batch(chainrule_trainer::Batch::Full)
    ///     .epochs(300)
    ///     .validation_fraction(0.0)
    ///     .fit(&table)?;
    /// let p = model.predict_proba(&table)?[0];
    /// let weighting = model.provenance().weighting.as_ref().unwrap();
    /// assert!((p - 0.5).abs() < 0.01);
    /// assert!((weighting.probability(p) - 0.1).abs() < 0.01);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn probability(&self, p: f64) -> f64 {
        let k = self.odds_factor();
        p / (p + (1.0 - p) * k)
    }
}

/// The stored form has its own version.
#[derive(Clone, Serialize, Deserialize)]
enum Stored {
    V1 {
        column: Option<String>,
        class_weight: Option<String>,
        factors: Option<ClassFactors>,
        positive_rate: f64,
        weighted_positive_rate: f64,
    },
}

impl From<Weighting> for Stored {
    fn from(weighting: Weighting) -> Stored {
        let Weighting {
            column,
            class_weight,
            factors,
            positive_rate,
            weighted_positive_rate,
        } = weighting;
        Stored::V1 {
            column,
            class_weight,
            factors,
            positive_rate,
            weighted_positive_rate,
        }
    }
}

impl From<Stored> for Weighting {
    fn from(stored: Stored) -> Weighting {
        let Stored::V1 {
            column,
            class_weight,
            factors,
            positive_rate,
            weighted_positive_rate,
        } = stored;
        Weighting {
            column,
            class_weight,
            factors,
            positive_rate,
            weighted_positive_rate,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nalgebra::DMatrix;

    fn rows(labels: &[bool], weights: Option<&[f64]>) -> Dataset {
        let data = Dataset::new(DMatrix::zeros(1, labels.len()), labels.to_vec()).unwrap();
        match weights {
            None => data,
            Some(weights) => data.with_weights(weights.to_vec()).unwrap(),
        }
    }

    #[test]
    fn balanced_classes_weigh_the_same() {
        let labels: Vec<bool> = (0..100).map(|row| row < 10).collect();
        let found = ClassWeight::Balanced.factors(&rows(&labels, None)).unwrap();
        assert_eq!((found.positive, found.negative), (5.0, 50.0 / 90.0));
        let weights: Vec<f64> = labels.iter().map(|&y| if y { 9.0 } else { 1.0 }).collect();
        let found = ClassWeight::Balanced
            .factors(&rows(&labels, Some(&weights)))
            .unwrap();
        assert_eq!((found.positive, found.negative), (1.0, 1.0));
        let error = ClassWeight::Balanced
            .factors(&rows(&[true, true], None))
            .unwrap_err();
        assert!(error.to_string().contains("negative class"), "{error}");
    }

    #[test]
    fn what_is_written_is_read() {
        for text in ["balanced", "1:9", "0.5:2.25", "1e-300:1"] {
            let weight: ClassWeight = text.parse().unwrap();
            assert_eq!(weight.to_string().parse(), Ok(weight), "{text}");
        }
        for wrong in [
            "", "1", "1:", ":1", "0:1", "1:-1", "1:nan", "inf:1", "1:2:3", "Balanced", "auto",
        ] {
            assert_eq!(wrong.parse::<ClassWeight>(), Err(NoClassWeight), "{wrong}");
        }
    }

    #[test]
    fn odds_are_put_right_again() {
        let labels: Vec<bool> = (0..100).map(|row| row < 10).collect();
        let data = rows(&labels, None);
        let weighting = Weighting::of(&data, Some(ClassWeight::Balanced))
            .unwrap()
            .unwrap();
        assert!((weighting.positive_rate - 0.1).abs() < 1e-15);
        assert!((weighting.weighted_positive_rate - 0.5).abs() < 1e-15);
        assert!((weighting.odds_factor() - 9.0).abs() < 1e-14);
        assert!((weighting.probability(0.5) - 0.1).abs() < 1e-15);
        assert_eq!(
            (weighting.probability(0.0), weighting.probability(1.0)),
            (0.0, 1.0)
        );
        let p = |z: f64| 1.0 / (1.0 + (-z).exp());
        assert!((p(weighting.logit(0.7)) - weighting.probability(p(0.7))).abs() < 1e-15);
        assert_eq!(Weighting::of(&data, None).unwrap(), None);
    }
}
