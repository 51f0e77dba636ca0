//! The functions of a header that predict.

use ann_model::Model;
use ann_table::{NumberTarget, Target};

use super::Names;
use crate::integers::Integers;
use crate::names::{Taken, comment, snake_case};
use crate::parts::{Response, response};
use crate::text::{c_float as float, c_string as string, join, list};

/// What networks say together, the classes, and the prediction for a row.
pub(super) fn predict(names: &Names, model: &Model, integers: Option<&Integers>) -> String {
    let target = &model.schema().target;
    let classes = match target {
        Target::Classes { classes, .. } => self::classes(names, classes),
        Target::Numbers(_) | Target::Labels(_) => String::new(),
    };
    let add = match target {
        Target::Classes { .. } => names.fill_in(include_str!("softmax.h")),
        Target::Labels(_) => names.fill_in(include_str!("labels.h")),
        Target::Numbers(columns) => numbers(names, columns, response(model.loss())),
    };
    join(&[add, encoded(names, model, integers), classes, whole(names, target)])
}

/// Adds the numbers of one network.
fn numbers(names: &Names, columns: &[NumberTarget], response: Response) -> String {
    let Names { lower, upper } = names;
    let row = |column: &NumberTarget| {
        let NumberTarget { center, scale, minimum, maximum, .. } = *column;
        let [center, scale] = if response == Response::Scaled { [center, scale] } else { [0.0, 1.0] };
        [center, scale, minimum, maximum].map(|number| float(number as f32))
    };
    let values = list(columns.iter().flat_map(row));
    let value = match response {
        Response::Exponential => "expf(z[i])",
        Response::Sigmoid => "1.0f / (1.0f + expf(-z[i]))",
        Response::Scaled | Response::Softmax => "z[i]",
    };
    format!(
        "/* Center, scale, smallest and largest of each number. */
static {upper}_CONST float {lower}_numbers[{}] = {{
{values}
}};

/* Adds the numbers of one network, inside the range that was learned from. */
static inline void {lower}_add(const float *z, float *y)
{{
    for (int i = 0; i < {upper}_OUTPUTS; i++) {{
        {upper}_CONST float *number = {lower}_numbers + 4 * i;
        const float value = number[0] + number[1] * ({value});
        y[i] += fminf(fmaxf(value, number[2]), number[3]);
    }}
}}
",
        columns.len() * 4
    )
}

/// The prediction from the inputs of a row: the mean over the networks.
fn encoded(names: &Names, model: &Model, integers: Option<&Integers>) -> String {
    let Names { lower, upper } = names;
    let is_class = matches!(model.schema().target, Target::Classes { .. });
    let (x, integers) = match integers {
        None => ("x", String::new()),
        Some(integers) => ("integers", integer_inputs(names, integers)),
    };
    let count = model.networks().len();
    let network = |number| format!("    {lower}_network_{number}({x}, z);\n    {lower}_add(z, p);\n");
    let networks: String = (1..=count).map(network).collect();
    let (kind, comment, end) = if is_class {
        ("int", " Returns the most probable class.", format!("    return {lower}_most_probable(p);\n"))
    } else {
        ("void", "", String::new())
    };
    format!(
        "/* Overwrites p with the prediction for the inputs of a row.{comment} */
static inline {kind} {lower}_predict_encoded(const float x[{upper}_INPUTS], float p[{upper}_OUTPUTS])
{{
    float z[{upper}_OUTPUTS];
{integers}    for (int i = 0; i < {upper}_OUTPUTS; i++) {{
        p[i] = 0.0f;
    }}
{networks}    for (int i = 0; i < {upper}_OUTPUTS; i++) {{
        p[i] /= {count}.0f;
    }}
{end}}}
"
    )
}

/// The lines that round inputs.
fn integer_inputs(Names { lower, upper }: &Names, Integers { input_bits, .. }: &Integers) -> String {
    format!(
        "    int16_t integers[{upper}_INPUTS];
    for (int i = 0; i < {upper}_INPUTS; i++) {{
        integers[i] = {lower}_integer(x[i], {input_bits});
    }}
"
    )
}

fn classes(names: &Names, classes: &[String]) -> String {
    let Names { lower, upper } = names;
    let mut taken = Taken::default();
    let constant = |(number, class): (usize, &String)| {
        let name = taken.distinct(&snake_case(class).to_ascii_uppercase());
        format!("    {upper}_CLASS_{name} = {number}, /* {} */\n", comment(class))
    };
    let constants: String = classes.iter().enumerate().map(constant).collect();
    let texts = list(classes.iter().map(|class| string(class)));
    let count = classes.len();
    format!(
        "/* Classes. */
enum {{
{constants}}};

/* The name of a class. */
static inline const char *{lower}_class(int number)
{{
    static const char *const classes[{count}] = {{
    {texts}
    }};
    return number >= 0 && number < {count} ? classes[number] : \"\";
}}
"
    )
}

/// The prediction for a row.
fn whole(names: &Names, target: &Target) -> String {
    let Names { lower, upper } = names;
    let (kind, what, result) = match target {
        Target::Classes { .. } => {
            ("int", "probabilities of the classes. Returns the most probable class", "return ")
        }
        Target::Labels(_) => ("void", "probabilities of the labels", ""),
        Target::Numbers(_) => ("void", "numbers", ""),
    };
    let outputs: String = match target {
        Target::Classes { .. } => String::new(),
        _ => target
            .names()
            .iter()
            .enumerate()
            .map(|(i, name)| format!("\n   p[{i}]: {}", comment(name)))
            .collect(),
    };
    format!(
        "/* Overwrites p with {what}.{outputs} */
static inline {kind} {lower}_predict(const {lower}_row *row, float p[{upper}_OUTPUTS])
{{
    float x[{upper}_INPUTS];
    {lower}_encode(row, x);
    {result}{lower}_predict_encoded(x, p);
}}
"
    )
}
