//! The kinds of findings, by names that stay.

use std::fmt;

/// What a finding is about. Scripts may rely on the names; new ones may come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Code {
    /// Rows that can't be read.
    BadRows,
    /// Each row ends in a delimiter too many.
    TrailingDelimiter,
    /// The header may be a row of data.
    NumericHeader,
    /// Columns had no name, or one that occurs before.
    RenamedColumns,
    /// The target has one label, or none.
    OneLabel,
    /// The target has more than two labels.
    ManyLabels,
    /// Labels that may be spellings of one.
    LabelSpellings,
    /// Rows without a label.
    MissingLabels,
    /// A class has very few rows.
    RareClass,
    /// A class has a small share of the rows.
    Imbalance,
    /// A column tells the classes apart all but perfectly.
    Leak,
    /// A column tells the classes apart far better than most others.
    StrongColumn,
    /// Rows that occur more than once.
    DuplicateRows,
    /// The same features with different labels.
    ConflictingRows,
    /// Columns with the same values.
    DuplicateColumns,
    /// Columns of numbers that are the same but for scale and shift.
    RescaledColumns,
    /// Columns that are the same but for the names of their values.
    RenamedLevels,
    /// No values at all.
    EmptyColumn,
    /// The same value in every row.
    ConstantColumn,
    /// Mostly numbers, and some text.
    MixedColumn,
    /// Infinite values.
    InfiniteValues,
    /// Whole numbers that lose digits.
    BigIntegers,
    /// Numbers or names of the rows themselves.
    Identifier,
    /// So many names that few rows share one.
    ManyLevels,
    /// More missing values than values.
    MostlyMissing,
    /// Missing values.
    MissingValues,
    /// A number that probably means a missing value.
    MissingCode,
    /// A word that probably means a missing value.
    MissingWord,
    /// Values very far from all others.
    Outliers,
    /// Values of very different size.
    WideScale,
    /// Values that differ only in their last digits.
    NarrowScale,
    /// Dates whose day and month can't be told apart.
    AmbiguousDates,
    /// Rows of the test table that are in the table.
    TestOverlap,
    /// The test table lacks columns.
    TestColumns,
    /// The test table has labels that the table lacks.
    TestLabels,
    /// The test table has names that the table lacks.
    TestLevels,
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Training or evaluation will refuse it.
    Error,
    /// It trains, and the result may be worse or look better than it is.
    Warning,
    /// Taken care of; good to know.
    Note,
}

impl Code {
    /// All, in the order in which they are told.
    pub const ALL: [Code; 36] = [
        Code::BadRows,
        Code::TrailingDelimiter,
        Code::NumericHeader,
        Code::RenamedColumns,
        Code::OneLabel,
        Code::ManyLabels,
        Code::LabelSpellings,
        Code::MissingLabels,
        Code::RareClass,
        Code::Imbalance,
        Code::Leak,
        Code::StrongColumn,
        Code::DuplicateRows,
        Code::ConflictingRows,
        Code::DuplicateColumns,
        Code::RescaledColumns,
        Code::RenamedLevels,
        Code::EmptyColumn,
        Code::ConstantColumn,
        Code::MixedColumn,
        Code::InfiniteValues,
        Code::BigIntegers,
        Code::Identifier,
        Code::ManyLevels,
        Code::MostlyMissing,
        Code::MissingValues,
        Code::MissingCode,
        Code::MissingWord,
        Code::Outliers,
        Code::WideScale,
        Code::NarrowScale,
        Code::AmbiguousDates,
        Code::TestOverlap,
        Code::TestColumns,
        Code::TestLabels,
        Code::TestLevels,
    ];

    /// The name: `duplicate-rows`.
    pub fn name(self) -> &'static str {
        match self {
            Code::BadRows => "bad-rows",
            Code::TrailingDelimiter => "trailing-delimiter",
            Code::NumericHeader => "numeric-header",
            Code::RenamedColumns => "renamed-columns",
            Code::OneLabel => "one-label",
            Code::ManyLabels => "many-labels",
            Code::LabelSpellings => "label-spellings",
            Code::MissingLabels => "missing-labels",
            Code::RareClass => "rare-class",
            Code::Imbalance => "imbalance",
            Code::Leak => "leak",
            Code::StrongColumn => "strong-column",
            Code::DuplicateRows => "duplicate-rows",
            Code::ConflictingRows => "conflicting-rows",
            Code::DuplicateColumns => "duplicate-columns",
            Code::RescaledColumns => "rescaled-columns",
            Code::RenamedLevels => "renamed-levels",
            Code::EmptyColumn => "empty-column",
            Code::ConstantColumn => "constant-column",
            Code::MixedColumn => "mixed-column",
            Code::InfiniteValues => "infinite-values",
            Code::BigIntegers => "big-integers",
            Code::Identifier => "identifier",
            Code::ManyLevels => "many-levels",
            Code::MostlyMissing => "mostly-missing",
            Code::MissingValues => "missing-values",
            Code::MissingCode => "missing-code",
            Code::MissingWord => "missing-word",
            Code::Outliers => "outliers",
            Code::WideScale => "wide-scale",
            Code::NarrowScale => "narrow-scale",
            Code::AmbiguousDates => "ambiguous-dates",
            Code::TestOverlap => "test-overlap",
            Code::TestColumns => "test-columns",
            Code::TestLabels => "test-labels",
            Code::TestLevels => "test-levels",
        }
    }

    /// The code of a name.
    pub fn from_name(name: &str) -> Option<Code> {
        Code::ALL.into_iter().find(|code| code.name() == name)
    }

    /// How bad it is.
    pub fn severity(self) -> Severity {
        match self {
            Code::BadRows
            | Code::OneLabel
            | Code::ManyLabels
            | Code::MixedColumn
            | Code::InfiniteValues
            | Code::TestColumns
            | Code::TestLabels => Severity::Error,
            Code::TrailingDelimiter
            | Code::RenamedColumns
            | Code::MissingLabels
            | Code::EmptyColumn
            | Code::ConstantColumn
            | Code::MissingValues
            | Code::TestLevels => Severity::Note,
            _ => Severity::Warning,
        }
    }
}

impl Severity {
    /// The name: `warning`.
    pub fn name(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.pad(self.name())
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_name_of_its_own() {
        for (at, code) in Code::ALL.into_iter().enumerate() {
            assert_eq!(code as usize, at);
            assert_eq!(Code::from_name(code.name()), Some(code));
        }
    }
}
