//! What can be wrong with a file, a split or a scaling: where, what was found, what was expected.

use std::path::PathBuf;

use ann_table::message::{hint, list, list_of, quoted, shortened};

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Everything that can be wrong with a file, a split or a scaling.
///
/// Each message is complete: it contains the message of the error that caused
/// it, so `source` is always `None`.
#[allow(missing_docs, reason = "each message says what its fields are")]
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Something is wrong in the text of a table: where, what was found, what was expected.
    #[error(transparent)]
    Table(#[from] ann_table::Error),
    /// Something is wrong in a file that [`load`](crate::load) opened, or tried to open.
    #[error("{}: {error}", path.display())]
    InFile { path: PathBuf, error: Box<Error> },
    /// [`load`](crate::load) has no reader for the ending of the file's name.
    #[error(
        "the file name ends in {}, expected csv, tab or tsv; other files can be given to `read_csv` or `read_tab`",
        quoted(found)
    )]
    UnknownExtension { found: String },
    /// The header is a single column that contains another separator.
    #[error(
        "line {line}: the header is one column, {}; it seems to be separated by {found:?}, expected {expected:?}: save the \
         file with {expected:?} as separator, or read commas with `read_csv` (file.csv) and tabs with `read_tab` (file.tab)",
        quoted(header)
    )]
    WrongSeparator { line: u64, header: String, found: char, expected: char },
    /// No column has the target's index.
    #[error(
        "there is no column with index {found}, counted from 0; the {} columns are {}",
        columns.len(),
        list(columns)
    )]
    IndexOutOfRange { found: usize, columns: Vec<String> },
    /// [`Column::Class`](crate::Column::Class) found no column.
    #[error("no column is flagged or named as class; choose one of {}{}", list(columns), hint(columns))]
    NoClass { columns: Vec<String> },
    /// [`Column::Class`](crate::Column::Class) found more than one column.
    #[error("several columns are flagged as class; choose one of {}", list(columns))]
    SeveralClasses { columns: Vec<String> },
    /// The target is the only column, or all others are left out by their flags.
    #[error("no feature column is left beside the target {}", quoted(target))]
    NoFeatures { target: String },

    /// The features and the targets of a dataset have different numbers of rows.
    #[error("the dataset has {features} rows of features but {targets} targets")]
    RowCountMismatch { features: usize, targets: usize },
    /// A target is not in the given list of classes.
    #[error(
        "the target with index {row}, counted from 0, is {}, expected one of the classes {}",
        shortened(found),
        list_of(classes, shortened)
    )]
    UnknownClass { row: usize, found: String, classes: Vec<String> },
    /// A fraction of 0 or 1 leaves one part without rows.
    #[error("the test fraction is {found:?}, expected more than 0 and less than 1")]
    FractionOutOfRange { found: f64 },
    /// Both parts of a split need a row.
    #[error("a split needs at least 2 rows, found {found}")]
    TooFewRows { found: usize },
    /// A class of one row cannot be in both parts of a stratified split.
    #[error(
        "class {} has 1 row only, a stratified split needs at least 2 of each class; use `train_test_split`",
        shortened(class)
    )]
    LonelyClass { class: String },

    /// There are no rows from which means and scales could be computed.
    #[error("standardising needs at least one row, found none")]
    NothingToFit,
    /// NaN, or an infinity.
    #[error("the feature at [[{row}, {column}]] is {found:?}, expected a finite number")]
    NotFiniteFeature { row: usize, column: usize, found: f64 },
    /// The features spread so widely that squares of their differences overflow.
    #[error(
        "the features with index {column}, counted from 0, spread so widely that their variance overflows; rescale them"
    )]
    VarianceOverflow { column: usize },
    /// A number far outside the features that were fitted.
    #[error(
        "the number at [[{row}, {column}]] is {found:?}, which overflows with the mean and scale that were fitted; \
         correct or remove it"
    )]
    ScalingOverflow { row: usize, column: usize, found: f64 },
    /// The features have another number of columns than those that were fitted.
    #[error("found {found} columns, expected {expected} as in the features that were fitted")]
    WidthMismatch { expected: usize, found: usize },
}
