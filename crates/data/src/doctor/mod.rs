//! What may be wrong with a table before anything is trained on it.
//!
//! One pass over the rows, in blocks, within fixed bounds of memory. What grows with the rows is kept as a sketch: half a million
//! combinations of features for repeated rows, two million cells of whole rows for quantiles and leaks, a thousand hashes of each column
//! for distinct values. As long as a table is within these bounds nothing is an estimate; beyond them the same file still gives the same
//! findings, because what is kept is decided by the numbers of rows and by their values.

mod code;
mod column;
mod findings;
mod hash;
mod leak;
mod moments;
mod sketch;
mod target;

pub use code::{Code, Severity};
pub use column::Kind;

use crate::error::Error;
use crate::read::{Block, CsvReader};
use crate::table::Note;
use column::{ColumnState, Places};
use hash::Chain;
use sketch::{Repeats, Sample};
use target::TargetState;

/// What is known before the table is looked at.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Options {
    /// The column to predict: a name, a number from 1, or `last`. Nothing for the last one of a table without a header, and none of
    /// one with.
    pub target: Option<String>,
    /// The label that is set against the others, if there are more than two.
    pub positive: Option<String>,
}

/// What was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Examination {
    /// The name of the table.
    pub source: String,
    /// How it is written, in words.
    pub format: String,
    /// Its rows, without those that can't be read.
    pub rows: usize,
    /// Its columns, in their order.
    pub columns: Vec<Summary>,
    /// The column to predict.
    pub target: Option<Target>,
    /// Whether nothing is an estimate.
    pub is_exact: bool,
    /// In the order of [`Code::ALL`], then of the columns.
    pub findings: Vec<Finding>,
}

/// A column in numbers. Those of the values are of finite numbers alone, and nothing without any.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub kind: Kind,
    /// Cells without a value.
    pub missing: usize,
    /// Different values.
    pub distinct: usize,
    /// Whether these were counted, not estimated.
    pub distinct_is_exact: bool,
    /// Least, mean, standard deviation (divided by the count), and largest.
    pub numbers: Option<Numbers>,
}

/// The numbers of a column.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Numbers {
    /// The least.
    pub min: f64,
    /// The mean.
    pub mean: f64,
    /// The standard deviation, divided by the count.
    pub deviation: f64,
    /// The largest.
    pub max: f64,
}

/// The column to predict.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// Its name.
    pub name: String,
    /// Its labels as they are written first, with their counts, the most frequent first, up to ten.
    pub labels: Vec<(String, usize)>,
    /// Rows without a label.
    pub missing: usize,
}

/// Something that may be wrong.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// What kind of thing.
    pub code: Code,
    /// The columns that it is about.
    pub columns: Vec<String>,
    /// What was found, with numbers.
    pub message: String,
    /// What to do.
    pub next: String,
    /// Cells or rows, where they were counted.
    pub count: Option<usize>,
    /// Lines of the file to look at.
    pub lines: Vec<u64>,
    /// Of a column that tells the classes apart.
    pub auc: Option<f64>,
}

/// Cells of rows that are kept for quantiles and leaks, at most; and rows at least, of a table of very many columns.
const SAMPLED_CELLS: usize = 1 << 21;
const LEAST_SAMPLED: usize = 256;

/// Combinations of features that are kept for repeated rows: what a hash table of 2^19 places holds before it grows.
const MOST_REPEATS: usize = 458_000;

/// Cells of a block.
const BLOCK_CELLS: usize = 1 << 18;

