#![doc = include_str!("../README.md")]
#![warn(clippy::unwrap_used)]

mod recipe;

mod groups;
mod groups_file;

mod batching;
mod inputs;
mod members;
mod memory;
mod progress;
mod rows;
mod temperature;

mod among;
mod budget;
mod checkpoints;

mod report;

mod estimate;
mod evaluation;
mod importance;
mod leakage;
mod score;

mod attribution;
mod explain;

mod rebuild;

mod error;

pub use attribution::{Attribution, attributions};
pub use checkpoints::Checkpoints;
pub use error::{Error, Result};
pub use estimate::Estimate;
pub use evaluation::{Coverage, Evaluation, NoScore, ScoreRule};
pub use explain::{
    PartialDependence, calibration, confusion, largest_class, partial_dependence, permutation_importance,
};
pub use groups::{GroupFit, LEAST_GROUP_ROWS, rows_of_groups};
pub use groups_file::{Grouping, GroupsWriter};
pub use importance::Importance;
pub use leakage::Leak;
pub use members::Curve;
pub use memory::MemoryNeed;
pub use progress::{Progress, Stage};
pub use rebuild::rebuild;
pub use recipe::{Fit, Recipe, Scoring, TargetNames};
pub use report::{Report, RowsUsed};
pub use score::{ClassScore, LabelScore, NumberScore, Score};

// Types of these crates are in the public signatures. The re-exports give users the matching versions.
pub use ann_model::{Model, Predictions};
pub use ann_table::{Cell, Reader, SchemaOptions, Table};
pub use {ann_core, ann_model, ann_table, ann_train};
