//! JSON: everything that a model holds, for programs in any language.

use ann_model::file::activation_name;
use ann_model::{Conformal, Model, Networks};
use ann_table::{
    ColumnSchema, DatePart, Encoding, Ignored, IgnoredColumn, NumberEncoding, Pieces, Schema, Target, Task,
};
use serde::Serialize;

use crate::parts::{Dense, Member, Response, members, response};
use crate::{Error, Result};

/// The version of this layout. It is raised when something that was there is written otherwise.
const VERSION: u32 = 1;

/// Writes a model as JSON, all of it. The README of this crate describes the layout.
///
/// Every number has the digits that are needed to read it to the last bit. Not every program reads them so:
/// `serde_json` needs its feature `float_roundtrip`.
///
/// # Errors
/// The model has a custom activation or loss.
pub fn json(model: &Model) -> Result<String> {
    let digest = model.digest()?;
    let members = members(model);
    let is_single = matches!(model.networks(), Networks::F32(_));
    let networks = members.iter().map(|member| NetworkText::new(member, is_single)).collect::<Result<_>>()?;
    let mut provenance = model.provenance.clone();
    provenance.sort_all_objects();
    let schema = model.schema();
    let text = ModelText {
        ann: VERSION,
        digest,
        task: match schema.target.task() {
            Task::Classification => "classification",
            Task::Regression => "regression",
            Task::MultiLabel => "multi_label",
        },
        loss: model.loss().to_string(),
        output: match response(model.loss()) {
            Response::Softmax => "softmax",
            Response::Sigmoid => "sigmoid",
            Response::Exponential => "exponential",
            Response::Scaled => "scaled",
        },
        precision: if is_single { "f32" } else { "f64" },
        columns: columns(schema),
        ignored: schema.ignored.iter().map(IgnoredText::new).collect(),
        target: target(&schema.target),
        networks,
        residuals: model.conformal().map(ResidualsText::new),
        provenance,
    };
    Ok(to_text(&text))
}

/// The columns as texts, in the order of the schema.
pub(crate) fn columns(schema: &Schema) -> Vec<ColumnText<'_>> {
    schema.columns.iter().map(ColumnText::new).collect()
}

/// Plain data as JSON.
pub(crate) fn to_text(data: &impl Serialize) -> String {
    serde_json::to_string(data).expect("plain data with texts as keys")
}

#[derive(Serialize)]
struct ModelText<'a> {
    ann: u32,
    digest: String,
    task: &'static str,
    loss: String,
    /// What raw outputs mean.
    output: &'static str,
    precision: &'static str,
    columns: Vec<ColumnText<'a>>,
    ignored: Vec<IgnoredText<'a>>,
    target: TargetText<'a>,
    networks: Vec<NetworkText>,
    residuals: Option<ResidualsText>,
    provenance: serde_json::Value,
}

#[derive(Serialize)]
pub(crate) struct ColumnText<'a> {
    name: &'a str,
    #[serde(flatten)]
    encoding: EncodingText<'a>,
}

#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum EncodingText<'a> {
    Number {
        #[serde(flatten)]
        number: NumberText,
        pieces: Option<PiecesText<'a>>,
    },
    Category {
        categories: &'a [String],
        other: bool,
        missing: bool,
    },
    Date {
        parts: Vec<PartText>,
    },
}

#[derive(Serialize)]
struct NumberText {
    fill: f64,
    flag: bool,
    center: f64,
    scale: f64,
    limit: Option<f64>,
    minimum: f64,
    maximum: f64,
}

#[derive(Serialize)]
struct PiecesText<'a> {
    edges: &'a [f64],
    means: &'a [f64],
    scale: f64,
}

#[derive(Serialize)]
struct PartText {
    part: &'static str,
    #[serde(flatten)]
    number: NumberText,
}

#[derive(Serialize)]
struct IgnoredText<'a> {
    name: &'a str,
    why: &'static str,
}

#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum TargetText<'a> {
    Classes { name: &'a str, classes: &'a [String] },
    Numbers { numbers: Vec<NumberTargetText<'a>> },
    Labels { labels: Vec<LabelText<'a>> },
}

#[derive(Serialize)]
pub(crate) struct NumberTargetText<'a> {
    name: &'a str,
    center: f64,
    scale: f64,
    minimum: f64,
    maximum: f64,
}

#[derive(Serialize)]
pub(crate) struct LabelText<'a> {
    name: &'a str,
    absent: &'a str,
    present: &'a str,
}

