//! What can be wrong with a file, a split or a scaling: where, what was found, what was expected.

use std::{fmt, io, path::PathBuf};

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Where a cell stands, in the numbers an editor and a spreadsheet show: both counted from one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The line on which the cell begins.
    pub line: u64,
    /// The position of the column.
    pub column: usize,
    /// The name of the column, without any prefix of an Orange header.
    pub name: String,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {} ({})", self.line, self.column, quoted(&self.name))
    }
}

/// Everything this crate can complain about.
///
/// A message is whole in itself: it includes what lies beneath, so there is no `source` to print after it.
#[allow(missing_docs, reason = "each message says what its fields are")]
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Something is wrong in a file that [`load`](crate::load) opened, or tried to.
    #[error("{}: {error}", path.display())]
    InFile { path: PathBuf, error: Box<Error> },
    /// The operating system says no.
    #[error("cannot read: {error}")]
    Read { error: io::Error },
    /// The name of a file tells how to read it.
    #[error(
        "the file name ends in {}, expected csv, tab or tsv; other files can be given to `read_csv` or `read_tab`",
        quoted(found)
    )]
    UnknownExtension { found: String },
    /// Mostly a file in Latin-1.
    #[error("line {line}: not UTF-8 (byte 0x{byte:02x}); save the file with that encoding")]
    NotUtf8 { line: u64, byte: u8 },
    /// The byte order mark of UTF-16 comes first: a spreadsheet's "Unicode text".
    #[error("line 1: not UTF-8; this looks like UTF-16, save it as UTF-8")]
    Utf16,
    /// No line, or blank ones only.
    #[error("the file is empty, expected a line with the names of the columns")]
    Empty,
    /// A header without data.
    #[error("there is a header but no row of data after it")]
    NoRows,

    /// A header of one column has another separator in it.
    #[error(
        "line {line}: the header is one column, {}; it seems to be separated by {found:?}, expected {expected:?}: save the \
         file with that separator, or read commas with `read_csv` (file.csv) and tabs with `read_tab` (file.tab)",
        quoted(header)
    )]
    WrongSeparator { line: u64, header: String, found: char, expected: char },
    /// The names of all columns must be given.
    #[error("line {}, column {}: the column has no name; the first line names all columns", place.line, place.column)]
    UnnamedColumn { place: Place },
    /// Two columns of one name cannot be told apart.
    #[error("{place}: column {first} already has this name; rename one of them")]
    DuplicateName { place: Place, first: usize },
    /// The target is not in the file.
    #[error("there is no column {}; the columns are {}", quoted(found), list(columns))]
    UnknownColumn { found: String, columns: Vec<String> },
    /// The target is not in the file.
    #[error(
        "there is no column with index {found}, counted from 0; the {} columns are {}",
        columns.len(),
        list(columns)
    )]
    IndexOutOfRange { found: usize, columns: Vec<String> },
    /// [`Column::Class`](crate::Column::Class) found nothing.
    #[error("no column is flagged or named as class; choose one of {}", list(columns))]
    NoClass { columns: Vec<String> },
    /// [`Column::Class`](crate::Column::Class) found too much.
    #[error("several columns are flagged as class; choose one of {}", list(columns))]
    SeveralClasses { columns: Vec<String> },
    /// The target is the only column there is, or that is not put aside.
    #[error("no feature column is left beside the target {}", quoted(target))]
    NoFeatures { target: String },

    /// A quote is missing here, or one inside the cell is not written twice.
    #[error(
        "line {line}, column {column}: a quote opens here that is not closed; a quoted cell ends with a quote right before \
         a separator or a line end, and a quote inside it is written twice"
    )]
    UnclosedQuote { line: u64, column: usize },
    /// A row is shorter or longer than the header.
    #[error("line {line}: expected {expected} cells as in the header, found {found}")]
    RaggedRow { line: u64, found: usize, expected: usize },
    /// A cell is empty, or a question mark.
    #[error("{place}: the cell is missing; fill it, or remove the row")]
    MissingCell { place: Place },
    /// A feature, or a numeric target, is something else.
    #[error("{place}: found {}, expected a number", quoted(found))]
    NotANumber { place: Place, found: String },
    /// A number that cannot be computed with.
    #[error("{place}: found {}, expected a finite number", quoted(found))]
    NotFinite { place: Place, found: String },
    /// A number that is larger than any `f64`.
    #[error("{place}: found {}, which overflows; expected a magnitude of at most 1.8e308", quoted(found))]
    Overflow { place: Place, found: String },

    /// A dataset that was put together by hand does not fit together.
    #[error("the dataset has {features} rows of features but {targets} targets")]
    RowCountMismatch { features: usize, targets: usize },
    /// All or nothing is no split.
    #[error("the test fraction is {found:?}, expected more than 0 and less than 1")]
    FractionOutOfRange { found: f64 },
    /// Both parts of a split need a row.
    #[error("a split needs at least 2 rows, found {found}")]
    TooFewRows { found: usize },
    /// Both parts of a stratified split need a row of each class.
    #[error(
        "class {} has 1 row only, a stratified split needs at least 2 of each class; use `train_test_split`",
        shortened(class)
    )]
    LonelyClass { class: String },

    /// Nothing to learn means and scales from.
    #[error("standardising needs at least one row, found none")]
    NothingToFit,
    /// NaN, or an infinity.
    #[error("the feature at [[{row}, {column}]] is {found:?}, expected a finite number")]
    NotFiniteFeature { row: usize, column: usize, found: f64 },
    /// Values whose squares are no longer finite.
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
    /// Other features than those that were fitted.
    #[error("found {found} columns, expected {expected} as in the features that were fitted")]
    WidthMismatch { expected: usize, found: usize },
}

/// A message stays readable whatever stands in the file; the fields of the error hold everything.
const MOST_CHARACTERS: usize = 40;
const MOST_NAMES: usize = 10;

/// `["x", "y"]`, and of too many names the first.
fn list(names: &[String]) -> String {
    let mut shown: Vec<String> = names.iter().take(MOST_NAMES).map(|name| quoted(name)).collect();
    if names.len() > MOST_NAMES {
        shown.push(format!("… ({} in all)", names.len()));
    }
    format!("[{}]", shown.join(", "))
}

fn quoted(text: &str) -> String {
    format!("{:?}", shortened(text))
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(MOST_CHARACTERS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
