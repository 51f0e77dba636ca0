//! What went wrong, for the host: a code, a message, and the place in a table if one is at fault.

use ann_table::message::quoted;
use ann_table::{CellLocation, Kind};

use crate::json::{Object, object};
use crate::source::kind_name;

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An answer that is no success.
#[derive(Clone, Debug, PartialEq)]
pub struct Error {
    /// The kind of error.
    pub code: Code,
    /// A sentence for people.
    pub message: String,
    /// Where it is in a table, as far as it is known.
    pub place: TablePlace,
}

/// A place in a table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TablePlace {
    /// The line, counted from 1.
    pub line: Option<u64>,
    /// The name of the column.
    pub column: Option<String>,
    /// What the cell holds.
    pub cell: Option<String>,
    /// The kind that the column should have, and how many of its cells are of another.
    pub odd: Option<(Kind, usize)>,
}

/// The kinds of errors, as numbers for the host. 0 is no error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// The request is not one of the contract.
    Request = 1,
    /// A table or model file is wrong.
    File = 2,
    /// A library refuses settings or data.
    Refused = 3,
    /// Something that the request needs is not there.
    Absent = 4,
    /// More than the engine takes.
    Limit = 5,
    /// An earlier call ended in a panic.
    Ended = 6,
    /// Another file of the engine has what the request needs.
    Elsewhere = 7,
}

impl Error {
    /// An error of this kind.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), place: TablePlace::default() }
    }

    /// A request that is wrong.
    pub fn request(message: impl Into<String>) -> Self {
        Self::new(Code::Request, message)
    }

    /// More than `most` of something.
    pub fn limit(what: &str, found: usize, most: usize) -> Self {
        Self::new(Code::Limit, format!("{what}: found {found}, the page takes at most {most}"))
    }

    /// The answer for the host, with the parts of the place that are known.
    pub fn answer(&self) -> Object {
        let TablePlace { line, column, cell, odd } = &self.place;
        let mut answer = object! { "error": self.message };
        if let Some(line) = line {
            answer = answer.with("line", line);
        }
        for (name, text) in [("column", column), ("cell", cell)] {
            if let Some(text) = text {
                answer = answer.with(name, text);
            }
        }
        if let Some((kind, count)) = odd {
            answer = answer.with("kind", &kind_name(*kind)).with("odd", count);
        }
        answer
    }
}

/// An error if there are more than `most`.
pub fn check_limit(what: &str, found: usize, most: usize) -> Result<()> {
    if found > most { Err(Error::limit(what, found, most)) } else { Ok(()) }
}

/// An error unless there are 1 to `most`.
pub fn check_size(what: &str, found: usize, most: usize) -> Result<()> {
    if found == 0 {
        return Err(Error::request(format!("{what}: found 0, expected at least 1")));
    }
    check_limit(what, found, most)
}

impl From<ann_table::Error> for Error {
    fn from(error: ann_table::Error) -> Self {
        Self { place: place(&error), ..Self::new(Code::File, message(&error)) }
    }
}

/// What is wrong with a table. The messages of ann-table advise people who write Rust; here they are people
/// who use a page.
fn message(error: &ann_table::Error) -> String {
    use ann_table::Error as E;
    let odd = |name: &str, what: &str, cells: &[(u64, String)]| {
        let cells = cells.iter().map(|(line, text)| format!("at line {line}: {}", quoted(text)));
        let cells = cells.collect::<Vec<_>>().join(", ");
        format!("column {}: {what}, the first {cells}; mend them, or say that", quoted(name))
    };
    match error {
        E::OddCells { column, kind, count, known, cells, .. } => {
            let form = if *kind == Kind::Date { "as 2024-02-29 or 2024-02-29 13:45" } else { "as 1234.5" };
            let odd = odd(column, &format!("{count} of {known} cells are no {kind} {form}"), cells);
            format!("{odd} they are missing, or that the column holds words")
        }
        E::MixedTarget { column, words, rows, cells } => {
            let odd = odd(column, &format!("{words} of {rows} cells are no numbers"), cells);
            format!("{odd} they are missing, or that the column holds classes")
        }
        E::LearnedKind { column, found, expected } => format!(
            "column {} holds {found}, expected {expected} as in the table that the model was made from",
            quoted(column)
        ),
        E::MissingTarget { location } => format!("{location}: the target is missing"),
        E::NoFeatures { reasons } if reasons.is_empty() => {
            "there is no other column to predict from".to_owned()
        }
        E::NoFeatures { reasons } => format!(
            "no column is left to predict from: {reasons}; a column whose kind is given is used all the same"
        ),
        error => error.to_string(),
    }
}

