//! What each row of a table counts.

use crate::cell::Cell;
use crate::error::{Error, ErrorKind};
use crate::table::Table;
use std::sync::Arc;

/// The weights of the rows that are left.
#[derive(Debug, PartialEq)]
pub(crate) struct RowWeights {
    column: String,
    /// All positive.
    of_row: Vec<f64>,
    /// Rows of weight zero, which were taken out.
    absent: usize,
}

impl Table {
    /// Takes a column for the weights of the rows: it is no feature any more, and a row of weight k counts as k rows, in everything that is
    /// learned, drawn or measured.
    ///
    /// Rows of weight zero are taken out, so that nothing in them is looked at: no label, no level, no value that can't be used. The rows
    /// that are left keep their lines and numbers.
    ///
    /// # Errors
    /// [`ErrorKind::UnknownColumn`] and [`AmbiguousColumn`](ErrorKind::AmbiguousColumn); [`ErrorKind::BadWeights`], with their lines, for cells that are missing, text, negative or infinite;
    /// [`ErrorKind::Weights`] if all are 0 or their sum is more than half the largest `f64`.
    ///
    /// ```
    /// use chainrule_data::{Schema, Table};
    ///
    /// let csv = "x,n,y\n1,2,no\n2,1,yes\noops,0,maybe\n3,1.5,no\n";
    /// let table = Table::from_csv("t.csv", csv.as_bytes())?.weighted_by("n")?;
    /// let data = Schema::infer(&table, "y", None)?.encode(&table)?;
    /// assert_eq!(data.features().as_slice(), [1.0, 2.0, 3.0]);
    /// assert_eq!(data.weights(), Some(&[2.0, 1.0, 1.5][..]));
    /// assert_eq!((data.rows_of_weight_zero(), data.line(2)), (1, Some(5)));
    /// # Ok::<(), chainrule_data::Error>(())
    /// ```
    pub fn weighted_by(mut self, column: &str) -> Result<Table, Error> {
        self.check_one(column)?;
        let mut weights = Vec::with_capacity(self.rows());
        let (mut first, mut count) = (Vec::new(), 0);
        for (row, cell) in self.column(column)?.cells().enumerate() {
            match weight(cell) {
                Ok(weight) => weights.push(weight),
                Err(problem) => {
                    count += 1;
                    if first.len() < KEPT {
                        first.push((self.line(row), problem));
                    }
                }
            }
        }
        let column = column.to_owned();
        if count > 0 {
            return Err(self.error(ErrorKind::BadWeights {
                column,
                first,
                count,
            }));
        }
        let total: f64 = weights.iter().sum();
        let problem = if total == 0.0 {
            Some(format!("all {} in column {column:?} are 0", weights.len()))
        } else if total > f64::MAX / 2.0 {
            Some(format!(
                "those in column {column:?} add up to more than can be computed with"
            ))
        } else {
            None
        };
        if let Some(problem) = problem {
            return Err(self.error(ErrorKind::Weights(problem)));
        }
        let present: Vec<usize> = (0..weights.len()).filter(|&at| weights[at] > 0.0).collect();
        let absent = weights.len() - present.len();
        if absent > 0 {
            self.keep_rows(&present);
            weights.retain(|weight| *weight > 0.0);
        }
        let before = self.rows_of_weight_zero();
        self.weights = Some(Arc::new(RowWeights {
            column,
            of_row: weights,
            absent: before + absent,
        }));
        Ok(self)
    }

    /// The weights of the rows, all positive, if a column was taken for them.
    pub fn weights(&self) -> Option<&[f64]> {
        self.weights.as_deref().map(|weights| &*weights.of_row)
    }

    /// The column that was taken for the weights of the rows.
    pub fn weight_column(&self) -> Option<&str> {
        self.weights.as_deref().map(|weights| &*weights.column)
    }

    /// How many rows of weight zero were taken out.
    pub fn rows_of_weight_zero(&self) -> usize {
        self.weights.as_deref().map_or(0, |weights| weights.absent)
    }
}

