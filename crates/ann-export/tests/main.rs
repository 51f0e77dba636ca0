//! Tests, in one program.

mod c;
mod rust;

mod generated;
mod models;
