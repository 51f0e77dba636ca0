//! Our recipe as a runner of `cargo xtask accuracy`: reads `fit FILE` on standard input, where the file holds
//! an assignment, and answers each with one line of JSON.

use ann_accuracy::exchange::{Answer, Assignment, serve};
use ann_tabular::{Model, Predictions, Recipe, Table};
use anyhow::Result;

fn main() -> Result<()> {
    serve("ann", |assignment, _| work(assignment))
}

/// Learns from the rows to train on, and predicts the others.
fn work(assignment: &Assignment) -> Result<Answer> {
    let table = Table::open(&assignment.table)?;
    let test = table.select(&assignment.test);
    let model = fit(&table.select(&assignment.train), &assignment.target, assignment.seed)?;
    let predictions = model.predict(&test)?;
    let target = test.column(&assignment.target)?;
    Ok(Answer {
        truth: (0..test.rows()).map(|row| target.text(row)).collect(),
        classes: predictions.classes().to_vec(),
        values: predictions.values().rows().into_iter().map(|row| row.to_vec()).collect(),
        intervals: (!assignment.classes).then(|| intervals(&predictions)).transpose()?,
        sets: assignment.classes.then(|| sets(&predictions)).transpose()?,
    })
}

/// The recipe as every user has it.
fn fit(table: &Table, target: &str, seed: u64) -> Result<Model> {
    Ok(Recipe { seed, ..Recipe::default() }.fit_model(table, target)?)
}

/// The share of rows whose truth intervals and sets should contain.
const LEVEL: f64 = 0.9;

fn intervals(predictions: &Predictions<'_>) -> Result<Vec<[f64; 2]>> {
    let (low, high) = predictions.intervals(LEVEL)?;
    Ok(low.iter().zip(&high).map(|(&low, &high)| [low, high]).collect())
}

fn sets(predictions: &Predictions<'_>) -> Result<Vec<Vec<bool>>> {
    let sets = predictions.sets(LEVEL)?;
    Ok(sets.rows().into_iter().map(|row| row.to_vec()).collect())
}
