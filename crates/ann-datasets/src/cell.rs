//! One cell of a table becomes a number or a label.

use crate::table::Row;
use crate::{CellLocation, Error, Result};

/// What a target column can be read as: `String` for class labels, `f64` for numbers. Sealed.
pub trait TargetCell: FromCell {}

impl TargetCell for String {}
impl TargetCell for f64 {}

/// Unreachable from outside, so that no other type can become a [`TargetCell`].
pub trait FromCell: Sized {
    fn from_cell(cell: Cell<'_>) -> Result<Self>;

    /// Compares a column's name with its targets. A name that resembles them may be a
    /// cell of a file without a header.
    fn likeness(name: &str, targets: &[Self]) -> Likeness;
}

/// How similar a column's name is to its targets; see [`FromCell::likeness`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Likeness {
    /// The name is of another kind than the targets: a word above numbers.
    Unlike,
    /// The name is of the same kind as the targets.
    Alike,
    /// The name equals one of the targets.
    Same,
}

impl FromCell for String {
    fn from_cell(cell: Cell<'_>) -> Result<Self> {
        cell.label().map(str::to_owned)
    }

    fn likeness(name: &str, targets: &[Self]) -> Likeness {
        if targets.iter().any(|target| target == name) { Likeness::Same } else { Likeness::Alike }
    }
}

impl FromCell for f64 {
    fn from_cell(cell: Cell<'_>) -> Result<Self> {
        cell.number()
    }

    fn likeness(name: &str, _: &[Self]) -> Likeness {
        if finite_number(name).is_some() { Likeness::Alike } else { Likeness::Unlike }
    }
}

/// A finite number, in the notation of Rust and C: `5`, `-0.5`, `1e-3`.
pub(crate) fn finite_number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|value: &f64| value.is_finite())
}

/// The text of a cell, and where it is.
#[derive(Clone, Copy, Debug)]
pub struct Cell<'a> {
    pub(crate) text: &'a str,
    pub(crate) row: &'a Row,
    pub(crate) column: usize,
    pub(crate) name: &'a str,
}

impl<'a> Cell<'a> {
    pub(crate) fn number(self) -> Result<f64> {
        let text = self.label()?;
        finite_number(text).ok_or_else(|| self.not_a_number(text.to_owned()))
    }

    fn not_a_number(self, found: String) -> Error {
        let location = self.location();
        match found.parse::<f64>() {
            // A text with digits that is read as infinity is a number too large for an `f64`.
            Ok(_) if found.contains(|letter: char| letter.is_ascii_digit()) => {
                Error::Overflow { location, found }
            }
            Ok(_) => Error::NotFinite { location, found },
            Err(_) => Error::NotANumber { location, found },
        }
    }

    /// The text, unless it is empty or `?`, the sign for an unknown value in
    /// Orange and in the UCI repository.
    fn label(self) -> Result<&'a str> {
        match self.text {
            "" | "?" => Err(Error::MissingCell { location: self.location() }),
            text => Ok(text),
        }
    }

    fn location(self) -> CellLocation {
        let Self { row, column, name, .. } = self;
        CellLocation { line: row.line_of(column), column: column + 1, name: name.to_owned() }
    }
}
