//! `ann predict --jsonl`: an object in each line is answered at once, so that any server can use the program.

use std::io::{BufRead, BufReader, Read, Write};

use ann_tabular::ann_model::{self, Predictor};
use ann_tabular::ann_table::{Cell, ColumnSchema, Kind, Reader, Target};
use ann_tabular::{Model, Predictions};
use serde_json::{Map, Value, json};

use crate::data::kind_name;
use crate::failure::{Failure, Result, Status};
use crate::output::Output;
use crate::prediction::{Columns, label_of};

/// Answers each line. A wrong one is answered by an object with an error, and the exit code is 3 at the end.
/// Of the reader, the words for missing values count.
pub fn answer(
    model: &Model,
    reader: &Reader,
    columns: &Columns,
    input: impl Read,
    mut output: Output,
) -> Result<Status> {
    let mut predictor = model.predictor()?;
    let mut status = Status::Done;
    for line in BufReader::new(input).split(b'\n') {
        let line = line.map_err(|error| Failure::files(format_args!("cannot read: {error}")))?;
        if line.trim_ascii().is_empty() {
            continue;
        }
        let predicted = of_line(model, reader, &mut predictor, &line);
        let answered = predicted.and_then(|predictions| {
            answer_of(model, columns, &predictions).map_err(|error| error.to_string())
        });
        let answer = answered.unwrap_or_else(|message| {
            status = Status::Data;
            json!({ "error": message })
        });
        writeln!(output, "{answer}")?;
        output.flush()?;
    }
    output.finish()?;
    Ok(status)
}

/// What is predicted for the row of a line.
fn of_line<'m>(
    model: &Model,
    reader: &Reader,
    predictor: &mut Predictor<'m>,
    line: &[u8],
) -> Result<Predictions<'m>, String> {
    let row: Map<String, Value> =
        serde_json::from_slice(line).map_err(|error| format!("expected a JSON object: {error}"))?;
    let columns = &model.schema().columns;
    // The texts of words have to be somewhere.
    let texts: Vec<String> = columns.iter().map(|column| text(row.get(&column.name))).collect();
    let cells = columns.iter().zip(&texts).map(|(column, text)| match row.get(&column.name) {
        None => Err(format!("there is no {:?}; null means that it is missing", column.name)),
        Some(Value::Null) => Ok(Cell::Missing),
        Some(_) if means_missing(reader, &column.name, text) => Ok(Cell::Missing),
        Some(value) => cell(column, value, text),
    });
    let cells = cells.collect::<Result<Vec<_>, _>>()?;
    predictor.predictions(&cells).map_err(|error| error.to_string())
}

/// A value as a table has it.
fn text(value: Option<&Value>) -> String {
    match value {
        Some(Value::String(text)) => text.trim().to_owned(),
        Some(value) => value.to_string(),
        None => String::new(),
    }
}

fn means_missing(reader: &Reader, name: &str, text: &str) -> bool {
    let is_own = |(column, word): &(String, String)| column == name && word == text;
    reader.missing.iter().any(|word| word == text) || reader.missing_in.iter().any(is_own)
}

/// The cell of a value that is not null. Dates are texts, because a number may count days, seconds or years.
fn cell<'t>(column: &ColumnSchema, value: &Value, text: &'t str) -> Result<Cell<'t>, String> {
    let kind = column.encoding.kind();
    let found = match (value, kind) {
        (Value::Number(number), Kind::Number) => number.as_f64().map(Cell::Number),
        (Value::Number(_) | Value::Bool(_), Kind::Category) => Some(Cell::Word(text)),
        (Value::String(_), _) => kind.cell(text),
        _ => None,
    };
    found.ok_or_else(|| format!("{:?}: found {value}, expected a {}", column.name, kind_name(kind)))
}

/// The prediction, the probabilities, and intervals or sets.
fn answer_of(model: &Model, columns: &Columns, predictions: &Predictions<'_>) -> ann_model::Result<Value> {
    let target = &model.schema().target;
    let values = predictions.values().row(0).to_vec();
    let numbers = || values.iter().copied().map(Value::from).collect();
    let mut answer = Map::new();
    match target {
        Target::Classes { classes, .. } => {
            answer.insert("prediction".into(), classes[columns.best(&values)].clone().into());
            answer.insert("probabilities".into(), classes.iter().cloned().zip(numbers()).collect());
            if let Some(level) = columns.intervals {
                let sets = columns.sets(predictions, level)?;
                let set = classes.iter().zip(sets.row(0)).filter(|(_, is_in)| **is_in);
                answer.insert("set".into(), set.map(|(class, _)| class.clone()).collect());
            }
        }
        Target::Labels(labels) => {
            let words = labels.iter().zip(&values).map(|(label, &value)| label_of(label, value).into());
            answer.insert("prediction".into(), named(target, words.collect()));
            answer.insert("probabilities".into(), named(target, numbers()));
        }
        Target::Numbers(_) => {
            answer.insert("prediction".into(), named(target, numbers()));
            if let Some(level) = columns.intervals {
                let (low, high) = predictions.intervals(level)?;
                for (name, ends) in [("low", low), ("high", high)] {
                    answer
                        .insert(name.into(), named(target, ends.iter().copied().map(Value::from).collect()));
                }
            }
        }
    }
    Ok(answer.into())
}

/// A value alone, or an object with the value of each column.
fn named(target: &Target, values: Vec<Value>) -> Value {
    match <[Value; 1]>::try_from(values) {
        Ok([value]) => value,
        Err(values) => target.names().into_iter().map(str::to_owned).zip(values).collect(),
    }
}
