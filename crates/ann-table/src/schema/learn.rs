//! Which columns are used, and what is learned from them.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use super::{
    CategoryEncoding, ColumnSchema, DateEncoding, Encoding, NumberEncoding, Schema, Target, TargetValues,
    Task,
};
use crate::header::Role;
use crate::table::{Column, Table, Values};
use crate::{Error, Result};

/// The settings of [`Schema::learn`].
#[derive(Clone, Debug, PartialEq)]
pub struct SchemaOptions {
    /// Default `None`: words, and at most 20 different whole numbers, are classes; other numbers are numbers.
    /// Several columns of words, or of 0 and 1, are labels; of other numbers, numbers.
    pub task: Option<Task>,
    /// Columns to leave out, as [`Ignored::Asked`].
    pub ignore: Vec<String>,
    /// Columns that are used even if they look like an identifier or free text.
    pub keep: Vec<String>,
    /// A column of more words than this keeps the most frequent ones. Default 64.
    pub most_categories: usize,
    /// Of such a column, a word is kept if it occurs in at least this number of rows. Default 5.
    pub least_rows: usize,
    /// Number of piecewise-linear inputs of a column of numbers. 0 for none. Default 4: the bins between
    /// quartiles.
    pub bins: usize,
}

impl Default for SchemaOptions {
    fn default() -> Self {
        Self { task: None, ignore: vec![], keep: vec![], most_categories: 64, least_rows: 5, bins: 4 }
    }
}

/// A column that is not used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IgnoredColumn {
    /// The name of the column.
    pub name: String,
    /// Why it is not used.
    pub reason: Ignored,
}

/// Why a column is not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ignored {
    /// The caller, or the header of the file, leaves it out.
    Asked,
    /// All cells are equal, or missing.
    Constant,
    /// Every row has another value, as names and numbers of rows have.
    Identifier,
    /// More than half of the words occur once, as in comments, or no word occurs often.
    FreeText,
}

impl fmt::Display for Ignored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Asked => "as asked",
            Self::Constant => "constant",
            Self::Identifier => "identifier",
            Self::FreeText => "free text",
        })
    }
}

impl Schema {
    /// Learns from all rows of a table how to predict the columns `targets`: one column of classes, or
    /// columns of numbers. Give the rows to train on alone: what is learned from others makes scores too
    /// good.
    ///
    /// # Errors
    /// There is no such column, a target is missing in a row or is constant, or no other column can be used.
    pub fn learn(table: &Table, targets: &[&str], options: &SchemaOptions) -> Result<Self> {
        table.unless_damaged(|| Self::learn_part(table, None, targets, options))
    }

    /// As [`learn`](Self::learn), from some rows of a table, of which one column is copied at a time.
    ///
    /// # Errors
    /// As for [`learn`](Self::learn).
    ///
    /// # Panics
    /// When there is no such row.
    pub fn learn_rows(
        table: &Table,
        rows: &[usize],
        targets: &[&str],
        options: &SchemaOptions,
    ) -> Result<Self> {
        table.unless_damaged(|| Self::learn_part(table, Some(rows), targets, options))
    }

    fn learn_part(
        table: &Table,
        rows: Option<&[usize]>,
        targets: &[&str],
        options: &SchemaOptions,
    ) -> Result<Self> {
        for name in options.ignore.iter().chain(&options.keep) {
            table.column(name)?;
        }
        let part = |names: &[&str]| match rows {
            Some(rows) => table.select_of(names, rows).map(Cow::Owned),
            None => Ok(Cow::Borrowed(table)),
        };
        Target::check_names(table, targets)?;
        let of_targets = part(targets)?;
        let target = Target::learn(&of_targets, targets, options.task)?;
        let (mut columns, mut ignored) = (vec![], vec![]);
        for column in table.columns().iter().filter(|column| !targets.contains(&column.name())) {
            let name = column.name().to_owned();
            let part = part(&[&name])?;
            match encoding(&part, part.column(&name)?, options) {
                Ok(encoding) => columns.push(ColumnSchema { name, encoding }),
                Err(reason) => ignored.push(IgnoredColumn { name, reason }),
            }
        }
        if columns.is_empty() {
            let reasons = ignored.iter().map(|column| format!("{:?} ({})", column.name, column.reason));
            return Err(Error::NoFeatures { reasons: reasons.collect::<Vec<_>>().join(", ") });
        }
        Ok(Self { columns, ignored, target })
    }

