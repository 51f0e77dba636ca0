//! The self-test of a header.

use ann_model::Cell;
use ann_table::Target;

use super::{Header, Names};
use crate::Result;
use crate::samples::Samples;
use crate::single::{Field, FieldKind};
use crate::text::{c_float as float, list};

/// Generated code computes what the model computes, up to this difference of probabilities, or of numbers in
/// units of their standard deviation.
const ROUNDING: f64 = 1e-5;
/// Integers are computed here, too. But inputs are rounded, so a device may find a neighbouring integer.
const INTEGER_ROUNDING: f64 = 1e-3;

/// Made-up rows, what the model predicts for them, and the function that compares.
pub(super) fn self_test(header: &Header<'_>, fields: &[Field<'_>]) -> Result<String> {
    let Header { model, names, integers, .. } = header;
    let samples = Samples::new(model, fields)?;
    let most = match integers {
        None => ROUNDING,
        Some((integers, _)) => integers.difference(model, &samples)? + INTEGER_ROUNDING,
    };
    let units: Vec<f64> = match &model.schema().target {
        Target::Numbers(columns) => columns.iter().map(|column| column.scale).collect(),
        target => vec![1.0; target.outputs()],
    };
    let tables = [
        rows(names, &samples, fields),
        numbers(names, "predictions", samples.predictions.iter().flatten().copied()),
        numbers(names, "tolerances", units.iter().map(|unit| unit * most)),
    ];
    let function = names.fill_in(include_str!("self_test.h"));
    Ok(format!("#ifdef {}_SELF_TEST\n{}\n{function}#endif\n", names.upper, tables.concat()))
}

fn rows(names: &Names, samples: &Samples<'_>, fields: &[Field<'_>]) -> String {
    let Names { lower, upper } = names;
    let row = |cells: &Vec<Cell<'_>>| {
        let cells = cells.iter().zip(fields).map(|(cell, field)| text(*cell, field, upper));
        format!("    {{ {} }},\n", cells.collect::<Vec<_>>().join(", "))
    };
    let rows: String = samples.rows.iter().map(row).collect();
    format!(
        "/* Made-up rows, what the model predicts for them, and by how much this may differ here. */
static const {lower}_row {lower}_test_rows[{}] = {{\n{rows}}};\n",
        samples.rows.len()
    )
}

fn numbers(names: &Names, what: &str, numbers: impl Iterator<Item = f64>) -> String {
    let numbers: Vec<String> = numbers.map(|number| float(number as f32)).collect();
    let (lower, count) = (&names.lower, numbers.len());
    format!("static const float {lower}_test_{what}[{count}] = {{\n{}\n}};\n", list(numbers))
}

fn text(cell: Cell<'_>, field: &Field<'_>, upper: &str) -> String {
    match (&field.kind, cell) {
        (FieldKind::Number { origin: None, .. }, Cell::Number(number)) => float(number as f32),
        (FieldKind::Number { origin: None, .. }, _) => "NAN".into(),
        (FieldKind::Number { origin: Some(_), .. }, Cell::Number(number)) => format!("{number:?}"),
        (FieldKind::Number { origin: Some(_), .. }, _) => "(double)NAN".into(),
        (FieldKind::Date { .. }, Cell::Number(seconds)) => format!("INT64_C({seconds})"),
        (FieldKind::Date { .. }, _) => format!("{upper}_NO_DATE"),
        (FieldKind::Words { encoding, .. }, Cell::Word(word)) => {
            encoding.position(word).map_or_else(|| "-1".into(), |position| position.to_string())
        }
        (FieldKind::Words { .. }, _) => "-2".into(),
    }
}
