//! Our recipe as a runner of `cargo xtask accuracy`: reads `fit FILE` on standard input, where the file holds
//! an assignment, and answers each with one line of JSON.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};

use ann_accuracy::exchange::{Answer, Assignment, Hello};
use ann_tabular::{Model, Predictions, Recipe, Table};
use anyhow::{Context, Result};
use serde::Serialize;

fn main() -> Result<()> {
    answer(&Hello {
        peer: "ann".to_owned(),
        version: concat!("ann ", env!("CARGO_PKG_VERSION")).to_owned(),
    })?;
    for line in io::stdin().lock().lines() {
        let line = line?;
        let path =
            line.strip_prefix("fit ").with_context(|| format!("found {line:?}, expected `fit FILE`"))?;
        let file = File::open(path).with_context(|| format!("could not open {path}"))?;
        answer(&work(&serde_json::from_reader(BufReader::new(file))?)?)?;
    }
    Ok(())
}

fn answer(answer: &impl Serialize) -> Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{}", serde_json::to_string(answer)?)?;
    Ok(out.flush()?)
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
