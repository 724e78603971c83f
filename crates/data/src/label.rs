//! The two labels of a target, and when two spellings are one label.

use crate::cell::{Cell, EXACT_INTEGERS, has_leading_zero};
use crate::column::Column;
use crate::error::ErrorKind;
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// The two labels, as the user wrote them first.
///
/// Blanks round a label don't count. Spellings that differ are different labels, with two exceptions:
/// - plain spellings of one number (`1`, `1.0`, `+1`, `1e0`) are one label. Leading zeros (`007`) and numbers from 2^53 on are names, not plain numbers;
/// - the words `true` and `false` are one label each, in capitals or not.
///
/// So a model trained on `True` and `False` reads `TRUE`, but one trained on `>50K` does not read `>50K.`: that is an error, not a guess.
/// The same cells are missing as in any column (see [`Cell::parse`]).
///
/// ```
/// use chainrule_data::Labels;
///
/// let labels = Labels { negative: "0".into(), positive: "1".into(), others: Default::default() };
/// assert_eq!(labels.classify(" 1.0 "), Some(true));
/// assert_eq!(labels.classify("01"), None);
/// assert_eq!(labels.of(true), "1");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Labels {
    /// The label of the class whose probability is predicted when that probability is near 0.
    pub negative: String,
    /// The label of the class whose probability is predicted.
    pub positive: String,
    /// What labels other than these two are.
    pub others: Others,
}

/// What labels other than the two known ones are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Others {
    /// An error.
    #[default]
    AreUnknown,
    /// Of the negative class: the positive label is set against the rest.
    AreNegative,
}

impl Labels {
    /// The label of a class.
    pub fn of(&self, positive: bool) -> &str {
        if positive {
            &self.positive
        } else {
            &self.negative
        }
    }

    /// The class of a label: `Some(true)` for the positive, nothing for a label that is neither.
    pub fn classify(&self, text: &str) -> Option<bool> {
        let key = Key::of(text)?;
        let known = [false, true]
            .into_iter()
            .find(|&class| Key::of(self.of(class)).as_ref() == Some(&key));
        known.or((self.others == Others::AreNegative).then_some(false))
    }

    /// Whether these are two labels at all.
    pub(crate) fn are_two(&self) -> bool {
        matches!((Key::of(&self.negative), Key::of(&self.positive)), (Some(a), Some(b)) if a != b)
    }

    /// The labels of a target column. Which one is positive depends on what the labels are, never on how many rows have them or
    /// which comes first: the one asked for, else the larger of two numbers, else `true`, else the later in byte order.
    pub(crate) fn infer(
        column: &str,
        cells: Column,
        positive: Option<&str>,
    ) -> Result<Labels, ErrorKind> {
        let Tallies {
            labels, missing, ..
        } = Tallies::of(cells);
        let column = column.to_owned();
        match &labels[..] {
            [] => Err(ErrorKind::NoLabels {
                column,
                rows: cells.len(),
            }),
            [only] => Err(ErrorKind::OneLabel {
                column,
                label: only.first.clone(),
                rows: only.count,
                missing,
            }),
            [a, b] => {
                let a_is_positive = match positive.map(Key::of) {
                    None => a.beats(b),
                    Some(key) if key.as_ref() == Some(&a.key) => true,
                    Some(key) if key.as_ref() == Some(&b.key) => false,
                    Some(_) => {
                        return Err(ErrorKind::UnknownPositive {
                            positive: positive.unwrap_or_default().to_owned(),
                            labels: vec![a.first.clone(), b.first.clone()],
                        });
                    }
                };
                let (positive, negative) = if a_is_positive { (a, b) } else { (b, a) };
                Ok(Labels {
                    negative: negative.first.clone(),
                    positive: positive.first.clone(),
                    others: Others::AreUnknown,
                })
            }
            many if positive.is_some() => {
                let key = positive.and_then(Key::of);
                match many.iter().find(|label| Some(&label.key) == key.as_ref()) {
                    Some(label) => Ok(Labels {
                        negative: format!("not {}", label.first),
                        positive: label.first.clone(),
                        others: Others::AreNegative,
                    }),
                    None => Err(ErrorKind::UnknownPositive {
                        positive: positive.unwrap_or_default().to_owned(),
                        labels: most_frequent(many)
                            .into_iter()
                            .map(|(label, _)| label)
                            .collect(),
                    }),
                }
            }
            many => Err(ErrorKind::ManyLabels {
                column,
                labels: most_frequent(many),
                distinct: many.len(),
            }),
        }
    }

