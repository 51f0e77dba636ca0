//! Tests, in one program.

mod customers;
mod transcripts;