    /// What [`learn`](Self::learn) would predict of these columns, if `task` is the one of
    /// [`SchemaOptions`]. Rows without a target are not looked at.
    ///
    /// # Errors
    /// There is no such column, or its values cannot be predicted: for example, because all are equal.
    pub fn task(table: &Table, targets: &[&str], task: Option<Task>) -> Result<Task> {
        Target::check_names(table, targets)?;
        let known = table.keep(targets)?.without_missing(targets)?;
        table.unless_damaged(|| Ok(Target::learn(&known, targets, task)?.task()))
    }

    /// The targets of all rows.
    ///
    /// # Errors
    /// The table lacks a column, a cell is missing or of another kind, or a class is unknown.
    pub fn targets(&self, table: &Table) -> Result<TargetValues> {
        table.unless_damaged(|| self.target.values(table))
    }
}

fn encoding(table: &Table, column: &Column, options: &SchemaOptions) -> Result<Encoding, Ignored> {
    let is_in = |names: &[String]| names.iter().any(|name| name == column.name());
    if is_in(&options.ignore) || !matches!(column.role(), Role::Feature | Role::Class) {
        return Err(Ignored::Asked);
    }
    if !is_in(&options.keep) {
        looks_useless(table, column).map_or(Ok(()), Err)?;
    }
    let missing = column.missing();
    let encoding = match column.values() {
        Values::Numbers(numbers) => {
            let mut known = Vec::with_capacity(numbers.len() - missing);
            known.extend(numbers.iter().flatten());
            NumberEncoding::learn(known, missing, options.bins).map(Encoding::Number)
        }
        Values::Dates(dates) => {
            let known: Vec<f64> = dates.iter().flatten().collect();
            DateEncoding::learn(&known, missing).map(Encoding::Date)
        }
        Values::Categories(categories) => {
            let mut counts: Vec<(&str, usize)> =
                categories.dictionary.words().map(|word| (word, 0)).collect();
            for code in (0..column.len()).filter_map(|row| categories.code(row)) {
                counts[code].1 += 1;
            }
            CategoryEncoding::learn(counts, missing, options.most_categories, options.least_rows)
                .map(Encoding::Category)
        }
    };
    // Words are left out if they are all equal, or all rare.
    let is_varied = || column.words().nth(1).is_some();
    encoding.ok_or_else(|| if is_varied() { Ignored::FreeText } else { Ignored::Constant })
}

/// Whether a column of several values names its rows, or holds text.
fn looks_useless(table: &Table, column: &Column) -> Option<Ignored> {
    const FEW_ROWS: usize = 20;
    let known = column.len() - column.missing();
    if known < FEW_ROWS {
        return None;
    }
    match column.values() {
        Values::Numbers(numbers) => {
            let is_counting = || (1..column.len()).all(|row| counts_up(table, column, row));
            let are_distinct = || {
                let mut seen = HashSet::new();
                numbers.iter().flatten().all(|number| seen.insert(number.to_bits()))
            };
            (is_counting() || names_an_identifier(column.name()) && are_distinct())
                .then_some(Ignored::Identifier)
        }
        Values::Dates(_) => None,
        Values::Categories(categories) => {
            let mut seen = vec![false; categories.dictionary.len()];
            (0..column.len()).filter_map(|row| categories.code(row)).for_each(|code| seen[code] = true);
            let distinct = seen.into_iter().filter(|seen| *seen).count();
            if distinct == known {
                Some(Ignored::Identifier)
            } else {
                (2 * distinct > known).then_some(Ignored::FreeText)
            }
        }
    }
}

/// Whether the number of a row is whole and one more than that of the row before; or more, by as many lines
/// as there are between them, because rows between them were left out.
fn counts_up(table: &Table, column: &Column, row: usize) -> bool {
    let lines = table.line(row) as f64 - table.line(row - 1) as f64;
    match (column.number(row - 1), column.number(row)) {
        (Some(before), Some(number)) if number.fract() == 0.0 => {
            number == before + 1.0 || number == before + lines && lines > 0.0
        }
        _ => false,
    }
}

/// `id`, `customer_id`, `customerID`, `uuid`, `key`, `index`.
fn names_an_identifier(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let is_whole = ["id", "uuid", "key", "index"].contains(&lower.as_str());
    let is_last = ["_id", "-id", " id", "_uuid", "_key", "_index"].iter().any(|end| lower.ends_with(end));
    is_whole || is_last || name.ends_with("ID") || name.ends_with("Id")
}
