//! Permutation importance: how much worse predictions become if the cells of a column are shuffled (Breiman
//! 2001, "Random Forests").

use ann_core::seeded;
use ann_model::Model;
use ann_table::{Column, ColumnSchema, Table};
use rand::seq::SliceRandom;

use crate::Result;
use crate::progress::Observer;
use crate::score::{Truth, aligned};

/// How much a model needs a column.
#[derive(Clone, Debug, PartialEq)]
pub struct Importance {
    /// The column.
    pub column: String,
    /// By how much the accuracy, or the mean R², is lower if the cells of this column are shuffled. It may be
    /// below 0 by chance. Columns that say the same share their importance.
    pub drop: f64,
    /// The standard deviation over five shuffles; 0 if there was only one, because there are more than 100
    /// columns. Of several folds it is the mean.
    pub deviation: f64,
}

const SHUFFLES: usize = 5;
/// With more columns, one shuffle each is enough to find those that matter.
const MANY_COLUMNS: usize = 100;
/// With more columns, nothing is measured: it would take much longer than the training.
const MOST_COLUMNS: usize = 300;
/// About this number of cells is encoded in all; the more columns, the fewer rows.
const MOST_CELLS: usize = 5_000_000;
/// Fewer rows are not used, unless the table has fewer.
const FEWEST_ROWS: usize = 100;

/// The importance of each column that the model uses, on rows that it has not learned from. Empty if there
/// are too many columns, if the fit is brief, or if the caller has ended it before all were measured.
pub(crate) fn measure(
    model: &Model,
    truth: &Truth<'_>,
    table: &Table,
    observer: &Observer<'_>,
) -> Result<Vec<Importance>> {
    let columns = &model.schema().columns;
    if columns.len() > MOST_COLUMNS || observer.is_brief() {
        return Ok(vec![]);
    }
    let (shuffles, rows) = (shuffles(columns.len()), rows_of_a_shuffle(columns.len(), table.rows()));
    // Equally spaced rows, because tables are often sorted.
    let rows: Vec<usize> = (0..rows).map(|place| place * table.rows() / rows).collect();
    let (values, table) = (truth.values.select(&rows), table.select(&rows));
    let weights = truth.weights.map(|weights| rows.iter().map(|&row| weights[row]).collect::<Vec<_>>());
    let truth = Truth { values: &values, weights: weights.as_deref(), ..*truth };
    let metric = |table: &Table| truth.main_metric(&aligned(truth.target, &model.predict(table)?));
    let whole = metric(&table)?;
    let of = |column: &ColumnSchema| -> Result<Importance> {
        let drops =
            (0..shuffles as u64).map(|seed| Ok(whole - metric(&shuffled(&table, &column.name, seed)?)?));
        let drops = drops.collect::<Result<Vec<f64>>>()?;
        let mean = drops.iter().sum::<f64>() / drops.len() as f64;
        let squares = drops.iter().map(|drop| (drop - mean).powi(2)).sum::<f64>();
        let variance = squares / (drops.len() - 1).max(1) as f64;
        Ok(Importance { column: column.name.clone(), drop: mean, deviation: variance.sqrt() })
    };
    let mut found = vec![];
    for column in columns {
        if observer.ask().is_break() {
            return Ok(vec![]);
        }
        found.push(of(column)?);
    }
    Ok(found)
}

/// Number of rows that [`measure`] predicts, of a table of `rows` rows.
pub(crate) fn predicted_rows(model: &Model, rows: usize) -> usize {
    match model.schema().columns.len() {
        columns if columns > MOST_COLUMNS => 0,
        columns => (1 + shuffles(columns) * columns) * rows_of_a_shuffle(columns, rows),
    }
}

/// Why nothing was measured for a model that uses this number of columns.
pub(crate) fn why_not(columns: usize) -> String {
    match columns > MOST_COLUMNS {
        true => format!("{columns} columns, more than {MOST_COLUMNS}"),
        false => "the fit was ended before this, or it was that of one group of many".to_owned(),
    }
}

fn shuffles(columns: usize) -> usize {
    if columns > MANY_COLUMNS { 1 } else { SHUFFLES }
}

fn rows_of_a_shuffle(columns: usize, rows: usize) -> usize {
    (MOST_CELLS / (shuffles(columns) * columns * columns)).max(FEWEST_ROWS).min(rows)
}

/// The table with the cells of one column in another order.
fn shuffled(table: &Table, name: &str, seed: u64) -> Result<Table> {
    let mut order: Vec<usize> = (0..table.rows()).collect();
    order.shuffle(&mut seeded(seed));
    let column = table.select_of(&[name], &order)?;
    let replaced = |old: &Column| match old.name() == name {
        true => column.columns()[0].clone(),
        false => old.clone(),
    };
    Ok(Table::from_columns(table.columns().iter().map(replaced))?)
}

/// The mean over several models, the most important column first. A column that a model did not use has no
/// importance there. Empty if nothing was measured for a model.
pub(crate) fn mean<'a>(models: impl Iterator<Item = &'a [Importance]> + Clone) -> Vec<Importance> {
    if models.clone().any(<[Importance]>::is_empty) {
        return vec![];
    }
    let count = models.clone().count() as f64;
    let mut sums: Vec<Importance> = vec![];
    for found in models.flatten() {
        let place = sums.iter().position(|sum| sum.column == found.column).unwrap_or_else(|| {
            sums.push(Importance { column: found.column.clone(), drop: 0.0, deviation: 0.0 });
            sums.len() - 1
        });
        sums[place].drop += found.drop / count;
        sums[place].deviation += found.deviation / count;
    }
    sums.sort_by(|a, b| b.drop.total_cmp(&a.drop));
    sums
}
