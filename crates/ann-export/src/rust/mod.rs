//! Rust: one module that needs `core` alone.

use ann_core::Activation;
use ann_model::{Cell, Model};
use ann_table::{NumberTarget, Target};

use crate::names::{Taken, comment};
use crate::parts::{Dense, Member, Response, check_single, members, response};
use crate::samples::Samples;
use crate::single::{Field, FieldKind, fields};
use crate::text::{join, list, rust_float as float};
use crate::{Error, Result};

mod row;

use row::{Words, words};

/// Writes a model as a module of Rust for single precision, which needs `core` alone: no allocation, no
/// `unsafe`, no functions of the platform. In a crate with `#![no_std]` it is `mod iris;`.
///
/// | | |
/// |---|---|
/// | `Row` | a row: `f32` for a number, NaN if it is missing; an enum for words; seconds since 1970, or `None`, for a date |
/// | `predict(&row)` | probabilities, or numbers |
/// | `class(&probabilities)` | the most probable class, an enum `Class` with names |
/// | `encode`, `predict_encoded` | the two halves of `predict` |
///
/// A column whose numbers single precision does not tell apart (years, points in time) is an `f64` in the
/// row. Names of columns, words and classes become identifiers; the documentation of each has it as it is.
/// With `cfg(test)` the module has a test, which compares made-up rows with what the model predicts here.
///
/// ```
/// # fn example(model: &ann_model::Model) -> ann_export::Result<()> {
/// let module: String = ann_export::rust(model)?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// The model has a custom activation or loss, or a number or weight that is too large for single
/// precision.
pub fn rust(model: &Model) -> Result<String> {
    let digest = model.digest()?;
    let members = members(model);
    check_single(model.schema(), &members)?;
    let fields = fields(model.schema(), Taken::new(KEYWORDS));
    let words = words(&fields);
    let parts = [
        introduction(model, &digest),
        row::row(&fields, &words),
        outputs(&model.schema().target),
        row::encode(&fields, &words),
        networks(&members)?,
        predict(model, &members),
        functions(),
        test(model, &fields, &words)?,
    ];
    Ok(join(&parts))
}

/// The functions of every model, as a module.
fn functions() -> String {
    let indented = |line: &str| if line.is_empty() { "\n".into() } else { format!("    {line}\n") };
    let lines: String = include_str!("functions.rs").lines().map(indented).collect();
    format!("#[allow(dead_code, reason = \"a model needs some of these\")]\nmod functions {{\n{lines}}}\n")
}

/// What Rust does not take as the name of a field.
const KEYWORDS: [&str; 52] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate", "do", "dyn",
    "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop",
    "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return", "self", "static",
    "struct", "super", "trait", "true", "try", "type", "typeof", "unsafe", "unsized", "use", "virtual",
    "where", "while", "yield", "union",
];

fn introduction(model: &Model, digest: &str) -> String {
    let schema = model.schema();
    let targets = schema.target.names().into_iter().map(|name| format!("`{}`", comment(name)));
    let targets = targets.collect::<Vec<_>>().join(", ");
    let (version, inputs) = (env!("CARGO_PKG_VERSION"), schema.inputs());
    format!(
        "//! Predicts {targets}.
//!
//! ann-export {version} wrote this module from the model with the SHA-256
//! {digest}.

/// Number of inputs of the networks.
pub const INPUTS: usize = {inputs};
/// Number of predicted values.
pub const OUTPUTS: usize = {};
",
        schema.target.outputs()
    )
}

/// The classes.
fn outputs(target: &Target) -> String {
    let Target::Classes { classes, .. } = target else { return String::new() };
    let variants = row::variants(classes, []);
    let lines = |line: &dyn Fn(&String, &String) -> String| -> String {
        variants.iter().zip(classes).map(|(variant, class)| line(variant, class)).collect()
    };
    let definitions = lines(&|variant, class| format!("    /// `{}`\n    {variant},\n", comment(class)));
    let names = lines(&|variant, class| format!("            Self::{variant} => {class:?},\n"));
    let all = variants.iter().map(|variant| format!("Self::{variant}"));
    let all = list(all).replace("    ", "        ");
    format!(
        "/// Classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {{
{definitions}}}

