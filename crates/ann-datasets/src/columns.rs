//! Which column is the target, which are the features.

use std::io;

use ann_table::headerless::{self, Below};
use ann_table::rows::Rows;
use ann_table::{Error as TableError, Header, Role};
use ndarray::{Array2, ArrayView1};

use crate::cell::{Cell, FromCell};
use crate::{Dataset, Error, Result, TargetCell};

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

/// Reads features, row after row, and targets. Cells are read in the order of the file, so that the first
/// mistake in the file is reported.
pub(crate) fn dataset<T: TargetCell, R: io::Read>(
    header: &Header,
    rows: &mut Rows<R>,
    target: &Column,
) -> Result<Dataset<T>> {
    let target = find(header, target)?;
    let columns = header.columns();
    let is_feature = |column: usize| columns[column].role == Role::Feature && column != target;
    let features: Vec<usize> = (0..columns.len()).filter(|&column| is_feature(column)).collect();
    if features.is_empty() {
        return Err(Error::NoFeatures { target: columns[target].name.clone() });
    }
    let (mut values, mut targets) = (Vec::new(), Vec::new());
    while let Some(row) = rows.next_row()? {
        if row.len() != columns.len() {
            return Err(row.wrong_length(columns.len()).into());
        }
        reserve(&mut values, row.len(), row.line())?;
        reserve(&mut targets, 1, row.line())?;
        for (column, text) in row.cells().enumerate() {
            let cell = Cell { text, row, column, name: &columns[column].name };
            if column == target {
                targets.push(T::from_cell(cell)?);
            } else if is_feature(column) {
                values.push(cell.number()?);
            }
        }
    }
    if targets.is_empty() {
        return Err(TableError::NoRows.into());
    }
    let dataset = Dataset {
        features: Array2::from_shape_vec((targets.len(), features.len()), values)
            .expect("each row had one value for each feature"),
        targets,
        feature_names: features.iter().map(|&column| columns[column].name.clone()).collect(),
        target_name: columns[target].name.clone(),
    };
    headerless::check(header, || below(&dataset, &features, target))?;
    Ok(dataset)
}

/// What is below the names of the features and of the target.
fn below<T: FromCell>(dataset: &Dataset<T>, features: &[usize], target: usize) -> Vec<(usize, Below)> {
    let numbers = |column: ArrayView1<'_, f64>| Below::numbers(column.iter().copied());
    let features = features.iter().copied().zip(dataset.features.columns().into_iter().map(numbers));
    features.chain([(target, T::below(&dataset.target_name, &dataset.targets))]).collect()
}

fn find(header: &Header, target: &Column) -> Result<usize> {
    let names = header.names();
    match target {
        Column::Name(name) => match names.iter().position(|known| known == name) {
            Some(column) => Ok(column),
            None => Err(TableError::UnknownColumn { found: name.clone(), columns: names }.into()),
        },
        &Column::Index(index) if index >= names.len() => {
            Err(Error::IndexOutOfRange { found: index, columns: names })
        }
        &Column::Index(index) => Ok(index),
        Column::Last => Ok(names.len() - 1),
        Column::Class => find_class(header, names),
    }
}

fn find_class(header: &Header, names: Vec<String>) -> Result<usize> {
    let flagged = |&column: &usize| header.columns()[column].role == Role::Class;
    let candidates: Vec<usize> = (0..names.len()).filter(flagged).collect();
    match candidates[..] {
        [] => match names.iter().position(|name| name.eq_ignore_ascii_case("class")) {
            Some(column) => Ok(column),
            None => Err(Error::NoClass { columns: names }),
        },
        [class] => Ok(class),
        _ => Err(Error::SeveralClasses {
            columns: candidates.iter().map(|&column| names[column].clone()).collect(),
        }),
    }
}

/// Reserves memory for `more` values. A file may be larger than memory, and
/// `push` would then abort the program.
fn reserve<T>(values: &mut Vec<T>, more: usize, line: u64) -> Result<()> {
    values.try_reserve(more).map_err(|_| TableError::OutOfMemory { line }.into())
}
