//! What tests of generated code share: rows as texts, and how far predictions are from those of the model.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use ann_export::ann_model::{Cell, Model};
use ann_model::ann_core::Activation;
use ann_model::ann_table::{Encoding, Target, Task};

use crate::models::{ACTIVATIONS, Without, of_other_losses, rows, single};

/// Probabilities, and numbers in units of their standard deviation.
pub const SINGLE: f64 = 2e-6;

pub const ROWS: usize = 500;

/// The fields of a row that has all columns.
pub const FIELDS: [&str; 10] =
    ["x_cm", "gap", "gr_e", "stamp", "city", "pair", "note", "ward", "x_cm_2", "day"];

/// A model for each activation, each task and each meaning of outputs.
pub fn models() -> Vec<Model> {
    let of = |task, activation| single(task, Without::Nothing, activation);
    let classifiers = ACTIVATIONS.iter().map(|activation| of(Task::Classification, activation));
    let others = [Task::Regression, Task::MultiLabel].map(|task| of(task, &Activation::Silu));
    classifiers.chain(others).chain(of_other_losses()).collect()
}

/// The rows of a model, a line for each: words are their numbers, −1 for others and −2 for none.
pub fn lines(model: &Model) -> String {
    let encodings = || model.schema().columns.iter().map(|column| &column.encoding);
    let line = |row: Vec<Cell<'_>>| {
        let cells: Vec<String> =
            row.iter().zip(encodings()).map(|(cell, encoding)| text(*cell, encoding)).collect();
        cells.join(" ") + "\n"
    };
    rows(model.schema(), ROWS).into_iter().map(line).collect()
}

fn text(cell: Cell<'_>, encoding: &Encoding) -> String {
    match (cell, encoding) {
        (Cell::Number(number), _) => number.to_string(),
        (Cell::Word(word), Encoding::Category(category)) => {
            category.position(word).map_or_else(|| "-1".into(), |position| position.to_string())
        }
        (_, Encoding::Category(_)) => "-2".into(),
        (_, Encoding::Date(_)) => i64::MIN.to_string(),
        (_, Encoding::Number(_)) => "nan".into(),
    }
}

/// Runs a compiler, which must not complain.
#[track_caller]
pub fn compile(compiler: &mut Command) {
    let output = compiler.output().unwrap_or_else(|error| panic!("{compiler:?}: {error}"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Runs a program that reads the lines of all models, and prints a line of values for each.
pub fn run(program: &Path, models: &[Model]) -> Vec<Vec<f64>> {
    let mut program = Command::new(program).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = program.stdin.take().unwrap();
    let input: String = models.iter().map(lines).collect();
    let writer = thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = program.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", output.status);
    writer.join().unwrap().unwrap();
    let numbers = |line: &str| line.split_whitespace().map(|number| number.parse().unwrap()).collect();
    String::from_utf8(output.stdout).unwrap().lines().map(numbers).collect()
}

/// Compares the values of all rows with what each model predicts.
#[track_caller]
pub fn assert_close(models: &[Model], found: &[Vec<f64>], tolerance: f64) {
    assert_eq!(found.len(), models.len() * ROWS);
    for (model, found) in models.iter().zip(found.chunks(ROWS)) {
        let mut predictor = model.predictor().unwrap();
        for (row, found) in rows(model.schema(), ROWS).iter().zip(found) {
            let expected = predictor.predict(row).unwrap();
            assert_eq!(found.len(), expected.len());
            for ((found, expected), unit) in found.iter().zip(expected).zip(units(model)) {
                let difference = (found - expected).abs() / unit;
                assert!(difference <= tolerance, "{row:?}: {found}, expected {expected}");
            }
        }
    }
}

/// 1 for probabilities, the standard deviation for numbers.
fn units(model: &Model) -> Vec<f64> {
    match &model.schema().target {
        Target::Numbers(columns) => columns.iter().map(|column| column.scale).collect(),
        target => vec![1.0; target.outputs()],
    }
}
