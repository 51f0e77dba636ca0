//! Writes a model of every activation, task and precision in every format, with rows and what the model
//! predicts: what `cargo xtask onnx` compares in other programs. Without a folder it only lists the models.
//!
//! `cargo run -p ann-export --example cases [FOLDER]`

use std::fs;
use std::path::Path;

use ann_export::ann_model::{Cell, Model, Networks};
use ann_export::{OnnxOptions, OnnxPrecision, onnx};
use ann_model::ann_table::{Encoding, Schema, Target, Task};
use serde_json::{Value, json};

#[path = "../tests/models.rs"]
mod models;

use models::{ACTIVATIONS, TASKS, Without};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const ROWS: usize = 10_000;

fn main() -> Result<()> {
    let folder = std::env::args().nth(1);
    let mut cases = Vec::new();
    for task in TASKS {
        for activation in &ACTIVATIONS {
            for without in [Without::Nothing, Without::Dates] {
                for model in [models::single(task, without, activation), models::double(task, without, activation)] {
                    cases.push(Case { name: name(task, &model, activation, without), model, without });
                }
            }
        }
    }
    match folder {
        Some(folder) => write(Path::new(&folder), &cases),
        None => {
            println!("{} models, such as {}", cases.len(), cases[0].name);
            Ok(())
        }
    }
}

struct Case {
    name: String,
    model: Model,
    without: Without,
}

fn name(task: Task, model: &Model, activation: &impl ToString, without: Without) -> String {
    let precision = if matches!(model.networks(), Networks::F32(_)) { "f32" } else { "f64" };
    let dates = if without == Without::Nothing { "" } else { "-no-dates" };
    format!("{task:?}-{precision}-{}{dates}", activation.to_string()).to_lowercase().replace(' ', "-")
}

fn write(folder: &Path, cases: &[Case]) -> Result<()> {
    fs::create_dir_all(folder)?;
    for without in [Without::Nothing, Without::Dates] {
        let schema = models::schema(Task::Classification, without);
        let rows = columns(&schema, &models::rows(&schema, ROWS));
        fs::write(folder.join(format!("rows-{without:?}.json")), rows.to_string())?;
    }
    let described: Vec<Value> = cases.iter().map(|case| case.write(folder)).collect::<Result<_>>()?;
    fs::write(folder.join("cases.json"), Value::from(described).to_string())?;
    Ok(())
}

/// The cells of each column.
fn columns(schema: &Schema, rows: &[Vec<Cell<'_>>]) -> Value {
    let column = |(index, column): (usize, &ann_model::ann_table::ColumnSchema)| {
        let cells: Vec<Value> = rows
            .iter()
            .map(|row| match row[index] {
                Cell::Number(number) => number.into(),
                Cell::Word(word) => word.into(),
                Cell::Missing => Value::Null,
            })
            .collect();
        let is_word = matches!(column.encoding, Encoding::Category(_));
        json!({ "name": column.name, "is_word": is_word, "cells": cells })
    };
    schema.columns.iter().enumerate().map(column).collect()
}

impl Case {
    fn write(&self, folder: &Path) -> Result<Value> {
        let precisions = match self.without {
            Without::Nothing => &[("mixed", OnnxPrecision::Mixed), ("f64", OnnxPrecision::F64)][..],
            _ => &[("f32", OnnxPrecision::F32)],
        };
        for (name, precision) in precisions {
            let options = OnnxOptions { precision: *precision, ..OnnxOptions::default() };
            fs::write(folder.join(format!("{}.{name}.onnx", self.name)), onnx(&self.model, &options)?)?;
        }
        let rows = models::rows(self.model.schema(), ROWS);
        let mut predictor = self.model.predictor()?;
        let mut expected = Vec::new();
        for row in &rows {
            expected.extend(predictor.predict(row)?.iter().flat_map(|value| value.to_le_bytes()));
        }
        fs::write(folder.join(format!("{}.expected", self.name)), expected)?;
        let (classes, scales) = match &self.model.schema().target {
            Target::Classes { classes, .. } => (classes.clone(), vec![]),
            Target::Labels(_) => (vec![], vec![]),
            Target::Numbers(columns) => (vec![], columns.iter().map(|column| column.scale).collect()),
        };
        Ok(json!({
            "name": self.name, "rows": format!("rows-{:?}.json", self.without), "classes": classes, "scales": scales,
            "is_double": matches!(self.model.networks(), Networks::F64(_)),
            "precisions": precisions.iter().map(|(name, _)| name).collect::<Vec<_>>(),
        }))
    }
}
