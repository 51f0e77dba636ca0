//! Which column is the target, which are the features.

use std::collections::HashMap;

use ndarray::Array2;

use crate::cell::Cell;
use crate::table::Row;
use crate::{Dataset, Error, Place, Result, Target};

/// How a column is chosen: `"species"` by name, `4` by index, or as one of these.
///
/// ```
/// use ann_datasets::{Dataset, read_csv};
///
/// let text = "x,y\n1,2\n3,4\n";
/// let by_name: Dataset<f64> = read_csv(text.as_bytes(), "y")?;
/// let by_index: Dataset<f64> = read_csv(text.as_bytes(), 1)?;
/// assert_eq!(by_name, by_index);
/// # Ok::<(), ann_datasets::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Column {
    /// The column of this name, without any prefix of an Orange header.
    Name(String),
    /// Counted from zero, as indices are in code. (Messages for people count columns from one.)
    Index(usize),
    /// The last column.
    Last,
    /// The column that an Orange header flags as class; where none is flagged, the one named `class`, in any case.
    Class,
}

impl From<&str> for Column {
    fn from(name: &str) -> Self {
        Self::Name(name.to_owned())
    }
}

impl From<&String> for Column {
    fn from(name: &String) -> Self {
        Self::Name(name.clone())
    }
}

impl From<String> for Column {
    fn from(name: String) -> Self {
        Self::Name(name)
    }
}

impl From<usize> for Column {
    fn from(index: usize) -> Self {
        Self::Index(index)
    }
}

/// What the header says a column is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Feature,
    Class,
    /// Neither a feature nor a class; read only when it is named as the target.
    Aside,
}

/// The columns of a file, names checked.
#[derive(Debug)]
pub(crate) struct Header {
    names: Vec<String>,
    roles: Vec<Role>,
}

impl Header {
    /// `line` is the one with the names.
    pub fn new(columns: Vec<(String, Role)>, line: u64) -> Result<Self> {
        let (names, roles): (Vec<String>, Vec<Role>) = columns.into_iter().unzip();
        let mut first_column = HashMap::new();
        for (column, name) in (1..).zip(&names) {
            let place = || Place { line, column, name: name.clone() };
            if name.is_empty() {
                return Err(Error::UnnamedColumn { place: place() });
            }
            if let Some(first) = first_column.insert(name, column) {
                return Err(Error::DuplicateName { place: place(), first });
            }
        }
        Ok(Self { names, roles })
    }

    /// Reads every row, top down and left to right, so that the first mistake in the file is the one reported.
    pub fn dataset<T: Target>(&self, rows: &[Row], target: &Column) -> Result<Dataset<T>> {
        let target = self.find(target)?;
        let is_feature = |&column: &usize| self.roles[column] == Role::Feature && column != target;
        let features: Vec<usize> = (0..self.names.len()).filter(is_feature).collect();
        if features.is_empty() {
            return Err(Error::NoFeatures { target: self.names[target].clone() });
        }
        if rows.is_empty() {
            return Err(Error::NoRows);
        }
        let (mut values, mut targets) = (Vec::with_capacity(rows.len() * features.len()), Vec::new());
        for row in rows {
            self.check_width(row)?;
            for (column, cell) in self.cells_of(row).enumerate() {
                match column {
                    _ if column == target => targets.push(T::from_cell(cell)?),
                    _ if is_feature(&column) => values.push(cell.number()?),
                    _ => {}
                }
            }
        }
        Ok(Dataset {
            features: Array2::from_shape_vec((rows.len(), features.len()), values)
                .expect("each row had one value for each feature"),
            targets,
            feature_names: features.iter().map(|&column| self.names[column].clone()).collect(),
            target_name: self.names[target].clone(),
        })
    }

    fn find(&self, target: &Column) -> Result<usize> {
        let columns = || self.names.clone();
        match target {
            Column::Name(name) => (self.names.iter().position(|known| known == name))
                .ok_or_else(|| Error::UnknownColumn { found: name.clone(), columns: columns() }),
            &Column::Index(index) if index >= self.names.len() => {
                Err(Error::IndexOutOfRange { found: index, columns: columns() })
            }
            &Column::Index(index) => Ok(index),
            Column::Last => Ok(self.names.len() - 1),
            Column::Class => self.find_class(),
        }
    }

    fn find_class(&self) -> Result<usize> {
        let flagged = |&column: &usize| self.roles[column] == Role::Class;
        let candidates: Vec<usize> = (0..self.names.len()).filter(flagged).collect();
        match candidates[..] {
            [] => (self.names.iter().position(|name| name.eq_ignore_ascii_case("class")))
                .ok_or_else(|| Error::NoClass { columns: self.names.clone() }),
            [class] => Ok(class),
            _ => Err(Error::SeveralClasses {
                columns: candidates.iter().map(|&column| self.names[column].clone()).collect(),
            }),
        }
    }

    fn check_width(&self, row: &Row) -> Result<()> {
        let (expected, found) = (self.names.len(), row.len());
        if found == expected { Ok(()) } else { Err(Error::RaggedRow { line: row.line, found, expected }) }
    }

    fn cells_of<'a>(&'a self, row: &'a Row) -> impl Iterator<Item = Cell<'a>> {
        let cell = |(column, text)| Cell { text, row, column, name: &self.names[column] };
        row.cells().enumerate().map(cell)
    }
}
