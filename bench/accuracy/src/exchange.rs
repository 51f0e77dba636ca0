//! Questions to runners and their answers: one JSON object each. `bench/peers/README.md` describes them.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The first line of a runner.
#[derive(Debug, Deserialize, PartialEq, Serialize)]
pub struct Hello {
    /// The name of the system.
    pub peer: String,
    /// Its library and version, such as `scikit-learn 1.9.1`.
    pub version: String,
}

/// A file with the rows to train on and the rows to predict. It is the same file for all systems, so all of
/// them see the same rows.
#[derive(Debug, Deserialize, PartialEq, Serialize)]
pub struct Assignment {
    /// The table as its user has it.
    pub table: PathBuf,
    /// The same rows as plain CSV: commas, a header, an empty cell is missing, dates are seconds since 1970.
    pub copy: PathBuf,
    /// The column to predict.
    pub target: String,
    /// Whether classes are predicted, and not numbers.
    pub classes: bool,
    /// The columns of words; all others but the target are numbers.
    pub words: Vec<String>,
    /// Seed of whatever is random in a system: the number of the split.
    pub seed: u64,
    /// Rows to train on, counted from 0.
    pub train: Vec<usize>,
    /// Rows to predict, counted from 0.
    pub test: Vec<usize>,
}

/// What a runner answers to an assignment.
#[derive(Debug, Deserialize, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Reply {
    /// The predictions.
    Answer(Answer),
    /// The system cannot do this.
    Skipped {
        /// Why.
        skip: String,
    },
}

/// Predictions of the rows of `test`, in that order.
#[derive(Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Answer {
    /// The cells of the target as they are in the copy, so that a system that took other rows is found.
    pub truth: Vec<String>,
    /// The names of the classes; none if numbers are predicted.
    #[serde(default)]
    pub classes: Vec<String>,
    /// For each row the probability of each class, or one number.
    pub values: Vec<Vec<f64>>,
    /// Lower and upper end of intervals that should contain the truth in 90% of the rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intervals: Option<Vec<[f64; 2]>>,
    /// Sets of classes that should contain the truth in 90% of the rows: whether each class is in the set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sets: Option<Vec<Vec<bool>>>,
}