#[derive(Serialize)]
struct NetworkText {
    inputs: usize,
    layers: Vec<LayerText>,
}

#[derive(Serialize)]
struct LayerText {
    activation: &'static str,
    /// α of an ELU, the slope of a leaky ReLU.
    parameter: Option<f64>,
    /// (outputs, inputs).
    weights: Vec<Numbers>,
    bias: Numbers,
}

#[derive(Serialize)]
struct ResidualsText {
    rows: usize,
    numbers: Vec<Vec<f64>>,
}

/// Numbers with the digits of their precision.
#[derive(Serialize)]
#[serde(untagged)]
enum Numbers {
    F32(Vec<f32>),
    F64(Vec<f64>),
}

impl<'a> ColumnText<'a> {
    fn new(column: &'a ColumnSchema) -> Self {
        let encoding = match &column.encoding {
            Encoding::Number(number) => EncodingText::Number {
                number: NumberText::new(number),
                pieces: number.pieces.as_ref().map(|Pieces { edges, means, scale }| PiecesText {
                    edges,
                    means,
                    scale: *scale,
                }),
            },
            Encoding::Category(category) => EncodingText::Category {
                categories: &category.categories,
                other: category.has_other,
                missing: category.has_missing,
            },
            Encoding::Date(date) => EncodingText::Date {
                parts: (date.parts.iter())
                    .map(|(part, number)| PartText { part: name_of(*part), number: NumberText::new(number) })
                    .collect(),
            },
        };
        Self { name: &column.name, encoding }
    }
}

/// The name of a part of a date.
pub(crate) fn name_of(part: DatePart) -> &'static str {
    match part {
        DatePart::Elapsed => "elapsed",
        DatePart::Month => "month",
        DatePart::Day => "day",
        DatePart::Weekday => "weekday",
        DatePart::Hour => "hour",
    }
}

impl NumberText {
    fn new(number: &NumberEncoding) -> Self {
        let &NumberEncoding { fill, has_flag: flag, center, scale, squash: limit, minimum, maximum, .. } =
            number;
        Self { fill, flag, center, scale, limit, minimum, maximum }
    }
}

impl<'a> IgnoredText<'a> {
    fn new(column: &'a IgnoredColumn) -> Self {
        let why = match column.reason {
            Ignored::Asked => "asked",
            Ignored::Constant => "constant",
            Ignored::Identifier => "identifier",
            Ignored::FreeText => "free_text",
        };
        Self { name: &column.name, why }
    }
}

/// The target as text.
pub(crate) fn target(target: &Target) -> TargetText<'_> {
    match target {
        Target::Classes { name, classes } => TargetText::Classes { name, classes },
        Target::Numbers(columns) => TargetText::Numbers {
            numbers: (columns.iter())
                .map(|column| NumberTargetText {
                    name: &column.name,
                    center: column.center,
                    scale: column.scale,
                    minimum: column.minimum,
                    maximum: column.maximum,
                })
                .collect(),
        },
        Target::Labels(columns) => TargetText::Labels {
            labels: (columns.iter())
                .map(|column| LabelText {
                    name: &column.name,
                    absent: &column.absent,
                    present: &column.present,
                })
                .collect(),
        },
    }
}

impl NetworkText {
    fn new(member: &Member, is_single: bool) -> Result<Self> {
        let layers = member.layers.iter().map(|dense| LayerText::new(dense, is_single));
        Ok(Self { inputs: member.inputs, layers: layers.collect::<Result<_>>()? })
    }
}

impl LayerText {
    fn new(dense: &Dense, is_single: bool) -> Result<Self> {
        let numbers = |numbers: Vec<f64>| match is_single {
            true => Numbers::F32(numbers.into_iter().map(|number| number as f32).collect()),
            false => Numbers::F64(numbers),
        };
        let (activation, parameter) = activation_name(&dense.activation)
            .ok_or_else(|| Error::Activation { activation: dense.activation.to_string() })?;
        let weights = dense.weights.rows().into_iter().map(|row| numbers(row.to_vec())).collect();
        Ok(Self { activation, parameter, weights, bias: numbers(dense.bias.clone()) })
    }
}

impl ResidualsText {
    fn new(conformal: &Conformal) -> Self {
        let numbers = conformal.residuals().rows().into_iter().map(|row| row.to_vec()).collect();
        Self { rows: conformal.rows(), numbers }
    }
}
