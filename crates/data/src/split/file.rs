//! How the rows of a file are to be parted, and the first pass over it, which finds out where each will go.

use super::copy::{FilePlan, Rule};
use super::time::{Clock, Times};
use super::{below, generator};
use crate::cell::Cell;
use crate::column::Column;
use crate::error::{Error, ErrorKind};
use crate::label::Key;
use crate::read::{Block, CsvReader};
use crate::text::{counted, quote};
use rand_chacha::rand_core::Rng;
use std::collections::BTreeMap;

/// Rows that are looked at together. A column keeps more spellings of numbers such as `007` than this, so that in no block two of
/// them become one.
pub(super) const BLOCK: usize = 2048;

/// A column of more labels than this is none to keep shares of.
pub(super) const MOST_LABELS: usize = 256;

/// How the rows of a file are to be parted.
///
/// Two passes over the file do it: [`plan`](FileSplit::plan) counts, [`FilePlan::copy`] draws and copies. Memory does not grow
/// with the rows, except for eight bytes each in a split by time; it grows with the distinct groups of a split by groups.
///
/// ```
/// use chainrule_data::CsvReader;
/// use chainrule_data::split::{By, FileSplit, Part, Shares};
///
/// let csv = "id,y\r\n1,no\r\n2,yes\r\n3, no\r\n4,\"yes\"\r\n";
/// let split = FileSplit {
///     by: By::Chance,
///     target: Some("y".into()), // each part has its share of each label
///     shares: Shares { validation: 0.0, test: 0.5 },
///     seed: 7,
/// };
/// let plan = split.plan(CsvReader::new("t.csv", csv.as_bytes())?)?;
/// let mut files = [Vec::new(), Vec::new(), Vec::new()];
/// let copied = plan.copy(CsvReader::new("t.csv", csv.as_bytes())?, |part, bytes| {
///     files[part as usize].extend_from_slice(bytes);
///     Ok::<(), chainrule_data::Error>(())
/// })?;
/// assert_eq!(copied.parts[Part::Test as usize].labels, [("no".to_owned(), 1), ("yes".to_owned(), 1)]);
/// assert!(files.iter().flatten().count() == csv.len() + "id,y\r\n".len()); // the header is in both
/// # Ok::<(), chainrule_data::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct FileSplit {
    /// What decides where a row goes.
    pub by: By,
    /// The column whose labels are counted in each part. In a split [by chance](By::Chance) each part has its share of each label.
    pub target: Option<String>,
    /// How much is to validate and to test on.
    pub shares: Shares,
    /// Where random numbers start from. A split by time draws none.
    pub seed: u64,
}

/// What decides where a row goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum By {
    /// Nothing but chance.
    Chance,
    /// The value of this column: rows that share it stay together, so that no group is known from training when it is tested.
    /// Rows without a value are one group.
    Groups(String),
    /// The number or date in this column: the latest rows are to test on, those before them to validate on. Rows of the same time
    /// stay together.
    Time(String),
}

/// Shares of the rows; the rest is to train on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shares {
    /// To validate on.
    pub validation: f64,
    /// To test on.
    pub test: f64,
}

/// What rows are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// To train on.
    Train,
    /// To choose settings by.
    Validation,
    /// To tell how good the chosen model is.
    Test,
}

impl Part {
    /// All, in their order.
    pub const ALL: [Part; 3] = [Part::Train, Part::Validation, Part::Test];

    /// `train`, `validation` or `test`.
    pub fn name(self) -> &'static str {
        ["train", "validation", "test"][self as usize]
    }
}

impl FileSplit {
    /// The first pass: counts rows, labels, groups or times.
    ///
    /// # Errors
    /// [`Shares`](ErrorKind::Shares), [`UnknownColumn`](ErrorKind::UnknownColumn); [`Parts`](ErrorKind::Parts) if there are too few
    /// rows or groups, too many labels, or cells without a time; and whatever [`CsvReader`] finds.
    pub fn plan(&self, mut reader: CsvReader) -> Result<FilePlan, Error> {
        let Shares { validation, test } = self.shares;
        let is_share = |share: f64| (0.0..1.0).contains(&share);
        if !is_share(validation)
            || !is_share(test)
            || validation + test >= 1.0
            || validation + test == 0.0
        {
            return Err(ErrorKind::Shares { validation, test }.into());
        }
        let source = reader.source().to_owned();
        let columns = self.columns(&reader)?;
        let rule = match &self.by {
            By::Chance => self.draw(&mut reader, columns.target),
            By::Groups(_) => self.groups(&mut reader, columns.key),
            By::Time(_) => self.time(&mut reader, columns.key),
        };
        rule.map_err(|error| error.in_file(&source))
    }

