//! The functions of a module that predict.

use ann_model::Model;
use ann_table::{NumberTarget, Target};

use super::row;
use crate::names::comment;
use crate::parts::{Member, Response, response};
use crate::text::{list, rust_float as float};

/// The classes.
pub(super) fn classes(target: &Target) -> String {
    let Target::Classes { classes, .. } = target else { return String::new() };
    let variants = row::variants(classes, []);
    let lines = |line: &dyn Fn(&String, &String) -> String| -> String {
        variants.iter().zip(classes).map(|(variant, class)| line(variant, class)).collect()
    };
    let definitions = lines(&|variant, class| format!("    /// `{}`\n    {variant},\n", comment(class)));
    let names = lines(&|variant, class| format!("            Self::{variant} => {class:?},\n"));
    let all = variants.iter().map(|variant| format!("Self::{variant}"));
    // This list is inside a block.
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

/// The functions that predict: the mean over the networks.
pub(super) fn predict(model: &Model, members: &[Member]) -> String {
    let target = &model.schema().target;
    let (what, respond, numbers) = match target {
        Target::Classes { .. } => ("Probabilities of the classes", "functions::softmax(z)", String::new()),
        Target::Labels(_) => ("Probabilities of the labels", "z.map(functions::sigmoid)", String::new()),
        Target::Numbers(columns) => ("Numbers", "numbers(z)", numbers(columns, response(model.loss()))),
    };
    [numbers, whole(what, target), encoded(what, respond, members)].concat()
}

/// The prediction for a row.
fn whole(what: &str, target: &Target) -> String {
    let names = match target {
        Target::Classes { .. } => String::new(),
        target => format!(": `{}`", target.names().into_iter().map(comment).collect::<Vec<_>>().join("`, `")),
    };
    format!(
        "/// {what} for a row{names}.
pub fn predict(row: &Row) -> [f32; OUTPUTS] {{
    predict_encoded(&encode(row))
}}

"
    )
}

/// The prediction from the inputs of a row: the mean over the networks.
fn encoded(what: &str, respond: &str, members: &[Member]) -> String {
    let calls =
        (1..).zip(members).map(|(number, member)| format!("network_{number}(&x[..{}])", member.inputs));
    // This list is inside a function.
    let calls = list(calls).replace("    ", "        ");
    let count = members.len();
    format!(
        "/// {what} for the inputs of a row.
pub fn predict_encoded(x: &[f32; INPUTS]) -> [f32; OUTPUTS] {{
    let networks = [
{calls}
    ];
    let mut mean = [0.0; OUTPUTS];
    for z in networks {{
        for (mean, value) in mean.iter_mut().zip({respond}) {{
            *mean += value / {count}.0;
        }}
    }}
    mean
}}
"
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