impl Class {{
    /// All classes, in the order of their probabilities.
    pub const ALL: [Self; OUTPUTS] = [
{all}
    ];

    /// The name in the table.
    pub fn name(self) -> &'static str {{
        match self {{
{names}        }}
    }}
}}

/// The first of the most probable classes.
pub fn class(probabilities: &[f32; OUTPUTS]) -> Class {{
    let mut best = 0;
    for (class, probability) in probabilities.iter().enumerate() {{
        if *probability > probabilities[best] {{
            best = class;
        }}
    }}
    Class::ALL[best]
}}
"
    )
}

/// The tables and the function of each network.
fn networks(members: &[Member]) -> Result<String> {
    (1..).zip(members).map(|(number, member)| network(number, member)).collect()
}

fn network(number: usize, Member { inputs, layers }: &Member) -> Result<String> {
    let (mut tables, mut lines) = (String::new(), String::new());
    for (k, Dense { weights, bias, activation }) in (1..).zip(layers) {
        let table = |name: &str, numbers: &mut dyn ExactSizeIterator<Item = &f64>| {
            let (count, values) = (numbers.len(), list(numbers.map(|&number| float(number as f32))));
            format!("static {name}_{number}_{k}: [f32; {count}] = [\n{values}\n];\n\n")
        };
        tables += &table("WEIGHTS", &mut weights.iter());
        tables += &table("BIAS", &mut bias.iter());
        let product = format!("functions::dense(&x, &WEIGHTS_{number}_{k}, &BIAS_{number}_{k})");
        let values = match function(activation)? {
            Some(function) => format!("{product}.map({function})"),
            None => product,
        };
        lines +=
            &if k == layers.len() { format!("    {values}\n") } else { format!("    let x = {values};\n") };
    }
    let lines = lines.replacen("&x", "x", 1);
    let layer = |Dense { bias, activation, .. }: &Dense| format!("{} units of {activation}", bias.len());
    let shape = layers.iter().map(layer).collect::<Vec<_>>().join(", ");
    Ok(format!(
        "{tables}/// Network {number}: {inputs} inputs, then {shape}.
fn network_{number}(x: &[f32]) -> [f32; OUTPUTS] {{
{lines}}}

"
    ))
}

/// The function of an activation; `None` for the identity.
fn function(activation: &Activation) -> Result<Option<String>> {
    let number = |number: f64| float(number as f32);
    Ok(Some(match activation {
        Activation::Identity => return Ok(None),
        Activation::Sigmoid => "functions::sigmoid".into(),
        Activation::Tanh => "functions::tanh".into(),
        Activation::Relu => "|z| z.max(0.0)".into(),
        Activation::LeakyRelu { slope } => {
            format!("|z| if z > 0.0 {{ z }} else {{ {} * z }}", number(*slope))
        }
        Activation::Elu { alpha } => {
            format!("|z| if z > 0.0 {{ z }} else {{ {} * (functions::exp(z) - 1.0) }}", number(*alpha))
        }
        Activation::Selu => {
            // λ, and λ α = −σ(−∞).
            let [above, below] = [activation.value(1.0), -activation.value(f64::NEG_INFINITY)].map(number);
            format!("|z| if z > 0.0 {{ {above} * z }} else {{ {below} * (functions::exp(z) - 1.0) }}")
        }
        Activation::Softplus => "functions::softplus".into(),
        Activation::Silu => "|z| z * functions::sigmoid(z)".into(),
        Activation::Mish => "functions::mish".into(),
        Activation::Gelu => "functions::gelu".into(),
        _ => return Err(Error::Activation { activation: activation.to_string() }),
    }))
}

