//! Tests, in one program.

mod recipe;
