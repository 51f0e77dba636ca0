#![doc = include_str!("../README.md")]
#![warn(clippy::unwrap_used)]

mod recipe;

mod error;

pub use error::{Error, Result};
pub use recipe::Recipe;

// Types of these crates are in the public signatures. The re-exports give users the matching versions.
pub use ann_model::{Model, Predictions};
pub use ann_table::Table;
pub use {ann_core, ann_model, ann_table, ann_train};
