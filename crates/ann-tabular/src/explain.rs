//! What a model makes of the columns of a table.

use std::collections::HashMap;
use std::ops::ControlFlow;

use ann_model::Model;
use ann_table::{Column, Kind, Table};
use ann_train::metrics::{ReliabilityBin, confusion_matrix};
use ndarray::{Array2, Axis};

use crate::Result;
use crate::evaluation;
use crate::importance::{self, Importance};
use crate::progress::{Observer, Progress};
use crate::score::{Truth, aligned, most_probable};

/// By how much a model is worse on the rows of a table if the cells of a column are shuffled, for each
/// column that it uses, the most important first. The rows should be others than those that it has learned
/// from. Empty if there are more than 300 columns.
///
/// # Errors
/// The table lacks a column, a target is missing, or a class is unknown.
pub fn permutation_importance(model: &Model, table: &Table) -> Result<Vec<Importance>> {
    let target = &model.schema().target;
    let values = model.schema().targets(table)?;
    let units: Vec<usize> = (0..table.rows()).collect();
    let truth = Truth { target, values: &values, weights: None, units: &units, has_errors: true };
    let to_the_end = |_: &Progress| ControlFlow::Continue(());
    let mut importance = importance::measure(model, &truth, table, &Observer::new(&to_the_end))?;
    importance.sort_by(|a, b| b.drop.total_cmp(&a.drop));
    Ok(importance)
}

/// Predicted probabilities and what happened in the rows of a table, as in
/// [`Evaluation::calibration`](crate::Evaluation::calibration).
///
/// # Errors
/// As [`permutation_importance`].
pub fn calibration(model: &Model, table: &Table) -> Result<Vec<ReliabilityBin>> {
    let target = &model.schema().target;
    let values = model.schema().targets(table)?;
    let units: Vec<usize> = (0..table.rows()).collect();
    let truth = Truth { target, values: &values, weights: None, units: &units, has_errors: true };
    evaluation::calibration(&truth, &aligned(target, &model.predict(table)?))
}

/// The position of the class that most rows of a table have; the first one if several are equally frequent.
/// `None` unless classes are predicted.
///
/// # Errors
/// A target is missing, or a class is unknown.
pub fn largest_class(model: &Model, table: &Table) -> Result<Option<usize>> {
    let target = &model.schema().target;
    let values = model.schema().targets(table)?;
    let units: Vec<usize> = (0..table.rows()).collect();
    Ok(Truth { target, values: &values, weights: None, units: &units, has_errors: true }.largest_class())
}

/// Number of rows of each true class for which each class was the most probable one, shape (true classes,
/// predicted classes). `truth` holds the position of the class of each row, `probabilities` a column for each
/// class.
///
/// # Errors
/// The number of rows differs, or there is no such class.
pub fn confusion(truth: &[usize], probabilities: &Array2<f64>) -> Result<Array2<usize>> {
    let classes: Vec<usize> = (0..probabilities.ncols()).collect();
    let counts = confusion_matrix(truth, &most_probable(probabilities), &classes, None)?;
    Ok(counts.mapv(|rows| rows as usize))
}

/// How predictions change with one column, all others being as they are (Friedman 2001, "Greedy Function
/// Approximation").
#[derive(Clone, Debug, PartialEq)]
pub struct PartialDependence {
    /// The column.
    pub column: String,
    /// Cells of the column: numbers and dates at nine quantiles from the smallest to the largest, the most
    /// frequent words; a missing cell, which is empty, if there is one.
    pub cells: Vec<String>,
    /// Number of different words of the column, of which `cells` holds the most frequent. `None` if it holds
    /// numbers or dates.
    pub words: Option<usize>,
    /// The mean prediction if every row had this cell, shape (cells, outputs).
    pub predicted: Array2<f64>,
}

/// More rows change a mean little.
const MOST_ROWS: usize = 1000;
/// At most this number of cells of a column, beside a missing one.
const MOST_CELLS: usize = 9;

/// The mean predictions for each of some cells of a column, over the rows of a table: at most 1000 of them,
/// equally spaced.
///
/// # Errors
/// The table lacks a column, or holds another kind.
#[expect(clippy::missing_panics_doc, reason = "a cell is of a row, so there are rows")]
pub fn partial_dependence(model: &Model, table: &Table, column: &str) -> Result<PartialDependence> {
    let count = table.rows().min(MOST_ROWS);
    let rows: Vec<usize> = (0..count).map(|place| place * table.rows() / count).collect();
    let (mixed, only) = (table.select(&rows), table.keep(&[column])?);
    let found = &only.columns()[0];
    let picked = picked(found);
    let mut predicted = Array2::zeros((picked.len(), model.schema().target.outputs()));
    for (mut mean, &row) in predicted.rows_mut().into_iter().zip(&picked) {
        let same = only.select(&vec![row; count]);
        let replaced =
            |old: &Column| if old.name() == column { same.columns()[0].clone() } else { old.clone() };
        let changed = Table::from_columns(mixed.columns().iter().map(replaced))?;
        let predictions = model.predict(&changed)?;
        mean.assign(&predictions.values().mean_axis(Axis(0)).expect("a cell is of a row"));
    }
    let cells = picked.iter().map(|&row| found.text(row)).collect();
    let words = (found.kind() == Kind::Category).then(|| counted_words(found).len());
    Ok(PartialDependence { column: column.to_owned(), cells, words, predicted })
}

/// Rows whose cells are shown, in the order of the cells.
fn picked(column: &Column) -> Vec<usize> {
    let missing = (0..column.len()).find(|&row| column.is_missing(row));
    let mut picked = match column.kind() {
        Kind::Category => of_frequent_words(column),
        Kind::Number | Kind::Date => at_quantiles(column),
    };
    picked.extend(missing);
    picked
}

/// The first row of each of the most frequent words.
fn of_frequent_words(column: &Column) -> Vec<usize> {
    let mut words = counted_words(column);
    words.sort_by_key(|&(count, row)| (std::cmp::Reverse(count), row));
    words.into_iter().take(MOST_CELLS).map(|(_, row)| row).collect()
}

/// Of each word the number of its rows, and the first of them.
fn counted_words(column: &Column) -> Vec<(usize, usize)> {
    let mut words: HashMap<usize, (usize, usize)> = HashMap::new();
    for (row, code) in (0..column.len()).filter_map(|row| Some((row, column.code(row)?))) {
        words.entry(code).or_insert((0, row)).0 += 1;
    }
    words.into_values().collect()
}

/// Rows of distinct numbers at equally spaced ranks, the smallest and the largest included.
fn at_quantiles(column: &Column) -> Vec<usize> {
    let mut known: Vec<(f64, usize)> =
        (0..column.len()).filter_map(|row| Some((column.number(row)?, row))).collect();
    known.sort_by(|(one, _), (other, _)| one.total_cmp(other));
    let last = known.len().saturating_sub(1);
    let ranks = (0..MOST_CELLS).map(|place| place * last / (MOST_CELLS - 1));
    let mut picked: Vec<(f64, usize)> = ranks.filter_map(|rank| known.get(rank).copied()).collect();
    picked.dedup_by_key(|(number, _)| *number);
    picked.into_iter().map(|(_, row)| row).collect()
}
