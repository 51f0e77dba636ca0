//! Tests, in one program.

// It needs compilers of C, which links every Rust program on Unix, and of C++.
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
