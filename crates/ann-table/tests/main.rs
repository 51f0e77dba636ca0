//! Tests, in one program.

mod bad_tables;
mod blocks;
mod columns;
mod kinds;
#[cfg(feature = "parquet")]
mod parquet;
mod reading;
mod remarks;
mod rows;
mod schema;
#[cfg(feature = "serde")]
mod structs;
