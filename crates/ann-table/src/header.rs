//! The names of the columns, and what a header says about them.

use std::collections::HashMap;
use std::io::Read;

use crate::rows::Rows;
use crate::{CellLocation, Error, Kind, Result, headerless, orange};

/// What a column is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "disk", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "lowercase"))]
pub enum Role {
    /// What predictions are made from.
    #[default]
    Feature,
    /// What is predicted, if nothing else is asked for.
    Class,
    /// Weights of rows.
    Weight,
    /// A comment: neither a feature nor a class.
    Meta,
    /// To be left out.
    Ignored,
}

/// A column of a header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderColumn {
    /// The name, without any prefix of an Orange header.
    pub name: String,
    /// [`Role::Feature`] unless an Orange header says otherwise.
    pub role: Role,
    /// The kind that an Orange header states.
    pub kind: Option<Kind>,
}

/// The columns of a file, with names that are not empty and differ from each other.
#[derive(Clone, Debug)]
pub struct Header {
    columns: Vec<HeaderColumn>,
    line: u64,
    is_marked: bool,
}

impl Header {
    /// Reads the header, in one of Orange's forms or as one line of names. The rows of data follow it.
    ///
    /// # Errors
    /// There is no row, a column has no name, two columns have the same name, or the rows cannot be read.
    pub fn read<R: Read>(rows: &mut Rows<R>) -> Result<Self> {
        orange::read_header(rows)
    }

    /// `line` is the line of the names.
    pub(crate) fn new(columns: Vec<HeaderColumn>, line: u64, is_marked: bool) -> Result<Self> {
        let mut first_column = HashMap::new();
        for (column, HeaderColumn { name, .. }) in (1..).zip(&columns) {
            let location = || CellLocation { line, column, name: name.clone() };
            if name.is_empty() {
                return Err(Error::UnnamedColumn { location: location() });
            }
            if let Some(first) = first_column.insert(name, column) {
                let names: Vec<String> = columns.iter().map(|column| column.name.clone()).collect();
                return Err(match !is_marked && headerless::are_numbers_but_one(&names) {
                    true => Error::HeaderLooksLikeData { line, header: names },
                    false => Error::DuplicateName { location: location(), first },
                });
            }
        }
        Ok(Self { columns, line, is_marked })
    }

    /// The header of a file that has none: `column_1`, `column_2`, ….
    pub(crate) fn numbered(count: usize) -> Self {
        let column =
            |number| HeaderColumn { name: format!("column_{number}"), role: Role::Feature, kind: None };
        Self { columns: (1..=count).map(column).collect(), line: 0, is_marked: true }
    }

    /// The columns, in the order of the file.
    pub fn columns(&self) -> &[HeaderColumn] {
        &self.columns
    }

    /// The names of all columns.
    pub fn names(&self) -> Vec<String> {
        self.columns.iter().map(|column| column.name.clone()).collect()
    }

    /// The line of the names, counted from one; 0 if the file has no header.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// Whether the header has types, flags or prefixes, so that it cannot be a row of data.
    pub fn is_marked(&self) -> bool {
        self.is_marked
    }
}
