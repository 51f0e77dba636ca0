//! Tests, in one program.
