#![doc = include_str!("../README.md")]
#![warn(clippy::unwrap_used)]

mod c;
mod json;
mod onnx;
mod rust;

mod integers;
mod names;
mod parts;
mod samples;
mod single;
mod text;

mod error;

pub use c::{CArithmetic, COptions, c};
pub use error::{Error, Result};
pub use json::json;
pub use onnx::{OnnxInputs, OnnxOptions, OnnxPrecision, onnx};
pub use rust::rust;

// Types of this crate are in the public signatures. The re-export gives users the matching version.
pub use ann_model;
