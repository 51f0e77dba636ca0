//! One cell of a table becomes a number or a label.

use ann_table::headerless::Below;
use ann_table::rows::Row;
use ann_table::{CellLocation, Error, finite_number, not_a_number};

use crate::Result;

/// What a target column can be read as: `String` for class labels, `f64` for numbers. Sealed.
pub trait TargetCell: FromCell {}

impl TargetCell for String {}
impl TargetCell for f64 {}

/// Unreachable from outside, so that no other type can become a [`TargetCell`].
pub trait FromCell: Sized {
    fn from_cell(cell: Cell<'_>) -> Result<Self>;

    /// What is below a column's name, which may be a cell of a file without a header.
    fn below(name: &str, targets: &[Self]) -> Below;
}

impl FromCell for String {
    fn from_cell(cell: Cell<'_>) -> Result<Self> {
        cell.label().map(str::to_owned)
    }

    fn below(name: &str, targets: &[Self]) -> Below {
        Below::Words { include_name: targets.iter().any(|target| target == name) }
    }
}

impl FromCell for f64 {
    fn from_cell(cell: Cell<'_>) -> Result<Self> {
        cell.number()
    }

    fn below(_: &str, targets: &[Self]) -> Below {
        Below::numbers(targets.iter().copied())
    }
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
        finite_number(text).ok_or_else(|| not_a_number(text, self.location()).into())
    }

    /// The text, unless it is empty or `?`, the sign for an unknown value in
    /// Orange and in the UCI repository.
    fn label(self) -> Result<&'a str> {
        match self.text {
            "" | "?" => Err(Error::MissingCell { location: self.location() }.into()),
            text => Ok(text),
        }
    }

    fn location(self) -> CellLocation {
        let Self { row, column, name, .. } = self;
        CellLocation { line: row.line_of(column), column: column + 1, name: name.to_owned() }
    }
}
