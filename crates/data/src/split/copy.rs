//! The second pass over a file: each row goes to its part, as it stands.

use super::file::{BLOCK, FileSplit, MOST_LABELS, Part, key};
use super::time::Clock;
use super::{below, generator};
use crate::error::{Error, ErrorKind};
use crate::label::Key;
use crate::read::CsvReader;
use rand_chacha::rand_core::Rng;
use std::collections::BTreeMap;

/// Where the rows of a file go.
#[derive(Clone, Debug)]
pub struct FilePlan {
    pub(super) split: FileSplit,
    pub(super) rule: Rule,
    pub(super) rows: usize,
    pub(super) notes: Vec<String>,
}

#[derive(Clone, Debug)]
pub(super) enum Rule {
    /// So many of each label, or of all rows, for each part.
    Draw(BTreeMap<Option<Key>, [usize; 3]>),
    Groups(BTreeMap<Option<Key>, Part>),
    /// Up to these times a row is to train, and to validate on.
    Time(Clock, [f64; 2]),
}

/// What was copied.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Copied {
    /// By [`Part`].
    pub parts: [PartRows; 3],
    /// Rows that can't be read and were left out.
    pub left_out: usize,
}

/// The rows of a part.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PartRows {
    /// How many.
    pub rows: usize,
    /// How many of each label, in a fixed order.
    pub labels: Vec<(String, usize)>,
    /// How many without a label.
    pub without_label: usize,
}

impl FilePlan {
    /// The rows of the file.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// What may surprise.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The parts that get rows.
    pub fn parts(&self) -> impl Iterator<Item = Part> {
        self.split.parts()
    }

    /// The second pass, over the same file: gives `write` the header for each part, then each row for one, in the order of the file
    /// and as it stands there.
    ///
    /// # Errors
    /// Those of `write`; [`Parts`](ErrorKind::Parts) if the file is not the one that was counted.
    pub fn copy<E: From<Error>>(
        &self,
        reader: CsvReader,
        mut write: impl FnMut(Part, &[u8]) -> Result<(), E>,
    ) -> Result<Copied, E> {
        let mut reader = reader.keep_rows();
        let columns = self.split.columns(&reader)?;
        let header = reader.header_bytes();
        self.parts().try_for_each(|part| write(part, &header))?;
        let changed = || {
            let what = "the file changed while it was read; split it again";
            Error::from(ErrorKind::Parts(what.to_owned()))
        };
        let mut drawing = Drawing::new(self);
        let mut rows = [0; 3];
        let mut labels: [BTreeMap<Option<Key>, usize>; 3] = Default::default();
        while let Some(block) = reader.next_block(BLOCK)? {
            let table = block.table();
            for row in 0..table.rows() {
                let label = columns
                    .target
                    .map(|target| key(table.column_at(target), row));
                let part = match &self.rule {
                    Rule::Draw(_) => drawing.next(label.as_ref().and_then(Option::as_ref)),
                    Rule::Groups(groups) => {
                        groups.get(&key(table.column_at(columns.key), row)).copied()
                    }
                    Rule::Time(clock, last) => {
                        let time = clock.time(table.column_at(columns.key).cell(row));
                        time.map(|time| {
                            let later = last.iter().filter(|&&last| time > last).count();
                            Part::ALL[later]
                        })
                    }
                };
                let part = part.ok_or_else(changed)?;
                rows[part as usize] += 1;
                if let Some(label) = label {
                    let labels = &mut labels[part as usize];
                    // Only so many are told; the rest are not worth the memory.
                    if labels.len() < MOST_LABELS || labels.contains_key(&label) {
                        *labels.entry(label).or_default() += 1;
                    }
                }
                write(part, block.row_bytes(row))?;
            }
        }
        if rows.iter().sum::<usize>() != self.rows {
            return Err(changed().into());
        }
        let left_out = reader.notes().iter().map(|note| match note {
            crate::Note::LeftOut { rows, .. } => rows.count,
            _ => 0,
        });
        let mut copied = Copied {
            left_out: left_out.sum(),
            ..Copied::default()
        };
        for ((part, rows), mut labels) in copied.parts.iter_mut().zip(rows).zip(labels) {
            *part = PartRows {
                rows,
                without_label: labels.remove(&None).unwrap_or_default(),
                labels: labels
                    .into_iter()
                    .filter_map(|(label, count)| Some((label?.name(), count)))
                    .collect(),
            };
        }
        Ok(copied)
    }
}

/// Draws so many rows of each label, each choice of them as likely as any other, without keeping them: of the rows that are left, as
/// many are still wanted for each part (Knuth, "The Art of Computer Programming", vol. 2, algorithm 3.4.2 S).
struct Drawing {
    left: BTreeMap<Option<Key>, [usize; 3]>,
    random: rand_chacha::ChaCha8Rng,
}

impl Drawing {
    fn new(plan: &FilePlan) -> Drawing {
        Drawing {
            left: match &plan.rule {
                Rule::Draw(quotas) => quotas.clone(),
                _ => BTreeMap::new(),
            },
            random: generator(b"split by chance", plan.split.seed),
        }
    }

    fn next(&mut self, label: Option<&Key>) -> Option<Part> {
        let left = self.left.get_mut(&label.cloned())?;
        let all = left.iter().sum::<usize>() as u64;
        if all == 0 {
            return None;
        }
        let mut drawn = below(all, || self.random.next_u64()) as usize;
        for part in Part::ALL {
            let wanted = &mut left[part as usize];
            if drawn < *wanted {
                *wanted -= 1;
                return Some(part);
            }
            drawn -= *wanted;
        }
        None
    }
}
