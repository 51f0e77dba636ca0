#![doc = include_str!("../README.md")]

mod dataset;
mod embedded;
pub mod generate;
pub mod reference;

mod cell;
mod columns;
mod load;
mod tab;
mod table;

mod error;
mod split;
mod standardizer;

pub use cell::Target;
pub use columns::Column;
pub use dataset::Dataset;
pub use embedded::{doughnut, example, iris, squares};
pub use error::{Error, Place, Result};
pub use load::{load, read_csv};
pub use split::{stratified_split, train_test_split};
pub use standardizer::Standardizer;
pub use tab::read_tab;

// Named by the signatures above: a user needs neither crate in a manifest, nor a matching version.
pub use {ndarray, rand};
