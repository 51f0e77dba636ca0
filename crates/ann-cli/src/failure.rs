//! What ends the program early: a message, and the exit code that says of which kind it is.

use std::fmt::{self, Display};
use std::io;
use std::process::ExitCode;

use ann_tabular::ann_table::OtherNotation;
use ann_tabular::ann_table::message::{list, quoted, shortened};
use ann_tabular::{ann_model, ann_table};

use crate::show::similar;

/// A result of a command.
pub type Result<T, E = Failure> = std::result::Result<T, E>;

/// A message, and an exit code.
#[derive(Debug)]
pub struct Failure {
    pub status: Status,
    pub message: String,
    /// Whether the program that reads the results has ended, which is no error.
    pub is_closed_pipe: bool,
}

/// The exit codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// 0: done.
    Done,
    /// 1: a file cannot be read or written.
    Files,
    /// 2: the arguments are wrong.
    Arguments,
    /// 3: the data or the model file is wrong.
    Data,
    /// 4: done, but worse than was asked for.
    Below,
    /// 130: ended by the interrupt key, as a shell reports it.
    Interrupted,
}

impl Status {
    /// The number.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Files => 1,
            Self::Arguments => 2,
            Self::Data => 3,
            Self::Below => 4,
            Self::Interrupted => 130,
        }
    }
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> Self {
        Self::from(status.code())
    }
}

impl Failure {
    fn new(status: Status, message: impl Display) -> Self {
        Self { status, message: message.to_string(), is_closed_pipe: false }
    }

    /// The arguments are wrong.
    pub fn arguments(message: impl Display) -> Self {
        Self::new(Status::Arguments, message)
    }

    /// The data or a model file is wrong.
    pub fn data(message: impl Display) -> Self {
        Self::new(Status::Data, message)
    }

    /// A file cannot be read or written.
    pub fn files(message: impl Display) -> Self {
        Self::new(Status::Files, message)
    }

    /// The message with what it is about before it, usually a path.
    #[must_use]
    pub fn about(mut self, what: impl Display) -> Self {
        self.message = format!("{what}: {}", self.message);
        self
    }
}

impl Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// Results cannot be written.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        let is_closed_pipe = error.kind() == io::ErrorKind::BrokenPipe;
        Self { is_closed_pipe, ..Self::files(format_args!("cannot write: {error}")) }
    }
}

/// The advice of the library names fields of Rust structs; that of the program names its options.
impl From<ann_table::Error> for Failure {
    fn from(error: ann_table::Error) -> Self {
        use ann_table::Error as E;
        match error {
            E::InFile { path, error } => Self::from(*error).about(path.display()),
            E::Read { .. } => Self::files(error),
            E::OddCells { column, kind, count, known, cells, decimal_comma } => {
                let shown: Vec<String> =
                    cells.iter().map(|(line, text)| format!("line {line}: {:?}", shortened(text))).collect();
                Self::data(format_args!(
                    "column {}: {count} of {known} cells are no {kind}: {}\n  \
                     {}\n  \
                     the column is a category:  --as {}\n  \
                     nobody needs the column:   --as {}",
                    quoted(&column),
                    shown.join(", "),
                    way_out(&column, &cells, decimal_comma),
                    in_quotes(&format!("{column}=category")),
                    in_quotes(&format!("{column}=ignore")),
                ))
            }
            E::NotText { found: "JSON" } => {
                Self::data(format_args!("{error}; `ann predict --jsonl` reads one JSON object in each line"))
            }
            E::UnknownColumn { found, columns } => Self::arguments(unknown(&found, &columns)),
            E::MissingTarget { location } => Self::data(format_args!("{location}: the target is missing")),
            E::NoFeatures { reasons } if reasons.is_empty() => {
                Self::data("there is no other column to predict from")
            }
            E::LearnedKind { column, found, expected } => Self::data(format_args!(
                "column {column:?} holds {found}, expected {expected} as in the table that was learned from"
            )),
            E::NoFeatures { reasons } => Self::data(format_args!(
                "no column is left to predict from: {reasons}; --as NAME=KIND keeps one that only looks useless"
            )),
            E::HeaderLooksLikeData { .. } => {
                Self::data(format_args!("{error}; if there is no line of names: --no-header"))
            }
            error => Self::data(error),
        }
    }
}

impl From<ann_model::Error> for Failure {
    fn from(error: ann_model::Error) -> Self {
        use ann_model::Error as E;
        match error {
            E::InFile { path, error } => Self::from(*error).about(path.display()),
            E::Table(error) => error.into(),
            E::Read { .. } | E::Write { .. } => Self::files(error),
            error => Self::data(error),
        }
    }
}

impl From<ann_export::Error> for Failure {
    fn from(error: ann_export::Error) -> Self {
        match error {
            ann_export::Error::Model(error) => error.into(),
            // Another option helps.
            error => Self::arguments(error),
        }
    }
}

impl From<ann_tabular::Error> for Failure {
    fn from(error: ann_tabular::Error) -> Self {
        use ann_tabular::Error as E;
        match error {
            E::Table(error) => error.into(),
            E::Model(error) => error.into(),
            E::Setting { .. } => Self::arguments(error),
            E::Interrupted => Self::new(
                Status::Interrupted,
                "ended by Ctrl-C before an epoch was done: there is no model, and no file of it was written",
            ),
            error => Self::data(error),
        }
    }
}

/// What helps if these cells of a column are no numbers or dates. They are values in another notation, or
/// missing.
fn way_out(column: &str, cells: &[(u64, String)], decimal_comma: bool) -> String {
    let mut notations = cells.iter().map(|(_, text)| OtherNotation::of(text, decimal_comma));
    let word = cells.first().map(|(_, text)| text.as_str()).unwrap_or_default();
    match notations.next().flatten() {
        Some((notation, instead)) if notations.all(|other| other.is_some_and(|(o, _)| o == notation)) => {
            let write = format!("write {instead} for {:?}", shortened(word));
            match notation {
                OtherNotation::DecimalSign if decimal_comma => {
                    format!("decimals have a point:     --decimal . or {write}")
                }
                OtherNotation::DecimalSign => format!("decimals have a comma:     --decimal , or {write}"),
                // One group may also be decimals.
                OtherNotation::Thousands if instead.contains(" or ") && word.contains(',') => {
                    format!("they are numbers:          {write}; if decimals have a comma: --decimal ,")
                }
                _ => format!("{:<26} {write}", format!("they are {}:", notation.kind())),
            }
        }
        _ => format!("they are missing values:   --missing-in {}", in_quotes(&format!("{column}={word}"))),
    }
}

/// There is no such column.
pub fn unknown(name: &str, columns: &[String]) -> String {
    let hint = match similar(name, columns.iter().map(String::as_str)) {
        Some(similar) => format!("did you mean {}?", quoted(similar)),
        None => format!("the columns are {}", list(columns)),
    };
    format!("there is no column {}; {hint}", quoted(name))
}

/// A text as an argument of a shell.
pub fn in_quotes(text: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "_-+=.,:/".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}
