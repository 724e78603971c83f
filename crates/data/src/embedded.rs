//! The data set inside the crate, for a first run without any file.

/// A table that is part of the program.
#[derive(Clone, Copy, Debug)]
pub struct Embedded {
    /// A short name, as of a file without its extension.
    pub name: &'static str,
    /// The CSV file.
    pub bytes: &'static [u8],
    /// The column to predict.
    pub target: &'static str,
    /// What it is, in a few words.
    pub title: &'static str,
    /// Whose it is and under which licence.
    pub credit: &'static str,
}

/// Breast Cancer Wisconsin (Diagnostic): 569 rows, 30 numeric features measured from images of cell nuclei, and the
/// diagnosis, `malignant` (212 rows, the positive class) or `benign`.
///
/// ```
/// use chainrule_data::{Schema, Table, embedded};
///
/// let wdbc = embedded::wdbc();
/// let table = Table::from_csv(wdbc.name, wdbc.bytes)?;
/// let schema = Schema::infer(&table, wdbc.target, None)?;
/// assert_eq!((table.rows(), schema.inputs()), (569, 30));
/// assert_eq!(schema.labels().positive, "malignant");
/// # Ok::<(), chainrule_data::Error>(())
/// ```
pub fn wdbc() -> Embedded {
    Embedded {
        name: "wdbc",
        bytes: include_bytes!("../embedded/wdbc.csv"),
        target: "diagnosis",
        title: "Breast Cancer Wisconsin (Diagnostic)",
        credit: "Breast Cancer Wisconsin (Diagnostic), by W. Wolberg, O. Mangasarian, N. Street and W. Street, \
                 UCI Machine Learning Repository (1995), doi:10.24432/C5DW2B, CC BY 4.0, by way of scikit-learn",
    }
}
