//! The row of a header, and its encoding.

use ann_table::{CategoryEncoding, DatePart};

use super::Names;
use crate::json::name_of;
use crate::names::{Taken, comment, snake_case};
use crate::single::{DateInputs, Field, FieldKind, NumberInputs, PieceInputs};
use crate::text::{c_float as float, list};

/// The struct of a row, and constants for words.
pub(super) fn row(names: &Names, fields: &[Field<'_>]) -> String {
    let Names { lower, upper } = names;
    // Constants of words must not have the names of other constants: a column `a` with a word "b other" and a
    // column `a_b` would both have A_B_OTHER.
    let columns = fields.iter().map(|field| field.identifier.to_ascii_uppercase());
    let reserved = columns.flat_map(|column| [format!("{column}_MISSING"), format!("{column}_OTHER")]);
    let others = ["NO_DATE", "SELF_TEST"].map(String::from);
    let mut taken = Taken::new(reserved.chain(others));
    let words: Vec<String> = fields.iter().filter_map(|field| words(upper, field, &mut taken)).collect();
    let no_date = if fields.iter().any(|field| matches!(field.kind, FieldKind::Date { .. })) {
        format!("/* A missing date. */\n#define {upper}_NO_DATE INT64_MIN\n\n")
    } else {
        String::new()
    };
    let fields: String = fields.iter().map(|field| self::field(upper, field)).collect();
    format!(
        "{}{no_date}/* A row. Missing numbers are NAN. */\ntypedef struct {{\n{fields}}} {lower}_row;\n",
        words.concat()
    )
}

fn field(upper: &str, Field { name, identifier, kind }: &Field<'_>) -> String {
    let name = comment(name);
    match kind {
        FieldKind::Number { origin, range: [minimum, maximum], .. } => {
            let kind = if origin.is_some() { "double" } else { "float" };
            format!("    {kind} {identifier}; /* {name}: {minimum} to {maximum} */\n")
        }
        FieldKind::Words { .. } => {
            format!("    int {identifier}; /* {name}: {upper}_{}_... */\n", identifier.to_ascii_uppercase())
        }
        FieldKind::Date { .. } => {
            format!("    int64_t {identifier}; /* {name}: seconds since 1970-01-01, or {upper}_NO_DATE */\n")
        }
    }
}

/// The constants of a column of words.
fn words(upper: &str, Field { name, identifier, kind }: &Field<'_>, taken: &mut Taken) -> Option<String> {
    let FieldKind::Words { encoding, .. } = kind else { return None };
    let column = identifier.to_ascii_uppercase();
    let name = comment(name);
    let mut text = format!(
        "/* Words of {name}. */\nenum {{\n    {upper}_{column}_MISSING = -2,\n    {upper}_{column}_OTHER = -1,\n"
    );
    for (code, word) in encoding.categories.iter().enumerate() {
        let constant = taken.distinct(&format!("{column}_{}", snake_case(word).to_ascii_uppercase()));
        text += &format!("    {upper}_{constant} = {code}, /* {} */\n", comment(word));
    }
    Some(text + "};\n\n")
}

/// The function that makes inputs of a row, and the tables that it needs.
pub(super) fn encode(names: &Names, fields: &[Field<'_>]) -> String {
    let Names { lower, upper } = names;
    let tables: String = fields.iter().filter_map(|field| table(names, field)).collect();
    let columns: String = fields.iter().map(|field| column(names, field)).collect();
    format!(
        "{tables}/* The inputs of a row. */
static inline void {lower}_encode(const {lower}_row *row, float x[{upper}_INPUTS])
{{
{columns}}}
"
    )
}

/// The piecewise-linear inputs of a column.
fn table(names: &Names, field: &Field<'_>) -> Option<String> {
    let FieldKind::Number { number: NumberInputs { pieces: Some(PieceInputs { numbers, .. }), .. }, .. } =
        &field.kind
    else {
        return None;
    };
    let (lower, upper, identifier) = (&names.lower, &names.upper, &field.identifier);
    let values = list(numbers.iter().flatten().map(|&number| float(number)));
    let count = numbers.len() * 4;
    Some(format!("static {upper}_CONST float {lower}_pieces_{identifier}[{count}] = {{\n{values}\n}};\n\n"))
}

fn column(names: &Names, field: &Field<'_>) -> String {
    let identifier = &field.identifier;
    let lines = match &field.kind {
        FieldKind::Number { origin, number, .. } => {
            let value = match origin {
                Some(origin) => format!("(float)(row->{identifier} - {origin:?})"),
                None => format!("row->{identifier}"),
            };
            number_lines(names, number, &value, identifier)
        }
        FieldKind::Words { encoding, input } => word_lines(names, encoding, *input, identifier),
        FieldKind::Date { parts, .. } => date_lines(names, parts, identifier),
    };
    let lines: String = lines.iter().map(|line| format!("        {line}\n")).collect();
    format!("    {{ /* {} */\n{lines}    }}\n", comment(field.name))
}

fn number_lines(names: &Names, number: &NumberInputs, value: &str, identifier: &str) -> Vec<String> {
    let lower = &names.lower;
    let mut lines = vec![
        format!("const float number = {lower}_filled({value}, {});", float(number.fill)),
        scaled(names, number, "number"),
    ];
    if number.has_flag {
        lines.push(format!("x[{}] = isfinite(row->{identifier}) ? 0.0f : 1.0f;", number.input + 1));
    }
    if let Some(PieceInputs { numbers, scale, input }) = &number.pieces {
        let (count, scale) = (numbers.len(), float(*scale));
        lines.push(format!(
            "{lower}_piecewise(number, {lower}_pieces_{identifier}, {count}, {scale}, x + {input});"
        ));
    }
    lines
}

/// The line of the scaled input of a number.
fn scaled(names: &Names, number: &NumberInputs, value: &str) -> String {
    let [high, low, scale, limit] =
        [number.center[0], number.center[1], number.scale, number.limit.unwrap_or(f32::INFINITY)].map(float);
    let lower = &names.lower;
    format!(
        "x[{}] = {lower}_scaled({lower}_distance({value}, {high}, {low}), {scale}, {limit});",
        number.input
    )
}

fn word_lines(names: &Names, encoding: &CategoryEncoding, input: usize, identifier: &str) -> Vec<String> {
    let CategoryEncoding { categories, has_other, has_missing } = encoding;
    let count = categories.len();
    let missing = format!("{}_{}_MISSING", names.upper, identifier.to_ascii_uppercase());
    let mut lines = vec![format!("const int word = row->{identifier};")];
    let mut next = input + count;
    if encoding.is_pair() {
        lines.push(format!("x[{input}] = word == 0 ? -1.0f : word == 1 ? 1.0f : 0.0f;"));
        next = input + 1;
    } else {
        lines.push(format!("for (int i = 0; i < {count}; i++) {{"));
        lines.push(format!("    x[{input} + i] = word == i ? 1.0f : 0.0f;"));
        lines.push("}".into());
    }
    if *has_other {
        lines.push(format!("x[{next}] = word != {missing} && (word < 0 || word >= {count}) ? 1.0f : 0.0f;"));
        next += 1;
    }
    if *has_missing {
        lines.push(format!("x[{next}] = word == {missing} ? 1.0f : 0.0f;"));
    }
    lines
}

fn date_lines(names: &Names, parts: &[DateInputs], identifier: &str) -> Vec<String> {
    let Names { lower, upper } = names;
    let mut lines = vec![format!("const int is_known = row->{identifier} != {upper}_NO_DATE;")];
    if parts.iter().any(|part| part.part != DatePart::Elapsed) {
        lines.push(format!("const {lower}_date date = {lower}_date_of(is_known ? row->{identifier} : 0);"));
    }
    for DateInputs { part, origin, number } in parts {
        let name = name_of(*part);
        let value = match part {
            DatePart::Elapsed => format!("(float)(row->{identifier} - INT64_C({origin}))"),
            _ => format!("date.{name}"),
        };
        lines.push(format!("const float {name} = is_known ? {value} : {};", float(number.fill)));
        lines.push(scaled(names, number, name));
        if number.has_flag {
            lines.push(format!("x[{}] = is_known ? 0.0f : 1.0f;", number.input + 1));
        }
    }
    lines
}
