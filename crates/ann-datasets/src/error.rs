//! What can be wrong with a file, a split or a scaling: where, what was found, what was expected.

use std::{fmt, io, path::PathBuf};

use crate::headerless;

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Line and column of a cell, as an editor and a spreadsheet number them: both count from one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CellLocation {
    /// The line on which the cell begins.
    pub line: u64,
    /// The position of the column.
    pub column: usize,
    /// The name of the column, without any prefix of an Orange header.
    pub name: String,
}

impl fmt::Display for CellLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {} ({})", self.line, self.column, quoted(&self.name))
    }
}

/// Everything that can be wrong with a file, a split or a scaling.
///
/// Each message is complete: it contains the message of the error that caused
/// it, so `source` is always `None`.
#[allow(missing_docs, reason = "each message says what its fields are")]
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Something is wrong in a file that [`load`](crate::load) opened, or tried to open.
    #[error("{}: {error}", path.display())]
    InFile { path: PathBuf, error: Box<Error> },
    /// The operating system reports an error.
    #[error("cannot read: {error}")]
    Read { error: io::Error },
    /// [`load`](crate::load) has no reader for the ending of the file's name.
    #[error(
        "the file name ends in {}, expected csv, tab or tsv; other files can be given to `read_csv` or `read_tab`",
        quoted(found)
    )]
    UnknownExtension { found: String },
    /// The file is a spreadsheet, an archive or of another format, often with a name that ends in `.csv`.
    #[error("this is {found}, expected text; export the table as text (CSV in UTF-8)")]
    NotText { found: &'static str },
    /// The file has another encoding, often Latin-1.
    #[error("line {line}: not UTF-8 (byte 0x{byte:02x}); save the file with that encoding")]
    NotUtf8 { line: u64, byte: u8 },
    /// The file looks like UTF-16, which spreadsheets call "Unicode text": it has the byte order
    /// mark of UTF-16, or many zero bytes.
    #[error("line 1: not UTF-8; this looks like UTF-16, save it as UTF-8")]
    Utf16,
    /// The file is in a binary format, or damaged.
    #[error(
        "line {line}: found a byte of value 0, which no text contains; export the table as text (CSV in UTF-8)"
    )]
    NulByte { line: u64 },
    /// The file has no lines, or only blank ones.
    #[error("the file is empty, expected a line with the names of the columns")]
    Empty,
    /// A header without data.
    #[error("there is a header but no row of data after it")]
    NoRows,
    /// The file holds more numbers than fit into memory. (If a single row does not fit, the program ends
    /// instead, because the csv crate then aborts.)
    #[error("line {line}: there is no memory for the rows from here on; read fewer rows or columns")]
    OutOfMemory { line: u64 },

    /// The first line is a `sep=` line, from which Excel reads the separator.
    #[error(
        "line {line}: found {}, a note for Excel, expected the names of the columns; remove the line",
        quoted(found)
    )]
    SeparatorLine { line: u64, found: String },
    /// A line begins with `#`, `%` or `//`, and its number of cells differs from that of the other lines.
    #[error(
        "line {line}: found {}, which looks like a comment, expected a row of the table; remove the line",
        quoted(found)
    )]
    CommentLine { line: u64, found: String },
    /// The header is a single column that contains another separator.
    #[error(
        "line {line}: the header is one column, {}; it seems to be separated by {found:?}, expected {expected:?}: save the \
         file with {expected:?} as separator, or read commas with `read_csv` (file.csv) and tabs with `read_tab` (file.tab)",
        quoted(header)
    )]
    WrongSeparator { line: u64, header: String, found: char, expected: char },
    /// The file has no header, so its first row was taken for one.
    #[error(
        "line {line}: found {}, which looks like a row of data, expected the names of the columns; add a line of names \
         above it, or, if these are names, put a letter before each number",
        list(header)
    )]
    HeaderLooksLikeData { line: u64, header: Vec<String> },
    /// A column has no name. pandas writes its index as such a column.
    #[error(
        "line {}, column {}: the column has no name; the first line names all columns: add the name, \
         or `i#index` to leave the column out{}",
        location.line, location.column,
        if location.column == 1 { " (pandas writes no such column with `to_csv(…, index=False)`)" } else { "" }
    )]
    UnnamedColumn { location: CellLocation },
    /// Two columns have the same name.
    #[error("{location}: column {first} already has this name; rename one of them")]
    DuplicateName { location: CellLocation, first: usize },
    /// No column has the target's name.
    #[error(
        "there is no column {}; the columns are {}{}",
        quoted(found),
        list(columns),
        without_header(columns)
    )]
    UnknownColumn { found: String, columns: Vec<String> },
    /// No column has the target's index.
    #[error(
        "there is no column with index {found}, counted from 0; the {} columns are {}",
        columns.len(),
        list(columns)
    )]
    IndexOutOfRange { found: usize, columns: Vec<String> },
    /// [`Column::Class`](crate::Column::Class) found no column.
    #[error(
        "no column is flagged or named as class; choose one of {}{}",
        list(columns),
        without_header(columns)
    )]
    NoClass { columns: Vec<String> },
    /// [`Column::Class`](crate::Column::Class) found more than one column.
    #[error("several columns are flagged as class; choose one of {}", list(columns))]
    SeveralClasses { columns: Vec<String> },
    /// The target is the only column, or all others are left out by their flags.
    #[error("no feature column is left beside the target {}", quoted(target))]
    NoFeatures { target: String },

    /// A closing quote is missing, or a quote inside the cell is not written twice.
    #[error(
        "line {line}, column {column}: a quote opens here that is not closed; a quoted cell ends with a quote right before \
         a separator or a line end, and a quote inside it is written twice"
    )]
    UnclosedQuote { line: u64, column: usize },
    /// A row is shorter or longer than the header.
    #[error("line {line}: expected {expected} cells as in the header, found {found}")]
    RaggedRow { line: u64, found: usize, expected: usize },
    /// A line ends with empty cells that belong to no column. Spreadsheets write them
    /// for columns that were used before.
    #[error(
        "line {line}: separators at the end of the line make {empty} empty cell{} that no column has; remove them here \
         and at the end of all other lines",
        if *empty == 1 { "" } else { "s" }
    )]
    TrailingSeparators { line: u64, empty: usize },
    /// A cell is empty, or a question mark.
    #[error("{location}: the cell is missing; fill it, or remove the row")]
    MissingCell { location: CellLocation },
    /// A feature or a numeric target is not a number.
    #[error("{location}: found {}, expected a number", quoted(found))]
    NotANumber { location: CellLocation, found: String },
    /// NaN, or an infinity.
    #[error("{location}: found {}, expected a finite number", quoted(found))]
    NotFinite { location: CellLocation, found: String },
    /// A number that is larger than any `f64`.
    #[error("{location}: found {}, which overflows; expected a magnitude of at most 1.8e308", quoted(found))]
    Overflow { location: CellLocation, found: String },

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

/// Messages show the beginning of long texts; the fields of the error hold everything.
const MOST_CHARACTERS: usize = 40;
const MOST_NAMES: usize = 10;

/// `["x", "y"]`; only the first names of a long list.
fn list(names: &[String]) -> String {
    list_of(names, quoted)
}

fn list_of(names: &[String], show: impl Fn(&str) -> String) -> String {
    let mut shown: Vec<String> = names.iter().take(MOST_NAMES).map(|name| show(name)).collect();
    if names.len() > MOST_NAMES {
        shown.push(format!("… ({} in all)", names.len()));
    }
    format!("[{}]", shown.join(", "))
}

/// A hint for a first line that was meant as data.
fn without_header(names: &[String]) -> &'static str {
    if headerless::are_numbers_but_one(names) {
        "; if the first line is data, add a line of names above it"
    } else {
        ""
    }
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
