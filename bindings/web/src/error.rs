//! What went wrong, for the host: a code, a message, and the line of a file if one is at fault.

use crate::json::{Object, object};

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An answer that is no success.
#[derive(Clone, Debug, PartialEq)]
pub struct Error {
    /// The kind of error.
    pub code: Code,
    /// A sentence for people.
    pub message: String,
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
}

impl Error {
    /// An error of this kind.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    /// A request that is wrong.
    pub fn request(message: impl Into<String>) -> Self {
        Self::new(Code::Request, message)
    }

    /// More than `most` of something.
    pub fn limit(what: &str, found: usize, most: usize) -> Self {
        Self::new(Code::Limit, format!("{what}: found {found}, the page takes at most {most}"))
    }

    /// The answer for the host.
    pub fn answer(&self) -> Object {
        match line_of(&self.message) {
            Some(line) => object! { "error": self.message, "line": line },
            None => object! { "error": self.message },
        }
    }
}

/// An error if there are more than `most`.
pub fn check_limit(what: &str, found: usize, most: usize) -> Result<()> {
    if found > most { Err(Error::limit(what, found, most)) } else { Ok(()) }
}

/// The number after the first `line `: messages of ann-table name lines in this way.
fn line_of(message: &str) -> Option<u64> {
    message.split("line ").skip(1).find_map(|rest| {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        rest[..digits].parse().ok()
    })
}

impl From<ann_table::Error> for Error {
    fn from(error: ann_table::Error) -> Self {
        Self::new(Code::File, error.to_string())
    }
}

impl From<ann_model::Error> for Error {
    fn from(error: ann_model::Error) -> Self {
        Self::new(Code::File, error.to_string())
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
refused!(ann_train::Error, ann_train::ann_core::Error, ann_gradcheck::Error, ann_export::Error);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_found_in_messages() {
        for (message, line) in [
            ("line 3, column 2 (\"x\"): found \"a\"", Some(3)),
            ("own.csv: line 12: no", Some(12)),
            ("a line of text, then line 4", Some(4)),
            ("an outline", None),
            ("line ", None),
        ] {
            assert_eq!(line_of(message), line, "{message}");
        }
    }
}
