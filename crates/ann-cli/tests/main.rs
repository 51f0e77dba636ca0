//! Tests, in one program.

mod customers;
mod program;
mod report;
mod transcripts;
