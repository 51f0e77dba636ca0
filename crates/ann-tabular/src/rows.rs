//! The rows that a model is made of, with their weights, units and times.

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use ann_table::{Column, Kind, Schema, Table, TargetValues};
use ann_train::splits::{KFold, Split, hold_out};

use crate::{Error, Recipe, Result};

/// The rows whose target is known, and whose weight is not 0.
#[derive(Clone, Debug)]
pub(crate) struct Rows<'t> {
    pub table: Cow<'t, Table>,
    /// The numbers of the rows in the table that the caller gave.
    pub numbers: Vec<usize>,
    pub weights: Option<Vec<f64>>,
    pub times: Option<Vec<f64>>,
    /// Rows with equal numbers are never on both sides of a split.
    pub units: Vec<usize>,
}

impl<'t> Rows<'t> {
    /// Each row is a unit, until [`keep_together`](Self::keep_together).
    pub fn new(recipe: &Recipe, table: &'t Table, targets: &[&str]) -> Result<Self> {
        let columns = targets.iter().map(|name| table.column(name)).collect::<Result<Vec<_>, _>>()?;
        let mut numbers: Vec<usize> =
            (0..table.rows()).filter(|&row| !columns.iter().any(|column| column.is_missing(row))).collect();
        let mut weights = match &recipe.weights {
            Some(name) => Some(weights(table, name, &numbers)?),
            None => None,
        };
        if let Some(weights) = &mut weights {
            let mut of_row = weights.iter();
            numbers.retain(|_| of_row.next().is_some_and(|&weight| weight > 0.0));
            weights.retain(|&weight| weight > 0.0);
        }
        numbers.shrink_to_fit();
        if numbers.is_empty() {
            return Err(Error::NoRows { target: targets.join(", ") });
        }
        let times = match &recipe.time {
            Some(name) => Some(times(table, name, &numbers)?),
            None => None,
        };
        let is_all = numbers.len() == table.rows();
        let table = if is_all { Cow::Borrowed(table) } else { Cow::Owned(table.select(&numbers)) };
        Ok(Self { table, weights, times, units: (0..numbers.len()).collect(), numbers })
    }

    /// Makes units of the groups of this column; or, without groups, of rows that are equal in all columns
    /// that matter. Returns the number of rows that are copies of others.
    ///
    /// If half of the rows are copies, the columns have few values, and equal rows are no accident: then each
    /// row is a unit.
    pub fn keep_together(&mut self, groups: Option<&str>, schema: &Schema) -> Result<usize> {
        let (equal, copies) = equal_rows(&self.table, schema)?;
        match groups {
            Some(name) => self.units = units_of(self.table.column(name)?),
            None if 2 * copies < self.len() => self.units = equal,
            None => {}
        }
        Ok(copies)
    }

    pub fn len(&self) -> usize {
        self.table.rows()
    }

    pub fn select(&self, rows: &[usize]) -> Rows<'static> {
        Rows {
            table: Cow::Owned(self.table.select(rows)),
            numbers: selected(&self.numbers, rows),
            weights: self.weights.as_ref().map(|weights| selected(weights, rows)),
            times: self.times.as_ref().map(|times| selected(times, rows)),
            units: selected(&self.units, rows),
        }
    }

    /// The units, for dividing the rows.
    pub fn divisible(&self, targets: &TargetValues) -> Units {
        Units::new(&self.units, targets)
    }
}

/// Rows that are divided together, each unit with the class by which shares are kept equal: that of its first
/// row, or the same for all if numbers or labels are predicted.
pub(crate) struct Units {
    of_row: Vec<u32>,
    classes: Vec<u32>,
}

impl Units {
    /// Rows with equal numbers are one unit. The numbers are those of rows, perhaps of a larger table.
    pub fn new(numbers: &[usize], targets: &TargetValues) -> Self {
        const UNKNOWN: u32 = u32::MAX;
        let of_number = |number: usize| u32::try_from(number).expect("a table has fewer rows");
        let mut known = vec![UNKNOWN; numbers.iter().max().map_or(0, |most| most + 1)];
        let mut classes: Vec<u32> = vec![];
        let unit_of = |(row, &number): (usize, &usize)| {
            if known[number] == UNKNOWN {
                known[number] = of_number(classes.len());
                classes.push(match targets {
                    TargetValues::Classes(classes) => of_number(classes[row]),
                    TargetValues::Numbers(_) | TargetValues::Labels(_) => 0,
                });
            }
            known[number]
        };
        let of_row = numbers.iter().enumerate().map(unit_of).collect();
        Self { of_row, classes }
    }

    pub fn len(&self) -> usize {
        self.classes.len()
    }

