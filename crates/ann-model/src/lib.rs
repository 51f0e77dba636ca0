#![doc = include_str!("../README.md")]
#![warn(clippy::unwrap_used)]

mod model;
mod predict;
mod targets;

mod conformal;
mod probe;

pub mod file;

mod error;

pub use conformal::Conformal;
pub use error::{Error, Result};
pub use file::{Digest, Limits, ModelSet};
pub use model::{Model, Networks};
pub use predict::{Predictions, Predictor, is_present};
pub use targets::LearnedTargets;

// Types of these crates are in the public signatures. The re-exports give users the matching versions.
pub use ann_table::{self, Cell, Table};
#[cfg(feature = "train")]
pub use ann_train;
pub use {ann_core, ndarray, serde_json};
