//! Tests, in one program.

mod bad_tables;
mod columns;
mod kinds;
mod reading;
mod rows;
mod schema;
