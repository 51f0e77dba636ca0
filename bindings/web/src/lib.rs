//! The engine of the live page: the crates of ann behind a few functions for WebAssembly.
//!
//! [`Engine`] does everything, natively too; [`exports`] are the functions that a host calls. `ENGINE.md` is
//! the contract with the page.

mod engine;
mod error;
pub mod exports;

mod fields;
pub mod json;
mod settings;
mod source;

mod history;
mod lab;
mod program;

mod picture;
mod take_home;
mod views;

mod limits;

#[cfg(feature = "bits")]
#[path = "../../../crates/ann-experiments/src/bits.rs"]
#[allow(missing_docs, reason = "a file of another crate")]
mod bits;

pub use engine::{Answer, Engine};
pub use error::{Code, Error};
