//! Tests, in one program.

mod customers;
#[cfg(unix)]
mod files;
mod groups;
#[cfg(unix)]
mod interruption;
mod judging;
#[cfg(unix)]
mod killed;
mod memory;
mod names;
mod play;
mod program;
mod report;
mod summaries;
mod training;
mod transcripts;
mod writing;
