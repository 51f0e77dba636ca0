//! What is predicted: a class, or numbers.

use std::collections::{BTreeSet, HashMap};

use ndarray::{Array2, Axis};

use crate::order::sort_naturally;
use crate::table::{Column, Kind, Table};
use crate::{Error, Result, finite_number};

/// Whether a class, numbers or labels are predicted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Task {
    /// One of several classes.
    Classification,
    /// Numbers.
    Regression,
    /// Labels that may occur together, each in a column of two values such as `yes` and `no`.
    MultiLabel,
}

/// What is predicted.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    /// One of several classes.
    Classes {
        /// The name of the column.
        name: String,
        /// The classes, in the order of numbers if all are numbers, otherwise of characters.
        classes: Vec<String>,
    },
    /// A number for each of these columns.
    Numbers(Vec<NumberTarget>),
    /// For each of these columns, whether a row has its label.
    Labels(Vec<LabelTarget>),
}

/// A column of numbers to predict.
#[derive(Clone, Debug, PartialEq)]
pub struct NumberTarget {
    /// The name of the column.
    pub name: String,
    /// The mean.
    pub center: f64,
    /// The standard deviation, above 0.
    pub scale: f64,
    /// The smallest number that was learned from.
    pub minimum: f64,
    /// The largest number that was learned from.
    pub maximum: f64,
}

impl NumberTarget {
    /// The number as networks learn it: in standard deviations from the mean.
    pub fn standardized(&self, number: f64) -> f64 {
        (number - self.center) / self.scale
    }

    /// The number that is [`standardized`](Self::standardized) to this one.
    pub fn restored(&self, standardized: f64) -> f64 {
        self.center + self.scale * standardized
    }
}

/// A column of two values: a label that a row has or does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelTarget {
    /// The name of the column.
    pub name: String,
    /// The value of rows without the label: the first in order, such as `no`, `false` or `0`.
    pub absent: String,
    /// The value of rows with the label, such as `yes`, `true` or `1`.
    pub present: String,
}

/// The targets of the rows of a table.
#[derive(Clone, Debug, PartialEq)]
pub enum TargetValues {
    /// The position of the class of each row.
    Classes(Vec<usize>),
    /// Numbers as they are in the table, shape (rows, columns).
    Numbers(Array2<f64>),
    /// Whether each row has each label, shape (rows, columns).
    Labels(Array2<bool>),
}

impl TargetValues {
    /// Number of rows.
    #[allow(clippy::len_without_is_empty, reason = "a target is learned from at least one row")]
    pub fn len(&self) -> usize {
        match self {
            Self::Classes(classes) => classes.len(),
            Self::Numbers(numbers) => numbers.nrows(),
            Self::Labels(labels) => labels.nrows(),
        }
    }

    /// The targets of the rows with these numbers, counted from 0, in that order.
    ///
    /// # Panics
    /// When there is no such row.
    #[must_use]
    pub fn select(&self, rows: &[usize]) -> Self {
        match self {
            Self::Classes(classes) => Self::Classes(rows.iter().map(|&row| classes[row]).collect()),
            Self::Numbers(numbers) => Self::Numbers(numbers.select(Axis(0), rows)),
            Self::Labels(labels) => Self::Labels(labels.select(Axis(0), rows)),
        }
    }
}

/// At most this number of different whole numbers are taken for classes.
const MOST_WHOLE_CLASSES: usize = 20;

impl Target {
    /// Whether these columns exist, and none is named twice.
    pub(super) fn check_names(table: &Table, names: &[&str]) -> Result<()> {
        names.iter().try_for_each(|name| table.column(name).map(drop))?;
        let twice = names.iter().enumerate().find(|(place, name)| names[..*place].contains(name));
        twice.map_or(Ok(()), |(_, name)| {
            let reason = "it is named twice".to_owned();
            Err(Error::Target { column: (*name).to_owned(), reason })
        })
    }

    /// Learns from the columns of these names. A missing cell is an error.
    pub(super) fn learn(table: &Table, names: &[&str], task: Option<Task>) -> Result<Self> {
        let columns = names.iter().map(|name| table.column(name)).collect::<Result<Vec<_>>>()?;
        for column in &columns {
            if let Some(row) = (0..column.len()).find(|&row| column.is_missing(row)) {
                return Err(Error::MissingTarget { location: table.location(row, column.name())? });
            }
        }
        let Some(first) = columns.first() else { return Err(Error::NoColumns) };
        if task.is_none() && columns.len() == 1 && is_mostly_numbers(first) {
            return Err(no_numbers(table, first));
        }
        let default = || if columns.len() > 1 { task_of_several(&columns) } else { task_of(first) };
        match task.unwrap_or_else(default) {
            Task::Classification if columns.len() > 1 => Err(Error::Target {
                column: columns[1].name().to_owned(),
                reason: "several targets must be numbers or labels; choose one column of classes".to_owned(),
            }),
            Task::MultiLabel => columns
                .iter()
                .map(|column| LabelTarget::learn(column))
                .collect::<Result<_>>()
                .map(Self::Labels),
            Task::Classification => Self::classes(first),
            Task::Regression => columns
                .iter()
                .map(|column| NumberTarget::learn(table, column))
                .collect::<Result<_>>()
                .map(Self::Numbers),
        }
    }

