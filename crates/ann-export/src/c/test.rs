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
    let Header { model, names: Names { lower, upper }, integers, .. } = header;
    let samples = Samples::new(model, fields)?;
    let count = samples.rows.len();
    let row = |cells: &Vec<Cell<'_>>| {
        let cells = cells.iter().zip(fields).map(|(cell, field)| text(*cell, field, upper));
        format!("        {{ {} }},\n", cells.collect::<Vec<_>>().join(", "))
    };
    let rows: String = samples.rows.iter().map(row).collect();
    let predictions = list(samples.predictions.iter().flatten().map(|&number| float(number as f32)));
    let units: Vec<f64> = match &model.schema().target {
        Target::Numbers(columns) => columns.iter().map(|column| column.scale).collect(),
        target => vec![1.0; target.outputs()],
    };
    let most = match integers {
        None => ROUNDING,
        Some((integers, _)) => integers.difference(model, &samples)? + INTEGER_ROUNDING,
    };
    let tolerances = list(units.iter().map(|unit| float((unit * most) as f32)));
    let total = samples.predictions.len() * units.len();
    Ok(format!(
        "#ifdef {upper}_SELF_TEST
/* The number of made-up rows that are predicted otherwise than by the model: 0 is right. */
static inline int {lower}_self_test(void)
{{
    static const {lower}_row rows[{count}] = {{
{rows}    }};
    static const float predictions[{total}] = {{
{predictions}
    }};
    static const float tolerances[{upper}_OUTPUTS] = {{
{tolerances}
    }};
    int wrong = 0;
    for (int row = 0; row < {count}; row++) {{
        float p[{upper}_OUTPUTS];
        int is_right = 1;
        {lower}_predict(&rows[row], p);
        for (int i = 0; i < {upper}_OUTPUTS; i++) {{
            is_right = is_right && fabsf(p[i] - predictions[row * {upper}_OUTPUTS + i]) <= tolerances[i];
        }}
        wrong += !is_right;
    }}
    return wrong;
}}
#endif
"
    ))
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
