//! Tests, in one program.

mod customers;
#[cfg(unix)]
mod interruption;
mod names;
mod program;
mod report;
mod summaries;
mod training;
mod transcripts;