    /// The class of each row, nothing where the label is missing.
    ///
    /// `line` gives the line of a row.
    pub(crate) fn encode(
        &self,
        column: &str,
        cells: Column,
        line: impl Fn(usize) -> u64,
    ) -> Result<Vec<Option<bool>>, ErrorKind> {
        let tallies = Tallies::of(cells);
        let classes: Vec<Option<bool>> = tallies
            .labels
            .iter()
            .map(|label| self.classify(&label.first))
            .collect();
        if classes.contains(&None) {
            let unknown: Vec<Tally> = tallies
                .labels
                .into_iter()
                .zip(&classes)
                .filter(|(_, class)| class.is_none())
                .map(|(label, _)| label)
                .collect();
            let first = unknown
                .iter()
                .map(|label| label.first_row)
                .min()
                .unwrap_or_default();
            return Err(ErrorKind::UnknownLabels {
                column: column.to_owned(),
                unknown: most_frequent(&unknown),
                distinct: unknown.len(),
                line: line(first),
                known: self.clone(),
            });
        }
        Ok(tallies
            .of_row
            .iter()
            .map(|label| label.and_then(|label| classes[label as usize]))
            .collect())
    }
}

/// Whether two spellings are one label.
pub(crate) fn are_one(a: &str, b: &str) -> bool {
    Key::of(a).is_some_and(|key| Key::of(b) == Some(key))
}

/// What makes two spellings one label.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Key {
    /// The bits of the number.
    Number(u64),
    Truth(bool),
    Name(String),
}

impl Key {
    /// Nothing for a missing label.
    pub fn of(text: &str) -> Option<Key> {
        let text = text.trim();
        match Cell::parse(text) {
            Cell::Missing => None,
            // Adding zero turns -0 into 0.
            Cell::Number(value) if value.abs() < EXACT_INTEGERS && !has_leading_zero(text) => {
                Some(Key::Number((value + 0.0).to_bits()))
            }
            _ if text.eq_ignore_ascii_case("true") => Some(Key::Truth(true)),
            _ if text.eq_ignore_ascii_case("false") => Some(Key::Truth(false)),
            _ => Some(Key::Name(text.to_owned())),
        }
    }

    /// One spelling, whichever came first.
    pub fn name(&self) -> String {
        match self {
            Key::Number(bits) => f64::from_bits(*bits).to_string(),
            Key::Truth(truth) => truth.to_string(),
            Key::Name(name) => name.clone(),
        }
    }
}

/// A label and where it occurs.
#[derive(Clone, Debug)]
struct Tally {
    key: Key,
    /// The spelling that came first.
    first: String,
    first_row: usize,
    count: usize,
}

impl Tally {
    fn beats(&self, other: &Tally) -> bool {
        match (&self.key, &other.key) {
            (&Key::Number(a), &Key::Number(b)) => f64::from_bits(a) > f64::from_bits(b),
            (&Key::Truth(a), &Key::Truth(_)) => a,
            _ => self.key.name() > other.key.name(),
        }
    }
}

/// The labels of a column, in order of first appearance.
struct Tallies {
    labels: Vec<Tally>,
    of_row: Vec<Option<u32>>,
    missing: usize,
}

