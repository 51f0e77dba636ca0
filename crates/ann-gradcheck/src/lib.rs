#![doc = include_str!("../README.md")]
#![warn(clippy::unwrap_used)]

mod check;
mod config;
mod function;

mod network;
mod trial;

mod closure;
mod oracle;
mod self_test;
mod witness;

mod black_box;
mod block;
mod central;
mod change;
mod difference;
mod domain;
mod exact;
mod extrapolation;
mod frozen;
mod lanes;
mod moved;
mod normal;
mod number;
pub mod reference;
mod rounding;
mod sigma;
mod textbook;
mod threads;
mod value_loss;

mod gradient;

mod entry;
mod ledger;
mod report;
mod table;
mod verdict;

mod error;

pub use black_box::ridders;
pub use check::{check_gradient, check_problem};
pub use config::{Config, Layers};
pub use difference::central_differences;
pub use entry::Entry;
pub use error::{Error, Result};
pub use extrapolation::Estimate;
pub use function::{FunctionCheck, check_activation, check_loss};
pub use ledger::{Case, Finding, Part, Point};
pub use report::{Arithmetic, Group, LayerComparison, LayerGradient, Report};
pub use self_test::SelfTest;
pub use verdict::Verdict;

/// The crate that owns [`Problem`](ann_core::Problem) and [`Layout`](ann_core::Layout), which appear in the
/// signatures here.
pub use ann_core;
