//! Tests, in one program.

mod bad_tables;
mod checkpoints;
mod explain;
mod recipe;
mod report;
mod tables;
