//! `ann explain`: which columns matter, how predictions change with them, and what each adds in single rows.

use std::io::Write;
use std::path::PathBuf;

use ann_tabular::ann_core::argmax;
use ann_tabular::ann_table::message::unquoted;
use ann_tabular::ann_table::{Schema, Target};
use ann_tabular::{
    Attribution, Importance, Model, PartialDependence, Table, attributions, partial_dependence,
    permutation_importance,
};
use clap::Args;
use serde_json::{Value, json};

use crate::data::{self, Reading};
use crate::failure::{Failure, Result, Status};
use crate::output::Output;
use crate::show::{aligned, count, counted, number};
use crate::summary::importance_json;
use crate::target::unknown;

/// Show which columns matter for a model, and how; with --rows, what each column adds to single predictions
#[derive(Args, Debug)]
pub struct Explain {
    /// A file that `ann train` has written
    model: PathBuf,
    /// A table with the columns and the target of the model; - for the standard input. With --rows the
    /// target may be missing
    data: PathBuf,
    /// Rows to explain, counted from 1: what each column adds to the prediction of an ordinary row
    #[arg(long, value_name = "ROW,…", value_delimiter = ',', value_parser = row)]
    rows: Vec<usize>,
    /// Columns whose partial dependence is shown; may be given several times. Default: the three that matter
    /// most
    #[arg(long, value_name = "COLUMN,…", conflicts_with = "rows")]
    columns: Vec<String>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    reading: Reading,
}

fn row(text: &str) -> Result<usize, String> {
    let row = text.trim().parse().ok().filter(|row| *row > 0);
    row.ok_or_else(|| {
        "expected the numbers of rows from 1 on, with commas between them, such as 3,77".to_owned()
    })
}

pub fn explain(options: &Explain) -> Result<Status> {
    let model = data::load(&options.model)?;
    let read = if options.rows.is_empty() { data::read_judged } else { data::read_for };
    let table = read(&options.reading, &model, &options.data)?;
    let in_data = |error: ann_tabular::Error| Failure::from(error).about(data::shown(&options.data));
    if !options.rows.is_empty() {
        return options.explain_rows(&model, &table);
    }
    let importance = permutation_importance(&model, &table).map_err(in_data)?;
    let columns = options.columns_to_show(&table, model.schema(), &importance)?;
    let dependence = columns.iter().map(|column| partial_dependence(&model, &table, column).map_err(in_data));
    let dependence: Vec<PartialDependence> = dependence.collect::<Result<_>>()?;
    let outputs = outputs(&model);
    let mut output = Output::standard();
    if options.json {
        let object = json!({
            "ann": 1, "command": "explain", "rows": table.rows(),
            "importance": importance.iter().map(importance_json).collect::<Vec<_>>(),
            "dependence": dependence.iter().map(|found| dependence_json(found, &outputs)).collect::<Vec<_>>(),
        });
        writeln!(output, "{object:#}")?;
    } else {
        let metric = match model.schema().target {
            Target::Numbers(_) => "R²",
            Target::Classes { .. } | Target::Labels(_) => "accuracy",
        };
        let rows = counted(table.rows(), "row");
        writeln!(
            output,
            "importance: by how much {metric} on {rows} is lower if the cells of a column are shuffled"
        )?;
        write_importance(&mut output, &importance)?;
        for found in &dependence {
            write_dependence(&mut output, found, &outputs)?;
        }
    }
    output.finish()?;
    Ok(Status::Done)
}

impl Explain {
    fn columns_to_show(
        &self,
        table: &Table,
        schema: &Schema,
        importance: &[Importance],
    ) -> Result<Vec<String>> {
        const SHOWN: usize = 3;
        let all: Vec<String> = table.columns().iter().map(|column| column.name().to_owned()).collect();
        let asked = data::names(&self.columns, &all);
        for name in &asked {
            table.column(name).map_err(|_| unknown(table, name))?;
            if !schema.columns.iter().any(|column| column.name == *name) {
                return Err(Failure::arguments(format_args!("--columns: the model does not use {name:?}")));
            }
        }
        let most = importance.iter().take(SHOWN).map(|found| found.column.clone());
        Ok(if asked.is_empty() { most.collect() } else { asked })
    }

    fn explain_rows(&self, model: &Model, table: &Table) -> Result<Status> {
        let rows = self.rows.iter().map(|&row| match row {
            row if (1..=table.rows()).contains(&row) => Ok(row - 1),
            row => {
                Err(Failure::arguments(format_args!("--rows: found {row}, expected 1 to {}", table.rows())))
            }
        });
        let rows = rows.collect::<Result<Vec<usize>>>()?;
        let table = table.select(&rows);
        let found = attributions(model, &table)?;
        let outputs = outputs(model);
        let mut output = Output::standard();
        if self.json {
            let rows = self
                .rows
                .iter()
                .zip(&found)
                .map(|(row, found)| attribution_json(*row, found, model, &outputs));
            let object = json!({ "ann": 1, "command": "explain", "attributions": rows.collect::<Vec<_>>() });
            writeln!(output, "{object:#}")?;
        } else {
            for (place, (row, found)) in self.rows.iter().zip(&found).enumerate() {
                writeln!(output, "row {row}, line {}", table.line(place))?;
                for line in aligned(&attribution_lines(model.schema(), &table, place, found, &outputs)) {
                    writeln!(output, "  {line}")?;
                }
            }
        }
        output.finish()?;
        Ok(Status::Done)
    }
}

