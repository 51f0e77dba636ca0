//! One cell of a table becomes a number or a label.

use crate::table::Row;
use crate::{Error, Place, Result};

/// What targets can be: `String` for class labels, `f64` for numbers. Sealed.
pub trait Target: FromCell {}

impl Target for String {}
impl Target for f64 {}

/// Unreachable from outside, so that no other type can become a [`Target`].
pub trait FromCell: Sized {
    fn from_cell(cell: Cell<'_>) -> Result<Self>;
}

impl FromCell for String {
    fn from_cell(cell: Cell<'_>) -> Result<Self> {
        cell.label().map(str::to_owned)
    }
}

impl FromCell for f64 {
    fn from_cell(cell: Cell<'_>) -> Result<Self> {
        cell.number()
    }
}

/// The text of a cell, and where it stands.
#[derive(Clone, Copy, Debug)]
pub struct Cell<'a> {
    pub(crate) text: &'a str,
    pub(crate) row: &'a Row,
    pub(crate) column: usize,
    pub(crate) name: &'a str,
}

impl<'a> Cell<'a> {
    /// A finite number, in the notation of Rust and C: `5`, `-0.5`, `1e-3`.
    pub(crate) fn number(self) -> Result<f64> {
        let text = self.label()?;
        let found = || text.to_owned();
        match text.parse::<f64>() {
            Ok(value) if value.is_finite() => Ok(value),
            // Infinity that was written with digits is a number too large for 64 bits.
            Ok(_) if text.contains(|letter: char| letter.is_ascii_digit()) => {
                Err(Error::Overflow { place: self.place(), found: found() })
            }
            Ok(_) => Err(Error::NotFinite { place: self.place(), found: found() }),
            Err(_) => Err(Error::NotANumber { place: self.place(), found: found() }),
        }
    }

    /// Anything but an empty cell and `?`, which stands for an unknown value in Orange and in the UCI repository.
    fn label(self) -> Result<&'a str> {
        match self.text {
            "" | "?" => Err(Error::MissingCell { place: self.place() }),
            text => Ok(text),
        }
    }

    fn place(self) -> Place {
        let Self { row, column, name, .. } = self;
        Place { line: row.line_of(column), column: column + 1, name: name.to_owned() }
    }
}