impl Tallies {
    fn of(cells: Column) -> Tallies {
        let mut tallies = Tallies {
            labels: Vec::new(),
            of_row: Vec::with_capacity(cells.len()),
            missing: 0,
        };
        let mut known = BTreeMap::new();
        // A target has few values: those seen last are found again without spelling them.
        let mut recent: Vec<(u64, Option<u32>)> = Vec::new();
        for (row, cell) in cells.gather().into_iter().enumerate() {
            let bits = cell.to_bits();
            let label = match recent.iter().find(|&&(other, _)| other == bits) {
                Some(&(_, label)) => label,
                None => {
                    let text = cells.store().text(cell);
                    let label = text.and_then(|text| tallies.label(&mut known, &text));
                    recent.truncate(31);
                    recent.insert(0, (bits, label));
                    label
                }
            };
            tallies.add(row, label);
        }
        tallies
    }

    fn label(&mut self, known: &mut BTreeMap<Key, u32>, text: &str) -> Option<u32> {
        let key = Key::of(text)?;
        if let Some(&label) = known.get(&key) {
            return Some(label);
        }
        let label = self.labels.len() as u32;
        known.insert(key.clone(), label);
        self.labels.push(Tally {
            key,
            first: text.to_owned(),
            first_row: usize::MAX,
            count: 0,
        });
        Some(label)
    }

    fn add(&mut self, row: usize, label: Option<u32>) {
        self.of_row.push(label);
        match label {
            None => self.missing += 1,
            Some(label) => {
                let tally = &mut self.labels[label as usize];
                tally.count += 1;
                tally.first_row = tally.first_row.min(row);
            }
        }
    }
}

