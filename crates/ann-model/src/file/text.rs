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
pub(crate) struct ColumnText {
    pub name: String,
    #[serde(flatten)]
    pub encoding: EncodingText,
}

#[derive(Debug, Serialize, Deserialize)]
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
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct NumberText {
    pub flag: bool,
    pub squash: bool,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct PartText {
    pub part: String,
    #[serde(flatten)]
    pub number: NumberText,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct IgnoredText {
    pub name: String,
    pub why: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum TargetText {
    Classes { name: String, classes: Vec<String> },
    Numbers { names: Vec<String> },
    Labels { labels: Vec<LabelText> },
}

/// A column of two values.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct LabelText {
    pub name: String,
    pub absent: String,
    pub present: String,
}
