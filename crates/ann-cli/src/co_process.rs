//! `ann predict --jsonl`: an object in each line is answered at once, so that any server can use the program.

use std::io::{BufRead, BufReader, Read, Write};

use ann_tabular::ann_model::{self, Predictor};
use ann_tabular::ann_table::{CategoryEncoding, Cell, ColumnSchema, Encoding, Kind, Reader, Target};
use ann_tabular::{Model, Predictions};
use serde_json::{Map, Number, Value, json};

use crate::data::kind_name;
use crate::failure::{Failure, Result, Status};
use crate::output::Output;
use crate::prediction::{Columns, label_of};
use crate::surprises::Surprises;

/// What answers, and how.
pub struct Service<'m> {
    pub model: &'m Model,
    /// Only its words for missing values are used.
    pub reader: Reader,
    pub columns: &'m Columns,
}

impl Service<'_> {
    /// Answers each line. A wrong one is answered by an object with an error, and the exit code is 3 at the
    /// end. What is unusual in the others is counted.
    pub fn answer(
        &self,
        input: impl Read,
        mut output: Output,
        surprises: &mut Surprises<'_>,
    ) -> Result<Status> {
        let mut predictor = self.model.predictor()?;
        let mut status = Status::Done;
        for (number, line) in (1..).zip(BufReader::new(input).split(b'\n')) {
            let line = line.map_err(|error| Failure::files(format_args!("cannot read: {error}")))?;
            // Some programs begin a text in UTF-8 with a mark.
            let line = line.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&line);
            if line.trim_ascii().is_empty() {
                continue;
            }
            let answer = self.of_line(number, line, &mut predictor, surprises).unwrap_or_else(|message| {
                status = Status::Data;
                json!({ "error": format!("line {number}{message}") })
            });
            writeln!(output, "{answer}")?;
            output.flush()?;
        }
        output.finish()?;
        Ok(status)
    }

    /// What is predicted for the row of a line; or what follows the number of the line in the error.
    fn of_line(
        &self,
        number: u64,
        line: &[u8],
        predictor: &mut Predictor<'_>,
        surprises: &mut Surprises<'_>,
    ) -> Result<Value, String> {
        let row: Map<String, Value> = serde_json::from_slice(line).map_err(|error| no_object(&error))?;
        let columns = &self.model.schema().columns;
        // The texts of words have to be somewhere.
        let texts: Vec<String> = columns.iter().map(|column| text(column, row.get(&column.name))).collect();
        let cells = columns.iter().zip(&texts).map(|(column, text)| match row.get(&column.name) {
            None => Err(format!(": there is no {:?}; null means that it is missing", column.name)),
            Some(Value::Null) => Ok(Cell::Missing),
            Some(value) if means_missing(&self.reader, &column.name, value, text) => Ok(Cell::Missing),
            Some(value) => cell(column, value, text),
        });
        let cells = cells.collect::<Result<Vec<_>, _>>()?;
        let failed = |error: ann_model::Error| format!(": {error}");
        let predictions = predictor.predictions(&cells).map_err(failed)?;
        let answer = answer_of(self.model, self.columns, &predictions).map_err(failed)?;
        surprises.count_row(number, &cells);
        Ok(answer)
    }
}

/// The parser counts the lines of its text, which is one.
fn no_object(error: &serde_json::Error) -> String {
    let message = error.to_string();
    let (message, _) = message.rsplit_once(" at line ").unwrap_or((&message, ""));
    let place = match error.column() {
        0 => String::new(),
        column => format!(", column {column}"),
    };
    format!("{place}: expected a JSON object: {message}")
}

/// A value as a table has it.
fn text(column: &ColumnSchema, value: Option<&Value>) -> String {
    match (value, &column.encoding) {
        (Some(Value::String(text)), _) => text.trim().to_owned(),
        (Some(Value::Number(number)), Encoding::Category(category)) => word_of(number, category),
        (Some(value), _) => value.to_string(),
        (None, _) => String::new(),
    }
}

/// The word for a number. JSON does not distinguish 5 and 5.0, so it is the word of the model that is this
/// number, if there is one.
fn word_of(number: &Number, category: &CategoryEncoding) -> String {
    let text = number.to_string();
    if category.position(&text).is_some() {
        return text;
    }
    category.categories.iter().find(|word| is_number(word, number)).cloned().unwrap_or(text)
}

/// Whether a word is this number. With a leading zero it is no number, but a code. So are numbers that are
/// too large to be told apart as `f64`.
fn is_number(word: &str, number: &Number) -> bool {
    const LARGEST: f64 = 9_007_199_254_740_992.0;
    let is_code = matches!(word.trim_start_matches('-').as_bytes(), [b'0', b'0'..=b'9', ..]);
    let is_exact = number.as_f64().is_some_and(|number| number.abs() < LARGEST);
    !is_code && is_exact && word.parse::<f64>().ok() == number.as_f64()
}

/// Whether a value is one of the words for missing values, or a number that one of them is.
fn means_missing(reader: &Reader, name: &str, value: &Value, text: &str) -> bool {
    let is_meant =
        |word: &String| word == text || value.as_number().is_some_and(|number| is_number(word, number));
    let of_column = |(column, word): &(String, String)| column == name && is_meant(word);
    reader.missing.iter().any(is_meant) || reader.missing_in.iter().any(of_column)
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
    found.ok_or_else(|| format!(": {:?}: found {value}, expected a {}", column.name, kind_name(kind)))
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A reader of JSON that is fast instead of exact is off by one in the last place of these numbers.
    #[test]
    fn numbers_are_read_to_the_last_bit() {
        for text in ["31.245270191439438", "121.48791951161945", "2.638344616030823e-256"] {
            let value: Value = serde_json::from_str(text).unwrap();
            assert_eq!(value.as_f64(), Some(text.parse().unwrap()), "{text}");
        }
    }
}