    fn classes(column: &Column) -> Result<Self> {
        if column.kind() == Kind::Date {
            let reason = "dates cannot be predicted; a number of days can".to_owned();
            return Err(Error::Target { column: column.name().to_owned(), reason });
        }
        let classes = distinct_texts(column);
        if let [class] = &classes[..] {
            let reason = format!("all rows have the class {class:?}; at least two classes are needed");
            return Err(Error::Target { column: column.name().to_owned(), reason });
        }
        Ok(Self::Classes { name: column.name().to_owned(), classes })
    }

    /// The names of the columns.
    pub fn names(&self) -> Vec<&str> {
        match self {
            Self::Classes { name, .. } => vec![name],
            Self::Numbers(columns) => columns.iter().map(|column| column.name.as_str()).collect(),
            Self::Labels(columns) => columns.iter().map(|column| column.name.as_str()).collect(),
        }
    }

    /// Whether a class, numbers or labels are predicted.
    pub fn task(&self) -> Task {
        match self {
            Self::Classes { .. } => Task::Classification,
            Self::Numbers(_) => Task::Regression,
            Self::Labels(_) => Task::MultiLabel,
        }
    }

    /// The kind of its columns: numbers if they are predicted, or if all classes or values of labels are
    /// written as numbers are.
    pub(crate) fn kind(&self) -> Kind {
        let is_number = |text: &String| finite_number(text).is_some_and(|value| value.to_string() == *text);
        let are_numbers = match self {
            Self::Classes { classes, .. } => classes.iter().all(is_number),
            Self::Numbers(_) => true,
            Self::Labels(columns) => {
                columns.iter().all(|column| is_number(&column.absent) && is_number(&column.present))
            }
        };
        if are_numbers { Kind::Number } else { Kind::Category }
    }

    /// Number of outputs of a network: one for each class, number or label.
    pub fn outputs(&self) -> usize {
        match self {
            Self::Classes { classes, .. } => classes.len(),
            Self::Numbers(columns) => columns.len(),
            Self::Labels(columns) => columns.len(),
        }
    }

    /// The targets of all rows.
    ///
    /// # Errors
    /// The table lacks a column, a cell is missing or of another kind, or a class is unknown.
    pub(super) fn values(&self, table: &Table) -> Result<TargetValues> {
        match self {
            Self::Classes { name, classes } => {
                let names: Vec<&str> = classes.iter().map(String::as_str).collect();
                positions(table, name, &names).map(TargetValues::Classes)
            }
            Self::Labels(targets) => {
                let mut values = Array2::from_elem((table.rows(), targets.len()), false);
                for (target, mut values) in targets.iter().zip(values.columns_mut()) {
                    let positions = positions(table, &target.name, &[&target.absent, &target.present])?;
                    values.iter_mut().zip(positions).for_each(|(value, position)| *value = position == 1);
                }
                Ok(TargetValues::Labels(values))
            }
            Self::Numbers(targets) => {
                let mut values = Array2::zeros((table.rows(), targets.len()));
                for (target, mut values) in targets.iter().zip(values.columns_mut()) {
                    let column = table.column(&target.name)?;
                    if column.kind() != Kind::Number {
                        return Err(other_kind(column));
                    }
                    for (row, value) in values.iter_mut().enumerate() {
                        let missing = || {
                            table
                                .location(row, &target.name)
                                .map(|location| Error::MissingTarget { location })
                        };
                        *value = column.number(row).map_or_else(|| Err(missing()?), Ok)?;
                    }
                }
                Ok(TargetValues::Numbers(values))
            }
        }
    }
}

/// For each row the position of its value in `values`.
fn positions(table: &Table, name: &str, values: &[&str]) -> Result<Vec<usize>> {
    let column = table.column(name)?;
    let positions: HashMap<&str, usize> =
        values.iter().enumerate().map(|(position, value)| (*value, position)).collect();
    let error = |row: usize| {
        let location = table.location(row, name).expect("the column was found");
        if column.is_missing(row) {
            return Error::MissingTarget { location };
        }
        let classes = values.iter().map(|value| (*value).to_owned()).collect();
        Error::UnknownClass { location, found: column.text(row), classes }
    };
    // Each distinct word is looked up once.
    let of_words: Vec<Option<usize>> = column.words().map(|word| positions.get(word).copied()).collect();
    let position = |row: usize| match column.kind() {
        Kind::Category => column.code(row).and_then(|code| of_words[code]),
        _ => positions.get(column.text(row).as_str()).copied(),
    };
    (0..table.rows()).map(|row| position(row).ok_or_else(|| error(row))).collect()
}

