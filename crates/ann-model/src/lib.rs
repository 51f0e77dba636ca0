#![doc = include_str!("../README.md")]
#![warn(clippy::unwrap_used)]

mod model;
mod predict;

mod conformal;
pub mod file;

mod error;

pub use conformal::Conformal;
pub use error::{Error, Result};
pub use file::{Digest, Limits};
pub use model::{Model, Networks};
pub use predict::{Predictions, Predictor};

// Types of these crates are in the public signatures. The re-exports give users the matching versions.
pub use ann_table::{self, Cell, Table};
pub use {ann_core, ndarray, serde_json};