/// Up to ten, the most frequent first, then in byte order.
fn most_frequent(labels: &[Tally]) -> Vec<(String, usize)> {
    let mut counts: Vec<_> = labels
        .iter()
        .map(|label| (label.first.clone(), label.count))
        .collect();
    counts.sort_by(|a, b| (Reverse(a.1), &a.0).cmp(&(Reverse(b.1), &b.0)));
    counts.truncate(10);
    counts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::{Table, TableBuilder};

    fn column(cells: &[&str]) -> Table {
        let mut builder = TableBuilder::new("t", ["y"]).unwrap();
        (2..)
            .zip(cells)
            .for_each(|(line, cell)| builder.push_row(line, [*cell]).unwrap());
        builder.finish()
    }

    fn infer(cells: &[&str], positive: Option<&str>) -> (String, String) {
        let labels = Labels::infer("y", column(cells).column_at(0), positive).unwrap();
        (labels.negative, labels.positive)
    }

    fn pair(negative: &str, positive: &str) -> (String, String) {
        (negative.to_owned(), positive.to_owned())
    }

    #[test]
    fn the_larger_number_or_the_later_name_is_positive() {
        assert_eq!(infer(&["2", "1"], None), pair("1", "2"));
        assert_eq!(infer(&["1", "-1"], None), pair("-1", "1"));
        assert_eq!(infer(&["9", "10"], None), pair("9", "10"));
        assert_eq!(infer(&["no", "yes"], None), pair("no", "yes"));
        assert_eq!(infer(&["b", "B"], None), pair("B", "b"));
        assert_eq!(infer(&["10", "9x"], None), pair("10", "9x"));
        assert_eq!(infer(&["1.0", "0", "1"], None), pair("0", "1.0"));
    }

    #[test]
    fn neither_order_nor_size_of_the_classes_decides() {
        let files: [&[&str]; 3] = [
            &["cancer", "healthy"],
            &["healthy", "cancer"],
            &["cancer", "cancer", "healthy", "cancer"],
        ];
        for cells in files {
            assert_eq!(infer(cells, None), pair("cancer", "healthy"));
            assert_eq!(infer(cells, Some(" cancer ")), pair("healthy", "cancer"));
        }
        // The spelling that comes first is kept, but does not decide either.
        assert_eq!(infer(&["1e0", "1", "1abc"], None), pair("1e0", "1abc"));
        assert_eq!(infer(&["1abc", "1", "1e0"], None), pair("1", "1abc"));
    }

    #[test]
    fn the_positive_class_can_be_chosen_by_any_of_its_spellings() {
        assert_eq!(infer(&["-1", "1"], Some("-1")), pair("1", "-1"));
        assert_eq!(infer(&["0", "1"], Some("0.0")), pair("1", "0"));
        let error = Labels::infer("y", column(&["a", "b"]).column_at(0), Some("c")).unwrap_err();
        assert!(matches!(error, ErrorKind::UnknownPositive { .. }));
        assert!(Labels::infer("y", column(&["a", "b"]).column_at(0), Some("")).is_err());
    }

    #[test]
    fn numbers_that_are_names_stay_apart() {
        for (a, b) in [
            ("9007199254740992", "9007199254740993"),
            ("01", "02"),
            ("007", "7"),
            ("0", "00"),
        ] {
            let labels = Labels::infer("y", column(&[a, b]).column_at(0), None).unwrap();
            assert_ne!(labels.classify(a), labels.classify(b), "{a} {b}");
            assert!(labels.classify(a).is_some() && labels.are_two());
        }
        let spellings = column(&["1", "1.0", "1e0", "+1", "0.1e1", "0", "-0", "0.0"]);
        assert!(Labels::infer("y", spellings.column_at(0), None).is_ok());
    }

    #[test]
    fn false_is_never_the_positive_class() {
        for cells in [
            ["False", "True"],
            ["TRUE", "FALSE"],
            ["false", "True"],
            ["true", "FALSE"],
        ] {
            let labels = Labels::infer("y", column(&cells).column_at(0), None).unwrap();
            assert!(labels.positive.eq_ignore_ascii_case("true"));
            assert_eq!(
                (labels.classify("False"), labels.classify("TRUE")),
                (Some(false), Some(true))
            );
            assert_eq!(labels.classify("F"), None);
        }
    }

    #[test]
    fn missing_labels_are_no_class() {
        let cells = column(&["a", "", "b", "NA", "a"]);
        let labels = Labels::infer("y", cells.column_at(0), None).unwrap();
        let classes = labels.encode("y", cells.column_at(0), |_| 0).unwrap();
        assert_eq!(classes, [Some(false), None, Some(true), None, Some(false)]);
        let error = Labels::infer("y", column(&["", "?"]).column_at(0), None).unwrap_err();
        assert!(matches!(error, ErrorKind::NoLabels { rows: 2, .. }));
        let error = Labels::infer("y", column(&["a", "?", "a"]).column_at(0), None).unwrap_err();
        assert!(matches!(
            error,
            ErrorKind::OneLabel {
                rows: 2,
                missing: 1,
                ..
            }
        ));
    }

    #[test]
    fn unknown_labels_are_listed_with_counts() {
        let labels = Labels {
            negative: "<=50K".into(),
            positive: ">50K".into(),
            others: Others::AreUnknown,
        };
        let cells = column(&["<=50K", "<=50K.", ">50K.", "<=50K."]);
        let error = labels
            .encode("y", cells.column_at(0), |row| row as u64 + 2)
            .unwrap_err();
        let ErrorKind::UnknownLabels {
            unknown,
            distinct: 2,
            line: 3,
            ..
        } = error
        else {
            panic!("{error:?}")
        };
        assert_eq!(unknown, [("<=50K.".to_owned(), 2), (">50K.".to_owned(), 1)]);
    }

    #[test]
    fn a_column_of_many_numbers_is_no_target() {
        let cells: Vec<String> = (0..100).map(|i| i.to_string()).collect();
        let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
        let error = Labels::infer("y", column(&cells).column_at(0), None).unwrap_err();
        let ErrorKind::ManyLabels {
            labels,
            distinct: 100,
            ..
        } = error
        else {
            panic!("{error:?}")
        };
        assert_eq!(labels.len(), 10);
    }
}
