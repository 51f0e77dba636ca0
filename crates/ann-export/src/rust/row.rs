//! The row of a module, and its encoding.

use ann_table::{CategoryEncoding, DatePart};

use crate::json::name_of;
use crate::names::{Taken, camel_case, comment};
use crate::single::{DateInputs, Field, FieldKind, NumberInputs, PieceInputs};
use crate::text::{list, rust_float as float};

/// An enum of words.
pub(super) struct Words {
    pub name: String,
    /// A variant for each word.
    pub variants: Vec<String>,
}

/// The enum for each column; `None` if it holds no words. The names `Row` and `Class` are taken.
pub(super) fn words(fields: &[Field<'_>]) -> Vec<Option<Words>> {
    let mut names = Taken::new(["Row", "Class", "Self", "Option"]);
    let words = |field: &Field<'_>| {
        let FieldKind::Words { encoding, .. } = &field.kind else { return None };
        let variants = variants(&encoding.categories, ["Other", "Missing"]);
        Some(Words { name: names.distinct_camel(&camel_case(field.name)), variants })
    };
    fields.iter().map(words).collect()
}

/// Distinct names of variants.
pub(super) fn variants<const N: usize>(texts: &[String], taken: [&str; N]) -> Vec<String> {
    let mut taken = Taken::new(taken.into_iter().chain(["Self"]));
    texts.iter().map(|text| taken.distinct_camel(&camel_case(text))).collect()
}

/// The struct of a row, and an enum for each column of words.
pub(super) fn row(fields: &[Field<'_>], words: &[Option<Words>]) -> String {
    let lines: String =
        fields.iter().zip(words).map(|(field, words)| self::field(field, words.as_ref())).collect();
    let enums = fields.iter().zip(words).filter_map(|(field, words)| Some(words_of(field, words.as_ref()?)));
    let enums: String = enums.collect();
    format!("/// A row.\n#[derive(Clone, Copy, Debug, PartialEq)]\npub struct Row {{\n{lines}}}\n{enums}")
}

fn field(Field { name, identifier, kind }: &Field<'_>, words: Option<&Words>) -> String {
    let name = comment(name);
    let (text, kind) = match kind {
        FieldKind::Number { origin, range: [minimum, maximum], .. } => {
            let kind = if origin.is_some() { "f64" } else { "f32" };
            (format!(", {minimum} to {maximum}. NaN if it is missing"), kind.to_owned())
        }
        FieldKind::Words { .. } => {
            (String::new(), words.map_or_else(String::new, |words| words.name.clone()))
        }
        FieldKind::Date { .. } => (" in seconds since 1970-01-01".into(), "Option<i64>".into()),
    };
    format!("    /// `{name}`{text}.\n    pub {identifier}: {kind},\n")
}

fn words_of(field: &Field<'_>, words: &Words) -> String {
    let FieldKind::Words { encoding, .. } = &field.kind else { return String::new() };
    let variant =
        |(variant, word): (&String, &String)| format!("    /// `{}`\n    {variant},\n", comment(word));
    let variants: String = words.variants.iter().zip(&encoding.categories).map(variant).collect();
    format!(
        "
/// Words of `{}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum {} {{
{variants}    /// Any other word.
    Other,
    /// No word.
    Missing,
}}
",
        comment(field.name),
        words.name
    )
}