fn place(error: &ann_table::Error) -> TablePlace {
    use ann_table::Error as E;
    match error {
        E::OddCells { column, kind, count, cells, .. } => place_of_odd(column, cells, (*kind, *count)),
        E::MixedTarget { column, words, cells, .. } => place_of_odd(column, cells, (Kind::Number, *words)),
        E::LearnedKind { column, .. }
        | E::OtherKind { column, .. }
        | E::Target { column, .. }
        | E::UnknownColumn { found: column, .. } => {
            TablePlace { column: Some(column.clone()), ..TablePlace::default() }
        }
        _ => match cell(error) {
            None => TablePlace { line: line(error), ..TablePlace::default() },
            Some((CellLocation { line, name, .. }, cell)) => {
                TablePlace { line: Some(*line), column: Some(name.clone()), cell: cell.cloned(), odd: None }
            }
        },
    }
}

/// The first of some cells of a column that are not of its kind.
fn place_of_odd(column: &str, cells: &[(u64, String)], odd: (Kind, usize)) -> TablePlace {
    let (line, cell) = cells.first().cloned().unzip();
    TablePlace { line, column: Some(column.to_owned()), cell, odd: Some(odd) }
}

/// The cell that an error speaks of, and what it holds if that matters.
fn cell(error: &ann_table::Error) -> Option<(&CellLocation, Option<&String>)> {
    use ann_table::Error as E;
    match error {
        E::DuplicateName { location, .. } | E::MissingCell { location } | E::MissingTarget { location } => {
            Some((location, None))
        }
        E::NotANumber { location, found }
        | E::NotFinite { location, found }
        | E::Overflow { location, found }
        | E::NotADate { location, found }
        | E::UnknownClass { location, found, .. } => Some((location, Some(found))),
        _ => None,
    }
}

/// The line that an error speaks of.
fn line(error: &ann_table::Error) -> Option<u64> {
    use ann_table::Error as E;
    match error {
        E::NotUtf8 { line, .. }
        | E::NulByte { line }
        | E::OutOfMemory { line }
        | E::SeparatorLine { line, .. }
        | E::CommentLine { line, .. }
        | E::WrongSeparator { line, .. }
        | E::HeaderLooksLikeData { line, .. }
        | E::UnclosedQuote { line, .. }
        | E::RaggedRow { line, .. }
        | E::TrailingSeparators { line, .. } => Some(*line),
        E::Utf16 => Some(1),
        E::UnnamedColumn { location } => Some(location.line),
        _ => None,
    }
}

impl From<ann_model::Error> for Error {
    fn from(error: ann_model::Error) -> Self {
        match error {
            ann_model::Error::Table(error) => error.into(),
            ann_model::Error::TooLarge { what, found, most } => Self::limit(what, found, most),
            error => Self::new(Code::File, error.to_string()),
        }
    }
}

macro_rules! refused {
    ($($error:ty),*) => {
        $(impl From<$error> for Error {
            fn from(error: $error) -> Self {
                Self::new(Code::Refused, error.to_string())
            }
        })*
    };
}
refused!(ann_train::Error, ann_train::ann_core::Error, ann_export::Error);
#[cfg(feature = "check")]
refused!(ann_gradcheck::Error);
