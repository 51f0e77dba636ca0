//! Tests, in one program.

mod bad_tables;
mod recipe;
mod report;
mod tables;
