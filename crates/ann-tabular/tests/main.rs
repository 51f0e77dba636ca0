//! Tests, in one program.

mod bad_tables;
mod checkpoints;
mod endings;
mod explain;
mod fits;
mod leaks;
mod rebuilding;
mod recipe;
mod report;
mod scores;
mod splits;
mod tables;
mod weights;
