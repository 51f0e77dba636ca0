//! Tests, in one program.

mod bad_tables;
mod explain;
mod recipe;
mod report;
mod tables;
