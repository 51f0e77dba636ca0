//! The test of a module.

use ann_model::{Cell, Model};
use ann_table::Target;

use super::row::Words;
use crate::Result;
use crate::samples::Samples;
use crate::single::{Field, FieldKind};
use crate::text::rust_float as float;

/// Predictions differ from those of the model by at most this probability, or by this part of the standard
/// deviation of a number.
const ROUNDING: f64 = 1e-5;

/// A test with made-up rows.
pub(super) fn test(model: &Model, fields: &[Field<'_>], words: &[Option<Words>]) -> Result<String> {
    let samples = Samples::new(model, fields)?;
    let rows: String = samples.rows.iter().map(|cells| row(cells, fields, words)).collect();
    let prediction = |values: &Vec<f64>| format!("            [{}],\n", floats(values));
    let predictions: String = samples.predictions.iter().map(prediction).collect();
    let units: Vec<f64> = match &model.schema().target {
        Target::Numbers(columns) => columns.iter().map(|column| column.scale).collect(),
        target => vec![1.0; target.outputs()],
    };
    let tolerances = floats(&units.iter().map(|unit| unit * ROUNDING).collect::<Vec<_>>());
    Ok(format!(
        "#[cfg(test)]
mod tests {{
    use super::*;

    #[test]
    fn made_up_rows_are_predicted_as_by_the_model() {{
        let rows = [
{rows}        ];
        let predictions = [
{predictions}        ];
        for (row, expected) in rows.iter().zip(predictions) {{
            for ((found, expected), tolerance) in predict(row).into_iter().zip(expected).zip([{tolerances}]) {{
                assert!((found - expected).abs() <= tolerance, \"{{row:?}}: {{found}}, expected {{expected}}\");
            }}
        }}
    }}
}}
"
    ))
}

fn row(cells: &[Cell<'_>], fields: &[Field<'_>], words: &[Option<Words>]) -> String {
    let cells = cells.iter().zip(fields.iter().zip(words));
    let cells = cells.map(|(cell, (field, words))| {
        format!("{}: {}", field.identifier, text(*cell, field, words.as_ref()))
    });
    format!("            Row {{ {} }},\n", cells.collect::<Vec<_>>().join(", "))
}

fn floats(numbers: &[f64]) -> String {
    numbers.iter().map(|&number| float(number as f32)).collect::<Vec<_>>().join(", ")
}

fn text(cell: Cell<'_>, field: &Field<'_>, words: Option<&Words>) -> String {
    match (&field.kind, cell) {
        (FieldKind::Number { origin: None, .. }, Cell::Number(number)) => float(number as f32),
        (FieldKind::Number { origin: None, .. }, _) => "f32::NAN".into(),
        (FieldKind::Number { origin: Some(_), .. }, Cell::Number(number)) => format!("{number:?}"),
        (FieldKind::Number { origin: Some(_), .. }, _) => "f64::NAN".into(),
        (FieldKind::Date { .. }, Cell::Number(seconds)) => format!("Some({seconds})"),
        (FieldKind::Date { .. }, _) => "None".into(),
        (FieldKind::Words { encoding, .. }, cell) => {
            let Some(Words { name, variants }) = words else { return String::new() };
            let variant = match cell {
                Cell::Word(word) => encoding.position(word).map_or("Other", |position| &variants[position]),
                _ => "Missing",
            };
            format!("{name}::{variant}")
        }
    }
}