    /// The parts that get rows.
    pub(super) fn parts(&self) -> impl Iterator<Item = Part> {
        let Shares { validation, test } = self.shares;
        let is_used = [true, validation > 0.0, test > 0.0];
        Part::ALL
            .into_iter()
            .filter(move |&part| is_used[part as usize])
    }

    pub(super) fn columns(&self, reader: &CsvReader) -> Result<Columns, Error> {
        let place = |name: &str| -> Result<usize, Error> {
            let found = reader.target(Some(name))?;
            let at = reader
                .names()
                .iter()
                .position(|name| Some(name) == found.as_ref());
            at.ok_or_else(|| ErrorKind::Parts(format!("no column {}", quote(name))).into())
        };
        let key = match &self.by {
            By::Chance => None,
            By::Groups(column) | By::Time(column) => Some(place(column)?),
        };
        Ok(Columns {
            target: self.target.as_deref().map(place).transpose()?,
            key: key.unwrap_or_default(),
        })
    }

    /// So many of `rows` for each part: rounded half up, but at least one; nothing if there are too few for that.
    fn quota(&self, rows: usize) -> Option<[usize; 3]> {
        let needed = self.parts().count();
        if rows < needed {
            return None;
        }
        let Shares { validation, test } = self.shares;
        let share = |share: f64| match share {
            0.0 => 0,
            share => ((share * rows as f64 + 0.5).floor() as usize).max(1),
        };
        let mut quota = [0, share(validation), share(test)];
        while quota[1] + quota[2] >= rows {
            let larger = if quota[2] >= quota[1] { 2 } else { 1 };
            quota[larger] -= 1;
        }
        quota[0] = rows - quota[1] - quota[2];
        Some(quota)
    }

    fn draw(&self, reader: &mut CsvReader, target: Option<usize>) -> Result<FilePlan, Error> {
        let mut counts = BTreeMap::<Option<Key>, usize>::new();
        let rows = each_block(reader, |block| {
            for row in 0..block.table().rows() {
                let key = target.and_then(|target| key(block.table().column_at(target), row));
                *counts.entry(key).or_default() += 1;
            }
            match &self.target {
                Some(target) if counts.len() > MOST_LABELS => Err(ErrorKind::Parts(format!(
                    "column {} has more than {MOST_LABELS} labels, too many to have each in every part; name the column to predict, which has few",
                    quote(target)
                ))
                .into()),
                _ => Ok(()),
            }
        })?;
        self.quota(rows).ok_or_else(|| self.too_few(rows, "row"))?;
        let mut notes = Vec::new();
        let quotas = counts.into_iter().map(|(label, count)| {
            let quota = self.quota(count).unwrap_or_else(|| {
                let of = label
                    .as_ref()
                    .map(|label| format!(" of the label {}", quote(&label.name())));
                notes.push(format!(
                    "{}{}: too few for one in each part; all are to train on",
                    counted(count, "row"),
                    of.unwrap_or_else(|| " without a label".to_owned())
                ));
                [count, 0, 0]
            });
            (label, quota)
        });
        let quotas: BTreeMap<_, _> = quotas.collect();
        let is_empty = |part: Part| quotas.values().all(|quota| quota[part as usize] == 0);
        if let (Some(target), true) = (&self.target, self.parts().any(is_empty)) {
            let parts: Vec<&str> = self.parts().map(Part::name).collect();
            return Err(ErrorKind::Parts(format!(
                "column {}: none of its labels has {}, one for each of {}; give more, a share of 0, or another target or none",
                quote(target),
                counted(parts.len(), "row"),
                parts.join(", ")
            ))
            .into());
        }
        Ok(self.with(Rule::Draw(quotas), rows, notes))
    }

