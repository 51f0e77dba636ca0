//! Rust: one module that needs `core` alone.

use ann_model::Model;

use crate::Result;
use crate::names::{Taken, comment};
use crate::parts::{check_single, members};
use crate::single::fields;
use crate::text::join;

mod networks;
mod predict;
mod row;
mod test;

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
/// The model has a custom activation or loss, or a number or weight that is too large for single precision.
pub fn rust(model: &Model) -> Result<String> {
    let digest = model.digest()?;
    let members = members(model);
    check_single(model.schema(), &members)?;
    let fields = fields(model.schema(), Taken::new(KEYWORDS));
    let words = row::words(&fields);
    let parts = [
        introduction(model, &digest),
        row::row(&fields, &words),
        predict::classes(&model.schema().target),
        row::encode(&fields, &words),
        networks::networks(&members)?,
        predict::predict(model, &members),
        functions(),
        test::test(model, &fields, &words)?,
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