/// The names of what is predicted: classes, or columns.
fn outputs(model: &Model) -> Vec<String> {
    match &model.schema().target {
        Target::Classes { classes, .. } => classes.clone(),
        target => target.names().into_iter().map(str::to_owned).collect(),
    }
}

fn write_importance(output: &mut impl Write, importance: &[Importance]) -> Result<()> {
    let line = |Importance { column, drop, deviation }: &Importance| {
        vec![unquoted(column), format!("{drop:.3} ± {deviation:.3}")]
    };
    for line in aligned(&importance.iter().map(line).collect::<Vec<_>>()) {
        writeln!(output, "  {line}")?;
    }
    if importance.is_empty() {
        writeln!(output, "  not measured: there are more than 300 columns; --columns shows some of them")?;
    }
    Ok(())
}

/// A line for each cell, and a column for each output. Of two classes the second one says it all.
fn write_dependence(output: &mut impl Write, found: &PartialDependence, outputs: &[String]) -> Result<()> {
    let column = unquoted(&found.column);
    let cells = found.cells.iter().filter(|cell| !cell.is_empty()).count();
    let shown = match found.words {
        Some(words) if words > cells => format!("; {cells} of {} words shown", count(words)),
        _ => String::new(),
    };
    writeln!(output, "mean prediction if {column} were the same in all rows{shown}")?;
    let shown = outputs_to_show(found);
    let names = shown.iter().map(|&place| unquoted(&outputs[place]));
    let mut lines = vec![std::iter::once(column).chain(names).collect::<Vec<_>>()];
    for (cell, values) in found.cells.iter().zip(found.predicted.rows()) {
        let cell = if cell.is_empty() { "(missing)".to_owned() } else { unquoted(cell) };
        let values = shown.iter().map(|&place| number(rounded(values[place])));
        lines.push(std::iter::once(cell).chain(values).collect());
    }
    for line in aligned(&lines) {
        writeln!(output, "  {line}")?;
    }
    Ok(())
}

/// Of two classes the second one; of many, those whose predictions change most.
fn outputs_to_show(found: &PartialDependence) -> Vec<usize> {
    const MOST: usize = 6;
    let change = |output: usize| {
        let values = found.predicted.column(output);
        let (least, most) =
            values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), &value| {
                (value.min(least), value.max(most))
            });
        most - least
    };
    let mut outputs: Vec<usize> = (0..found.predicted.ncols()).collect();
    if outputs.len() == 2 {
        return vec![1];
    }
    outputs.sort_by(|&one, &other| change(other).total_cmp(&change(one)));
    outputs.truncate(MOST);
    outputs.sort_unstable();
    outputs
}

/// Four digits.
fn rounded(value: f64) -> f64 {
    format!("{value:.3e}").parse().unwrap_or(value)
}

/// The ordinary row, what each column adds, the largest first, and the sum: of the output that is predicted.
fn attribution_lines(
    schema: &Schema,
    table: &Table,
    row: usize,
    found: &Attribution,
    outputs: &[String],
) -> Vec<Vec<String>> {
    let shown: Vec<usize> = match &schema.target {
        Target::Classes { .. } => vec![argmax(found.predicted.view())],
        Target::Numbers(_) | Target::Labels(_) => (0..outputs.len()).collect(),
    };
    let values = |of: &dyn Fn(usize) -> f64, has_sign: bool| -> Vec<String> {
        let text = |&output: &usize| match rounded(of(output)) {
            value if has_sign && value >= 0.0 => format!("+{}", number(value)),
            value => number(value),
        };
        shown.iter().map(text).collect()
    };
    let line = |name: String, cell: String, values: Vec<String>| [vec![name, cell], values].concat();
    let names = shown.iter().map(|&output| unquoted(&outputs[output])).collect();
    let mut lines = vec![line(String::new(), String::new(), names)];
    lines.push(line("an ordinary row".into(), String::new(), values(&|output| found.base[output], false)));
    let mut order: Vec<usize> = (0..schema.columns.len()).collect();
    let size =
        |column: usize| shown.iter().map(|&output| found.added[[column, output]].abs()).fold(0.0, f64::max);
    order.sort_by(|&one, &other| size(other).total_cmp(&size(one)));
    for column in order {
        let name = &schema.columns[column].name;
        let cell = table.column(name).map_or(String::new(), |column| column.text(row));
        let cell = if cell.is_empty() { "(missing)".to_owned() } else { unquoted(&cell) };
        lines.push(line(unquoted(name), cell, values(&|output| found.added[[column, output]], true)));
    }
    lines.push(line("this row".into(), String::new(), values(&|output| found.predicted[output], false)));
    lines
}

fn dependence_json(found: &PartialDependence, outputs: &[String]) -> Value {
    let cells = found.cells.iter().zip(found.predicted.rows());
    let cells =
        cells.map(|(cell, values)| json!({ "cell": cell, "predicted": named(outputs, values.iter()) }));
    json!({ "column": found.column, "words": found.words, "cells": cells.collect::<Vec<_>>() })
}

fn attribution_json(row: usize, found: &Attribution, model: &Model, outputs: &[String]) -> Value {
    let columns = model.schema().columns.iter().zip(found.added.rows());
    let added = columns
        .map(|(column, values)| json!({ "column": column.name, "added": named(outputs, values.iter()) }));
    json!({
        "row": row,
        "base": named(outputs, found.base.iter()),
        "predicted": named(outputs, found.predicted.iter()),
        "columns": added.collect::<Vec<_>>(),
    })
}

fn named<'a>(outputs: &[String], values: impl Iterator<Item = &'a f64>) -> Value {
    outputs.iter().zip(values).map(|(name, value)| (name.clone(), Value::from(*value))).collect()
}
