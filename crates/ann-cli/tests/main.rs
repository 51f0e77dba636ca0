//! Tests, in one program.

mod customers;
mod report;
mod transcripts;
