//! Tests, in one program.

mod file;
mod models;
mod predictions;