/// The functions that predict: the mean over the networks.
fn predict(model: &Model, members: &[Member]) -> String {
    let (respond, what) = match &model.schema().target {
        Target::Classes { .. } => ("functions::softmax(z)", "Probabilities of the classes"),
        Target::Labels(_) => ("z.map(functions::sigmoid)", "Probabilities of the labels"),
        Target::Numbers(_) => ("numbers(z)", "Numbers"),
    };
    let names = match &model.schema().target {
        Target::Classes { .. } => String::new(),
        target => format!(": `{}`", target.names().into_iter().map(comment).collect::<Vec<_>>().join("`, `")),
    };
    let calls =
        (1..).zip(members).map(|(number, member)| format!("network_{number}(&x[..{}])", member.inputs));
    let calls = list(calls).replace("    ", "        ");
    let numbers = match &model.schema().target {
        Target::Numbers(columns) => numbers(columns, response(model.loss())),
        Target::Classes { .. } | Target::Labels(_) => String::new(),
    };
    format!(
        "{numbers}/// {what} for a row{names}.
pub fn predict(row: &Row) -> [f32; OUTPUTS] {{
    predict_encoded(&encode(row))
}}

/// {what} for the inputs of a row.
pub fn predict_encoded(x: &[f32; INPUTS]) -> [f32; OUTPUTS] {{
    let networks = [
{calls}
    ];
    let mut mean = [0.0; OUTPUTS];
    for z in networks {{
        for (mean, value) in mean.iter_mut().zip({respond}) {{
            *mean += value / {}.0;
        }}
    }}
    mean
}}
",
        members.len()
    )
}

/// What raw outputs of a network say, inside the range that was learned from.
fn numbers(columns: &[NumberTarget], response: Response) -> String {
    let row = |column: &NumberTarget| {
        let NumberTarget { center, scale, minimum, maximum, .. } = *column;
        let [center, scale] = if response == Response::Scaled { [center, scale] } else { [0.0, 1.0] };
        format!("[{}]", [center, scale, minimum, maximum].map(|number| float(number as f32)).join(", "))
    };
    let values = list(columns.iter().map(row));
    let value = match response {
        Response::Exponential => "functions::exp(*z)",
        Response::Sigmoid => "functions::sigmoid(*z)",
        Response::Scaled | Response::Softmax => "*z",
    };
    format!(
        "/// Center, scale, smallest and largest of each number.
static NUMBERS: [[f32; 4]; OUTPUTS] = [
{values}
];

/// Numbers inside the range that was learned from.
fn numbers(mut z: [f32; OUTPUTS]) -> [f32; OUTPUTS] {{
    for (z, [center, scale, minimum, maximum]) in z.iter_mut().zip(&NUMBERS) {{
        *z = (center + scale * {value}).clamp(*minimum, *maximum);
    }}
    z
}}

"
    )
}

/// Predictions differ from those of the model by at most this probability, or by this part of the standard
/// deviation of a number.
const ROUNDING: f64 = 1e-5;

/// A test with made-up rows.
fn test(model: &Model, fields: &[Field<'_>], words: &[Option<Words>]) -> Result<String> {
    let samples = Samples::new(model, fields)?;
    let row = |cells: &Vec<Cell<'_>>| {
        let cells = cells.iter().zip(fields.iter().zip(words));
        let cells = cells.map(|(cell, (field, words))| {
            format!("{}: {}", field.identifier, text(*cell, field, words.as_ref()))
        });
        format!("            Row {{ {} }},\n", cells.collect::<Vec<_>>().join(", "))
    };
    let rows: String = samples.rows.iter().map(row).collect();
    let prediction = |values: &Vec<f64>| {
        let values: Vec<String> = values.iter().map(|&value| float(value as f32)).collect();
        format!("            [{}],\n", values.join(", "))
    };
    let predictions: String = samples.predictions.iter().map(prediction).collect();
    let units: Vec<f64> = match &model.schema().target {
        Target::Numbers(columns) => columns.iter().map(|column| column.scale).collect(),
        target => vec![1.0; target.outputs()],
    };
    let tolerances: Vec<String> = units.iter().map(|unit| float((unit * ROUNDING) as f32)).collect();
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
            for ((found, expected), tolerance) in predict(row).into_iter().zip(expected).zip([{}]) {{
                assert!((found - expected).abs() <= tolerance, \"{{row:?}}: {{found}}, expected {{expected}}\");
            }}
        }}
    }}
}}
",
        tolerances.join(", ")
    ))
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
