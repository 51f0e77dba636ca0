//! Tests, in one program.

mod c;
mod models;