impl LabelTarget {
    fn learn(column: &Column) -> Result<Self> {
        let name = column.name().to_owned();
        match <[String; 2]>::try_from(distinct_texts(column)) {
            Ok([absent, present]) => Ok(Self { name, absent, present }),
            Err(found) => {
                let some: Vec<&String> = found.iter().take(3).collect();
                let reason = format!("a label has two values; found {}: {some:?}", found.len());
                Err(Error::Target { column: name, reason })
            }
        }
    }
}

/// The distinct values, in natural order.
fn distinct_texts(column: &Column) -> Vec<String> {
    let rows = 0..column.len();
    let mut distinct: Vec<String> = if column.kind() == Kind::Category {
        // A part of a table may lack some words.
        let codes: BTreeSet<usize> = rows.filter_map(|row| column.code(row)).collect();
        let words: Vec<&str> = column.words().collect();
        codes.into_iter().map(|code| words[code].to_owned()).collect()
    } else {
        rows.map(|row| column.text(row)).collect::<BTreeSet<_>>().into_iter().collect()
    };
    sort_naturally(&mut distinct);
    distinct
}

impl NumberTarget {
    fn learn(table: &Table, column: &Column) -> Result<Self> {
        if column.kind() != Kind::Number {
            return Err(no_numbers(table, column));
        }
        let numbers = || (0..column.len()).filter_map(|row| column.number(row));
        let rows = column.len() as f64;
        let center = numbers().map(|number| number / rows).sum::<f64>();
        let variance = numbers().map(|number| (number - center).powi(2) / rows).sum::<f64>();
        let (minimum, maximum) = numbers()
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), x| (x.min(least), x.max(most)));
        let error = |reason: String| Err(Error::Target { column: column.name().to_owned(), reason });
        if minimum == maximum {
            return error(format!("all numbers are {minimum}; there is nothing to learn"));
        }
        if !variance.is_finite() || variance == 0.0 {
            return error(format!(
                "numbers from {minimum} to {maximum} have a variance that is not finite or 0; rescale them"
            ));
        }
        Ok(Self { name: column.name().to_owned(), center, scale: variance.sqrt(), minimum, maximum })
    }
}

/// Numbers are needed, and the column does not hold them alone.
fn no_numbers(table: &Table, column: &Column) -> Error {
    const SHOWN: usize = 3;
    let (numbers, words): (Vec<usize>, Vec<usize>) =
        (0..column.len()).partition(|&row| column.word(row).and_then(finite_number).is_some());
    if numbers.is_empty() || words.is_empty() {
        return other_kind(column);
    }
    let cells = words.iter().take(SHOWN).map(|&row| (table.line(row), column.text(row))).collect();
    Error::MixedTarget { column: column.name().to_owned(), words: words.len(), rows: column.len(), cells }
}

fn other_kind(column: &Column) -> Error {
    Error::OtherKind { column: column.name().to_owned(), found: column.kind(), expected: Kind::Number }
}

/// Words are classes; so are few different whole numbers.
fn task_of(column: &Column) -> Task {
    let mut numbers = (0..column.len()).filter_map(|row| column.number(row));
    let are_classes = column.kind() != Kind::Number || are_few_and_whole(&mut numbers);
    if are_classes { Task::Classification } else { Task::Regression }
}

/// Whether most words of a column are numbers, which without the other words would not be classes.
fn is_mostly_numbers(column: &Column) -> bool {
    let numbers = || (0..column.len()).filter_map(|row| finite_number(column.word(row)?));
    let (count, rows) = (numbers().count(), column.len());
    count < rows && 2 * count > rows && !are_few_and_whole(&mut numbers())
}

fn are_few_and_whole(numbers: &mut impl Iterator<Item = f64>) -> bool {
    let mut distinct = BTreeSet::new();
    numbers.all(|number| {
        distinct.insert(number.to_bits());
        number.fract() == 0.0 && distinct.len() <= MOST_WHOLE_CLASSES
    })
}

/// Several columns of words are labels; several columns of numbers are numbers, unless all are 0 and 1.
fn task_of_several(columns: &[&Column]) -> Task {
    let is_label = |column: &&Column| match column.kind() {
        Kind::Number => (0..column.len())
            .filter_map(|row| column.number(row))
            .all(|number| number == 0.0 || number == 1.0),
        Kind::Category => true,
        Kind::Date => false,
    };
    if columns.iter().all(is_label) { Task::MultiLabel } else { Task::Regression }
}
