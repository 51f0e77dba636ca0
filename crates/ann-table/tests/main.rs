//! Tests, in one program.

mod bad_tables;
mod blocks;
mod columns;
#[cfg(feature = "disk")]
mod disk;
mod kinds;
#[cfg(feature = "parquet")]
mod parquet;
mod reading;
mod remarks;
mod rows;
mod schema;
#[cfg(feature = "serde")]
mod structs;
