//! Writes a model of every activation, task and precision in every format, with rows and what the model
//! predicts: what `cargo xtask onnx` compares in other programs. Without a folder it only lists the models.
//!
//! `cargo run -p ann-export --example cases [FOLDER]`

#![allow(clippy::print_stdout, reason = "a program says what it does")]

use std::fs;
use std::path::Path;

use ann_export::ann_model::{Cell, Model, Networks};
use ann_export::{CArithmetic, COptions, OnnxInputs, OnnxOptions, OnnxPrecision, c, onnx};
use ann_model::ann_table::{ColumnSchema, Encoding, Schema, Target, Task};
use serde_json::{Value, json};

#[path = "../tests/models.rs"]
#[allow(dead_code, reason = "some are for tests alone")]
mod models;

use models::{ACTIVATIONS, TASKS, Without};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// What tables may lack.
const WITHOUT: [Without; 4] = [Without::Nothing, Without::Times, Without::Words, Without::TimesAndWords];

/// Number of rows.
const ROWS: usize = 10_000;

fn main() -> Result<()> {
    let cases = cases();
    match std::env::args().nth(1) {
        Some(folder) => write(Path::new(&folder), &cases),
        None => {
            println!("{} models, such as {}", cases.len(), cases[0].name());
            Ok(())
        }
    }
}

/// A model, and what its table lacks.
struct Case {
    name: String,
    without: Without,
    model: Model,
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for task in TASKS {
        for activation in &ACTIVATIONS {
            for without in WITHOUT {
                for make in [models::single, models::double] {
                    let model = make(task, without, activation);
                    cases.push(Case { name: format!("{task:?}-{activation}"), without, model });
                }
            }
        }
    }
    let others = models::of_other_losses().into_iter();
    cases.extend(others.map(|model| Case {
        name: format!("regression-{}", model.loss()),
        without: Without::Nothing,
        model,
    }));
    cases
}

fn write(folder: &Path, cases: &[Case]) -> Result<()> {
    fs::create_dir_all(folder)?;
    for without in WITHOUT {
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
    let json_of = |cell: &Cell<'_>| match *cell {
        Cell::Number(number) => number.into(),
        Cell::Word(word) => word.into(),
        Cell::Missing => Value::Null,
    };
    let column = |(index, column): (usize, &ColumnSchema)| {
        let cells: Vec<Value> = rows.iter().map(|row| json_of(&row[index])).collect();
        let (kind, categories) = match &column.encoding {
            // A float does not tell such large numbers apart.
            Encoding::Number(number) if number.minimum > 1e9 => ("double", &[][..]),
            Encoding::Number(_) => ("float", &[][..]),
            Encoding::Category(words) => ("word", &words.categories[..]),
            Encoding::Date(_) => ("date", &[][..]),
        };
        json!({ "name": column.name, "kind": kind, "categories": categories, "cells": cells })
    };
    schema.columns.iter().enumerate().map(column).collect()
}

impl Case {
    fn name(&self) -> String {
        let Self { name, without, .. } = self;
        let precision = if self.is_double() { "f64" } else { "f32" };
        format!("{name}-{precision}-without-{without:?}").to_lowercase().replace(' ', "-")
    }

    fn is_double(&self) -> bool {
        matches!(self.model.networks(), Networks::F64(_))
    }

    /// Writes the graphs and what the model predicts, and describes them.
    fn write(&self, folder: &Path) -> Result<Value> {
        let mut graphs = Vec::new();
        for &(precision, inputs) in self.graphs() {
            let name = format!("{}-{precision:?}-{inputs:?}.onnx", self.name()).to_lowercase();
            fs::write(folder.join(&name), onnx(&self.model, &OnnxOptions { precision, inputs })?)?;
            graphs.push(json!({
                "file": name, "precision": format!("{precision:?}").to_lowercase(),
                "is_matrix": inputs == OnnxInputs::Matrix,
            }));
        }
        let headers = if self.without == Without::Nothing { self.headers(folder)? } else { vec![] };
        let (mut classes, mut labels, mut scales) = (vec![], vec![], vec![]);
        match &self.model.schema().target {
            Target::Classes { classes: names, .. } => classes.clone_from(names),
            Target::Labels(columns) => {
                labels.extend(columns.iter().map(|column| [column.absent.clone(), column.present.clone()]));
            }
            Target::Numbers(columns) => scales.extend(columns.iter().map(|column| column.scale)),
        }
        let expected = format!("{}.expected", self.name());
        fs::write(folder.join(&expected), self.predictions()?)?;
        Ok(json!({
            "rows": format!("rows-{:?}.json", self.without), "graphs": graphs, "headers": headers, "expected": expected,
            "classes": classes, "labels": labels, "scales": scales, "is_double": self.is_double(),
        }))
    }

    /// Writes C for both kinds of numbers, and describes it.
    fn headers(&self, folder: &Path) -> Result<Vec<Value>> {
        let rows = models::table();
        let header = |(arithmetic, name): (CArithmetic<'_>, &str)| {
            let file = format!("{}-{name}.h", self.name());
            fs::write(folder.join(&file), c(&self.model, &COptions { arithmetic, ..COptions::default() })?)?;
            Ok(json!({ "file": file, "arithmetic": name }))
        };
        [(CArithmetic::F32, "float"), (CArithmetic::Int16 { rows: &rows }, "int16")]
            .into_iter()
            .map(header)
            .collect()
    }

    /// Each precision that the columns allow, and a matrix if they are numbers.
    fn graphs(&self) -> &[(OnnxPrecision, OnnxInputs)] {
        use OnnxInputs::{Columns, Matrix};
        use OnnxPrecision::{F32, F64, Mixed};
        match self.without {
            Without::Nothing | Without::Words => &[(Mixed, Columns), (F64, Columns)],
            Without::Times => &[(F32, Columns)],
            Without::TimesAndWords => &[(F32, Matrix), (Mixed, Matrix), (F64, Matrix), (F32, Columns)],
        }
    }

    /// The values of each row, as bytes of double precision.
    fn predictions(&self) -> Result<Vec<u8>> {
        let mut predictor = self.model.predictor()?;
        let mut bytes = Vec::new();
        for row in models::rows(self.model.schema(), ROWS) {
            bytes.extend(predictor.predict(&row)?.iter().flat_map(|value| value.to_le_bytes()));
        }
        Ok(bytes)
    }
}