/// So many bad weights are listed.
const KEPT: usize = 10;

fn weight(cell: Cell) -> Result<f64, String> {
    match cell {
        // Adding zero turns -0 into 0.
        Cell::Number(weight) if weight >= 0.0 => Ok(weight + 0.0),
        Cell::Number(weight) => Err(format!("the weight {weight} is negative")),
        Cell::Infinite(_) => Err("the weight is infinite".to_owned()),
        Cell::Missing => Err("the weight is missing".to_owned()),
        Cell::Text(text) => Err(format!(
            "the weight {} is not a number",
            crate::text::quote(text)
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Preprocessing, Scaling, Schema, SchemaOptions};

    fn table(csv: &str) -> Table {
        Table::from_csv("t.csv", csv.as_bytes()).unwrap()
    }

    fn encoded(csv: &str) -> (Schema, crate::Dataset) {
        let table = table(csv).weighted_by("w").unwrap();
        let schema = Schema::infer(&table, "y", None).unwrap();
        let data = schema.encode(&table).unwrap();
        assert_eq!(schema.encode_owned(table).unwrap(), data);
        (schema, data)
    }

    #[test]
    fn bad_weights_are_listed_with_their_lines() {
        let message = |csv: &str| table(csv).weighted_by("w").unwrap_err().to_string();
        assert_eq!(
            message("w,x,y\n1,1,0\n-0.5,2,1\n"),
            "t.csv: line 3, column \"w\": the weight -0.5 is negative; a weight is 0 or a positive number: correct it, or give 0 to leave \
             the row out"
        );
        assert_eq!(
            message("w,x,y\n1,1,0\n,2,1\nNaN,2,1\ninf,2,1\nheavy,2,0\n"),
            "t.csv: line 3, column \"w\": the weight is missing\n  line 4, column \"w\": the weight is missing\n  \
             line 5, column \"w\": the weight is infinite\n  line 6, column \"w\": the weight \"heavy\" is not a number\n\
             a weight is 0 or a positive number: correct it, or give 0 to leave the row out"
        );
        let many = format!("w,x,y\n{}", "-1,1,0\n".repeat(12));
        assert!(
            message(&many).contains("\n  and 2 more\n"),
            "{}",
            message(&many)
        );
        let each = "each must be 0 or a positive number, not all 0";
        assert_eq!(
            message("w,x,y\n0,1,0\n0.0,2,1\n"),
            format!("t.csv: sample weights: all 2 in column \"w\" are 0; {each}")
        );
        assert!(message("w,x,y\n1e308,1,0\n1e308,2,1\n").contains("add up to more"));
        assert!(message("v,x,y\n1,1,0\n").contains("no column \"w\""));
    }

    #[test]
    fn a_row_of_weight_zero_is_absent_whatever_is_in_it() {
        let alone = "w,x,c,y\n1,1,u,a\n2,,v,b\n1,4,u,a\n1,2,u,b\n";
        let with = "w,x,c,y\n0,1e9,u,a\n1,1,u,a\n0,text,z,neither\n2,,v,b\n0,inf,,\n1,4,u,a\n1,2,u,b\n-0,,q,a\n";
        let ((schema, data), (other_schema, other)) = (encoded(alone), encoded(with));
        assert_eq!(schema, other_schema);
        assert_eq!(data.features().shape(), other.features().shape());
        assert_eq!(data.labels(), other.labels());
        assert_eq!(
            (data.weights(), data.levels(1)),
            (other.weights(), other.levels(1))
        );
        assert_eq!(
            (data.rows_of_weight_zero(), other.rows_of_weight_zero()),
            (0, 4)
        );
        assert_eq!(other.rows_without_label(), 0);
        let places: Vec<_> = (0..4)
            .map(|at| (other.row_number(at), other.line(at)))
            .collect();
        assert_eq!(
            places,
            [(2, Some(3)), (4, Some(5)), (6, Some(7)), (7, Some(8))]
        );
        for scaling in [
            Scaling::Standard,
            Scaling::MinMax,
            Scaling::Robust,
            Scaling::None,
        ] {
            let fit = |data| Preprocessing::fit(scaling, data).unwrap();
            assert_eq!(fit(&data), fit(&other), "{scaling}");
        }
    }

    /// Whatever is learned of a column is the same for a row of weight k and for k such rows, but for rounding.
    #[test]
    fn a_row_of_weight_k_is_k_rows() {
        let rows = [
            (3, "1.5,red,yes,2024-01-01,a"),
            (1, ",red,no,2024-03-01,b"),
            (5, "4,blue,no,2024-02-11,a"),
            (2, "-2,green,yes,,b"),
            (1, "9,green,,2024-05-01,b"),
            (4, "0.25,,no,2024-01-07,a"),
        ];
        let row = |weight: i32, row: &str| format!("{weight},{row}\n");
        let head = "w,x,c,b,d,y\n";
        let weighted: String = rows.iter().map(|(k, text)| row(*k, text)).collect();
        let copied: String = (rows.iter())
            .map(|(k, text)| row(1, text).repeat(*k as usize))
            .collect();
        let (schema, weighted) = encoded(&format!("{head}{weighted}"));
        let (same, copied) = encoded(&format!("{head}{copied}"));
        assert_eq!(schema.features(), same.features());
        for scaling in [
            Scaling::Standard,
            Scaling::MinMax,
            Scaling::Robust,
            Scaling::None,
        ] {
            let one = Preprocessing::fit(scaling, &weighted).unwrap();
            let other = Preprocessing::fit(scaling, &copied).unwrap();
            let one = one.transform::<f64>(&weighted).unwrap();
            let other = other.transform::<f64>(&weighted).unwrap();
            assert_eq!(one.shape(), other.shape(), "{scaling}");
            for (a, b) in one.iter().zip(&other) {
                assert!((a - b).abs() < 1e-12, "{scaling}: {a} {b}");
            }
        }
    }

    #[test]
    fn weights_that_are_small_everywhere_make_no_level_rare() {
        let csv = |weight: &str| {
            format!(
                "w,c,y\n{}",
                format!("{weight},u,a\n{weight},v,b\n").repeat(5)
            )
        };
        let inputs = |csv: String| {
            let (_, data) = encoded(&csv);
            Preprocessing::fit(Scaling::Standard, &data)
                .unwrap()
                .outputs(1)
        };
        assert_eq!((inputs(csv("1")), inputs(csv("1e-9"))), (2, 2));
    }

    #[test]
    fn huge_and_tiny_weights_scale_as_others() {
        let fit = |unit: &str| {
            let (_, data) = encoded(&format!("w,x,y\n2{unit},1,a\n1{unit},2,b\n4{unit},7,a\n"));
            Preprocessing::fit(Scaling::Standard, &data).unwrap()
        };
        let (
            Preprocessing::Standard { mean, scale },
            Preprocessing::Standard {
                mean: huge,
                scale: wide,
            },
        ) = (fit(""), fit("e307"))
        else {
            panic!()
        };
        assert!((mean[0] - huge[0]).abs() < 1e-14 && (scale[0] - wide[0]).abs() < 1e-14);
    }

    #[test]
    fn a_column_of_weights_is_neither_target_nor_feature() {
        let weighted = table("w,x,y\n1,1,0\n2,2,1\n").weighted_by("w").unwrap();
        let error = Schema::infer(&weighted, "w", None).unwrap_err();
        assert!(error.to_string().contains("to be the target"), "{error}");
        let options = SchemaOptions {
            numeric: vec!["w".to_owned()],
            ..SchemaOptions::default()
        };
        let error = Schema::infer_with(&weighted, "y", &options).unwrap_err();
        assert!(error.to_string().contains("to be a feature"), "{error}");
        let alone = table("w,y\n1,0\n2,1\n").weighted_by("w").unwrap();
        assert!(matches!(
            Schema::infer(&alone, "y", None).unwrap_err().kind(),
            ErrorKind::NothingLeft { .. }
        ));
    }
}
