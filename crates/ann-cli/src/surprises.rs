//! Cells that the table of a model did not have: unknown words, and numbers outside its range.

use std::collections::BTreeMap;

use ann_tabular::Model;
use ann_tabular::ann_table::message::unquoted;
use ann_tabular::ann_table::{Cell, Column, ColumnSchema, Encoding, NumberEncoding, Table};
use serde_json::{Value, json};

use crate::show::{count, counted};

/// What was found so far.
pub struct Surprises<'m> {
    rows: usize,
    columns: Vec<(&'m ColumnSchema, Found)>,
}

#[derive(Default)]
struct Found {
    count: usize,
    /// The line and the text.
    first: Option<(u64, String)>,
}

impl<'m> Surprises<'m> {
    pub fn new(model: &'m Model) -> Self {
        let columns = model.schema().columns.iter().map(|column| (column, Found::default())).collect();
        Self { rows: 0, columns }
    }

    /// Counts those of further rows.
    pub fn count(&mut self, table: &Table) {
        self.rows += table.rows();
        for (schema, found) in &mut self.columns {
            // A column that is missing is an error of the prediction.
            let Ok(column) = table.column(&schema.name) else { continue };
            for row in surprising(&schema.encoding, column) {
                found.count += 1;
                found.first.get_or_insert_with(|| (table.line(row), column.text(row)));
            }
        }
    }

    /// Counts those of one row, whose cells are in the order of the model.
    pub fn count_row(&mut self, line: u64, cells: &[Cell<'_>]) {
        self.rows += 1;
        for ((schema, found), cell) in self.columns.iter_mut().zip(cells) {
            let text = match (&schema.encoding, cell) {
                (Encoding::Category(category), Cell::Word(word)) if category.position(word).is_none() => {
                    (*word).to_owned()
                }
                (Encoding::Number(number), Cell::Number(value)) if is_outside(number, *value) => {
                    value.to_string()
                }
                _ => continue,
            };
            found.count += 1;
            found.first.get_or_insert((line, text));
        }
    }

    pub fn any(&self) -> bool {
        self.columns.iter().any(|(_, found)| found.count > 0)
    }

    /// Number of rows that were counted.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of words that are unknown.
    pub fn unknown_words(&self) -> usize {
        self.sum(|encoding| matches!(encoding, Encoding::Category(_)))
    }

    /// Number of numbers that are outside the range.
    pub fn outside_range(&self) -> usize {
        self.sum(|encoding| !matches!(encoding, Encoding::Category(_)))
    }

    fn sum(&self, is_meant: impl Fn(&Encoding) -> bool) -> usize {
        let columns = self.columns.iter().filter(|(schema, _)| is_meant(&schema.encoding));
        columns.map(|(_, found)| found.count).sum()
    }

    /// An object for each column with surprises.
    pub fn json(&self) -> Value {
        let object = |(schema, Found { count, first }): &(&ColumnSchema, Found)| {
            let (line, text) = first.as_ref()?;
            let what = what(&schema.encoding);
            let first = json!({ "line": line, "text": text });
            Some(json!({ "column": schema.name, "what": what, "count": count, "first": first }))
        };
        self.columns.iter().filter_map(object).collect()
    }

    /// A line for each column on the standard error.
    pub fn print(&self) {
        self.lines().iter().for_each(|line| anstream::eprintln!("{line}"));
    }

    /// A line for each column with surprises.
    pub fn lines(&self) -> Vec<String> {
        let line = |(schema, Found { count: number, first }): &(&ColumnSchema, Found)| {
            let (line, text) = first.as_ref()?;
            let what = match &schema.encoding {
                Encoding::Category(category) if category.has_other => {
                    "unknown, taken as other rare words".to_owned()
                }
                Encoding::Category(_) => "unknown, taken as no word at all".to_owned(),
                Encoding::Number(number) => {
                    format!("outside {} … {}, the range of the training", number.minimum, number.maximum)
                }
                Encoding::Date(_) => "outside the range of the training".to_owned(),
            };
            Some(format!(
                "note: {}: {} of {} values {what} (first {:?}, line {line})",
                unquoted(&schema.name),
                count(*number),
                count(self.rows),
                unquoted(text)
            ))
        };
        self.columns.iter().filter_map(line).collect()
    }
}

/// What was found in the rows of all groups, each with its own model.
#[derive(Default)]
pub struct GroupSurprises {
    /// For each column and what was found there.
    columns: BTreeMap<(String, &'static str), Found>,
}

impl GroupSurprises {
    /// Adds those of rows of one group; `line` are the lines of these rows.
    pub fn add(&mut self, model: &Model, rows: &Table, line: impl Fn(usize) -> u64) {
        for schema in &model.schema().columns {
            let Ok(column) = rows.column(&schema.name) else { continue };
            for row in surprising(&schema.encoding, column) {
                let found = self.columns.entry((schema.name.clone(), what(&schema.encoding))).or_default();
                found.count += 1;
                let first = (line(row), column.text(row));
                if found.first.as_ref().is_none_or(|(known, _)| first.0 < *known) {
                    found.first = Some(first);
                }
            }
        }
    }

    pub fn any(&self) -> bool {
        !self.columns.is_empty()
    }

    /// An object for each column with surprises.
    pub fn json(&self) -> Value {
        let object = |((column, what), found): (&(String, &str), &Found)| {
            let (line, text) = found.first.as_ref()?;
            let first = json!({ "line": line, "text": text });
            Some(json!({ "column": column, "what": what, "count": found.count, "first": first }))
        };
        self.columns.iter().filter_map(object).collect()
    }

    /// A line for each column on the standard error.
    pub fn print(&self) {
        for ((column, what), found) in &self.columns {
            let Some((line, text)) = &found.first else { continue };
            anstream::eprintln!(
                "note: {}: {}: {what} of their groups (first {:?}, line {line})",
                unquoted(column),
                counted(found.count, "value"),
                unquoted(text)
            );
        }
    }
}

fn what(encoding: &Encoding) -> &'static str {
    match encoding {
        Encoding::Category(_) => "unknown words",
        Encoding::Number(_) | Encoding::Date(_) => "outside the range of the training",
    }
}

fn surprising<'t>(encoding: &'t Encoding, column: &'t Column) -> impl Iterator<Item = usize> + 't {
    // Each word is looked up once.
    let is_unknown: Vec<bool> = match encoding {
        Encoding::Category(category) => {
            column.words().map(|word| category.position(word).is_none()).collect()
        }
        Encoding::Number(_) | Encoding::Date(_) => vec![],
    };
    (0..column.len()).filter(move |&row| match encoding {
        Encoding::Category(_) => column.code(row).is_some_and(|code| is_unknown[code]),
        Encoding::Number(number) => column.number(row).is_some_and(|value| is_outside(number, value)),
        Encoding::Date(_) => false,
    })
}

fn is_outside(number: &NumberEncoding, value: f64) -> bool {
    value < number.minimum || value > number.maximum
}
