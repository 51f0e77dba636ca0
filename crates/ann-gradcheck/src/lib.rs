#![doc = include_str!("../README.md")]

mod check;
mod config;

mod difference;
mod frozen;
mod problem;
pub mod reference;

mod entry;
mod report;
mod table;
mod verdict;

mod error;

pub use check::{check_gradient, check_problem};
pub use config::{Config, Layers};
pub use difference::central_differences;
pub use entry::Entry;
pub use error::{Error, Result};
pub use report::{Group, LayerComparison, LayerGradient, Report};
pub use verdict::Verdict;

/// The crate that owns [`Problem`](ann_core::Problem) and [`Layout`](ann_core::Layout), which stand in our signatures.
pub use ann_core;