    fn groups(&self, reader: &mut CsvReader, column: usize) -> Result<FilePlan, Error> {
        let mut counts = BTreeMap::<Option<Key>, usize>::new();
        let rows = each_block(reader, |block| {
            for row in 0..block.table().rows() {
                *counts
                    .entry(key(block.table().column_at(column), row))
                    .or_default() += 1;
            }
            Ok(())
        })?;
        let needed = self.parts().count();
        if counts.len() < needed {
            return Err(self.too_few(counts.len(), "group"));
        }
        let mut notes = Vec::new();
        if let Some(&count) = counts.get(&None) {
            notes.push(format!(
                "{} without a group; they are one group and stay together",
                counted(count, "row")
            ));
        }
        let mut random = generator(b"split in groups", self.seed);
        let mut groups: Vec<(Option<Key>, usize)> = counts.into_iter().collect();
        for at in (1..groups.len()).rev() {
            let other = below(at as u64 + 1, || random.next_u64()) as usize;
            groups.swap(at, other);
        }
        // In random order, each group goes where it brings the rows nearer to their share: to test on, else to validate on.
        let mut of_group = BTreeMap::new();
        let mut left: Vec<(Option<Key>, usize)> = groups;
        for (part, share) in [
            (Part::Test, self.shares.test),
            (Part::Validation, self.shares.validation),
        ] {
            if share == 0.0 {
                continue;
            }
            let others =
                needed - 1 - usize::from(part == Part::Validation && self.shares.test > 0.0);
            let wanted = share * rows as f64;
            let (mut have, mut stay) = (0.0, Vec::new());
            let mut free = left.len() - others;
            for (group, count) in left {
                let more = have + count as f64;
                if free > 0 && (wanted - more).abs() < (wanted - have).abs() {
                    (have, free) = (more, free - 1);
                    of_group.insert(group, part);
                } else {
                    stay.push((group, count));
                }
            }
            if have == 0.0 {
                // Each is more than twice the share: the smallest is nearest, the first of several.
                let smallest = (0..stay.len())
                    .min_by_key(|&at| stay[at].1)
                    .unwrap_or_default();
                of_group.insert(stay.remove(smallest).0, part);
            }
            left = stay;
        }
        of_group.extend(left.into_iter().map(|(group, _)| (group, Part::Train)));
        Ok(self.with(Rule::Groups(of_group), rows, notes))
    }

    fn time(&self, reader: &mut CsvReader, column: usize) -> Result<FilePlan, Error> {
        let name = reader.names()[column].clone();
        let (mut times, mut has_points) = (Times::new(), false);
        let rows = each_block(reader, |block| {
            let table = block.table();
            for (row, cell) in table.column_at(column).cells().enumerate() {
                if let Cell::Text(text) = cell {
                    has_points |= text.contains('.') && !text.contains(':');
                }
                if !times.push(cell) {
                    let found = match cell {
                        Cell::Missing => "no time".to_owned(),
                        Cell::Text(text) => quote(text),
                        Cell::Number(value) | Cell::Infinite(value) => quote(&value.to_string()),
                    };
                    return Err(ErrorKind::Parts(format!(
                        "line {}, column {}: {found}, where each row needs a number, or a date of the same form as the others, such as 2024-12-31; correct it, or split by another column",
                        table.line(row),
                        quote(&name)
                    ))
                    .into());
                }
            }
            Ok(())
        })?;
        let quota = self.quota(rows).ok_or_else(|| self.too_few(rows, "row"))?;
        let (clock, times, is_either) = times.sorted(has_points);
        let last = [times[quota[0] - 1], times[quota[0] + quota[1] - 1]];
        let up_to = |time: f64| times.partition_point(|&other| other <= time);
        let found = [
            up_to(last[0]),
            up_to(last[1]) - up_to(last[0]),
            rows - up_to(last[1]),
        ];
        if let Some(empty) = self.parts().find(|&part| found[part as usize] == 0) {
            return Err(ErrorKind::Parts(format!(
                "column {}: rows of the same time stay together, and so many share one that none would be left to {}; give a column that tells times apart, or other shares",
                quote(&name),
                ["train on", "validate on", "test on"][empty as usize]
            ))
            .into());
        }
        let mut notes = Vec::new();
        if is_either {
            let first = if clock == Clock::Date(crate::DateOrder::DayFirst) {
                "day"
            } else {
                "month"
            };
            notes.push(format!(
                "column {}: day and month can't be told apart; the {first} is taken to come first",
                quote(&name)
            ));
        }
        Ok(self.with(Rule::Time(clock, last), rows, notes))
    }

    fn with(&self, rule: Rule, rows: usize, notes: Vec<String>) -> FilePlan {
        FilePlan {
            split: self.clone(),
            rule,
            rows,
            notes,
        }
    }

    fn too_few(&self, found: usize, noun: &str) -> Error {
        let parts: Vec<&str> = self.parts().map(Part::name).collect();
        ErrorKind::Parts(format!(
            "{}: too few for one in each of {}; give more, or a share of 0",
            counted(found, noun),
            parts.join(", ")
        ))
        .into()
    }
}

pub(super) struct Columns {
    pub target: Option<usize>,
    /// That of groups or times.
    pub key: usize,
}

/// Reads all rows, and counts them.
fn each_block(
    reader: &mut CsvReader,
    mut look: impl FnMut(&Block) -> Result<(), Error>,
) -> Result<usize, Error> {
    let mut rows = 0;
    while let Some(block) = reader.next_block(BLOCK)? {
        look(&block)?;
        rows += block.table().rows();
    }
    Ok(rows)
}

pub(super) fn key(column: Column, row: usize) -> Option<Key> {
    column.text(row).and_then(|text| Key::of(&text))
}
