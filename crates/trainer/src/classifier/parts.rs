//! Which rows are for what.

use std::borrow::Cow;

use chainrule_data::{Dataset, Schema, split};

use super::provenance::{DataRecord, ValidationRecord};
use crate::TrainError;
use crate::rows::Rows;

/// Where rows come from that are not trained on.
pub(super) enum HeldOut<'a> {
    /// A share of each class, drawn by the seed; 0 for none.
    Fraction(f64),
    /// Other rows.
    Rows(&'a dyn Rows),
}

/// Rows to train, to validate and to test on.
pub(super) struct Parts<'d> {
    pub(super) train: Cow<'d, Dataset>,
    pub(super) validation: Option<Cow<'d, Dataset>>,
    pub(super) test: Option<Cow<'d, Dataset>>,
    pub(super) validation_record: ValidationRecord,
    pub(super) test_record: ValidationRecord,
}

impl<'d> Parts<'d> {
    /// Parts the rows: those to test on first, those to validate on from the rest.
    pub(super) fn of(
        data: Cow<'d, Dataset>,
        validation: &HeldOut<'d>,
        test: &HeldOut<'d>,
        schema: &Schema,
        seed: u64,
    ) -> Result<Parts<'d>, TrainError> {
        let (rest, test, test_record) = part(data, test, split::Purpose::Test, schema, seed)?;
        let (train, validation, validation_record) =
            part(rest, validation, split::Purpose::Validation, schema, seed)?;
        Ok(Parts {
            train,
            validation,
            test,
            validation_record,
            test_record,
        })
    }
}

type Parted<'d> = (Cow<'d, Dataset>, Option<Cow<'d, Dataset>>, ValidationRecord);

/// What is left, what is taken, and what the model says of it.
fn part<'d>(
    data: Cow<'d, Dataset>,
    held: &HeldOut<'d>,
    purpose: split::Purpose,
    schema: &Schema,
    seed: u64,
) -> Result<Parted<'d>, TrainError> {
    match *held {
        HeldOut::Fraction(0.0) => Ok((data, None, ValidationRecord::None)),
        HeldOut::Fraction(fraction) => {
            let split = split::stratified_for(purpose, data.labels(), fraction, seed)?;
            let (rest, held) = match data {
                Cow::Borrowed(data) => (data.select(&split.train), data.select(&split.validation)),
                Cow::Owned(data) => data.part(&split),
            };
            Ok((
                Cow::Owned(rest),
                Some(Cow::Owned(held)),
                ValidationRecord::Fraction(fraction),
            ))
        }
        HeldOut::Rows(rows) => {
            let held = rows.labelled(schema)?;
            let record = DataRecord::of(&held, rows.file_sha256());
            Ok((data, Some(held), ValidationRecord::Rows(record)))
        }
    }
}
