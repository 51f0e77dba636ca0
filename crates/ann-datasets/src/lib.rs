#![doc = include_str!("../README.md")]
#![warn(clippy::unwrap_used)]

mod classes;
mod dataset;
mod embedded;
pub mod generate;
pub mod reference;

mod cell;
mod columns;
mod load;

mod error;
mod split;
mod standardizer;

pub use ann_table::CellLocation;
pub use cell::TargetCell;
pub use classes::ClassLabel;
pub use columns::Column;
pub use dataset::Dataset;
pub use embedded::{doughnut, example, iris, squares};
pub use error::{Error, Result};
pub use load::{load, read_csv, read_tab};
pub use split::{stratified_split, train_test_split};
pub use standardizer::Standardizer;

// Types of these crates are in the public signatures. The re-exports give users the matching versions.
pub use {ann_table, ndarray, rand};
