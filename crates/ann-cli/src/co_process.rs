//! `ann predict --jsonl`: an object in each line is answered at once, so that any server can use the program.

use std::io::{BufRead, BufReader, Read, Write};

use ann_tabular::Model;
use ann_tabular::ann_model::Predictor;
use ann_tabular::ann_table::{Cell, ColumnSchema, Kind, Target};
use serde_json::{Map, Value, json};

use crate::data::kind_name;
use crate::failure::{Failure, Result, Status};
use crate::output::Output;
use crate::prediction::Columns;

/// Answers each line. A wrong one is answered by an object with an error, and the exit code is 3 at the end.
pub fn answer(model: &Model, columns: &Columns, input: impl Read, mut output: Output) -> Result<Status> {
    let mut predictor = model.predictor()?;
    let mut status = Status::Done;
    for line in BufReader::new(input).lines() {
        let line = line.map_err(|error| Failure::files(format_args!("cannot read: {error}")))?;
        if line.trim().is_empty() {
            continue;
        }
        let answer = of_line(model, columns, &mut predictor, &line).unwrap_or_else(|message| {
            status = Status::Data;
            json!({ "error": message })
        });
        writeln!(output, "{answer}")?;
        output.flush()?;
    }
    output.finish()?;
    Ok(status)
}

fn of_line(
    model: &Model,
    columns: &Columns,
    predictor: &mut Predictor<'_>,
    line: &str,
) -> Result<Value, String> {
    let row: Map<String, Value> =
        serde_json::from_str(line).map_err(|error| format!("expected a JSON object: {error}"))?;
    // Numbers and truth values may be words, whose texts have to be somewhere.
    let texts: Vec<String> =
        model.schema().columns.iter().map(|column| text(row.get(&column.name))).collect();
    let cells = model
        .schema()
        .columns
        .iter()
        .zip(&texts)
        .map(|(column, text)| cell(column, row.get(&column.name), text));
    let cells = cells.collect::<Result<Vec<_>, _>>()?;
    let values = predictor.predict(&cells).map_err(|error| error.to_string())?;
    answer_of(model, columns, values)
}

/// A word as it is in a table.
fn text(value: Option<&Value>) -> String {
    match value {
        Some(Value::String(text)) => text.clone(),
        Some(value) => value.to_string(),
        None => String::new(),
    }
}

fn cell<'t>(column: &ColumnSchema, value: Option<&Value>, text: &'t str) -> Result<Cell<'t>, String> {
    let (name, kind) = (&column.name, column.encoding.kind());
    match value {
        None => Err(format!("there is no {name:?}; null means that it is missing")),
        Some(Value::Null) => Ok(Cell::Missing),
        Some(Value::Number(number)) if kind != Kind::Category => {
            number.as_f64().map(Cell::Number).ok_or_else(|| format!("{name:?}: {number} is too large"))
        }
        Some(Value::String(_)) => {
            kind.cell(text).ok_or_else(|| format!("{name:?}: found {text:?}, expected a {}", kind_name(kind)))
        }
        Some(Value::Number(_) | Value::Bool(_)) if kind == Kind::Category => Ok(Cell::Word(text)),
        Some(other) => Err(format!("{name:?}: found {other}, expected a {}", kind_name(kind))),
    }
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
