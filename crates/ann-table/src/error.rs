//! What can be wrong with a table: where, what was found, what was expected.

use std::{fmt, io, path::PathBuf};

use crate::Kind;
use crate::message::{hint, list, quoted, ragged};

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Line and column of a cell, as an editor and a spreadsheet number them: both count from one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CellLocation {
    /// The line on which the cell begins. In a table that was not read from a text, the row.
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

/// Everything that can be wrong with a table.
///
/// Each message is complete: it contains the message of the error that caused
/// it, so `source` is always `None`.
#[allow(missing_docs, reason = "each message says what its fields are")]
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Something is wrong in a file.
    #[error("{}: {error}", path.display())]
    InFile { path: PathBuf, error: Box<Error> },
    /// The operating system reports an error.
    #[error("cannot read: {error}")]
    Read { error: io::Error },
    /// The cells of a table cannot be written to a file.
    #[error("cannot write the rows of the table: {error}")]
    StoreRows { error: io::Error },
    /// A file with the rows of a table cannot be read, or is damaged.
    #[error("the file with the rows of the table cannot be read: {reason}; make it again from the table")]
    StoredRows { reason: String },
    /// The file is a spreadsheet, an archive or of another format, often with a name that ends in `.csv`.
    #[error("this is {found}, expected text; export the table as text (CSV in UTF-8)")]
    NotText { found: &'static str },
    /// The file has another encoding, often Latin-1.
    #[error(
        "line {line}: not UTF-8 (byte 0x{byte:02x}), and no other encoding is read; save the file as UTF-8"
    )]
    NotUtf8 { line: u64, byte: u8 },
    /// The file looks like UTF-16, which spreadsheets call "Unicode text": it has the byte order
    /// mark of UTF-16, or many zero bytes.
    #[error("line 1: not UTF-8, and no other encoding is read; this looks like UTF-16, save it as UTF-8")]
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
    /// A separator that cannot be between cells.
    #[error(
        "the separator is {found:?}, expected an ASCII character that is no quote, digit, letter or line end"
    )]
    Separator { found: char },
    /// The header is a single column that contains another separator.
    #[error(
        "line {line}: the header is one column, {}; it seems to be separated by {found:?}, expected {expected:?}: read \
         the file with the separator {found:?}, or save it with {expected:?}",
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
    #[error("there is no column {}; the columns are {}{}", quoted(found), list(columns), hint(columns))]
    UnknownColumn { found: String, columns: Vec<String> },

    /// A closing quote is missing, or a quote inside the cell is not written twice.
    #[error(
        "line {line}, column {column}: a quote opens here that is not closed; a quoted cell ends with a quote right before \
         a separator or a line end, and a quote inside it is written twice"
    )]
    UnclosedQuote { line: u64, column: usize },
    /// A row is shorter or longer than the header.
    #[error("line {line}: expected {expected} cells as in the header, found {found}; {}", ragged(*found, *expected))]
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

    /// Of a column of numbers or dates, a few cells are something else, or are written in another way. They
    /// may be words for missing values, or mistakes.
    #[error(
        "column {}: {count} of {known} cells are no {kind} {}, the first {}; mend them; or, if they are missing, name the \
         word in `Reader::missing_in`; or, if the column holds words, set its kind to category in `Reader::kinds`",
        quoted(column),
        if *kind == Kind::Date { "as 2024-02-29 or 2024-02-29 13:45" } else { "as 1234.5 (or 1234,5 with \
         `Reader::decimal_comma`)" },
        cells.iter().map(|(line, text)| format!("at line {line}: {}", quoted(text))).collect::<Vec<_>>().join(", ")
    )]
    OddCells {
        column: String,
        kind: Kind,
        count: usize,
        known: usize,
        cells: Vec<(u64, String)>,
        /// Whether a comma is before the decimals of the table's numbers.
        decimal_comma: bool,
    },
    /// A cell of a column whose kind was set to date.
    #[error("{location}: found {}, expected a date as 2024-02-29 or 2024-02-29 13:45", quoted(found))]
    NotADate { location: CellLocation, found: String },
    /// A column has another kind than is needed.
    #[error("column {} holds {found}, expected {expected}", quoted(column))]
    OtherKind { column: String, found: Kind, expected: Kind },
    /// A column of a table has another kind than the column that a schema was learned from: its cells alone
    /// do not show the right one.
    #[error(
        "column {} holds {found}, expected {expected} as in the table that was learned from; give the kinds to the reader: \
         `Reader {{ kinds: model.schema().kinds(), ..Reader::default() }}`",
        quoted(column)
    )]
    LearnedKind { column: String, found: Kind, expected: Kind },
    /// A row to learn from has no target.
    #[error(
        "{location}: the target is missing; fill it, or leave such rows out with `Table::without_missing(&[{}])`",
        quoted(&location.name)
    )]
    MissingTarget { location: CellLocation },
    /// All columns are left out.
    #[error("no column is left: all of them are left out")]
    NoColumns,
    /// Columns of a table differ in length.
    #[error("column {} has {found} rows, expected {expected} as in the first column", quoted(column))]
    ColumnLength { column: String, found: usize, expected: usize },
    /// A struct that is to be a row of a table has a part that no cell can hold.
    #[error("row {row}: {reason}")]
    WrongRow { row: usize, reason: String },
    /// A Parquet file cannot be read, or holds what no table can.
    #[error("cannot read Parquet: {reason}")]
    Parquet { reason: String },
    /// A table to predict lacks columns that the schema needs.
    #[error("the table has no column {}; its columns are {}", list(missing), list(columns))]
    MissingColumns { missing: Vec<String>, columns: Vec<String> },
    /// No column can be used to predict from.
    #[error(
        "no column is left to predict from: {reasons}; `SchemaOptions::keep` keeps a column that only looks useless"
    )]
    NoFeatures { reasons: String },
    /// A row has another number of cells than the schema has columns.
    #[error(
        "the row has {found} cell{}, expected {}, in the order of the columns {}",
        if *found == 1 { "" } else { "s" }, columns.len(), list(columns)
    )]
    RowLength { found: usize, columns: Vec<String> },
    /// There is another number of inputs than the schema makes of a row.
    #[error("there is room for {found} inputs, expected {expected} as `Schema::inputs` says")]
    InputsLength { found: usize, expected: usize },
    /// A class does not occur in the rows that were learned from.
    #[error("{location}: found {}, expected one of the classes {}", quoted(found), list(classes))]
    UnknownClass { location: CellLocation, found: String, classes: Vec<String> },
    /// Of a column of numbers to predict, some cells are words.
    #[error(
        "target {}: {words} of {rows} cells are no numbers, the first {}; mend them; or, if they are missing, name the word \
         in `Reader::missing_in`; or, if all cells are classes, set `SchemaOptions::task` to classification",
        quoted(column),
        cells.iter().map(|(line, text)| format!("at line {line}: {}", quoted(text))).collect::<Vec<_>>().join(", ")
    )]
    MixedTarget { column: String, words: usize, rows: usize, cells: Vec<(u64, String)> },
    /// Nothing can be learned from a target.
    #[error("target {}: {reason}", quoted(column))]
    Target { column: String, reason: String },
}
