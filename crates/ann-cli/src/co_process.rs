//! `ann predict --jsonl`: an object in each line is answered at once, so that any server can use the program.

use std::io::{BufRead, BufReader, Read, Write};

use ann_tabular::Model;
use ann_tabular::ann_model::Predictor;
use ann_tabular::ann_table::{Cell, ColumnSchema, Kind, Reader, Target};
use serde_json::{Map, Value, json};

use crate::data::kind_name;
use crate::failure::{Failure, Result, Status};
use crate::output::Output;
use crate::prediction::Columns;

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
        let answer =
            predicted.and_then(|values| answer_of(model, columns, values)).unwrap_or_else(|message| {
                status = Status::Data;
                json!({ "error": message })
            });
        writeln!(output, "{answer}")?;
        output.flush()?;
    }
    output.finish()?;
    Ok(status)
}

/// The outputs for the row of a line.
fn of_line<'p>(
    model: &Model,
    reader: &Reader,
    predictor: &'p mut Predictor<'_>,
    line: &[u8],
) -> Result<&'p [f64], String> {
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
    predictor.predict(&cells).map_err(|error| error.to_string())
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
fn answer_of(model: &Model, columns: &Columns, values: &[f64]) -> Result<Value, String> {
    let target = &model.schema().target;
    let named = |names: &[&str], values: Vec<Value>| -> Value {
        match (names, &values[..]) {
            ([_], [value]) => value.clone(),
            _ => names.iter().map(|name| (*name).to_owned()).zip(values).collect(),
        }
    };
    let numbers = |values: &mut dyn Iterator<Item = f64>| values.map(Value::from).collect::<Vec<_>>();
    let quantile = |column: usize| -> Result<Option<f64>, String> {
        let (Some(level), Some(conformal)) = (columns.intervals, model.conformal()) else { return Ok(None) };
        conformal.quantile(column, level).map(Some).map_err(|error| error.to_string())
    };
    let mut answer = Map::new();
    match target {
        Target::Classes { classes, .. } => {
            let best = columns.best(values);
            answer.insert("prediction".into(), classes[best].clone().into());
            let of_each = classes.iter().zip(values);
            let probabilities: Map<String, Value> =
                of_each.clone().map(|(class, &value)| (class.clone(), value.into())).collect();
            answer.insert("probabilities".into(), probabilities.into());
            if let Some(most) = quantile(0)? {
                let is_in =
                    |(place, (_, value)): &(usize, (&String, &f64))| *place == best || 1.0 - **value <= most;
                let set = of_each.enumerate().filter(is_in).map(|(_, (class, _))| class.clone());
                answer.insert("set".into(), set.collect());
            }
        }
        Target::Labels(labels) => {
            let word = |(label, &value): (&ann_tabular::ann_table::LabelTarget, &f64)| {
                Value::from(if value > 0.5 { label.present.clone() } else { label.absent.clone() })
            };
            answer.insert(
                "prediction".into(),
                named(&target.names(), labels.iter().zip(values).map(word).collect()),
            );
            answer
                .insert("probabilities".into(), named(&target.names(), numbers(&mut values.iter().copied())));
        }
        Target::Numbers(_) => {
            answer.insert("prediction".into(), named(&target.names(), numbers(&mut values.iter().copied())));
            let halves = (0..values.len()).map(quantile).collect::<Result<Option<Vec<f64>>, _>>();
            if let Some(halves) = halves? {
                for (name, sign) in [("low", -1.0), ("high", 1.0)] {
                    let mut ends = values.iter().zip(&halves).map(|(value, half)| value + sign * half);
                    answer.insert(name.into(), named(&target.names(), numbers(&mut ends)));
                }
            }
        }
    }
    Ok(answer.into())
}
