//! The engine of the live page: the crates of ann behind a few functions for WebAssembly.
//!
//! [`Engine`] does everything, natively too; `module/` has the functions that a host calls. `ENGINE.md` is
//! the contract with the page.

mod engine;
mod error;

mod fields;
pub mod json;
mod reading;
mod settings;
mod source;
mod value;

mod history;
mod lab;
mod observer;
mod program;

#[cfg(feature = "check")]
mod check;
#[cfg(not(feature = "check"))]
#[path = "no_check.rs"]
mod check;
mod picture;
mod take_home;
mod views;

pub mod limits;

pub use engine::{Answer, CONTRACT, Engine};
pub use error::{Code, Error, TablePlace};