/// The function that makes inputs of a row, and the tables that it needs.
pub(super) fn encode(fields: &[Field<'_>], words: &[Option<Words>]) -> String {
    let tables: String = fields.iter().filter_map(table).collect();
    let columns: String =
        fields.iter().zip(words).map(|(field, words)| column(field, words.as_ref())).collect();
    format!(
        "{tables}/// The inputs of a row.
pub fn encode(row: &Row) -> [f32; INPUTS] {{
    let mut x = [0.0; INPUTS];
{columns}    x
}}
"
    )
}

/// The piecewise-linear inputs of a column.
fn table(field: &Field<'_>) -> Option<String> {
    let FieldKind::Number { number: NumberInputs { pieces: Some(PieceInputs { numbers, .. }), .. }, .. } =
        &field.kind
    else {
        return None;
    };
    let piece = |piece: &[f32; 4]| format!("[{}]", piece.map(float).join(", "));
    let (name, count) = (field.identifier.to_ascii_uppercase(), numbers.len());
    Some(format!(
        "static PIECES_{name}: [[f32; 4]; {count}] = [\n{}\n];\n\n",
        list(numbers.iter().map(piece))
    ))
}

fn column(field: &Field<'_>, words: Option<&Words>) -> String {
    let identifier = &field.identifier;
    let lines = match (&field.kind, words) {
        (FieldKind::Number { origin, number, .. }, _) => {
            let value = match origin {
                Some(origin) => format!("(row.{identifier} - {origin:?}) as f32"),
                None => format!("row.{identifier}"),
            };
            number_lines(number, &value, identifier)
        }
        (FieldKind::Words { encoding, input }, Some(words)) => {
            word_lines(encoding, words, *input, identifier)
        }
        (FieldKind::Words { .. }, None) => Vec::new(),
        (FieldKind::Date { parts, .. }, _) => date_lines(parts, identifier),
    };
    let lines: String = lines.iter().map(|line| format!("    {line}\n")).collect();
    format!("    // {}\n{lines}", comment(field.name))
}

fn number_lines(number: &NumberInputs, value: &str, identifier: &str) -> Vec<String> {
    let mut lines =
        vec![format!("let number = functions::filled({value}, {});", float(number.fill)), scaled(number)];
    if number.has_flag {
        lines.push(format!(
            "x[{}] = if row.{identifier}.is_finite() {{ 0.0 }} else {{ 1.0 }};",
            number.input + 1
        ));
    }
    if let Some(PieceInputs { numbers, scale, input }) = &number.pieces {
        let (name, end) = (identifier.to_ascii_uppercase(), input + numbers.len());
        let scale = float(*scale);
        lines.push(format!("functions::piecewise(number, &PIECES_{name}, {scale}, &mut x[{input}..{end}]);"));
    }
    lines
}

/// The line of the scaled input of `number`.
fn scaled(number: &NumberInputs) -> String {
    let center = number.center.map(float).join(", ");
    let [scale, limit] = [number.scale, number.limit.unwrap_or(f32::INFINITY)].map(float);
    format!(
        "x[{}] = functions::scaled(functions::distance(number, [{center}]), {scale}, {limit});",
        number.input
    )
}

fn word_lines(encoding: &CategoryEncoding, words: &Words, input: usize, identifier: &str) -> Vec<String> {
    let CategoryEncoding { has_other, has_missing, .. } = encoding;
    let Words { name, variants } = words;
    let arm = |variant: &str, input: Option<usize>| {
        let value = input.map_or_else(|| "{}".into(), |input| format!("x[{input}] = 1.0"));
        format!("    {name}::{variant} => {value},")
    };
    let mut lines = vec![format!("match row.{identifier} {{")];
    if encoding.is_pair() {
        lines.push(format!("    {name}::{} => x[{input}] = -1.0,", variants[0]));
        lines.push(format!("    {name}::{} => x[{input}] = 1.0,", variants[1]));
    } else {
        lines.extend(variants.iter().zip(input..).map(|(variant, input)| arm(variant, Some(input))));
    }
    lines.push(arm("Other", has_other.then_some(input + variants.len())));
    lines.push(arm("Missing", has_missing.then(|| input + encoding.inputs() - 1)));
    lines.push("}".into());
    lines
}

fn date_lines(parts: &[DateInputs], identifier: &str) -> Vec<String> {
    let mut lines = Vec::new();
    if parts.iter().any(|part| part.part != DatePart::Elapsed) {
        lines.push(format!("let date = row.{identifier}.map(functions::date_of);"));
    }
    for DateInputs { part, origin, number } in parts {
        let fill = float(number.fill);
        let value = match part {
            DatePart::Elapsed => {
                format!("row.{identifier}.map_or({fill}, |seconds| (seconds - {origin}) as f32)")
            }
            _ => format!("date.map_or({fill}, |date| date.{})", name_of(*part)),
        };
        lines.push(format!("let number = {value};"));
        lines.push(scaled(number));
        if number.has_flag {
            lines.push(format!(
                "x[{}] = if row.{identifier}.is_some() {{ 0.0 }} else {{ 1.0 }};",
                number.input + 1
            ));
        }
    }
    lines
}
