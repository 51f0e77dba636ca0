//! The rows that a model is made of, with their weights, groups and times.

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use ann_table::{Kind, Table, TargetValues};
use ann_train::splits::{KFold, Split, hold_out};

use crate::{Error, Recipe, Result};

/// The rows whose target is known, and whose weight is not 0.
#[derive(Clone, Debug)]
pub(crate) struct Rows<'t> {
    pub table: Cow<'t, Table>,
    pub weights: Option<Vec<f64>>,
    /// Rows with equal numbers stay together.
    pub groups: Option<Vec<usize>>,
    pub times: Option<Vec<f64>>,
}

impl<'t> Rows<'t> {
    pub fn new(recipe: &Recipe, table: &'t Table, targets: &[&str]) -> Result<Self> {
        let weights = recipe.weights.as_deref().map(|name| weights(table, name)).transpose()?;
        let columns = targets.iter().map(|name| table.column(name)).collect::<Result<Vec<_>, _>>()?;
        let is_used = |&row: &usize| {
            weights.as_ref().is_none_or(|weights| weights[row] > 0.0)
                && !columns.iter().any(|column| column.is_missing(row))
        };
        let used: Vec<usize> = (0..table.rows()).filter(is_used).collect();
        if used.is_empty() {
            return Err(Error::NoRows { target: targets.join(", ") });
        }
        let all = Self {
            table: Cow::Borrowed(table),
            weights,
            groups: recipe.groups.as_deref().map(|name| groups(table, name)).transpose()?,
            times: recipe.time.as_deref().map(|name| times(table, name)).transpose()?,
        };
        Ok(if used.len() == table.rows() { all } else { all.select(&used) })
    }

    pub fn len(&self) -> usize {
        self.table.rows()
    }

    pub fn select(&self, rows: &[usize]) -> Rows<'static> {
        Rows {
            table: Cow::Owned(self.table.select(rows)),
            weights: selected(self.weights.as_deref(), rows),
            groups: selected(self.groups.as_deref(), rows),
            times: selected(self.times.as_deref(), rows),
        }
    }

    /// What is divided when rows are: whole groups, or single rows.
    pub fn units(&self, targets: &TargetValues) -> Units {
        Units::new(self.groups.as_deref(), self.len(), targets)
    }
}

/// Rows that are divided together, each with the class by which shares are kept equal: that of its first row,
/// or the same for all if numbers are predicted.
pub(crate) struct Units {
    of_row: Vec<usize>,
    classes: Vec<usize>,
}

impl Units {
    pub fn new(groups: Option<&[usize]>, rows: usize, targets: &TargetValues) -> Self {
        let class = |row: usize| match targets {
            TargetValues::Classes(classes) => classes[row],
            TargetValues::Numbers(_) => 0,
        };
        let Some(groups) = groups else {
            return Self { of_row: (0..rows).collect(), classes: (0..rows).map(class).collect() };
        };
        let mut known = HashMap::new();
        let mut classes = vec![];
        let of_row = groups.iter().enumerate().map(|(row, group)| {
            *known.entry(group).or_insert_with(|| {
                classes.push(class(row));
                classes.len() - 1
            })
        });
        Self { of_row: of_row.collect(), classes }
    }

    /// Holds out a share of the units, of each class the same. If the share is no unit of any class, classes
    /// are not looked at.
    pub fn hold_out(&self, share: f64, seed: u64) -> Result<Split> {
        let of_all = |_| hold_out(&vec![(); self.classes.len()], share, seed);
        let split = hold_out(&self.classes, share, seed).or_else(of_all)?;
        Ok(self.rows_of(&split))
    }

    /// Divides the units into folds; each class has its share of each fold, if it has as many units.
    pub fn folds(&self, folds: usize, seed: u64) -> Result<Vec<Split>> {
        let splits = KFold { folds, repetitions: 1, seed }.stratified(&self.classes)?;
        Ok(splits.map(|split| self.rows_of(&split)).collect())
    }

    /// Both parts are ascending.
    fn rows_of(&self, units: &Split) -> Split {
        let is_tested = |&row: &usize| units.test.binary_search(&self.of_row[row]).is_ok();
        let (test, train) = (0..self.of_row.len()).partition(is_tested);
        Split { train, test }
    }
}

pub(crate) fn selected<T: Copy>(values: Option<&[T]>, rows: &[usize]) -> Option<Vec<T>> {
    values.map(|values| rows.iter().map(|&row| values[row]).collect())
}

fn weights(table: &Table, name: &str) -> Result<Vec<f64>> {
    let column = table.column(name)?;
    let weight = |row| match column.number(row) {
        Some(weight) if weight >= 0.0 && column.kind() == Kind::Number => Ok(weight),
        _ => Err(Error::Weight { location: table.location(row, name)?, found: column.text(row) }),
    };
    (0..table.rows()).map(weight).collect()
}

fn times(table: &Table, name: &str) -> Result<Vec<f64>> {
    let column = table.column(name)?;
    let time = |row| {
        let error = |location| Error::Time { location, found: column.text(row) };
        column.number(row).map_or_else(|| Err(error(table.location(row, name)?)), Ok)
    };
    (0..table.rows()).map(time).collect()
}

/// The number of the group of each row. A row whose group is missing is a group by itself.
fn groups(table: &Table, name: &str) -> Result<Vec<usize>> {
    let column = table.column(name)?;
    let mut known: HashMap<String, usize> = HashMap::new();
    let number = |row| match column.is_missing(row) {
        true => table.rows() + row,
        false => {
            let next = known.len();
            *known.entry(column.text(row)).or_insert(next)
        }
    };
    Ok((0..table.rows()).map(number).collect())
}

/// Numbers that are equal for rows that are equal in every cell, and the number of rows that have an equal
/// one before them.
pub(crate) fn copies(table: &Table) -> (Vec<usize>, usize) {
    let mut first = HashMap::new();
    // Of 10⁶ rows, two different ones have the same hash with a probability of 3·10⁻⁸.
    let of_row: Vec<usize> =
        (0..table.rows()).map(|row| *first.entry(hash(table, row)).or_insert(row)).collect();
    let copies = table.rows() - first.len();
    (of_row, copies)
}

fn hash(table: &Table, row: usize) -> u64 {
    let mut hasher = DefaultHasher::new();
    for column in table.columns() {
        (column.number(row).map(f64::to_bits), column.code(row)).hash(&mut hasher);
    }
    hasher.finish()
}
