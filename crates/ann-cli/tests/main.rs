//! Tests, in one program.

mod customers;
mod names;
mod program;
mod report;
mod transcripts;
