//! Which column is the target, which are the features.

use std::collections::HashMap;

use ndarray::Array2;

use crate::cell::Cell;
use crate::table::{Row, reserve};
use crate::{CellLocation, Dataset, Error, Result, TargetCell, headerless};

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
    /// The column that an Orange header flags as class; if none is flagged, the column named
    /// `class`, in upper or lower case.
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
    LeftOut,
}

/// The columns of a file, with checked names.
#[derive(Debug)]
pub(crate) struct Header {
    names: Vec<String>,
    roles: Vec<Role>,
    line: u64,
    /// Whether the header has types, flags or prefixes, so that it cannot be a row of data.
    is_marked: bool,
}

impl Header {
    /// `line` is the line of the names.
    pub fn new(columns: Vec<(String, Role)>, line: u64, is_marked: bool) -> Result<Self> {
        let (names, roles): (Vec<String>, Vec<Role>) = columns.into_iter().unzip();
        let mut first_column = HashMap::new();
        for (column, name) in (1..).zip(&names) {
            let location = || CellLocation { line, column, name: name.clone() };
            if name.is_empty() {
                return Err(Error::UnnamedColumn { location: location() });
            }
            if let Some(first) = first_column.insert(name, column) {
                return Err(match !is_marked && headerless::are_numbers_but_one(&names) {
                    true => Error::HeaderLooksLikeData { line, header: names },
                    false => Error::DuplicateName { location: location(), first },
                });
            }
        }
        Ok(Self { names, roles, line, is_marked })
    }

    pub fn dataset<T: TargetCell>(
        &self,
        rows: impl Iterator<Item = Result<Row>>,
        target: &Column,
    ) -> Result<Dataset<T>> {
        let target = self.find(target)?;
        let features = self.features(target);
        if features.is_empty() {
            return Err(Error::NoFeatures { target: self.names[target].clone() });
        }
        let (values, targets) = self.read(rows, target)?;
        if targets.is_empty() {
            return Err(Error::NoRows);
        }
        let dataset = Dataset {
            features: Array2::from_shape_vec((targets.len(), features.len()), values)
                .expect("each row had one value for each feature"),
            targets,
            feature_names: features.iter().map(|&column| self.names[column].clone()).collect(),
            target_name: self.names[target].clone(),
        };
        if !self.is_marked && headerless::looks_like_data(&self.names, &dataset) {
            return Err(Error::HeaderLooksLikeData { line: self.line, header: self.names.clone() });
        }
        Ok(dataset)
    }

    fn features(&self, target: usize) -> Vec<usize> {
        (0..self.names.len()).filter(|&column| self.is_feature(column, target)).collect()
    }

    fn is_feature(&self, column: usize, target: usize) -> bool {
        self.roles[column] == Role::Feature && column != target
    }

    /// Reads features, row after row, and targets. Cells are read in the order of the file, so that the first
    /// mistake in the file is reported.
    fn read<T: TargetCell>(
        &self,
        rows: impl Iterator<Item = Result<Row>>,
        target: usize,
    ) -> Result<(Vec<f64>, Vec<T>)> {
        let (mut values, mut targets) = (Vec::new(), Vec::new());
        for row in rows {
            let row = row?;
            self.check_width(&row)?;
            reserve(&mut values, row.len(), row.line)?;
            reserve(&mut targets, 1, row.line)?;
            for (column, cell) in self.cells_of(&row).enumerate() {
                if column == target {
                    targets.push(T::from_cell(cell)?);
                } else if self.is_feature(column, target) {
                    values.push(cell.number()?);
                }
            }
        }
        Ok((values, targets))
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
        let expected = self.names.len();
        if row.len() == expected { Ok(()) } else { Err(row.wrong_length(expected)) }
    }

    fn cells_of<'a>(&'a self, row: &'a Row) -> impl Iterator<Item = Cell<'a>> {
        let cell = |(column, text)| Cell { text, row, column, name: &self.names[column] };
        row.cells().enumerate().map(cell)
    }
}
