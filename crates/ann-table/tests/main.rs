//! Tests, in one program.

mod bad_tables;
mod blocks;
mod columns;
mod kinds;
mod reading;
mod rows;
mod schema;
#[cfg(feature = "serde")]
mod structs;