/// Looks at a table, and at a second one of rows to test on.
///
/// The reader should [leave out](crate::OnBad::Report) rows that can't be read, so that they become a finding and not an error.
///
/// # Errors
/// What [`CsvReader`] finds, of either table; [`UnknownColumn`](crate::ErrorKind::UnknownColumn) for the target;
/// [`UnknownPositive`](crate::ErrorKind::UnknownPositive).
///
/// ```
/// use chainrule_data::CsvReader;
/// use chainrule_data::doctor::{self, Code};
///
/// let rows: String = (0..40).map(|i| format!("{},{},7,{}\n", i, i * 7 % 40, i * 7 % 40 / 20)).collect();
/// let csv = format!("id,dose,site,ill\n{rows}");
/// let reader = CsvReader::new("t.csv", csv.as_bytes())?;
/// let options = doctor::Options { target: Some("ill".into()), ..Default::default() };
/// let found = doctor::examine(reader, None, &options)?;
/// let codes: Vec<Code> = found.findings.iter().map(|finding| finding.code).collect();
/// assert_eq!(codes, [Code::RareClass, Code::Leak, Code::ConstantColumn, Code::Identifier]);
/// assert_eq!(found.findings[1].columns, ["dose"]);
/// assert_eq!(found.findings[1].auc, Some(1.0));
/// # Ok::<(), chainrule_data::Error>(())
/// ```
pub fn examine(
    reader: CsvReader,
    test: Option<CsvReader>,
    options: &Options,
) -> Result<Examination, Error> {
    let mut table = TableState::read(reader, options)?;
    if let (Some(target), Some(positive)) = (&table.target, &options.positive) {
        let checked = target.check(positive);
        checked.map_err(|kind| Error::from(kind).in_file(&table.source))?;
    }
    let test = test.map(|test| table.compare(test)).transpose()?;
    Ok(table.conclude(options, test))
}

/// A table that was read.
struct TableState {
    source: String,
    format: String,
    has_header: bool,
    names: Vec<String>,
    rows: usize,
    columns: Vec<ColumnState>,
    target: Option<TargetState>,
    sample: Sample,
    repeats: Repeats,
    notes: Vec<Note>,
}

/// What was found in a second table.
#[derive(Clone, Debug, Default)]
struct TestState {
    source: String,
    rows: usize,
    /// Columns of the first that it lacks; then nothing else is known.
    missing: Vec<String>,
    /// Rows, of those that could be looked up, whose features are in the first.
    same: usize,
    same_lines: Option<(u64, u64)>,
    /// Labels that the first lacks, with their counts.
    labels: Vec<(String, usize)>,
    /// Cells whose name the first lacks, by column.
    levels: Vec<(String, usize, String)>,
}

impl TableState {
    fn read(mut reader: CsvReader, options: &Options) -> Result<TableState, Error> {
        let target = reader.target(options.target.as_deref())?;
        let names = reader.names().to_vec();
        let width = names.len();
        let place = target.and_then(|target| names.iter().position(|name| *name == target));
        let mut table = TableState {
            source: reader.source().to_owned(),
            format: reader.format().to_owned(),
            has_header: reader.has_header(),
            rows: 0,
            columns: vec![ColumnState::new(); width],
            target: place.map(|place| TargetState::new(place, options.positive.as_deref())),
            sample: Sample::new(width, (SAMPLED_CELLS / width).max(LEAST_SAMPLED)),
            repeats: Repeats::new(MOST_REPEATS),
            notes: Vec::new(),
            names,
        };
        let rows = rows_of_block(width);
        let mut seen = vec![0.0; width];
        while let Some(block) = reader.next_block(rows)? {
            block
                .table()
                .notes()
                .iter()
                .for_each(|note| table.note(note));
            table.look(&block, &mut seen);
        }
        table.notes.extend_from_slice(reader.notes());
        Ok(table)
    }

    /// Keeps a note of a block; of each column one about whole numbers, however many blocks have them.
    fn note(&mut self, note: &Note) {
        if let Note::BigIntegers { column, count, .. } = note {
            for known in &mut self.notes {
                if let Note::BigIntegers {
                    column: other,
                    count: sum,
                    ..
                } = known
                    && other == column
                {
                    *sum += count;
                    return;
                }
            }
        }
        self.notes.push(note.clone());
    }

    fn look(&mut self, block: &Block, sampled: &mut [f64]) {
        let (table, width) = (block.table(), self.names.len());
        let mut places: Vec<Places> = vec![Places::new(); width];
        let target = self.target.as_ref().map(|target| target.column);
        if let Some(target) = &mut self.target {
            target.start_block();
        }
        for (row, cells) in table.coded().chunks_exact(width).enumerate() {
            let line = || table.line(row);
            let mut features = Chain::default();
            let mut label = None;
            for (at, &cell) in cells.iter().enumerate() {
                let store = table.column_at(at).store();
                let seen = self.columns[at].look(cell, store, &mut places[at], line);
                sampled[at] = seen.sampled;
                if Some(at) == target {
                    label = self
                        .target
                        .as_mut()
                        .and_then(|target| target.look(cell, store, line));
                } else {
                    features.add(seen.hash);
                }
            }
            let class = label.zip(self.target.as_ref());
            let class = class.map(|(label, target)| target.class(label));
            self.repeats.add(features.0, class, line());
            self.sample.offer(sampled, label);
        }
        self.rows += table.rows();
    }

