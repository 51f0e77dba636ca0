//! Tests, in one program.

mod customers;
#[cfg(unix)]
mod files;
#[cfg(unix)]
mod interruption;
#[cfg(unix)]
mod killed;
mod names;
mod program;
mod report;
mod summaries;
mod training;
mod transcripts;
