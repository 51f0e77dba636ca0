#![doc = include_str!("../README.md")]
#![warn(clippy::unwrap_used)]

// Numbers.
pub mod bits;
pub mod classification;
pub mod guessing;
pub mod losses;
pub mod optimizers;
pub mod oracles;
pub mod parts;
pub mod planted;
pub mod robustness;
pub mod verification;

// Pictures and records.
pub mod output;
pub mod record;

// The command line.
pub mod cli;
pub mod progress;

/// The workspace's README is a test: its program compiles and runs.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct WorkspaceReadme;
