//! Tests, in one program.

mod among;
mod bad_tables;
mod checkpoints;
mod disk;
mod endings;
mod explain;
mod fits;
mod groups;
mod leaks;
mod rebuilding;
mod recipe;
mod report;
mod scores;
mod splits;
mod tables;
#[path = "../../ann-train/tests/threads_as_ranks.rs"]
mod threads_as_ranks;
mod weights;

// For `threads_as_ranks`, which is a file of ann-train.
use ann_tabular::ann_train::Ranks;
