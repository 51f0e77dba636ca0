//! Tests, in one program.

mod recipe;
mod report;
mod tables;
