//! Tests, in one program.

// It needs a C compiler, which links every Rust program on Unix.
#[cfg(unix)]
mod c;
mod functions;
mod golden;
mod json;
mod onnx;
mod rust;

mod generated;
mod models;
mod protobuf;