    /// Reads a table of rows to test on.
    fn compare(&mut self, mut reader: CsvReader) -> Result<TestState, Error> {
        let mut test = TestState {
            source: reader.source().to_owned(),
            ..TestState::default()
        };
        let target = self.target.as_ref().map(|target| target.column);
        let names = reader.names().to_vec();
        let by_name = |name: &String| names.iter().position(|other| other == name);
        let places: Vec<Option<usize>> = self.names.iter().map(by_name).collect();
        for (at, name) in self.names.iter().enumerate() {
            if places[at].is_none() && Some(at) != target {
                test.missing.push(name.clone());
            }
        }
        let mut levels = vec![(0, String::new()); self.names.len()];
        let place = target.and_then(|target| places[target]);
        let mut labels = TargetState::new(place.unwrap_or_default(), None);
        let has_labels = target.is_some_and(|target| places[target].is_some());
        while let Some(block) = reader.next_block(rows_of_block(names.len()))? {
            let table = block.table();
            test.rows += table.rows();
            labels.start_block();
            for row in 0..table.rows() {
                let cells = &table.coded()[row * names.len()..][..names.len()];
                if has_labels {
                    let store = table.column_at(labels.column).store();
                    labels.look(cells[labels.column], store, || table.line(row));
                }
                if !test.missing.is_empty() {
                    continue;
                }
                let mut features = Chain::default();
                for (at, place) in places.iter().enumerate() {
                    let (Some(place), true) = (*place, Some(at) != target) else {
                        continue;
                    };
                    let column = table.column_at(place);
                    let spelled = crate::column::place(cells[place])
                        .map(|at| &*column.store().spelled()[at].text);
                    let cell = column.cell(row);
                    features.add(hash::cell(cell, spelled));
                    if let crate::Cell::Text(text) = cell
                        && self.columns[at].kind() == Kind::Categorical
                        && self.columns[at].levels.has(text) == Some(false)
                    {
                        if levels[at].0 == 0 {
                            levels[at].1 = text.to_owned();
                        }
                        levels[at].0 += 1;
                    }
                }
                if let Some(same) = self.repeats.get(features.0) {
                    test.same += 1;
                    test.same_lines
                        .get_or_insert((same.first_line, table.line(row)));
                }
            }
        }
        test.same *= self.repeats.weight();
        if let (true, Some(target)) = (has_labels, &self.target) {
            test.labels = labels.unknown_to(target);
        }
        test.levels = self
            .names
            .iter()
            .zip(levels)
            .filter(|(_, (count, _))| *count > 0)
            .map(|(name, (count, first))| (name.clone(), count, first))
            .collect();
        Ok(test)
    }

    fn conclude(self, options: &Options, test: Option<TestState>) -> Examination {
        let findings = findings::of(&self, options, test.as_ref());
        let is_exact = self.sample.is_whole()
            && self.repeats.weight() == 1
            && self.columns.iter().all(|column| column.levels.others == 0);
        let summary = |(name, column): (&String, &ColumnState)| Summary {
            name: name.clone(),
            kind: column.kind(),
            missing: column.missing,
            distinct: column.distinct.count(),
            distinct_is_exact: column.distinct.is_exact(),
            numbers: (column.numbers > 0).then(|| Numbers {
                min: column.min,
                mean: column.moments.mean(),
                deviation: column.moments.deviation(),
                max: column.max,
            }),
        };
        Examination {
            columns: self.names.iter().zip(&self.columns).map(summary).collect(),
            target: self.target.as_ref().map(|target| Target {
                name: self.names[target.column].clone(),
                labels: target.most_frequent(),
                missing: self.columns[target.column].missing,
            }),
            source: self.source,
            format: self.format,
            rows: self.rows,
            is_exact,
            findings,
        }
    }
}

fn rows_of_block(columns: usize) -> usize {
    (BLOCK_CELLS / columns).clamp(64, 4096)
}
