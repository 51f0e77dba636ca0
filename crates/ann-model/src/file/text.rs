//! The texts of a model file, as plain data.

use serde::{Deserialize, Serialize};

/// `ann.model`: what the tensors of a file mean.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ModelText {
    pub task: TaskText,
    pub precision: Precision,
    pub loss: String,
    pub members: usize,
    pub layers: Vec<LayerText>,
    pub columns: Vec<ColumnText>,
    pub ignored: Vec<IgnoredText>,
    pub target: TargetText,
    /// Number of inputs, the piecewise-linear ones included.
    pub inputs: usize,
    /// Number of rows that the residuals come from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub residual_rows: Option<usize>,
}

/// `ann.model` of a file of one network.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct NetworkText {
    pub precision: Precision,
    pub layers: Vec<LayerText>,
    /// What the outputs mean, if it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loss: Option<String>,
    /// A label for each output of a classifier.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<String>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TaskText {
    Classification,
    Regression,
    MultiLabel,
}

/// Single or double precision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Precision {
    F32,
    F64,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct LayerText {
    pub units: usize,
    pub activation: String,
}

/// A column that is used. Its numbers are tensors.
#[derive(Debug, Serialize, Deserialize)]
#[serde(try_from = "ColumnFields")]
pub(crate) struct ColumnText {
    pub name: String,
    #[serde(flatten)]
    pub encoding: EncodingText,
}

#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum EncodingText {
    Number {
        #[serde(flatten)]
        number: NumberText,
        /// Number of piecewise-linear inputs.
        pieces: usize,
    },
    Category {
        categories: Vec<String>,
        /// Whether there is an input for all other words.
        other: bool,
        /// Whether there is an input for missing cells.
        missing: bool,
    },
    Date {
        parts: Vec<PartText>,
    },
}

/// `flag`: whether an input says that a number is missing; `squash`: whether there is a soft limit.
#[derive(Debug, Serialize)]
pub(crate) struct NumberText {
    pub flag: bool,
    pub squash: bool,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(from = "PartFields")]
pub(crate) struct PartText {
    pub part: String,
    #[serde(flatten)]
    pub number: NumberText,
}

/// All fields that a column of any kind may have. What serde makes for reading enums with tags and flattened
/// fields is many times as large, and part of every program that reads a model.
#[derive(Deserialize)]
struct ColumnFields {
    name: String,
    kind: String,
    flag: Option<bool>,
    squash: Option<bool>,
    pieces: Option<usize>,
    categories: Option<Vec<String>>,
    other: Option<bool>,
    missing: Option<bool>,
    parts: Option<Vec<PartText>>,
}

impl TryFrom<ColumnFields> for ColumnText {
    type Error = String;

    fn try_from(fields: ColumnFields) -> Result<Self, String> {
        let ColumnFields { name, kind, flag, squash, pieces, categories, other, missing, parts } = fields;
        let lacks = |field: &str| format!("the column {name:?} has no {field:?}");
        let encoding = match kind.as_str() {
            "number" => EncodingText::Number {
                number: NumberText {
                    flag: flag.ok_or_else(|| lacks("flag"))?,
                    squash: squash.ok_or_else(|| lacks("squash"))?,
                },
                pieces: pieces.ok_or_else(|| lacks("pieces"))?,
            },
            "category" => EncodingText::Category {
                categories: categories.ok_or_else(|| lacks("categories"))?,
                other: other.ok_or_else(|| lacks("other"))?,
                missing: missing.ok_or_else(|| lacks("missing"))?,
            },
            "date" => EncodingText::Date { parts: parts.ok_or_else(|| lacks("parts"))? },
            _ => return Err(format!("the kind {kind:?} of the column {name:?} is unknown")),
        };
        Ok(Self { name, encoding })
    }
}

#[derive(Deserialize)]
struct PartFields {
    part: String,
    flag: bool,
    squash: bool,
}

impl From<PartFields> for PartText {
    fn from(PartFields { part, flag, squash }: PartFields) -> Self {
        Self { part, number: NumberText { flag, squash } }
    }
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct IgnoredText {
    pub name: String,
    pub why: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged, try_from = "TargetFields")]
pub(crate) enum TargetText {
    Classes { name: String, classes: Vec<String> },
    Numbers { names: Vec<String> },
    Labels { labels: Vec<LabelText> },
}

/// All fields that a target of any kind may have.
#[derive(Deserialize)]
struct TargetFields {
    name: Option<String>,
    classes: Option<Vec<String>>,
    names: Option<Vec<String>>,
    labels: Option<Vec<LabelText>>,
}

impl TryFrom<TargetFields> for TargetText {
    type Error = &'static str;

    fn try_from(fields: TargetFields) -> Result<Self, &'static str> {
        match fields {
            TargetFields { name: Some(name), classes: Some(classes), .. } => {
                Ok(Self::Classes { name, classes })
            }
            TargetFields { names: Some(names), .. } => Ok(Self::Numbers { names }),
            TargetFields { labels: Some(labels), .. } => Ok(Self::Labels { labels }),
            _ => Err("the target is neither classes nor numbers nor labels"),
        }
    }
}

/// A column of two values.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct LabelText {
    pub name: String,
    pub absent: String,
    pub present: String,
}