    /// Number of units of the largest class: there cannot be more folds.
    pub fn of_largest_class(&self) -> usize {
        let mut counts = HashMap::new();
        self.classes.iter().for_each(|class| *counts.entry(class).or_insert(0) += 1);
        counts.into_values().max().unwrap_or_default()
    }

    /// Holds out a share of the units, of each class the same. If the share is no unit of any class, classes
    /// are not looked at, and at least one unit is held out.
    pub fn hold_out(&self, share: f64, seed: u64) -> Result<Split> {
        if self.len() < 2 {
            return Err(Error::OneGroup { rows: self.of_row.len() });
        }
        let one = 1.0 / self.len() as f64;
        let of_all = |_| hold_out(&vec![(); self.len()], share.max(one), seed);
        let split = hold_out(&self.classes, share, seed).or_else(of_all)?;
        Ok(self.rows_of(&split))
    }

    /// Divides the units into folds; each class has its share of each fold, if it has as many units.
    pub fn folds(&self, folds: usize, seed: u64) -> Result<Vec<Split>> {
        let splits = KFold { folds, repetitions: 1, seed }.stratified(&self.classes)?;
        Ok(splits.map(|split| self.rows_of(&split)).collect())
    }

    /// One of these folds, counted from 0.
    ///
    /// # Panics
    /// When there are not as many folds.
    pub fn fold(&self, fold: usize, folds: usize, seed: u64) -> Result<Split> {
        let mut splits = KFold { folds, repetitions: 1, seed }.stratified(&self.classes)?;
        Ok(self.rows_of(&splits.nth(fold).expect("the caller asks for one of the folds")))
    }

    /// Both parts are ascending.
    fn rows_of(&self, units: &Split) -> Split {
        let is_tested = |&row: &usize| units.test.binary_search(&(self.of_row[row] as usize)).is_ok();
        let (test, train) = (0..self.of_row.len()).partition(is_tested);
        Split { train, test }
    }
}

/// The values of these rows.
pub(crate) fn selected<T: Copy>(values: &[T], rows: &[usize]) -> Vec<T> {
    rows.iter().map(|&row| values[row]).collect()
}

fn weights(table: &Table, name: &str, rows: &[usize]) -> Result<Vec<f64>> {
    let column = table.column(name)?;
    let weight = |&row: &usize| match column.number(row) {
        Some(weight) if weight >= 0.0 && column.kind() == Kind::Number => Ok(weight),
        _ => Err(Error::Weight { location: table.location(row, name)?, found: column.text(row) }),
    };
    rows.iter().map(weight).collect()
}

fn times(table: &Table, name: &str, rows: &[usize]) -> Result<Vec<f64>> {
    let column = table.column(name)?;
    let time = |&row: &usize| {
        let error = |location| Error::Time { location, found: column.text(row) };
        column.number(row).map_or_else(|| Err(error(table.location(row, name)?)), Ok)
    };
    rows.iter().map(time).collect()
}

/// The same number for rows of one group. A row whose group is missing is a unit by itself.
fn units_of(column: &Column) -> Vec<usize> {
    let mut first: HashMap<String, usize> = HashMap::new();
    let unit = |row| match column.is_missing(row) {
        true => row,
        false => *first.entry(column.text(row)).or_insert(row),
    };
    (0..column.len()).map(unit).collect()
}

/// For each row the first one that is equal in the columns of the schema and the targets; and the number of
/// rows that are not the first.
fn equal_rows(table: &Table, schema: &Schema) -> Result<(Vec<usize>, usize)> {
    let names = schema.columns.iter().map(|column| column.name.as_str()).chain(schema.target.names());
    let columns = names.map(|name| table.column(name)).collect::<Result<Vec<_>, _>>()?;
    // Of 10⁶ rows, two different ones have the same hash with a probability of 3·10⁻⁸. Sorting takes half the
    // memory of a map.
    let number = |row| u32::try_from(row).expect("a table has at most 2³² rows");
    let mut hashes: Vec<(u64, u32)> =
        (0..table.rows()).map(|row| (hash(&columns, row), number(row))).collect();
    hashes.sort_unstable();
    let (mut first_of, mut distinct) = (vec![0; table.rows()], 0);
    for equal in hashes.chunk_by(|(hash, _), (next, _)| hash == next) {
        equal.iter().for_each(|&(_, row)| first_of[row as usize] = equal[0].1 as usize);
        distinct += 1;
    }
    Ok((first_of, table.rows() - distinct))
}

fn hash(columns: &[&Column], row: usize) -> u64 {
    let mut hasher = DefaultHasher::new();
    for column in columns {
        (column.number(row).map(f64::to_bits), column.code(row)).hash(&mut hasher);
    }
    hasher.finish()
}
